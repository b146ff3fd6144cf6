"""Step 4: exchange the auth_code."""

from dataclasses import replace
from typing import Any

from ..participant import Functions
from ..provided import FORM, SHARE, GatewayError, SignatureError
from ..testbed import Call, CannedSession, Testbed
from .base import Attempt, CheckError, Step, check_type

NEEDED = ("refresh_token", "expires_in", "re_expires_in", "open_id")  # by whoever serves it
OF_A_SUCCESS = ("access_token", "refresh_token", "expires_in", "open_id", "user_id")
CODE_INVALID = ("40002", "Invalid Arguments", "isv.code-invalid", "授权码code无效")


def check(functions: Functions, testbed: Testbed) -> None:
    """Exchange a fresh code, the same code again, then call without the product."""
    code = testbed.auth_code()
    attempt = Attempt(functions.exchange_code, testbed.app, code)
    check_sent(testbed, code, attempt)
    node = attempt.value()
    check_type(node, {"access_token": "…"}, "exchange_code")
    if any(name.endswith("_response") for name in node):
        raise CheckError("body-returned", actual=node, function="call")
    if "access_token" not in node:
        raise CheckError("no-token", actual=node)
    missing = [name for name in NEEDED if not node.get(name)]
    if missing:
        raise CheckError("parts-missing", actual=node, names=", ".join(missing))
    check_used_code(functions, testbed, code)
    check_token(functions, testbed)
    check_tampered(functions, testbed)
    check_short_error(functions, testbed)
    check_other_errors(functions, testbed)


def check_sent(testbed: Testbed, code: str, attempt: Attempt) -> None:
    if testbed.elsewhere and not testbed.calls:
        wanted, actual = f"{testbed.app.gateway_url}?app_id=…", f"{testbed.elsewhere[0][:60]}…"
        raise CheckError("other-address", wanted, actual, function="call")
    if not testbed.calls:
        attempt.value()
        raise CheckError("nothing-sent")
    if not testbed.session.timeouts:
        raise CheckError("other-session", function="call")
    if testbed.session.timeouts[0] is None:
        raise CheckError("no-timeout", function="call")
    check_halves(testbed.calls[0])
    check_parameters(testbed.calls[0].parameters, code)
    if isinstance(attempt.error, KeyError) and attempt.error.args == ("code",):
        raise CheckError("success-has-no-code", function="call") from attempt.error
    error = attempt.error
    if isinstance(error, AttributeError) and "attribute 'decode'" in str(error):
        raise CheckError("not-raw-bytes", actual=str(error), function="call") from error
    if isinstance(error, GatewayError) and error.sub_code == "isv.invalid-signature":
        raise CheckError("changed-on-the-way", actual=str(error), function="call") from error
    if len(testbed.calls) > 1:
        raise CheckError("asked-twice", 1, len(testbed.calls), function="call")


def check_halves(call: Call) -> None:
    """Query and body both arrived; an URL that is built wrongly loses one."""
    if "charset" not in call.query:
        raise CheckError("query-lost", actual=" ".join(call.query) or "∅", function="call")
    if not call.body:
        key = "body-in-query" if "grant_type" in call.query else "body-lost"
        raise CheckError(key, actual=" ".join(call.query), function="call")
    if not call.content_type.startswith("application/x-www-form-urlencoded"):
        raise CheckError(
            "not-a-form", FORM["Content-Type"], call.content_type or "∅", function="call"
        )


def check_parameters(sent: dict[str, str], code: str) -> None:
    if "biz_content" in sent:
        raise CheckError("biz-content-sent", actual=sent["biz_content"])
    if "refresh_token" in sent:
        raise CheckError("refresh-token-beside", actual=f"refresh_token={sent['refresh_token']}")
    for name in ("auth_code", "authCode", "authcode"):
        if name in sent:
            raise CheckError("code-misnamed", "code", name)
    if sent.get("grant_type") != "authorization_code":
        raise CheckError("grant-type", "authorization_code", sent.get("grant_type"))
    if sent.get("code") != code:
        raise CheckError("other-code", code, sent.get("code"))


def check_used_code(functions: Functions, testbed: Testbed, code: str) -> None:
    """A code works once: the second exchange raises Alipay's error in its own words."""
    testbed.calls.clear()
    attempt = Attempt(functions.exchange_code, testbed.app, code)
    if len(testbed.calls) > 1:
        raise CheckError("retried", 1, len(testbed.calls))
    check_gateway_error(attempt, CODE_INVALID)


