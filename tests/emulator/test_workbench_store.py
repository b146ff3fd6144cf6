"""The trace: what each step says of a write of the store."""

import sqlite3
from contextlib import closing

from alipay_member import MemberStore, Token
from helpers import needs_emulator

pytestmark = needs_emulator


def test_the_store_names_the_methods_that_were_called(steps, sign_in, bench, end_access_tokens):
    session = sign_in()
    end_access_tokens()
    bench.post("/api/member", headers=session)
    bench.delete("/api/session", headers=session)
    bench.post("/api/auth", json={})
    functions = [step["function"] for step in steps() if step["kind"] == "store"]
    store = "alipay_member/store.py · MemberStore"
    methods = ("sign_in", "renew", "save_profile", "sign_out")
    assert functions == [*[f"{store}.{method}()" for method in methods], store]


def test_the_store_is_not_credited_with_what_others_did_meanwhile(
    steps, sign_in, bench, settings, emulator
):
    bench.post("/api/member", headers=sign_in())
    steps()
    others = MemberStore(settings.database_url)
    meanwhile = [Token("t", "r", 9, 9, "somebody-else", None)]
    session = sign_in()

    def somebody_else_signs_in():
        if meanwhile:
            others.sign_in("demo-mini", meanwhile.pop())

    bench.application.before_request_funcs[None].append(somebody_else_signs_in)
    bench.post("/api/member", headers=session)
    assert len(bench.get("/workbench/events").get_json()["members"]) == 2
    assert [step["outcome"] for step in steps() if step["kind"] == "store"] == ["same", "same"]


def test_the_store_tells_refreshed_from_changed_and_removed(steps, sign_in, bench, settings):
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
    told = bench.get("/workbench/events").get_json()
    with sqlite3.connect(settings.database_url.removeprefix("sqlite:///")) as database:
        rows = database.execute("SELECT open_id, nick_name FROM members").fetchall()
        sessions = database.execute("SELECT COUNT(*) FROM sessions").fetchone()[0]
    assert sorted((row["open_id"], row["nick_name"]) for row in told["members"]) == sorted(rows)
    assert len(rows) == told["sessions"] == sessions == 2
