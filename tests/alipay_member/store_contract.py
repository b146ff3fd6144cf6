"""What every backend of MemberStore must do: the test class that a new backend subclasses.

class TestMyStore(MemberStoreContract): with the fixtures that MemberStoreContract names
"""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from alipay_member import IdentityError, Profile, Token
from alipay_member.errors import SessionEnded
from alipay_member.models import PROFILE, Withdrawn
from alipay_member.store.database import insert
from helpers import ROOT
from reading import ReadingStore

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


class SessionContract:
    """Sessions and profiles. A subclass gives `make_store(clock)`: a store on the same database."""

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
        assert (session.access_expires_at, session.refresh_expires_at, session.expires_at) == tuple(
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
    def test_session_refuses_an_invalid_token(self, store, wrong):
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
        assert session.expires_at == clock.now + ends
        clock.now += ends - 1
        assert store.session(session_token)
        assert store.count_sessions("app") == 1
        clock.now += 1
        assert store.count_sessions("app") == 0
        with pytest.raises(SessionEnded):
            store.session(session_token)

    def test_session_without_refresh_token_ends_with_the_access_token(self, store, clock):
        alone = Token("access", "", DAY, 30 * DAY, "o1", None)
        assert store.sign_in("app", alone)[1].expires_at == clock.now + DAY

    def test_renew_keeps_the_session_and_its_end(self, store, clock):
        session_token, before = store.sign_in("app", token("o1"))
        clock.now += 20 * DAY
        after = store.renew(before, token("o1", name="2"))
        assert (after.access_token, after.refresh_token, after.expires_at) == (
            "access-2",
            "refresh-2",
            before.expires_at,
        )
        assert after.access_expires_at == clock.now + 15 * DAY
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

    def test_a_late_release_leaves_the_claim_of_another(self, store, clock):
        _, session = store.sign_in("app", token("o1"))
        late = store.claim_refresh(session, 10)
        clock.now += 11
        assert store.claim_refresh(session, 10) is not None
        store.release_refresh(session, late)
        assert store.claim_refresh(session, 10) is None

    def test_a_claim_given_back_may_be_taken_by_another(self, store):
        _, session = store.sign_in("app", token("o1"))
        store.release_refresh(session, store.claim_refresh(session, 10))
        assert store.claim_refresh(session, 10) is not None

    def test_forget_finds_a_row_that_was_merged_since(self, store):
        _, kept = store.sign_in("app", token("o1"))
        _, moved = store.sign_in("app", token(user_id="2088"))
        _, both = store.sign_in("app", token("o1", "2088"))
        (gone,) = [each for each in (kept, moved) if each.member.id != both.member.id]
        store.forget(gone)
        assert store.members("app") == []

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


class ConsentContract(SessionContract):
    """Sessions opened before that moment end; the profile goes when none is left."""

    def sign_in_with_profile(self, store, open_id="o1", app_id="app"):
        session_token, session = store.sign_in(app_id, token(open_id))
        store.save_profile(session, Profile(open_id, nick_name="王誠", gender="F"))
        return session_token

    def test_withdrawn_consent_ends_every_session_and_the_profile_goes(self, store, clock):
        before = [self.sign_in_with_profile(store) for _ in range(2)]
        first_seen = self.only(store).first_seen
        clock.now += 60
        assert store.withdraw_consent("app", "o1", None, clock.now) == Withdrawn(2, True)
        for session_token in before:
            with pytest.raises(SessionEnded):
                store.session(session_token)
        member = self.only(store)
        assert {getattr(member, name) for name in (*PROFILE, "profile_at")} == {None}
        assert (member.open_id, member.first_seen) == ("o1", first_seen)
        assert store.withdraw_consent("app", "o1", None, clock.now) == Withdrawn(0, False)
        assert self.only(store) == member

    def test_session_opened_after_it_stays_and_so_does_the_profile(self, store, clock):
        old = self.sign_in_with_profile(store)
        clock.now += 0.5
        withdrawn_at = clock.now
        new = store.sign_in("app", token("o1"))[0]
        assert store.withdraw_consent("app", "o1", None, withdrawn_at) == Withdrawn(1, False)
        with pytest.raises(SessionEnded):
            store.session(old)
        assert store.session(new).member.nick_name == "王誠"

    def test_an_old_message_leaves_the_profile_of_a_new_consent_even_without_a_session(
        self, store, clock
    ):
        withdrawn_at = clock.now
        clock.now += 60
        store.sign_out(self.sign_in_with_profile(store))
        assert store.withdraw_consent("app", "o1", None, withdrawn_at) == Withdrawn(0, False)
        assert self.only(store).nick_name == "王誠"

    def test_renewing_does_not_make_a_session_younger(self, store, clock):
        session_token, session = store.sign_in("app", token("o1"))
        clock.now += 60
        withdrawn_at = clock.now
        clock.now += 60
        assert store.renew(session, token("o1", name="2")).started_at == session.started_at
        assert store.withdraw_consent("app", "o1", None, withdrawn_at) == Withdrawn(1, False)
        with pytest.raises(SessionEnded):
            store.session(session_token)

    def test_nobody_else_is_touched(self, store, clock):
        kept = [self.sign_in_with_profile(store, *who) for who in (("o2",), ("o1", "web"))]
        self.sign_in_with_profile(store)
        clock.now += 60
        store.withdraw_consent("app", "o1", None, clock.now)
        assert [store.session(one).member.nick_name for one in kept] == ["王誠"] * 2

    def test_unknown_person_makes_no_row(self, store, clock):
        assert store.withdraw_consent("app", "o1", "2088", clock.now) is None
        assert store.members("app") == []

    def test_ids_of_two_people_change_nothing(self, store, clock):
        sessions = [store.sign_in("app", token(*ids))[0] for ids in (("o1", "1"), ("o2", "2"))]
        before = store.members("app")
        with pytest.raises(IdentityError):
            store.withdraw_consent("app", "o1", "2", clock.now + 60)
        assert store.members("app") == before
        assert all(store.session(one) for one in sessions)

    def test_both_ids_name_one_person_from_now_on(self, store, clock):
        for ids in ({"open_id": "o1"}, {"user_id": "2088"}):
            store.sign_in("app", token(**ids))
        clock.now += 60
        assert store.withdraw_consent("app", "o1", "2088", clock.now) == Withdrawn(2, False)
        assert (self.only(store).open_id, self.only(store).user_id) == ("o1", "2088")


class IdentityContract(ConsentContract):
    """One row for each person in one app, through all that Alipay's move to open_id can bring."""

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
        assert member.city is None  # the newer profile has none, and stays as Alipay gave it
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
        ("known", "ids"),
        [
            ({"open_id": "o1"}, {"open_id": "o2"}),
            ({"user_id": "1"}, {"user_id": "2"}),
            ({"open_id": "o1", "user_id": "1"}, {"open_id": "o2"}),
            ({"open_id": "o1", "user_id": "1"}, {"open_id": "o1", "user_id": "2"}),
            ({"open_id": "o1", "user_id": "1"}, {"open_id": "o2", "user_id": "1"}),
        ],
    )
    def test_profile_of_another_person_is_refused(self, store, known, ids):
        _, session = store.sign_in("app", token(**known))
        before = store.members("app")
        with pytest.raises(IdentityError) as caught:
            store.save_profile(session, Profile(**ids, nick_name="x"))
        assert caught.value.reason == "other-person"
        assert store.members("app") == before

    def test_profile_of_another_known_member_is_refused(self, store):
        _, session = store.sign_in("app", token("o1"))
        store.sign_in("app", token("o2", "2"))
        before = store.members("app")
        with pytest.raises(IdentityError):
            store.save_profile(session, Profile(user_id="2", nick_name="x"))
        assert store.members("app") == before

    @pytest.mark.parametrize("ids", [("o1", "2"), ("o2", "1"), ("o3", "1"), ("o1", "3")])
    def test_sign_in_with_ids_of_two_people_is_refused(self, store, ids):
        store.sign_in("app", token("o1", "1"))
        store.sign_in("app", token("o2", "2"))
        before = store.members("app"), store.count_sessions("app")
        with pytest.raises(IdentityError) as caught:
            store.sign_in("app", token(*ids))
        assert caught.value.reason == "other-person"
        assert (store.members("app"), store.count_sessions("app")) == before


