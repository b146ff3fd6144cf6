"""The doctor: what can be wrong with keys, certificates and the way, and the line that names it."""

import json
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

import console
import hostile
from alipay_member import AlipayClient
from alipay_member.certificates import Certificates, serial_number
from alipay_member.explain import doctor
from alipay_member.explain.doctor import examine, examine_keys
from alipay_member.transport import new_session
from helpers import needs, needs_emulator
from wire import Canned, answer, client_of, client_options, encoded, http, key, token_answer

pytestmark = needs_emulator
LANGUAGES = ("zh", "en")


def patient(emulator, **changes):
    """A client of the emulator's demo-mini, right but for the changes."""
    right = {
        "app_id": "demo-mini",
        "app_private_key": emulator.accounts.app_keys["demo-mini"],
        "alipay_public_key": emulator.accounts.alipay_key.public_key(),
        "gateway_url": f"{emulator.url}/gateway.do",
    }
    return AlipayClient(**right | changes)


def certified(emulator, **changes):
    """The same in 公钥证书 mode, with the console's files but for the changes."""
    emulator.accounts.certify("demo-mini", True)
    console = emulator.accounts.certified["demo-mini"]
    files = {"app": console.app, "alipay": console.alipay, "root": console.root}
    certificates = Certificates.load(**files | changes)
    return patient(emulator, alipay_public_key=None, certificates=certificates)


def wrong(findings):
    """What the doctor says is wrong: [(check, key of the words)]."""
    return [(each.check, each.key) for each in findings if each.ok is False]


def unknown(findings):
    """What it says can't be known now."""
    return [(each.check, each.key) for each in findings if each.ok is None]


def message_of(findings, key, lang):
    """Message and remedy of the one finding with these words."""
    (found,) = [each for each in findings if each.key == key]
    return f"{found.message(lang)}\n{found.remedy(lang)}"


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
        assert word in message_of(findings, line[1], lang)


# ── what stays unproven, and what no message shows ──


def test_an_unsigned_answer_leaves_alipays_key_unproven_and_says_so(emulator):
    emulator.faults.set("unsigned:isv.code-invalid")
    findings = examine(patient(emulator))
    assert wrong(findings) == []
    assert unknown(findings) == [("alipay-key", "alipay-key:unsigned")]
    assert "没有签名" in message_of(findings, "alipay-key:unsigned", "zh")
    assert "is not signed" in message_of(findings, "alipay-key:unsigned", "en")


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
    assert token not in message_of(findings, "merchant:unproven", "en")


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


def test_a_missing_app_id_of_the_merchant_is_named(gateway_that):
    node = encoded({"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.code-invalid"})
    gateway = gateway_that(http(answer(node, "error_response")))
    isv = {"app_auth_token": "202501BB0"}
    findings = examine(client_of(gateway, **isv))
    assert ("merchant", "merchant:no-id") in wrong(findings)
    for lang in LANGUAGES:
        assert "ALIPAY_MERCHANT_APP_ID" in message_of(findings, "merchant:no-id", lang)
    assert not wrong(examine(client_of(gateway, **isv, merchant_app_id="demo-merchant")))


def test_everything_right_in_certificate_mode(emulator):
    findings = examine(certified(emulator))
    assert wrong(findings) == unknown(findings) == []
    assert [each.key for each in findings[:4]] == [
        *("key:with-certificates", "certificate:app", "certificate:alipay", "certificate:root")
    ]
    assert "-demo-mini" in message_of(findings, "certificate:app", "en")
    assert "支付宝" in message_of(findings, "certificate:alipay", "en")


def test_a_certificate_that_the_gateway_does_not_know_is_named(emulator):
    client = certified(emulator)
    emulator.accounts.certify("demo-mini", False)
    emulator.accounts.certify("demo-mini", True)  # a new certificate for the same key
    findings = examine(client)
    assert wrong(findings) == [("app", "app:refused")]
    assert "isv.app-cert-not-exist" in message_of(findings, "app:refused", "en")


def test_a_key_without_certificates_is_named_where_the_console_has_them(emulator):
    emulator.accounts.certify("demo-mini", True)
    findings = examine(patient(emulator))
    assert wrong(findings) == [("app", "app:refused")]
    assert "isv.app-cert-not-exist" in message_of(findings, "app:refused", "zh")


def test_another_root_file_is_named(emulator):
    findings = examine(certified(emulator, root=console.root_file("RSA")))
    assert wrong(findings) == [("app", "app:refused")]
    assert "isv.invalid-alipay-root-cert-sn" in message_of(findings, "app:refused", "en")


