"""Step 1: the string to sign."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

from alipay_member.signing import string_to_sign as right_string

from ..participant import Functions
from ..testbed import Testbed
from .base import CheckError, Step, expect

Parameters = Mapping[str, str]


def check(functions: Functions, testbed: Testbed) -> None:
    """Sorted pairs, `sign`, characters that a URL encodes, an empty value, spaces."""
    for parameters in (
        {"version": "1.0", "method": "alipay.user.info.share", "app_id": "demo-mini"},
        {"app_id": "demo-mini", "sign": "b2xk", "sign_type": "RSA2"},
        {"app_id": "demo-mini", "timestamp": "2026-11-24 09:30:00"},
        {"app_id": "demo-mini", "code": "a+b/c=&小二"},
        {"app_id": "demo-mini", "auth_token": "", "version": "1.0"},
        {"app_id": "demo-mini", "state": " 小二 "},
    ):
        passed = dict(parameters)
        actual = functions.string_to_sign(passed)
        expect(
            actual, right_string(parameters), wrong_strings(parameters), function="string_to_sign"
        )
        if passed != parameters:
            raise CheckError("changed-parameters", parameters, passed)


def wrong_strings(parameters: Parameters) -> Iterator[tuple[str, str]]:
    """What people sign instead, by error key."""
    right = {name: value for name, value in parameters.items() if name != "sign" and value}
    yield "unsorted", pairs(right)
    in_order = dict(sorted(right.items()))
    yield "values-only", "&".join(in_order.values())
    yield "glued", "".join(f"{name}={value}" for name, value in in_order.items())
    yield "no-names", "".join(in_order.values())
    yield "trailing", pairs(in_order) + "&"
    for encode in (quote, quote_plus, quote_all):
        encoded = {name: encode(value) for name, value in in_order.items()}
        yield "url-encoded", pairs(encoded)
    everything = dict(sorted(parameters.items()))
    yield "sign-kept", pairs({name: value for name, value in everything.items() if value})
    yield "empty-kept", pairs({n: v for n, v in everything.items() if n != "sign"})
    yield "stripped", pairs({name: value.strip() for name, value in in_order.items()})
    dropped = {name: value for name, value in in_order.items() if name != "sign_type"}
    yield "sign-type-dropped", pairs(dropped)


def pairs(parameters: Parameters) -> str:
    """name=value joined by &, in the order given."""
    return "&".join(f"{name}={value}" for name, value in parameters.items())


def quote_all(text: str) -> str:
    """URL-encoded as urlencode(quote_via=quote) does it."""
    return quote(text, safe="")


STEP = Step(
    number=1,
    name="string-to-sign",
    functions=("string_to_sign",),
    check=check,
    title={"zh": "待签名字符串", "en": "The string to sign"},
    task={
        "zh": "写 string_to_sign：网关会用同样的规则拼出同样的文字，差一个字符就是 "
        "isv.invalid-signature。",
        "en": "Write string_to_sign. The gateway builds the same text by the same rules; one "
        "character off means isv.invalid-signature.",
    },
    why={
        "zh": "支付宝靠签名知道请求是你的应用发的、路上没被改过。双方各拼一遍，必须一模一样。",
        "en": "The signature tells Alipay that your app sent the request and that nobody changed "
        "it. Both sides build the text, so it must match exactly.",
    },
    look={
        "zh": "工作台：点开 alipay.system.oauth.token，看「待签名字符串」。 "
        "https://opendocs.alipay.com/common/02kf5q",
        "en": "Workbench: open alipay.system.oauth.token and look at the string to sign. "
        "https://opendocs.alipay.com/common/02kf5q",
    },
    hints=(
        {
            "zh": "先挑出要签的：除了 sign，值不为空。一个字典推导式就够。",
            "en": "First choose what to sign: everything except `sign` and empty values. One dict "
            "comprehension is enough.",
        },
        {
            "zh": 'sorted(signed.items()) 按名字排序；f"{name}={value}"；"&".join(…)。',
            "en": 'sorted(signed.items()) sorts by name; f"{name}={value}"; "&".join(…).',
        },
        {
            "zh": 'signed = {n: v for n, v in parameters.items() if n != "sign" and v}\n'
            'return "&".join(f"{n}={v}" for n, v in sorted(signed.items()))',
            "en": 'signed = {n: v for n, v in parameters.items() if n != "sign" and v}\n'
            'return "&".join(f"{n}={v}" for n, v in sorted(signed.items()))',
        },
    ),
    compare="alipay_member/signing.py · string_to_sign",
    errors={
        "unsorted": {
            "zh": "参数没有按名字排序。网关会排序：顺序不同，签的就不是同一段文字。",
            "en": "The parameters are not sorted by name. The gateway sorts them: another order "
            "is another text.",
        },
        "values-only": {
            "zh": "只有值，没有名字：每一对应写成 name=value。",
            "en": "There are values but no names: write each pair as name=value.",
        },
        "glued": {"zh": "参数之间没有用 & 连接。", "en": "The pairs are not joined with &."},
        "no-names": {
            "zh": "只有值连在一起：每一对应写成 name=value，用 & 连接。",
            "en": "These are the values alone: write each pair as name=value, and join them with "
            "&.",
        },
        "trailing": {
            "zh": '最后多了一个 &：用 "&".join(…)，它只放在中间。',
            "en": 'There is one & too many at the end: "&".join(…) puts it only in between.',
        },
        "url-encoded": {
            "zh": "值在签名前做了 URL 编码。签的是原值；编码只发生在发送时。",
            "en": "The values were URL-encoded before signing. Sign the raw values; encoding "
            "belongs to sending.",
        },
        "sign-kept": {
            "zh": "sign 自己也进了待签名字符串：签名不可能覆盖自己。",
            "en": "`sign` itself is in the string to sign: a signature can't cover itself.",
        },
        "sign-type-dropped": {
            "zh": "sign_type 不见了：请求的签名只排除 sign，sign_type 要参加。"
            "（支付宝推送的消息才两个都排除。）",
            "en": "sign_type is missing. A request leaves out only `sign`; sign_type stays. "
            "(Messages pushed by Alipay leave out both.)",
        },
        "empty-kept": {
            "zh": "空值的参数也签进去了：网关会丢掉空值，两边就不一致，得到 "
            "isv.invalid-signature。",
            "en": "You signed a parameter with an empty value. The gateway drops empty ones, so "
            "the two texts differ: isv.invalid-signature.",
        },
        "changed-parameters": {
            "zh": "传进来的字典被改动了（pop、del？）：调用者接着还要发送它。",
            "en": "You changed the dict that was passed in (pop, del?): the caller is about to "
            "send it.",
        },
        "stripped": {
            "zh": "值两端的空格不见了：签的是原值，一个字符也不改（别用 strip）。",
            "en": "The spaces around a value are gone: sign values exactly as they are (no strip).",
        },
    },
)