def together(stores, number, work):
    """work(store, index) in so many threads at the same moment; what they return, in order."""
    start = threading.Barrier(number, timeout=30)

    def begin(index):
        if stores[0]:
            stores[index % len(stores)].check()  # connecting takes longer than what is to meet
        start.wait()
        return work(stores[index % len(stores)], index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(begin, range(number)))


FORK = """
import os, sys
sys.path[:0] = [".", "tests", "tests/alipay_member"]
from reading import ReadingStore
from store_contract import token

store = ReadingStore(sys.argv[1])
store.sign_in("app", token("parent"))
kept = set(store._database.__dict__[sys.argv[2]])
for number in range(2):
    if os.fork() == 0:
        for _ in range(10):
            store.sign_in("app", token(f"child {number}"))
        assert set(store._database.__dict__[sys.argv[2]]) == kept | {os.getpid()}
        sys.exit(0)  # it takes down all that it has, its parent's connections among it
for _ in range(10):  # at the same time
    store.sign_in("app", token("parent"))
print(*[os.wait()[1] for _ in range(2)])
print(len(store.members("app")), store.count_sessions("app"))
store.close()
"""
FIRST_START = """
import multiprocessing, sys
from alipay_member.store import MemberStore

def open_each(barrier):
    for url in sys.argv[1:]:
        barrier.wait()
        MemberStore(url).check()

fork = multiprocessing.get_context("fork")
barrier = fork.Barrier(6, timeout=30)
six = [fork.Process(target=open_each, args=(barrier,)) for _ in range(6)]
for one in six:
    one.start()
for one in six:
    one.join()
print([one.exitcode for one in six])
"""


