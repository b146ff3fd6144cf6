# SPDX-License-Identifier: MIT-0
"""AlipayClient: signed calls to Alipay's gateway, and only answers that Alipay signed.

client = AlipayClient(app_id=…, app_private_key=…, alipay_public_key=…, **GATEWAYS["sandbox"])
         in 公钥证书 mode certificates=Certificates.load(…) in alipay_public_key's place
token = client.exchange_code(auth_code)              alipay.system.oauth.token
profile = client.fetch_profile(token.access_token)   alipay.user.info.share
token = client.refresh_token(token.refresh_token)    alipay.system.oauth.token
url = client.authorize_url(…)                        授权URL拼接, for web pages
node = client.execute("alipay.any.method", {…})      any other signed call
"""

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urlencode

import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from .answer import CHARSETS, ERROR_NODE, Answer, charset_name, read_answer, read_error
from .errors import AlipayError, Call, KeyFormatError, SignatureError, TransportError, mask
from .keys import Source, load_private_key, load_public_key
from .models import SHARE, TOKEN, Profile, Token, read_profile, read_token
from .signing import sign, string_to_sign, why_not_verified
from .transport import RawAnswer, Transport

if TYPE_CHECKING:
    from .certificates import Certificates  # can be left out

GATEWAYS = {
    "production": {
        "gateway_url": "https://openapi.alipay.com/gateway.do",
        "authorize_endpoint": "https://openauth.alipay.com/oauth2/publicAppAuthorize.htm",
    },
    "sandbox": {
        "gateway_url": "https://openapi-sandbox.dl.alipaydev.com/gateway.do",
        "authorize_endpoint": (
            "https://openauth-sandbox.dl.alipaydev.com/oauth2/publicAppAuthorize.htm"
        ),
    },
}
BEIJING = timezone(timedelta(hours=8))

Timeout: TypeAlias = float | tuple[float, float]
Result = TypeVar("Result")


@dataclass
class Exchange:
    """One call as it went over the wire, for the observer.

    It holds secrets: show it to their owner only. `error` is what the caller got;
    `signature_error` is why the answer is not verified, set for an error answer as well;
    `date` is the answer's Date header.
    """

    method: str
    parameters: Mapping[str, str] = field(repr=False)
    string_to_sign: str = field(repr=False)
    charset: str
    raw_answer: bytes = field(default=b"", repr=False)
    signed_part: bytes = field(default=b"", repr=False)
    verified: bool = False
    signature_error: SignatureError | None = None
    date: str = field(default="", repr=False)
    elapsed: float = 0.0  # seconds
    error: AlipayError | None = None


