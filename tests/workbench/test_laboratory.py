"""The laboratory: every fault does what the page says of it, and is mended again."""

import pytest

from helpers import HAVE_EMULATOR, needs_emulator

pytestmark = needs_emulator
CODES, OTHERS = [], []
if HAVE_EMULATOR:
    from workbench.laboratory import FIRST, GROUPS, all_faults

    CODES = [fault for fault in all_faults() if fault["group"] == "code"]
    # The phone's own faults never reach a server: the browser's tests have them.
    OTHERS = [fault for fault in all_faults() if fault["group"] not in ("code", "phone")]
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
def on(bench):
    """on() → the name of what is switched on, as a poll of any tab shows it."""
    return lambda: bench.get("/workbench/events").get_json()["on"]["fault"]


def error_of(answer):
    return (answer.get_json().get("error") or {}).get("code")


@pytest.fixture
def meet(bench, auth_code, rows, turn_on):
    """meet(fault, session) → whether the app's answer to it is what the page says."""

    def answer_to(fault, session):
        before = rows("members")
        code = auth_code()
        assert turn_on(fault["name"]) == 200
        if fault["needs"] == "login" and fault["name"] != "slow":
            answer = bench.post("/api/auth", json={"auth_code": code})
        else:
            answer = bench.post("/api/member", headers=session)
        if fault["recovers"] and answer.status_code == 200:
            return RECOVERED[fault["name"]] == 200
        if fault["recovers"]:
            status = RECOVERED[fault["name"]]
            return (answer.status_code, error_of(answer)) == (status, fault["expect"])
        if fault["expect"]:
            return error_of(answer) == fault["expect"] and rows("members") == before
        return answer.status_code == 200 and rows("members")[0]["city"] == "杭州市"

    return answer_to


@pytest.mark.parametrize("fault", OTHERS, ids=lambda fault: fault["name"])
def test_what_is_expected_is_what_happens(
    monkeypatch, bench, emulator, sign_in, turn_on, on, meet, fault
):
    monkeypatch.setattr("emulator.faults.SLOW", 15 if fault["name"] == "slow" else 0)
    session = sign_in()
    assert meet(fault, session)
    assert turn_on(None) == 200
    assert on() is None
    assert emulator.faults.active() is None
    again = sign_in() if fault["recovers"] else session
    answer = bench.post("/api/member", headers=again)
    assert answer.get_json()["member"]["city"] == "杭州市"


def test_what_is_expected_of_each_error_code_is_what_happens(sign_in, turn_on, meet):
    offenders = []
    for fault in CODES:
        if not meet(fault, sign_in()):
            offenders.append(fault["name"])
        turn_on(None)
    assert len(CODES) > 30
    assert offenders == []


def test_a_token_that_has_ended_is_refreshed_and_the_steps_say_so(bench, steps, sign_in, turn_on):
    session = sign_in()
    turn_on("token-ended")
    steps()
    assert bench.post("/api/member", headers=session).status_code == 200
    exchanges = [step for step in steps() if step["kind"] == "exchange"]
    calls = [(step["title"], (step["error"] or {}).get("code")) for step in exchanges]
    assert calls == [
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
    with pytest.raises(AssertionError, match="member"):
        plain.switch("POST", "expire", member="nobody")


def test_the_switch_is_the_same_for_all_who_ask(bench, emulator, turn_on, on):
    turn_on("getAuthCode-11")  # the phone's own: the server only remembers it
    assert on() == "getAuthCode-11"
    assert emulator.faults.active() is None
    turn_on("clock-wrong")
    assert on() == "clock-wrong"
    turn_on("product-unbound")
    assert on() == "product-unbound"
    turn_on("consent-revoked")  # done, not on
    assert on() is None


def test_what_is_turned_at_the_emulator_itself_is_seen_too(plain, on):
    plain.switch("PUT", "fault", name="sha1")
    assert on() == "sha1"
    plain.switch("PUT", "fault", name=None)
    plain.switch("PUT", "product", bound=False)
    assert on() == "product-unbound"


def test_what_was_meant_for_one_call_is_off_after_it(bench, sign_in, turn_on, on):
    session = sign_in()
    turn_on("aop.auth-token-time-out")
    assert on() == "aop.auth-token-time-out"
    bench.post("/api/member", headers=session)
    assert on() is None


def test_a_database_that_is_gone_is_gone_for_everything_and_comes_back(
    bench, sign_in, turn_on, rows
):
    session = sign_in()
    before = rows("sessions")
    turn_on("database-gone")
    for method, path in (("GET", "/api/member"), ("DELETE", "/api/member"), ("GET", "/healthz")):
        answer = bench.open(path, method=method, headers=session)
        assert answer.status_code == 503
    trace = bench.get("/workbench/events")  # the workbench itself goes on
    assert trace.status_code == 200
    assert trace.get_json()["on"]["fault"] == "database-gone"
    assert bench.get("/workbench/").status_code == 200
    turn_on(None)
    assert rows("sessions") == before
    assert bench.get("/api/member", headers=session).status_code == 200


def test_reset_mends_everything(bench, sign_in, turn_on, on):
    for name in ("database-gone", "clock-wrong", "product-unbound"):
        sign_in()
        turn_on(name)
        assert bench.post("/workbench/reset", json={}).status_code == 200
        assert on() is None
        assert bench.get("/healthz").status_code == 200


def test_a_clock_that_is_wrong_shows_in_what_is_sent(bench, steps, sign_in, turn_on):
    session = sign_in()
    right = steps()[-2]["parameters"]["timestamp"]
    turn_on("clock-wrong")
    bench.post("/api/member", headers=session)
    wrong = next(step for step in steps() if step["kind"] == "exchange")["parameters"]["timestamp"]
    assert int(wrong[:4]) == int(right[:4]) - 1
    turn_on(None)
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


def test_each_fault_mends_the_one_before(steps, sign_in, bench, emulator, turn_on):
    session = sign_in()

    turn_on("tampered")
    assert emulator.faults.active()["name"] == "tampered"
    turn_on("product-unbound")
    assert (emulator.faults.active(), emulator.accounts.without_product) == (None, {"demo-mini"})
    assert (
        bench.post("/api/member", headers=session).get_json()["error"]["code"]
        == "isv.insufficient-isv-permissions"
    )
    turn_on("consent-revoked")
    assert emulator.accounts.without_product == set()
    revoked = next(step for step in steps() if step["kind"] == "action")
    assert (revoked["kind"], revoked["lane"], revoked["says"]) == (
        "action",
        "alipay",
        "consent-revoked",
    )
    assert bench.post("/api/member", headers=session).get_json()["error"]["code"] == "session-ended"
    turn_on("sha1")
    turn_on(None)
    assert emulator.faults.active() is None


@pytest.mark.parametrize(
    "body", [{"name": "no-such"}, {"name": "consent-revoked"}, [], {"name": ["tampered"]}]
)
def test_an_unknown_fault_or_member_is_refused(steps, bench, body):
    assert bench.put("/workbench/fault", json=body).status_code == 400
    assert steps() == []
