"""The contract on SQLite, and what only SQLite can get wrong."""

import itertools
import sqlite3
from contextlib import closing

import pytest

from alipay_member import SchemaError
from alipay_member.models import MEMBER_COLUMNS, SESSION_COLUMNS
from alipay_member.store import MemberStore
from explained import full_text
from reading import ReadingStore
from store_contract import MemberStoreContract, token

# Databases of others in which a table has the name of one of ours; the last has all three names.
FOREIGN = [
    "CREATE TABLE members (id INTEGER, name TEXT)",
    "CREATE TABLE Members (id INTEGER, name TEXT)",
    "CREATE TABLE sessions (id TEXT, data TEXT)",
    "CREATE TABLE schema_version (version BIGINT)",
    "CREATE TABLE schema_version (v TEXT)",
    "CREATE TABLE schema_version (version INT); INSERT INTO schema_version VALUES (7)",
    "CREATE TABLE members (id TEXT); CREATE TABLE sessions (token_hash TEXT, member_id TEXT);"
    "CREATE TABLE schema_version (version TEXT, installed_on TEXT)",
    "CREATE TABLE members (id TEXT); CREATE TABLE sessions (token_hash TEXT, member_id TEXT);"
    "CREATE TABLE schema_version (version INT)",
    "CREATE TABLE members (id INT); CREATE TABLE sessions (id INT);"
    "CREATE TABLE schema_version (version INT); INSERT INTO schema_version VALUES (7)",
]


class TestSQLiteStore(MemberStoreContract):
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
        "UPDATE schema_version SET version = 999",
        "UPDATE schema_version SET version = 1; ALTER TABLE sessions DROP COLUMN started_at",
    ],
)
def test_tables_of_another_version_are_refused_and_left_alone(tmp_path, script):
    path = tmp_path / "old.db"
    ReadingStore(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(script)
    before = tables(path)
    with pytest.raises(SchemaError, match="delete this one") as caught:
        ReadingStore(f"sqlite:///{path}")
    assert caught.value.key == "schema"
    assert tables(path) == before


@pytest.mark.parametrize("script", FOREIGN)
def test_tables_of_another_program_are_refused_and_never_to_be_deleted(tmp_path, script):
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(script)
    before = tables(path)
    with pytest.raises(SchemaError, match="of another program") as caught:
        ReadingStore(f"sqlite:///{path}")
    assert caught.value.key == "schema:foreign"
    for lang, word in (("zh", "单独的数据库"), ("en", "a database of its own")):
        assert word in full_text(caught.value, lang)
        assert "delete" not in full_text(caught.value, lang)
        assert "删除" not in full_text(caught.value, lang)
    assert tables(path) == before


@pytest.mark.parametrize(
    "address",
    ["", "members.db", "sqlite://", "sqlite:///", "sqlite:members.db", "mysql://u:hunter2@h/d"],
)
def test_an_address_of_neither_form_is_refused_with_both(address):
    with pytest.raises(ValueError, match=r"sqlite:///.* or postgresql://") as caught:
        MemberStore(address)
    assert "hunter2" not in str(caught.value)


def test_a_database_in_memory_is_refused_and_no_file_has_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="temporary folder"):
        MemberStore("sqlite:///:memory:")
    assert not list(tmp_path.iterdir())
