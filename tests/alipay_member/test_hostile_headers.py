"""Nothing but AlipayError leaves the client, whatever the headers say; redirects lead nowhere."""

import itertools

import pytest

from hostile import CHUNKED, GOOD, OK, outcome, why
from wire import client_of, http

LOCATIONS = [
    b"/\xff",
    b"\xe4\xbd",
    b"http://[::1",
    b"http://]/",
    b"http://",
    b"//",
    b"http://a:b:c/",
    b"http://127.0.0.1:99999999/",
    b"http://127.0.0.1:" + b"9" * 5000,
    b"http://\x00/",
    b"javascript:1",
    b"",
    b"http://" + b"a" * 300,
    b"http://xn--a/",
    b"%",
]


STATUSES = itertools.cycle([301, 302, 303, 307, 308])


@pytest.mark.parametrize(("status", "location"), [*zip(STATUSES, LOCATIONS, strict=False)])
def test_a_redirect_is_an_http_status(gateway_that, location, status):
    server = gateway_that(
        b"HTTP/1.1 %d Moved\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n" % (status, location)
    )
    client = client_of(server)
    assert why(client) == why(client) == "http-status"
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [100, 101, 204, 304, 407, 429, 503, 999])
def test_a_status_that_is_no_200_is_told(gateway_that, status):
    def reply_and_hang_up(connection):
        connection.sendall(
            http(GOOD, f"{status} Odd", "Retry-After: 99\r\nWWW-Authenticate: Basic\r\n")
        )
        return False

    server = gateway_that(reply_and_hang_up)
    reason = why(client_of(server))
    assert reason == ("connection" if status == 100 else "http-status")  # 100: and nothing follows
    assert len(server.requests) == 1


HEADERS = [
    b"Content-Type: text/html;charset='utf-8'",
    b'Content-Type: text/html;charset="UTF8"',
    b"Content-Type: " + b"charset" * 9000,
    b"Content-Type: \xff\xfe",
    b"Content-Encoding: identity",
    b"Content-Encoding: ",
    b"Connection: close",
    b"Connection: \xff",
    b"Keep-Alive: timeout=-1, max=" + b"9" * 5000,
    b"Set-Cookie: a=b; expires=" + b"1 " * 30_000,
    b"Set-Cookie: =; max-age=" + b"9" * 5000,
    b"Set-Cookie: a=b; version=x; port=1,x; expires=Wed, 99 Foo 99999 99:99:99",
    b"Set-Cookie: \xff\x00=\xff; domain=.; path",
    b"Set-Cookie2: a=b; Version=1",
    b"Date: \xff",
    b"Link: <" + b"<;" * 20_000,
    b"Upgrade: h2c",
    b"Refresh: 0; url=/",
    b"no colon",
    b"A: b\r\n folded",
    b": no name",
    b"\x00: \x00",
    b"A\xff: b",
    b"Status: 500",
]


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header[:30].decode("latin-1"))
def test_odd_headers_do_no_harm(gateway_that, header):
    head = OK + b"Content-Length: %d\r\n" % len(GOOD)
    client = client_of(gateway_that(head + header + b"\r\n\r\n" + GOOD))
    assert outcome(client.fetch_profile, "authusrB0").open_id == "007"


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Encoding: gzip",
        b"Content-Encoding: GZIP",
        b"Content-Encoding: identity, br",
        b"Content-Encoding: x\r\nContent-Encoding: identity",
        b"Content-Encoding: zstd\r\n" + CHUNKED[:-4],
        b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: gzip, chunked",
    ],
)
def test_what_is_compressed_is_refused(gateway_that, header):
    assert why(client_of(gateway_that(OK + header + b"\r\n\r\n" + GOOD))) == "encoded"


@pytest.mark.parametrize("header", [b"text/html; charset", b";;;=;charset=;charset"])
def test_a_charset_without_a_name_breaks_nothing(gateway_that, header):
    head = OK + b"Content-Length: %d\r\nContent-Type: %s\r\n\r\n" % (len(GOOD), header)
    told = outcome(client_of(gateway_that(head + GOOD)).fetch_profile, "authusrB0")
    assert getattr(told, "open_id", None) == "007" or told.reason == "connection"  # old requests


def test_chunks_count_more_than_a_content_length(gateway_that):
    reply = OK + b"Content-Length: 999999\r\n" + CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n"
    client = client_of(gateway_that(reply % (len(GOOD), GOOD)))
    assert client.fetch_profile("authusrB0").open_id == "007"


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"\r\n" * 9,
    ],
)
def test_what_is_no_http_is_no_answer(gateway_that, reply):
    def send_and_hang_up(connection):
        connection.sendall(reply)
        return False

    assert why(client_of(gateway_that(send_and_hang_up))) == "connection"
