"""What can go wrong with a call to Alipay, and what to do about it.

    AlipayError                what all of them have: code, message, hint(lang), report(lang)
    ├── GatewayError           Alipay answered, with an error: code, msg, sub_code, sub_msg, verified
    ├── SignatureError         an answer claims success, but Alipay's signature does not stand behind it: reason
    ├── TransportError         no answer, or none that can be read: reason
    ├── IdentityError          a verified answer names nobody, or two different people: reason
    ├── RequestError           our own caller sent what can't be used: reason
    ├── SessionEnded           our own session has ended or never was
    └── KeyFormatError         a key is not what it should be

Access tokens, auth codes, keys and signatures are masked: no text of these errors has them.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote_plus, urlsplit

from .explanations import explain

METHOD_NAMES = {
    "alipay.system.oauth.token": "换取授权访问令牌",
    "alipay.user.info.share": "支付宝会员授权信息查询接口",
    "alipay.open.auth.token.app": "换取应用授权令牌",
}
_OPEN_PARAMETERS = (
    "app_id",
    "method",
    "charset",
    "sign_type",
    "timestamp",
    "version",
    "format",
    "grant_type",
)
_GATEWAY_STRING = re.compile(r"(.*网关生成的验签字符串为：)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Call:
    """Which call failed: its method, the gateway's address, and its parameters with every secret masked."""

    method: str
    gateway_url: str
    parameters: Mapping[str, str]

    def environment(self, lang: str) -> str:
        """使用环境, the first thing that Alipay's support asks for."""
        host = urlsplit(self.gateway_url).hostname or ""
        if host == "openapi.alipay.com":
            return {"zh": "正式环境", "en": "production"}[lang]
        if host.endswith(".alipaydev.com"):
            return {"zh": "沙箱环境", "en": "sandbox"}[lang]
        return {
            "zh": f"本机模拟器或其他网关（{host}）",
            "en": f"emulator or another gateway ({host})",
        }[lang]


