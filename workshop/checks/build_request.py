"""Step 3: the request."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, quote, quote_plus

from alipay_member.models import SHARE, TOKEN
from alipay_member.signing import string_to_sign, verify

from ..participant import Functions
from ..provided import BEIJING, App
from ..testbed import Lab
from .base import Wrong, check_type
from .string_to_sign import pairs, wrong_strings

NEW_YEAR = datetime(2026, 1, 1, 0, 59, 58, tzinfo=BEIJING)  # in London it is still 2025
FORMAT = "%Y-%m-%d %H:%M:%S"
HALF_DAYS = "%Y-%m-%d %I:%M:%S"
Parameters = Mapping[str, str]


def build_request(yours: Functions, lab: Lab) -> None:
    """A request as it should be; then one with a token, and a code that a URL must encode."""
    code = {"grant_type": "authorization_code", "code": "4b203fe6c11548bcabd8da5bb087a83b"}
    examine(yours, lab.app, TOKEN, code)
    examine(yours, lab.app, SHARE, {}, "authusrB1234567890")
    examine(yours, lab.app, TOKEN, code | {"code": "a+b/c=&小二"})


def examine(
    yours: Functions, app: App, method: str, business: Parameters, auth_token: str | None = None
) -> None:
    """Wrong unless the gateway would take this request."""
    now = NEW_YEAR.timestamp()
    came = yours.build_request(app, method, dict(business), now, auth_token)
    check_type(came, ("query", "body"), "build_request")
    if len(came) != 2 or not all(isinstance(half, str) for half in came):
        raise Wrong("not-encoded", ("app_id=…&sign=…", "grant_type=…&code=…"), came)
    if came[0].startswith("?"):
        raise Wrong("question-mark", came=came[0][:40] + "…")
    query = dict(parse_qsl(came[0], keep_blank_values=True))
    body = dict(parse_qsl(came[1], keep_blank_values=True))
    check_halves(query, body, business)
    check_common(query, app, method, auth_token)
    check_timestamp(query["timestamp"], now)
    check_business(body, business, came[1])
    check_signature(query, body, app)


def check_halves(query: Parameters, body: Parameters, business: Parameters) -> None:
    """The common parameters are in the query, the method's own in the body."""
    if "charset" in body and "charset" not in query:
        raise Wrong("charset-in-body", came=pairs(body))
    if business and all(name in query for name in business):
        raise Wrong("business-in-query", came=pairs(query))


def check_common(query: Parameters, app: App, method: str, auth_token: str | None) -> None:
    """Each common parameter is there, with the value that it must have."""
    wanted = {
        "app_id": app.app_id,
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "version": "1.0",
        "timestamp": query.get("timestamp"),
        "sign": query.get("sign"),
    }
    if auth_token:
        wanted["auth_token"] = auth_token
    elif "auth_token" in query:
        raise Wrong("empty-token", came=f"auth_token={query['auth_token']}")
    for name, value in wanted.items():
        if name not in query:
            raise Wrong("missing-parameter", came=pairs(query), name=name)
        if query[name] != value:
            raise Wrong("other-value", value, query[name], name=name)


def check_timestamp(came: str, now: float) -> None:
    """Beijing time, whatever this machine's zone, of the moment that was given."""
    wanted = datetime.fromtimestamp(now, BEIJING).strftime(FORMAT)
    if came == wanted:
        return
    if came == datetime.fromtimestamp(now, BEIJING).strftime(HALF_DAYS):
        raise Wrong("half-days", wanted, came)
    for mistake, moment in wrong_moments(now):
        if came == moment.strftime(FORMAT):
            raise Wrong(mistake, wanted, came)
    raise Wrong("timestamp", wanted, came)


def wrong_moments(now: float) -> Iterator[tuple[str, datetime]]:
    """Which time people send instead."""
    yield "local-time", datetime.fromtimestamp(now)  # noqa: DTZ006 (the mistake itself)
    yield "utc", datetime.fromtimestamp(now, timezone.utc)
    for seconds in range(-3, 3):  # a moment ago
        moment = time.time() + seconds
        yield "own-clock", datetime.fromtimestamp(moment, BEIJING)
        yield "own-clock-local", datetime.fromtimestamp(moment)  # noqa: DTZ006
    yield "eight-twice", datetime.fromtimestamp(now, BEIJING) + timedelta(hours=8)


def check_business(body: Parameters, business: Parameters, raw: str) -> None:
    """The method's own parameters arrive as they were given."""
    if body == business:
        return
    if "biz_content" in body:
        raise Wrong("biz-content", pairs(business), raw)
    if any(name in body for name in ("app_id", "method", "sign", "timestamp")):
        raise Wrong("common-in-body", pairs(business), raw)
    if business and all(
        body.get(name) in (quote(v), quote_plus(v)) for name, v in business.items()
    ):
        raise Wrong("encoded-twice", pairs(business), raw)
    if raw == pairs(business):
        raise Wrong("not-url-encoded", None, raw)
    raise Wrong("business", pairs(business), raw)


def check_signature(query: Parameters, body: Parameters, app: App) -> None:
    """The signature covers both halves; of a wrong one, what it covers instead is looked for."""
    sent = {**query, **body}
    signature = query["sign"]
    right = string_to_sign(sent)
    if is_signed(right, signature, app):
        return
    if is_signed(right, signature.replace(" ", "+"), app):
        raise Wrong("sign-not-encoded", came=f"sign={signature[:30]}…")
    for mistake, text in wrong_texts(query, body):
        if is_signed(text, signature, app):
            raise Wrong(mistake, right, text)
    raise Wrong("signature", right)


def wrong_texts(query: Parameters, body: Parameters) -> Iterator[tuple[str, str]]:
    """What else people sign."""
    if body:
        yield "half-signed", string_to_sign(query)
        yield "half-signed", string_to_sign(body)
    sent = {**query, **body}
    for name in ("timestamp", "auth_token", "version", "format", "charset", "method"):
        without = {other: value for other, value in sent.items() if other != name}
        yield "signed-too-early", string_to_sign(without)
    yield from wrong_strings(sent)
    for empty in ("", "None"):
        yield "empty-token-signed", string_to_sign_with_empty(sent, empty)


def string_to_sign_with_empty(sent: Parameters, value: str) -> str:
    """The string to sign with an auth_token that was not there, as f"{None}" writes it."""
    signed = {name: text for name, text in sent.items() if name != "sign"}
    return pairs(dict(sorted((signed | {"auth_token": value}).items())))


def is_signed(text: str, signature: str, app: App) -> bool:
    """Whether this is the app's signature of this text."""
    return verify(text.encode("utf-8"), signature, app.private_key.public_key())
