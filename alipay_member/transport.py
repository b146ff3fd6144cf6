# SPDX-License-Identifier: MIT-0
"""One POST to the gateway: bounded in time and size whatever the other side does, sent once.

It raises TransportError and nothing else. A request is tried again only where no connection came
about: an auth_code works once. No log has an address with its query, which holds tokens.
"""

import logging
import os
import re
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Retry

from .bounded import BoundedAdapter, BoundedSession, Budget, budget
from .errors import TransportError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_ANSWER = 1_000_000  # bytes of a body; the longest real answer has a few thousand
MAX_RECEIVED = 3 * MAX_ANSWER  # bytes, with headers, chunk sizes and trailers
LOGGERS = ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry")
# What requests, urllib3 and http.client raise for what a server can do, and an address can be.
TROUBLE = (requests.RequestException, HTTPError, HTTPException, OSError, ValueError)


@dataclass(frozen=True)
class Reply:
    """What came back: HTTP status, the whole body, the charset that Content-Type names or ""."""

    status: int
    body: bytes
    charset: str


class Transport:
    """POSTs to one gateway. Safe to share between threads, and with a forked child.

    `timeout`: (connect, read) in seconds. A call ends within their sum, connecting, tries, TLS and
    a proxy's CONNECT included; only the system's look-up of the host's name can take longer. With a
    `session` of your own each read is bounded by `timeout`, the call is not.
    """

    def __init__(
        self,
        gateway_url: str,
        timeout: tuple[float, float],
        session: requests.Session | None = None,
    ) -> None:
        self.gateway_url = gateway_url
        self._timeout = timeout
        self._own_session = session is None
        self._session = session or new_session(gateway_url)
        self._process = os.getpid()
        for name in LOGGERS:
            logging.getLogger(name).addFilter(_without_query)

    def post(self, query: str, body: bytes, content_type: str) -> Reply:
        """Send one request.

        Raises TransportError: timeout, connection (nothing came back), cut (not all of it did),
        too-large or encoded.
        """
        if self._own_session and self._process != os.getpid():
            # Parent and child must not read each other's answers from one connection.
            self._session = new_session(self.gateway_url)
            self._process = os.getpid()
        headers = {"Content-Type": content_type, "Accept-Encoding": "identity"}
        options: Any = {"timeout": self._timeout, "allow_redirects": False, "stream": True}
        url = f"{self.gateway_url}?{query}"
        with budget(sum(self._timeout), self._timeout[1], MAX_RECEIVED) as spent:
            try:
                response = self._session.post(url, data=body, headers=headers, **options)
            except TROUBLE as error:
                raise _named(error, spent, "connection") from None
            with closing(response):
                return _reply(response, spent)


def new_session(gateway_url: str) -> requests.Session:
    """Keeps connections alive, and nothing else from one call to the next."""
    session = BoundedSession()
    retry = Retry(
        total=None,
        connect=2,
        read=False,
        redirect=False,
        status=False,
        other=False,
        backoff_factor=0.1,
    )
    for prefix in ("https://", "http://"):
        session.mount(prefix, BoundedAdapter(max_retries=retry))
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.auth = _no_authorization
    # A company's proxy can't reach this machine.
    session.trust_env = urlsplit(gateway_url).hostname not in LOOPBACK
    return session


def _reply(response: requests.Response, spent: Budget) -> Reply:
    """The whole answer, if it came whole, is no larger than it may be, and not compressed."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise TransportError(f"the answer is compressed ({encoding[:20]!r}), unasked", "encoded")
    body = bytearray()
    try:
        for chunk in response.raw.stream(65536, decode_content=False):
            body += chunk
            if len(body) > MAX_ANSWER:
                raise TransportError("the answer is too large", "too-large")
    except TROUBLE as error:
        raise _named(error, spent, "cut") from None
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and len(body) < int(announced):
        raise TransportError("the answer broke off", "cut")
    named = re.search(r'charset\s*=\s*"?([^\s";]+)', response.headers.get("Content-Type", ""), re.I)
    return Reply(response.status_code, bytes(body), named[1] if named else "")


def _named(error: Exception, spent: Budget, otherwise: str) -> TransportError:
    """Only the class is told: requests puts the address, with its tokens, into the message."""
    if spent.exhausted == "too-large":
        return TransportError("the answer is too large", "too-large")
    late = isinstance(error, requests.Timeout | ReadTimeoutError | TimeoutError)
    if late or spent.exhausted == "timeout":
        return TransportError("the gateway did not answer in time", "timeout")
    if otherwise == "cut":
        return TransportError(f"the answer broke off ({type(error).__name__})", "cut")
    return TransportError(f"no answer from the gateway ({type(error).__name__})", otherwise)


def _no_authorization(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from sending what a ~/.netrc has for this host."""
    return request


def _without_query(record: logging.LogRecord) -> bool:
    """Cut what urllib3 logs to the path: the queries that we sign hold tokens and signatures."""
    if isinstance(record.args, tuple):
        record.args = tuple(_path_only(argument) for argument in record.args)
    return True


def _path_only(argument: object) -> object:
    signed = isinstance(argument, str) and "&sign=" in argument
    return str(argument).split("?")[0] if signed else argument
