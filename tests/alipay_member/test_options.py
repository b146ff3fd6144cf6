"""What AlipayClient can't work with is refused when it is made, with what to do."""

import math

import pytest

from alipay_member import AlipayClient
from alipay_member.explain.doctor import examine
from alipay_member.messages import carry_out, read_message
from alipay_member.store import MemberStore
from patients import LANGUAGES, message_of, wrong
from pushed import content, form, message
from store_contract import token
from wire import SHARE, answer, client_of, client_options, encoded, http

TOKEN_ALONE = {"app_auth_token": "202501BB0"}
BOTH = TOKEN_ALONE | {"merchant_app_id": "demo-merchant"}
NODE = encoded({"code": "10000", "open_id": "007"})
REFUSED = encoded({"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.code-invalid"})


def made(**options):
    return AlipayClient(**client_options() | options)


# ── charset ──


@pytest.mark.parametrize("charset", ["utf_8", "big5", "latin-1", "", None, "utf-8 "])
def test_a_charset_that_alipay_does_not_take_is_refused(charset):
    with pytest.raises(ValueError, match="give utf-8 or GBK"):
        made(charset=charset)


@pytest.mark.parametrize(
    ("charset", "name"), [("UTF-8", "utf-8"), ("utf8", "utf-8"), ("gbk", "GBK"), ("GBK", "GBK")]
)
def test_a_charset_is_taken_in_any_case(charset, name):
    assert made(charset=charset).charset == name


# ── timeout ──


@pytest.mark.parametrize(
    "timeout",
    [0, -1, None, True, "10", math.inf, math.nan, (), (3,), (3, None), (3, 0), (1, 2, 3), {1, 2}],
    ids=repr,
)
def test_a_timeout_that_bounds_nothing_is_refused(timeout):
    with pytest.raises(ValueError, match=r"one number or \(connect, read\)"):
        made(timeout=timeout)


@pytest.mark.parametrize(
    ("timeout", "seconds"), [(10, 20), (0.5, 1), ((3.05, 10), 13.05), ([1, 2], 3)]
)
def test_a_timeout_is_a_pair_or_one_number_for_both(timeout, seconds):
    assert made(timeout=timeout).call_seconds == seconds + 1


def test_a_call_is_made_with_one_number(gateway_that):
    client = client_of(gateway_that(http(answer(NODE))), timeout=5)
    assert client.fetch_profile("authusrB0").open_id == "007"


# ── a merchant's token and app id ──


def test_a_merchants_app_id_without_its_token_is_refused():
    with pytest.raises(ValueError, match="give the merchant's token"):
        made(merchant_app_id="demo-merchant")


@pytest.mark.parametrize("empty", [None, ""])
def test_empty_is_as_if_it_were_not_given(empty):
    client = made(app_auth_token=empty, merchant_app_id=empty)
    assert client.member_app_id == "demo-mini"


def test_members_are_never_filed_under_the_isv(tmp_path):
    client = made(**TOKEN_ALONE, authorize_endpoint="https://a.example/authorize.htm")
    store = MemberStore(f"sqlite:///{tmp_path}/members.db")
    with pytest.raises(ValueError, match="the merchant's app id, too"):
        store.sign_in(client.member_app_id, token("o1"))
    with pytest.raises(ValueError, match="the merchant's app id, too"):
        client.authorize_url(redirect_uri="https://b.example/", state="s")
    assert made(**BOTH).member_app_id == "demo-merchant"


def test_an_isv_calls_other_methods_without_the_merchants_app_id(gateway_that):
    gateway = gateway_that(http(answer(NODE)))
    assert client_of(gateway, **TOKEN_ALONE).execute(SHARE)["open_id"] == "007"
    assert b"app_auth_token=202501BB0" in gateway.requests[0]


def test_the_doctor_says_that_the_merchants_app_id_is_missing(gateway_that):
    gateway = gateway_that(http(answer(REFUSED, "error_response")))
    findings = examine(client_of(gateway, **TOKEN_ALONE))
    assert ("merchant", "merchant:no-id") in wrong(findings)
    for lang in LANGUAGES:
        assert "ALIPAY_MERCHANT_APP_ID" in message_of(findings, "merchant:no-id", lang)
    assert not wrong(examine(client_of(gateway, **BOTH)))


def test_a_message_for_another_of_the_clients_is_read_beside_such_a_client():
    isv = made(**TOKEN_ALONE, app_id="demo-isv")
    clients = [isv, made()]
    assert read_message(form(message()), clients).client is clients[1]


def test_a_withdrawal_that_only_the_merchants_app_id_could_place_is_no_isvs(tmp_path):
    store = MemberStore(f"sqlite:///{tmp_path}/members.db")
    pushed = read_message(form(message(biz_content=content(open_id="o1"))), [made(**TOKEN_ALONE)])
    with pytest.raises(ValueError, match="the merchant's app id, too"):
        carry_out(pushed, store)
