"""SQLite's connections are kept, and never write into a file that is no longer there."""

import os
import shutil
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from alipay_member.errors import DatabaseError
from alipay_member.store.sqlite import MAX_IDLE, SQLiteDatabase
from reading import ReadingStore
from store_contract import together, token


@pytest.fixture
def path(tmp_path):
    return tmp_path / "members.db"


@pytest.fixture
def store(path):
    opened = ReadingStore(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture
def opened(monkeypatch):
    """What was given to sqlite3.connect since."""
    calls = []

    def connect(*arguments, **options):
        calls.append(arguments)
        return real(*arguments, **options)

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", connect)
    return calls


def others(path):
    """Another database with members of its own, closed: a backup, say."""
    path.parent.mkdir()
    store = ReadingStore(f"sqlite:///{path}")
    store.sign_in("app", token("other"))
    store.close()
    return path


def open_ids(store):
    return {member.open_id for member in store.members("app")}


def test_one_connection_serves_one_request_after_another(path, opened):
    store = ReadingStore(f"sqlite:///{path}")
    for _ in range(5):
        session_token, _ = store.sign_in("app", token("o1"))
        store.session(session_token)
    store.check()
    assert len(opened) == 1
    store.close()


def test_threads_have_one_each_and_a_few_are_kept(store, opened):
    together([store], 16, lambda store, number: store.sign_in("app", token(f"o{number}")))
    assert 1 <= len(opened) <= 16
    (idle,) = store._database._idle.values()
    assert len(idle) <= MAX_IDLE


def test_what_was_committed_outlives_a_power_failure(store):
    with store._database.reading() as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
def test_the_file_is_its_owners_alone_and_so_is_what_lies_beside_it(store, path):
    store.sign_in("app", token("o1"))
    modes = {stat.S_IMODE(found.stat().st_mode) for found in path.parent.iterdir()}
    assert modes == {0o600}


@pytest.mark.parametrize("act", ["sign_in", "session"])
def test_a_file_that_is_gone_is_an_error_and_none_is_made(store, path, act):
    session_token, _ = store.sign_in("app", token("o1"))
    path.rename(path.with_name("away.db"))
    arguments = {"sign_in": ["app", token("o2")], "session": [session_token]}[act]
    with pytest.raises(DatabaseError, match="gone"):
        getattr(store, act)(*arguments)
    assert not path.exists()
    path.with_name("away.db").rename(path)
    assert store.session(session_token).member.open_id == "o1"
    assert store.sign_in("app", token("o2"))
    assert open_ids(store) == {"o1", "o2"}


def test_a_file_beside_the_old_ones_wal_is_not_touched(store, path, tmp_path):
    session_token, _ = store.sign_in("app", token("o1"))
    another = others(tmp_path / "elsewhere" / "members.db")
    before = another.read_bytes()
    path.rename(path.with_name("away.db"))
    shutil.copy(another, path)
    for _ in range(2):
        with pytest.raises(DatabaseError, match="-wal and -shm"):
            store.sign_in("app", token("o2"))
    assert path.read_bytes() == before
    path.with_name("away.db").replace(path)
    assert store.session(session_token)  # it was in the -wal alone
    assert store.sign_in("app", token("o2"))


def test_a_file_that_took_its_place_alone_is_used(store, path, tmp_path):
    store.sign_in("app", token("o1"))
    another = others(tmp_path / "elsewhere" / "members.db")
    for found in path.parent.glob("members.db*"):
        found.unlink()
    shutil.copy(another, path)
    store.sign_in("app", token("o2"))
    for reader in (store, ReadingStore(f"sqlite:///{path}")):
        assert open_ids(reader) == {"other", "o2"}
        reader.close()


def test_an_empty_file_in_its_place_is_an_error_and_no_new_database(store, path):
    for found in path.parent.glob("members.db*"):
        found.unlink()
    path.touch()
    with pytest.raises(DatabaseError, match="no such table"):
        store.sign_in("app", token("o1"))


def test_a_connection_that_was_in_use_meanwhile_is_not_used_again(store, path, tmp_path):
    another = others(tmp_path / "elsewhere" / "members.db")
    with store._database.reading() as db:
        db.execute("SELECT 1 FROM members")
        for found in path.parent.glob("members.db*"):
            found.unlink()
        shutil.copy(another, path)
    store.sign_in("app", token("o2"))
    assert open_ids(store) == {"other", "o2"}


def test_a_connection_that_failed_is_not_used_again(store, opened):
    store.check()
    with pytest.raises(DatabaseError), store._database.reading() as db:
        db.execute("SELECT nothing FROM nowhere")
    store.check()
    store.check()
    assert len(opened) == 1


def test_a_lock_that_somebody_keeps_is_waited_for_and_is_an_error_in_the_end(
    store, path, monkeypatch
):
    monkeypatch.setattr("alipay_member.store.sqlite.PATIENCE", 0.2)
    store.close()
    holder = SQLiteDatabase(str(path))
    with holder.writing(), ThreadPoolExecutor(1) as pool:
        late = pool.submit(store.sign_in, "app", token("o1"))
        assert isinstance(late.exception(timeout=10), DatabaseError)
    holder.close()
    assert store.sign_in("app", token("o1"))
