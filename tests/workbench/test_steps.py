"""steps.py: what each step says of a request, a call to Alipay, a message, a write."""

import base64
import json
import re
import sqlite3
from contextlib import closing

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from alipay_member import Token
from alipay_member.store import MemberStore
from helpers import needs_emulator

pytestmark = needs_emulator


def test_marks_exactly_the_bytes_that_alipay_signed(steps, sign_in, emulator):
    sign_in()
    exchange = steps()[1]
    signature = json.loads(
        exchange["raw"]["before"] + exchange["raw"]["signed"] + exchange["raw"]["after"]
    )["sign"]
    key = emulator.accounts.alipay_key.public_key()
    signed = exchange["raw"]["signed"].encode()
    key.verify(
        base64.b64decode(signature), signed, padding.PKCS1v15(), SHA256()
    )  # raises if it is any other byte
    assert exchange["verified"] is True
    assert json.loads(signed)["open_id"]


def test_string_to_sign_and_signature_are_those_that_were_sent(steps, sign_in, emulator):
    sign_in()
    exchange = steps()[1]
    assert exchange["signature"] == exchange["parameters"]["sign"]
    key = emulator.accounts.app_keys["demo-mini"].public_key()
    signature = base64.b64decode(exchange["signature"])
    key.verify(signature, exchange["string_to_sign"].encode(), padding.PKCS1v15(), SHA256())


@pytest.mark.parametrize("fault", ["tampered", "unsigned", "isv.code-invalid"])
def test_an_error_carries_hint_and_report_in_both_languages(steps, bench, auth_code, fault):
    bench.put("/workbench/fault", json={"name": fault})
    code = auth_code()
    assert bench.post("/api/auth", json={"auth_code": code}).status_code in (401, 502)
    _, exchange, store = steps()
    error = exchange["error"]
    assert re.search("[一-鿿]", error["hint"]["zh"])
    assert re.search("[a-z]{3}", error["hint"]["en"])
    assert "alipay.system.oauth.token" in error["report"]["zh"]
    assert "alipay.system.oauth.token" in error["report"]["en"]
    assert code not in json.dumps(error)
    assert store["outcome"] == "same"


def test_a_stray_gbk_answer_is_shown_readable(steps, bench, auth_code):
    bench.put("/workbench/emulator/fault", json={"name": "gbk-20000", "times": 1})
    bench.post("/api/auth", json={"auth_code": auth_code()})
    raw = steps()[1]["raw"]
    assert "系统繁忙" in "".join(raw.values())


def test_a_huge_answer_is_cut_for_the_page(steps, bench, auth_code):
    bench.put("/workbench/emulator/fault", json={"name": "huge", "times": 1})
    bench.post("/api/auth", json={"auth_code": auth_code()})
    exchange = steps()[1]
    assert exchange["error"]["code"] == "transport:too-large"
    assert len("".join(exchange["raw"].values())) <= 60_000


def test_curl_of_a_request_repeats_it(steps, bench, sign_in):
    session = sign_in()
    bench.post("/api/member", headers=session, json={"it's": 1})
    curl = steps()[3]["curl"]
    assert curl.startswith("curl -X POST http://127.0.0.1:8000/api/member ")
    assert f"'-HAuthorization: {session['Authorization']}'" in curl
    assert "-HContent-Type: application/json" in curl
    assert """--data-raw '{"it'"'"'s": 1}'""" in curl


@pytest.mark.parametrize(
    "body", ['{"auth_code": NaN}', '{"auth_code": ' + "[" * 900 + "]" * 900 + "}"]
)
def test_a_body_that_a_page_can_not_read_is_shown_as_text(steps, bench, body):
    assert bench.post("/api/auth", data=body, content_type="application/json").status_code == 400
    assert steps()[0]["body"] == body
    json.loads(bench.get("/workbench/events").text, parse_constant=pytest.fail)


def test_what_old_articles_teach_has_the_right_line_beside_it(steps, sign_in, bench):
    from workbench.routes import WORDS

    session = sign_in()
    bench.post("/api/member", headers=session)
    bench.get("/api/auth?auth_code=0123456789abcdef")
    bench.post("/api/auth", json={"authcode": "0123456789abcdef"})
    bench.post("/api/member", headers=session, json={"nick_name": "forged"})
    requests = [step for step in steps() if step["kind"] == "request"]
    assert [step["says"] for step in requests] == [
        "POST /api/auth",
        "POST /api/member",
        "code-in-address",
        "no-code",
        "unread-body",
    ]
    for step in requests[2:]:
        for sentence in WORDS["steps"][step["says"]].values():
            assert "✓" in sentence