class AlipayClient:
    """Calls for one app. Keys are loaded once, here; safe to share between threads."""

    def __init__(
        self,
        *,
        app_id: str,
        app_private_key: Source | RSAPrivateKey,
        alipay_public_key: Source | RSAPublicKey | None = None,
        certificates: "Certificates | None" = None,
        gateway_url: str,
        authorize_endpoint: str | None = None,
        charset: str = "utf-8",
        app_auth_token: str | None = None,
        merchant_app_id: str | None = None,
        timeout: Timeout = (3.05, 10),
        session: requests.Session | None = None,
        clock: Callable[[], float] = time.time,
        observer: Callable[[Exchange], None] | None = None,
    ) -> None:
        """Keys are loaded ones, or in any form that keys.py loads; `charset` is utf-8 or GBK.

        `timeout`, in seconds, is (connect, read) or one number for both. Give alipay_public_key
        (公钥) or certificates (公钥证书). With app_auth_token an ISV (第三方应用) calls for a
        merchant; merchant_app_id is that merchant's app, whose members log in. The observer gets
        the Exchange of each call that has ended.

        Raises ValueError for an option that can't work, KeyFormatError for a key that can't, for
        example the app's own public key in the place of Alipay's.
        """
        if merchant_app_id and not app_auth_token:  # every call would be the ISV's own
            raise ValueError(
                "merchant_app_id was given without app_auth_token: give the merchant's token "
                "(alipay.open.auth.token.app brings both), or neither"
            )
        timeouts = _both_timeouts(timeout)
        self.app_id = app_id
        self.merchant_app_id = merchant_app_id or None
        self.gateway_url = gateway_url
        self.authorize_endpoint = authorize_endpoint
        self.charset = _known_charset(charset)
        self.observer = observer
        self._app_auth_token = app_auth_token
        self.clock = clock
        self._private_key = load_private_key(app_private_key)
        self.app_public_key = self._private_key.public_key()
        self.alipay_public_key = _alipays_key(alipay_public_key, certificates)
        self.certificates = certificates
        if certificates:
            certificates.check(app_id, self._private_key)
        if self.alipay_public_key.public_numbers() == self.app_public_key.public_numbers():
            raise KeyFormatError(
                "this is your own app's public key (应用公钥): Alipay's (支付宝公钥) belongs here",
                "app-key",
            )
        self.call_seconds = sum(timeouts) + 1  # when a call has ended at the latest
        self._transport = Transport(gateway_url, timeouts, session)

    @property
    def member_app_id(self) -> str:
        """The id of the app whose members log in, under which the store keeps them.

        It is the merchant's, if the client calls for one. ValueError if app_auth_token was given
        without merchant_app_id: no answer of alipay.system.oauth.token names the merchant's app.
        """
        if self._app_auth_token and not self.merchant_app_id:
            raise ValueError(
                "app_auth_token was given without merchant_app_id, whose members these are: give "
                "AlipayClient the merchant's app id, too (auth_app_id of "
                "alipay.open.auth.token.app)"
            )
        return self.merchant_app_id or self.app_id

    def exchange_code(self, auth_code: str) -> Token:
        """Redeem an auth_code (alipay.system.oauth.token).

        It is used up even if this raises AlipayError.
        """
        return self._call(
            TOKEN, {"grant_type": "authorization_code", "code": auth_code}, read=read_token
        )

    def refresh_token(self, refresh_token: str) -> Token:
        """A new token for an old one's refresh_token (alipay.system.oauth.token).

        Raises AlipayError.
        """
        return self._call(
            TOKEN, {"grant_type": "refresh_token", "refresh_token": refresh_token}, read=read_token
        )

    def fetch_profile(self, access_token: str) -> Profile:
        """The profile of the person who granted the token (alipay.user.info.share).

        Raises AlipayError. MemberStore.save_profile checks that the profile belongs to the person
        whom the token was issued for.
        """
        return self._call(SHARE, {}, auth_token=access_token, read=read_profile)

    def authorize_url(
        self, *, redirect_uri: str, scopes: Sequence[str] = ("auth_user",), state: str
    ) -> str:
        """Where to send a browser for consent (授权URL拼接).

        Only for a 网页应用: a mini-program's app can't use it. ValueError without
        authorize_endpoint, or where member_app_id raises it.
        """
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
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        auth_token: str | None = None,
    ) -> dict[str, Any]:
        """Call any method and return its verified node.

        Parameters are sent flat, dicts and lists among them as JSON (biz_content); None and "" are
        not sent. Raises GatewayError, SignatureError or TransportError; ValueError for parameters
        that can't be sent.
        """
        return self._call(method, params or {}, auth_token=auth_token, read=dict)

    def _call(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        auth_token: str | None = None,
        read: Callable[[dict[str, Any]], Result],
    ) -> Result:
        """One call: sign, send, accept the answer, return what `read` makes of its node."""
        common = self._common(method, auth_token)
        business = _business(params)
        overlap = {*common, "sign"} & business.keys()
        if overlap:
            raise ValueError(f"{', '.join(sorted(overlap))} is set by the client")
        text = string_to_sign(common | business)
        common["sign"] = sign(text.encode(self.charset), self._private_key)
        exchange = Exchange(method, common | business, text, self.charset)
        started = time.monotonic()
        try:
            raw = self._send(common, business)
            exchange.raw_answer = raw.body
            exchange.date = raw.date
            result = read(self._accept(exchange, raw))
        except AlipayError as error:
            error.call = Call(method, self.gateway_url, mask(exchange.parameters))
            exchange.error = error
        exchange.elapsed = time.monotonic() - started
        if self.observer:
            self.observer(exchange)
        if exchange.error:
            raise exchange.error
        return result

    def _common(self, method: str, auth_token: str | None) -> dict[str, str]:
        """The common parameters, for the query: without charset there the gateway assumes GBK."""
        beijing_time = datetime.fromtimestamp(self.clock(), BEIJING)
        common = {
            "app_id": self.app_id,
            "method": method,
            "format": "JSON",
            "charset": self.charset,
            "sign_type": "RSA2",
            "timestamp": beijing_time.strftime("%Y-%m-%d %H:%M:%S"),
            "version": "1.0",
            "auth_token": auth_token,
            "app_auth_token": self._app_auth_token,
        }
        if self.certificates:
            common |= self.certificates.parameters
        return {name: value for name, value in common.items() if value}

    def _send(self, common: Mapping[str, str], business: Mapping[str, str]) -> RawAnswer:
        """Common parameters in the query, the method's own in the body."""
        query = urlencode(common, encoding=self.charset)
        body = urlencode(business, encoding=self.charset).encode("ascii")
        content_type = f"application/x-www-form-urlencoded;charset={self.charset}"
        return self._transport.post(query, body, content_type)

    def _accept(self, exchange: Exchange, raw: RawAnswer) -> dict[str, Any]:
        """The node of an answer that Alipay signed and that says success; else AlipayError."""
        # 1. The body answers this method; a broken server's answer is named by its status.
        try:
            answer = read_answer(raw.body, exchange.method, self.charset, raw.charset)
        except TransportError as error:
            raise (error if raw.status == 200 else _broken(raw.status)) from None
        # 2. Does Alipay's signature vouch for the exact bytes received?
        reason = why_not_verified(
            answer.signed_part, answer.sign, self.alipay_public_key, self.app_public_key
        )
        exchange.signed_part = answer.signed_part if answer.sign else b""
        exchange.charset = answer.charset
        exchange.verified = reason is None
        if reason:
            exchange.signature_error = self._signature_error(reason, answer.cert_sn)
        elif self.certificates:
            self.certificates.note_renewal(answer.cert_sn)
        # 3. An error is raised as what it is, signed or not: "unsigned" would hide its reason.
        if _says_error(answer):
            raise read_error(
                answer.node,
                exchange.parameters,
                exchange.string_to_sign,
                verified=exchange.verified,
            )
        # 4. A success without a good signature is refused.
        if exchange.signature_error:
            raise exchange.signature_error
        # 5. Its charset, named and real, is the one that was asked for; its HTTP status is 200.
        for charset in (answer.named or self.charset, answer.charset):
            if charset != self.charset:
                message = f"the answer is in another charset than {self.charset}"
                raise TransportError(message, "charset")
        if raw.status != 200:
            raise _broken(raw.status)
        # 6. It says success: code 10000, or for alipay.system.oauth.token no code at all.
        if answer.code != "10000" and exchange.method != TOKEN:
            message = "the answer is signed, but says neither success nor error"
            raise TransportError(message, "unexpected")
        return answer.node

    def _signature_error(self, reason: str, cert_sn: str) -> SignatureError:
        """With both serial numbers if the answer names another certificate than is configured."""
        message = f"the answer claims success, but its signature is not good: {reason}"
        serials = self.certificates.other_serials(cert_sn) if self.certificates else None
        if serials is None:
            return SignatureError(message, reason)
        theirs, ours = serials
        message += f"; it names Alipay's certificate {theirs}, configured is {ours}"
        return SignatureError(message, reason, serials)


