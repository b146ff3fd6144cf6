"""The doctor, against the emulated Alipay: what can be wrong, and the one line that names it."""

import re
import time

import pytest

from alipay_member.explain.doctor import examine
from helpers import needs_emulator
from patients import LANGUAGES, patient, said, unknown, wrong
from wire import key

pytestmark = needs_emulator


def test_everything_right_is_proven_by_one_call(emulator):
    calls = []
    findings = examine(patient(emulator, observer=calls.append))
    assert [each.key for each in findings] == [
        *("key:pair", "gateway:here", "clock:right", "app:proven", "alipay-key:proven")
    ]
    assert [each.mark for each in findings] == ["✓"] * 5
    assert calls == []  # the app's observer hears nothing of it


# ── cause → the one line that names it, and words of it in both languages ──


def of_a_stranger(emulator):
    return patient(emulator, app_private_key=key("stranger"))


def of_the_web_app(emulator):
    return patient(emulator, app_private_key=emulator.accounts.app_keys["demo-web"])


def of_another_environment(emulator):
    return patient(emulator, alipay_public_key=key("another Alipay").public_key())


def of_nobody(emulator):
    return patient(emulator, app_id="demo-nobody")


def fast_by_20_minutes(emulator):
    return patient(emulator, clock=lambda: time.time() + 1200)


def slow_by_20_minutes(emulator):
    return patient(emulator, clock=lambda: time.time() - 1200)


def with_a_wrong_merchants_token(emulator):
    return patient(emulator, app_auth_token="202501BBwrong", merchant_app_id="demo-merchant")


def at_a_closed_port(emulator):
    return patient(emulator, gateway_url="http://127.0.0.1:9/gateway.do")


def at_another_path(emulator):
    return patient(emulator, gateway_url=f"{emulator.url}/gateway")


def over_tls_at_a_plain_port(emulator):
    return patient(
        emulator, gateway_url=f"{emulator.url}/gateway.do".replace("http://", "https://")
    )


def without_the_apps_key(emulator):
    client = patient(emulator)
    emulator.accounts.app_keys["demo-mini"] = None
    return client


def answered_with(fault):
    """A cause: the gateway, or somebody on the way, answers with one of the emulator's faults."""

    def cause(emulator):
        emulator.faults.set(fault)
        return patient(emulator, timeout=(1, 1))

    cause.__name__ = fault
    return cause


CAUSES = [
    (of_a_stranger, ("app", "app:signature"), ("应用公钥应当以", "应用公钥 must end in")),
    (of_the_web_app, ("app", "app:signature"), ("isv.invalid-signature", "upload it again")),
    (
        of_another_environment,
        ("alipay-key", "alipay-key:wrong"),
        ("重新复制支付宝公钥", "Copy 支付宝公钥 again"),
    ),
    (of_nobody, ("app", "app:refused"), ("网关不认识这个 app_id", "does not know this app_id")),
    (fast_by_20_minutes, ("clock", "clock:fast"), ("快 20 分钟", "20 minutes ahead")),
    (slow_by_20_minutes, ("clock", "clock:slow"), ("慢 20 分钟", "20 minutes behind")),
    (
        with_a_wrong_merchants_token,
        ("merchant", "merchant:refused"),
        ("请商家重新授权", "Ask the merchant to authorise again"),
    ),
    (
        without_the_apps_key,
        ("app", "app:refused"),
        ("isv.missing-signature-config", "isv.missing-signature-config"),
    ),
    (
        answered_with("app-key"),
        ("alipay-key", "alipay-key:wrong"),
        ("填的是应用公钥", "You pasted 应用公钥"),
    ),
    (answered_with("tampered"), ("alipay-key", "alipay-key:wrong"), ("被改动", "was changed")),
    (answered_with("sha1"), ("alipay-key", "alipay-key:wrong"), ("RSA2", "RSA2")),
    (answered_with("node-twice-first"), ("app", "app:odd"), ("不止一个", "more than one")),
    (answered_with("html"), ("gateway", "gateway:other"), ("不是 JSON", "is not JSON")),
    (answered_with("http-500"), ("gateway", "gateway:other"), ("不是 200", "is not 200")),
    (answered_with("truncated"), ("gateway", "gateway:other"), ("只到了一部分", "Only part of")),
    (answered_with("slow"), ("gateway", "gateway:mute"), ("没有应答", "gives no answer")),
    (answered_with("disconnect"), ("gateway", "gateway:mute"), ("没有应答", "gives no answer")),
    (answered_with("gbk-20000"), ("app", "app:refused"), ("繁忙", "busy")),
    (
        answered_with("isv.app-call-limited"),
        ("app", "app:refused"),
        ("isv.app-call-limited", "isv.app-call-limited"),
    ),
    (at_a_closed_port, ("gateway", "gateway:closed"), ("127.0.0.1:9 拒绝", "127.0.0.1:9 refuses")),
    (at_another_path, ("gateway", "gateway:other"), ("不像支付宝网关", "not as Alipay's gateway")),
    (over_tls_at_a_plain_port, ("gateway", "gateway:no-tls"), ("不说 TLS", "does not speak TLS")),
]


