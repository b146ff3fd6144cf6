"""Step 10: the web login and its state."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..participant import Functions
from ..provided import StateError
from ..testbed import Testbed
from .base import Attempt, CheckError, Step, check_type

REDIRECT_URI = "https://shop.example/callback?from=alipay&lang=zh"
MIN_STATE = 16  # characters; token_urlsafe(16) gives 22


def check(functions: Functions, testbed: Testbed) -> None:
    """There and back; then a state that is missing, foreign or used."""
    session: dict[str, Any] = {}
    state = check_url(functions, testbed, session)
    check_state(functions, testbed, state, session)
    check_back(functions, session, state)
    check_used_again(functions, session, state)
    check_missing(functions, testbed)
    check_foreign(functions, testbed)
    check_refusal(functions, testbed)


def sent_away(functions: Functions, testbed: Testbed) -> tuple[dict[str, Any], str]:
    """The session of a browser that was sent to Alipay, and the state in its URL."""
    session: dict[str, Any] = {}
    url = functions.authorize_url(testbed.app, REDIRECT_URI, session)
    return session, dict(parse_qsl(urlsplit(url).query)).get("state", "")


def check_url(functions: Functions, testbed: Testbed, session: dict[str, Any]) -> str:
    """Check the URL; return its state."""
    url = functions.authorize_url(testbed.app, REDIRECT_URI, session)
    check_type(url, "https://…", "authorize_url")
    if not url.startswith(testbed.app.authorize_endpoint + "?"):
        raise CheckError(
            "other-address", testbed.app.authorize_endpoint + "?…", url, function="authorize_url"
        )
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    wanted = {"app_id": testbed.app.app_id, "scope": "auth_user", "redirect_uri": REDIRECT_URI}
    for name, value in wanted.items():
        if name not in query:
            raise CheckError("missing-parameter", actual=url, name=name, function="authorize_url")
        if name == "redirect_uri" and query[name] == REDIRECT_URI.partition("&")[0]:
            raise CheckError("redirect-not-encoded", value, query[name], function="authorize_url")
        if query[name] != value:
            raise CheckError("other-value", value, query[name], name=name, function="authorize_url")
    if not query.get("state"):
        raise CheckError("no-state", actual=url, function="authorize_url")
    return str(query["state"])


def check_state(
    functions: Functions, testbed: Testbed, state: str, session: dict[str, Any]
) -> None:
    if not session:
        raise CheckError("state-not-kept", {"state": state}, session, function="authorize_url")
    _, other = sent_away(functions, testbed)
    if other == state:
        raise CheckError("same-state", None, state, function="authorize_url")
    if len(state) < MIN_STATE or state.replace(".", "").isdecimal():
        raise CheckError("guessable-state", None, state, function="authorize_url")


def check_back(functions: Functions, session: dict[str, Any], state: str) -> None:
    query = {"auth_code": "4b203fe6c11548bcabd8da5bb087a83b", "state": state, "app_id": "demo-web"}
    attempt = Attempt(functions.read_callback, session, query | {"source": "alipay_wallet"})
    if isinstance(attempt.error, KeyError) and attempt.error.args == ("code",):
        raise CheckError("code-misnamed", "auth_code", "code") from attempt.error
    actual = attempt.value()
    if actual == query["auth_code"]:
        return
    if actual == state:
        raise CheckError("state-returned", query["auth_code"], actual)
    if actual is None:
        raise CheckError("no-code", query["auth_code"], actual)
    raise CheckError("other", query["auth_code"], actual, function="read_callback")


def check_used_again(functions: Functions, session: dict[str, Any], state: str) -> None:
    query = {"auth_code": "1" * 32, "state": state}
    refused(functions, session, query, "state-used-again")


def check_missing(functions: Functions, testbed: Testbed) -> None:
    """No state in the URL; then none in the session either, where None equals None."""
    session, _ = sent_away(functions, testbed)
    refused(functions, session, {"auth_code": "1" * 32}, "state-missing")
    refused(functions, {}, {"auth_code": "1" * 32}, "none-is-none")
    refused(functions, {}, {"auth_code": "1" * 32, "state": ""}, "none-is-none")


def check_foreign(functions: Functions, testbed: Testbed) -> None:
    """The attacker's own state in the victim's browser."""
    _, foreign = sent_away(functions, testbed)
    session, _ = sent_away(functions, testbed)
    refused(functions, session, {"auth_code": "1" * 32, "state": foreign}, "state-foreign")
    refused(functions, {}, {"auth_code": "1" * 32, "state": foreign}, "state-foreign")


def check_refusal(functions: Functions, testbed: Testbed) -> None:
    session, state = sent_away(functions, testbed)
    attempt = Attempt(functions.read_callback, session, {"state": state})
    if isinstance(attempt.error, StateError) or str(attempt.error) == "'auth_code'":
        raise CheckError("refusal-raises", None, repr(attempt.error)) from attempt.error
    actual = attempt.value()
    if actual is not None:
        raise CheckError("other", None, actual, function="read_callback")


def refused(functions: Functions, session: dict[str, Any], query: dict[str, str], key: str) -> None:
    """Raise CheckError unless read_callback raises StateError."""
    attempt = Attempt(functions.read_callback, session, query)
    if isinstance(attempt.error, StateError):
        return
    if isinstance(attempt.error, KeyError):
        raise CheckError("state-key-error", "StateError", repr(attempt.error)) from attempt.error
    raise CheckError(key, "StateError", attempt.value())


STEP = Step(
    number=10,
    name="state",
    functions=("authorize_url", "read_callback"),
    check=check,
    title={"zh": "在网页上：state", "en": "On the web: state"},
    task={
        "zh": "写 authorize_url 和 read_callback：出去时带一个只有这个浏览器知道的 state，"
        "回来时核对，只用一次。",
        "en": "Write authorize_url and read_callback: send the browser away with a state that "
        "only it knows, compare it when it comes back, and accept it once.",
    },
    why={
        "zh": "没有 state，攻击者可以把自己的授权码塞进受害者的浏览器，让他用上攻击者的账户。",
        "en": "Without state, an attacker can plant their own auth_code in a victim's browser, "
        "who then uses the attacker's account.",
    },
    look={
        "zh": "工作台第 7 章「在网页上」；app.py 的 login 和 callback。",
        "en": "Workbench, chapter 7, “On the web”; login and callback in app.py.",
    },
    hints=(
        {
            "zh": 'session["state"] = secrets.token_urlsafe(32)，再把四个参数 urlencode 到 '
            "app.authorize_endpoint 后面。",
            "en": 'session["state"] = secrets.token_urlsafe(32), then append the four parameters '
            "to app.authorize_endpoint with urlencode.",
        },
        {
            "zh": '回来时 expected = session.pop("state", None)：取走就不能再用。'
            "两边都没有（None）也要拒绝。",
            "en": 'On the way back: expected = session.pop("state", None). Once taken out, it '
            "can't be used again. Also refuse if both are missing (None).",
        },
        {
            "zh": 'return query.get("auth_code")：拒绝时没有，就是 None。',
            "en": 'return query.get("auth_code"): after a refusal there is none, so this is None.',
        },
    ),
    compare="app.py · callback",
    errors={
        "other-address": {
            "zh": "地址应以 app.authorize_endpoint 加 ? 开头。",
            "en": "The URL must begin with app.authorize_endpoint and a ?.",
        },
        "redirect-not-encoded": {
            "zh": "redirect_uri 没有做 URL 编码：它自己的 & 之后都丢了。用 urlencode。",
            "en": "redirect_uri is not URL-encoded: everything after its own & is lost. Use "
            "urlencode.",
        },
        "no-state": {
            "zh": "地址里没有 state：谁都可以把自己的授权码塞给别人的浏览器。",
            "en": "The URL has no state: anybody could plant their own auth_code in somebody "
            "else's browser.",
        },
        "state-not-kept": {
            "zh": "state 没有存进 session：回来时拿什么比？",
            "en": "The state is not stored in `session`: what will you compare it with on the way "
            "back?",
        },
        "same-state": {
            "zh": "每次的 state 都一样：攻击者也知道它。",
            "en": "The state is the same every time, so an attacker knows it too.",
        },
        "guessable-state": {
            "zh": "state 猜得到（太短，或只是数字）：用 secrets.token_urlsafe()。",
            "en": "The state is guessable (too short, or just a number): use "
            "secrets.token_urlsafe().",
        },
        "code-misnamed": {
            "zh": "读的是 code：支付宝回来的参数叫 auth_code。",
            "en": "You read `code`, but Alipay's parameter is called auth_code.",
        },
        "state-returned": {
            "zh": "返回的是 state；要的是 auth_code。",
            "en": "You returned the state. Return the auth_code.",
        },
        "no-code": {
            "zh": "没有返回 auth_code（return 漏了，或读错了名字？）。",
            "en": "You did not return the auth_code (is a `return` missing, or is the name "
            "wrong?).",
        },
        "state-used-again": {
            "zh": "同一个 state 又通过了一次：用过就要从 session 里取走（pop）。",
            "en": "The same state worked twice: take it out of the session when it is used (pop).",
        },
        "state-missing": {
            "zh": "回来时没有 state，也通过了。",
            "en": "A callback without a state was accepted.",
        },
        "none-is-none": {
            "zh": "session 和地址里都没有 state，None == None 就通过了："
            "从没出发过的浏览器不能回来。",
            "en": "Neither the session nor the URL had a state, and None == None let it pass: a "
            "browser that never left can't come back.",
        },
        "state-foreign": {
            "zh": "别的浏览器的 state 也通过了：要和这个 session 里的比。",
            "en": "Another browser's state was accepted: compare it with the one in this session.",
        },
        "state-key-error": {
            "zh": "没有 state 时抛出了 KeyError：谁都能打开这个地址，应是 StateError，不是 500。"
            "用 get 和 pop(…, None)。",
            "en": "Without a state your code raises KeyError. Anybody can open this URL: raise "
            "StateError, not a 500. Use get and pop(…, None).",
        },
        "refusal-raises": {
            "zh": "用户拒绝时没有 auth_code：返回 None，拒绝是正常的结果。",
            "en": "A person who refuses comes back without auth_code: return None. A refusal is a "
            "normal outcome.",
        },
    },
)
