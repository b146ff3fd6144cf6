"""Every call ends, however slowly a gateway goes on: plainly, over TLS, and through a proxy."""

import contextlib
import socket
import ssl
import time

import pytest

from alipay_member import AlipayClient, bounded
from alipay_member.bounded import Budget, budget
from alipay_member.errors import TransportError
from alipay_member.transport import new_session
from hostile import (
    CHUNKED,
    COMPRESSED,
    EVERYWHERE,
    GOOD,
    HEADS,
    OK,
    PLACES,
    STAYS,
    TIMEOUT,
    certificate,
    dripping,
    flooding,
    on_a_redirect,
    outcome,
    silent,
    tls,
    why,
)
from wire import client_of, client_options, http


@pytest.mark.parametrize(
    "place",
    [*HEADS, *PLACES, "headers of a redirect", "chunks of a redirect", "body of a redirect"],
)
def test_a_drip_ends(gateway_that, place):
    server = gateway_that(dripping(*EVERYWHERE[place]))
    assert why(client_of(server, timeout=TIMEOUT)) == "timeout"
    assert server.connections == 1


@pytest.mark.parametrize("place", ["gzip", "gzip in chunks of a redirect", "gzip as transfer"])
def test_a_compressed_drip_ends_at_once(gateway_that, place):
    server = gateway_that(dripping(*(COMPRESSED | on_a_redirect(COMPRESSED))[place]))
    assert why(client_of(server, timeout=TIMEOUT)) == "encoded"


@pytest.mark.parametrize(
    "before",
    [b"", b"HTTP/1.1 200", OK, OK + CHUNKED, OK + CHUNKED + b"5\r\n", http(GOOD)[:-9]],
)
def test_silence_ends(gateway_that, before):
    def begin(connection):
        connection.sendall(before)
        silent(connection)

    assert why(client_of(gateway_that(begin), timeout=TIMEOUT)) == "timeout"


def test_a_whole_answer_that_came_slowly_is_taken(gateway_that):
    def reply(connection):
        for at in range(0, len(slow), 50):
            connection.sendall(slow[at : at + 50])
            time.sleep(0.01)

    slow = http(GOOD)
    assert client_of(gateway_that(reply)).fetch_profile("authusrB0").open_id == "007"


def test_a_gateway_that_stops_reading_is_too_late(gateway_that):
    def deaf(connection):
        time.sleep(STAYS)
        return connection

    client = client_of(gateway_that(silent, greet=deaf), timeout=TIMEOUT)
    error = outcome(client.execute, "alipay.made.up", {"note": "a" * 20_000_000})
    assert isinstance(error, TransportError)
    assert error.reason == "timeout"


@pytest.fixture
def crowded():
    """The address of a listener that takes no more connections: a handshake is never answered."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        time.sleep(0.1)
        yield listener.getsockname()


def known_as(monkeypatch, addresses):
    """Let every host name have these addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: found)


def named_client(timeout=TIMEOUT):
    """A client of a gateway that has a host name."""
    return AlipayClient(
        **client_options() | {"gateway_url": "http://gateway.invalid/gateway.do"}, timeout=timeout
    )


def test_a_host_with_many_addresses_that_do_not_answer_is_too_late(monkeypatch, crowded):
    known_as(monkeypatch, [crowded] * 200)
    started = time.monotonic()
    assert why(named_client()) == "timeout"
    assert time.monotonic() - started < 200 * TIMEOUT[0] / 10


def test_the_address_that_answers_is_used(monkeypatch, gateway_that, crowded):
    server = gateway_that(http(GOOD))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        refusing = closed.getsockname()
    known_as(monkeypatch, [refusing, crowded, ("127.0.0.1", server.port)])
    client = named_client((0.3, 5))
    assert [client.fetch_profile("authusrB0").open_id for _ in range(2)] == ["007", "007"]
    assert server.connections == 1


