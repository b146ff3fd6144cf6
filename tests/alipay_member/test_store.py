"""MemberStore: one row for each person in one app, through all that Alipay's move to open_id can bring."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from alipay_member import IdentityError, MemberStore, Profile, Token
from alipay_member.errors import SessionEnded

DAY = 86400
NAMES = ("nick_name", "gender", "user_type", "user_status", "is_certified", "is_student_certified")


class Clock:
    """A clock that is set by hand."""

    now = 1_760_505_561.0

    def __call__(self):
        return self.now


def token(
    open_id=None, user_id=None, union_id=None, name="1", expires_in=15 * DAY, re_expires_in=30 * DAY
):
    return Token(
        f"access-{name}", f"refresh-{name}", expires_in, re_expires_in, open_id, user_id, union_id
    )


class MemberStoreContract:
    """What every backend must do. A subclass gives `make_store(clock)`, each time a store on the same database."""

    @pytest.fixture
    def clock(self):
        return Clock()

    @pytest.fixture
    def store(self, make_store, clock):
        return make_store(clock)

    def only(self, store, app_id="app"):
        (member,) = store.members(app_id)
        return member

    # a session

    def test_sign_in_opens_a_session_that_its_token_finds(self, store, clock):
        session_token, session = store.sign_in("app", token("o1", union_id="un1"))
        assert store.session(session_token) == session
        assert (session.access_token, session.refresh_token) == ("access-1", "refresh-1")
        assert (session.access_ends, session.refresh_ends, session.ends) == tuple(
            clock.now + days * DAY for days in (15, 30, 30)
        )
        member = session.member
        assert (member.app_id, member.open_id, member.user_id, member.union_id) == (
            "app",
            "o1",
            None,
            "un1",
        )
        assert (member.first_seen, member.profile_at) == (int(clock.now), None)
        assert session_token not in repr(session)
        assert "access-1" not in repr(session)

    @pytest.mark.parametrize("wrong", ["", "x", "1' OR '1'='1", "\0", "王誠", "\ud800"])
    def test_session_refuses_what_is_no_token(self, store, wrong):
        store.sign_in("app", token("o1"))
        with pytest.raises(SessionEnded):
            store.session(wrong)

    def test_replaced_session_ends_and_no_other(self, store):
        old, other = store.sign_in("app", token("o1"))[0], store.sign_in("app", token("o1"))[0]
        new, _ = store.sign_in("app", token("o1"), replaces=old)
        with pytest.raises(SessionEnded):
            store.session(old)
        assert store.session(other).member == store.session(new).member

    @pytest.mark.parametrize(
        ("lives", "ends"),
        [
            ((365 * DAY, 365 * DAY), 30 * DAY),
            ((15 * DAY, 30 * DAY), 30 * DAY),
            ((DAY, 2 * DAY), 2 * DAY),
            ((60, 0), 60),
        ],
    )
    def test_session_ends_with_its_tokens_and_after_thirty_days(self, store, clock, lives, ends):
        session_token, session = store.sign_in(
            "app", token("o1", expires_in=lives[0], re_expires_in=lives[1])
        )
        assert session.ends == clock.now + ends
        clock.now += ends - 1
        assert store.session(session_token)
        assert store.count_sessions("app") == 1
        clock.now += 1
        assert store.count_sessions("app") == 0
        with pytest.raises(SessionEnded):
            store.session(session_token)

    def test_session_without_refresh_token_ends_with_the_access_token(self, store, clock):
        alone = Token("access", "", DAY, 30 * DAY, "o1", None)
        assert store.sign_in("app", alone)[1].ends == clock.now + DAY

    def test_renew_keeps_the_session_and_its_end(self, store, clock):
        session_token, before = store.sign_in("app", token("o1"))
        clock.now += 20 * DAY
        after = store.renew(before, token("o1", name="2"))
        assert (after.access_token, after.refresh_token, after.ends) == (
            "access-2",
            "refresh-2",
            before.ends,
        )
        assert after.access_ends == clock.now + 15 * DAY
        assert store.session(session_token) == store.reload(before) == after

    def test_renew_refuses_somebody_else(self, store):
        session_token, session = store.sign_in("app", token("o1"))
        with pytest.raises(IdentityError) as caught:
            store.renew(session, token("o2", name="2"))
        assert caught.value.reason == "other-person"
        assert store.session(session_token) == session
        assert len(store.members("app")) == 1

    @pytest.mark.parametrize("act", ["save_profile", "renew", "reload"])
    def test_ended_session_writes_nothing(self, store, act):
        session_token, session = store.sign_in("app", token("o1"))
        store.sign_out(session_token)
        arguments = {
            "save_profile": [Profile("o1", nick_name="x")],
            "renew": [token("o1")],
            "reload": [],
        }[act]
        with pytest.raises(SessionEnded):
            getattr(store, act)(session, *arguments)
        assert self.only(store).nick_name is None

    def test_sign_out_ends_one_session(self, store):
        one, other = store.sign_in("app", token("o1"))[0], store.sign_in("app", token("o1"))[0]
        assert store.count_sessions("app") == 2
        store.sign_out(one)
        with pytest.raises(SessionEnded):
            store.session(one)
        assert store.session(other)

    def test_forget_removes_the_member_with_all_sessions(self, store):
        one, session = store.sign_in("app", token("o1"))
        two, _ = store.sign_in("app", token("o1"))
        kept, _ = store.sign_in("app", token("o2"))
        store.forget(session)
        for gone in (one, two):
            with pytest.raises(SessionEnded):
                store.session(gone)
        assert self.only(store).open_id == "o2"
        assert store.session(kept)
        store.forget(session)  # twice is no error

    def test_clear_empties_one_app(self, store):
        for app_id in ("app", "app", "other"):
            store.sign_in(app_id, token("o1"))
        store.clear("app")
        assert (store.members("app"), store.count_sessions("app")) == ([], 0)
        assert (len(store.members("other")), store.count_sessions("other")) == (1, 1)

    def test_everything_outlives_the_store_object(self, store, make_store, clock):
        session_token, session = store.sign_in("app", token("o1"))
        member = store.save_profile(session, Profile("o1", nick_name="王誠"))
        assert make_store(clock).session(session_token).member == member

    # a profile

    def test_profile_is_kept_whole_and_replaced_whole(self, store, clock):
        _, session = store.sign_in("app", token("o1"))
        given = dict(zip(NAMES, ("买家沙箱", "F", "2", "T", "T", "F"), strict=True))
        clock.now += 60
        member = store.save_profile(
            session, Profile("o1", **given, avatar="https://x/y.png", city="杭州市")
        )
        assert {name: getattr(member, name) for name in NAMES} == given
        assert (member.avatar, member.city, member.province) == ("https://x/y.png", "杭州市", None)
        assert member.profile_at == int(clock.now) == member.first_seen + 60
        assert self.only(store) == member
        member = store.save_profile(
            session, Profile("o1", gender="M")
        )  # what they took away is gone here too
        assert (member.gender, member.nick_name, member.avatar, member.city) == (
            "M",
            None,
            None,
            None,
        )

    @pytest.mark.parametrize(
        "text", ["'; DROP TABLE members; --", '小}二{"\\', "😀", "a" * 10_000, "<b>&"]
    )
    def test_profile_keeps_any_text(self, store, text):
        _, session = store.sign_in("app", token("o1"))
        assert store.save_profile(session, Profile("o1", nick_name=text)).nick_name == text
        assert self.only(store).nick_name == text

    # who is who: by open_id, by user_id, by both

    def test_member_is_one_row_from_user_id_to_both_to_open_id(self, store, clock):
        began = int(clock.now)
        old, session = store.sign_in("app", token(user_id="2088"))
        store.save_profile(session, Profile(user_id="2088", nick_name="王誠"))
        for ids in ({"user_id": "2088", "open_id": "o1"}, {"open_id": "o1"}):
            clock.now += DAY
            _, session = store.sign_in("app", token(**ids))
            store.save_profile(session, Profile(**ids, nick_name="王誠"))
            member = self.only(store)
            assert (member.user_id, member.open_id, member.first_seen) == ("2088", "o1", began)
        assert store.session(old).member == self.only(store)

    def test_session_of_the_old_id_stays_good_after_the_switch(self, store):
        old, session = store.sign_in("app", token(user_id="2088"))
        store.sign_in("app", token("o1", "2088"))
        member = store.save_profile(session, Profile(open_id="o1", nick_name="王誠"))
        assert (member.user_id, member.open_id, member.nick_name) == ("2088", "o1", "王誠")
        assert store.session(old).member == member

    @pytest.mark.parametrize("by", ["token", "profile", "refresh"])
    def test_two_rows_that_turn_out_to_be_one_are_merged(self, store, clock, by):
        began = int(clock.now)
        known_by_user_id, first = store.sign_in("app", token(user_id="2088", union_id="un1"))
        store.save_profile(first, Profile(user_id="2088", nick_name="old", city="杭州市"))
        clock.now += DAY
        known_by_open_id, second = store.sign_in("app", token("o1"))
        store.save_profile(second, Profile("o1", nick_name="new"))
        assert len(store.members("app")) == 2
        if by == "token":
            store.sign_in("app", token("o1", "2088"))
        elif by == "refresh":
            store.renew(first, token("o1", "2088"))
        else:
            store.save_profile(second, Profile("o1", "2088", nick_name="new"))
        member = self.only(store)
        assert (member.open_id, member.user_id, member.union_id) == ("o1", "2088", "un1")
        assert (member.first_seen, member.nick_name) == (began, "new")
        assert member.city == (
            None if by == "profile" else "杭州市"
        )  # a whole new profile has none
        assert [store.session(known).member for known in (known_by_user_id, known_by_open_id)] == [
            member
        ] * 2

    def test_merging_keeps_the_profile_where_only_the_older_row_has_one(self, store, clock):
        _, session = store.sign_in("app", token(user_id="2088"))
        before = store.save_profile(session, Profile(user_id="2088", nick_name="王誠"))
        clock.now += DAY
        store.sign_in("app", token("o1"))
        store.sign_in("app", token("o1", "2088"))
        member = self.only(store)
        assert (member.nick_name, member.profile_at) == ("王誠", before.profile_at)

    def test_two_apps_keep_two_rows_of_one_union(self, store):
        _, web = store.sign_in("web", token("o-web", "2088", "un1"))
        store.sign_in("mini", token("o-mini", "2088", "un1"))
        store.sign_in("mini", token("o-mini", "2088"))  # an answer without union_id takes none away
        assert [self.only(store, app).open_id for app in ("web", "mini")] == ["o-web", "o-mini"]
        assert {self.only(store, app).union_id for app in ("web", "mini")} == {"un1"}
        store.save_profile(web, Profile("o-web", nick_name="web only"))
        assert self.only(store, "mini").nick_name is None

    @pytest.mark.parametrize(
        ("known", "told"),
        [
            ({"open_id": "o1"}, {"open_id": "o2"}),
            ({"user_id": "1"}, {"user_id": "2"}),
            ({"open_id": "o1", "user_id": "1"}, {"open_id": "o2"}),
            ({"open_id": "o1", "user_id": "1"}, {"open_id": "o1", "user_id": "2"}),
            ({"open_id": "o1", "user_id": "1"}, {"open_id": "o2", "user_id": "1"}),
        ],
    )
    def test_profile_of_somebody_else_is_refused(self, store, known, told):
        _, session = store.sign_in("app", token(**known))
        before = store.members("app")
        with pytest.raises(IdentityError) as caught:
            store.save_profile(session, Profile(**told, nick_name="x"))
        assert caught.value.reason == "other-person"
        assert store.members("app") == before

    def test_profile_of_another_known_member_is_refused(self, store):
        _, session = store.sign_in("app", token("o1"))
        store.sign_in("app", token("o2", "2"))
        before = store.members("app")
        with pytest.raises(IdentityError):
            store.save_profile(session, Profile(user_id="2", nick_name="x"))
        assert store.members("app") == before

    @pytest.mark.parametrize("told", [("o1", "2"), ("o2", "1"), ("o3", "1"), ("o1", "3")])
    def test_sign_in_with_ids_of_two_people_is_refused(self, store, told):
        store.sign_in("app", token("o1", "1"))
        store.sign_in("app", token("o2", "2"))
        before = store.members("app"), store.count_sessions("app")
        with pytest.raises(IdentityError) as caught:
            store.sign_in("app", token(*told))
        assert caught.value.reason == "other-person"
        assert (store.members("app"), store.count_sessions("app")) == before


class TestSQLiteStore(MemberStoreContract):
    """The contract on SQLite, and what only SQLite can get wrong."""

    @pytest.fixture
    def make_store(self, tmp_path):
        return lambda clock: MemberStore(f"sqlite:///{tmp_path / 'store.db'}", clock=clock)

    def count(self, tmp_path, table):
        with closing(sqlite3.connect(tmp_path / "store.db")) as db:
            return db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]

    def test_ended_sessions_are_purged_as_new_ones_are_made(self, store, clock, tmp_path):
        for _ in range(3):
            store.sign_in("app", token("o1", expires_in=60, re_expires_in=60))
        clock.now += 60
        store.sign_in("app", token("o2"))
        assert self.count(tmp_path, "sessions") == 1

    def test_session_tokens_are_not_in_the_file(self, store, tmp_path):
        session_token, _ = store.sign_in("app", token("o1"))
        for path in tmp_path.iterdir():
            assert session_token.encode() not in path.read_bytes()

    def test_sixteen_writers_at_once_all_succeed(self, make_store, clock, tmp_path):
        stores, start = [make_store(clock) for _ in range(4)], threading.Barrier(16, timeout=30)

        def write(number):
            store = stores[number % 4]
            start.wait()
            for turn in range(8):
                session_token, session = store.sign_in(
                    "app", token("shared", name=f"{number}-{turn}")
                )
                store.save_profile(session, Profile("shared", nick_name=f"{number}"))
                _, own = store.sign_in(
                    "app", token(f"o{number}", f"{number}"), replaces=session_token
                )
                store.renew(own, token(f"o{number}", f"{number}", name="new"))

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(write, range(16)))  # raises "database is locked", if there is one
        assert len(stores[0].members("app")) == 17
        assert self.count(tmp_path, "sessions") == 16 * 8
