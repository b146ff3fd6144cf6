"""What the JSON of an answer can do: break off, repeat itself, be odd, echo, pass for our own."""

import itertools

import pytest

from alipay_member.errors import AlipayError, GatewayError, SignatureError, TransportError
from alipay_member.explain import describe, explain
from hostile import outcome
from wire import SHARE, SHARE_NODE, answer, answering, client_of, encoded, http, token_answer

TOKEN = "authusrB0123456789abcdef"
NODE = {"code": "10000", "open_id": "007", "nick_name": '王小二}"\\'}


@pytest.mark.parametrize("asked", ["utf-8", "GBK"])
def test_an_answer_that_breaks_off_is_cut_wherever_it_does(asked):
    whole = answer(encoded(NODE, asked))
    for length in range(1, len(whole)):
        with pytest.raises(TransportError) as caught:
            answering(whole[:length], asked).execute(SHARE)
        assert caught.value.reason == "cut", whole[:length]
    assert answering(whole, asked).execute(SHARE) == NODE


def test_an_answer_that_breaks_off_on_the_wire_is_cut_wherever_it_does(gateway_that):
    whole = http(answer(encoded(NODE)))
    sent = []

    def send_and_hang_up(connection):
        connection.sendall(whole[: sent[-1]])
        return False

    client = client_of(gateway_that(send_and_hang_up))
    for length in range(len(b"HTTP/1.1 200"), len(whole), 7):
        sent.append(length)
        error = outcome(client.fetch_profile, TOKEN)
        assert isinstance(error, TransportError), length
        assert error.reason == "cut", length


@pytest.mark.parametrize(
    "node",
    [
        b'{"code":"10000","open_id":"007","open_id":"666"}',
        b'{"code":"10000","open_id":"007","open\\u005fid":"666"}',
        b'{"code":"40004","code":"10000","open_id":"007"}',
        b'{"code":"10000","open_id":"007","more":[{"a":1,"a":1}]}',
    ],
)
def test_a_name_twice_inside_the_signed_node_is_ambiguous(node):
    with pytest.raises(SignatureError) as caught:
        answering(answer(node), status=500).execute(SHARE)
    assert caught.value.reason == "ambiguous"


ODD_VALUES = [
    b"[" * 900 + b"]" * 900,
    b'{"a":' * 900 + b"1" + b"}" * 900,
    b"[]",
    b"{}",
    b"true",
    b"1e999",
    b"-0",
    b"9" * 4000,
    b'"\\ud800"',
    b'"\\u0000"',
    b'"' + b"a" * 500_000 + b'"',
    '"网关生成的验签字符串为："'.encode(),
    '"网关生成的验签字符串为：&#'.encode() + b"9" * 5000 + b'"',
    '"网关生成的验签字符串为：&#x110000;&#xd800;&#0;"'.encode(),
    '"网关生成的验签字符串为：'.encode() + b"&amp;" * 100_000 + b'"',
]
ERROR_FIELDS = itertools.cycle(["sub_msg", "code", "msg", "sub_code"])
ODD_PAIRS = [
    ("sub_msg" if "网关".encode() in value else name, value)
    for name, value in zip(ERROR_FIELDS, ODD_VALUES, strict=False)
]


@pytest.mark.parametrize(("name", "value"), ODD_PAIRS)
def test_an_odd_value_in_an_error_is_still_an_alipay_error(name, value):
    said = {"code": b'"40004"', "sub_msg": b'"a"'} | {name: value}
    members = b",".join(b'"%s":%s' % (key.encode(), text) for key, text in said.items())
    with pytest.raises(AlipayError) as caught:
        answering(answer(b"{%s}" % members, "error_response")).execute(SHARE, {"a": "bcde"})
    describe(caught.value, "zh")
    str(caught.value).encode()


@pytest.mark.parametrize(
    ("own", "name", "sign"),
    [
        ("session-ended", "code", None),
        ("session-ended", "sub_code", ""),
        ("signature:tampered", "code", ""),
        ("signature:tampered", "sub_code", None),
        ("bad-request:json", "sub_code", ""),
        ("Session-Ended", "sub_code", None),
        ("session-ended\n", "sub_code", ""),
        ("session.ended:x", "code", None),
    ],
)
def test_no_answer_passes_for_an_error_of_our_own(own, name, sign):
    body = answer(encoded({"code": "20000", "msg": "x"} | {name: own}), "error_response", sign)
    with pytest.raises(GatewayError) as caught:
        answering(body).fetch_profile(TOKEN)
    assert caught.value.key == "gateway-error"
    said = describe(caught.value, "en")
    hint = " ".join(explain("20000" if name == "sub_code" else "unexplained", "en"))
    assert (said.message, said.hint) == ("x", hint)


@pytest.mark.parametrize(
    "body",
    [
        answer(b'{"code":"10000","%s":1,"%s":2}' % (TOKEN.encode(), TOKEN.encode())),
        answer(b'{"code":"10000"}', between=b',"%s":1,"%s":2' % (TOKEN.encode(), TOKEN.encode())),
        answer(encoded({"code": TOKEN, "msg": TOKEN, "sub_code": TOKEN, "sub_msg": TOKEN})),
        answer(encoded({"code": "isv." + TOKEN, "sub_code": f"isv.{TOKEN}"}), sign=""),
        answer(
            encoded(
                {
                    "code": "40002",
                    "sub_msg": f"网关生成的验签字符串为：app_id={TOKEN}&amp;auth_token={TOKEN}",
                }
            )
        ),
        answer(encoded({"code": "40002", "sub_msg": f"网关生成的验签字符串为：{TOKEN}"})),
        answer(encoded({"code": "10000", TOKEN: "x"}), sign=TOKEN),
        answer(encoded({"code": "10000"}), name=TOKEN),
        TOKEN.encode(),
    ],
)
def test_a_secret_that_is_echoed_is_in_no_error(body):
    with pytest.raises(AlipayError) as caught:
        answering(body).fetch_profile(TOKEN)
    error = caught.value
    said = describe(error, "en")
    parts = (repr(error), repr(vars(error)), error.key, said.key, said.message, said.hint)
    assert TOKEN not in "".join((*parts, said.report))


WORDS = itertools.cycle(["access_token", "refresh_token", "open_id", "user_id", "union_id"])
INVALID = [{}, {"a": "b"}, [], ["a"], True, 1.5, " ", "a b", "\n", "é", "a" * 513]


@pytest.mark.parametrize(("name", "given"), [*zip(WORDS, INVALID, strict=False)])
def test_an_invalid_id_or_token_is_refused(name, given):
    with pytest.raises(TransportError) as caught:
        answering(token_answer(**{name: given})).exchange_code("c0de")
    assert caught.value.reason == "unexpected"


def test_a_member_of_another_method_is_no_answer():
    body = answer(encoded(NODE), "alipay_system_oauth_token_response")
    with pytest.raises(TransportError) as caught:
        answering(body).execute(SHARE)
    assert caught.value.reason == "unexpected"
    assert SHARE_NODE in str(caught.value)
