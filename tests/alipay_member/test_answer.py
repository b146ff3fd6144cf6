"""Which answers the client accepts and why it refuses the others: bytes composed by hand."""

import json

import pytest
from cryptography.hazmat.primitives.hashes import SHA1

from alipay_member.answer import node_name, read_answer
from alipay_member.errors import GatewayError, IdentityError, SignatureError, TransportError
from explained import full_text
from wire import SHARE, SHARE_NODE, answer, answering, encoded, signature

NODE = {"code": "10000", "msg": "Success", "open_id": "007", "nick_name": "完整示例"}
GOOD = encoded(NODE)
FORGED = encoded(NODE | {"open_id": "666"})
LOST = {
    "code": "40002",
    "msg": "Invalid Arguments",
    "sub_code": "isv.code-invalid",
    "sub_msg": "授权码code无效",
}
SIBLINGS = b'{"error_response":%s,"%s":%s,"sign":"%s"}'


def node_with(nick_name, charset="utf-8"):
    return encoded(NODE | {"nick_name": nick_name}, charset)


def spaced(node):
    return b' {\r\n\t"%s" :\n %s \t, "sign"\t: "%s"\n}\r\n ' % (
        SHARE_NODE.encode(),
        node,
        signature(node).encode(),
    )


@pytest.mark.parametrize(
    "nick_name",
    [
        "小}二",
        "{",
        '"',
        "\\",
        '\\"}',
        '","sign":"x"',
        '{"sign":"x"}',
        "a/b",
        "😀",
        "\u2028",
        "\ufeff",
        "誠\0",
        '"},"sign":"x","alipay_user_info_share_response":{"code":"10000"',
    ],
)
def test_read_answer_keeps_every_text_whole(nick_name):
    assert answering(answer(node_with(nick_name))).execute(SHARE)["nick_name"] == nick_name


def test_read_answer_verifies_the_bytes_as_received():
    # the same value, written as production does and in three ways that no encoder would give back
    for avatar in (
        rb"https:\/\/a.example\/1",
        rb"https://a.example/1",
        rb"\u0068ttps:\/\/a.example/1",
    ):
        node = b'{ "code":"10000",\n"open_id" :"007","avatar":"%s"\t}' % avatar
        assert answering(answer(node)).fetch_profile("t").avatar == "https://a.example/1"


@pytest.mark.parametrize(
    "body",
    [
        spaced(GOOD),
        answer(GOOD, between=b',"alipay_cert_sn":"c5"'),
        answer(GOOD, between=b',"more":[{"sign":"x"},"%s"]' % SHARE_NODE.encode()),
        b'{"sign":"%s","%s":%s}' % (signature(GOOD).encode(), SHARE_NODE.encode(), GOOD),
        answer(GOOD).replace(b'"sign":"', b'"s\\u0069gn":"', 1),
    ],
    ids=["white space", "cert sn", "other members", "sign first", "escaped name"],
)
def test_read_answer_takes_every_lawful_layout(body):
    assert answering(body).execute(SHARE) == NODE


@pytest.mark.parametrize(
    "ids", [{"open_id": "007"}, {"user_id": "2088"}, {"open_id": "007", "user_id": "2088"}]
)
def test_fetch_profile_takes_either_id_or_both(ids):
    profile = answering(answer(encoded({"code": "10000", **ids}))).fetch_profile("t")
    assert (profile.open_id, profile.user_id) == (ids.get("open_id"), ids.get("user_id"))


# second byte in GBK: \ in 誠 乗, { in 亄, } in 亇, | in 億, [ in 乕, ] in 乚
@pytest.mark.parametrize(
    "nick_name",
    ["王誠", "乗", "亄", "亇亇", "億", "乕乚", '誠"誠', "誠\\誠/", "王·小二—", '誠","sign":"x"'],
)
def test_read_answer_is_not_confused_by_gbk_second_bytes(nick_name):
    profile = answering(answer(node_with(nick_name, "GBK")), "GBK").fetch_profile("t")
    assert profile.nick_name == nick_name


