"""Step 9: the token has expired."""

from ..participant import Functions
from ..provided import GatewayError, Tokens
from ..testbed import Testbed
from .base import Attempt, CheckError, Step, check_type


def check(functions: Functions, testbed: Testbed) -> None:
    """A valid token, an expired one, and again; then refusals that no refresh cures."""
    check_valid(functions, testbed)
    check_expired(functions, testbed)
    check_other_refusal(functions, testbed)
    check_kept_at_once(functions, testbed)
    check_refused_refresh(functions, testbed)


def new_tokens(testbed: Testbed) -> Tokens:
    answer = testbed.tokens()
    return Tokens(answer["access_token"], answer["refresh_token"])


def refreshes(testbed: Testbed) -> int:
    return sum(call.parameters.get("grant_type") == "refresh_token" for call in testbed.calls)


def check_valid(functions: Functions, testbed: Testbed) -> None:
    """A valid token is not refreshed."""
    tokens = new_tokens(testbed)
    actual = Attempt(functions.fetch_with_refresh, testbed.app, tokens).value()
    if any("refresh_token" in call.parameters for call in testbed.calls):
        raise CheckError("always-refreshes", 0, refreshes(testbed))
    check_type(actual, {"nick_name": "完整示例"}, "fetch_with_refresh")
    if actual.get("nick_name") != "完整示例":
        raise CheckError("other", "完整示例", actual, function="fetch_with_refresh")


def check_expired(functions: Functions, testbed: Testbed) -> None:
    """An expired token is refreshed, and both new tokens are stored."""
    tokens = new_tokens(testbed)
    old = Tokens(tokens.access_token, tokens.refresh_token)
    testbed.alipay.accounts.end_access_tokens("complete")
    testbed.calls.clear()
    attempt = Attempt(functions.fetch_with_refresh, testbed.app, tokens)
    check_asked(testbed, old, attempt)
    actual = attempt.value()
    check_type(actual, {"nick_name": "完整示例"}, "fetch_with_refresh")
    if tokens.access_token == old.access_token:
        raise CheckError("access-token-not-kept", token=old.access_token[:16])
    if tokens.refresh_token == old.refresh_token:
        raise CheckError("refresh-token-not-kept", token=old.refresh_token[:16])
    testbed.alipay.accounts.end_access_tokens("complete")
    Attempt(functions.fetch_with_refresh, testbed.app, tokens).value()


def check_asked(testbed: Testbed, old: Tokens, attempt: Attempt) -> None:
    """How the new tokens were requested."""
    asked = [call.parameters for call in testbed.calls if "grant_type" in call.parameters]
    error = attempt.error
    if not asked:
        check_error(attempt)
        raise CheckError("not-refreshed") from error
    for parameters in asked[:1]:
        if parameters["grant_type"] != "refresh_token":
            raise CheckError("grant-type", "refresh_token", parameters["grant_type"])
        if parameters.get("refresh_token") != old.refresh_token:
            actual = parameters.get("refresh_token") or " ".join(parameters)
            key = "other-token" if actual == old.access_token else "no-refresh-token"
            raise CheckError(key, old.refresh_token, actual)
    if len(asked) > 1:
        raise CheckError("refreshed-twice", 1, len(asked))
    if isinstance(error, GatewayError) and error.sub_code == "aop.invalid-auth-token":
        raise CheckError("old-token-again", actual=str(error)) from error


def check_error(attempt: Attempt) -> None:
    """Raise the error again unless it is a GatewayError."""
    if not isinstance(attempt.error, GatewayError):
        attempt.value()


def check_other_refusal(functions: Functions, testbed: Testbed) -> None:
    """Without the product no token helps: nothing is refreshed, the error propagates."""
    tokens = new_tokens(testbed)
    testbed.alipay.accounts.bind_product(testbed.app.app_id, False)
    testbed.calls.clear()
    attempt = Attempt(functions.fetch_with_refresh, testbed.app, tokens)
    testbed.alipay.accounts.bind_product(testbed.app.app_id, True)
    if refreshes(testbed):
        raise CheckError("refreshes-at-any-error", 0, refreshes(testbed))
    if attempt.error is None:
        raise CheckError("error-swallowed", "GatewayError", attempt.value())
    if not isinstance(attempt.error, GatewayError):
        attempt.value()


def check_kept_at_once(functions: Functions, testbed: Testbed) -> None:
    """The call after the refresh fails: the new tokens are stored all the same."""
    tokens = new_tokens(testbed)
    old = tokens.refresh_token
    testbed.alipay.accounts.end_access_tokens("complete")
    testbed.loses_product_on_refresh = True
    attempt = Attempt(functions.fetch_with_refresh, testbed.app, tokens)
    testbed.loses_product_on_refresh = False
    testbed.alipay.accounts.bind_product(testbed.app.app_id, True)
    if tokens.refresh_token == old:
        raise CheckError("kept-too-late", token=old[:16])
    if attempt.error is None:
        raise CheckError("error-swallowed", "GatewayError", attempt.value())


