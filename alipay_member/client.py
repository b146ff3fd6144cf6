"""AlipayClient: signed calls to Alipay's gateway, and only answers that Alipay signed.

token = client.exchange_code(auth_code)              alipay.system.oauth.token
profile = client.fetch_profile(token.access_token)   alipay.user.info.share
token = client.refresh_token(token.refresh_token)    alipay.system.oauth.token
url = client.authorize_url(…)                        授权URL拼接, for web pages
node = client.execute("alipay.any.method", {…})      any other signed call
"""

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta, timezone
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Retry

from .answer import ERROR_NODE, read_answer
from .errors import (
    AlipayError,
    Call,
    IdentityError,
    SignatureError,
    TransportError,
    gateway_error,
    mask,
    whole_text,
)
from .signing import load_private_key, load_public_key, sign, signature_flaw, string_to_sign

TOKEN, SHARE = "alipay.system.oauth.token", "alipay.user.info.share"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
BEIJING = timezone(timedelta(hours=8))
MAX_ANSWER = 1_000_000  # bytes; the longest real answer has a few thousand
MAX_LIFE = (
    10 * 365 * 86400
)  # seconds; a token that claims to live longer is taken to live this long


@dataclass(frozen=True)
class Token:
    """What alipay.system.oauth.token grants. Lives are in seconds from now; at least one of open_id, user_id is set."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    re_expires_in: int
    open_id: str | None
    user_id: str | None
    union_id: str | None = None


@dataclass(frozen=True)
class Profile:
    """What alipay.user.info.share tells, of the fields that this project keeps. Absent is None, and normal."""

    open_id: str | None = None
    user_id: str | None = None
    nick_name: str | None = None
    avatar: str | None = None
    gender: str | None = None  # F, M
    province: str | None = None
    city: str | None = None
    user_type: str | None = None  # 1 company, 2 person
    user_status: str | None = None  # Q, T, B, W
    is_certified: str | None = None  # T, F
    is_student_certified: str | None = None  # T, F


@dataclass
class Exchange:
    """One call as it went over the wire, for the observer. It holds secrets: show it to nobody but its owner."""

    method: str
    parameters: Mapping[str, str] = field(repr=False)
    string_to_sign: str = field(repr=False)
    charset: str
    raw_answer: bytes = field(default=b"", repr=False)
    signed_part: bytes = field(default=b"", repr=False)
    verified: bool = False
    elapsed: float = 0.0  # seconds
    error: AlipayError | None = None


class AlipayClient:
    """Calls for one app. Keys are loaded once, here; safe to share between threads."""

    def __init__(
        self,
        *,
        app_id: str,
        app_private_key: str | RSAPrivateKey,
        alipay_public_key: str | RSAPublicKey,
        gateway_url: str,
        authorize_endpoint: str | None = None,
        charset: str = "utf-8",
        app_auth_token: str | None = None,
        merchant_app_id: str | None = None,
        timeout: tuple[float, float] = (3.05, 10),
        session: requests.Session | None = None,
        clock: Callable[[], float] = time.time,
        observer: Callable[[Exchange], None] | None = None,
    ) -> None:
        """Keys loaded, or as text in any form that signing.py loads (else KeyFormatError); timeouts in seconds.

        With app_auth_token and merchant_app_id an ISV (第三方应用) calls for that merchant's app.
        """
        self.app_id, self.gateway_url, self.authorize_endpoint = (
            app_id,
            gateway_url,
            authorize_endpoint,
        )
        self.member_app_id = merchant_app_id or app_id
        self.charset, self.observer = charset, observer
        self._private_key = load_private_key(app_private_key)
        self._alipay_key = load_public_key(alipay_public_key)
        self._app_auth_token, self._timeout, self._clock = app_auth_token, timeout, clock
        self._http = session or _session(gateway_url)
        for name in ("urllib3.connectionpool", "urllib3.util.retry"):
            logging.getLogger(name).addFilter(_without_query)

    def exchange_code(self, auth_code: str) -> Token:
        """Redeem an auth_code (alipay.system.oauth.token); it is used up even if this raises an AlipayError."""
        return self._token({"grant_type": "authorization_code", "code": auth_code})

    def refresh_token(self, refresh_token: str) -> Token:
        """Get a new token for an old one's refresh_token (alipay.system.oauth.token). Raises AlipayError."""
        return self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def fetch_profile(self, access_token: str) -> Profile:
        """The profile of the person who granted the token (alipay.user.info.share). Raises AlipayError.

        Whether it is the person that the token was issued for, MemberStore.save_profile checks.
        """
        node = self.execute(SHARE, auth_token=access_token)
        values = {f.name: _text(node.get(f.name)) for f in fields(Profile)}
        values["gender"] = (
            values["gender"] and values["gender"].upper()
        )  # older answers have f and m
        return Profile(**values)

    def authorize_url(
        self, *, redirect_uri: str, scopes: Sequence[str] = ("auth_user",), state: str
    ) -> str:
        """Where to send a browser for consent (授权URL拼接). Only for 网页应用: a mini-program's app can't use it."""
        if not self.authorize_endpoint:
            raise ValueError("this client was made without authorize_endpoint")
        query = {
            "app_id": self.member_app_id,
            "scope": ",".join(scopes),
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{self.authorize_endpoint}?{urlencode(query)}"

    def execute(
        self, method: str, params: Mapping[str, Any] | None = None, *, auth_token: str | None = None
    ) -> dict[str, Any]:
        """Call any method and return its verified node.

        Parameters are sent flat, dicts and lists among them as JSON (biz_content); None and "" are not sent.
        Raises GatewayError, SignatureError or TransportError; ValueError for parameters that can't be sent.
        """
        common = self._common(method, auth_token)
        business = {
            name: _value(value) for name, value in (params or {}).items() if value not in (None, "")
        }
        if overlap := {*common, "sign"} & business.keys():
            raise ValueError(f"{', '.join(sorted(overlap))} is set by the client")
        text = string_to_sign(common | business)
        common["sign"] = sign(text.encode(self.charset), self._private_key)
        exchange = Exchange(method, common | business, text, self.charset)
        started = time.monotonic()
        try:
            return self._accept(exchange, self._post(common, business, exchange))
        except AlipayError as error:
            error.call = Call(method, self.gateway_url, mask(exchange.parameters))
            exchange.error = error
            raise
        finally:
            exchange.elapsed = time.monotonic() - started
            if self.observer:
                self.observer(exchange)

    def _common(self, method: str, auth_token: str | None) -> dict[str, str]:
        """The common parameters; they go into the query, where charset must stand, else the gateway assumes GBK."""
        common = {
            "app_id": self.app_id,
            "method": method,
            "format": "JSON",
            "charset": self.charset,
            "sign_type": "RSA2",
            "timestamp": datetime.fromtimestamp(self._clock(), BEIJING).strftime(
                "%Y-%m-%d %H:%M:%S"
            ),
            "version": "1.0",
            "auth_token": auth_token,
            "app_auth_token": self._app_auth_token,
        }
        return {name: value for name, value in common.items() if value}

    def _post(self, query: Mapping[str, str], form: Mapping[str, str], exchange: Exchange) -> int:
        """Send the request, keep the answer's bytes in `exchange`, return the HTTP status."""
        url = f"{self.gateway_url}?{urlencode(query, encoding=self.charset)}"
        body = urlencode(form, encoding=self.charset).encode("ascii")
        headers = {"Content-Type": f"application/x-www-form-urlencoded;charset={self.charset}"}
        options: Any = {"timeout": self._timeout, "allow_redirects": False, "stream": True}
        end = time.monotonic() + sum(self._timeout)
        try:
            with closing(self._http.post(url, data=body, headers=headers, **options)) as response:
                read = getattr(
                    response.raw, "read1", response.raw.read
                )  # what is there, if urllib3 >= 2.2
                while chunk := read(65536, decode_content=True):
                    exchange.raw_answer += chunk
                    if len(exchange.raw_answer) > MAX_ANSWER:
                        raise TransportError("the answer is too large", "too-large")
                    if time.monotonic() > end:
                        raise TransportError(
                            "the gateway did not finish its answer in time", "timeout"
                        )
                return response.status_code
        except (requests.Timeout, ReadTimeoutError):
            raise TransportError("the gateway did not answer in time", "timeout") from None
        except (requests.RequestException, HTTPError) as error:
            # Only the class is named: requests puts the address, with its tokens, into the message.
            raise TransportError(
                f"no answer from the gateway ({type(error).__name__})", "connection"
            ) from None

    def _accept(self, exchange: Exchange, status: int) -> dict[str, Any]:
        """The node of an answer that Alipay signed and that says success; everything else is raised."""
        broken = TransportError(f"the gateway answered with HTTP status {status}", "http-status")
        try:
            answer = read_answer(exchange.raw_answer, exchange.method, self.charset)
        except TransportError as error:
            raise (error if status == 200 else broken) from None
        flaw = signature_flaw(
            answer.signed_part, answer.sign, self._alipay_key, self._private_key.public_key()
        )
        exchange.signed_part = answer.signed_part if answer.sign else b""
        exchange.charset, exchange.verified = answer.charset, flaw is None
        claims_success = answer.code in ("", "10000") or answer.node.get("msg") == "Success"
        if answer.name == ERROR_NODE or not claims_success:
            raise gateway_error(
                answer.node, exchange.parameters, exchange.string_to_sign, verified=flaw is None
            )
        if flaw:
            raise SignatureError(
                f"the answer claims success, but its signature is not good: {flaw}", flaw
            )
        if answer.charset != self.charset:
            raise TransportError(
                f"the answer is in {answer.charset}, not in {self.charset}", "charset"
            )
        if status != 200:
            raise broken
        token = _text(answer.node.get("access_token")) or ""
        if not (token.isascii() and token if exchange.method == TOKEN else answer.code == "10000"):
            raise TransportError(
                "the answer is signed, but says neither success nor error", "unexpected"
            )
        ids = (_text(answer.node.get(name)) for name in ("open_id", "user_id"))
        if exchange.method in (TOKEN, SHARE) and not any(ids):
            raise IdentityError("the answer has neither open_id nor user_id", "no-id")
        return answer.node

    def _token(self, params: Mapping[str, str]) -> Token:
        node = self.execute(TOKEN, params)
        return Token(
            access_token=str(node["access_token"]),
            refresh_token=(_text(node.get("refresh_token")) or "")
            .encode("ascii", "ignore")
            .decode(),
            expires_in=_seconds(node.get("expires_in")),
            re_expires_in=_seconds(node.get("re_expires_in")),
            open_id=_text(node.get("open_id")),
            user_id=_text(node.get("user_id")),
            union_id=_text(node.get("union_id")),
        )


def _session(gateway_url: str) -> requests.Session:
    """Keeps connections alive; tries again only where no connection came about, so an auth_code is never sent twice."""
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
    session.trust_env = (
        urlsplit(gateway_url).hostname not in LOOPBACK
    )  # a company's proxy can't reach this machine
    return session


def _without_query(record: logging.LogRecord) -> bool:
    """Cut what urllib3 logs, warnings included, to the path: the queries that we sign hold tokens and signatures."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            a.split("?")[0] if isinstance(a, str) and "&sign=" in a else a for a in record.args
        )
    return True


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _text(value: object) -> str | None:
    """A field's text; empty is None."""
    return whole_text(value) or None


def _seconds(value: object) -> int:
    """A life in seconds, which arrives as a number or as a string."""
    try:
        return min(max(int(str(value)), 0), MAX_LIFE)
    except ValueError:
        return 0
