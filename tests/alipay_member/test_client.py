"""What the client sends, read off the socket."""

import base64
import json
import time
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from alipay_member import GATEWAYS, AlipayClient
from alipay_member.errors import GatewayError, KeyFormatError
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
