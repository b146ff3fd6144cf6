# SPDX-License-Identifier: MIT-0
"""What each error, field and value means and what to do about it, in Chinese and English.

Three tables hold the sentences, each fact once:

    gateway_errors.json   what Alipay's gateway answers: as sent, cause, remedy
    explanations.json     this library's own errors, by key: cause, remedy
    fields.json           the member's fields: label, source, use, meaning of values, why empty

Alipay's page: 公共错误码 (common error codes), https://opendocs.alipay.com/common/02km9f
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import AlipayError, Call, GatewayError, SignatureError

METHOD_NAMES = {
    "alipay.system.oauth.token": "换取授权访问令牌",
    "alipay.user.info.share": "支付宝会员授权信息查询接口",
    "alipay.open.auth.token.app": "换取应用授权令牌",
}
QUESTION_LABELS = {
    "zh": ("使用环境", "接口名称", "请求参数", "报错信息"),
    "en": ("Environment", "API", "Request", "Error"),
}


@dataclass(frozen=True)
class Description:
    """An error as a person may be shown it.

    `key` is its name (isv.code-invalid, signature:tampered), `message` what happened, `hint` cause
    and remedy, `report` the question for Alipay's support; hint and report may be "".
    """

    key: str
    message: str
    hint: str
    report: str


def language(lang: str | None) -> str:
    """ "zh" for Chinese however it is named (zh-hans, zh_CN, zh-TW), else "en".

    Every `lang` here may be what Django's get_language() or an Accept-Language header says.
    """
    return "zh" if str(lang).lower().startswith("zh") else "en"


def describe(error: AlipayError, lang: str) -> Description:
    """What to tell a person about `error`, in the language `lang`: zh…, or else English."""
    lang = language(lang)
    known = explain(error.key, lang)
    message = error.message
    hint = ""
    if isinstance(error, GatewayError):
        if not known and error.code.isdecimal():  # no unsigned text is explained as an own error
            known = explain(error.code, lang)
        known = known or explain("unexplained", lang)
        message = error.sub_msg or error.msg  # the gateway's own words come first
        parts = [_sentences(known, lang), _difference(error, lang)]
        hint = "\n".join(part for part in parts if part)
    elif known:
        message, hint = known
    if isinstance(error, SignatureError) and error.serials:
        hint = f"{hint}\n{_other_certificate(error.serials, lang)}"
    return Description(error.key, message, hint, support_question(error, lang))


def support_question(error: AlipayError, lang: str) -> str:
    """The question that Alipay's support asks for, secrets masked; "" if nothing was sent.

    使用环境 + 接口名称中英文 + 请求参数 + 报错信息
    """
    lang = language(lang)
    if error.call is None:
        return ""
    parameters = sorted(error.call.parameters.items())
    values = (
        _environment(error.call, lang),
        f"{METHOD_NAMES.get(error.call.method, '')} {error.call.method}".strip(),
        "&".join(f"{name}={value}" for name, value in parameters),
        str(error),
    )
    lines = zip(QUESTION_LABELS[lang], values, strict=True)
    return "\n".join(f"{label}: {value}" for label, value in lines)


def explain(key: str, lang: str) -> list[str]:
    """[cause, remedy] of an error's key, Alipay's or ours; [] if nothing is known about the key."""
    row = _explanations().get(key)
    return list(row[language(lang)]) if row else []


def explain_value(field: str, value: str | None, lang: str) -> str:
    """What a field's value means (user_status "T": 已认证用户), or why it is empty; or ""."""
    row = next((row for row in fields() if row["name"] == field), {})
    meaning = row.get("values", {}).get(value, {}) if value else row.get("empty", {})
    return str(meaning.get(language(lang), ""))


@cache
def fields() -> list[dict[str, Any]]:
    """The member's fields, in the order in which they are shown (fields.json).

    Each row: name, zh, en (labels), source (token, profile or server), use {zh, en}; where there is
    something to say also values {value: {zh, en}} and empty {zh, en}: why it may be empty.
    """
    return list(_read("fields.json"))


@cache
def gateway_errors() -> list[dict[str, Any]]:
    """What Alipay's gateway answers when it refuses a call (gateway_errors.json).

    Each row: code, msg, sub_code, sub_msg as sent; english: sub_msg in English; source: the page it
    was looked up on; method: the only one that answers so; signed: "sometimes" or "never" (always,
    where it is missing); zh and en: [cause, remedy], or same_as: the sub_code or code whose row has
    them. A row without sub_code explains every other error of its code; one without code is a name
    that only old documents use.
    """
    return list(_read("gateway_errors.json"))


@cache
def _explanations() -> dict[str, Any]:
    """Every key that is explained, with its {zh: [cause, remedy], en: […]}."""
    explanations: dict[str, Any] = _read("explanations.json")
    rows = {row.get("sub_code") or row["code"]: row for row in gateway_errors()}
    for key, row in rows.items():
        explanations[key] = rows[row["same_as"]] if "same_as" in row else row
    return explanations


def _sentences(sentences: list[str], lang: str) -> str:
    return ("" if lang == "zh" else " ").join(sentences)


def _difference(error: GatewayError, lang: str) -> str:
    """Where the gateway's string to sign differs from ours, which tells what went wrong."""
    if error.difference is None:
        return ""
    theirs, ours = error.difference
    if theirs == ours:
        return {
            "zh": "网关的待签名字符串与我们的相同，所以是密钥不成对："
            "请把这个私钥对应的应用公钥上传到这个 app_id。",
            "en": "The gateway's string to sign is the same as ours, so the keys are not a pair: "
            "upload the public key of this private key to this app_id.",
        }[lang]
    return {
        "zh": f"待签名字符串第一处不同：网关 {theirs}，我们 {ours}",
        "en": f"The strings to sign first differ here: gateway {theirs}, ours {ours}",
    }[lang]


def _other_certificate(serials: tuple[str, str], lang: str) -> str:
    """Which certificates of Alipay's an answer and the settings name, and what that asks for."""
    theirs, ours = serials
    return {
        "zh": f"应答指名的支付宝公钥证书是 {theirs}，配置的是 {ours}："
        "请从控制台重新下载 alipayCertPublicKey_RSA2.crt。",
        "en": f"The answer names Alipay's certificate {theirs}, configured is {ours}: "
        "download alipayCertPublicKey_RSA2.crt again from the console.",
    }[lang]


def _environment(call: Call, lang: str) -> str:
    """使用环境, the first thing that Alipay's support asks for."""
    host = urlsplit(call.gateway_url).hostname or ""
    if host == "openapi.alipay.com":
        return {"zh": "正式环境", "en": "production"}[lang]
    if host.endswith(".alipaydev.com"):
        return {"zh": "沙箱环境", "en": "sandbox"}[lang]
    return {
        "zh": f"本机模拟器或其他网关（{host}）",
        "en": f"emulator or another gateway ({host})",
    }[lang]


def _read(name: str) -> Any:
    return json.loads(Path(__file__).with_name(name).read_text("utf-8"))
