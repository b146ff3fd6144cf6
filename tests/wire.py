"""Answers composed byte by byte, handed to a client without a network or over a socket."""

import base64
import contextlib
import functools
import io
import json
import re
import socket
import threading
from collections.abc import Callable

import requests
import urllib3
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from alipay_member import AlipayClient

SHARE = "alipay.user.info.share"
SHARE_NODE = "alipay_user_info_share_response"


@functools.cache
def key(owner):
    """The 2048 bit key of "alipay", "app" or anybody else."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signature(signed, owner="alipay", digest=SHA256):
    return base64.b64encode(key(owner).sign(signed, PKCS1v15(), digest())).decode()


def answer(node, name=SHARE_NODE, sign=None, between=b""):
    """An answer as the gateway lays it out, signed by Alipay over the node's bytes by default."""
    sign = signature(node) if sign is None else sign
    return b'{"%s":%s%s,"sign":"%s"}' % (name.encode(), node, between, sign.encode())


def encoded(value, charset="utf-8"):
    """A node's bytes as Alipay writes them: no white space, Chinese as it is, `/` escaped."""
    return (
        json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        .replace("/", "\\/")
        .encode(charset)
    )


def token_answer(**fields):
    """A right answer of alipay.system.oauth.token; `fields` are added or take another's place."""
    node = {
        "access_token": "authusrB1",
        "refresh_token": "authusrB2",
        "expires_in": 1296000,
        "re_expires_in": "2592000",
        "open_id": "007",
    } | fields
    return answer(encoded(node), "alipay_system_oauth_token_response")


def client_options():
    private = key("app").private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public = (
        key("alipay").public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    keys = {
        "app_private_key": base64.b64encode(private).decode(),
        "alipay_public_key": base64.b64encode(public).decode(),
    }
    return {"app_id": "demo-mini", "gateway_url": "http://127.0.0.1:9/gateway.do", **keys}


class Canned(requests.adapters.BaseAdapter):
    """Answers every request with `body`, `status` and `headers`, without a network."""

    body, status, headers = b"", 200, {}

    def send(self, request, **options):
        response = requests.Response()
        response.status_code, response.request = self.status, request
        response.headers.update(self.headers)
        response.raw = urllib3.HTTPResponse(io.BytesIO(self.body), preload_content=False)
        return response

    def close(self):
        """Nothing is open."""


@functools.cache
def _canned_client(charset):
    session, canned = requests.Session(), Canned()
    session.mount("http://", canned)
    return AlipayClient(**client_options(), charset=charset, session=session), canned


def answering(body, charset="utf-8", status=200, content_type=None):
    """A client to whom the gateway answers this."""
    client, canned = _canned_client(charset)
    canned.body, canned.status = body, status
    canned.headers = {"Content-Type": content_type} if content_type else {}
    return client


class Server:
    """A gateway on a socket: counts connections, keeps raw requests, sends what it is given.

    `reply` gets the connection and may write anything; returning False hangs up. `greet` gets it
    first, before a request is read, and returns the one to use (TLS).
    """

    def __init__(self, reply: Callable[[socket.socket], bool | None], greet=lambda new: new):
        self.reply, self.greet, self.requests = reply, greet, []
        self._accepted, self._own, self._is_drained = 0, None, threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/gateway.do"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, address = self._listener.accept()
            except OSError:  # stopped
                return
            if address == self._own:
                connection.close()
                self._is_drained.set()
                continue
            self._accepted += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    @property
    def connections(self):
        """How many came. One of our own queues behind them: on a busy machine some still wait."""
        with socket.socket() as last:
            last.bind(("127.0.0.1", 0))
            self._own = last.getsockname()
            self._is_drained.clear()
            last.connect(("127.0.0.1", self.port))
            assert self._is_drained.wait(30)
        return self._accepted

    def _serve(self, connection):
        with (
            contextlib.suppress(OSError),
            connection,
            self.greet(connection) as greeted,
            greeted.makefile("rb") as stream,
        ):  # until the client goes
            going = True
            while going is not False and (head := stream.readline()):
                head += b"".join(iter(stream.readline, b"\r\n")) + b"\r\n"
                length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
                self.requests.append(head + stream.read(int(length[1]) if length else 0))
                going = self.reply(greeted)

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def http(body, status="200 OK", headers="", charset="utf-8"):
    """A whole HTTP answer."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html;charset={charset}\r\n"
        f"Content-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body


def client_of(server, **options):
    """A client of this server, with the keys above."""
    return AlipayClient(
        **client_options() | {"gateway_url": server.url, "timeout": (2, 5)} | options
    )