def check_token(functions: Functions, testbed: Testbed) -> None:
    """call sends its auth_token, in the query."""
    token = testbed.tokens()["access_token"]
    testbed.calls.clear()
    attempt = Attempt(functions.call, testbed.app, SHARE, {}, token)
    if not testbed.calls:
        attempt.value()
        raise CheckError("nothing-sent", function="call")
    if testbed.calls[0].query.get("auth_token") != token:
        actual = " ".join(testbed.calls[0].parameters)
        raise CheckError("token-dropped", f"auth_token={token[:16]}…", actual, function="call")


def check_short_error(functions: Functions, testbed: Testbed) -> None:
    """Some errors have only code and msg."""
    busy = {"code": "20000", "msg": "Service Currently Unavailable"}
    body = testbed.reply(busy, "error_response").to_bytes()
    app = replace(testbed.app, session=CannedSession(body))
    attempt = Attempt(functions.call, app, SHARE, {}, "authusrB1234567890")
    if isinstance(attempt.error, KeyError) and attempt.error.args[0] in ("sub_code", "sub_msg"):
        raise CheckError("words-absent", actual=busy, function="call") from attempt.error
    if attempt.error is None:
        raise CheckError("other-error-passed", "GatewayError", attempt.value(), function="call")
    if not isinstance(attempt.error, GatewayError):
        attempt.value()


def check_tampered(functions: Functions, testbed: Testbed) -> None:
    """call passes every answer to read_answer, which refuses a changed one."""
    testbed.alipay.faults.set("tampered")
    attempt = Attempt(functions.call, testbed.app, SHARE, {}, testbed.tokens()["access_token"])
    testbed.alipay.faults.set(None)
    if attempt.error is None:
        raise CheckError("answer-unread", "SignatureError", attempt.value(), function="call")
    if not isinstance(attempt.error, SignatureError):
        attempt.value()


def check_other_errors(functions: Functions, testbed: Testbed) -> None:
    """Errors of another method are raised too."""
    testbed.alipay.accounts.bind_product(testbed.app.app_id, False)
    attempt = Attempt(functions.call, testbed.app, SHARE, {}, testbed.tokens()["access_token"])
    words = ("40006", "Insufficient Permissions", "isv.insufficient-isv-permissions", "ISV权限不足")
    if not attempt.error:
        raise CheckError("other-error-passed", words, attempt.value(), function="call")
    check_gateway_error(attempt, words)


def check_gateway_error(attempt: Attempt, words: tuple[str, str, str, str]) -> None:
    """Raise CheckError unless the attempt raised a GatewayError with exactly these words."""
    error = attempt.error
    if error is None:
        check_returned(attempt.value(), words)
    if isinstance(error, KeyError) and error.args[0] in OF_A_SUCCESS:
        raise CheckError("key-error", actual=f"KeyError: {error}") from error
    if isinstance(error, TypeError) and "GatewayError" in str(error):
        raise CheckError("other-arguments", actual=str(error), function="call") from error
    if not isinstance(error, GatewayError):
        attempt.value()
        return
    actual = (error.code, error.msg, error.sub_code, error.sub_msg)
    if actual == words:
        return
    if sorted(map(str, actual)) == sorted(words):
        raise CheckError("words-swapped", words, actual, function="call")
    if not error.sub_code:
        raise CheckError("sub-code-lost", words, actual, function="call")
    raise CheckError("other-words", words, actual, function="call")


def check_returned(actual: Any, words: tuple[str, str, str, str]) -> None:
    if isinstance(actual, dict) and actual.get("code") == words[0]:
        raise CheckError("error-returned", f"GatewayError{words}", actual, function="call")
    raise CheckError("error-swallowed", f"GatewayError{words}", actual)