def test_what_the_store_refuses_has_a_question_for_the_support_too(steps, sign_in, bench):
    session = sign_in()
    steps()
    bench.put("/workbench/fault", json={"name": "other-person"})
    assert bench.post("/api/member", headers=session).status_code == 502
    request, exchange, store = steps()
    assert (exchange["error"], store["outcome"]) == (None, "same")
    for lang, environment in (("zh", "使用环境"), ("en", "Environment")):
        report = request["error"]["report"][lang]
        assert all(
            word in report
            for word in (environment, "alipay.user.info.share", "identity:other-person")
        )
        assert not re.search("authusrB.{8}", report)


# ── writes of the store ──


def test_the_store_names_the_methods_that_were_called(steps, sign_in, bench, end_access_tokens):
    session = sign_in()
    end_access_tokens()
    bench.post("/api/member", headers=session)
    bench.delete("/api/session", headers=session)
    bench.post("/api/auth", json={})
    functions = [step["function"] for step in steps() if step["kind"] == "store"]
    store = "alipay_member/store/__init__.py · MemberStore"
    methods = ("sign_in", "renew", "save_profile", "sign_out")
    assert functions == [*[f"{store}.{method}()" for method in methods], store]


def test_the_store_is_not_credited_with_what_others_did_meanwhile(
    steps, sign_in, bench, settings, emulator
):
    bench.post("/api/member", headers=sign_in())
    steps()
    others = MemberStore(settings.database_url)
    meanwhile = [Token("t", "r", 9, 9, "another-person", None)]
    session = sign_in()

    def another_person_signs_in():
        if meanwhile:
            others.sign_in("demo-mini", meanwhile.pop())

    bench.application.before_request_funcs[None].append(another_person_signs_in)
    bench.post("/api/member", headers=session)
    assert bench.get("/workbench/events").get_json()["counts"]["members"] == 2
    assert [step["outcome"] for step in steps() if step["kind"] == "store"] == ["same", "same"]


def test_a_refreshed_row_is_not_a_changed_or_removed_one(steps, sign_in, bench, settings):
    session = sign_in()
    bench.post("/api/member", headers=session)
    with (
        closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database,
        database,
    ):
        database.execute("UPDATE members SET profile_at = 1")  # long ago
    bench.post("/api/member", headers=session)
    bench.post("/api/member", headers=session, json={})
    bench.delete("/api/member", headers=session)
    *_, refreshed, unchanged, removed = [step for step in steps() if step["kind"] == "store"]
    assert (refreshed["says"], refreshed["outcome"], refreshed["before"][0]["profile_at"]) == (
        "refreshed",
        "same",
        1,
    )
    assert (removed["says"], removed["outcome"], removed["after"]) == ("removed", "removed", [])
    assert unchanged["says"] in ("unchanged", "refreshed")  # the clock may have ticked
    assert ("before" in unchanged) == (unchanged["says"] == "refreshed")


def test_the_first_profile_is_a_change_of_the_row(steps, sign_in, bench):
    session = sign_in("status-w", ("auth_user",))
    steps()
    bench.post("/api/member", headers=session)
    store = steps()[-1]
    assert store["outcome"] == "saved"
    assert (store["before"][0]["profile_at"], store["after"][0]["user_status"]) == (None, "W")


def test_shows_forged_fields_on_the_wire_and_the_row_unchanged(steps, sign_in, bench, settings):
    session = sign_in()
    bench.post("/api/member", headers=session)
    steps()
    bench.post(
        "/api/member", headers=session, json={"nick_name": "forged", "user_id": "2088000000000000"}
    )
    request, _, store = steps()
    assert request["body"] == {"nick_name": "forged", "user_id": "2088000000000000"}
    assert store["outcome"] == "same"
    with sqlite3.connect(settings.database_url.removeprefix("sqlite:///")) as database:
        assert database.execute("SELECT nick_name, user_id FROM members").fetchall() == [
            ("完整示例", None)
        ]


