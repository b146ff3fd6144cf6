"""No text, ours or a library's, contains a token, code, key or signature; what `report` says."""

import logging
import socket
import traceback
from urllib.parse import quote_plus

import pytest

from alipay_member import AlipayClient
from alipay_member.errors import AlipayError, Call, GatewayError
from alipay_member.transport import LOGGERS, Transport
from explained import full_text, support_question
from helpers import needs_emulator
from hostile import FOUND, GOOD, OK, why
from wire import answer, answering, client_of, client_options, encoded, http, signature

ACCESS, CODE, MERCHANT = (
    "authusrB0123456789abcdef",
    "c0de0123456789abcdef0123456789ab",
    "202501BB0123456789abcdef",
)
REFRESH, NOTE = "authusrBfedcba9876543210", "a-private-note"
NODE = encoded(
    {"access_token": ACCESS, "refresh_token": REFRESH, "open_id": "007", "code": "10000"}
)
SECRETS = (ACCESS, CODE, MERCHANT, REFRESH, NOTE, client_options()["app_private_key"][40:80])
SHARE_NODE, TOKEN_NODE, OTHER_NODE = (
    f"alipay_{name}_response" for name in ("user_info_share", "system_oauth_token", "a_b")
)
CALLS = {  # node: the call, and what a gateway could repeat of it
    SHARE_NODE: (lambda client: client.fetch_profile(ACCESS), f"{ACCESS} {MERCHANT}"),
    TOKEN_NODE: (lambda client: client.exchange_code(CODE), f"{MERCHANT}{CODE}"),
    OTHER_NODE: (lambda client: client.execute("alipay.a.b", {"biz_content": NOTE})["code"], NOTE),
}
ECHOED = ("code", "msg", "sub_code", "sub_msg")
REPLIES = {
    "success": lambda name: http(answer(NODE, name)),
    "wrong key": lambda name: http(answer(NODE, name, signature(NODE, "stranger"))),
    "echo": lambda name: http(answer(encoded(dict.fromkeys(ECHOED, CALLS[name][1])), name)),
    "http 500": lambda name: http(b"oops", "500 Oops"),
    "hung up": lambda name: b"",
    "malformed header": lambda name: http(answer(NODE, name), headers=f"{CALLS[name][1]}\r\n"),
    "named charset": lambda name: http(answer(NODE, name), charset=CALLS[name][1]),
    "encoding": lambda name: http(b"", headers=f"Content-Encoding: {CALLS[name][1]}\r\n"),
    "reason": lambda name: http(b"", f"500 {CALLS[name][1]}"),
    "status line": lambda name: f"{CALLS[name][1]}\r\n".encode(),
    "chunk size": lambda name: (
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{CALLS[name][1]}\r\n".encode()
    ),
}


def everything_said(error, caplog):
    """All texts of an error and of the log so far."""
    reports = [
        full_text(error, "zh"),
        full_text(error, "en"),
        support_question(error, "zh"),
        support_question(error, "en"),
    ]
    texts = [
        repr(error),
        str(error),
        error.message,
        *reports,
        *traceback.format_exception(error),
        caplog.text,
    ]
    return "\n".join(texts)


def secrets_in(text, exchange):
    sign = exchange.parameters["sign"]
    return [secret for secret in (*SECRETS, sign[:20], quote_plus(sign)[:20]) if secret in text]


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("name", CALLS)
def test_no_call_says_a_secret(gateway_that, caplog, reply, name):
    caplog.set_level(logging.DEBUG)

    def reply_and_hang_up(connection):
        connection.sendall(REPLIES[reply](name))
        return False

    seen = []
    client = client_of(
        gateway_that(reply_and_hang_up), app_auth_token=MERCHANT, observer=seen.append
    )
    try:
        text = repr(CALLS[name][0](client))
    except AlipayError as error:
        text = everything_said(error, caplog)
    assert secrets_in(text + caplog.text + repr(client) + repr(seen), seen[0]) == []
    assert "127.0.0.1" in caplog.text  # the log was on


def test_refused_connections_say_no_secret(caplog):
    caplog.set_level(logging.DEBUG)
    seen = []
    client = AlipayClient(
        **client_options(), app_auth_token=MERCHANT, observer=seen.append
    )  # nobody is on port 9
    with pytest.raises(AlipayError) as caught:
        client.fetch_profile(ACCESS)
    assert secrets_in(everything_said(caught.value, caplog), seen[0]) == []
    assert "Retrying" in caplog.text


@needs_emulator
def test_invalid_signature_says_no_secret(emulator, settings, caplog):
    caplog.set_level(logging.DEBUG)
    key = emulator.settings()["ALIPAY_WEB_APP_PRIVATE_KEY"]
    seen = []
    client = AlipayClient(
        **settings.client_options(settings.app) | {"app_private_key": key}, observer=seen.append
    )
    with pytest.raises(GatewayError, match=r"isv\.invalid-signature") as caught:
        client.execute("alipay.user.info.share", {"note": f"{NOTE} <&>"}, auth_token=ACCESS)
    text = everything_said(caught.value, caplog)
    assert secrets_in(text, seen[0]) == []
    assert key[40:80] not in text


