"""The database is full, read-only, gone or restarted under gunicorn and waitress.

Every worker says so clearly, nothing is half written, and all goes on without a restart.
"""

import os
import shutil
import signal
import sqlite3
import sys
from contextlib import closing

import pytest

import crowd_gateway
from deployed import Server, at_once, get_member, log_in, whole_login
from postgresql import needs_postgresql
from small_disk import filled, read_only, small_disk

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="mounts, and looks into /proc"),
]
EACH_WORKER = 40  # so many requests at once that each of three workers has some of them
SMALL = "a_small_disk"  # a tablespace


@pytest.fixture(scope="module")
def gateway():
    with crowd_gateway.running() as running:
        yield running


@pytest.fixture(params=["gunicorn", "waitress"])
def start(request, gateway, tmp_path):
    """start(database_url) → a deployment of the app on it, in which `kept` is logged in."""
    servers = []

    def run(database_url):
        values = gateway.settings() | {"DATABASE_URL": database_url}
        # README's way: a worker that is started while the database is away needs none for that
        preloaded = ["--preload"] if request.param == "gunicorn" else []
        server = Server(request.param, values, tmp_path, *preloaded)
        servers.append(server)
        status, server.session = whole_login(server.url, "kept")
        assert status == 200
        return server

    yield run
    for server in servers:
        server.kill()


@pytest.fixture
def mounted(tmp_path):
    """A file system of 8 MB, which can be filled; -wal alone grows to 4."""
    folder = tmp_path / "small"
    folder.mkdir()
    with small_disk(folder, "8m"):
        yield folder


def assert_clear(answers):
    """503 each, in the shape of every error."""
    for status, body in answers:
        assert (status, body["error"].get("code")) == (503, "database")
        assert body["error"].keys() == {"code", "message", "hint", "report"}
        assert body["error"]["hint"]


def log_in_crowd(server, name):
    """The answers to so many first logins at once that each worker has some of them."""
    return at_once(EACH_WORKER, lambda n: log_in(server.url, f"{name}{n}"), range(EACH_WORKER))


def read_crowd(server):
    """The answers to as many readers."""
    return at_once(
        EACH_WORKER, lambda _: get_member(server.url, server.session), range(EACH_WORKER)
    )


def assert_well(server):
    """Every worker reads what was there, and takes what is new."""
    assert {(status, body["member"]["open_id"]) for status, body in read_crowd(server)} == {
        (200, "kept")
    }
    done = at_once(8, lambda number: whole_login(server.url, f"later{number}"), range(EACH_WORKER))
    assert [status for status, _ in done] == [200] * EACH_WORKER


def sqlite_rows(path):
    """How many members and sessions there are; the file is sound."""
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [
            db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
            for table in ("members", "sessions")
        ]


WELL = [1 + EACH_WORKER, 1 + EACH_WORKER]  # `kept`, and those who came later


def test_sqlite_on_a_full_disk(start, mounted):
    path = mounted / "members.db"
    server = start(f"sqlite:///{path}")
    with filled(mounted):
        assert_clear(log_in_crowd(server, "full"))
        assert sqlite_rows(path) == [1, 1]
        assert {status for status, _ in read_crowd(server)} == {200}
    assert_well(server)
    assert sqlite_rows(path) == WELL


def test_sqlite_on_a_disk_that_becomes_read_only(start, mounted):
    path = mounted / "members.db"
    server = start(f"sqlite:///{path}")
    with filled(mounted):
        assert_clear(log_in_crowd(server, "full"))  # after a failure each worker opens anew
    with read_only(mounted):
        assert_clear(log_in_crowd(server, "read-only"))
        assert {status for status, _ in read_crowd(server)} == {200}
    assert_well(server)
    assert sqlite_rows(path) == WELL


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
def test_sqlite_file_that_is_not_the_same_and_comes_back(start, tmp_path, replaced):
    path, away = tmp_path / "members.db", tmp_path / "away.db"
    server = start(f"sqlite:///{path}")
    path.rename(away)
    if replaced:
        shutil.copyfile(away, path)
    assert_clear(log_in_crowd(server, "lost"))
    assert_clear(read_crowd(server))
    assert path.exists() == replaced
    away.replace(path)
    assert_well(server)
    assert sqlite_rows(path) == WELL