def test_members_and_sessions_are_those_of_the_database(bench, sign_in, settings):
    bench.post("/api/member", headers=sign_in())
    sign_in("company")
    trace = bench.get("/workbench/events").get_json()
    with sqlite3.connect(settings.database_url.removeprefix("sqlite:///")) as database:
        rows = database.execute("SELECT open_id, nick_name FROM members").fetchall()
        sessions = database.execute("SELECT COUNT(*) FROM sessions").fetchone()[0]
    after = [row for step in trace["steps"] for row in step.get("after", [])]
    assert {(row["open_id"], row["nick_name"]) for row in after} >= set(rows)
    assert trace["counts"] == {"members": len(rows), "sessions": sessions}
    assert len(rows) == sessions == 2


def test_the_store_tells_what_changed_field_by_field(steps, sign_in, bench):
    session = sign_in()
    made = steps()[-1]
    open_id = made["after"][0]["open_id"]
    assert ["+", "open_id", open_id] in made["diff"]
    assert not [line for line in made["diff"] if line[0] == "-" or line[2] is None]
    bench.post("/api/member", headers=session)
    filled = steps()[-1]
    assert ["+", "nick_name", "完整示例"] in filled["diff"]
    assert not [line for line in filled["diff"] if line[1] in ("open_id", "app_id", "first_seen")]
    bench.delete("/api/member", headers=session)
    gone = steps()[-1]
    assert ["-", "nick_name", "完整示例"] in gone["diff"]
    assert {sign for sign, _, _ in gone["diff"]} == {"-"}


def test_the_store_names_a_refresh_and_a_session(steps, sign_in, bench, end_access_tokens):
    session = sign_in()
    sign_in()
    end_access_tokens()
    bench.post("/api/member", headers=session)
    bench.delete("/api/session", headers=session)
    sentences = [(step["kind"], step["says"]) for step in steps()]
    assert ("exchange", "refresh") in sentences
    assert sentences.count(("exchange", "alipay.system.oauth.token")) == 2
    says = [key for kind, key in sentences if kind == "store"]
    assert says == ["changed", "session-opened", "renewed", "changed", "signed-out"]


# ── messages of Alipay ──


def kinds(steps):
    return [(step["kind"], step["lane"], step["says"], step["outcome"]) for step in steps]


def test_a_withdrawal_is_action_message_and_write(bench, steps, sign_in, rows, turn_on):
    session = sign_in()
    bench.post("/api/member", headers=session)
    (before,) = rows("members")
    steps()
    turn_on("consent-revoked")
    action, message, store = newest = steps()
    assert kinds(newest) == [
        ("action", "alipay", "consent-revoked", ""),
        ("message", "alipay", "message", "verified"),
        ("store", "server", "profile-withdrawn", "withdrawn"),
    ]
    assert [step["n"] for step in newest] == sorted(step["n"] for step in newest)
    assert (action["trigger"], message["trigger"]) == ("trigger-workbench", "trigger-alipay")
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


def test_a_forged_message_changes_nothing_and_is_shown_as_refused(
    bench, steps, sign_in, rows, turn_on
):
    session = sign_in()
    bench.post("/api/member", headers=session)
    before = rows("members"), rows("sessions")
    steps()
    turn_on("message-forged")
    _, message, store = newest = steps()
    assert kinds(newest) == [
        ("action", "alipay", "message-forged", ""),
        ("message", "alipay", "message-refused", "unverified"),
        ("store", "server", "unchanged", "same"),
    ]
    assert (message["answer"], message["point"]["verdict"]) == ("fail", "bad-signature")
    assert (rows("members"), rows("sessions")) == before
    assert "diff" not in store
    assert bench.post("/api/member", headers=session).status_code == 200


def test_a_second_consent_survives_the_message_of_the_first(bench, sign_in, rows, turn_on):
    sign_in()
    turn_on("consent-revoked")
    session = sign_in()
    assert bench.post("/api/member", headers=session).status_code == 200
    assert rows("members")[0]["nick_name"] == "完整示例"
    assert len(rows("sessions")) == 1


@pytest.mark.parametrize("body", [b"", b"\xff\0=%", b"charset=GBK&biz_content=%81", b"x" * 20_000])
def test_a_message_with_any_body_is_a_step(bench, steps, body):
    bench.post("/alipay/messages", data=body)
    message = next(step for step in steps() if step["kind"] == "message")
    assert message["outcome"] == "unverified"
    assert message["point"]["verdict"] == "no-signature"


def test_the_button_of_the_members_list_sends_messages_too(bench, steps, sign_in):
    sign_in()
    steps()
    bench.post("/workbench/emulator/revoke", json={"member": "complete"})
    assert "message" in [step["kind"] for step in steps()]
