"""The emulator's own page: whom it answers, what it says, and the terminal beside it."""

import ast
import base64
import json
import logging
import re
import socket

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from helpers import ROOT, needs_emulator
from plain_client import SHARE

pytestmark = needs_emulator


@pytest.fixture
def emulator(emulator_with_page):
    return emulator_with_page


# ── who may look ──


@pytest.mark.parametrize("path", ["/", "/emulator/calls"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "xn--a"},  # which nobody can read
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},  # an image
        {"X-Forwarded-For": "1.2.3.4"},
        {"Via": "1.1 tunnel"},
    ],
)
def test_nobody_from_elsewhere_is_answered(emulator, path, headers):
    answer = requests.get(f"{emulator.url}{path}", headers=headers, timeout=5)
    assert answer.status_code == 403
    assert "PRIVATE" not in answer.text
    assert "MII" not in answer.text


def test_a_form_of_another_page_can_not_send_again_or_forget(plain, emulator, told):
    requests.get(plain.gateway, timeout=5)
    url = f"{emulator.url}/emulator/calls"
    assert requests.post(f"{url}/1/again", data={"a": "b"}, timeout=5).status_code == 415
    foreign = {"Origin": "http://evil.example"}
    assert requests.delete(url, headers=foreign, timeout=5).status_code == 403
    assert len(told()["calls"]) == 1


def test_the_page_has_its_policy_and_the_authorise_page_keeps_its_own(emulator):
    page = requests.get(f"{emulator.url}/", timeout=5)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-store"
    other = requests.get(f"{emulator.url}/oauth2/publicAppAuthorize.htm", timeout=5)
    assert "default-src 'none'" in other.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("asked", "lang"), [("zh-CN", "zh"), ("en-GB", "en"), ("fr", "zh"), ("", "zh")]
)
def test_the_page_speaks_the_browser_s_language(emulator, asked, lang):
    page = requests.get(f"{emulator.url}/", headers={"Accept-Language": asked}, timeout=5)
    assert f'<html lang="{lang}"' in page.text
    chosen = requests.get(f"{emulator.url}/?lang=en", headers={"Accept-Language": asked}, timeout=5)
    assert '<html lang="en"' in chosen.text


def test_a_method_that_is_no_word_is_text_for_the_page(plain, told):
    """The page draws text, never HTML; and JSON in the page can't end its element."""
    method = "</template><script>alert(1)</script>"
    requests.get(plain.gateway, params={"method": method, "app_id": "demo-mini"}, timeout=5)
    assert told()["calls"][0]["title"] == method


# ── the terminal ──


def test_each_call_is_one_line_and_a_wrong_signature_has_its_cause(plain, lines):
    plain.token()
    sent = plain.signed(SHARE, auth_token="x", sign_type="RSA2")
    text = "&".join(
        f"{name}={sent[name]}" for name in sorted(sent) if name not in ("sign", "sign_type")
    )
    wrong = plain.signed(SHARE, auth_token="x") | {"sign": signature(plain, text)}
    requests.get(plain.gateway, params=wrong, timeout=5)
    plain.switch("PUT", "fault", name="tampered", times=1)
    plain.call(SHARE, auth_token="x")
    assert lines() == [
        "alipay.system.oauth.token from demo-mini: answered",
        "alipay.user.info.share from demo-mini: refused, isv.invalid-signature: sign does not "
        "verify with the app's public key; sign_type was not signed. In a request only sign stays "
        "out of the string; sign_type stays in",
        "alipay.user.info.share from demo-mini: refused, aop.invalid-auth-token: auth_token is "
        "unknown, refreshed or revoked; answered with the fault tampered, which is switched on",
    ]


def signature(plain, text):
    made = plain.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(made).decode()


def test_no_line_has_a_secret_or_more_than_one_line(plain, lines):
    """A secret as a parameter's name, its value, or the content type; what is signed differs."""
    secret = "authusrB0123456789abcdef"
    awkward = f"{secret}\r\nanother line"
    for name in (secret, awkward):
        wrong = plain.signed(SHARE, auth_token=secret)
        requests.get(plain.gateway, params=wrong | {name: ""}, timeout=5)
        text = string_with_empty(wrong, name)
        sent = wrong | {name: "", "sign": signature(plain, text)}
        requests.get(plain.gateway, params=sent, timeout=5)
        left_out = wrong | {name: "a", "timestamp": "2025-10-15 13:19:21"}
        requests.get(plain.gateway, params=left_out, timeout=5)
        headers = {"Content-Type": f"text/{secret}"}
        query = {known: wrong[known] for known in wrong if known != "auth_token"}
        body = f"auth_token={secret}"
        requests.post(plain.gateway, params=query, data=body, headers=headers, timeout=5)
    said = lines()
    assert len(said) == 8
    assert any("Empty values were signed: ..." in line for line in said)
    assert any("... was sent, but not signed" in line for line in said)
    assert any("Content-Type is ..." in line for line in said)
    for line in said:
        assert secret not in line
        assert re.fullmatch(r"[ -~]{1,500}", line)