STEP = Step(
    number=4,
    name="exchange",
    functions=("call", "exchange_code"),
    check=check,
    title={"zh": "用授权码换令牌", "en": "Exchange the auth_code"},
    task={
        "zh": "写 call 和 exchange_code。read_answer 还没写，先借给你用：它返回应答的节点。",
        "en": "Write call and exchange_code. read_answer is lent to you until you write it: it "
        "returns the answer's node.",
    },
    why={
        "zh": "授权码只能用一次。失败时，只有支付宝的原话（code 和 sub_code）说得清为什么，"
        "别让它丢了。",
        "en": "An auth_code works once. When the exchange fails, only Alipay's own words (code "
        "and sub_code) explain why: keep them.",
    },
    look={
        "zh": "工作台第 2 章「征得同意」。 "
        "https://opendocs.alipay.com/apis/api_9/alipay.system.oauth.token",
        "en": "Workbench, chapter 2, “With consent”. "
        "https://opendocs.alipay.com/apis/api_9/alipay.system.oauth.token",
    },
    hints=(
        {
            "zh": "call：build_request（now 用 time.time()）→ app.session.post → read_answer(app, "
            "method, response.content) → 节点是错误就抛 GatewayError。",
            "en": "call: build_request (`now` is time.time()) → app.session.post → "
            "read_answer(app, method, response.content) → raise GatewayError if the node is an "
            "error.",
        },
        {
            "zh": 'app.session.post(f"{app.gateway_url}?{query}", data=body, headers=FORM, '
            "timeout=(3.05, 10))；成功的令牌应答没有 code，所以用 says_error(node)。",
            "en": 'app.session.post(f"{app.gateway_url}?{query}", data=body, headers=FORM, '
            "timeout=(3.05, 10)). A successful token answer has no code, so use says_error(node).",
        },
        {
            "zh": 'raise GatewayError(node["code"], node["msg"], node.get("sub_code", ""), '
            'node.get("sub_msg", ""))\n'
            'exchange_code 只有一行：call(app, TOKEN, {"grant_type": "authorization_code", '
            '"code": auth_code})',
            "en": 'raise GatewayError(node["code"], node["msg"], node.get("sub_code", ""), '
            'node.get("sub_msg", ""))\n'
            'exchange_code is one line: call(app, TOKEN, {"grant_type": "authorization_code", '
            '"code": auth_code})',
        },
    ),
    compare="alipay_member/client.py · AlipayClient.exchange_code",
    errors={
        "other-session": {
            "zh": "请求没有经过 app.session：请用 app.session.post。连接会复用，"
            "工作台也在那里看着。",
            "en": "The request did not go through app.session. Use app.session.post: it reuses "
            "the connection, and the workbench watches it.",
        },
        "answer-unread": {
            "zh": "一份在路上被改过的应答被当真了：它没有经过 read_answer。不验签，"
            "前面几步就白做了。",
            "en": "You accepted an answer that was changed on the way: it did not go through "
            "read_answer. Without verification the signature is useless.",
        },
        "no-timeout": {
            "zh": "没有 timeout：网关不回答时，你的服务器会永远等下去。timeout=(3.05, 10)。",
            "en": "There is no timeout: if the gateway never answers, your server waits forever. "
            "Pass timeout=(3.05, 10).",
        },
        "success-has-no-code": {
            "zh": "KeyError 'code'：alipay.system.oauth.token 成功时没有 code。用 "
            "says_error(node)，或 node.get。",
            "en": "KeyError 'code': a successful alipay.system.oauth.token has no code. Use "
            "says_error(node) or node.get.",
        },
        "biz-content-sent": {
            "zh": "参数放进了 biz_content：这个接口的参数是平铺的，grant_type 和 code。",
            "en": "The parameters are inside biz_content. This method takes them flat: grant_type "
            "and code.",
        },
        "refresh-token-beside": {
            "zh": "旁边多了 refresh_token：用授权码换令牌时没有它（官方文档的 Java 示例里有，"
            "别照抄）。",
            "en": "There is a refresh_token beside the code. It belongs to the other grant_type "
            "(the Java sample in Alipay's docs sends both; don't copy that).",
        },
        "code-misnamed": {
            "zh": "参数名不对：接口的参数叫 code，值是 my.getAuthCode 给的授权码。",
            "en": "Wrong parameter name: this method calls it code, whatever the client calls it.",
        },
        "other-code": {
            "zh": "发送的不是传进来的 auth_code。",
            "en": "You did not send the auth_code that was passed in.",
        },
        "query-lost": {
            "zh": 'query 没有完整到达：地址应是 app.gateway_url + "?" + query。',
            "en": 'The query did not arrive whole: the URL is app.gateway_url + "?" + query.',
        },
        "parts-missing": {
            "zh": "返回的内容缺了 {names}：把节点原样返回，会话要用到它们。",
            "en": "The result lacks {names}: return the node unchanged, because a session needs "
            "all of it.",
        },
        "body-lost": {
            "zh": "body 没有到达：要用 POST，并放在 data=body。",
            "en": "The body did not arrive: send a POST with data=body.",
        },
        "not-a-form": {
            "zh": "body 没有说自己是表单，网关就不会读它：headers=FORM。",
            "en": "The body is not marked as a form, so the gateway does not read it: pass "
            "headers=FORM.",
        },
        "body-returned": {
            "zh": "返回了整个应答；要的是 read_answer 找到的节点。",
            "en": "You returned the whole answer. Return the node that read_answer finds in it.",
        },
        "body-in-query": {
            "zh": "body 到了 query 里：它应放在 data=body。",
            "en": "The body arrived in the query: pass it as data=body.",
        },
        "changed-on-the-way": {
            "zh": "网关说 isv.invalid-signature：build_request 给的 query 和 body "
            "要原样发送（data=body, headers=FORM）。",
            "en": "The gateway says isv.invalid-signature: send query and body exactly as "
            "build_request returned them (data=body, headers=FORM).",
        },
        "asked-twice": {
            "zh": "一次兑换发出了不止一次请求。",
            "en": "One exchange made more than one request.",
        },
        "no-token": {
            "zh": "返回的节点里没有 access_token。返回 read_answer 找到的节点。",
            "en": "Your result has no access_token. Return the node that read_answer finds.",
        },
        "retried": {
            "zh": "失败后又试了一次：授权码只能用一次，重试必然失败，还会掩盖第一次的原因。",
            "en": "You tried again after a failure. An auth_code works once, so the retry must "
            "fail and hides the first reason.",
        },
        "key-error": {
            "zh": "支付宝说了原因，你的代码却以 KeyError 结束：先看 says_error，再取值。",
            "en": "Alipay gave a reason, but your code ended in a KeyError: check says_error "
            "before you read values.",
        },
        "error-returned": {
            "zh": "错误节点被当作结果返回了：调用者会以为成功。请抛出 GatewayError。",
            "en": "You returned the error node as a result, so the caller takes it for a success. "
            "Raise GatewayError.",
        },
        "other-error-passed": {
            "zh": "这个错误没有抛出：不要只认某一个 code 或 sub_code，用 says_error 判断。",
            "en": "This error was not raised: don't test for a single code or sub_code, use "
            "says_error.",
        },
        "words-swapped": {
            "zh": "GatewayError 的参数顺序不对：code、msg、sub_code、sub_msg。",
            "en": "The arguments of GatewayError are in the wrong order: code, msg, sub_code, "
            "sub_msg.",
        },
        "sub-code-lost": {
            "zh": "sub_code 丢了：code 只说哪一类，sub_code 才说为什么。",
            "en": "sub_code is lost: code only names the kind of error, sub_code says why.",
        },
        "other-words": {
            "zh": "GatewayError 里不是支付宝的原话。",
            "en": "GatewayError does not carry Alipay's own words.",
        },
        "other-address": {
            "zh": '请求到了别的地址：应是 app.gateway_url + "?" + query，中间有 ?。',
            "en": 'The request went to another URL. Use app.gateway_url + "?" + query, with the ? '
            "in between.",
        },
        "not-raw-bytes": {
            "zh": "read_answer 要的是原始字节 response.content，不是 response、.text 或 .json()："
            "签名覆盖的是收到的字节。",
            "en": "read_answer takes the raw bytes, response.content; not the response itself, "
            ".text or .json(). The signature covers the bytes as received.",
        },
        "token-dropped": {
            "zh": "传给 call 的 auth_token 没有发出去：把它交给 build_request。",
            "en": "call did not send its auth_token: pass it on to build_request.",
        },
        "words-absent": {
            "zh": 'KeyError：有的错误只有 code 和 msg，没有 sub_code。用 node.get("sub_code", '
            '"")。',
            "en": 'KeyError: some errors have only code and msg. Use node.get("sub_code", "").',
        },
        "other-arguments": {
            "zh": "GatewayError 要四个参数：GatewayError(code, msg, sub_code, sub_msg)，"
            "从节点里取出来。",
            "en": "GatewayError takes four values from the node: GatewayError(code, msg, "
            "sub_code, sub_msg).",
        },
    },
)
