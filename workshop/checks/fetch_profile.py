"""Step 7: the profile."""

from typing import Any

from emulator.accounts import MEMBERS

from ..participant import Functions
from ..provided import FIELDS, GatewayError
from ..testbed import Testbed
from .base import Attempt, CheckError, Step, check_type

NAMES = ("open_id", "user_id", *FIELDS)
MORE = {"cert_no": "110101199001011234", "address": "西湖区"}  # as the sandbox may give


def check(functions: Functions, testbed: Testbed) -> None:
    """A complete profile, one without a nickname, one with more than FIELDS, and a refused call."""
    check_profile(functions, testbed, "complete")
    check_profile(functions, testbed, "company")
    check_profile(functions, testbed, "sandbox-buyer")
    check_minimal(functions, testbed)
    check_silent_login(functions, testbed)


def check_profile(functions: Functions, testbed: Testbed, member: str) -> None:
    token = testbed.tokens(member)["access_token"]
    testbed.calls.clear()
    attempt = Attempt(functions.fetch_profile, testbed.app, token)
    check_sent(testbed, token, attempt)
    if isinstance(attempt.error, KeyError) and attempt.error.args[0] in NAMES:
        raise CheckError("absent-raises", None, f"KeyError: {attempt.error}") from attempt.error
    if isinstance(attempt.error, AttributeError) and "'NoneType'" in str(attempt.error):
        raise CheckError("absent-used", actual=str(attempt.error)) from attempt.error
    check_profile_values(attempt.value(), expected_profile(testbed, member))


def check_sent(testbed: Testbed, token: str, attempt: Attempt) -> None:
    if not testbed.calls:
        attempt.value()
        raise CheckError("nothing-sent")
    if "auth_token" in testbed.calls[-1].body:
        raise CheckError("token-in-body", "call(app, SHARE, {}, access_token)")
    sent = testbed.calls[-1].parameters
    if sent.get("auth_token") == token:
        return
    if "access_token" in sent:
        raise CheckError("token-misnamed", "auth_token", "access_token")
    raise CheckError("token-missing", f"auth_token={token[:12]}…", " ".join(sent))


def expected_profile(testbed: Testbed, member: str) -> dict[str, str | None]:
    """What fetch_profile must return for a member."""
    row = MEMBERS[member]
    profile = {name: testbed.ids(member).get(name) or row["profile"].get(name) for name in NAMES}
    if row["has_avatar"]:
        profile["avatar"] = f"{testbed.alipay.url}/emulator/avatar/{member}.svg"
    if profile["gender"]:
        profile["gender"] = profile["gender"].upper()
    return profile


def check_profile_values(actual: Any, wanted: dict[str, str | None]) -> None:
    check_type(actual, wanted, "fetch_profile")
    missing = [name for name in wanted if name not in actual]
    if missing:
        key = "ids-missing" if {"open_id", "user_id"} <= set(missing) else "names-missing"
        raise CheckError(key, wanted, actual, names=", ".join(missing))
    if actual.get("gender") in ("f", "m"):
        raise CheckError("small-gender", actual["gender"].upper(), actual["gender"])
    for name, value in wanted.items():
        if value is None and actual[name] is not None:
            raise CheckError("absent-filled", None, actual[name], name=name)
        if actual[name] != value:
            raise CheckError("other-field", value, actual[name], name=name)
    more = sorted(actual.keys() - wanted.keys())
    if more:
        raise CheckError("kept-more", ", ".join(wanted), ", ".join(more))


def check_minimal(functions: Functions, testbed: Testbed) -> None:
    """Nothing beyond FIELDS is kept."""
    profile = MEMBERS["complete"]["profile"]
    profile.update(MORE)
    try:
        actual = functions.fetch_profile(testbed.app, testbed.tokens()["access_token"])
    finally:
        for name in MORE:
            del profile[name]
    check_profile_values(actual, expected_profile(testbed, "complete"))


def check_silent_login(functions: Functions, testbed: Testbed) -> None:
    """The token of a silent login (auth_base) has no profile: Alipay's error propagates."""
    token = testbed.tokens(scope="auth_base")["access_token"]
    attempt = Attempt(functions.fetch_profile, testbed.app, token)
    if attempt.error is None:
        raise CheckError("refusal-swallowed", "GatewayError", attempt.value())
    if not isinstance(attempt.error, GatewayError):
        attempt.value()