def run(script, *arguments):
    """(exit status, its stdout and stderr) of a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


class MemberStoreContract(IdentityContract):
    """What a subclass gives is of one empty database.

    `url`; `count(table)`: how many rows there are; `new_url()`: of another empty one;
    `kept_by_process`: the name of what the database keeps for each process.
    """

    first_starts = 5

    @pytest.fixture
    def make_store(self, url):
        made = []

        def make(clock):
            made.append(ReadingStore(url, clock=clock))
            return made[-1]

        yield make
        for store in made:
            store.close()

    def test_fifty_first_logins_of_one_person_make_one_row(self, make_store, clock):
        stores = [make_store(clock) for _ in range(2)]
        signed_in = together(stores, 50, lambda store, _: store.sign_in("app", token("o1")))
        member = self.only(stores[0])
        assert {session.member for _, session in signed_in} == {member}
        assert stores[1].count_sessions("app") == 50

    def test_first_logins_by_one_id_the_other_and_both_end_as_one_row(self, make_store, clock):
        stores = [make_store(clock) for _ in range(2)]
        ids = [("o1", None), (None, "2088"), ("o1", "2088")]
        together(stores, 12, lambda store, n: store.sign_in("app", token(*ids[n % 3])))
        assert (self.only(stores[0]).open_id, self.only(stores[0]).user_id) == ("o1", "2088")
        assert stores[0].count_sessions("app") == 12

    def test_sixteen_writers_at_once_all_succeed(self, make_store, clock, count):
        stores = [make_store(clock) for _ in range(2)]

        def write(store, number):
            for turn in range(4):
                name = f"{number}-{turn}"
                session_token, session = store.sign_in("app", token("shared", name=name))
                store.save_profile(session, Profile("shared", nick_name=f"{number}"))
                own = token(f"o{number}", f"{number}")
                _, renewed = store.sign_in("app", own, replaces=session_token)
                store.renew(renewed, token(f"o{number}", f"{number}", name="new"))

        together(stores, 16, write)  # raises "database is locked", if there is one
        assert len(stores[0].members("app")) == 17
        assert count("sessions") == 16 * 4

    def test_one_of_many_may_refresh(self, make_store, clock):
        stores = [make_store(clock) for _ in range(2)]
        _, session = stores[0].sign_in("app", token("o1"))
        claimed = together(stores, 8, lambda store, _: store.claim_refresh(session, 14))
        assert [until for until in claimed if until is not None] == [clock.now + 14]

    def test_six_that_start_at_once_make_the_tables_once(self, make_store, clock, count):
        together([None], 6, lambda *_: make_store(clock).check())
        assert count("schema_version") == 1

    def test_ended_sessions_are_purged_as_new_ones_are_made(self, store, clock, count):
        for _ in range(3):
            store.sign_in("app", token("o1", expires_in=60, re_expires_in=60))
        clock.now += 60
        store.sign_in("app", token("o2"))
        assert count("sessions") == 1

    def test_a_login_purges_a_bounded_number(self, store, clock, count):
        _, session = store.sign_in("app", token("o1"))
        with store._database.writing() as db:
            row = {
                "member_id": session.member.id,
                "access_token": "",
                "refresh_token": "",
                **dict.fromkeys(("access_expires_at", "refresh_expires_at"), 1),
                "started_at": 1,
                "expires_at": 1,
            }
            for number in range(250):
                insert(db, "sessions", row | {"token_hash": f"{number}"})
        left = []
        for _ in range(3):
            store.sign_in("app", token("o2"))
            left.append(count("sessions"))
        assert left == [152, 53, 4]  # four live ones stay

    @pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
    def test_what_fails_half_way_is_undone_and_the_connection_goes_on(self, store, count, error):
        def fail():
            with store._database.writing("app o1") as db:
                db.execute("DELETE FROM schema_version")
                raise error

        with pytest.raises(error):
            fail()
        assert count("schema_version") == 1
        assert store.sign_in("app", token("o1"))

    def test_a_closed_store_opens_again(self, store):
        session_token, session = store.sign_in("app", token("o1"))
        store.close()
        assert store.session(session_token) == session

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
    def test_a_forked_child_has_connections_of_its_own(self, url, kept_by_process):
        assert run(FORK, url, kept_by_process) == (0, "0 0\n3 31\n", "")

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
    def test_six_processes_that_start_at_once_make_the_tables_once(self, new_url):
        urls = [new_url() for _ in range(self.first_starts)]
        assert run(FIRST_START, *urls) == (0, "[0, 0, 0, 0, 0, 0]\n", "")
