"""Step 3: the request."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, quote, quote_plus

from alipay_member.models import SHARE, TOKEN
from alipay_member.signing import string_to_sign, verify

from ..participant import Functions
from ..provided import BEIJING, App
from ..testbed import Testbed
from .base import CheckError, Step, check_type
from .string_to_sign import pairs, wrong_strings

NEW_YEAR = datetime(2026, 1, 1, 0, 59, 58, tzinfo=BEIJING)  # in London it is still 2025
FORMAT = "%Y-%m-%d %H:%M:%S"
HALF_DAYS = "%Y-%m-%d %I:%M:%S"
Parameters = Mapping[str, str]


def check(functions: Functions, testbed: Testbed) -> None:
    """A typical request, one with a token, one with a code that a URL must encode."""
    code = {"grant_type": "authorization_code", "code": "4b203fe6c11548bcabd8da5bb087a83b"}
    check_request(functions, testbed.app, TOKEN, code)
    check_request(functions, testbed.app, SHARE, {}, "authusrB1234567890")
    check_request(functions, testbed.app, TOKEN, code | {"code": "a+b/c=&小二"})


def check_request(
    functions: Functions, app: App, method: str, business: Parameters, auth_token: str | None = None
) -> None:
    now = NEW_YEAR.timestamp()
    actual = functions.build_request(app, method, dict(business), now, auth_token)
    check_type(actual, ("query", "body"), "build_request")
    if len(actual) != 2 or not all(isinstance(half, str) for half in actual):
        raise CheckError("not-encoded", ("app_id=…&sign=…", "grant_type=…&code=…"), actual)
    if actual[0].startswith("?"):
        raise CheckError("question-mark", actual=actual[0][:40] + "…")
    query = dict(parse_qsl(actual[0], keep_blank_values=True))
    body = dict(parse_qsl(actual[1], keep_blank_values=True))
    check_halves(query, body, business)
    check_common(query, app, method, auth_token)
    check_timestamp(query["timestamp"], now)
    check_parameters(body, business, actual[1])
    check_signature(query, body, app)


def check_halves(query: Parameters, body: Parameters, business: Parameters) -> None:
    if "charset" in body and "charset" not in query:
        raise CheckError("charset-in-body", actual=pairs(body))
    if business and all(name in query for name in business):
        raise CheckError("business-in-query", actual=pairs(query))


def check_common(query: Parameters, app: App, method: str, auth_token: str | None) -> None:
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
        raise CheckError("empty-token", actual=f"auth_token={query['auth_token']}")
    for name, value in wanted.items():
        if name not in query:
            raise CheckError("missing-parameter", actual=pairs(query), name=name)
        if query[name] != value:
            raise CheckError("other-value", value, query[name], name=name)


def check_timestamp(actual: str, now: float) -> None:
    """The given moment in Beijing time, whatever this machine's time zone."""
    wanted = datetime.fromtimestamp(now, BEIJING).strftime(FORMAT)
    if actual == wanted:
        return
    if actual == datetime.fromtimestamp(now, BEIJING).strftime(HALF_DAYS):
        raise CheckError("half-days", wanted, actual)
    for key, moment in wrong_moments(now):
        if actual == moment.strftime(FORMAT):
            raise CheckError(key, wanted, actual)
    raise CheckError("timestamp", wanted, actual)


def wrong_moments(now: float) -> Iterator[tuple[str, datetime]]:
    """The times that people send instead."""
    yield "local-time", datetime.fromtimestamp(now)  # noqa: DTZ006 (the key itself)
    yield "utc", datetime.fromtimestamp(now, timezone.utc)
    for seconds in range(-3, 3):  # a moment ago
        moment = time.time() + seconds
        yield "own-clock", datetime.fromtimestamp(moment, BEIJING)
        yield "own-clock-local", datetime.fromtimestamp(moment)  # noqa: DTZ006
    yield "eight-twice", datetime.fromtimestamp(now, BEIJING) + timedelta(hours=8)


def check_parameters(body: Parameters, business: Parameters, raw: str) -> None:
    if body == business:
        return
    if "biz_content" in body:
        raise CheckError("biz-content", pairs(business), raw)
    if any(name in body for name in ("app_id", "method", "sign", "timestamp")):
        raise CheckError("common-in-body", pairs(business), raw)
    if business and all(
        body.get(name) in (quote(v), quote_plus(v)) for name, v in business.items()
    ):
        raise CheckError("encoded-twice", pairs(business), raw)
    if raw == pairs(business):
        raise CheckError("not-url-encoded", None, raw)
    raise CheckError("business", pairs(business), raw)


