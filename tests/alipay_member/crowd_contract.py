"""What every backend of MemberStore must do when many come at once, or many have gone."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from alipay_member import Profile
from alipay_member.store.database import insert
from helpers import ROOT
from reading import ReadingStore
from session_contract import token
from store_contract import MemberStoreContract


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
from session_contract import token

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
    """(exit status, what it said on stdout and on stderr) of a Python of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


class CrowdContract(MemberStoreContract):
    """What a subclass gives, besides MemberStoreContract's fixture, is of one empty database.

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
