"""The trace: what each step says of a write of the store."""

import sqlite3
from contextlib import closing

from alipay_member import Token
from alipay_member.store import MemberStore
from helpers import needs_emulator

pytestmark = needs_emulator


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
    meanwhile = [Token("t", "r", 9, 9, "somebody-else", None)]
    session = sign_in()

    def somebody_else_signs_in():
        if meanwhile:
            others.sign_in("demo-mini", meanwhile.pop())

    bench.application.before_request_funcs[None].append(somebody_else_signs_in)
    bench.post("/api/member", headers=session)
    assert bench.get("/workbench/events").get_json()["counts"]["members"] == 2
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
    after = [row for step in told["steps"] for row in step.get("after", [])]
    assert {(row["open_id"], row["nick_name"]) for row in after} >= set(rows)
    assert told["counts"] == {"members": len(rows), "sessions": sessions}
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
    told = [(step["kind"], step["says"]) for step in steps()]
    assert ("exchange", "refresh") in told
    assert told.count(("exchange", "alipay.system.oauth.token")) == 2
    says = [key for kind, key in told if kind == "store"]
    assert says == ["changed", "session-opened", "renewed", "changed", "signed-out"]


def test_a_login_costs_no_more_with_many_members(bench, sign_in, store):
    """Counted in what the trace shows and in the rows that were read."""
    from workbench.watched_store import Write

    with store._database.writing() as db:
        for number in range(10_000):
            values = (f"m{number}", "demo-mini", f"other-{number}", "小明", 1)
            columns = "(id, app_id, open_id, nick_name, first_seen)"
            db.execute(f"INSERT INTO members {columns} VALUES (?, ?, ?, ?, ?)", values)
    read = []
    tell = store.listener

    def count(write: Write):
        read.append(len(write.before) + len(write.after))
        tell(write)

    store.listener = count
    bench.post("/api/member", headers=sign_in())
    assert len(read) == 2
    assert max(read) <= 2
    poll = bench.get("/workbench/events")
    assert poll.get_json()["counts"]["members"] == 10_001
    assert len(poll.data) < 40_000
    nothing_new = bench.get(f"/workbench/events?since={poll.get_json()['next']}")
    assert len(nothing_new.data) < 500
