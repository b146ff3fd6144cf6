"""WatchedStore: what it reports to its listener, and what the workbench reads of it."""

import contextlib
import threading

import pytest

from alipay_member import IdentityError, Profile, SessionEnded, Token
from alipay_member.store import MemberStore
from helpers import needs_emulator

pytestmark = needs_emulator
TOKEN = Token("access", "refresh", 100, 200, "open-1", None)


@pytest.fixture
def writes(store):
    """The writes that the store has reported."""
    reported = []
    store.listener = reported.append
    return reported


def nicknames(rows):
    return [row["nick_name"] for row in rows.values()]


def test_each_write_is_reported_with_the_rows_before_and_after(store, writes):
    session_token, session = store.sign_in("demo-mini", TOKEN)
    store.renew(session, Token("access-2", "refresh-2", 100, 200, "open-1", None))
    store.save_profile(store.session(session_token), Profile("open-1", nick_name="小明"))
    store.sign_out(session_token)
    store.forget(session)
    methods = [write.method for write in writes]
    assert methods == ["sign_in", "renew", "save_profile", "sign_out", "forget"]
    assert [write.error for write in writes] == [None] * len(writes)
    names = [(nicknames(write.before), nicknames(write.after)) for write in writes]
    assert names == [
        ([], [None]),
        ([None], [None]),
        ([None], ["小明"]),
        (["小明"], ["小明"]),
        (["小明"], []),
    ]


def test_every_write_of_a_member_store_is_watched():
    from workbench.watched_store import WatchedStore

    reads = {"session", "reload", "check", "close"}
    claims = {
        "claim_refresh",
        "release_refresh",
    }  # no member changes: a renewal follows, or nothing
    public = {name for name in vars(MemberStore) if not name.startswith("_")}
    assert public - reads - claims <= set(vars(WatchedStore))


def test_a_write_that_is_refused_is_reported_too(store, writes):
    session_token, session = store.sign_in("demo-mini", TOKEN)
    with pytest.raises(IdentityError):
        store.save_profile(session, Profile("another-person"))
    write = writes[-1]
    assert write.method == "save_profile"
    assert write.before == write.after
    assert len(write.before) == 1
    assert isinstance(write.error, IdentityError)
    assert store.session(session_token).member.profile_at is None


def test_without_a_listener_it_is_a_member_store(store):
    session_token, session = store.sign_in("demo-mini", TOKEN)
    assert store.session(session_token).member == session.member


def test_writes_at_once_are_reported_one_at_a_time(store, writes):
    def sign_in(number):
        token = Token("a", "r", 9, 9, "open-1", f"2088-{number}")
        with contextlib.suppress(IdentityError):
            store.sign_in("demo-mini", token)

    threads = [threading.Thread(target=sign_in, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Who came first made the row; each later one saw it, whole, and changed nothing.
    (row,) = [write.after for write in writes if write.error is None]
    assert [write.before for write in writes] == [{}, *[row] * 7]
    assert [write.after for write in writes] == [row] * 8


def test_a_merge_is_reported_with_both_rows(store, writes):
    store.sign_in("demo-mini", Token("a", "r", 9, 9, "open-1", None))
    store.sign_in("demo-mini", Token("a", "r", 9, 9, None, "2088-1"))
    store.sign_in("demo-mini", Token("a", "r", 9, 9, "open-1", "2088-1"))
    merge = writes[-1]
    assert len(merge.before) == 2
    ((key, row),) = merge.after.items()
    assert key in merge.before
    assert (row["open_id"], row["user_id"]) == ("open-1", "2088-1")


def test_a_session_that_does_not_exist_ends_without_a_row(store, writes):
    store.sign_in("demo-mini", TOKEN)
    store.sign_out("no such session")
    assert (writes[-1].method, writes[-1].before, writes[-1].after) == ("sign_out", {}, {})


def test_a_write_reads_no_rows_but_those_that_it_can_touch(store, writes):
    """However many members there are. (All of them were read twice: logins took seconds.)"""
    from workbench.watched_store import member, person

    with store._database.writing() as db:
        for number in range(200):
            values = (f"m{number}", "demo-mini", f"other-{number}", 1)
            columns = "(id, app_id, open_id, first_seen)"
            db.execute(f"INSERT INTO members {columns} VALUES (?, ?, ?, ?)", values)
    session_token, session = store.sign_in("demo-mini", TOKEN)
    store.renew(session, TOKEN)
    store.save_profile(session, Profile("open-1", nick_name="小明"))
    store.sign_out(session_token)
    store.forget(session)
    assert max(len(write.before) + len(write.after) for write in writes) == 2
    for condition, values in (person("demo-mini", TOKEN), member(session)):
        with store._database.reading() as db:
            plan = db.execute(f"EXPLAIN QUERY PLAN SELECT * FROM members WHERE {condition}", values)
            steps = [row[-1] for row in plan]
        assert not [step for step in steps if step.startswith("SCAN")]


def test_counts_and_clearing_are_those_of_one_app(store):
    mini, _ = store.sign_in("demo-mini", TOKEN)
    web, _ = store.sign_in("demo-web", TOKEN)
    store.sign_in("demo-web", TOKEN)
    assert (store.count_members("demo-mini"), store.count_members("demo-web")) == (1, 1)
    assert (store.count_sessions("demo-mini"), store.count_sessions("demo-web")) == (1, 2)
    store.clear("demo-web")
    assert (store.count_members("demo-web"), store.count_sessions("demo-web")) == (0, 0)
    assert store.session(mini).member.app_id == "demo-mini"
    with pytest.raises(SessionEnded):
        store.session(web)


def test_the_workbench_asks_for_it(settings):
    import workbench
    from app import create_app

    app = create_app(settings, store=MemberStore(settings.database_url))
    with pytest.raises(TypeError, match="WatchedStore"):
        workbench.attach(app)


def test_a_session_that_has_ended_is_not_counted(settings):
    from workbench.watched_store import WatchedStore

    now = [1_000_000]
    store = WatchedStore(settings.database_url, clock=lambda: now[0])
    store.sign_in("demo-mini", TOKEN)
    assert store.count_sessions("demo-mini") == 1
    now[0] += TOKEN.re_expires_in
    assert store.count_sessions("demo-mini") == 0
