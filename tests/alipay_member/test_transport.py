"""What the client does when the gateway, or whoever stands there, misbehaves on the wire."""

import contextlib
import gzip

import pytest
import requests
import urllib3

from alipay_member import bounded
from alipay_member.errors import TransportError
from wire import answer, client_of, encoded, http

GOOD = answer(encoded({"code": "10000", "open_id": "007"}))
CODE = "0123456789abcdef0123456789abcdef"


def refused(client, call="fetch_profile", argument="authusrB0"):
    """Why the call failed."""
    with pytest.raises(TransportError) as caught:
        getattr(client, call)(argument)
    return caught.value.reason


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (http(b"Internal Server Error", "500 Internal Server Error"), "http-status"),
        (http(GOOD, "502 Bad Gateway"), "http-status"),
        (http(b"", "204 No Content"), "http-status"),
        (http(b"<!doctype html><title>login</title>"), "not-json"),
        (http(b""), "not-json"),
        (http(b" " * 10_000_000), "too-large"),
        (http(GOOD)[:-9], "cut"),
        (http(GOOD[:-9]), "cut"),
        (b"", "connection"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "connection"),
        (http(b"no gzip", headers="Content-Encoding: gzip\r\n"), "encoded"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "cut"),
    ],
    ids=[
        "500",
        "signed 502",
        "204",
        "HTML",
        "empty",
        "10 MB",
        "cut",
        "cut JSON",
        "hung up",
        "no HTTP",
        "no gzip",
        "bad chunk",
    ],
)
@pytest.mark.parametrize(
    ("call", "argument"), [("fetch_profile", "authusrB0"), ("exchange_code", CODE)]
)
def test_client_names_an_invalid_answer_and_never_sends_again(
    gateway_that, reply, reason, call, argument
):
    def send_and_hang_up(connection):
        connection.sendall(reply)
        return False

    server = gateway_that(send_and_hang_up)
    assert refused(client_of(server), call, argument) == reason
    assert len(server.requests) == server.connections == 1


def silent(connection):
    connection.recv(1)  # comes back when the client hangs up


def stalled(connection):
    connection.sendall(http(GOOD)[:-9])
    connection.recv(1)


@pytest.mark.parametrize("reply", [silent, stalled])
def test_client_stops_waiting_and_never_sends_again(gateway_that, reply):
    server = gateway_that(reply)
    assert refused(client_of(server, timeout=(0.5, 0.3)), "exchange_code", CODE) == "timeout"
    assert len(server.requests) == server.connections == 1


def test_client_stops_waiting_for_an_answer_that_only_drips(gateway_that):
    drops = []

    def drip(connection):
        connection.sendall(http(GOOD + b" " * 100)[:-100])
        connection.settimeout(0.05)
        while len(drops) < 100:
            with contextlib.suppress(TimeoutError):
                return bool(connection.recv(1))  # the client has gone
            drops.append(connection.send(b" "))

    assert refused(client_of(gateway_that(drip), timeout=(0.5, 0.3))) == "timeout"
    assert len(drops) < 100


def test_client_follows_no_redirect(gateway_that):
    elsewhere = gateway_that(http(GOOD))
    server = gateway_that(http(b"", "307 Temporary Redirect", f"Location: {elsewhere.url}\r\n"))
    assert refused(client_of(server)) == "http-status"
    assert elsewhere.requests == []


def test_client_follows_no_redirect_in_a_session_of_the_callers_either(gateway_that):
    elsewhere = gateway_that(http(GOOD))
    server = gateway_that(http(b"", "307 Temporary Redirect", f"Location: {elsewhere.url}\r\n"))
    assert refused(client_of(server, session=requests.Session())) == "http-status"
    assert elsewhere.requests == []


def test_client_keeps_no_cookies(gateway_that):
    server = gateway_that(http(GOOD, headers="Set-Cookie: a=b\r\n"))
    client = client_of(server)
    client.fetch_profile("authusrB0"), client.fetch_profile("authusrB0")
    assert len(server.requests) == 2
    assert not any(b"cookie" in request.lower() for request in server.requests)


def test_client_keeps_its_connection(gateway_that):
    server = gateway_that(http(GOOD))
    client = client_of(server)
    for _ in range(3):
        client.fetch_profile("authusrB0")
    assert (len(server.requests), server.connections) == (3, 1)


def test_client_takes_chunked_answers_and_no_compressed_ones(gateway_that):
    chunks = (
        b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (GOOD[:7], GOOD[7:]))
        + b"0\r\n\r\n"
    )
    server = gateway_that(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
    assert client_of(server).fetch_profile("authusrB0").open_id == "007"
    server = gateway_that(http(gzip.compress(GOOD), headers="Content-Encoding: gzip\r\n"))
    assert refused(client_of(server)) == "encoded"
    assert b"Accept-Encoding: identity\r\n" in server.requests[0]  # as was asked


def test_client_reads_with_an_older_urllib3_too(gateway_that, monkeypatch):
    base = getattr(urllib3, "BaseHTTPResponse", urllib3.HTTPResponse)  # new in 2.0
    for kind in (urllib3.HTTPResponse, base):
        monkeypatch.delattr(kind, "read1", raising=False)
    server = gateway_that(http(GOOD))
    client = client_of(server)
    assert [client.fetch_profile("authusrB0").open_id for _ in range(2)] == ["007", "007"]
    assert server.connections == 1
    assert refused(client_of(gateway_that(stalled), timeout=(0.5, 0.3))) == "timeout"


@pytest.fixture
def connecting(monkeypatch):
    """How often a connection was tried; `connecting.refuse` of them are refused."""

    class Attempts(list):
        refuse = 0

    attempts, connect = Attempts(), bounded._Socket.connect

    def attempt(sock, address):
        attempts.append(address)
        if len(attempts) <= attempts.refuse:
            raise ConnectionRefusedError("refused")
        connect(sock, address)

    monkeypatch.setattr(bounded._Socket, "connect", attempt)
    return attempts


def test_client_tries_again_only_where_no_connection_came_about(gateway_that, connecting):
    server, connecting.refuse = gateway_that(http(GOOD)), 2
    assert client_of(server).fetch_profile("authusrB0").open_id == "007"
    assert (len(connecting), len(server.requests)) == (3, 1)


def test_client_gives_up_when_refused_three_times(gateway_that, connecting):
    server, connecting.refuse = gateway_that(http(GOOD)), 99
    assert refused(client_of(server), "exchange_code", CODE) == "connection"
    assert (len(connecting), server.requests) == (3, [])


def test_client_asks_no_proxy_on_this_machine(gateway_that, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert client_of(gateway_that(http(GOOD))).fetch_profile("authusrB0").open_id == "007"