def mask(parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters as a log or a support question may show them."""
    return {k: v if k in _OPEN_PARAMETERS else f"***({len(v)})" for k, v in parameters.items()}


class AlipayError(Exception):
    """Base of all: `code` for programs, `message` for people, `call` (None before anything was sent)."""

    code = "alipay-error"
    call: Call | None = None

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.code = f"{self.code}:{reason}" if reason else self.code

    def _explained_by(self) -> tuple[str, ...]:
        return (self.code,)

    def explanation(self, lang: str = "zh") -> list[str]:
        """[cause, remedy] in "zh" or "en"; [] where nothing is known."""
        return next(filter(None, (explain(key, lang) for key in self._explained_by())), [])

    def hint(self, lang: str = "zh") -> str:
        """Cause and remedy as one text."""
        return ("" if lang == "zh" else " ").join(self.explanation(lang))

    def as_dict(self, lang: str = "zh") -> dict[str, str]:
        """code, message, hint and report as a client may be shown them."""
        message, hint = self.explanation(lang) or (self.message, "")
        return {"code": self.code, "message": message, "hint": hint, "report": self.report(lang)}

    def report(self, lang: str = "zh") -> str:
        """The question for Alipay's support: 使用环境, 接口名称, 请求参数, 报错信息; "" if nothing was sent."""
        if self.call is None:
            return ""
        labels = {
            "zh": "使用环境 接口名称 请求参数 报错信息",
            "en": "Environment API Request Error",
        }[lang].split()
        parameters = "&".join(
            f"{name}={value}" for name, value in sorted(self.call.parameters.items())
        )
        api = f"{METHOD_NAMES.get(self.call.method, '')} {self.call.method}".strip()
        values = (self.call.environment(lang), api, parameters, str(self))
        return "\n".join(f"{label}: {value}" for label, value in zip(labels, values, strict=True))


class GatewayError(AlipayError):
    """Alipay answered with an error. `verified` tells whether its signature was good; many errors come unsigned."""

    def __init__(self, code: str, msg: str, sub_code: str, sub_msg: str, *, verified: bool) -> None:
        self.msg, self.sub_code, self.sub_msg, self.verified = msg, sub_code, sub_msg, verified
        self.comparison: dict[str, str] = {}
        super().__init__(f"{code} {msg}: {sub_code} {sub_msg}".strip(": "))
        self.code = code

    def __str__(self) -> str:
        return self.message if self.verified else f"{self.message} [unverified: 未验签]"

    def _explained_by(self) -> tuple[str, ...]:
        return (self.sub_code, self.code)

    def hint(self, lang: str = "zh") -> str:
        """Cause and remedy; for isv.invalid-signature also where the gateway's string to sign differs from ours."""
        return "\n".join(filter(None, (super().hint(lang), self.comparison.get(lang, ""))))

    def as_dict(self, lang: str = "zh") -> dict[str, str]:
        """The gateway's own code and words, and our hint."""
        said = {
            "code": self.sub_code or self.code,
            "message": self.sub_msg or self.msg,
            "hint": self.hint(lang),
        }
        return super().as_dict(lang) | said


class SignatureError(AlipayError):
    """`reason`: unsigned, wrong-key, tampered, sha1, app-key or ambiguous (the node stands there twice)."""

    code = "signature"


class TransportError(AlipayError):
    """`reason`: timeout, connection, http-status, not-json, too-large, charset or unexpected."""

    code = "transport"


class IdentityError(AlipayError):
    """`reason`: no-id (the answer names nobody) or other-person (two answers name different people)."""

    code = "identity"


class RequestError(AlipayError):
    """`reason`: json, auth-code, state, refused, origin or no-web-app."""

    code = "bad-request"


class SessionEnded(AlipayError):
    """There is no live session behind the session token: log in again."""

    code = "session-ended"


class KeyFormatError(AlipayError):
    """A key's text is not the key that belongs there; the message says what it is. It never quotes the key."""

    code = "key-format"


def whole_text(value: object) -> str:
    """A value of an answer as text that every page, log and database takes: no NUL, no half character; None is ""."""
    text = "" if value is None else str(value).replace("\0", "")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def gateway_error(
    node: Mapping[str, object], sent: Mapping[str, str], ours: str, *, verified: bool
) -> GatewayError:
    """The error that an answer's node carries, cleared of secrets. `ours`: the string to sign of the request."""
    code, msg, sub_code, sub_msg = map(
        whole_text, map(node.get, ("code", "msg", "sub_code", "sub_msg"))
    )
    theirs = _GATEWAY_STRING.fullmatch(sub_msg)
    if theirs:
        sub_msg = theirs[1] + "***"
    for name, value in sent.items():
        if name not in _OPEN_PARAMETERS and len(value) > 3:
            for secret in (value, quote_plus(value)):
                msg, sub_code, sub_msg = (
                    text.replace(secret, "***") for text in (msg, sub_code, sub_msg)
                )
    error = GatewayError(code, msg, sub_code, sub_msg, verified=verified)
    if theirs:
        error.comparison = _compare(html.unescape(theirs[2]), ours, sent)
    return error


def _compare(theirs: str, ours: str, sent: Mapping[str, str]) -> dict[str, str]:
    """The first parameter in which the gateway's string to sign differs from ours; secrets are named, not shown."""
    if theirs == ours:
        return {
            "zh": "网关的待签名字符串与我们的相同，所以是密钥不成对：请把这个私钥对应的应用公钥上传到这个 app_id。",
            "en": "The gateway's string is the same as ours, so the keys are no pair: upload the public key "
            "of this private key to this app_id.",
        }
    pairs = zip([*theirs.split("&"), ""], [*ours.split("&"), ""], strict=False)
    gateway, own = next(((a, b) for a, b in pairs if a != b), ("", ""))
    gateway, own = (_masked_pair(text, sent) for text in (gateway, own))
    return {
        "zh": f"待签名字符串第一处不同：网关 {gateway}，我们 {own}",
        "en": f"The strings to sign first differ here: gateway {gateway}, ours {own}",
    }


def _masked_pair(pair: str, sent: Mapping[str, str]) -> str:
    name, _, value = pair.partition("=")
    if name in _OPEN_PARAMETERS:
        return pair
    return f"{name}=***({len(value)})" if name in sent else "***" if pair else "∅"
