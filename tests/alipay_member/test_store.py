"""The contract on SQLite, and what only SQLite can get wrong."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from alipay_member import Profile, SchemaError
from alipay_member.records import MEMBER_COLUMNS, SESSION_COLUMNS
from reading import ReadingStore
from session_contract import token
from store_contract import MemberStoreContract


class TestSQLiteStore(MemberStoreContract):
    """On a file of its own."""

    @pytest.fixture
    def make_store(self, tmp_path):
        return lambda clock: ReadingStore(f"sqlite:///{tmp_path / 'store.db'}", clock=clock)

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


def tables(path):
    """Each table's columns, as the database itself names them."""
    with closing(sqlite3.connect(path)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master")]
        return {
            name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")] for name in names
        }


def test_schema_has_a_column_for_each_field(tmp_path):
    ReadingStore(f"sqlite:///{tmp_path / 'new.db'}")
    made = tables(tmp_path / "new.db")
    assert set(made["members"]) == set(MEMBER_COLUMNS)
    assert set(made["sessions"]) == {*SESSION_COLUMNS, "member_id", "refreshing_until"}


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE members (id TEXT)",  # from before versions were recorded
        "CREATE TABLE schema_version (version INT); INSERT INTO schema_version VALUES (999)",
    ],
)
def test_tables_of_another_version_are_refused_and_left_alone(tmp_path, script):
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(script)
    before = tables(path)
    with pytest.raises(SchemaError, match="delete this one"):
        ReadingStore(f"sqlite:///{path}")
    assert tables(path) == before
