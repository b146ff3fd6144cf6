"""The same over TLS: the handshake, and what comes inside."""

import time

import pytest

from alipay_member import AlipayClient
from alipay_member.errors import TransportError
from alipay_member.transport import new_session
from hostile import (
    EVERYWHERE,
    GOOD,
    STAYS,
    TIMEOUT,
    certificate,
    dripping,
    flooding,
    outcome,
    silent,
    tls,
    why,
)
from wire import client_options, http

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


@pytest.mark.parametrize("place", ["status line", "header", "chunk size", "trailers", "body"])
def test_a_drip_inside_tls_ends(gateway_that, secure_client, pem, place):
    server = gateway_that(dripping(*EVERYWHERE[place]), greet=tls(pem))
    assert why(secure_client(server)) == "timeout"
    assert server.connections == 1


@pytest.mark.parametrize("place", ["100 Continue", "chunks", "body", "body of a redirect"])
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
