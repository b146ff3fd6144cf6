"""The emulator's own page: what it keeps of each call, what it sends again, whom it answers."""

import json
import shlex
import subprocess
import threading

import pytest
import requests

from helpers import needs_emulator
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


# ── what is kept ──


def test_each_call_is_kept_with_what_became_of_it(plain, told):
    token = plain.token()
    plain.share(token["access_token"])
    plain.call(SHARE, auth_token="x")
    steps = told()["calls"]
    assert [(step["n"], step["title"], step["outcome"]) for step in steps] == [
        (1, TOKEN, "answered"),
        (2, SHARE, "answered"),
        (3, SHARE, "refused"),
    ]
    good, _, refused = steps
    assert good["point"]["verdict"] == "matches"
    assert good["causes"] is None
    assert good["verified"] is True
    node = json.loads(good["raw"]["signed"])
    assert node == token
    assert refused["error"] == {"code": "aop.invalid-auth-token"}
    assert refused["causes"][0] == {
        "zh": "auth_token 不存在、已被刷新，或已随授权解除",
        "en": "auth_token is unknown, refreshed or revoked",
    }
    assert [step["n"] for step in told(since=2)["calls"]] == [3]


def test_the_request_is_kept_as_it_was_sent(plain, told):
    sent = plain.signed(SHARE, auth_token="a b")
    query = {name: sent.pop(name) for name in ("app_id", "method", "charset")}
    headers = {"User-Agent": "alipay-sdk-of-somebody/1.0"}
    requests.post(plain.gateway, params=query, data=sent, headers=headers, timeout=5)
    (step,) = told()["calls"]
    assert "alipay-sdk-of-somebody/1.0" in step["meaning"]["en"]
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
def test_a_call_that_is_no_call_is_kept_too(plain, told, parameters, verdict, code):
    requests.get(plain.gateway, params=parameters, timeout=5)
    (step,) = told()["calls"]
    assert step["point"]["verdict"] == verdict
    assert step["error"] == {"code": code}
    assert step["raw"]["signed"] == (
        "" if "demo-mini" not in parameters.values() else step["raw"]["signed"]
    )


def test_a_fault_that_is_switched_on_is_named(plain, told):
    plain.switch("PUT", "fault", name="tampered", times=1)
    plain.call(SHARE, auth_token="x")
    plain.call(SHARE, auth_token="x")
    spoiled, mended = told()["calls"]
    assert (spoiled["outcome"], spoiled["error"]) == ("spoiled", {"code": "tampered"})
    assert spoiled["verified"] is False
    assert "tampered" in spoiled["notes"][-1]["en"]
    assert (mended["outcome"], mended["verified"]) == ("refused", True)


def test_a_call_that_is_never_answered_is_kept(plain, told):
    plain.switch("PUT", "fault", name="disconnect", times=1)
    with pytest.raises(requests.RequestException):
        plain.call(SHARE, auth_token="x")
    (step,) = told()["calls"]
    assert step["raw"] == {"before": "", "signed": "", "after": ""}


def test_a_call_without_charset_in_the_query_is_told_so(plain, told):
    sent = plain.signed(SHARE, auth_token="x")
    requests.post(plain.gateway, data=sent, timeout=5)
    (step,) = told()["calls"]
    assert "GBK" in step["notes"][0]["en"]


# ── the bounds ──


def test_the_newest_500_are_kept_and_numbers_go_on(plain, told):
    from emulator.inspector import calls

    url = f"{plain.gateway}?x="
    with requests.Session() as session:
        for number in range(calls.MAX_CALLS + 3):
            session.get(f"{url}{number}", timeout=5)
    kept = told()
    assert len(kept["calls"]) == 500
    assert kept["oldest"] == 4
    assert kept["calls"][-1]["n"] == 503
    answer = requests.delete(f"{plain.url}/emulator/calls", timeout=5)
    assert answer.status_code == 200
    assert told()["calls"] == []
    session.get(url, timeout=5)
    assert [step["n"] for step in told()["calls"]] == [504]


