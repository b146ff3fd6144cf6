# SPDX-License-Identifier: MIT-0
"""Sockets that keep to a budget of seconds and bytes, for requests.

A timeout of requests bounds each read, not their sum: a server that sends one byte a second is
never too late. Here every read and write of a call is bounded by what is left of the call's budget,
whoever reads: status line, headers, chunks, trailers, TLS, a proxy's answer to CONNECT.

    with budget(seconds=13, idle=10, size=4_000_000) as spent: session.post(…)
"""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context


class TooMuchError(OSError):
    """The call received more bytes than it may."""


class Budget:
    """What one call may still spend. `ended`: the other side will send no more."""

    def __init__(self, seconds: float, idle: float, size: int) -> None:
        self.deadline = time.monotonic() + seconds
        self.idle = idle
        self.size = size
        self.ended = False

    def seconds(self, at_most: float) -> float:
        """How long the next step may take. TimeoutError if the time is over."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call's time is over")
        return min(left, at_most)

    def receive(self, size: int) -> None:
        """Count what was received; 0 bytes are the end. TooMuchError if it is too much."""
        self.ended = size == 0
        self.size -= size
        if self.size < 0:
            raise TooMuchError("the call received too much")


_this_thread = threading.local()


@contextmanager
def budget(seconds: float, idle: float, size: int) -> Iterator[Budget]:
    """A Budget for the call that this thread makes.

    It ends after `seconds`, after `idle` seconds without a byte, or when `size` bytes came.
    """
    _this_thread.budget = Budget(seconds, idle, size)
    try:
        yield _this_thread.budget
    finally:
        del _this_thread.budget


class _Bounded:
    """Spends this thread's budget. A mixin for the two kinds of socket."""

    def recv_into(self, *arguments: Any) -> int:
        self._limit()
        size: int = super().recv_into(*arguments)  # type: ignore[misc]
        _this_thread.budget.receive(size)
        return size

    def recv(self, *arguments: Any) -> bytes:
        self._limit()
        data: bytes = super().recv(*arguments)  # type: ignore[misc]
        _this_thread.budget.receive(len(data))
        return data

    def send(self, *arguments: Any) -> int:
        self._limit()
        return super().send(*arguments)  # type: ignore[misc, no-any-return]

    def sendall(self, *arguments: Any) -> None:
        self._limit()
        super().sendall(*arguments)  # type: ignore[misc]

    def do_handshake(self, *arguments: Any) -> None:
        self._limit()
        super().do_handshake(*arguments)  # type: ignore[misc]

    def _limit(self) -> None:
        spent = _this_thread.budget
        self.settimeout(spent.seconds(at_most=spent.idle))  # type: ignore[attr-defined]


class _Socket(_Bounded, socket.socket):
    """A plain connection."""


class _TLSSocket(_Bounded, ssl.SSLSocket):
    """A TLS connection."""


class _Connecting:
    """Makes bounded sockets. A mixin for urllib3's two kinds of connection."""

    host: str
    port: int
    timeout: Any
    socket_options: Any

    def _new_conn(self) -> socket.socket:
        """A connected socket, to the first of the host's addresses that answers in time."""
        problem: OSError = OSError("the host has no address")
        try:
            addresses = socket.getaddrinfo(self.host.strip("[]"), self.port, 0, socket.SOCK_STREAM)
            for family, kind, protocol, _, address in addresses:
                try:
                    return self._connect(_Socket(family, kind, protocol), address)
                except OSError as error:
                    problem = error
        except OSError as error:  # the name is not known
            problem = error
        if isinstance(problem, TimeoutError):
            raise ConnectTimeoutError(self, "no connection in time") from problem
        raise NewConnectionError(self, type(problem).__name__) from problem  # type: ignore[arg-type]

    def _connect(self, sock: socket.socket, address: Any) -> socket.socket:
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            sock.settimeout(_this_thread.budget.seconds(at_most=self.timeout))
            sock.connect(address)
        except OSError:
            sock.close()
            raise
        return sock


class _Connection(_Connecting, HTTPConnection):
    """http://"""


class _TLSConnection(_Connecting, HTTPSConnection):
    """https://"""

    def connect(self) -> None:
        if self.proxy and self.proxy_config and self.proxy.scheme == "https":
            context = _tls_context()
            context.load_verify_locations(self.ca_certs, self.ca_cert_dir)
            self.proxy_config = self.proxy_config._replace(ssl_context=context)
        super().connect()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class BoundedAdapter(HTTPAdapter):
    """Connections that keep to the budget, also through an HTTP proxy (not through SOCKS)."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options, ssl_context=_tls_context())
        _use_bounded_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> ProxyManager:
        known = proxy in self.proxy_manager
        if not known and proxy.lower().startswith("http"):
            options["ssl_context"] = _tls_context()
        manager: ProxyManager = super().proxy_manager_for(proxy, **options)
        if not known and type(manager) is ProxyManager:
            _use_bounded_pools(manager)
        return manager

    def build_response(self, request: requests.PreparedRequest, raw: Any) -> requests.Response:
        try:
            return super().build_response(request, raw)
        except Exception:  # requests before 2.34 stumbles over "Content-Type: text/html; charset"
            raw.close()
            raise


class BoundedSession(requests.Session):
    """A session that never looks where a redirect leads: requests would read all its body first."""

    def get_redirect_target(self, response: requests.Response) -> None:
        return None


def _use_bounded_pools(manager: PoolManager) -> None:
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


def _tls_context() -> ssl.SSLContext:
    context = create_urllib3_context()
    context.sslsocket_class = _TLSSocket
    return context
