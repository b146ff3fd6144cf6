"""What AlipayClient can't work with is refused when it is made, with what to do."""

import math

import pytest

from alipay_member import AlipayClient
from wire import SHARE, answer, client_of, client_options, encoded, http

TOKEN_ALONE = {"app_auth_token": "202501BB0"}
BOTH = TOKEN_ALONE | {"merchant_app_id": "demo-merchant"}
NODE = encoded({"code": "10000", "open_id": "007"})


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


def test_an_isv_is_sent_nowhere_without_the_merchants_app_id():
    client = made(**TOKEN_ALONE, authorize_endpoint="https://a.example/authorize.htm")
    with pytest.raises(ValueError, match="the merchant's app id, too"):
        client.authorize_url(redirect_uri="https://b.example/", state="s")
    assert made(**BOTH).member_app_id == "demo-merchant"


def test_an_isv_calls_other_methods_without_the_merchants_app_id(gateway_that):
    gateway = gateway_that(http(answer(NODE)))
    assert client_of(gateway, **TOKEN_ALONE).execute(SHARE)["open_id"] == "007"
    assert b"app_auth_token=202501BB0" in gateway.requests[0]