STEP = Step(
    number=7,
    name="profile",
    functions=("fetch_profile",),
    check=check,
    title={"zh": "取会员信息", "en": "Fetch the profile"},
    task={
        "zh": "写 fetch_profile：拿令牌去问，留下该留的，没有的就是 None。",
        "en": "Write fetch_profile: ask with the token, and keep only what you need; what is "
        "absent is None.",
    },
    why={
        "zh": "昵称、头像缺席是常事，不是错误。不需要的字段不留，留了就要负责。",
        "en": "A missing nickname or avatar is normal, not an error. Keep no field that you don't "
        "need: you answer for what you keep.",
    },
    look={
        "zh": "工作台：在手机下面换成「企业账户」再授权一次。 "
        "https://opendocs.alipay.com/apis/api_2/alipay.user.info.share",
        "en": "Workbench: below the phone, switch to the company account and authorise again. "
        "https://opendocs.alipay.com/apis/api_2/alipay.user.info.share",
    },
    hints=(
        {
            "zh": "一行调用：node = call(app, SHARE, {}, access_token)。",
            "en": "One call: node = call(app, SHARE, {}, access_token).",
        },
        {
            "zh": '{name: node.get(name) for name in ("open_id", "user_id", *FIELDS)}',
            "en": '{name: node.get(name) for name in ("open_id", "user_id", *FIELDS)}',
        },
        {
            "zh": "gender 有值时 .upper()；别的错误不要接住，让它抛出去。",
            "en": "gender.upper() if there is one. Don't catch other errors here; let them "
            "propagate.",
        },
    ),
    compare="alipay_member/models.py · read_profile",
    errors={
        "token-misnamed": {
            "zh": "令牌的参数名不对：公共参数叫 auth_token，值是 access_token。",
            "en": "Wrong parameter name: the common parameter is auth_token, its value is the "
            "access_token.",
        },
        "token-missing": {
            "zh": "没有带上令牌：call 的最后一个参数是 auth_token。",
            "en": "The token was not sent: it is the last parameter of call, auth_token.",
        },
        "absent-raises": {
            "zh": "没有这个字段就抛出了 KeyError：缺字段是正常的（企业账户没有昵称，"
            "有人没设头像）。用 node.get。",
            "en": "A missing field raised KeyError. Missing fields are normal: a company account "
            "has no nickname, some people have no avatar. Use node.get.",
        },
        "absent-filled": {
            "zh": "支付宝没有返回 {name}，应为 None：默认称呼是显示时的事，不入库。",
            "en": "Alipay reports no {name}: it must be None. A default name belongs on the page, "
            "not in the database.",
        },
        "ids-missing": {
            "zh": "少了 {names}：没有身份，就不知道这份资料是谁的。",
            "en": "Missing: {names}. Without an id, nobody knows whose profile this is.",
        },
        "names-missing": {
            "zh": "结果里没有 {names}：所有名字都要在，支付宝没返回的值为 None。",
            "en": "Missing from the result: {names}. Every name must be there, with None where "
            "Alipay reports nothing.",
        },
        "small-gender": {
            "zh": "gender 是小写：旧的应答给 f 和 m，请统一成大写。",
            "en": "gender is in lower case: older answers have f and m. Convert it to F or M.",
        },
        "other-field": {"zh": "{name} 的值不对。", "en": "{name} has the wrong value."},
        "kept-more": {
            "zh": "多留了字段：沙箱会给证件号和地址。不需要的就不留（FIELDS）。",
            "en": "You kept more than FIELDS: the sandbox may return a certificate number and an "
            "address. Keep nothing that you don't need.",
        },
        "refusal-swallowed": {
            "zh": "静默登录（auth_base）的令牌没有资料可取，支付宝拒绝了，你却返回了一份空资料："
            "让 GatewayError 继续抛出。",
            "en": "The token of a silent login (auth_base) has no profile. Alipay refused, but "
            "you returned an empty one: let the GatewayError propagate.",
        },
        "token-in-body": {
            "zh": "令牌进了 body：它不是接口自己的参数，是公共参数，由 call 的最后一个参数带上。",
            "en": "The token is in the body. It is not one of the method's own parameters but a "
            "common one: pass it to call as the last argument.",
        },
        "absent-used": {
            "zh": "这一位没有 gender，node.get 给的是 None，None 没有 .upper()：先看有没有值。",
            "en": "This person has no gender: node.get returns None, and None has no .upper(). "
            "Check for a value first.",
        },
    },
)
