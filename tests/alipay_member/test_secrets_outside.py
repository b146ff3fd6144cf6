"""Secrets of this machine and of our requests, and what libraries would do with them."""

import logging
import socket

import pytest

from alipay_member import AlipayClient
from alipay_member.transport import LOGGERS, Transport
from hostile import FOUND, GOOD, OK, why
from wire import client_of, client_options, http

TOKEN = "authusrB0123456789abcdef"


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
    assert by_name(server).fetch_profile(TOKEN).open_id == "007"
    assert b"authorization" not in server.requests[0].lower()


def test_a_redirect_gets_no_second_request(gateway_that, by_name):
    server = gateway_that(FOUND + b"Content-Length: 0\r\n\r\n")
    assert why(by_name(server)) == "http-status"
    assert len(server.requests) == 1


@pytest.mark.parametrize("junk", [b"no colon", b"\xff", b": no name", TOKEN.encode()])
def test_no_address_is_logged_with_a_malformed_header(gateway_that, caplog, junk):
    caplog.set_level(logging.DEBUG)
    server = gateway_that(OK + b"Content-Length: %d\r\n" % len(GOOD) + junk + b"\r\n\r\n" + GOOD)
    client_of(server).fetch_profile(TOKEN)
    assert "Failed to parse headers" in caplog.text or junk == b": no name"
    assert "/gateway.do" in caplog.text
    for secret in (TOKEN, "auth_token", "sign="):
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
