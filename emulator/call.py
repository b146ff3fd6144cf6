"""A call to the emulated gateway: its parameters and the app that they name, or its bytes."""

import re
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from flask import Request
from werkzeug.exceptions import HTTPException

from alipay_member.signing import string_to_sign

from .accounts import APPS, Accounts
from .keypairs import ConsoleFiles

DEFAULT_CHARSET = "GBK"
CHARSETS = {"utf-8": "utf-8", "gbk": "GBK", "gb2312": "GBK"}
FORM = "application/x-www-form-urlencoded"
MAX_KEPT = 100_000  # bytes of a body


@dataclass(frozen=True)
class GatewayCall:
    """The parameters of query and form together, and what they refer to."""

    parameters: dict[str, str]
    method: str  # as sent: it may be unknown
    charset: str | None  # None: unknown
    app_id: str | None  # None: unknown
    app_key: RSAPrivateKey | None  # None: the app has uploaded none
    files: ConsoleFiles | None  # None: the app is in 公钥 mode

    def data_to_sign(self) -> bytes:
        """The bytes that `sign` has to cover: the string to sign, in the call's charset."""
        text = string_to_sign(self.parameters)
        return text.encode(self.charset or DEFAULT_CHARSET, "replace")

    def __str__(self) -> str:
        """Method and app_id for the log. Text that looks like neither may be a secret."""
        method = self.method
        if not re.fullmatch(r"[a-z]+(\.[a-z]+){1,6}", method):
            method = "an unreadable method" if method else "no method"
        app_id = self.parameters.get("app_id", "")
        if not re.fullmatch(r"[a-z0-9-]{1,20}", app_id):
            app_id = "an unreadable app_id" if app_id else "no app_id"
        return f"{method} from {app_id}"


def read_call(request: Request, accounts: Accounts) -> GatewayCall:
    """Read query and form, without empty values. The query wins, and alone may set charset."""
    charset = CHARSETS.get(request.args.get("charset", DEFAULT_CHARSET).lower())
    halves = [request.query_string]
    if request.mimetype == FORM:
        halves.append(request.get_data())
    parameters: dict[str, str] = {}
    for half in halves:
        text = half.decode("ascii", "replace")
        for name, value in parse_qsl(text, encoding=charset or DEFAULT_CHARSET):
            parameters.setdefault(name, value)
    app_id = parameters.get("app_id", "")
    return GatewayCall(
        parameters=parameters,
        method=parameters.get("method", ""),
        charset=charset,
        app_id=app_id if app_id in APPS else None,
        app_key=accounts.app_keys.get(app_id),
        files=accounts.certified.get(app_id),
    )


@dataclass(frozen=True)
class SentRequest:
    """A request byte for byte. A longer body is cut to MAX_KEPT; then `is_whole` is False."""

    verb: str
    query: bytes
    body: bytes
    mimetype: str
    headers: list[tuple[str, str]]
    is_whole: bool

    @property
    def bytes(self) -> tuple[str, bytes, bytes]:
        """Two requests are the same call if these are equal."""
        return self.verb, self.query, self.body

    def header(self, name: str) -> str:
        """The value of a header, given in lower case; "" if it was not sent."""
        return next((value for given, value in self.headers if given.lower() == name), "")


def read_sent(request: Request) -> SentRequest:
    """The request's bytes, without a body that broke off or is longer than Flask accepts."""
    body = b""
    is_whole = False
    with suppress(HTTPException, OSError):
        body = request.get_data()
        is_whole = len(body) <= MAX_KEPT
    return SentRequest(
        verb=request.method,
        query=request.query_string,
        body=body[:MAX_KEPT],
        mimetype=request.mimetype,
        headers=list(request.headers),
        is_whole=is_whole,
    )