def test_exceptions_from_outside_do_not_show_through(gateway_that):
    with pytest.raises(AlipayError) as caught:
        client_of(gateway_that(lambda connection: False)).fetch_profile(ACCESS)
    assert caught.value.__suppress_context__
    assert "During handling" not in "".join(traceback.format_exception(caught.value))


def test_report_is_the_question_that_support_asks_for():
    lost = encoded(
        {
            "code": "40002",
            "msg": "Invalid Arguments",
            "sub_code": "isv.code-invalid",
            "sub_msg": "授权码code无效",
        }
    )
    client = answering(answer(lost, "error_response"))
    with pytest.raises(GatewayError) as caught:
        client.exchange_code(CODE)
    zh, en = (support_question(caught.value, lang).split("\n") for lang in ("zh", "en"))
    assert zh[0] == "使用环境: 本机模拟器或其他网关（127.0.0.1）"
    assert zh[1] == "接口名称: 换取授权访问令牌 alipay.system.oauth.token"
    assert zh[2].startswith(
        "请求参数: app_id=demo-mini&charset=utf-8&code=***(32)&format=JSON"
        "&grant_type=authorization_code&"
    )
    assert zh[2].endswith("&version=1.0")
    assert "&sign=***(344)&sign_type=RSA2&timestamp=" in zh[2]
    assert zh[3:] == ["报错信息: 40002 Invalid Arguments: isv.code-invalid 授权码code无效"]
    assert [line.partition(":")[0] for line in en] == ["Environment", "API", "Request", "Error"]
    assert "emulator or another gateway" in en[0]


@pytest.mark.parametrize(
    ("gateway_url", "zh", "en"),
    [
        ("https://openapi.alipay.com/gateway.do", "正式环境", "production"),
        ("https://openapi-sandbox.dl.alipaydev.com/gateway.do", "沙箱环境", "sandbox"),
        (
            "https://openapi.alipay.com.a.example/gateway.do",
            "本机模拟器或其他网关（openapi.alipay.com.a.example）",
            "emulator or",
        ),
    ],
)
def test_call_names_its_environment(gateway_url, zh, en):
    error = AlipayError("refused")
    error.call = Call("alipay.user.info.share", gateway_url, {})
    assert support_question(error, "zh").startswith(f"使用环境: {zh}\n")
    assert support_question(error, "en").startswith(f"Environment: {en}")


def test_report_is_empty_where_nothing_was_sent():
    assert support_question(AlipayError("no call"), "zh") == ""


ACCESS = "authusrB0123456789abcdef"


@pytest.fixture
def by_name(monkeypatch):
    """by_name(server) → a client that knows this server by a host name, so no proxy is skipped."""

    def make(server):
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: [address])
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        return AlipayClient(
            **client_options() | {"gateway_url": "http://gateway.invalid/gateway.do"}
        )

    return make


@pytest.mark.parametrize("entry", ["default", "machine gateway.invalid"])
def test_netrc_is_not_sent(gateway_that, by_name, monkeypatch, tmp_path, entry):
    file = tmp_path / "netrc"
    file.write_text(f"{entry} login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(file))
    server = gateway_that(http(GOOD))
    assert by_name(server).fetch_profile(ACCESS).open_id == "007"
    assert b"authorization" not in server.requests[0].lower()


def test_a_redirect_gets_no_second_request(gateway_that, by_name):
    server = gateway_that(FOUND + b"Content-Length: 0\r\n\r\n")
    assert why(by_name(server)) == "http-status"
    assert len(server.requests) == 1


@pytest.mark.parametrize("junk", [b"no colon", b"\xff", b": no name", ACCESS.encode()])
def test_no_address_is_logged_with_a_malformed_header(gateway_that, caplog, junk):
    caplog.set_level(logging.DEBUG)
    server = gateway_that(OK + b"Content-Length: %d\r\n" % len(GOOD) + junk + b"\r\n\r\n" + GOOD)
    client_of(server).fetch_profile(ACCESS)
    assert "Failed to parse headers" in caplog.text or junk == b": no name"
    assert "/gateway.do" in caplog.text
    for secret in (ACCESS, "auth_token", "sign="):
        assert secret not in caplog.text


def test_what_others_log_stays_as_it_is(caplog):
    caplog.set_level(logging.DEBUG)
    Transport("http://127.0.0.1:9/gateway.do", (1, 1))
    for name in LOGGERS:
        logging.getLogger(name).warning("%s %s %r", "http://a.example/?a=b", 1, ValueError("why"))
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["http://a.example/?a=b 1 ValueError('why')"] * len(LOGGERS)


def test_many_transports_filter_the_log_once():
    for _ in range(3):
        Transport("http://127.0.0.1:9/gateway.do", (1, 1))
    assert [len(logging.getLogger(name).filters) for name in LOGGERS] == [1] * len(LOGGERS)