def test_read_answer_takes_only_the_nodes_bytes():
    found = read_answer(spaced(GOOD), SHARE, "utf-8")
    assert (found.name, found.signed_part, found.sign) == (SHARE_NODE, GOOD, signature(GOOD))
    assert (found.node, found.code, found.charset) == (NODE, "10000", "utf-8")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (answer(GOOD, sign=signature(GOOD, "stranger")), "wrong-key"),
        (answer(GOOD, sign=signature(GOOD, "app")), "app-key"),
        (answer(FORGED, sign=signature(GOOD)), "tampered"),
        (answer(GOOD, sign=signature(encoded(LOST))), "tampered"),
        (answer(GOOD, sign=signature(b'{"x":%s}' % GOOD)), "tampered"),
        (answer(GOOD + b" ", sign=signature(GOOD + b" ")), "tampered"),
        (answer(GOOD, sign=signature(GOOD, digest=SHA1)), "sha1"),
        (answer(GOOD, sign=""), "unsigned"),
        (b'{"%s":%s}' % (SHARE_NODE.encode(), GOOD), "unsigned"),
        (answer(GOOD).replace(b'"sign":', b'"Sign":'), "unsigned"),
        (b'{"%s":%s,"sign":null}' % (SHARE_NODE.encode(), GOOD), "unsigned"),
        (b'{"%s":%s,"sign":["x"]}' % (SHARE_NODE.encode(), GOOD), "unsigned"),
        (answer(GOOD, between=b',"sign":"x"'), "ambiguous"),
        (answer(GOOD, between=b',"%s":%s' % (SHARE_NODE.encode(), FORGED)), "ambiguous"),
        (
            answer(FORGED, between=b',"%s":%s' % (SHARE_NODE.encode(), GOOD), sign=signature(GOOD)),
            "ambiguous",
        ),
        (
            answer(GOOD, between=b',"alipay_user_info_sh\\u0061re_response":%s' % FORGED),
            "ambiguous",
        ),
        (
            SIBLINGS % (encoded(LOST), SHARE_NODE.encode(), GOOD, signature(GOOD).encode()),
            "ambiguous",
        ),
    ],
)
def test_read_answer_refuses_a_success_that_alipay_did_not_sign(body, reason):
    with pytest.raises(SignatureError) as caught:
        answering(body).execute(SHARE)
    assert caught.value.key == f"signature:{reason}"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not-json"),
        (b"null", "not-json"),
        (b"[]", "not-json"),
        (b"{}", "not-json"),
        (b"<!doctype html><title>502 Bad Gateway</title>", "not-json"),
        (answer(GOOD)[:-1], "cut"),
        (answer(GOOD)[:60], "cut"),
        (answer(GOOD) + b"}", "not-json"),
        (answer(GOOD) + answer(GOOD), "not-json"),
        (answer(GOOD).replace(b":", b"=", 1), "not-json"),
        (b"\xef\xbb\xbf" + answer(GOOD), "not-json"),
        (b"{1:2}", "not-json"),
        (answer(b'{"code":"10000","n":NaN}'), "not-json"),
        (answer(b'{"code":"10000","n":' + b"9" * 5000 + b"}"), "not-json"),
        (answer(b'{"code":"10000","deep":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "not-json"),
        (
            answer(
                b'{"code":"10000"}',
                between=b',"deep":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
            ),
            "not-json",
        ),
        (b"\xff\xfe{\x00", "not-json"),
        (answer(GOOD + b" " * 10_000_000, sign="x"), "too-large"),
        (answer(GOOD, name="alipay_trade_query_response"), "unexpected"),
        (answer(GOOD, name="alipay_user_info_share"), "unexpected"),
        (answer(b"[]"), "unexpected"),
        (answer(b"null"), "unexpected"),
        (answer(b'"%s"' % b"x"), "unexpected"),
        (answer(b"{}"), "unexpected"),
        (b'{"error_response":{}}', "unexpected"),
    ],
)
def test_read_answer_refuses_an_invalid_answer(body, reason):
    with pytest.raises(TransportError) as caught:
        answering(body).execute(SHARE)
    assert caught.value.key == f"transport:{reason}"


