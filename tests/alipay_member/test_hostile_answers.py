"""What an answer can do: break off, repeat itself, be odd, pass for our own, flood."""

import itertools
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from alipay_member import Profile
from alipay_member.errors import AlipayError, GatewayError, SignatureError, TransportError
from explained import describe, explain
from helpers import ROOT
from hostile import (
    CHUNKED,
    COMPRESSED,
    FOUND,
    GOOD,
    HEADS,
    OK,
    PLACES,
    TIMEOUT,
    on_a_redirect,
    outcome,
    why,
)
from wire import (
    SHARE,
    SHARE_NODE,
    Server,
    answer,
    answering,
    client_of,
    encoded,
    http,
    token_answer,
)

TOKEN = "authusrB0123456789abcdef"
NODE = {"code": "10000", "open_id": "007", "nick_name": '王小二}"\\'}


@pytest.mark.parametrize("asked", ["utf-8", "GBK"])
def test_an_answer_that_breaks_off_is_cut_wherever_it_does(asked):
    whole = answer(encoded(NODE, asked))
    for length in range(1, len(whole)):
        with pytest.raises(TransportError) as caught:
            answering(whole[:length], asked).execute(SHARE)
        assert caught.value.reason == "cut", whole[:length]
    assert answering(whole, asked).execute(SHARE) == NODE


def test_an_answer_that_breaks_off_on_the_wire_is_cut_wherever_it_does(gateway_that):
    whole = http(answer(encoded(NODE)))
    sent = []

    def send_and_hang_up(connection):
        connection.sendall(whole[: sent[-1]])
        return False

    client = client_of(gateway_that(send_and_hang_up))
    for length in range(len(b"HTTP/1.1 200"), len(whole), 7):
        sent.append(length)
        error = outcome(client.fetch_profile, TOKEN)
        assert isinstance(error, TransportError), length
        assert error.reason == "cut", length


@pytest.mark.parametrize(
    "node",
    [
        b'{"code":"10000","open_id":"007","open_id":"666"}',
        b'{"code":"10000","open_id":"007","open\\u005fid":"666"}',
        b'{"code":"40004","code":"10000","open_id":"007"}',
        b'{"code":"10000","open_id":"007","more":[{"a":1,"a":1}]}',
    ],
)
def test_a_name_twice_inside_the_signed_node_is_ambiguous(node):
    with pytest.raises(SignatureError) as caught:
        answering(answer(node), status=500).execute(SHARE)
    assert caught.value.reason == "ambiguous"


ODD_VALUES = [
    b"[" * 900 + b"]" * 900,
    b'{"a":' * 900 + b"1" + b"}" * 900,
    b"[]",
    b"{}",
    b"true",
    b"1e999",
    b"-0",
    b"9" * 4000,
    b'"\\ud800"',
    b'"\\u0000"',
    b'"' + b"a" * 500_000 + b'"',
    '"网关生成的验签字符串为："'.encode(),
    '"网关生成的验签字符串为：&#'.encode() + b"9" * 5000 + b'"',
    '"网关生成的验签字符串为：&#x110000;&#xd800;&#0;"'.encode(),
    '"网关生成的验签字符串为：'.encode() + b"&amp;" * 100_000 + b'"',
]
ERROR_FIELDS = itertools.cycle(["sub_msg", "code", "msg", "sub_code"])
ODD_PAIRS = [
    ("sub_msg" if "网关".encode() in value else name, value)
    for name, value in zip(ERROR_FIELDS, ODD_VALUES, strict=False)
]


@pytest.mark.parametrize(("name", "value"), ODD_PAIRS)
def test_an_odd_value_in_an_error_is_still_an_alipay_error(name, value):
    found = {"code": b'"40004"', "sub_msg": b'"a"'} | {name: value}
    members = b",".join(b'"%s":%s' % (key.encode(), text) for key, text in found.items())
    with pytest.raises(AlipayError) as caught:
        answering(answer(b"{%s}" % members, "error_response")).execute(SHARE, {"a": "bcde"})
    describe(caught.value, "zh")
    str(caught.value).encode()


@pytest.mark.parametrize(
    ("own", "name", "sign"),
    [
        ("session-ended", "code", None),
        ("session-ended", "sub_code", ""),
        ("signature:tampered", "code", ""),
        ("signature:tampered", "sub_code", None),
        ("bad-request:json", "sub_code", ""),
        ("Session-Ended", "sub_code", None),
        ("session-ended\n", "sub_code", ""),
        ("session.ended:x", "code", None),
    ],
)
def test_no_answer_passes_for_an_error_of_our_own(own, name, sign):
    body = answer(encoded({"code": "20000", "msg": "x"} | {name: own}), "error_response", sign)
    with pytest.raises(GatewayError) as caught:
        answering(body).fetch_profile(TOKEN)
    assert caught.value.key == "gateway-error"
    found = describe(caught.value, "en")
    hint = " ".join(explain("20000" if name == "sub_code" else "unexplained", "en"))
    assert (found.message, found.hint) == ("x", hint)


