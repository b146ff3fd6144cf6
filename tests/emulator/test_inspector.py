"""The emulator's own page: the calls it keeps, sending them again, whom it answers, the log."""

import ast
import base64
import http.client
import json
import re
import shlex
import subprocess
import threading
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from helpers import ROOT, needs_emulator
from plain_client import SHARE, TOKEN

pytestmark = needs_emulator


@pytest.fixture
def emulator(emulator_with_page):
    return emulator_with_page


@pytest.fixture
def again(emulator):
    """again(number) → the answer to sending this call once more."""

    def send(number):
        url = f"{emulator.url}/emulator/calls/{number}/again"
        return requests.post(url, json={}, timeout=10)

    return send


def test_the_page_knows_which_apps_are_in_certificate_mode(emulator):
    emulator.accounts.certify("demo-web", True)
    assert '"certified":["demo-web"]' in requests.get(f"{emulator.url}/", timeout=10).text


# ── the calls that are kept ──


def test_each_call_is_kept_with_its_outcome(plain, steps):
    token = plain.token()
    plain.share(token["access_token"])
    plain.call(SHARE, auth_token="x")
    calls = steps()["calls"]
    assert [(step["n"], step["title"], step["outcome"]) for step in calls] == [
        (1, TOKEN, "answered"),
        (2, SHARE, "answered"),
        (3, SHARE, "refused"),
    ]
    good, _, refused = calls
    assert good["point"]["verdict"] == "matches"
    assert good["causes"] is None
    assert good["verified"] is True
    node = json.loads(good["raw"]["signed"])
    assert node == token
    assert refused["error"] == {"code": "aop.invalid-auth-token"}
    assert set(refused["causes"][0]) == {"zh", "en"}
    assert [step["n"] for step in steps(since=2)["calls"]] == [3]


def test_the_request_is_kept_as_it_was_sent(plain, steps):
    sent = plain.signed(SHARE, auth_token="a b")
    query = {name: sent.pop(name) for name in ("app_id", "method", "charset")}
    headers = {"User-Agent": "some-sdk/1.0"}
    requests.post(plain.gateway, params=query, data=sent, headers=headers, timeout=5)
    (step,) = steps()["calls"]
    assert "some-sdk/1.0" in step["meaning"]["en"]
    first, *_, last = step["request"].splitlines()
    assert first == f"POST /gateway.do?app_id=demo-mini&method={SHARE}&charset=utf-8"
    assert "auth_token=a+b" in last
    assert step["parameters"] == query | sent
    assert step["notes"] == [step["notes"][0]]
    assert "Beijing" in step["notes"][0]["en"]


@pytest.mark.parametrize(
    ("parameters", "verdict", "code"),
    [
        ({}, "not-looked-at", "isv.missing-app-id"),
        ({"app_id": "2021000122671080"}, "not-looked-at", "isv.invalid-app-id"),
        ({"app_id": "demo-mini", "method": SHARE}, "not-looked-at", "isv.missing-signature"),
    ],
)
def test_an_incomplete_call_is_kept_too(plain, steps, parameters, verdict, code):
    requests.get(plain.gateway, params=parameters, timeout=5)
    (step,) = steps()["calls"]
    assert step["point"]["verdict"] == verdict
    assert step["error"] == {"code": code}
    assert bool(step["raw"]["signed"]) == ("demo-mini" in parameters.values())


def test_a_fault_that_is_switched_on_is_named(plain, steps):
    plain.switch("PUT", "fault", name="tampered", times=1)
    plain.call(SHARE, auth_token="x")
    plain.call(SHARE, auth_token="x")
    spoiled, mended = steps()["calls"]
    assert (spoiled["outcome"], spoiled["error"]) == ("spoiled", {"code": "tampered"})
    assert spoiled["verified"] is False
    assert "tampered" in spoiled["notes"][-1]["en"]
    assert (mended["outcome"], mended["verified"]) == ("refused", True)


def test_a_call_that_is_never_answered_is_kept(plain, steps):
    plain.switch("PUT", "fault", name="disconnect", times=1)
    with pytest.raises(requests.RequestException):
        plain.call(SHARE, auth_token="x")
    (step,) = steps()["calls"]
    assert step["raw"] == {"before": "", "signed": "", "after": ""}


def test_a_call_without_charset_in_the_query_gets_a_note(plain, steps):
    sent = plain.signed(SHARE, auth_token="x")
    requests.post(plain.gateway, data=sent, timeout=5)
    (step,) = steps()["calls"]
    assert "GBK" in step["notes"][0]["en"]


# ── limits ──