def string_with_empty(parameters, name):
    signed = {known: value for known, value in parameters.items() if known != "sign"} | {name: ""}
    return "&".join(f"{known}={signed[known]}" for known in sorted(signed))


def test_it_does_not_listen_before_its_settings_are_written(tmp_path, monkeypatch):
    """Whoever sees the port open finds the file complete."""
    from emulator import __main__ as command

    seen = []
    write = command.write_settings

    def watch(path, values):
        address = re.search(r":(\d+)/", values["ALIPAY_GATEWAY_URL"])
        with socket.socket() as probe:
            seen.append(probe.connect_ex(("127.0.0.1", int(address[1]))))
        write(path, values)

    monkeypatch.setattr(command, "write_settings", watch)
    monkeypatch.setattr(command.time, "sleep", raise_interrupt)
    monkeypatch.setattr("sys.argv", ["emulator", "--port", "0", "--env-file", str(tmp_path / "a")])
    log = logging.getLogger("emulator")
    handlers = list(log.handlers)
    command.main()
    log.handlers[:] = handlers
    assert len(seen) == 1
    assert seen[0] != 0


def raise_interrupt(_seconds):
    raise KeyboardInterrupt


# ── the words ──


def reasons():
    """What Refused() is given as its reason in the emulator's source."""
    for name in ("gateway", "accounts"):
        tree = ast.parse((ROOT / f"emulator/{name}.py").read_text("utf-8"))
        texts = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "reason":
                texts.setdefault("reason", []).append(node.value)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Refused":
                given = node.args[1]
                yield from texts["reason"] if isinstance(given, ast.Name) else [given]


def as_pattern(node):
    if isinstance(node, ast.Constant):
        return node.value
    parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
    return "".join(parts)


def test_each_reason_for_a_refusal_is_translated():
    from emulator.inspector.told import WORDS

    found = {as_pattern(node) for node in reasons()}
    assert found == set(WORDS["reasons"])
    for english, chinese in WORDS["reasons"].items():
        assert english.count("{}") == chinese.count("{}")
        assert re.search("[一-鿿]", chinese)


def test_a_reason_with_something_put_in_is_told_in_chinese():
    from emulator.accounts import Refused
    from emulator.inspector.told import reason

    told = reason(Refused("isv.code-invalid", "the code was given to demo-web"))
    assert told["zh"] == "授权码是给 demo-web 的"


def test_each_mistake_and_finding_has_its_sentence():
    """The keys in the source are the keys of words.json, all of them."""
    from emulator.inspector.told import WORDS

    used = set()
    for name in ("mistakes", "diagnosis"):
        source = (ROOT / f"emulator/inspector/{name}.py").read_text("utf-8")
        used |= set(re.findall(r'(?:Mistake|Finding)\(\s*"([a-z0-9-]+)"', source))
        used |= set(re.findall(r'"((?:sign|charset|other)-[a-z0-9-]+)"', source))
    assert used - set(WORDS["findings"]) == set()
    assert set(WORDS["findings"]) - used == set()


# ── the settings ──


def test_settings_are_those_of_the_env_file(emulator):
    page = requests.get(f"{emulator.url}/", timeout=5).text
    told = json.loads(re.search(r'<template id="settings">(.*?)</template>', page, re.DOTALL)[1])
    values = emulator.settings()
    mini = told["settings"]["demo-mini"]
    assert mini["gateway"] == values["ALIPAY_GATEWAY_URL"]
    assert mini["app_id"] == values["ALIPAY_APP_ID"]
    assert mini["pkcs8"] == values["ALIPAY_APP_PRIVATE_KEY"]
    assert mini["alipay"] == values["ALIPAY_PUBLIC_KEY"]
    assert told["settings"]["demo-web"]["pkcs8"] == values["ALIPAY_WEB_APP_PRIVATE_KEY"]
    assert [row["name"] for row in told["snippets"]] == ["Java", "Node", "PHP", "Go", "Python"]
    for row in told["snippets"]:
        assert len(row["lines"]) == 4
        text = "\n".join(row["lines"])
        assert {"gateway", "app_id", "alipay"} <= set(re.findall(r"\{(\w+)\}", text))
        assert re.search(r"\{pkcs[18]\}", text)


def test_pkcs1_is_the_same_key_in_the_older_form(emulator):
    page = requests.get(f"{emulator.url}/", timeout=5).text
    told = json.loads(re.search(r'<template id="settings">(.*?)</template>', page, re.DOTALL)[1])
    text = told["settings"]["demo-mini"]["pkcs1"]
    pem = f"-----BEGIN RSA PRIVATE KEY-----\n{text}\n-----END RSA PRIVATE KEY-----\n"
    key = load_pem_private_key(pem.encode(), None)
    assert key.private_numbers() == emulator.accounts.app_keys["demo-mini"].private_numbers()
    assert base64.b64decode(text)[:2] == b"\x30\x82"
