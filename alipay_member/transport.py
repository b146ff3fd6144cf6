# SPDX-License-Identifier: MIT-0
"""One POST to the gateway: bounded in time and size whatever the other side does, sent once.

It raises TransportError and nothing else. A request is tried again only where no connection came
about: an auth_code works once. No log has an address with its query, which holds tokens, or what a
server wrote where a header belongs, which may repeat them.
"""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException, LineTooLong
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ReadTimeoutError
from urllib3.util import Retry

from .bounded import BoundedAdapter, BoundedSession, TooMuchError, budget
from .errors import TransportError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_ANSWER = 1_000_000  # bytes of a body; the longest real answer has a few thousand
MAX_RECEIVED = 3 * MAX_ANSWER  # bytes, with headers, chunk sizes and trailers
LOGGERS = ("urllib3.connection", "urllib3.connectionpool", "urllib3.util.retry")


@dataclass(frozen=True)
class RawAnswer:
    """An HTTP answer: status, the whole body, the charset that Content-Type names or "".

    `date` is the Date header as it came, or "".
    """

    status: int
    body: bytes
    charset: str
    date: str = ""


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

    def post(self, query: str, body: bytes, content_type: str) -> RawAnswer:
        """Send one request.

        Raises TransportError: timeout, connection (nothing came back), cut (not all of it did),
        too-large or encoded.
        """
        if self._own_session and self._process != os.getpid():
            # Parent and child must not read each other's answers from one connection.
            self._session = new_session(self.gateway_url)
            self._process = os.getpid()
        headers = {"Content-Type": content_type, "Accept-Encoding": "identity"}
        url = f"{self.gateway_url}?{query}"
        with budget(sum(self._timeout), self._timeout[1], MAX_RECEIVED) as spent:
            try:
                response = self._send(url, body, headers)
            except Exception as error:  # odd headers make requests raise what it doesn't document
                raise _named(error, "connection") from None
            with closing(response):
                if spent.ended:  # before the head did: http.client takes it for a whole one
                    raise TransportError("the answer broke off", "cut")
                return _raw_answer(response)

    def _send(self, url: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
        """The answer's head; its body is still to be read."""
        options: Any = {"timeout": self._timeout, "allow_redirects": False, "stream": True}
        if not self._own_session:
            return self._session.post(url, data=body, headers=headers, **options)
        # Session.post would take the long address apart and quote it again, a tenth of a login.
        request = requests.PreparedRequest()
        request.prepare_method("POST")
        request.url = url
        request.prepare_headers({**self._session.headers, **headers})
        request.prepare_body(body, None)
        options |= self._session.merge_environment_settings(url, {}, True, None, None)
        return self._session.send(request, **options)


def new_session(gateway_url: str) -> requests.Session:
    """A session that keeps connections alive, and nothing else from one call to the next."""
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


def _raw_answer(response: requests.Response) -> RawAnswer:
    """Read the body. TransportError if it is cut, too large or compressed."""
    if _is_compressed(response.headers):
        raise TransportError("the answer is compressed, unasked", "encoded")
    body = bytearray()
    try:
        for chunk in response.raw.stream(65536, decode_content=False):
            body += chunk
            if len(body) > MAX_ANSWER:
                break
    except Exception as error:  # odd chunks make urllib3 raise what it doesn't document
        raise _named(error, "cut") from None
    if len(body) > MAX_ANSWER:
        raise TransportError("the answer is too large", "too-large")
    if response.raw.length_remaining:  # of what Content-Length announced
        raise TransportError("the answer broke off", "cut")
    content_type = response.headers.get("Content-Type", "")
    named = re.search(r"""charset\s*=\s*["']?([^\s"';,]+)""", content_type, re.IGNORECASE)
    date = response.headers.get("Date", "")
    return RawAnswer(response.status_code, bytes(body), named[1] if named else "", date)


def _is_compressed(headers: Mapping[str, str]) -> bool:
    """Whether the body has another coding than `identity`, the only one we accept."""
    names = headers.get("Content-Encoding", "") + "," + headers.get("Transfer-Encoding", "")
    codings = {name.strip().lower() for name in names.split(",")}
    return not codings <= {"", "identity", "chunked"}


def _named(error: Exception, otherwise: str) -> TransportError:
    """The TransportError for an error and its causes; `otherwise` is the reason if none is known.

    It names only the error's class: requests puts the address, with its tokens, into the message.
    """
    causes = list(_causes(error))
    if any(isinstance(cause, TooMuchError | LineTooLong) for cause in causes):
        return TransportError("the answer is too large", "too-large")
    if any(type(cause) is HTTPException for cause in causes):
        return TransportError("the answer has too many headers", "too-large")
    if any(
        isinstance(cause, requests.Timeout | ReadTimeoutError | TimeoutError) for cause in causes
    ):
        return TransportError("the gateway did not answer in time", "timeout")
    if otherwise == "cut":
        return TransportError(f"the answer broke off ({type(error).__name__})", "cut")
    return TransportError(f"no answer from the gateway ({type(error).__name__})", otherwise)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, the one that it was raised from, and so on."""
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _no_authorization(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from sending what a ~/.netrc has for this host."""
    return request


def _without_query(record: logging.LogRecord) -> bool:
    """Cut what urllib3 logs to the path: the queries that we sign hold tokens and signatures."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    if any(_is_signed(argument) for argument in arguments):
        record.args = tuple(_harmless(argument) for argument in arguments)
        record.exc_info = None
    return True


def _is_signed(argument: object) -> bool:
    return isinstance(argument, str) and "&sign=" in argument


def _harmless(argument: object) -> object:
    """The path of an address, the class of an error, which may quote what the server sent."""
    if isinstance(argument, Exception):
        return type(argument).__name__
    return str(argument).split("?")[0] if _is_signed(argument) else argument
