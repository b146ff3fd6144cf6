"""The emulated Alipay sends its app a message, and the trace shows it."""

import pytest


def kinds(steps):
    return [(step["kind"], step["lane"], step["says"], step["outcome"]) for step in steps]


@pytest.fixture
def fail(bench):
    """fail(name) → do it to the complete member, at the workbench."""

    def put(name):
        body = {"name": name, "member": "complete"}
        assert bench.put("/workbench/fault", json=body).status_code == 200

    return put


def test_the_trace_tells_the_withdrawal_in_its_order(bench, steps, sign_in, rows, fail):
    session = sign_in()
    bench.post("/api/member", headers=session)
    (before,) = rows("members")
    steps()
    fail("consent-revoked")
    act, message, store = told = steps()
    assert kinds(told) == [
        ("action", "alipay", "consent-revoked", ""),
        ("message", "alipay", "message", "verified"),
        ("store", "server", "profile-withdrawn", "withdrawn"),
    ]
    assert [step["n"] for step in told] == sorted(step["n"] for step in told)
    assert (act["trigger"], message["trigger"]) == ("trigger-workbench", "trigger-alipay")
    assert message["title"] == "alipay.open.auth.userauth.cancelled"
    assert message["function"] == "app.py · receive_message()"
    assert (message["answer"], message["point"]["verdict"]) == ("success", "matches")
    assert len(message["string_to_sign"].encode()) == message["point"]["bytes"]
    assert "sign_type" not in message["string_to_sign"]
    assert ["-", "nick_name", "完整示例"] in store["diff"]
    (after,) = rows("members")
    assert (after["open_id"], after["first_seen"]) == (before["open_id"], before["first_seen"])
    assert (after["nick_name"], after["profile_at"], rows("sessions")) == (None, None, [])
    assert bench.post("/api/member", headers=session).status_code == 401


def test_a_forged_message_changes_nothing_and_the_trace_says_why(bench, steps, sign_in, rows, fail):
    session = sign_in()
    bench.post("/api/member", headers=session)
    before = rows("members"), rows("sessions")
    steps()
    fail("message-forged")
    _, message, store = told = steps()
    assert kinds(told) == [
        ("action", "alipay", "message-forged", ""),
        ("message", "alipay", "message-refused", "unverified"),
        ("store", "server", "unchanged", "same"),
    ]
    assert (message["answer"], message["point"]["verdict"]) == ("fail", "bad-signature")
    assert (rows("members"), rows("sessions")) == before
    assert "diff" not in store
    assert bench.post("/api/member", headers=session).status_code == 200


def test_a_second_consent_survives_the_message_of_the_first(bench, sign_in, rows, fail):
    sign_in()
    fail("consent-revoked")
    session = sign_in()
    assert bench.post("/api/member", headers=session).status_code == 200
    assert rows("members")[0]["nick_name"] == "完整示例"
    assert len(rows("sessions")) == 1


@pytest.mark.parametrize("body", [b"", b"\xff\0=%", b"charset=GBK&biz_content=%81", b"x" * 20_000])
def test_the_trace_takes_any_body(bench, steps, body):
    bench.post("/alipay/messages", data=body)
    message = next(step for step in steps() if step["kind"] == "message")
    assert message["outcome"] == "unverified"
    assert message["point"]["verdict"] == "no-signature"


def test_the_button_of_the_members_list_sends_messages_too(bench, steps, sign_in):
    sign_in()
    steps()
    bench.post("/workbench/emulator/revoke", json={"member": "complete"})
    assert "message" in [step["kind"] for step in steps()]