def check_signature(query: Parameters, body: Parameters, app: App) -> None:
    """The signature covers both halves; if not, find out what it covers instead."""
    sent = {**query, **body}
    signature = query["sign"]
    right = string_to_sign(sent)
    if is_signed(right, signature, app):
        return
    if is_signed(right, signature.replace(" ", "+"), app):
        raise CheckError("sign-not-encoded", actual=f"sign={signature[:30]}…")
    for key, text in wrong_texts(query, body):
        if is_signed(text, signature, app):
            raise CheckError(key, right, text)
    raise CheckError("signature", right)


def wrong_texts(query: Parameters, body: Parameters) -> Iterator[tuple[str, str]]:
    """What people sign instead, by error key."""
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
    """The string to sign with an absent auth_token, written as f"{None}" does."""
    signed = {name: text for name, text in sent.items() if name != "sign"}
    return pairs(dict(sorted((signed | {"auth_token": value}).items())))


def is_signed(text: str, signature: str, app: App) -> bool:
    return verify(text.encode("utf-8"), signature, app.private_key.public_key())


STEP = Step(
    number=3,
    name="request",
    functions=("build_request",),
    check=check,
    title={"zh": "请求", "en": "The request"},
    task={
        "zh": "写 build_request：公共参数进 query，接口自己的参数进 body，签名覆盖两边。",
        "en": "Write build_request: common parameters in the query, the method's own in the body, "
        "one signature over both.",
    },
    why={
        "zh": "网关把 query 和 body 合起来验签，先从 query 里读 charset（没有就当 GBK），"
        "时间是北京时间。",
        "en": "The gateway verifies query and body together, reads charset from the query first "
        "(without it, it assumes GBK), and expects Beijing time.",
    },
    look={
        "zh": "工作台：点开 alipay.system.oauth.token，看「请求参数」。 "
        "https://opendocs.alipay.com/common/02kf5q",
        "en": "Workbench: open alipay.system.oauth.token and look at the request parameters. "
        "https://opendocs.alipay.com/common/02kf5q",
    },
    hints=(
        {
            "zh": "先建一个 common 字典；auth_token 只在有的时候放进去。"
            "datetime.fromtimestamp(now, BEIJING) 给北京时间。",
            "en": "Build a dict `common` first; add auth_token only if there is one. "
            "datetime.fromtimestamp(now, BEIJING) gives Beijing time.",
        },
        {
            "zh": "sign 最后算：sign(string_to_sign(common | business), app.private_key)。",
            "en": "sign comes last: sign(string_to_sign(common | business), app.private_key).",
        },
        {
            "zh": "return urlencode(common), urlencode(business)：编码在签名之后。时间格式 "
            '"%Y-%m-%d %H:%M:%S"。',
            "en": "return urlencode(common), urlencode(business): encode after signing. The time "
            'format is "%Y-%m-%d %H:%M:%S".',
        },
    ),
    compare="alipay_member/client.py · AlipayClient._call",
    errors={
        "not-encoded": {
            "zh": "要返回两段文本：query 和 body，各自 URL 编码（urlencode）。",
            "en": "Return two strings: query and body, each URL-encoded (urlencode).",
        },
        "charset-in-body": {
            "zh": "charset 放在了 body 里。网关要先从 query 读到它；没有就当作 GBK。",
            "en": "charset is in the body. The gateway reads it from the query; without it there, "
            "it assumes GBK.",
        },
        "business-in-query": {
            "zh": "接口自己的参数（business）放进了 query；它们属于 body。",
            "en": "The method's own parameters (business) are in the query; they belong in the "
            "body.",
        },
        "empty-token": {
            "zh": '没有令牌时也发送了 auth_token。没有就不要放：空值不发送，"None" 更不是令牌。',
            "en": "You sent auth_token although there is none. Leave it out: empty values are not "
            'sent, and "None" is not a token.',
        },
        "local-time": {
            "zh": "timestamp 是这台机器的本地时间。网关要北京时间（GMT+8），不管服务器在哪里。"
            "（检查时把时区换到了别处，在北京才不会碰巧对。）",
            "en": "timestamp is this machine's local time. The gateway expects Beijing time "
            "(GMT+8), wherever the server runs. (The check runs in another time zone, so that "
            "nobody is right by accident.)",
        },
        "utc": {
            "zh": "timestamp 是 UTC。网关要北京时间（GMT+8）：早 8 小时就不对了。",
            "en": "timestamp is UTC. The gateway expects Beijing time (GMT+8): this is eight "
            "hours off.",
        },
        "half-days": {
            "zh": "%I 是 12 小时制：下午 3 点和凌晨 3 点写出来一样。用 %H。",
            "en": "%I is the 12-hour clock: 3 a.m. and 3 p.m. look the same. Use %H.",
        },
        "own-clock": {
            "zh": "timestamp 用了当前时钟，没有用传进来的 now。",
            "en": "timestamp comes from the clock. Use the `now` that is passed in.",
        },
        "own-clock-local": {
            "zh": "timestamp 用了当前时钟的本地时间：请用传进来的 now，并换成北京时间。",
            "en": "timestamp is the clock's local time. Use the `now` that is passed in, "
            "converted to Beijing time.",
        },
        "eight-twice": {
            "zh": "8 小时加了两次：now 是 UTC 秒，BEIJING 时区已经加过了。",
            "en": "Eight hours were added twice: `now` is in UTC seconds, and the time zone "
            "BEIJING already adds them.",
        },
        "timestamp": {
            "zh": "timestamp 不是 yyyy-MM-dd HH:mm:ss 的北京时间。",
            "en": "timestamp is not Beijing time in the format yyyy-MM-dd HH:mm:ss.",
        },
        "biz-content": {
            "zh": "参数装进了 biz_content：这两个接口的参数是平铺的，不用 biz_content。",
            "en": "The parameters are inside biz_content. These two methods take them flat.",
        },
        "encoded-twice": {
            "zh": "值做了两次 URL 编码：urlencode 自己会做。",
            "en": "The values are URL-encoded twice: urlencode already does it.",
        },
        "not-url-encoded": {
            "zh": "body 没有做 URL 编码：值里的 & 和 + 会让网关读错。用 urlencode。",
            "en": "The body is not URL-encoded: with & or + in a value, the gateway reads "
            "something else. Use urlencode.",
        },
        "business": {
            "zh": "body 到达时不是 business 的内容。",
            "en": "The body does not carry the parameters in `business`.",
        },
        "sign-not-encoded": {
            "zh": "query 里的 sign 没有做 URL 编码：base64 的 + 到了那边成了空格。用 urlencode。",
            "en": "sign is not URL-encoded in the query: the + of base64 arrives as a space. Use "
            "urlencode.",
        },
        "half-signed": {
            "zh": "只签了一半：签名要同时覆盖 query 和 body 的参数。",
            "en": "You signed only one half: the signature covers the parameters of query and "
            "body together.",
        },
        "signed-too-early": {
            "zh": "签名之后又加了参数：sign 要最后算，其他参数都在了才算。",
            "en": "A parameter was added after signing: compute `sign` last, once all the others "
            "are there.",
        },
        "url-encoded": {
            "zh": "值在签名前做了 URL 编码。先签原值，再编码。",
            "en": "The values were URL-encoded before signing. Sign the raw values, then encode.",
        },
        "unsorted": {
            "zh": "签名的参数没有按名字排序：用你自己的 string_to_sign。",
            "en": "The signed parameters are not sorted: use your own string_to_sign.",
        },
        "sign-type-dropped": {
            "zh": "签名没有覆盖 sign_type：请求里只排除 sign。",
            "en": "The signature does not cover sign_type: a request leaves out only `sign`.",
        },
        "empty-kept": {
            "zh": "空值的参数也签进去了：网关会丢掉空值。",
            "en": "You signed a parameter with an empty value: the gateway drops empty ones.",
        },
        "empty-token-signed": {
            "zh": "签名覆盖了一个没有发送的 auth_token：没有令牌就不要放进参数。",
            "en": "The signature covers an auth_token that was not sent: without a token, leave "
            "it out of the parameters.",
        },
        "signature": {
            "zh": "签名与发送的参数不符。下面是网关按你发送的内容拼出的待签名字符串。",
            "en": "The signature does not match what you sent. Below is the string to sign that "
            "the gateway builds from it.",
        },
        "question-mark": {
            "zh": "query 前面多了 ?：它由 call 加在地址和 query 之间。",
            "en": "The query begins with a ?. `call` puts that between the URL and the query.",
        },
        "common-in-body": {
            "zh": "公共参数也进了 body：business 被改动了（update？）。签名时用新的字典 common | "
            "business。",
            "en": "The common parameters are in the body as well: did you change `business` "
            "(update)? Sign a new dict, common | business.",
        },
    },
)
