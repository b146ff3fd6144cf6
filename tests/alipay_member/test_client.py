"""What the client sends, read off the socket, and what it makes of answers in each charset."""

import base64
import json
import time
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from alipay_member import GATEWAYS, AlipayClient, Profile
from alipay_member.answer import charset_name
from alipay_member.errors import GatewayError, KeyFormatError, SignatureError, TransportError
from helpers import needs_emulator
from wire import (
    SHARE,
    answer,
    answering,
    client_of,
    client_options,
    encoded,
    http,
    key,
    signature,
    token_answer,
)

TOKEN = "alipay.system.oauth.token"
NODE = encoded({"code": "10000", "open_id": "007"})
COMMON = {"app_id": "demo-mini", "format": "JSON", "sign_type": "RSA2", "version": "1.0"}
NOON = 1760505561  # 2025-10-15 05:19:21 UTC


def sent(request, charset="utf-8"):
    """(query, form) of a raw request, its signature checked and taken out."""
    head, _, form = request.partition(b"\r\n\r\n")
    query = urlsplit(head.split(b" ")[1].decode("ascii")).query
    query, form = (
        dict(parse_qsl(part, True, bool(part), charset)) for part in (query, form.decode("ascii"))
    )
    given = base64.b64decode(query.pop("sign"))
    text = "&".join(f"{name}={value}" for name, value in sorted((query | form).items()))
    key("app").public_key().verify(given, text.encode(charset), PKCS1v15(), SHA256())
    return query, form


@pytest.fixture
def gateway(gateway_that):
    """A gateway whose answers are right for alipay.user.info.share."""
    return gateway_that(http(answer(NODE)))


@pytest.fixture
def token_gateway(gateway_that):
    """A gateway whose answers are right for alipay.system.oauth.token."""
    return gateway_that(http(token_answer()))


def test_fetch_profile_sends_its_token_in_the_query_and_no_body(gateway):
    client_of(gateway, clock=lambda: NOON).fetch_profile("authusrB0")
    query, form = sent(gateway.requests[0])
    own = {
        "method": SHARE,
        "charset": "utf-8",
        "auth_token": "authusrB0",
        "timestamp": "2025-10-15 13:19:21",
    }
    assert (query, form) == (COMMON | own, {})
    assert gateway.requests[0].startswith(b"POST /gateway.do?")