def test_another_certificate_of_alipays_is_named_with_both_serial_numbers(emulator):
    client = certified(emulator)
    emulator.faults.set("other-cert")
    findings = examine(client)
    assert wrong(findings) == [("alipay-key", "alipay-key:wrong")]
    for lang in LANGUAGES:
        text = message_of(findings, "alipay-key:wrong", lang)
        assert serial_number(client.certificates.alipay) in text
        assert "alipayCertPublicKey_RSA2.crt" in text


@pytest.mark.parametrize("slot", ["app", "alipay"])
@pytest.mark.parametrize(
    ("days", "ending", "remedy"),
    [((-30, -1), "ended", "CertPublicKey_"), ((1, 30), "early", "")],
)
def test_a_certificate_that_does_not_hold_now_is_named(emulator, slot, days, ending, remedy):
    key_of = {"app": patient(emulator).app_public_key, "alipay": key("alipay").public_key()}
    names = {"app": f"{console.PARTNER}-demo-mini", "alipay": console.ALIPAY}
    files = {each: console.certificate(names[each], key_of[each]) for each in names}
    files[slot] = console.certificate(names[slot], key_of[slot], days=days)
    with pytest.warns(UserWarning, match="ended on|begins on"):
        loaded = Certificates.load(**files, root=console.root_file())
    findings = examine_keys(patient(emulator, alipay_public_key=None, certificates=loaded))
    assert wrong(findings) == [("certificate", f"certificate:{slot}-{ending}")]
    for lang in LANGUAGES:
        text = message_of(findings, f"certificate:{slot}-{ending}", lang)
        assert re.search(r"20\d\d-\d\d-\d\d", text)
        assert names[slot] in text
        assert remedy in text


INVALID = {
    "code": "40002",
    "msg": "Invalid Arguments",
    "sub_code": "isv.code-invalid",
    "sub_msg": "授权码code无效",
}
REFUSED = answer(encoded(INVALID), "error_response")
ADDRESS = "https://openapi.alipay.com/gateway.do"


def client_at(url, **options):
    return AlipayClient(**client_options() | {"gateway_url": url, "timeout": (1, 1)} | options)


def dated(date):
    return http(REFUSED, headers=f"Date: {date}\r\n")