@pytest.mark.parametrize("start", ["gunicorn"], indirect=True)
def test_worker_that_starts_while_the_database_is_away_serves_later(start, tmp_path):
    path, away = tmp_path / "members.db", tmp_path / "away.db"
    server = start(f"sqlite:///{path}")
    path.rename(away)
    for worker in server.workers():
        os.kill(worker, signal.SIGKILL)
    assert_clear(log_in_crowd(server, "lost"))
    away.rename(path)
    assert_well(server)
    assert sqlite_rows(path) == WELL


@needs_postgresql
def test_postgresql_stopped_as_by_a_crash_and_started_again(start, cluster, postgresql_url):
    server = start(postgresql_url)
    cluster.stop("immediate")
    try:
        assert_clear(at_once(8, lambda n: log_in(server.url, f"lost{n}"), range(8)))
        assert_clear(at_once(8, lambda _: get_member(server.url, server.session), range(8)))
    finally:
        cluster.start()
    assert_well(server)
    assert postgresql_rows(cluster, postgresql_url) == WELL


@needs_postgresql
def test_postgresql_that_becomes_read_only(start, cluster, postgresql_url):
    """As after a failover: what answers now is the copy that must not be written."""
    server = start(postgresql_url)
    with closing(cluster.connect()) as db:
        db.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        db.execute("SELECT pg_reload_conf()")
        try:
            assert_clear(log_in_crowd(server, "read-only"))
            assert {status for status, _ in read_crowd(server)} == {200}
        finally:
            db.execute("SET default_transaction_read_only = off")
            db.execute("ALTER SYSTEM RESET default_transaction_read_only")
            db.execute("SELECT pg_reload_conf()")
    assert_well(server)
    assert postgresql_rows(cluster, postgresql_url) == WELL


@pytest.fixture
def small_tablespace(cluster):
    """The folder of a tablespace of 1 MB, which can be filled."""
    folder = cluster.folder / "small"
    folder.mkdir()
    with small_disk(folder, "1m"):
        shutil.chown(folder, cluster.user)
        (folder / "tables").mkdir()
        shutil.chown(folder / "tables", cluster.user)
        with closing(cluster.connect()) as db:
            db.execute(f"CREATE TABLESPACE {SMALL} LOCATION '{folder / 'tables'}'")
            yield folder
            db.execute(f"DROP TABLESPACE {SMALL}")
    folder.rmdir()


@needs_postgresql
def test_postgresql_on_a_full_disk(start, cluster, postgresql_url, small_tablespace):
    server = start(f"{postgresql_url}%20-cdefault_tablespace%3D{SMALL}")
    with filled(small_tablespace):
        # what is left of pages that were begun is still used
        answers = [log_in(server.url, f"full{number}") for number in range(400)]
        refused = [answer for answer in answers if answer[0] != 200]
        assert refused
        assert_clear(refused)
        taken = 1 + len(answers) - len(refused)
        assert postgresql_rows(cluster, postgresql_url) == [taken, taken]
        assert {status for status, _ in read_crowd(server)} == {200}
    assert_well(server)
    assert postgresql_rows(cluster, postgresql_url) == [taken + EACH_WORKER, taken + EACH_WORKER]
    server.kill()
    with closing(cluster.connect()) as db:
        db.execute(f"DROP SCHEMA {schema_of(postgresql_url)} CASCADE")


def schema_of(database_url):
    return database_url.rpartition("%3D")[2]


def postgresql_rows(cluster, database_url):
    """How many members and sessions there are, read by a connection of its own."""
    with closing(cluster.connect(schema_of(database_url))) as db:
        return [
            db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
            for table in ("members", "sessions")
        ]