def check_refused_refresh(functions: Functions, testbed: Testbed) -> None:
    """The refresh_token was used before: Alipay's error propagates."""
    used = new_tokens(testbed).refresh_token
    renewed = testbed.alipay.accounts.refresh(testbed.app.app_id, used).tokens
    testbed.alipay.accounts.end_access_tokens("complete")
    testbed.calls.clear()
    tokens = Tokens(renewed["access_token"], used)
    attempt = Attempt(functions.fetch_with_refresh, testbed.app, tokens)
    if refreshes(testbed) > 1:
        raise CheckError("tries-again", 1, refreshes(testbed))
    if attempt.error is None:
        raise CheckError("error-swallowed", "GatewayError", attempt.value())
    if not isinstance(attempt.error, GatewayError):
        attempt.value()


STEP = Step(
    number=9,
    name="refresh",
    functions=("fetch_with_refresh",),
    check=check,
    title={"zh": "令牌过期了", "en": "The token has expired"},
    task={
        "zh": "写 fetch_with_refresh：过期了就刷新一次，新的两个令牌都留下。",
        "en": "Write fetch_with_refresh: if the token has expired, refresh it once and keep both "
        "new tokens.",
    },
    why={
        "zh": "refresh_token 只能用一次：新的没存住，这个用户就得重新授权。",
        "en": "A refresh_token works once: lose the new one, and the person must authorise again.",
    },
    look={
        "zh": "工作台第 6 章「它会结束」。 "
        "https://opendocs.alipay.com/apis/api_9/alipay.system.oauth.token",
        "en": "Workbench, chapter 6, “It ends”. "
        "https://opendocs.alipay.com/apis/api_9/alipay.system.oauth.token",
    },
    hints=(
        {
            "zh": "try 里先取资料；except GatewayError 时看 error.sub_code，不是 "
            "aop.auth-token-time-out 就 raise。",
            "en": "Fetch the profile inside try. On GatewayError look at error.sub_code, and "
            "raise again unless it is aop.auth-token-time-out.",
        },
        {
            "zh": '刷新是 call(app, TOKEN, {"grant_type": "refresh_token", "refresh_token": '
            "tokens.refresh_token})。",
            "en": 'To refresh: call(app, TOKEN, {"grant_type": "refresh_token", "refresh_token": '
            "tokens.refresh_token}).",
        },
        {
            "zh": "先把 access_token 和 refresh_token 都存进 tokens，再去取资料。",
            "en": "Store access_token and refresh_token in `tokens` first, then fetch the profile.",
        },
    ),
    compare="alipay_member/store/refresh.py · with_live_token",
    errors={
        "always-refreshes": {
            "zh": "令牌还有效就刷新了：先用，支付宝说过期了再刷新。",
            "en": "You refreshed a valid token. Use it first; refresh only when Alipay says that "
            "it has expired.",
        },
        "not-refreshed": {
            "zh": "令牌已过期，却没有刷新。看 error.sub_code：aop.auth-token-time-out（error.code "
            "只是 20001）。",
            "en": "The token had expired but was not refreshed. Look at error.sub_code, which is "
            "aop.auth-token-time-out (error.code is only 20001).",
        },
        "no-refresh-token": {
            "zh": "刷新时没有带上 refresh_token 参数，值是 tokens.refresh_token。",
            "en": "The refresh was sent without the parameter refresh_token; its value is "
            "tokens.refresh_token.",
        },
        "other-token": {
            "zh": "刷新时带的是 access_token：要用 refresh_token。",
            "en": "You sent the access_token to refresh. Send the refresh_token.",
        },
        "refreshed-twice": {
            "zh": "刷新了两次：一次就够，refresh_token 也只能用一次。",
            "en": "You refreshed twice. Once is enough, and a refresh_token works once.",
        },
        "old-token-again": {
            "zh": "刷新之后，又用旧的 access_token 去取资料：它已经作废了。",
            "en": "After the refresh you fetched the profile with the old access_token, which is "
            "no longer valid.",
        },
        "access-token-not-kept": {
            "zh": "tokens.access_token 还是旧的（{token}…），新的没有存：下一次又要刷新。（改 "
            "tokens.access_token；tokens = … 只换了局部的名字。）",
            "en": "tokens.access_token is still the old one ({token}…), so the next call "
            "refreshes again. (Set tokens.access_token; `tokens = …` only changes a local name.)",
        },
        "refresh-token-not-kept": {
            "zh": "tokens.refresh_token 还是旧的（{token}…），新的没有存：旧的只能用一次，"
            "下一次刷新就失败。",
            "en": "tokens.refresh_token is still the old one ({token}…), which works once: store "
            "the new one, or the next refresh fails.",
        },
        "refreshes-at-any-error": {
            "zh": "别的错误（40006，没有产品）也去刷新：只有 aop.auth-token-time-out 才刷新，"
            "其余原样抛出。",
            "en": "You refreshed after another error (40006: the product is missing). Refresh "
            "only for aop.auth-token-time-out, and let everything else propagate.",
        },
        "kept-too-late": {
            "zh": "刷新成功了，下一个调用失败，tokens 里还是旧的（{token}…），新令牌就丢了："
            "换到手立刻存，旧的已经作废。",
            "en": "The refresh succeeded, the next call failed, and `tokens` still has the old "
            "values ({token}…): the new tokens are lost. Store them at once; the old ones no "
            "longer work.",
        },
        "tries-again": {
            "zh": "刷新被拒绝后又试：refresh_token 只能用一次，请把错误抛出，让用户重新授权。",
            "en": "You repeated a refused refresh. A refresh_token works once: let the error "
            "propagate, so that the person is asked to authorise again.",
        },
    },
)
