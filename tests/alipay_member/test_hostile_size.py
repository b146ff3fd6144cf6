"""No answer makes the process grow, however much a gateway sends and wherever in an answer."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import ROOT
from hostile import CHUNKED, COMPRESSED, FOUND, HEADS, OK, PLACES, on_a_redirect, why
from wire import client_of, http

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
from test_hostile_size import FLOODS
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


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="asks Linux")
@pytest.mark.parametrize("place", FLOODS)
def test_a_flood_ends_and_takes_no_memory(measured, place):
    reason, growth = measured[place]
    if place.startswith("gzip"):
        assert reason == "encoded"
    elif place.startswith(LINES_OF_CHUNKS):
        assert reason in ("too-large", "cut")  # newer versions of urllib3 bound these lines too
    else:
        assert reason == "too-large"
    assert growth < MAX_GROWTH


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
