"""Messages of 应用网关: which are believed, and what those that are believed say."""

import json
import logging
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from alipay_member import AlipayClient, MessageError, SignatureError
from alipay_member.messages import carry_out, read_message, read_withdrawal
from explained import describe
from pushed import WITHDRAWN, content, form, message, milliseconds
from reading import ReadingStore
from store_contract import token
from wire import client_options

NOW = 1_760_505_561.0


@pytest.fixture(scope="module")
def client():
    return AlipayClient(**client_options())


@pytest.fixture
def read(client):
    """read(parameters) → the message, if it is believed."""
    return lambda parameters, **how: read_message(form(parameters, **how), [client])


# What is believed

TEXT = st.text(st.characters(codec="gbk"), max_size=30)
NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
RESERVED = ("sign", "sign_type", "charset", "version", "app_id")
examples = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@examples
@given(
    more=st.dictionaries(NAMES.filter(lambda name: name not in RESERVED), TEXT.filter(bool)),
    charset=st.sampled_from(["utf-8", "GBK", "gbk", "UTF-8"]),
    order=st.randoms(use_true_random=False),
)
def test_string_to_sign_is_all_but_sign_and_sign_type_sorted_in_the_messages_charset(
    client, more, charset, order: random.Random
):
    pushed = message(charset=charset, **more)
    shuffled = list(pushed.items())
    order.shuffle(shuffled)
    assert read_message(form(dict(shuffled)), [client]).parameters == pushed
    other_type = pushed | {"sign_type": "RSA"}  # nothing that is signed
    assert read_message(form(other_type), [client])
    for name in set(pushed) - {"sign", "sign_type", "charset"}:
        changed = pushed | {name: pushed[name] + "x"}
        without = {known: value for known, value in pushed.items() if known != name}
        for spoiled in (changed, without):
            with pytest.raises(SignatureError):
                read_message(form(spoiled), [client])
    with pytest.raises(SignatureError):
        read_message(form(pushed | {"extra": "1"}), [client])


@pytest.mark.parametrize("version", ["1.0", "2.0", None])
def test_only_version_1_1_is_signed_without_sign_type(read, version):
    with pytest.raises(SignatureError):
        read(message(version=version))
    with_sign_type = message(version=version, sign_type="RSA2")  # as the console's address check
    assert read(with_sign_type)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda pushed: pushed | {"sign": ""}, "unsigned"),
        (lambda pushed: {name: pushed[name] for name in pushed if name != "sign"}, "unsigned"),
        (lambda pushed: pushed | {"sign": "x"}, "damaged"),
        (lambda pushed: pushed | {"sign": pushed["sign"][:-8]}, "damaged"),
        (lambda pushed: message("stranger"), "wrong-key"),
        (lambda pushed: message("app"), "app-key"),
        (lambda pushed: pushed | {"biz_content": content(open_id="o2")}, "tampered"),
        (lambda pushed: pushed | {"charset": "utf-16"}, "unsigned"),
    ],
)
def test_what_alipay_did_not_sign_is_refused_and_the_log_says_why(read, caplog, spoil, reason):
    with pytest.raises(SignatureError) as caught:
        read(spoil(message()))
    assert caught.value.reason == reason
    (record,) = caplog.records
    assert f"signature:{reason}" in record.getMessage()
    assert "o1" not in caplog.text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "unsigned"),
        (b"&&=&", "unsigned"),
        (b"a=1&b=2&a=1", "ambiguous"),
        (b"\xff\xfe\x00", "unsigned"),
        (b"a=%FF&charset=utf-8", "unsigned"),
        (b"a=%81&charset=GBK", "unsigned"),
        (b"charset=%E8%AA%A0", "unsigned"),
        (b'{"biz_content": "{}"}', "unsigned"),
        (b"sign=%2525%00&charset=utf-8", "damaged"),
    ],
)
def test_an_invalid_body_is_refused(client, body, reason):
    with pytest.raises(SignatureError) as caught:
        read_message(body, [client])
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: message() | {"sign": ""},
        lambda: message() | {"sign": "x"},
        lambda: message("stranger"),
        lambda: message("app"),
        lambda: message() | {"biz_content": "{}"},
        lambda: message() | {"charset": "utf-16"},
    ],
    ids=["unsigned", "damaged", "wrong-key", "app-key", "tampered", "another charset"],
)
def test_a_refused_message_is_described_as_a_message(client, spoil):
    assert_describes_a_message(form(spoil()), client)


