"""The database is full, read-only, gone or restarted: a clear 5xx, nothing half done.

Once it is well again the app goes on, as it is.
"""

import sqlite3
from contextlib import closing

import pytest

import crowd_gateway
from app import create_app
from helpers import at_home
from postgresql import needs_postgresql
from reading import ReadingStore
from server.settings import Settings
from small_disk import filled, read_only, small_disk


@pytest.fixture(scope="module")
def gateway():
    with crowd_gateway.running() as running:
        yield running


@pytest.fixture
def start(gateway, tmp_path):
    """start(database_url) → (Flask's test client, store) of an app on this database."""
    stores = []

    def make(database_url):
        values = gateway.settings() | {"DATABASE_URL": database_url}
        settings = Settings.load(tmp_path, values=values)
        stores.append(ReadingStore(settings.database_url))
        return at_home(create_app(settings, store=stores[-1])), stores[-1]

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def mounted(tmp_path):
    """A file system of 256 KB, which can be filled."""
    folder = tmp_path / "small"
    folder.mkdir()
    with small_disk(folder):
        yield folder


def log_in(web, name):
    """Both calls of a login; (status of each, session)."""
    answer = web.post("/api/auth", json={"auth_code": f"login-{name}"})
    if answer.status_code != 200:
        return [answer.status_code], ""
    session = {"Authorization": f"Bearer {answer.json['session']}"}
    return [200, web.post("/api/member", headers=session).status_code], session


def assert_clear(answer):
    """A 503 in the shape of every error."""
    assert answer.status_code == 503
    assert answer.json["error"].keys() == {"code", "message", "hint", "report"}
    assert answer.json["error"]["code"] == "database"
    assert answer.json["error"]["hint"]


def assert_lost(web, session):
    """Every request gets a clear error, as nothing can be read."""
    assert_clear(web.get("/api/member", headers=session))
    assert_clear(web.post("/api/member", headers=session))
    assert_clear(web.post("/api/auth", json={"auth_code": "login-lost"}))
    assert web.get("/member").status_code in (404, 503)


def assert_well(web, store, session, names):
    """All is as it was, and goes on."""
    assert web.get("/api/member", headers=session).json["member"]["open_id"] == "kept"
    assert log_in(web, "later")[0] == [200, 200]
    assert {member.open_id for member in store.members("demo-mini")} == {*names, "later"}


def test_sqlite_file_deleted_and_put_back(start, tmp_path):
    path = tmp_path / "members.db"
    web, store = start(f"sqlite:///{path}")
    _, session = log_in(web, "kept")
    path.rename(tmp_path / "away.db")
    assert_lost(web, session)
    assert not path.exists()
    (tmp_path / "away.db").rename(path)
    assert_well(web, store, session, ["kept"])


def test_sqlite_file_replaced_and_put_back(start, tmp_path):
    path = tmp_path / "members.db"
    web, store = start(f"sqlite:///{path}")
    _, session = log_in(web, "kept")
    path.rename(tmp_path / "away.db")
    (tmp_path / "new").mkdir()
    ReadingStore(f"sqlite:///{tmp_path / 'new' / 'members.db'}").close()
    (tmp_path / "new" / "members.db").rename(path)
    assert_lost(web, session)
    (tmp_path / "away.db").replace(path)
    assert_well(web, store, session, ["kept"])


def test_sqlite_on_a_full_disk(start, mounted):
    web, store = start(f"sqlite:///{mounted / 'members.db'}")
    _, session = log_in(web, "kept")
    before = store.members("demo-mini"), store.count_sessions("demo-mini")
    with filled(mounted):
        for _ in range(3):
            assert_clear(web.post("/api/auth", json={"auth_code": "login-full"}))
        assert web.get("/api/member", headers=session).status_code == 200  # enough to read
        assert (store.members("demo-mini"), store.count_sessions("demo-mini")) == before
    assert_well(web, store, session, ["kept"])


def test_sqlite_on_a_read_only_file_system(start, mounted):
    web, store = start(f"sqlite:///{mounted / 'members.db'}")
    _, session = log_in(web, "kept")
    store.close()  # as after any failure; what is open stays writable
    with read_only(mounted):
        assert_clear(web.post("/api/auth", json={"auth_code": "login-read-only"}))
        assert_clear(web.post("/api/member", headers=session))
    assert_well(web, store, session, ["kept"])


@needs_postgresql
def test_postgresql_stopped_and_started_again(start, cluster, postgresql_url):
    web, store = start(postgresql_url)
    _, session = log_in(web, "kept")
    cluster.stop("immediate")  # as after a crash
    assert_lost(web, session)
    cluster.start()
    assert_well(web, store, session, ["kept"])


@needs_postgresql
def test_postgresql_restarted_between_two_requests(start, cluster, postgresql_url):
    """The first request after it may find a dead connection; the one after finds none."""
    web, store = start(postgresql_url)
    _, session = log_in(web, "kept")
    cluster.stop()
    cluster.start()
    assert web.get("/api/member", headers=session).status_code in (200, 503)
    assert_well(web, store, session, ["kept"])


# ── SQLite's own rules, which hold whatever the code does ──


@pytest.fixture
def database(start, tmp_path):
    """A connection to a database that the app has made."""
    start(f"sqlite:///{tmp_path}/members.db")
    with closing(sqlite3.connect(tmp_path / "members.db")) as db:
        yield db


@pytest.mark.parametrize("name", ["open_id", "user_id"])
def test_the_database_keeps_one_row_for_each_person(database, name):
    insert = f"INSERT INTO members (id, app_id, {name}, first_seen) VALUES (?, 'app', 'same', 1)"
    database.execute(insert, ("one",))
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        database.execute(insert, ("two",))


def test_the_database_keeps_nobody_without_an_id(database):
    with pytest.raises(sqlite3.IntegrityError):
        database.execute("INSERT INTO members (id, app_id, first_seen) VALUES ('one', 'app', 1)")
