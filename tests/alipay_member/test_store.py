"""The contract on SQLite, and what only SQLite can get wrong."""

import itertools
import sqlite3
from contextlib import closing

import pytest

from alipay_member import SchemaError
from alipay_member.records import MEMBER_COLUMNS, SESSION_COLUMNS
from crowd_contract import CrowdContract
from reading import ReadingStore
from session_contract import token


class TestSQLiteStore(CrowdContract):
    """On a file of its own."""

    first_starts = 40  # without patience some of 600 such starts fail

    @pytest.fixture
    def url(self, tmp_path):
        return f"sqlite:///{tmp_path / 'store.db'}"

    kept_by_process = pytest.fixture(lambda self: "_idle")

    @pytest.fixture
    def new_url(self, tmp_path):
        numbers = itertools.count()
        return lambda: f"sqlite:///{tmp_path / str(next(numbers))}.db"

    @pytest.fixture
    def count(self, tmp_path):
        def count(table):
            with closing(sqlite3.connect(tmp_path / "store.db")) as db:
                return db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]

        return count

    def test_session_tokens_are_not_in_the_file(self, store, tmp_path):
        session_token, _ = store.sign_in("app", token("o1"))
        for path in tmp_path.iterdir():
            assert session_token.encode() not in path.read_bytes()


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
