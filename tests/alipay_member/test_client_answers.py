"""What the client makes of right answers, and what its observer sees."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from alipay_member import Profile
from alipay_member.errors import GatewayError, SignatureError, TransportError
from wire import SHARE, answer, answering, client_of, encoded, http, key, signature, token_answer

NODE = encoded({"code": "10000", "open_id": "007"})


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (1296000, 1296000),
        ("1296000", 1296000),
        (0, 0),
        (10**30, 315360000),
    ],
)
def test_token_lives_are_seconds_as_number_or_text(given, seconds):
    token = answering(token_answer(expires_in=given, re_expires_in=given)).exchange_code("c0de")
    assert (token.expires_in, token.re_expires_in) == (seconds, seconds)


@pytest.mark.parametrize("given", [None, "soon", "", [], {}, -5, "-5", 1.5, "1e3", True, "１２"])
@pytest.mark.parametrize("name", ["expires_in", "re_expires_in"])
def test_token_whose_life_is_no_whole_number_is_refused(name, given):
    with pytest.raises(TransportError, match=f"no usable {name}"):
        answering(token_answer(**{name: given})).exchange_code("c0de")


@pytest.mark.parametrize("given", [{}, [], {"a": "b"}, True, False, 1.5, " ", "a b", "a\0", "é"])
@pytest.mark.parametrize("name", ["open_id", "user_id"])
def test_an_id_that_is_no_id_is_refused(name, given):
    with pytest.raises(TransportError, match=f"no usable {name}"):
        answering(token_answer(**{name: given})).exchange_code("c0de")
    node = {"code": "10000", "user_id": "2088", "open_id": "007"} | {name: given}
    with pytest.raises(TransportError, match=f"no usable {name}"):
        answering(answer(encoded(node))).fetch_profile("t")


@pytest.mark.parametrize("given", [{}, [], True, "", None, "令牌"])
def test_an_access_token_that_is_no_token_is_refused(given):
    with pytest.raises(TransportError):
        answering(token_answer(access_token=given)).exchange_code("c0de")


def test_an_id_may_come_as_a_number():
    token = answering(token_answer(open_id=None, user_id=2088000000000101)).exchange_code("c0de")
    assert token.user_id == "2088000000000101"


@pytest.mark.parametrize("given", [{}, [], ["a"], True, 1.5])
def test_a_profile_field_that_is_no_text_is_absent(given):
    node = {"code": "10000", "open_id": "007", "nick_name": given}
    assert answering(answer(encoded(node))).fetch_profile("t").nick_name is None


def test_token_keeps_every_id_and_lacks_what_did_not_come():
    token = answering(token_answer(user_id="2088", union_id="u")).exchange_code("c0de")
    assert (token.open_id, token.user_id, token.union_id) == ("007", "2088", "u")
    token = answering(token_answer(refresh_token=None)).exchange_code("c0de")
    assert (token.user_id, token.union_id, token.refresh_token) == (None, None, "")


def test_profile_has_what_came_and_none_for_the_rest():
    node = {
        "code": "10000",
        "open_id": "007",
        "nick_name": "",
        "gender": "f",
        "user_type": 2,
        "phone": "1",
    }
    profile = answering(answer(encoded(node))).fetch_profile("t")
    assert profile == Profile(open_id="007", gender="F", user_type="2")


def test_texts_that_no_database_takes_are_made_whole():
    node = rb'{"code":"10000","open_id":"007","nick_name":"\ud83d\u0000a\ud83d\ude00"}'
    assert answering(answer(node)).fetch_profile("t").nick_name == "\ufffda😀"


@pytest.mark.parametrize("token", [rb"authusrB\ud800", rb"authusrB\ud83d\ude00", rb"\u0000", b""])
def test_tokens_that_could_not_be_sent_again_are_no_success(token):
    body = answer(
        b'{"access_token":"%s","open_id":"007"}' % token, "alipay_system_oauth_token_response"
    )
    with pytest.raises(TransportError) as caught:
        answering(body).exchange_code("c0de")
    assert caught.value.reason == "unexpected"


def test_an_id_that_would_be_empty_once_made_whole_is_refused():
    body = answer(rb'{"code":"10000","open_id":"\u0000","nick_name":"a"}')
    with pytest.raises(TransportError, match="no usable open_id"):
        answering(body).fetch_profile("t")


@pytest.mark.parametrize(
    ("body", "error", "verified", "signed_part"),
    [
        (answer(NODE), None, True, NODE),
        (answer(b'{"code":"40004"}'), GatewayError, True, b'{"code":"40004"}'),
        (answer(NODE, sign=signature(NODE, "stranger")), SignatureError, False, NODE),
        (b"<html>", TransportError, False, b""),
    ],
)
def test_observer_gets_one_exchange_per_call(gateway_that, body, error, verified, signed_part):
    seen = []
    client = client_of(gateway_that(http(body)), observer=seen.append)
    if error:
        with pytest.raises(error) as caught:
            client.fetch_profile("authusrB0")
    else:
        client.fetch_profile("authusrB0")
    [exchange] = seen
    assert (exchange.method, exchange.charset, exchange.raw_answer) == (SHARE, "utf-8", body)
    assert (exchange.verified, exchange.signed_part) == (verified, signed_part)
    assert exchange.error is (caught.value if error else None)
    assert exchange.parameters["auth_token"] == "authusrB0"
    assert exchange.string_to_sign.startswith(
        "app_id=demo-mini&auth_token=authusrB0&charset=utf-8&"
    )
    given = base64.b64decode(exchange.parameters["sign"])
    key("app").public_key().verify(given, exchange.string_to_sign.encode(), PKCS1v15(), SHA256())
    assert exchange.elapsed > 0