# ── options ──


def _alipays_key(
    public_key: Source | RSAPublicKey | None, certificates: "Certificates | None"
) -> RSAPublicKey:
    """The key that verifies answers, in 公钥 or in 公钥证书 mode."""
    if certificates is not None and public_key is None:
        return certificates.alipay_public_key
    if public_key is None or certificates is not None:
        raise ValueError("give alipay_public_key (公钥) or certificates (公钥证书), one of them")
    return load_public_key(public_key)


def _known_charset(given: str) -> str:
    """utf-8 or GBK as Alipay writes them, given in any case."""
    charset = charset_name(str(given))
    if charset not in CHARSETS:
        raise ValueError(f"charset is {given!r}, which Alipay does not take: give utf-8 or GBK")
    return charset


def _both_timeouts(timeout: Timeout) -> tuple[float, float]:
    """(connect, read) in seconds; one number is both, as in `requests`."""
    given = timeout if isinstance(timeout, tuple | list) else (timeout, timeout)
    if len(given) != 2 or not all(_is_seconds(each) for each in given):
        raise ValueError(
            f"timeout is {timeout!r}: give seconds, one number or (connect, read), each above 0; "
            "no call waits without end"
        )
    connect, read = given
    return connect, read


def _is_seconds(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 < value < math.inf


# ── parameters and answers ──


def _business(params: Mapping[str, Any]) -> dict[str, str]:
    """The method's own parameters as they are sent; empty ones are left out."""
    given = {name: value for name, value in params.items() if value not in (None, "")}
    return {name: _parameter(value) for name, value in given.items()}


def _parameter(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _says_error(answer: Answer) -> bool:
    claims_success = answer.code in ("", "10000") or answer.node.get("msg") == "Success"
    return answer.name == ERROR_NODE or not claims_success


def _broken(status: int) -> TransportError:
    return TransportError(f"the gateway answered with HTTP status {status}", "http-status")