def test_refused_connections_end(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        refusing = closed.getsockname()
    known_as(monkeypatch, [refusing] * 5)
    assert why(named_client()) == "connection"


@pytest.mark.parametrize("error", [socket.gaierror(8, "not known"), UnicodeError("too long")])
def test_an_unknown_host_is_no_connection(monkeypatch, error):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert why(named_client()) == "connection"


def test_no_step_may_take_longer_than_the_rest_of_the_call():
    with budget(seconds=5, idle=60, size=1) as spent:
        assert 0 < spent.seconds(at_most=60) <= 5
        assert spent.seconds(at_most=2) == 2
    with budget(seconds=0, idle=60, size=1) as spent, pytest.raises(TimeoutError):
        spent.seconds(at_most=60)


def test_a_byte_just_before_the_end_does_not_prolong_the_call(gateway_that):
    """A step may take what is left of the call, not `idle` anew."""
    limits = []

    class Watched(Budget):
        def seconds(self, at_most):
            limits.append((super().seconds(at_most), self.deadline - time.monotonic()))
            return limits[-1][0]

    def late(connection):
        connection.sendall(OK)
        time.sleep(0.3)
        connection.sendall(b"A: b")
        silent(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounded, "Budget", Watched)
        assert why(client_of(gateway_that(late), timeout=(0.2, 0.4))) == "timeout"
    assert all(limit <= left + 0.1 for limit, left in limits)


HELLO = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"  # a record with a handshake message of 16 KB


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure_client(pem):
    """secure_client(server) → a client that speaks TLS to it and trusts the test's certificate."""

    def make(server, trusted=True, timeout=TIMEOUT):
        url = f"https://127.0.0.1:{server.port}/gateway.do"
        session = new_session(url)
        session.verify = str(pem) if trusted else True
        options = client_options() | {"gateway_url": url, "timeout": timeout}
        return AlipayClient(**options, session=session)

    return make


def test_answers_over_tls_are_read_and_the_connection_is_kept(gateway_that, secure_client, pem):
    server = gateway_that(http(GOOD), greet=tls(pem))
    client = secure_client(server, timeout=(3, 5))
    assert [client.fetch_profile("authusrB0").open_id for _ in range(3)] == ["007"] * 3
    assert server.connections == 1


def test_a_certificate_that_nobody_vouches_for_is_no_connection(gateway_that, secure_client, pem):
    server = gateway_that(http(GOOD), greet=tls(pem))
    assert why(secure_client(server, trusted=False, timeout=(3, 5))) == "connection"
    assert server.requests == []


@pytest.mark.parametrize("place", ["status line", "chunk size"])
def test_a_drip_inside_tls_ends(gateway_that, secure_client, pem, place):
    server = gateway_that(dripping(*EVERYWHERE[place]), greet=tls(pem))
    assert why(secure_client(server)) == "timeout"
    assert server.connections == 1


@pytest.mark.parametrize("place", ["chunks", "body of a redirect"])
def test_a_flood_inside_tls_ends(gateway_that, secure_client, pem, place):
    server = gateway_that(flooding(*EVERYWHERE[place]), greet=tls(pem))
    assert why(secure_client(server, timeout=(5, 20))) == "too-large"


@pytest.mark.parametrize(
    ("before", "piece"),
    [
        (b"", b"\x16"),
        (HELLO, b"\x00"),
        (b"", HELLO),
        (b"HTTP/1.1 400 Bad Request\r\n", b"A: b\r\n"),
    ],
    ids=["record", "message", "messages", "no TLS"],
)
@pytest.mark.parametrize("how", [dripping, flooding])
def test_a_handshake_that_never_ends_ends(gateway_that, secure_client, how, before, piece):
    def handshake(connection):
        connection.recv(1)
        how(before, piece)(connection)
        return connection

    server = gateway_that(silent, greet=handshake)
    assert why(secure_client(server)) in (
        "timeout",
        "connection",
    )  # OpenSSL may see that it is none


def test_a_silent_handshake_is_too_late(gateway_that, secure_client):
    assert why(secure_client(gateway_that(silent))) == "timeout"


def test_a_connection_that_ends_in_the_handshake_is_none(gateway_that, secure_client):
    def hang_up(connection):
        connection.recv(1)
        connection.close()
        return connection

    assert why(secure_client(gateway_that(silent, greet=hang_up))) == "connection"


def test_a_gateway_that_stops_reading_inside_tls_is_too_late(gateway_that, secure_client, pem):
    def deaf(connection):
        greeted = tls(pem)(connection)
        time.sleep(STAYS)
        return greeted

    client = secure_client(gateway_that(silent, greet=deaf))
    error = outcome(client.execute, "alipay.made.up", {"note": "a" * 20_000_000})
    assert isinstance(error, TransportError)
    assert error.reason == "timeout"


@pytest.mark.parametrize("cut", [1, 40, -9])
def test_an_answer_that_breaks_off_inside_tls_is_cut(gateway_that, secure_client, pem, cut):
    def send_and_hang_up(connection):
        connection.sendall(http(GOOD)[:cut])
        return False

    server = gateway_that(send_and_hang_up, greet=tls(pem))
    assert why(secure_client(server, timeout=(3, 5))) == ("connection" if cut == 1 else "cut")


CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.fixture(scope="module")
def proxy_pem(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls"), "gateway.invalid")


@pytest.fixture
def client_behind(monkeypatch, proxy_pem):
    """client_behind(proxy) → a client of a gateway that only this proxy reaches."""

    def make(proxy, gateway="https", scheme="http", timeout=TIMEOUT):
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"{scheme}://127.0.0.1:{proxy.port}")
        for name in ("no_proxy", "NO_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(proxy_pem))
        options = {"gateway_url": f"{gateway}://gateway.invalid/gateway.do", "timeout": timeout}
        return AlipayClient(**client_options() | options)

    return make


def tunnel(proxy_pem, reply):
    """A proxy's reply to CONNECT that leads to a gateway with TLS."""

    def connect(connection):
        connection.sendall(CONNECTED)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(proxy_pem)
        with context.wrap_socket(connection, server_side=True) as inside:
            stream = inside.makefile("rb")
            while line := stream.readline():
                if line == b"\r\n":
                    reply(inside)
        return False

    return connect


def test_answers_come_through_a_tunnel(gateway_that, client_behind, proxy_pem):
    proxy = gateway_that(tunnel(proxy_pem, lambda inside: inside.sendall(http(GOOD))))
    client = client_behind(proxy, timeout=(3, 5))
    assert [client.fetch_profile("authusrB0").open_id for _ in range(2)] == ["007"] * 2
    assert [request.split()[0] for request in proxy.requests] == [b"CONNECT"]
    assert b"authusrB0" not in proxy.requests[0]


def test_answers_come_through_a_tunnel_in_tls(gateway_that, client_behind, proxy_pem):
    """TLS to the gateway inside TLS to the proxy."""

    def connect(connection):
        connection.sendall(CONNECTED)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(proxy_pem)
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

    client = client_behind(
        gateway_that(connect, greet=tls(proxy_pem)), scheme="https", timeout=(3, 5)
    )
    assert client.fetch_profile("authusrB0").open_id == "007"


@pytest.mark.parametrize("certificates", ["trusted", "unknown"])
def test_a_proxy_proves_who_it_is(
    monkeypatch, gateway_that, client_behind, proxy_pem, certificates
):
    proxy = gateway_that(http(b"", "403 Forbidden"), greet=tls(proxy_pem))
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
def test_connect_ends(gateway_that, client_behind, proxy_pem, place, scheme, how):
    greet = tls(proxy_pem) if scheme == "https" else lambda new: new
    proxy = gateway_that(how(*EVERYWHERE[place]), greet=greet)
    timeout = TIMEOUT if how is dripping else (5, 20)
    expected = "timeout" if how is dripping else "too-large"
    assert why(client_behind(proxy, scheme=scheme, timeout=timeout)) == expected
    assert len(proxy.requests) <= 1  # none where this machine was too busy to get there


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_silent_proxy_is_too_late(gateway_that, client_behind, proxy_pem, scheme):
    greet = tls(proxy_pem) if scheme == "https" else lambda new: new
    assert why(client_behind(gateway_that(silent, greet=greet), scheme=scheme)) == "timeout"


@pytest.mark.parametrize(
    ("scheme", "piece"), [("http", b"\x16"), ("https", b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")]
)
def test_a_handshake_behind_the_proxy_ends(gateway_that, client_behind, proxy_pem, scheme, piece):
    greet = tls(proxy_pem) if scheme == "https" else lambda new: new
    proxy = gateway_that(dripping(CONNECTED, piece), greet=greet)
    assert why(client_behind(proxy, scheme=scheme)) in ("timeout", "connection")


@pytest.mark.parametrize("place", ["headers", "body"])
def test_a_drip_inside_the_tunnel_ends(gateway_that, client_behind, proxy_pem, place):
    proxy = gateway_that(tunnel(proxy_pem, dripping(*EVERYWHERE[place])))
    assert why(client_behind(proxy)) == "timeout"


@pytest.mark.parametrize("place", ["reason", "chunks"])
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