def test_the_newest_500_are_kept_and_numbers_go_on(plain, steps):
    from emulator.inspector import calls

    url = f"{plain.gateway}?x="
    with requests.Session() as session:
        for number in range(calls.MAX_CALLS + 3):
            session.get(f"{url}{number}", timeout=5)
    kept = steps()
    assert len(kept["calls"]) == 500
    assert kept["oldest"] == 4
    assert kept["calls"][-1]["n"] == 503
    answer = requests.delete(f"{plain.url}/emulator/calls", timeout=5)
    assert answer.status_code == 200
    assert steps()["calls"] == []
    session.get(url, timeout=5)
    assert [step["n"] for step in steps()["calls"]] == [504]


def test_a_huge_body_is_not_kept_and_not_sent_again(emulator, plain, steps, again):
    requests.post(f"{plain.gateway}?app_id=demo-mini", data={"a": "x" * 200_000}, timeout=5)
    (step,) = steps()["calls"]
    assert step["again"] is None
    assert step["curl"] is None
    assert len(step["request"]) <= 20_000
    assert again(1).status_code == 400
    calls = emulator._server.app.extensions["emulator"].calls
    assert len(calls.find(1).sent.body) == 100_000


def test_a_huge_answer_is_cut(plain, steps):
    plain.switch("PUT", "fault", name="huge", times=1)
    requests.get(plain.gateway, params=plain.signed(SHARE, auth_token="x"), timeout=20)
    (step,) = steps()["calls"]
    assert sum(map(len, step["raw"].values())) < 25_000