def test_a_message_with_a_name_twice_is_described_as_a_message(client):
    assert_describes_a_message(b"a=1&a=2", client)


def assert_describes_a_message(body, client):
    """The sentences are true of a message, or name answers and messages."""
    with pytest.raises(SignatureError) as caught:
        read_message(body, [client])
    for lang, answer, pushed in (("en", "answer", "message"), ("zh", "应答", "消息")):
        found = describe(caught.value, lang)
        for text in (found.message, found.hint):
            assert answer not in text.lower() or pushed in text.lower()


def test_a_name_that_stands_there_twice_is_refused(client):
    """Who verifies the one and reads the other could be given anything."""
    pushed = form(message())
    for twin in (b"biz_content=%7B%7D", b"%62iz_content=%7B%7D", b"sign=x"):
        for body in (pushed + b"&" + twin, twin + b"&" + pushed):
            with pytest.raises(SignatureError) as caught:
                read_message(body, [client])
            assert caught.value.reason == "ambiguous"


def test_gbk_is_read_and_verified_in_gbk(read):
    pushed = message(charset="GBK", biz_content=content(open_id="o1", memo="王誠"))
    assert "王誠" in read(pushed).parameters["biz_content"]
    with pytest.raises(SignatureError):
        read(pushed, charset="utf-8")


def test_the_message_is_verified_with_the_key_of_the_app_that_it_is_for(client):
    """Each app of the console has another key of Alipay's."""
    other = AlipayClient(**client_options() | {"app_id": "demo-web"})
    other.alipay_public_key = other.app_public_key  # the test's only other key
    for clients in ([client, other], [other, client]):
        assert read_message(form(message()), clients).client is client
        with pytest.raises(SignatureError):
            read_message(form(message(app_id="demo-web")), clients)


# What it says


def test_a_withdrawn_consent_names_the_person_and_the_moment(read):
    for ids in ({"open_id": "o1"}, {"user_id": "2088"}, {"open_id": "o1", "user_id": "2088"}):
        pushed = message(biz_content=content(cancel_time=milliseconds(NOW) + 5, **ids))
        found = read_withdrawal(read(pushed))
        assert (found.app_id, found.withdrawn_at) == ("demo-mini", NOW + 0.005)
        assert (found.open_id, found.user_id) == (ids.get("open_id"), ids.get("user_id"))


def test_an_isv_hears_of_its_merchants_members(read):
    """Whether the envelope names the ISV or the merchant is not documented: either will do."""
    isv = AlipayClient(**client_options(), app_auth_token="t", merchant_app_id="demo-merchant")
    for named in ("demo-mini", "demo-merchant"):
        pushed = message(app_id=named, biz_content=content("demo-merchant", open_id="o1"))
        found = read_withdrawal(read_message(form(pushed), [isv]))
        assert found.app_id == "demo-merchant"
    own = read_message(form(message(biz_content=content("demo-mini", open_id="o1"))), [isv])
    with pytest.raises(MessageError):
        read_withdrawal(own)