@pytest.fixture
def no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def names_lead_nowhere(monkeypatch):
    def look_up(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


def nobody_reacts(monkeypatch):
    def look_up(host, port, *_, **__):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", port))]

    def connect(*_, **__):
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.mark.parametrize(
    ("broken", "key", "words"),
    [
        (
            names_lead_nowhere,
            "gateway:name",
            ("查不到域名 openapi", "host name openapi.alipay.com is not"),
        ),
        (nobody_reacts, "gateway:silent", ("没有回音", "does not react")),
    ],
)
def test_where_the_way_breaks_is_named(monkeypatch, no_proxy, broken, key, words):
    broken(monkeypatch)
    findings = examine(client_at(ADDRESS))
    assert wrong(findings) == [("gateway", key)]
    for lang, word in zip(LANGUAGES, words, strict=True):
        assert word in message_of(findings, key, lang)


def test_a_proxy_that_leads_nowhere_is_named_without_its_password(monkeypatch, no_proxy):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:pass-word@127.0.0.1:9")
    findings = examine(client_at(ADDRESS))
    assert wrong(findings) == [("gateway", "gateway:proxy")]
    text = message_of(findings, "gateway:proxy", "en")
    assert "proxy 127.0.0.1" in text
    assert "pass-word" not in text


def test_a_certificate_that_nobody_vouches_for_is_named(gateway_that, tmp_path):
    pem = hostile.certificate(tmp_path)
    server = gateway_that(http(REFUSED), greet=hostile.tls(pem))
    findings = examine(client_at(f"https://127.0.0.1:{server.port}/gateway.do"))
    assert wrong(findings) == [("gateway", "gateway:untrusted")]
    assert "self-signed" in message_of(findings, "gateway:untrusted", "en")
    assert server.requests == []


@pytest.mark.parametrize("name", ["missing.pem", "empty.pem"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_authorities_that_cannot_be_read_are_named(no_proxy, monkeypatch, tmp_path, name, lang):
    (tmp_path / "empty.pem").touch()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / name))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # it is not the proxy's fault
    findings = examine(client_at(ADDRESS))
    assert wrong(findings) == [("gateway", "gateway:authorities")]
    assert str(tmp_path / name) in message_of(findings, "gateway:authorities", lang)
    assert "REQUESTS_CA_BUNDLE" in message_of(findings, "gateway:authorities", lang)


@needs("openssl")
def test_a_folder_of_authorities_is_read_as_requests_reads_it(gateway_that, tmp_path):
    pem = hostile.certificate(tmp_path)
    folder = tmp_path / "authorities"
    folder.mkdir()
    server = gateway_that(http(REFUSED), greet=hostile.tls(pem))

    def shake_hands():
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            return doctor._shake_hands(connection, "127.0.0.1", str(folder))

    assert doctor._are_usable(str(folder))
    assert shake_hands() == ("untrusted", "self-signed certificate")
    shutil.copy(pem, folder)
    subprocess.run(["openssl", "rehash", folder], check=True)
    assert shake_hands() == ("mute", "")  # nothing is amiss with TLS


def test_over_tls_all_is_right(gateway_that, tmp_path):
    pem = hostile.certificate(tmp_path)
    url = f"https://127.0.0.1:{gateway_that(http(REFUSED), greet=hostile.tls(pem)).port}/gateway.do"
    session = new_session(url)
    session.verify = str(pem)
    findings = examine(client_at(url, session=session))
    assert wrong(findings) == []
    assert "TLS" in message_of(findings, "gateway:tls", "zh")


def test_http_where_https_is_spoken_is_no_answer(gateway_that, tmp_path):
    pem = hostile.certificate(tmp_path)
    server = gateway_that(http(REFUSED), greet=hostile.tls(pem))
    assert wrong(examine(client_of(server, timeout=(1, 1)))) == [("gateway", "gateway:mute")]


def test_an_address_without_tls_elsewhere_is_wrong_even_if_it_answers():
    session, canned = requests.Session(), Canned()
    session.mount("http://", canned)
    canned.body = REFUSED
    findings = examine(client_at("http://gateway.example/gateway.do", session=session))
    assert wrong(findings) == [("gateway", "gateway:plain")]


@pytest.mark.parametrize(
    "body", [b"<!doctype html>", b'{"ok":true}', b"", b"[]", b'{"error_response":{}}']
)
def test_another_server_is_named(gateway_that, body):
    assert wrong(examine(client_of(gateway_that(http(body))))) == [("gateway", "gateway:other")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_a_gateway_says_moves_no_terminal(gateway_that, lang):
    text = INVALID | {"sub_code": "isv.x", "sub_msg": "a\x1b[31mb\r\nc\x85d\u202ee"}
    body = answer(encoded(text), "error_response")
    (found,) = [each for each in examine(client_of(gateway_that(http(body)))) if each.ok is False]
    assert "a [31mb c d e" in found.message(lang)
    assert found.message(lang).isprintable()


def test_a_gateway_that_believes_anything_is_not_alipays(gateway_that):
    findings = examine(client_of(gateway_that(http(token_answer()))))
    assert wrong(findings) == [("app", "app:believed")]


@pytest.mark.parametrize(
    "date",
    ["", "yesterday", "Tue, 99 Nov 2026 22:00:00 GMT", "Tue, 24 Nov 99999 00:00:00 GMT", "\x80"],
)
def test_an_invalid_date_leaves_the_clock_unknown(gateway_that, date):
    findings = examine(client_of(gateway_that(dated(date))))
    assert wrong(findings) == []
    assert message_of(findings, "clock:unknown", "en").startswith("The clock can't be compared")


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", "+0800"])
def test_the_clock_is_compared_in_any_zone(gateway_that, monkeypatch, zone):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    hour = 23 if zone == "+0800" else 15
    server = gateway_that(dated(f"Fri, 20 Nov 2026 {hour}:00:00 {zone}"))
    right = 1795186800.0  # 15:00 UTC
    assert wrong(examine(client_of(server, clock=lambda: right + 299))) == []
    assert wrong(examine(client_of(server, clock=lambda: right - 301))) == [("clock", "clock:slow")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_short_key_of_alipays_is_named(lang):
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    findings = examine_keys(client_at(ADDRESS, alipay_public_key=short.public_key()))
    assert wrong(findings) == [("key", "key:alipays-short")]
    assert "1024" in message_of(findings, "key:alipays-short", lang)
    findings = examine_keys(client_at(ADDRESS, app_private_key=short))
    assert wrong(findings) == [("key", "key:short")]


def test_all_words_are_in_both_languages_with_the_same_values():
    texts = json.loads(Path(doctor.__file__).with_name("doctor.json").read_text("utf-8"))
    for row in texts.values():
        assert sorted(row) == ["en", "zh"]
        (message_zh, remedy_zh), (message, remedy) = row["zh"], row["en"]
        assert message_zh
        assert message
        assert bool(remedy_zh) == bool(remedy)
        values = [set(re.findall(r"{(\w+)}", text)) for text in (message_zh, message)]
        assert values[0] == values[1]
