"""What holds for all parameters, all answers and all bytes.

Each run tries the same examples: a new failure means that the code has changed.
"""

import json

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from alipay_member import AlipayClient
from alipay_member.errors import AlipayError, GatewayError
from alipay_member.signing import sign, string_to_sign, verify
from explained import full_text, support_question
from helpers import needs_emulator
from wire import SHARE, SHARE_NODE, answer, answering, encoded, key, signature

OURS = {
    "app_id",
    "method",
    "format",
    "charset",
    "sign_type",
    "timestamp",
    "version",
    "sign",
    "auth_token",
}
CHARSETS = st.sampled_from(["utf-8", "GBK"])
TRICKY = st.sampled_from(
    [*'{}[]"\\/,:&=+%<> \n\t\0誠乗亄亇é😀\u2028', '"sign":"x"', "&amp;", "%E8", SHARE_NODE]
)


def examples(count):
    return settings(
        max_examples=count, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )


def texts(charset="utf-8"):
    """Text that the charset can write, often the kind that breaks parsers."""
    any_text = st.lists(st.one_of(TRICKY, st.characters(codec="utf-8")), max_size=12).map("".join)
    return any_text.map(lambda text: text.encode(charset, "ignore").decode(charset))


def parameters(charset):
    return st.dictionaries(
        texts(charset).filter(lambda name: name not in OURS), texts(charset), max_size=6
    )


def objects(charset):
    numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
    leaves = st.one_of(st.none(), st.booleans(), numbers, texts(charset))
    values = st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(texts(charset), inner, max_size=4)
        ),
        max_leaves=12,
    )
    return st.dictionaries(texts(charset), values, max_size=5)


@pytest.fixture(scope="module")
def clients(tmp_path_factory):
    """By charset: clients of one running emulator."""
    import emulator

    running = emulator.start()
    options = {
        "app_id": "demo-mini",
        "app_private_key": running.accounts.app_keys["demo-mini"],
        "alipay_public_key": running.accounts.alipay_key.public_key(),
        "gateway_url": f"{running.url}/gateway.do",
    }
    yield {charset: AlipayClient(**options, charset=charset) for charset in ("utf-8", "GBK")}
    running.stop()


@needs_emulator
@examples(150)
@given(data=st.data(), charset=CHARSETS)
def test_any_parameters_pass_the_emulators_check(clients, data, charset):
    sent = data.draw(parameters(charset))
    with pytest.raises(GatewayError) as caught:
        clients[charset].execute("alipay.made.up", sent, auth_token=data.draw(texts(charset)))
    # the gateway looks at the method only once the signature has passed
    assert (caught.value.sub_code, caught.value.verified) == ("isv.invalid-method", True)


@examples(100)
@given(data=st.data(), charset=CHARSETS)
def test_string_to_sign_is_what_sign_and_verify_agree_on(data, charset):
    text = string_to_sign(data.draw(parameters(charset))).encode(charset)
    given_sign = sign(text, key("app"))
    assert given_sign == signature(text, "app")
    assert verify(text, given_sign, key("app").public_key())
    assert not verify(text + b" ", given_sign, key("app").public_key())


@pytest.mark.long
@needs_emulator
@examples(200)
@given(data=st.data(), charset=CHARSETS)
def test_any_object_that_the_emulator_signs_is_read_back_identically(data, charset):
    from emulator.reply import Reply

    node = data.draw(objects(charset)) | {"code": "10000", "open_id": "007"}
    spaces = {name: data.draw(st.sampled_from(["", " ", "\n\t"])) for name in ("comma", "colon")}
    written = Reply(
        SHARE_NODE,
        node,
        key("alipay"),
        charset,
        comma=f"{spaces['comma']},{spaces['comma']}",
        colon=f"{spaces['colon']}:",
    )
    read = answering(written.to_bytes(), charset).execute(SHARE)
    assert read == node
    assert json.dumps(read) == json.dumps(node)  # 1, 1.0 and true are different things


def is_refused(body, charset):
    with pytest.raises(AlipayError) as caught:
        answering(body, charset).execute(SHARE)
    assert not getattr(caught.value, "verified", False)


@pytest.mark.long
@examples(300)
@given(data=st.data(), charset=CHARSETS)
def test_any_changed_byte_in_the_signed_part_is_refused(data, charset):
    node = encoded(data.draw(objects(charset)) | {"code": "10000", "open_id": "007"}, charset)
    body = answer(node)
    at = body.index(node) + data.draw(st.integers(0, len(node) - 1))
    is_refused(
        body[:at] + bytes([body[at] ^ data.draw(st.integers(1, 255))]) + body[at + 1 :], charset
    )


def test_every_changed_byte_of_one_answer_is_refused():
    node = encoded({"code": "10000", "open_id": "007", "nick_name": '誠"}', "n": [1]}, "GBK")
    body = answer(node)
    for at in range(body.index(node), body.index(node) + len(node)):
        for other in (0x20, 0x22, 0x30, 0x5C, 0x7D, body[at] ^ 1, body[at] ^ 0x80):
            if other != body[at]:
                is_refused(body[:at] + bytes([other]) + body[at + 1 :], "GBK")


TOKEN_NODE = "alipay_system_oauth_token_response"
PIECES = [
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b",",
    b":",
    b"\\",
    b" ",
    b"null",
    b"NaN",
    b"-1e999",
    b"\xef\xbb\xbf",
    b"\xd5\\",
]
PIECES += [
    b'"sign"',
    b'"code"',
    b'"10000"',
    b'"%s"' % SHARE_NODE.encode(),
    b'"error_response"',
    b"\\ud800",
    b"\x00",
]
RAW = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join),
    objects("utf-8").map(lambda value: encoded(value, "utf-8")),
)


@examples(400)
@given(
    RAW,
    CHARSETS,
    st.sampled_from([200, 302, 500]),
    st.sampled_from(["execute", "exchange_code", "fetch_profile"]),
)
def test_any_bytes_raise_nothing_but_alipay_errors(body, charset, status, call):
    with pytest.raises(AlipayError) as caught:
        getattr(answering(body, charset, status), call)(SHARE)
    for lang in ("zh", "en"):
        (full_text(caught.value, lang) + support_question(caught.value, lang)).encode()


FIELDS = st.sampled_from(
    [
        "code",
        "msg",
        "sub_code",
        "sub_msg",
        "access_token",
        "refresh_token",
        "expires_in",
        "open_id",
        "user_id",
        "nick_name",
        "gender",
        "avatar",
    ]
)
ODD = st.one_of(
    *(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=6),
        st.just([]),
        st.just({"a": 1}),
    ),
    st.sampled_from(
        [
            "10000",
            "40002",
            "\ud800",
            "\0",
            "9" * 5000,
            "验签出错，网关生成的验签字符串为：a=1&amp;b",
            "１２",
        ]
    ),
)


@examples(400)
@given(
    st.dictionaries(FIELDS, ODD),
    st.sampled_from([SHARE_NODE, TOKEN_NODE, "error_response"]),
    st.booleans(),
)
def test_any_signed_node_gives_values_or_an_alipay_error(node, name, is_signed):
    text = json.dumps(node).encode()
    client = answering(answer(text, name, None if is_signed else "x"))
    for call in (client.exchange_code, client.fetch_profile):
        try:
            result = call("c0de")
        except AlipayError as error:
            shown = str(error) + full_text(error, "zh") + support_question(error, "en")
        else:
            assert is_signed
            assert result.open_id or result.user_id
            shown = repr(vars(result))
        shown.encode("utf-8")