@pytest.mark.parametrize(
    ("cause", "line", "words"), CAUSES, ids=lambda each: getattr(each, "__name__", "")
)
def test_what_is_wrong_is_named_by_one_line(emulator, cause, line, words):
    findings = examine(cause(emulator))
    assert wrong(findings) == [line]
    for lang, word in zip(LANGUAGES, words, strict=True):
        assert word in said(findings, line[1], lang)


# ── what stays unproven, and what is never said ──


def test_an_unsigned_answer_leaves_alipays_key_unproven_and_says_so(emulator):
    emulator.faults.set("unsigned:isv.code-invalid")
    findings = examine(patient(emulator))
    assert wrong(findings) == []
    assert unknown(findings) == [("alipay-key", "alipay-key:unsigned")]
    assert "没有签名" in said(findings, "alipay-key:unsigned", "zh")
    assert "is not signed" in said(findings, "alipay-key:unsigned", "en")


def test_without_an_answer_the_rest_is_unproven_not_wrong(emulator):
    findings = examine(patient(emulator, gateway_url="http://127.0.0.1:9/gateway.do"))
    assert unknown(findings) == [
        ("clock", "clock:unknown"),
        ("app", "app:unasked"),
        ("alipay-key", "alipay-key:unasked"),
    ]


def test_a_merchants_token_is_not_proven_by_a_made_up_code(emulator):
    token = emulator.accounts.merchant_token
    findings = examine(patient(emulator, app_auth_token=token, merchant_app_id="demo-merchant"))
    assert wrong(findings) == []
    assert unknown(findings) == [("merchant", "merchant:unproven")]
    assert token not in said(findings, "merchant:unproven", "en")


def test_each_made_up_code_is_another_one(emulator, monkeypatch):
    codes = []
    exchange = type(emulator.accounts).exchange
    monkeypatch.setattr(
        type(emulator.accounts),
        "exchange",
        lambda self, app_id, code: codes.append(code) or exchange(self, app_id, code),
    )
    examine(patient(emulator))
    examine(patient(emulator))
    assert len(set(codes)) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", code) for code in codes)


def test_no_fault_stops_the_doctor_or_makes_it_tell_a_secret(emulator):
    from emulator.faults import FAULTS, OTHER_SN

    token = emulator.accounts.merchant_token
    seen = []
    client = patient(emulator, app_auth_token=token, timeout=(1, 1))
    for fault in FAULTS:
        emulator.faults.set(fault)
        for finding in examine(client):
            seen += [finding.message(lang) + finding.remedy(lang) for lang in LANGUAGES]
    text = "\n".join(seen)
    assert token not in text
    assert not re.search("[0-9a-f]{32}", text.replace(OTHER_SN, ""))  # a made-up code
    assert not re.search(r"[A-Za-z0-9+/]{60}", text)  # a key or a signature
    assert "{" not in text