OLD = str(milliseconds(time.time() - 48 * 3600 - 5))
YOUNG = str(milliseconds(time.time() - 47 * 3600))
IGNORED = {
    "another method": ({"msg_method": "alipay.open.app.api.field.invalid"}, "method"),
    "no method": ({"msg_method": None}, "method"),
    "another app": ({"app_id": "demo-web"}, "app"),
    "another app inside": ({"biz_content": content("demo-web", open_id="o1")}, "app"),
    "old": ({"utc_timestamp": OLD}, "old"),
    "no time": ({"utc_timestamp": None}, "content"),
    "an invalid time": ({"utc_timestamp": "1e12"}, "content"),
    "nobody": ({"biz_content": content()}, "content"),
    "empty ids": ({"biz_content": content(open_id="", user_id="")}, "content"),
    "an invalid id": ({"biz_content": content(open_id=["o1"])}, "content"),
    "no moment": ({"biz_content": content(open_id="o1", cancel_time=None)}, "content"),
    "moment true": ({"biz_content": content(open_id="o1", cancel_time=True)}, "content"),
    "moment in words": ({"biz_content": content(open_id="o1", cancel_time="now")}, "content"),
    "no object": ({"biz_content": "[]"}, "content"),
    "no JSON": ({"biz_content": "<xml/>"}, "content"),
    "nothing": ({"biz_content": None}, "content"),
    "deep": ({"biz_content": "[" * 10_000}, "content"),
    "long": ({"biz_content": '{"cancel_time":' + "9" * 5000 + "}"}, "content"),
    "NaN": ({"biz_content": '{"open_id":"o1","cancel_time":NaN}'}, "content"),
    "unknown person": ({"biz_content": content(open_id="o2")}, "nobody"),
}


@pytest.fixture
def store(tmp_path):
    store = ReadingStore(f"sqlite:///{tmp_path}/members.db")
    store.sign_in("demo-mini", token("o1"))
    return store


@pytest.mark.parametrize("case", IGNORED)
def test_what_is_signed_but_asks_nothing_changes_nothing_and_is_one_line_in_the_log(
    client, read, store, caplog, case
):
    changes, reason = IGNORED[case]
    before = store.members("demo-mini"), store.count_sessions("demo-mini")
    pushed = read(message(**changes))
    carry_out(pushed, store)
    assert (store.members("demo-mini"), store.count_sessions("demo-mini")) == before
    (record,) = caplog.records
    line = record.getMessage()
    assert "changes nothing" in line
    assert pushed.parameters["notify_id"] in line
    assert not {"o1", "o2", pushed.parameters["sign"]} & set(line.split())
    if reason != "nobody":
        with pytest.raises(MessageError) as caught:
            read_withdrawal(pushed)
        assert caught.value.reason == reason


def test_a_message_of_yesterday_counts(read, store):
    carry_out(read(message(utc_timestamp=YOUNG)), store)
    assert store.count_sessions("demo-mini") == 0


def test_ids_of_two_people_change_nothing(read, store, caplog):
    store.sign_in("demo-mini", token("o2", "2088"))
    carry_out(read(message(biz_content=content(open_id="o1", user_id="2088"))), store)
    assert store.count_sessions("demo-mini") == 2
    assert "changes nothing" in caplog.text


def test_what_ended_and_what_stays_is_said_without_naming_the_person(read, store, caplog):
    caplog.set_level(logging.INFO)
    carry_out(read(message()), store)
    (record,) = caplog.records
    assert "sessions ended: 1" in record.getMessage()
    assert "row stays" in record.getMessage()
    assert json.dumps("o1") not in caplog.text
    assert WITHDRAWN not in caplog.text


def test_a_message_for_another_of_the_clients_is_read_beside_an_isvs_client(client):
    isv = AlipayClient(**client_options() | {"app_id": "demo-isv"}, app_auth_token="202501BB0")
    clients = [isv, client]
    assert read_message(form(message()), clients).client is clients[1]


def test_a_withdrawal_that_only_the_merchants_app_id_could_place_is_no_isvs(store):
    isv = AlipayClient(**client_options(), app_auth_token="202501BB0")
    pushed = read_message(form(message(biz_content=content(open_id="o1"))), [isv])
    with pytest.raises(ValueError, match="the merchant's app id, too"):
        carry_out(pushed, store)
