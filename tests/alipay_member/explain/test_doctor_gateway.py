"""The doctor on the way to the gateway: name, connection, TLS, and who answers there."""

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

import hostile
from alipay_member import AlipayClient
from alipay_member.explain import doctor
from alipay_member.explain.doctor import examine, examine_keys
from alipay_member.transport import new_session
from helpers import needs
from patients import LANGUAGES, said, wrong
from wire import Canned, answer, client_of, client_options, encoded, http, token_answer

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
        assert word in said(findings, key, lang)


def test_a_proxy_that_leads_nowhere_is_named_without_its_password(monkeypatch, no_proxy):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:pass-word@127.0.0.1:9")
    findings = examine(client_at(ADDRESS))
    assert wrong(findings) == [("gateway", "gateway:proxy")]
    text = said(findings, "gateway:proxy", "en")
    assert "proxy 127.0.0.1" in text
    assert "pass-word" not in text


def test_a_certificate_that_nobody_vouches_for_is_named(gateway_that, tmp_path):
    pem = hostile.certificate(tmp_path)
    server = gateway_that(http(REFUSED), greet=hostile.tls(pem))
    findings = examine(client_at(f"https://127.0.0.1:{server.port}/gateway.do"))
    assert wrong(findings) == [("gateway", "gateway:untrusted")]
    assert "self-signed" in said(findings, "gateway:untrusted", "en")
    assert server.requests == []


@pytest.mark.parametrize("name", ["missing.pem", "empty.pem"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_authorities_that_cannot_be_read_are_named(no_proxy, monkeypatch, tmp_path, name, lang):
    (tmp_path / "empty.pem").touch()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / name))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # it is not the proxy's fault
    findings = examine(client_at(ADDRESS))
    assert wrong(findings) == [("gateway", "gateway:authorities")]
    assert str(tmp_path / name) in said(findings, "gateway:authorities", lang)
    assert "REQUESTS_CA_BUNDLE" in said(findings, "gateway:authorities", lang)


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
    assert "TLS" in said(findings, "gateway:tls", "zh")


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
def test_a_date_that_is_none_leaves_the_clock_unknown(gateway_that, date):
    findings = examine(client_of(gateway_that(dated(date))))
    assert wrong(findings) == []
    assert said(findings, "clock:unknown", "en").startswith("The clock can't be compared")


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
    assert "1024" in said(findings, "key:alipays-short", lang)
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