@pytest.mark.parametrize("name", ["error_response", "alipay_system_oauth_token_response"])
@pytest.mark.parametrize("charset", ["utf-8", "GBK"])
@pytest.mark.parametrize("asked", ["utf-8", "GBK"])
@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("verified", [True, False])
def test_error_keeps_its_meaning_whatever_carries_it(name, charset, asked, status, verified):
    node = encoded(LOST, charset)
    body = answer(node, name, None if verified else "")
    with pytest.raises(GatewayError) as caught:
        answering(body, asked, status).exchange_code("made-up")
    error = caught.value
    assert (error.code, error.msg, error.sub_code) == (
        "40002",
        "Invalid Arguments",
        "isv.code-invalid",
    )
    assert error.verified is verified
    assert ("未验签" in str(error)) is not verified
    if charset == "utf-8" and asked == "GBK":
        assert (
            "授权码" not in error.sub_msg
        )  # these bytes are GBK too, of other characters: nothing tells
    else:
        assert error.sub_msg == "授权码code无效"


@pytest.mark.parametrize(
    "sign",
    ["x", signature(GOOD, "stranger"), signature(GOOD)],
    ids=["junk", "stranger", "replayed"],
)
def test_error_with_a_wrong_signature_is_reported_unverified(sign):
    with pytest.raises(GatewayError) as caught:
        answering(answer(encoded(LOST), "error_response", sign)).exchange_code("made-up")
    assert (caught.value.sub_code, caught.value.verified) == ("isv.code-invalid", False)


@pytest.mark.parametrize(("asked", "charset"), [("utf-8", "GBK"), ("GBK", "utf-8")])
def test_success_in_another_charset_is_refused(asked, charset):
    body = answer(node_with("王誠小", charset))  # three characters: nine bytes, which are no GBK
    with pytest.raises(TransportError) as caught:
        answering(body, asked).fetch_profile("t")
    assert caught.value.key == "transport:charset"


def test_success_with_another_http_status_is_refused():
    for body in (answer(GOOD), b"Internal Server Error", answer(encoded(LOST))[:40]):
        with pytest.raises(TransportError) as caught:
            answering(body, status=500).fetch_profile("t")
        assert caught.value.key == "transport:http-status"
        assert "500" in str(caught.value)


def test_success_without_an_id_is_refused():
    for ids in ({}, {"open_id": ""}, {"open_id": None, "user_id": ""}):
        for run, node in (
            ("fetch_profile", {"code": "10000"}),
            ("exchange_code", {"access_token": "authusrB1"}),
        ):
            name = SHARE_NODE if run == "fetch_profile" else "alipay_system_oauth_token_response"
            with pytest.raises(IdentityError) as caught:
                getattr(answering(answer(encoded(node | ids), name)), run)("x")
            assert caught.value.key == "identity:no-id"


def test_token_needs_no_code_but_an_access_token():
    name = node_name("alipay.system.oauth.token")
    for node in (
        {"open_id": "007"},
        {"code": "10000", "open_id": "007"},
        {"access_token": "", "open_id": "007"},
    ):
        with pytest.raises(TransportError, match="neither success nor error"):
            answering(answer(encoded(node), name)).exchange_code("x")


def test_profile_is_parsed_from_the_signed_bytes_alone():
    body = b'{"code":"10000","open_id":"666",%s' % answer(GOOD)[1:]
    assert answering(body).fetch_profile("t").open_id == "007"
    assert json.loads(body)["open_id"] == "666"


def test_configured_key_that_is_the_apps_own_is_named():
    with pytest.raises(SignatureError) as caught:
        answering(answer(GOOD, sign=signature(GOOD, "app"))).execute(SHARE)
    assert "应用公钥" in full_text(caught.value, "zh")
    assert "应用公钥" in full_text(caught.value, "en")