@pytest.mark.parametrize(
    "body",
    [
        answer(b'{"code":"10000","%s":1,"%s":2}' % (TOKEN.encode(), TOKEN.encode())),
        answer(b'{"code":"10000"}', between=b',"%s":1,"%s":2' % (TOKEN.encode(), TOKEN.encode())),
        answer(encoded({"code": TOKEN, "msg": TOKEN, "sub_code": TOKEN, "sub_msg": TOKEN})),
        answer(encoded({"code": "isv." + TOKEN, "sub_code": f"isv.{TOKEN}"}), sign=""),
        answer(
            encoded(
                {
                    "code": "40002",
                    "sub_msg": f"网关生成的验签字符串为：app_id={TOKEN}&amp;auth_token={TOKEN}",
                }
            )
        ),
        answer(encoded({"code": "40002", "sub_msg": f"网关生成的验签字符串为：{TOKEN}"})),
        answer(encoded({"code": "10000", TOKEN: "x"}), sign=TOKEN),
        answer(encoded({"code": "10000"}), name=TOKEN),
        TOKEN.encode(),
    ],
)
def test_a_secret_that_is_echoed_is_in_no_error(body):
    with pytest.raises(AlipayError) as caught:
        answering(body).fetch_profile(TOKEN)
    error = caught.value
    found = describe(error, "en")
    parts = (repr(error), repr(vars(error)), error.key, found.key, found.message, found.hint)
    assert TOKEN not in "".join((*parts, found.report))


WORDS = itertools.cycle(["access_token", "refresh_token", "open_id", "user_id", "union_id"])
INVALID = [{}, {"a": "b"}, [], ["a"], True, 1.5, " ", "a b", "\n", "é", "a" * 513]


@pytest.mark.parametrize(("name", "given"), [*zip(WORDS, INVALID, strict=False)])
def test_an_invalid_id_or_token_is_refused(name, given):
    with pytest.raises(TransportError) as caught:
        answering(token_answer(**{name: given})).exchange_code("c0de")
    assert caught.value.reason == "unexpected"


def test_a_member_of_another_method_is_no_answer():
    body = answer(encoded(NODE), "alipay_system_oauth_token_response")
    with pytest.raises(TransportError) as caught:
        answering(body).execute(SHARE)
    assert caught.value.reason == "unexpected"
    assert SHARE_NODE in str(caught.value)


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


def test_a_redirect_is_an_http_status(gateway_that):
    offenders = []
    for status, location in zip(STATUSES, LOCATIONS, strict=False):
        reply = b"HTTP/1.1 %d Moved\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n"
        server = gateway_that(reply % (status, location))
        client = client_of(server)
        reasons = [why(client), why(client)]
        if reasons != ["http-status"] * 2 or len(server.requests) != 2:
            offenders.append((status, location, reasons, len(server.requests)))
    assert offenders == []


@pytest.mark.parametrize("status", [100, 101, 204, 304, 407, 429, 503, 999])
def test_a_status_other_than_200_is_reported(gateway_that, status):
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


def test_odd_headers_do_no_harm(gateway_that):
    head = OK + b"Content-Length: %d\r\n" % len(GOOD)
    offenders = {}
    for header in HEADERS:
        client = client_of(gateway_that(head + header + b"\r\n\r\n" + GOOD))
        result = outcome(client.fetch_profile, "authusrB0")
        if getattr(result, "open_id", None) != "007":
            offenders[header[:30]] = repr(result)
    assert offenders == {}


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
    result = outcome(client_of(gateway_that(head + GOOD)).fetch_profile, "authusrB0")
    assert (
        getattr(result, "open_id", None) == "007" or result.reason == "connection"
    )  # old requests


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
def test_invalid_http_is_no_answer(gateway_that, reply):
    def send_and_hang_up(connection):
        connection.sendall(reply)
        return False

    assert why(client_of(gateway_that(send_and_hang_up))) == "connection"


REDIRECTS = on_a_redirect(PLACES | COMPRESSED)
ON_A_REDIRECT = ("header", "headers", "chunks", "trailers", "body", "gzip in chunks")
FLOODS = HEADS | PLACES | COMPRESSED
FLOODS |= {f"{name} of a redirect": REDIRECTS[f"{name} of a redirect"] for name in ON_A_REDIRECT}
LINES_OF_CHUNKS = ("chunk size", "chunk extension", "trailer")
MAX_GROWTH = 64_000_000  # bytes
MEASURE = """
import json, pathlib, re, sys
sys.path[:0] = [".", "tests", "tests/alipay_member"]
from hostile import flooding, outcome
from test_hostile_answers import FLOODS
from wire import Server, client_of

def peak():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s*(\\d+) kB", status)[1]) * 1024

for name, place in FLOODS.items():
    server = Server(flooding(*place))
    client = client_of(server, timeout=(5, 20))
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak is what is used now
    before = peak()
    error = outcome(client.fetch_profile, "authusrB0", seconds=60)
    print(json.dumps([name, getattr(error, "reason", repr(error)), peak() - before]), flush=True)
    server.stop()
"""


