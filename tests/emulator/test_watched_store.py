"""WatchedStore: what it tells its listener, and what only the workbench asks it."""

import threading

import pytest

from alipay_member import IdentityError, MemberStore, Profile, SessionEnded, Token
from helpers import needs_emulator

pytestmark = needs_emulator
TOKEN = Token("access", "refresh", 100, 200, "open-1", None)


@pytest.fixture
def told(store):
    """What the listener has been told: (method, rows before, rows after)."""
    heard = []
    store.listener = lambda *news: heard.append(news)
    return heard


def test_each_write_is_told_with_the_rows_before_and_after(store, told):
    session_token, session = store.sign_in("demo-mini", TOKEN)
    store.renew(session, Token("access-2", "refresh-2", 100, 200, "open-1", None))
    store.save_profile(store.session(session_token), Profile("open-1", nick_name="小明"))
    store.sign_out(session_token)
    store.forget(session)
    methods = [method for method, _, _ in told]
    assert methods == ["sign_in", "renew", "save_profile", "sign_out", "forget"]
    names = [
        ([row["nick_name"] for row in before], [row["nick_name"] for row in after])
        for _, before, after in told
    ]
    assert names == [
        ([], [None]),
        ([None], [None]),
        ([None], ["小明"]),
        (["小明"], ["小明"]),
        (["小明"], []),
    ]


def test_every_write_of_a_member_store_is_watched():
    from emulator.watched import WatchedStore

    reads = {"session", "reload", "check"}
    claims = {
        "claim_refresh",
        "release_refresh",
    }  # no member changes: a renewal follows, or nothing
    public = {name for name in vars(MemberStore) if not name.startswith("_")}
    assert public - reads - claims <= set(vars(WatchedStore))


def test_a_write_that_is_refused_is_told_too(store, told):
    session_token, session = store.sign_in("demo-mini", TOKEN)
    with pytest.raises(IdentityError):
        store.save_profile(session, Profile("somebody-else"))
    method, before, after = told[-1]
    assert method == "save_profile"
    assert before == after
    assert store.session(session_token).member.profile_at is None


def test_without_a_listener_it_is_a_member_store(store):
    session_token, session = store.sign_in("demo-mini", TOKEN)
    assert store.session(session_token).member == session.member


def test_writes_at_once_are_told_one_at_a_time(store, told):
    def sign_in(number):
        store.sign_in("demo-mini", Token("a", "r", 9, 9, f"open-{number}", None))

    threads = [threading.Thread(target=sign_in, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(before) for _, before, _ in told) == list(range(8))
    assert all(len(after) == len(before) + 1 for _, before, after in told)


def test_members_sessions_and_clearing_are_those_of_one_app(store):
    mini, _ = store.sign_in("demo-mini", TOKEN)
    web, _ = store.sign_in("demo-web", TOKEN)
    store.sign_in("demo-web", TOKEN)
    assert [member.open_id for member in store.members("demo-web")] == ["open-1"]
    assert (store.count_sessions("demo-mini"), store.count_sessions("demo-web")) == (1, 2)
    store.clear("demo-web")
    assert (store.members("demo-web"), store.count_sessions("demo-web")) == ([], 0)
    assert store.session(mini).member.app_id == "demo-mini"
    with pytest.raises(SessionEnded):
        store.session(web)


def test_the_workbench_asks_for_it(settings):
    from app import create_app
    from emulator import workbench

    app = create_app(settings, store=MemberStore(settings.database_url))
    with pytest.raises(TypeError, match="WatchedStore"):
        workbench.attach(app)


def test_a_session_that_has_ended_is_not_counted(settings):
    from emulator.watched import WatchedStore

    now = [1_000_000]
    store = WatchedStore(settings.database_url, clock=lambda: now[0])
    store.sign_in("demo-mini", TOKEN)
    assert store.count_sessions("demo-mini") == 1
    now[0] += TOKEN.re_expires_in
    assert store.count_sessions("demo-mini") == 0
