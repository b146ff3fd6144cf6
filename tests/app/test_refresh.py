"""Tokens that end are refreshed and the call goes on, or the answer says to authorise again."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from alipay_member import TransportError
from reading import ReadingStore

DAY = 86400


class Clock:
    """A clock that is set by hand."""

    now = 1_760_505_561.0

    def __call__(self):
        return self.now


@pytest.fixture
def alipays_clock(emulator):
    emulator.accounts.clock = Clock()
    return emulator.accounts.clock


@pytest.fixture
def calls(app):
    """What is sent to Alipay: (method, grant_type) of each call."""
    sent = []
    app.extensions["alipay_member"].client.observer = lambda exchange: sent.append(
        (exchange.method.rpartition(".")[2], exchange.parameters.get("grant_type"))
    )
    return sent


def test_ended_access_token_is_refreshed_and_the_call_goes_on(
    web, sign_in, rows, calls, end_access_tokens
):
    session = sign_in()
    (before,) = rows("sessions")
    end_access_tokens()
    answer = web.post("/api/member", headers=session)
    assert (answer.status_code, answer.json["member"]["nick_name"]) == (200, "完整示例")
    assert calls == [("token", "authorization_code"), ("token", "refresh_token"), ("share", None)]
    (after,) = rows("sessions")
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]
    assert after["access_expires_at"] >= before["access_expires_at"]
    same = ("token_hash", "member_id", "expires_at")
    assert [after[name] for name in same] == [
        before[name] for name in same
    ]  # a refresh prolongs no login


def test_refreshed_token_is_not_refreshed_again(web, sign_in, calls, end_access_tokens):
    session = sign_in()
    end_access_tokens()
    for _ in range(2):
        assert web.post("/api/member", headers=session).status_code == 200
    assert calls.count(("token", "refresh_token")) == 1


def test_token_that_ended_by_alipays_clock_is_refreshed(web, sign_in, calls, alipays_clock):
    session = sign_in()
    alipays_clock.now += 15 * DAY + 1
    assert web.post("/api/member", headers=session).status_code == 200
    assert calls[1:] == [("share", None), ("token", "refresh_token"), ("share", None)]


def test_live_token_is_left_alone(web, sign_in, calls):
    session = sign_in()
    for _ in range(3):
        assert web.post("/api/member", headers=session).status_code == 200
    assert ("token", "refresh_token") not in calls


def test_of_two_requests_one_refreshes_and_the_other_must_come_again(
    web, app, sign_in, calls, end_access_tokens
):
    session = sign_in()
    end_access_tokens()
    client = app.extensions["alipay_member"].client
    refresh = client.refresh_token
    refreshing, may_go_on = threading.Event(), threading.Event()

    def slow_refresh(refresh_token):
        refreshing.set()
        assert may_go_on.wait(10)
        return refresh(refresh_token)

    client.refresh_token = slow_refresh
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(app.test_client().post, "/api/member", headers=session)
        assert refreshing.wait(10)
        second = web.post("/api/member", headers=session)
        may_go_on.set()
    assert first.result().status_code == 200
    assert (second.status_code, second.json["error"]["code"]) == (503, "refresh-under-way")
    assert int(second.headers["Retry-After"]) > 0
    assert web.post("/api/member", headers=session).status_code == 200
    assert calls.count(("token", "refresh_token")) == 1
    assert calls.count(("share", None)) == 2


def test_a_request_that_read_the_old_token_takes_the_new_one(
    web, app, sign_in, calls, end_access_tokens, monkeypatch
):
    session = sign_in()
    end_access_tokens()
    store = app.extensions["alipay_member"].store
    stale = store.session(session["Authorization"].removeprefix("Bearer "))
    assert web.post("/api/member", headers=session).status_code == 200
    monkeypatch.setattr(store, "session", lambda token: stale)  # read before, used after
    assert web.post("/api/member", headers=session).status_code == 200
    assert calls.count(("token", "refresh_token")) == 1


@pytest.fixture
def read_before(web, app, sign_in, monkeypatch):
    """A session whose token seems alive to each request, whatever became of it since."""
    session = sign_in()
    store = app.extensions["alipay_member"].store
    stale = store.session(session["Authorization"].removeprefix("Bearer "))
    monkeypatch.setattr(store, "session", lambda token: stale)
    return session, stale


def test_a_request_overtaken_by_a_refresh_goes_on_with_the_new_token(web, app, read_before, calls):
    session, stale = read_before
    parts = app.extensions["alipay_member"]
    parts.store.renew(stale, parts.client.refresh_token(stale.refresh_token))
    assert web.post("/api/member", headers=session).status_code == 200
    assert calls[1:] == [("share", None), ("share", None)]  # the old token, then the new one


def test_a_request_in_the_middle_of_a_refresh_must_come_again(web, app, read_before):
    session, stale = read_before
    parts = app.extensions["alipay_member"]
    parts.store.claim_refresh(stale, seconds=60)
    parts.client.refresh_token(stale.refresh_token)  # which is about to be kept
    answer = web.post("/api/member", headers=session)
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "refresh-under-way")


def test_a_claim_of_a_request_that_died_may_be_taken_once_it_has_ended(
    web, app, sign_in, end_access_tokens, settings
):
    session = sign_in()
    end_access_tokens()
    parts = app.extensions["alipay_member"]
    dead = parts.store.session(session["Authorization"].removeprefix("Bearer "))
    assert parts.store.claim_refresh(dead, seconds=60)
    assert parts.store.claim_refresh(dead, seconds=60) is None
    assert web.post("/api/member", headers=session).status_code == 503
    later = ReadingStore(settings.database_url, clock=lambda: time.time() + 61)
    assert later.claim_refresh(dead, seconds=60)


def test_the_clients_clock_says_when_a_token_has_ended(web, app, sign_in, calls, monkeypatch):
    session = sign_in()
    client = app.extensions["alipay_member"].client
    monkeypatch.setattr(client, "clock", lambda: time.time() + 15 * DAY)
    assert web.post("/api/member", headers=session).status_code == 200
    assert calls[1:] == [("token", "refresh_token"), ("share", None)]


def test_a_refresh_that_did_not_reach_alipay_may_be_tried_again_at_once(
    web, app, sign_in, end_access_tokens, monkeypatch
):
    session = sign_in()
    end_access_tokens()
    client = app.extensions["alipay_member"].client

    def unreachable(refresh_token):
        raise TransportError("no answer", "connection")

    with monkeypatch.context() as patch:
        patch.setattr(client, "refresh_token", unreachable)
        assert web.post("/api/member", headers=session).status_code == 502
    assert web.post("/api/member", headers=session).status_code == 200


def test_refused_refresh_is_401_and_a_new_code_leads_on(
    web, sign_in, rows, alipays_clock, end_access_tokens
):
    session = sign_in()
    web.post("/api/member", headers=session)
    alipays_clock.now += 31 * DAY
    end_access_tokens()
    before = rows("members")
    answer = web.post("/api/member", headers=session)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "session-ended")
    assert answer.json["error"]["hint"]
    assert rows("members") == before
    assert web.post("/api/member", headers=sign_in()).status_code == 200
    assert len(rows("members")) == 1


@pytest.mark.parametrize("fault", ["isv.invalid-signature", "tampered", "http-500"])
def test_refresh_that_fails_for_another_reason_says_which(
    web, sign_in, switch, calls, end_access_tokens, fault
):
    session = sign_in()
    end_access_tokens()
    switch("fault", name=fault, times=1)
    answer = web.post("/api/member", headers=session)
    assert answer.status_code == 502  # not "log in again", which would not help
    assert fault in answer.json["error"]["code"] or fault == "http-500"
    assert calls[1:] == [("token", "refresh_token")]
    assert web.get("/api/member", headers=session).status_code == 200


def test_revoked_authorisation_is_403_while_the_token_seems_alive(web, emulator, sign_in, rows):
    session = sign_in()
    emulator.accounts.revoke("complete")
    answer = web.post("/api/member", headers=session)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "aop.invalid-auth-token")
    assert "解除授权" in answer.json["error"]["hint"]
    again = web.post("/api/member", headers=session)
    assert again.json["error"]["code"] == "aop.invalid-auth-token"  # nobody is refreshing
    assert web.post("/api/member", headers=sign_in()).status_code == 200
    assert len(rows("members")) == 1


def test_revoked_authorisation_is_401_once_the_token_has_ended(
    web, emulator, sign_in, end_access_tokens
):
    session = sign_in()
    emulator.accounts.revoke("complete")
    end_access_tokens()
    answer = web.post("/api/member", headers=session)
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "session-ended")


def test_refresh_that_names_somebody_else_is_refused(
    web, app, sign_in, rows, auth_code, end_access_tokens
):
    session = sign_in()
    end_access_tokens()
    before = rows("members"), rows("sessions")
    client = app.extensions["alipay_member"].client
    client.refresh_token = lambda refresh_token: client.exchange_code(auth_code("company"))
    answer = web.post("/api/member", headers=session)
    assert (answer.status_code, answer.json["error"]["code"]) == (502, "identity:other-person")
    assert (rows("members"), rows("sessions")) == before


def test_session_ends_after_thirty_days_even_if_it_is_used(
    settings, client, auth_code, alipays_clock, monkeypatch
):
    import app as module
    from alipay_member.store import MemberStore

    clock = alipays_clock
    monkeypatch.setattr(module, "time", type("Time", (), {"time": clock, "sleep": None}))
    store = MemberStore(settings.database_url, clock=clock)
    web = module.create_app(settings, client=client, store=store).test_client()
    answer = web.post("/api/auth", json={"auth_code": auth_code()})
    assert answer.json["expires_in"] == 30 * DAY
    session = {"Authorization": f"Bearer {answer.json['session']}"}
    for _ in range(29):
        clock.now += DAY
        assert web.post("/api/member", headers=session).status_code == 200  # refreshed on the way
    clock.now += DAY
    assert web.post("/api/member", headers=session).status_code == 401
    assert web.get("/api/member", headers=session).status_code == 401


def test_auth_base_session_learns_to_ask_for_auth_user(web, sign_in, rows):
    session = sign_in(scopes=["auth_base"])
    before = rows("members")
    answer = web.post("/api/member", headers=session)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "aop.invalid-auth-token")
    for word in ("auth_user", "isv.invalid-token", "my.getAuthCode"):
        assert word in answer.json["error"]["hint"]
    assert rows("members") == before
    assert web.get("/api/member", headers=session).status_code == 200  # it still tells who they are
    again = sign_in(scopes=["auth_user"])
    assert web.post("/api/member", headers=again).status_code == 200
    assert [row["open_id"] for row in rows("members")] == [row["open_id"] for row in before]
