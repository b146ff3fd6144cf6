# SPDX-License-Identifier: MIT-0
"""One POST to the gateway: kept connections, bounded in time and size, nothing secret in a log.

It raises TransportError and nothing else, and sends a request at most once: an auth_code works
once.
"""

import logging
import time
from contextlib import closing
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Retry

from .errors import TransportError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_ANSWER = 1_000_000  # bytes; the longest real answer has a few thousand


@dataclass(frozen=True)
class Reply:
    """What came back: the HTTP status and the whole body."""

    status: int
    body: bytes


class Transport:
    """POSTs to one gateway; safe to share between threads.

    `timeout`: (connect, read) in seconds.
    """

    def __init__(
        self,
        gateway_url: str,
        timeout: tuple[float, float],
        session: requests.Session | None = None,
    ) -> None:
        self.gateway_url = gateway_url
        self._timeout = timeout
        self._session = session or new_session(gateway_url)
        for name in ("urllib3.connectionpool", "urllib3.util.retry"):
            logging.getLogger(name).addFilter(_without_query)

    def post(self, query: str, body: bytes, content_type: str) -> Reply:
        """Send one request. Raises TransportError: timeout, connection or too-large."""
        options: Any = {"timeout": self._timeout, "allow_redirects": False, "stream": True}
        headers = {"Content-Type": content_type}
        url = f"{self.gateway_url}?{query}"
        deadline = time.monotonic() + sum(self._timeout)
        try:
            with closing(
                self._session.post(url, data=body, headers=headers, **options)
            ) as response:
                return Reply(response.status_code, _read(response, deadline))
        except (requests.Timeout, ReadTimeoutError):
            raise TransportError("the gateway did not answer in time", "timeout") from None
        except (requests.RequestException, HTTPError) as error:
            # Only the class is named: requests puts the address, with its tokens, into the message.
            message = f"no answer from the gateway ({type(error).__name__})"
            raise TransportError(message, "connection") from None


def new_session(gateway_url: str) -> requests.Session:
    """Keeps connections alive; tries again only where no connection came about."""
    session = requests.Session()
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
        session.mount(prefix, HTTPAdapter(max_retries=retry))
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # A company's proxy can't reach this machine.
    session.trust_env = urlsplit(gateway_url).hostname not in LOOPBACK
    return session


def _read(response: requests.Response, deadline: float) -> bytes:
    """The body, no longer than MAX_ANSWER, no later than `deadline` (monotonic seconds)."""
    read = getattr(response.raw, "read1", response.raw.read)  # what is there, if urllib3 >= 2.2
    body = b""
    while chunk := read(65536, decode_content=True):
        body += chunk
        if len(body) > MAX_ANSWER:
            raise TransportError("the answer is too large", "too-large")
        if time.monotonic() > deadline:
            raise TransportError("the gateway did not finish its answer in time", "timeout")
    return body


def _without_query(record: logging.LogRecord) -> bool:
    """Cut what urllib3 logs to the path: the queries that we sign hold tokens and signatures."""
    if isinstance(record.args, tuple):
        record.args = tuple(_path_only(argument) for argument in record.args)
    return True


def _path_only(argument: object) -> object:
    signed = isinstance(argument, str) and "&sign=" in argument
    return str(argument).split("?")[0] if signed else argument