def test_calls_at_once_are_all_kept_with_a_number_each(plain, steps):
    threads = [
        threading.Thread(target=requests.get, args=(plain.gateway,), kwargs={"timeout": 10})
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [step["n"] for step in steps()["calls"]] == list(range(1, 21))


def test_an_emulator_without_a_page_keeps_nothing(keys, monkeypatch):
    """As in the workbench and in tests."""
    import emulator

    with monkeypatch.context() as patch:
        patch.setattr("emulator.accounts.rsa_key", iter(keys).__next__)
        with emulator.run() as running:
            assert requests.get(f"{running.url}/", timeout=5).status_code == 404
            assert requests.get(f"{running.url}/emulator/calls", timeout=5).status_code == 404


# ── sending a call again ──


def test_the_same_bytes_are_sent_again_and_a_used_code_is_refused(plain, steps, again):
    code = plain.auth_code()
    sent = plain.signed(TOKEN, grant_type="authorization_code", code=code)
    body = {name: sent.pop(name) for name in ("grant_type", "code")}
    requests.post(plain.gateway, params=sent, data=body, timeout=5)
    assert again(1).json() == {"status": 200}
    first, second = steps()["calls"]
    assert first["outcome"] == "answered"
    assert second["error"] == {"code": "isv.code-invalid"}
    assert second["parameters"] == first["parameters"]
    before, after = [set(step["request"].splitlines()) for step in (first, second)]
    assert before - after <= {"Connection: keep-alive"}
    assert after <= before
    assert "call 1" in second["notes"][-1]["en"]


def test_the_same_code_in_other_bytes_is_traced_to_the_call_that_used_it(plain, steps):
    code = plain.auth_code()
    for timestamp in ("2025-10-15 13:19:21", "2025-10-15 13:19:22"):
        plain.call(TOKEN, grant_type="authorization_code", code=code, timestamp=timestamp)
    assert "Call 1 used this auth_code" in steps()["calls"][1]["notes"][-1]["en"]


def test_bytes_that_are_not_text_are_sent_again_unchanged(plain, steps, again):
    url = f"{plain.gateway}?charset=GBK&a=%CD%F5"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    requests.post(url, data=b"b=\xcd\xf5&c=%00", headers=headers, timeout=5)
    assert again(1).status_code == 200
    first, second = steps()["calls"]
    assert "call 1" in second["notes"][-1]["en"]
    assert first["parameters"] == second["parameters"]


def test_an_unknown_call_cannot_be_sent_again(again):
    answer = again(7)
    assert answer.status_code == 404
    assert "7" in answer.json()["error"]


def test_the_curl_line_sends_the_same(plain, steps):
    sent = plain.signed(SHARE, auth_token="it's [1] {a} & b", note="[1-2]")
    query = {name: sent.pop(name) for name in ("app_id", "method", "charset", "note")}
    connection = http.client.HTTPConnection(urlsplit(plain.gateway).netloc, timeout=5)
    target = f"/gateway.do?{urlencode(query, safe='[]')}"  # requests would encode the brackets
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", target, urlencode(sent), form)
    assert connection.getresponse().status == 200
    connection.close()
    (step,) = steps()["calls"]
    words = shlex.split(step["curl"])
    assert words[0] == "curl"
    try:
        subprocess.run([*words, "-s", "-o", "/dev/null"], check=True, timeout=20)
    except FileNotFoundError:
        pytest.skip("curl is not installed here")
    first, second = steps()["calls"]
    assert second["parameters"] == first["parameters"]
    assert second["point"]["verdict"] == "matches"


# ── whom it answers ──


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_requests_from_elsewhere_see_no_keys(emulator, headers):
    answer = requests.get(f"{emulator.url}/", headers=headers, timeout=5)
    assert answer.status_code == 403
    assert "MII" not in answer.text


def test_another_page_can_neither_send_again_nor_clear(plain, emulator, steps):
    requests.get(plain.gateway, timeout=5)
    url = f"{emulator.url}/emulator/calls"
    assert requests.post(f"{url}/1/again", data={"a": "b"}, timeout=5).status_code == 415
    foreign = {"Origin": "http://evil.example"}
    assert requests.delete(url, headers=foreign, timeout=5).status_code == 403
    assert len(steps()["calls"]) == 1


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


@pytest.mark.parametrize(("asked", "lang"), [("zh-CN", "zh"), ("en-GB", "en"), ("fr", "zh")])
def test_the_page_speaks_the_browsers_language(emulator, asked, lang):
    page = requests.get(f"{emulator.url}/", headers={"Accept-Language": asked}, timeout=5)
    assert f'<html lang="{lang}"' in page.text
    chosen = requests.get(f"{emulator.url}/?lang=en", headers={"Accept-Language": asked}, timeout=5)
    assert '<html lang="en"' in chosen.text


def test_html_in_a_method_stays_text(plain, steps):
    method = "</template><script>alert(1)</script>"
    requests.get(plain.gateway, params={"method": method, "app_id": "demo-mini"}, timeout=5)
    assert steps()["calls"][0]["title"] == method


# ── the log and the words ──


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
    answered, wrong_signature, spoiled = lines()
    assert answered == f"{TOKEN} from demo-mini: answered"
    assert "refused, isv.invalid-signature: " in wrong_signature
    assert "sign_type was not signed" in wrong_signature
    assert "refused, aop.invalid-auth-token: " in spoiled
    assert "fault tampered" in spoiled


def signature(plain, text):
    made = plain.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return base64.b64encode(made).decode()


def test_no_line_has_a_secret_or_more_than_one_line(plain, lines):
    """A secret as a parameter's name, its value, or the content type."""
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
    logged = lines()
    assert len(logged) == 8
    assert any("Empty values were signed: ..." in line for line in logged)
    assert any("... was sent, but not signed" in line for line in logged)
    assert any("Content-Type is ..." in line for line in logged)
    for line in logged:
        assert secret not in line
        assert re.fullmatch(r"[ -~]{1,500}", line)


def string_with_empty(parameters, name):
    signed = {known: value for known, value in parameters.items() if known != "sign"} | {name: ""}
    return "&".join(f"{known}={signed[known]}" for known in sorted(signed))


def reasons():
    """The reasons in the emulator's calls of Refused()."""
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
    from emulator.inspector.step import WORDS

    found = {as_pattern(node) for node in reasons()}
    assert found == set(WORDS["reasons"])
    for english, chinese in WORDS["reasons"].items():
        assert english.count("{}") == chinese.count("{}")
        assert re.search("[一-鿿]", chinese)


def test_a_reason_with_a_value_is_translated():
    from emulator.accounts import Refused
    from emulator.inspector.step import reason

    translated = reason(Refused("isv.code-invalid", "the code was given to demo-web"))
    assert "demo-web" in translated["zh"]
    assert translated["zh"] != translated["en"]


# ── the settings ──


def data_of_page(emulator):
    page = requests.get(f"{emulator.url}/", timeout=5).text
    return json.loads(re.search(r'<template id="settings">(.*?)</template>', page, re.DOTALL)[1])


def test_settings_are_those_of_the_env_file(emulator):
    data = data_of_page(emulator)
    values = emulator.settings()
    mini = data["settings"]["demo-mini"]
    assert mini["gateway"] == values["ALIPAY_GATEWAY_URL"]
    assert mini["app_id"] == values["ALIPAY_APP_ID"]
    assert mini["pkcs8"] == values["ALIPAY_APP_PRIVATE_KEY"]
    assert mini["alipay"] == values["ALIPAY_PUBLIC_KEY"]
    assert data["settings"]["demo-web"]["pkcs8"] == values["ALIPAY_WEB_APP_PRIVATE_KEY"]
    for row in data["snippets"]:
        text = "\n".join(row["lines"])
        assert {"gateway", "app_id", "alipay"} <= set(re.findall(r"\{(\w+)\}", text))
        assert re.search(r"\{pkcs[18]\}", text)


def test_pkcs1_is_the_same_key_in_the_older_form(emulator):
    text = data_of_page(emulator)["settings"]["demo-mini"]["pkcs1"]
    pem = f"-----BEGIN RSA PRIVATE KEY-----\n{text}\n-----END RSA PRIVATE KEY-----\n"
    key = load_pem_private_key(pem.encode(), None)
    assert key.private_numbers() == emulator.accounts.app_keys["demo-mini"].private_numbers()
    assert base64.b64decode(text)[:2] == b"\x30\x82"