@pytest.fixture(scope="module")
def measured():
    """place → why the call failed under a flood, and by how many bytes its process grew."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    rows = map(json.loads, done.stdout.splitlines())
    return {name: (reason, growth) for name, reason, growth in rows}


def expected_reasons(place):
    if place.startswith("gzip"):
        return ("encoded",)
    if place.startswith(LINES_OF_CHUNKS):  # newer versions of urllib3 bound these lines too
        return ("too-large", "cut")
    return ("too-large",)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="asks Linux")
def test_a_flood_ends_and_takes_no_memory(measured):
    assert set(measured) == set(FLOODS)
    wrong = [
        (place, reason, growth)
        for place, (reason, growth) in measured.items()
        if reason not in expected_reasons(place) or growth >= MAX_GROWTH
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (OK + CHUNKED + b"-5\r\nhello", "cut"),
        (OK + CHUNKED + b"f" * 60_000 + b"\r\nhello", "cut"),
        (OK + CHUNKED + b"\xff\r\nhello", "cut"),
        (OK + CHUNKED + b"5\r\nhello\r\n", "cut"),
        (OK + CHUNKED + b"5\r\nhel", "cut"),
        (OK + b"Content-Length: 999999999999999\r\n\r\n{", "cut"),
        (OK + b"Content-Length: " + b"9" * 60_000 + b"\r\n\r\n{}", "not-json"),
        (OK + b"Content-Length: -5\r\n\r\n{}", "not-json"),
        (OK + b"Content-Length: x\r\n\r\n{}", "not-json"),
        (OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", "connection"),
        (OK + b"A: " + b"a" * 70_000 + b"\r\n\r\n", "too-large"),
        (OK + b"A: b\r\n" * 101 + b"\r\n", "too-large"),
        (http(b" " * 1_000_001), "too-large"),
        (http(b" " * 1_000_000), "not-json"),
        (http(b"{" * 1_000_000), "cut"),
        (http(b'{"' + b"\\" * 999_998), "cut"),
        (http(b'{"' * 500_000), "cut"),
    ],
)
def test_lengths_that_cannot_be(gateway_that, reply, reason):
    def send_and_hang_up(connection):
        connection.sendall(reply)
        return False

    assert why(client_of(gateway_that(send_and_hang_up))) == reason


@pytest.mark.parametrize(
    ("begin", "reason"),
    [
        (b"H", "connection"),
        (b"HTTP/1.1 2", "connection"),
        (OK[:-2], "cut"),
        (OK, "cut"),
        (OK + b"Content-Le", "cut"),
        (FOUND + b"Content-Le", "cut"),
        (OK + CHUNKED, "cut"),
        (OK + b"\r\n", "not-json"),
    ],
)
def test_a_head_that_broke_off_is_no_empty_answer(gateway_that, begin, reason):
    def send_and_hang_up(connection):
        connection.sendall(begin)
        return False

    assert why(client_of(gateway_that(send_and_hang_up))) == reason


LENGTH = b"Content-Length: %d\r\n" % len(GOOD)
PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            OK,
            FOUND,
            CHUNKED,
            LENGTH,
            GOOD,
            http(GOOD),
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.0 500 Oops\r\n",
            b"%x\r\n%s\r\n" % (len(GOOD), GOOD),
            b"0\r\n\r\n",
            b"-1\r\n",
            b"\r\n",
            b"\r\n\r\n",
            b"Connection: close\r\n",
            b"Content-Encoding: gzip\r\n",
            b"Content-Type: text/html;charset=GBK\r\n",
            b"Set-Cookie: a=b; expires=\r\n",
            b"Location: http://[::1\r\n",
            b"A: " + b"a" * 70_000,
            b" " * 100_000,
            b"{",
            b"}",
            b"\xff" * 9,
            b"\0",
        ]
    ),
)
STEPS = st.lists(st.tuples(PIECES, st.sampled_from([0, 0, 0, 0, 0.01])), max_size=8)


@pytest.fixture(scope="module")
def server():
    """A server that plays `steps`: pieces, each with the seconds to wait after it."""

    def play(connection):
        for piece, seconds in running.steps:
            connection.sendall(piece)
            time.sleep(seconds)
        return not running.hangs_up

    running = Server(play)
    yield running
    running.stop()


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(begin=st.sampled_from([b"", b"", OK, OK + LENGTH, OK + CHUNKED]), steps=STEPS)
def test_whatever_a_gateway_sends_the_call_ends_in_a_profile_or_an_alipay_error(
    server, begin, steps
):
    server.steps, server.hangs_up = [(begin, 0), *steps], True
    result = outcome(client_of(server, timeout=TIMEOUT).fetch_profile, "authusrB0")
    assert isinstance(result, Profile | AlipayError), repr(result)
    if isinstance(result, Profile):
        assert result.open_id == "007"


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_whatever_a_gateway_sends_and_then_waits_the_call_ends(server, steps):
    server.steps, server.hangs_up = steps, False
    client = client_of(server, timeout=(0.1, 0.1))
    for _ in range(2):  # the second over the same connection, if it lives
        result = outcome(client.fetch_profile, "authusrB0")
        assert isinstance(result, Profile | AlipayError), repr(result)
