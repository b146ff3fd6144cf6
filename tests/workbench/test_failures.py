"""What is expected of each fault is what the app really does; afterwards all is well."""

import pytest

from helpers import HAVE_EMULATOR, needs_emulator

pytestmark = needs_emulator
NAMES = []
if HAVE_EMULATOR:
    from workbench.laboratory import FIRST, GROUPS, all_faults

    # The phone's own faults never reach a server: the browser's tests have them.
    NAMES = [fault["name"] for fault in all_faults() if fault["where"] != "phone"]
RECOVERED = {  # by asking Alipay for a new token, or the person for a new login
    "aop.auth-token-time-out": 200,
    "token-ended": 200,
    "isv.refresh-token-invalid": 401,
    "isv.refresh-token-time-out": 401,
    "isv.refreshed-token-invalid": 401,
    "unsigned:isv.refresh-token-invalid": 401,
    "session-ended": 401,
    "consent-revoked": 401,
}


@pytest.fixture
def fail(bench):
    """fail(name) → switch one fault on, or None off; the answer's status."""

    def put(name, member="complete"):
        body = {"name": name, "member": member}
        return bench.put("/workbench/fault", json=body).status_code

    return put


@pytest.fixture
def on(bench):
    """on() → the name of what is switched on, as a poll of any tab is told."""
    return lambda: bench.get("/workbench/events").get_json()["on"]["fault"]


def error_of(answer):
    return (answer.get_json().get("error") or {}).get("code")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_expected_is_what_happens(
    monkeypatch, bench, emulator, sign_in, auth_code, rows, fail, on, name
):
    monkeypatch.setattr("emulator.faults.SLOW", 15 if name == "slow" else 0)
    fault = next(row for row in all_faults() if row["name"] == name)
    session = sign_in()
    before = rows("members")
    code = auth_code()
    assert fail(name) == 200
    if fault["needs"] == "login" and name != "slow":
        answer = bench.post("/api/auth", json={"auth_code": code})
    else:
        answer = bench.post("/api/member", headers=session)
    if fault["recovers"]:
        assert answer.status_code == RECOVERED[name]
        if answer.status_code != 200:
            assert error_of(answer) == fault["expect"]
    elif fault["expect"]:
        assert error_of(answer) == fault["expect"]
        assert rows("members") == before
    else:
        assert answer.status_code == 200
        assert rows("members")[0]["city"] == "杭州市"

    assert fail(None) == 200
    assert on() is None
    assert emulator.faults.active() is None
    again = sign_in() if fault["recovers"] else session
    assert bench.post("/api/member", headers=again).get_json()["member"]["city"] == "杭州市"


def test_a_token_that_has_ended_is_refreshed_and_the_steps_say_so(bench, steps, sign_in, fail):
    session = sign_in()
    fail("token-ended")
    steps()
    assert bench.post("/api/member", headers=session).status_code == 200
    exchanges = [step for step in steps() if step["kind"] == "exchange"]
    told = [(step["title"], (step["error"] or {}).get("code")) for step in exchanges]
    assert told == [
        ("alipay.user.info.share", "aop.auth-token-time-out"),
        ("alipay.system.oauth.token", None),
        ("alipay.user.info.share", None),
    ]
    assert exchanges[1]["parameters"]["grant_type"] == "refresh_token"


def test_only_the_access_tokens_of_one_member_end(plain):
    ended = plain.token()
    other = plain.token("company")
    assert plain.switch("POST", "expire", member="complete") == {}
    assert plain.share(ended["access_token"])["sub_code"] == "aop.auth-token-time-out"
    assert plain.share(other["access_token"])["code"] == "10000"
    with pytest.raises(AssertionError, match="unknown member"):
        plain.switch("POST", "expire", member="nobody")


def test_the_switch_is_the_same_for_all_who_ask(bench, emulator, fail, on):
    fail("getAuthCode-11")  # the phone's own: the server only remembers it
    assert on() == "getAuthCode-11"
    assert emulator.faults.active() is None
    fail("clock-wrong")
    assert on() == "clock-wrong"
    fail("product-unbound")
    assert on() == "product-unbound"
    fail("consent-revoked")  # done, not on
    assert on() is None


def test_what_is_turned_at_the_emulator_itself_is_seen_too(plain, on):
    plain.switch("PUT", "fault", name="sha1")
    assert on() == "sha1"
    plain.switch("PUT", "fault", name=None)
    plain.switch("PUT", "product", bound=False)
    assert on() == "product-unbound"


def test_what_was_meant_for_one_call_is_off_after_it(bench, sign_in, fail, on):
    session = sign_in()
    fail("aop.auth-token-time-out")
    assert on() == "aop.auth-token-time-out"
    bench.post("/api/member", headers=session)
    assert on() is None


def test_a_database_that_is_gone_is_gone_for_everything_and_comes_back(bench, sign_in, fail, rows):
    session = sign_in()
    before = rows("sessions")
    fail("database-gone")
    for method, path in (("GET", "/api/member"), ("DELETE", "/api/member"), ("GET", "/healthz")):
        answer = bench.open(path, method=method, headers=session)
        assert answer.status_code == 503
    told = bench.get("/workbench/events")  # the workbench itself goes on
    assert told.status_code == 200
    assert told.get_json()["on"]["fault"] == "database-gone"
    assert bench.get("/workbench/").status_code == 200
    fail(None)
    assert rows("sessions") == before
    assert bench.get("/api/member", headers=session).status_code == 200


def test_reset_mends_everything(bench, sign_in, fail, on):
    for name in ("database-gone", "clock-wrong", "product-unbound"):
        sign_in()
        fail(name)
        assert bench.post("/workbench/reset", json={}).status_code == 200
        assert on() is None
        assert bench.get("/healthz").status_code == 200


def test_a_clock_that_is_wrong_shows_in_what_is_sent(bench, steps, sign_in, fail):
    session = sign_in()
    right = steps()[-2]["parameters"]["timestamp"]
    fail("clock-wrong")
    bench.post("/api/member", headers=session)
    wrong = next(step for step in steps() if step["kind"] == "exchange")["parameters"]["timestamp"]
    assert int(wrong[:4]) == int(right[:4]) - 1
    fail(None)
    bench.post("/api/member", headers=session)
    mended = next(step for step in steps() if step["kind"] == "exchange")["parameters"]
    assert mended["timestamp"] >= right


def test_every_fault_has_its_sentences_its_group_and_its_outlook_in_both_languages():
    faults = all_faults()
    assert {fault["group"] for fault in faults} == GROUPS.keys()
    assert {fault["where"] for fault in faults} == {"gateway", "phone", "app", "alipay"}
    names = [fault["name"] for fault in faults]
    assert len(names) == len(set(names))
    assert set(FIRST) <= set(names)
    for fault in faults:
        for lang in ("zh", "en"):
            assert fault[lang]
            assert (fault["expect"] or "") in fault["seen"][lang]
    accepted = {fault["name"] for fault in faults if not fault["expect"]}
    assert accepted == {
        *("cert-sn", "no-cert-sn", "white-space", "tricky-text"),
        *("double-tap", "missing-getAuthUserInfo", "message-forged"),
    }
