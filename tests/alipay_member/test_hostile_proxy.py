"""The same through a proxy: its answer to CONNECT, and what comes through the tunnel."""

import contextlib
import ssl

import pytest

from alipay_member import AlipayClient
from hostile import (
    EVERYWHERE,
    GOOD,
    OK,
    TIMEOUT,
    certificate,
    dripping,
    flooding,
    silent,
    tls,
    why,
)
from wire import client_options, http

CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls"), "gateway.invalid")


@pytest.fixture
def client_behind(monkeypatch, pem):
    """client_behind(proxy) → a client of a gateway that only this proxy reaches."""

    def make(proxy, gateway="https", scheme="http", timeout=TIMEOUT):
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"{scheme}://127.0.0.1:{proxy.port}")
        for name in ("no_proxy", "NO_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
        options = {"gateway_url": f"{gateway}://gateway.invalid/gateway.do", "timeout": timeout}
        return AlipayClient(**client_options() | options)

    return make


def tunnel(pem, reply):
    """A proxy's reply to CONNECT that leads to a gateway with TLS."""

    def connect(connection):
        connection.sendall(CONNECTED)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        with context.wrap_socket(connection, server_side=True) as inside:
            stream = inside.makefile("rb")
            while line := stream.readline():
                if line == b"\r\n":
                    reply(inside)
        return False

    return connect


def test_answers_come_through_a_tunnel(gateway_that, client_behind, pem):
    proxy = gateway_that(tunnel(pem, lambda inside: inside.sendall(http(GOOD))))
    client = client_behind(proxy, timeout=(3, 5))
    assert [client.fetch_profile("authusrB0").open_id for _ in range(2)] == ["007"] * 2
    assert [request.split()[0] for request in proxy.requests] == [b"CONNECT"]
    assert b"authusrB0" not in proxy.requests[0]


def test_answers_come_through_a_tunnel_in_tls(gateway_that, client_behind, pem):
    """TLS to the gateway inside TLS to the proxy."""

    def connect(connection):
        connection.sendall(CONNECTED)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        inside = context.wrap_bio(received, to_send, server_side=True)
        for step in (inside.do_handshake, inside.read, lambda: inside.write(http(GOOD))):
            done = False
            while not done:
                with contextlib.suppress(ssl.SSLWantReadError):
                    step()
                    done = True
                connection.sendall(to_send.read())
                if not done:
                    received.write(connection.recv(65536))
        return False

    client = client_behind(gateway_that(connect, greet=tls(pem)), scheme="https", timeout=(3, 5))
    assert client.fetch_profile("authusrB0").open_id == "007"


@pytest.mark.parametrize("certificates", ["trusted", "unknown"])
def test_a_proxy_proves_who_it_is(monkeypatch, gateway_that, client_behind, pem, certificates):
    proxy = gateway_that(http(b"", "403 Forbidden"), greet=tls(pem))
    client = client_behind(proxy, scheme="https", timeout=(3, 5))
    if certificates == "unknown":
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert why(client) == "connection"
    assert len(proxy.requests) == (1 if certificates == "trusted" else 0)


def test_answers_come_through_a_proxy_without_tls(gateway_that, client_behind):
    client = client_behind(gateway_that(http(GOOD)), gateway="http", timeout=(3, 5))
    assert client.fetch_profile("authusrB0").open_id == "007"


@pytest.mark.parametrize(
    ("place", "scheme", "how"),
    [
        ("status line", "http", dripping),
        ("reason", "https", flooding),
        ("header", "https", dripping),
        ("headers", "http", flooding),
        ("headers", "https", dripping),
        ("folded header", "http", flooding),
    ],
)
def test_connect_ends(gateway_that, client_behind, pem, place, scheme, how):
    greet = tls(pem) if scheme == "https" else lambda new: new
    proxy = gateway_that(how(*EVERYWHERE[place]), greet=greet)
    timeout = TIMEOUT if how is dripping else (5, 20)
    expected = "timeout" if how is dripping else "too-large"
    assert why(client_behind(proxy, scheme=scheme, timeout=timeout)) == expected
    assert len(proxy.requests) <= 1  # none where this machine was too busy to get there


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_silent_proxy_is_too_late(gateway_that, client_behind, pem, scheme):
    greet = tls(pem) if scheme == "https" else lambda new: new
    assert why(client_behind(gateway_that(silent, greet=greet), scheme=scheme)) == "timeout"


@pytest.mark.parametrize(
    ("scheme", "piece"), [("http", b"\x16"), ("https", b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")]
)
def test_a_handshake_behind_the_proxy_ends(gateway_that, client_behind, pem, scheme, piece):
    greet = tls(pem) if scheme == "https" else lambda new: new
    proxy = gateway_that(dripping(CONNECTED, piece), greet=greet)
    assert why(client_behind(proxy, scheme=scheme)) in ("timeout", "connection")


@pytest.mark.parametrize("place", ["headers", "chunks", "trailers", "body", "body of a redirect"])
def test_a_drip_inside_the_tunnel_ends(gateway_that, client_behind, pem, place):
    proxy = gateway_that(tunnel(pem, dripping(*EVERYWHERE[place])))
    assert why(client_behind(proxy)) == "timeout"


@pytest.mark.parametrize("place", ["reason", "chunks", "body", "body of a redirect"])
def test_a_drip_through_a_proxy_without_tls_ends(gateway_that, client_behind, place):
    proxy = gateway_that(dripping(*EVERYWHERE[place]))
    assert why(client_behind(proxy, gateway="http")) == "timeout"


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://]/\r\n\r\n",
        OK[:-2],
        b"SSH-2.0\r\n",
        b"",
        CONNECTED,
        CONNECTED + b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_a_proxy_that_does_not_connect_is_no_connection(gateway_that, client_behind, reply):
    def send_and_hang_up(connection):
        connection.sendall(reply)
        return False

    proxy = gateway_that(send_and_hang_up)
    assert why(client_behind(proxy, timeout=(3, 5))) == "connection"
    assert len(proxy.requests) == 1