def test_a_huge_body_is_not_kept_and_not_sent_again(emulator, plain, told, again):
    requests.post(f"{plain.gateway}?app_id=demo-mini", data={"a": "x" * 200_000}, timeout=5)
    (step,) = told()["calls"]
    assert step["again"] is None
    assert step["curl"] is None
    assert len(step["request"]) <= 20_000
    assert again(1).status_code == 400
    calls = emulator._server.app.extensions["emulator"].calls
    assert len(calls.find(1).sent.body) == 100_000


def test_a_huge_answer_is_cut(plain, told):
    plain.switch("PUT", "fault", name="huge", times=1)
    requests.get(plain.gateway, params=plain.signed(SHARE, auth_token="x"), timeout=20)
    (step,) = told()["calls"]
    assert sum(map(len, step["raw"].values())) < 25_000


def test_calls_at_once_are_all_kept_with_a_number_each(plain, told):
    threads = [
        threading.Thread(target=requests.get, args=(plain.gateway,), kwargs={"timeout": 10})
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [step["n"] for step in told()["calls"]] == list(range(1, 21))


def test_an_emulator_without_a_page_keeps_nothing(keys, monkeypatch):
    """Inside the workbench and in tests: no page, no memory of calls."""
    import emulator

    with monkeypatch.context() as patch:
        patch.setattr("emulator.accounts.rsa_key", iter(keys).__next__)
        with emulator.run() as running:
            assert requests.get(f"{running.url}/", timeout=5).status_code == 404
            assert requests.get(f"{running.url}/emulator/calls", timeout=5).status_code == 404


# ── once more ──


def test_the_same_bytes_are_sent_again_and_a_used_code_is_refused(plain, told, again):
    code = plain.auth_code()
    sent = plain.signed(TOKEN, grant_type="authorization_code", code=code)
    body = {name: sent.pop(name) for name in ("grant_type", "code")}
    requests.post(plain.gateway, params=sent, data=body, timeout=5)
    assert again(1).json() == {"status": 200}
    first, second = told()["calls"]
    assert first["outcome"] == "answered"
    assert second["error"] == {"code": "isv.code-invalid"}
    assert second["parameters"] == first["parameters"]
    before, after = [set(step["request"].splitlines()) for step in (first, second)]
    assert before - after <= {"Connection: keep-alive"}
    assert after <= before
    assert "call 1" in second["notes"][-1]["en"]


def test_the_same_code_in_other_bytes_is_traced_to_the_call_that_used_it(plain, told):
    code = plain.auth_code()
    for timestamp in ("2025-10-15 13:19:21", "2025-10-15 13:19:22"):
        plain.call(TOKEN, grant_type="authorization_code", code=code, timestamp=timestamp)
    assert "Call 1 used this auth_code" in told()["calls"][1]["notes"][-1]["en"]


def test_bytes_that_are_no_text_are_sent_again_as_they_are(plain, told, again):
    url = f"{plain.gateway}?charset=GBK&a=%CD%F5"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    requests.post(url, data=b"b=\xcd\xf5&c=%00", headers=headers, timeout=5)
    assert again(1).status_code == 200
    first, second = told()["calls"]
    assert "call 1" in second["notes"][-1]["en"]
    assert first["parameters"] == second["parameters"]


def test_a_call_that_is_not_kept_can_not_be_sent_again(again):
    answer = again(7)
    assert answer.status_code == 404
    assert "7" in answer.json()["error"]


def test_the_curl_line_sends_the_same(plain, told):
    sent = plain.signed(SHARE, auth_token="it's [1] {a} & b")
    query = {name: sent.pop(name) for name in ("app_id", "method", "charset")}
    requests.post(plain.gateway, params=query, data=sent, timeout=5)
    (step,) = told()["calls"]
    words = shlex.split(step["curl"])
    assert words[0] == "curl"
    try:
        subprocess.run([*words, "-s", "-o", "/dev/null"], check=True, timeout=20)
    except FileNotFoundError:
        pytest.skip("curl is not installed here")
    first, second = told()["calls"]
    assert second["parameters"] == first["parameters"]
    assert second["point"]["verdict"] == "matches"