@pytest.mark.parametrize(
    ("call", "grant"),
    [
        ("exchange_code", {"grant_type": "authorization_code", "code": "c0de"}),
        ("refresh_token", {"grant_type": "refresh_token", "refresh_token": "c0de"}),
    ],
)
def test_token_calls_send_their_grant_flat_in_the_body(token_gateway, call, grant):
    token = getattr(client_of(token_gateway, clock=lambda: NOON), call)("c0de")
    query, form = sent(token_gateway.requests[0])
    assert query == COMMON | {
        "method": TOKEN,
        "charset": "utf-8",
        "timestamp": "2025-10-15 13:19:21",
    }
    assert form == grant
    assert (token.access_token, token.refresh_token, token.open_id) == (
        "authusrB1",
        "authusrB2",
        "007",
    )


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati"])
def test_timestamp_is_beijing_time_in_any_zone(gateway, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        client_of(gateway, clock=lambda: NOON).fetch_profile("t")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert sent(gateway.requests[0])[0]["timestamp"] == "2025-10-15 13:19:21"


def test_execute_sends_no_empty_values(gateway):
    client_of(gateway, app_auth_token="").execute(
        SHARE, {"a": "", "b": None, "c": 0, "d": False, "e": " "}, auth_token=""
    )
    query, form = sent(gateway.requests[0])
    assert form == {"c": "0", "d": "false", "e": " "}
    assert query.keys() == COMMON.keys() | {"method", "charset", "timestamp"}


def test_execute_sends_a_dict_as_json(gateway):
    client_of(gateway).execute(
        SHARE, {"biz_content": {"name": "王誠 & 子", "list": [1]}, "tags": ["a"]}
    )
    form = sent(gateway.requests[0])[1]
    assert json.loads(form["biz_content"]) == {"name": "王誠 & 子", "list": [1]}
    assert "王誠" in form["biz_content"]
    assert json.loads(form["tags"]) == ["a"]


@pytest.mark.parametrize(
    "name", ["app_id", "method", "charset", "timestamp", "sign_type", "sign", "auth_token"]
)
def test_execute_refuses_parameters_that_it_sets_itself(gateway, name):
    with pytest.raises(ValueError, match=f"{name} is set by the client") as caught:
        client_of(gateway).execute(SHARE, {name: "other-value"}, auth_token="t")
    assert "other-value" not in str(caught.value)
    assert gateway.requests == []


def test_execute_refuses_text_that_the_charset_lacks(gateway):
    with pytest.raises(ValueError, match="gbk"):
        client_of(gateway, charset="GBK").execute(SHARE, {"name": "😀"})
    assert gateway.requests == []


@pytest.mark.parametrize("charset", ["utf-8", "GBK"])
def test_requests_are_signed_and_encoded_in_their_charset(gateway_that, charset):
    node = encoded({"code": "10000", "open_id": "7", "nick_name": "乗亇"}, charset)
    gateway = gateway_that(http(answer(node), charset=charset))
    node = client_of(gateway, charset=charset).execute(
        SHARE, {"nick": "王誠 &+=%\\/"}, auth_token="令牌"
    )
    query, form = sent(gateway.requests[0], charset)
    assert (query["charset"], query["auth_token"]) == (charset, "令牌")
    assert form == {"nick": "王誠 &+=%\\/"}
    assert f"application/x-www-form-urlencoded;charset={charset}".encode() in gateway.requests[0]
    assert node["nick_name"] == "乗亇"


def test_isv_sends_the_merchants_token_and_authorises_for_its_app(gateway):
    options = {"app_auth_token": "202501BB0", "merchant_app_id": "demo-merchant"}
    client = client_of(gateway, authorize_endpoint="https://a.example/authorize.htm", **options)
    client.fetch_profile("t")
    query = sent(gateway.requests[0])[0]
    assert (query["app_id"], query["app_auth_token"]) == ("demo-mini", "202501BB0")
    assert client.member_app_id == "demo-merchant"
    assert "app_id=demo-merchant&" in client.authorize_url(
        redirect_uri="https://b.example/", state="s"
    )


def test_authorize_url_encodes_its_parts():
    endpoint = "https://a.example/authorize.htm"
    client = AlipayClient(**client_options(), authorize_endpoint=endpoint)
    back = "https://b.example/callback?a=1&b=王"
    url = client.authorize_url(redirect_uri=back, scopes=["auth_user", "auth_base"], state="s t&")
    wanted = {
        "app_id": "demo-mini",
        "scope": "auth_user,auth_base",
        "redirect_uri": back,
        "state": "s t&",
    }
    assert url.startswith(f"{endpoint}?")
    assert parse_qs(urlsplit(url).query) == {name: [value] for name, value in wanted.items()}


def test_authorize_url_needs_an_endpoint():
    with pytest.raises(ValueError, match="authorize_endpoint"):
        answering(b"").authorize_url(redirect_uri="https://b.example/", state="s")


@needs_emulator
@pytest.mark.parametrize("charset", ["utf-8", "GBK"])
@pytest.mark.parametrize("mode", ["open_id", "user_id", "both"])
def test_whole_way_through_the_emulator(emulator, settings, auth_code, charset, mode):
    emulator.accounts.identify_by(mode)
    client = AlipayClient(**settings.client_options(settings.app) | {"charset": charset})
    token = client.exchange_code(auth_code("no-avatar"))
    newer = client.refresh_token(token.refresh_token)
    profile = client.fetch_profile(newer.access_token)
    assert (profile.nick_name, profile.province, profile.avatar) == ("王誠", "江苏省", None)
    assert (profile.open_id, profile.user_id) == (token.open_id, token.user_id)
    assert [bool(token.open_id), bool(token.user_id)] == [mode != "user_id", mode != "open_id"]
    assert (token.expires_in, token.re_expires_in) == (1296000, 2592000)
    with pytest.raises(GatewayError, match=r"aop\.invalid-auth-token"):
        client.fetch_profile(token.access_token)


@needs_emulator
def test_isv_through_the_emulator(emulator, auth_code, tmp_path):
    from server.settings import Settings

    settings = Settings.load(tmp_path, values=emulator.isv_settings())
    isv = AlipayClient(**settings.client_options(settings.app))
    content = {"grant_type": "authorization_code", "code": emulator.accounts.app_auth_code()}
    granted = AlipayClient(
        **settings.client_options(settings.app) | {"app_auth_token": None, "merchant_app_id": None}
    ).execute("alipay.open.auth.token.app", {"biz_content": content})
    assert granted["auth_app_id"] == isv.member_app_id == "demo-merchant"
    token = isv.exchange_code(auth_code(app_id="demo-merchant"))
    assert isv.fetch_profile(token.access_token).open_id == token.open_id
    with pytest.raises(GatewayError, match=r"isv\.code-invalid"):
        isv.exchange_code(auth_code(app_id="demo-mini"))


def test_the_apps_own_public_key_in_alipays_place_is_refused():
    own = key("app").public_key()
    with pytest.raises(KeyFormatError, match="应用公钥") as caught:
        AlipayClient(**client_options() | {"alipay_public_key": own})
    assert caught.value.key == "key-format:app-key"


@pytest.mark.parametrize("name", GATEWAYS)
def test_gateways_are_ready_for_a_client(name):
    options = client_options() | GATEWAYS[name]
    url = AlipayClient(**options).authorize_url(redirect_uri="https://a.example/cb", state="s")
    assert url.startswith(GATEWAYS[name]["authorize_endpoint"] + "?app_id=")


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
def test_a_token_with_an_invalid_life_is_refused(name, given):
    with pytest.raises(TransportError, match=f"no usable {name}"):
        answering(token_answer(**{name: given})).exchange_code("c0de")


@pytest.mark.parametrize("given", [{}, [], {"a": "b"}, True, False, 1.5, " ", "a b", "a\0", "é"])
@pytest.mark.parametrize("name", ["open_id", "user_id"])
def test_an_invalid_id_is_refused(name, given):
    with pytest.raises(TransportError, match=f"no usable {name}"):
        answering(token_answer(**{name: given})).exchange_code("c0de")
    node = {"code": "10000", "user_id": "2088", "open_id": "007"} | {name: given}
    with pytest.raises(TransportError, match=f"no usable {name}"):
        answering(answer(encoded(node))).fetch_profile("t")


@pytest.mark.parametrize("given", [{}, [], True, "", None, "令牌"])
def test_an_invalid_access_token_is_refused(given):
    with pytest.raises(TransportError):
        answering(token_answer(access_token=given)).exchange_code("c0de")


def test_an_id_may_come_as_a_number():
    token = answering(token_answer(open_id=None, user_id=2088000000000101)).exchange_code("c0de")
    assert token.user_id == "2088000000000101"


@pytest.mark.parametrize("given", [{}, [], ["a"], True, 1.5])
def test_an_invalid_profile_field_is_absent(given):
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


NAMES = [
    "王伟",
    "李娜",
    "张敏",
    "刘洋",
    "陈静",
    "杨帆",
    "赵磊",
    "黄丽",
    "周杰",
    "吴婷",
    "徐强",
    "孙悦",
    "马超",
    "朱琳",
    "胡军",
    "郭芳",
    "何勇",
    "高翔",
    "林涛",
    "罗燕",
    "联通",
]
LOST = {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.code-invalid"}
LIKE_GBK = ("GBK", "gbk", "gb2312", "GB2312", "gb18030", "GB18030")
LIKE_UTF_8 = ("utf-8", "UTF-8", "utf8", "UTF8")


def profile(name, written_as):
    return answer(encoded({"code": "10000", "open_id": "007", "nick_name": name}, written_as))


def refused(client):
    with pytest.raises(TransportError) as caught:
        client.fetch_profile("authusrB0")
    return caught.value.reason


@pytest.mark.parametrize(
    ("asked", "named"),
    [("utf-8", known) for known in (None, *LIKE_UTF_8)]
    + [("GBK", known) for known in (None, *LIKE_GBK)],
)
def test_a_name_in_the_charset_that_was_asked_for_is_taken(asked, named):
    for name in NAMES:
        content_type = f"text/html;charset={named}" if named else None
        client = answering(profile(name, asked), asked, content_type=content_type)
        assert client.fetch_profile("authusrB0").nick_name == name


@pytest.mark.parametrize(
    ("asked", "written_as", "named"),
    [("GBK", "utf-8", known) for known in LIKE_UTF_8]
    + [("utf-8", "gb18030", known) for known in LIKE_GBK],
)
def test_a_success_that_names_another_charset_is_refused(asked, written_as, named):
    for name in NAMES:
        for encoding in (written_as, "utf-8", "gb18030"):  # whatever the bytes are
            body = profile(name, encoding)
            client = answering(body, asked, content_type=f"text/html; charset={named}")
            assert refused(client) == "charset"


@pytest.mark.parametrize("named", [None, "utf-8"])
def test_gbk_for_utf_8_is_refused(named):
    for name in NAMES:
        body = profile(name, "gb18030")
        content_type = f"text/html;charset={named}" if named else None
        client = answering(body, content_type=content_type)
        assert refused(client) == "charset"


@pytest.mark.parametrize("named", [None, "GBK"])
def test_utf_8_for_gbk_is_refused_unless_it_reads_as_gbk(named):
    """Bytes that both charsets could have written are in the one that the answer says."""
    for name in NAMES:
        body = profile(name, "utf-8")
        content_type = f"text/html;charset={named}" if named else None
        client = answering(body, "GBK", content_type=content_type)
        try:
            body.decode("gb18030")
        except UnicodeDecodeError:
            assert refused(client) == "charset"
        else:
            assert client.fetch_profile("authusrB0").nick_name == profile_text(body, "gb18030")


def profile_text(body, charset):
    return body.decode(charset).split('"nick_name":"')[1].split('"')[0]


@pytest.mark.parametrize("named", ["latin-1", "Big5", "utf-16", "x", "utf-7", "authusrB0" * 9])
def test_a_success_in_a_charset_that_nobody_asked_for_is_refused(named):
    client = answering(profile("a", "ascii"), content_type=f"text/html;charset={named}")
    with pytest.raises(TransportError) as caught:
        client.fetch_profile("authusrB0")
    assert caught.value.reason == "charset"
    assert named not in str(caught.value)


@pytest.mark.parametrize("asked", ["utf-8", "GBK"])
@pytest.mark.parametrize("written_as", ["utf-8", "gb18030"])
@pytest.mark.parametrize("signed", [True, False])
def test_an_error_stays_readable_in_the_charset_that_it_names(asked, written_as, signed):
    for name in NAMES:
        node = encoded(LOST | {"sub_msg": name}, written_as)
        body = answer(node, "error_response", None if signed else "")
        named = {"utf-8": "UTF-8", "gb18030": "GBK"}[written_as]
        client = answering(body, asked, content_type=f"text/html;charset={named}")
        with pytest.raises(GatewayError) as caught:
            client.exchange_code("made-up")
        error = caught.value
        assert (error.sub_code, error.sub_msg, error.verified) == ("isv.code-invalid", name, signed)


@pytest.mark.parametrize("named", [None, "latin-1", "x"])
@pytest.mark.parametrize(("asked", "written_as"), [("utf-8", "gb18030"), ("GBK", "gb18030")])
def test_an_error_in_gbk_stays_readable_without_a_known_name(asked, written_as, named):
    node = encoded(LOST | {"sub_msg": "授权码code无效"}, written_as)
    content_type = f"text/html;charset={named}" if named else None
    client = answering(answer(node, "error_response"), asked, content_type=content_type)
    with pytest.raises(GatewayError) as caught:
        client.exchange_code("made-up")
    assert caught.value.sub_msg == "授权码code无效"


def test_every_character_of_gbk_and_gb18030_is_taken():
    pairs = [
        bytes([high, low])
        for high in range(0x81, 0xFF)
        for low in (*range(0x40, 0x7F), *range(0x80, 0xFF))
    ]
    known = "".join(
        text for text in (pair.decode("gbk", "ignore") for pair in pairs) if len(text) == 1
    )
    assert len(known) > 21_000
    client = answering(profile(known + "𠮷😀é", "gb18030"), "GBK")
    assert client.fetch_profile("authusrB0").nick_name == known + "𠮷😀é"


@pytest.mark.parametrize(
    "content_type",
    ["text/html;charset=", "text/html;charset", "", "x;Charset = 'utf-8'", 'a;charset="utf-8", b'],
)
def test_a_charset_is_read_as_servers_write_it(content_type):
    client = answering(profile("王", "utf-8"), content_type=content_type)
    assert client.fetch_profile("authusrB0").nick_name == "王"


@pytest.mark.parametrize(
    ("given", "name"), [("Gb2312", "GBK"), ("UTF8", "utf-8"), ("Big5", "Big5")]
)
def test_charsets_have_one_name_each(given, name):
    assert charset_name(given) == name
