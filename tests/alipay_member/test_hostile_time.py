"""Every call ends, however slowly a gateway goes on."""

import contextlib
import socket
import time

import pytest

from alipay_member import AlipayClient
from alipay_member.bounded import budget
from alipay_member.errors import TransportError
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
    dripping,
    on_a_redirect,
    outcome,
    silent,
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
