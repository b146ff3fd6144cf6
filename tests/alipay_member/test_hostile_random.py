"""Gateways at random: every call ends, and nothing but AlipayError leaves the client."""

import time

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from alipay_member import Profile
from alipay_member.errors import AlipayError
from hostile import CHUNKED, FOUND, GOOD, OK, TIMEOUT, outcome
from wire import Server, client_of, http

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


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(begin=st.sampled_from([b"", b"", OK, OK + LENGTH, OK + CHUNKED]), steps=STEPS)
def test_whatever_a_gateway_sends_the_call_ends_in_a_profile_or_an_alipay_error(
    server, begin, steps
):
    server.steps, server.hangs_up = [(begin, 0), *steps], True
    told = outcome(client_of(server, timeout=TIMEOUT).fetch_profile, "authusrB0")
    assert isinstance(told, Profile | AlipayError), repr(told)
    if isinstance(told, Profile):
        assert told.open_id == "007"


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_whatever_a_gateway_sends_and_then_waits_the_call_ends(server, steps):
    server.steps, server.hangs_up = steps, False
    client = client_of(server, timeout=(0.1, 0.1))
    for _ in range(2):  # the second over the same connection, if it lives
        told = outcome(client.fetch_profile, "authusrB0")
        assert isinstance(told, Profile | AlipayError), repr(told)
