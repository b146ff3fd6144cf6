"""The contract on PostgreSQL, what only PostgreSQL can get wrong, and a server that is silent."""

import secrets
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest

from alipay_member import SchemaError
from alipay_member.errors import DatabaseError
from alipay_member.models import MEMBER_COLUMNS, SESSION_COLUMNS
from alipay_member.store import MemberStore, database, postgresql
from alipay_member.store.postgresql import try_to_connect
from helpers import ROOT
from postgresql import needs_postgresql
from reading import ReadingStore
from store_contract import MemberStoreContract, token

pytestmark = needs_postgresql


@pytest.fixture
def db(cluster, postgresql_url):
    """A connection of the test's own."""
    with cluster.connect(postgresql_url.rpartition("%3D")[2]) as connection:
        yield connection


@needs_postgresql
class TestPostgreSQLStore(MemberStoreContract):
    """On a server of the tests' own."""

    @pytest.fixture
    def url(self, postgresql_url):
        return postgresql_url

    kept_by_process = pytest.fixture(lambda self: "_pools")

    @pytest.fixture
    def new_url(self, cluster):
        return lambda: cluster.new_url(f"test_{secrets.token_hex(6)}")

    @pytest.fixture
    def count(self, db):
        return lambda table: db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]

    def test_schema_has_a_column_for_each_field(self, store, db):
        columns = (
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND table_name = "
        )
        for table, names in TABLES.items():
            assert {name for (name,) in db.execute(f"{columns} '{table}'")} == names

    def test_a_first_login_waits_for_another_of_the_same_person_and_for_nobody_else(self, store):
        """While a login by both ids is under way, one by either waits; a third person's doesn't."""
        with ThreadPoolExecutor(2) as pool:
            with store._database.writing("app o1", "app 2088"):
                waiting = [
                    pool.submit(store.sign_in, "app", token(*ids))
                    for ids in (("o1", None), (None, "2088"))
                ]
                assert store.sign_in("app", token("o2"))
                assert store.sign_in("another", token("o1"))
                assert not any(login.done() for login in waiting)
            assert all(login.result(timeout=10) for login in waiting)

    def test_people_are_locked_in_one_order_whatever_order_they_are_named_in(self, store):
        start = threading.Barrier(8, timeout=30)

        def write(number):
            people = ["app a", "app b", "app c"]
            start.wait()
            for _ in range(10):
                people.reverse()
                with store._database.writing(*people[number % 3 :], *people[: number % 3]):
                    pass

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))  # raises "deadlock detected", if there is one

    def test_two_who_purge_at_once_do_not_wait_for_each_other(self, store, clock, count):
        for _ in range(3):
            store.sign_in("app", token("o1", expires_in=60, re_expires_in=60))
        clock.now += 60
        with store._database.writing("app o2") as db:
            store._purge(db, int(clock.now))
            store.sign_in("app", token("o3"))
        assert count("sessions") == 1

    def test_the_constraints_have_the_last_word(self, store):
        """Two who do not know of each other, as if the locks were not there."""

        def insert(key):
            row = {"id": key, "app_id": "app", "open_id": "o1", "first_seen": 1}
            with store._database.writing() as db:
                database.insert(db, "members", row)

        insert("one")
        with pytest.raises(DatabaseError, match="members_app_id_open_id_key"):
            insert("two")
        assert self.only(store).id == "one"


TABLES = {
    "members": set(MEMBER_COLUMNS),
    "sessions": {*SESSION_COLUMNS, "member_id", "refreshing_until"},
}


def test_tables_of_another_version_are_refused_and_left_alone(postgresql_url, db):
    ReadingStore(postgresql_url).close()
    db.execute("UPDATE schema_version SET version = 3")
    with pytest.raises(SchemaError, match="delete this one"):
        ReadingStore(postgresql_url)
    assert db.execute("SELECT version FROM schema_version").fetchall() == [(3,)]


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE members (id TEXT)",
        "CREATE TABLE members (id INT); CREATE TABLE sessions (id INT);"
        "CREATE TABLE schema_version (v INT); INSERT INTO schema_version VALUES (4)",
    ],
)
def test_tables_of_another_program_are_refused_and_left_alone(postgresql_url, db, script):
    tables = (
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    )
    db.execute(script)
    before = db.execute(tables).fetchall()
    with pytest.raises(SchemaError, match="of another program") as caught:
        ReadingStore(postgresql_url)
    assert caught.value.key == "schema:foreign"
    assert db.execute(tables).fetchall() == before


def test_a_server_that_was_restarted_is_used_again(cluster, postgresql_url):
    store = ReadingStore(postgresql_url)
    session_token, session = store.sign_in("app", token("o1"))
    with store._database.reading(), store._database.reading(), store._database.reading():
        pass  # three connections are kept
    cluster.stop()
    cluster.start()
    with suppress(DatabaseError):  # the pool may find out by one call that fails
        store.session(session_token)
    for _ in range(3):  # no more than that one
        assert store.session(session_token) == session
    store.sign_in("app", token("o1"))
    store.close()


WITHOUT = """
import sys
sys.modules["psycopg"] = None
from alipay_member.store import MemberStore
try:
    MemberStore("postgresql://127.0.0.1/x")
except ImportError as error:
    print(error)
"""


def test_without_the_driver_a_sentence_says_what_to_install():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "PostgreSQL needs: pip install 'psycopg[binary,pool]'\n"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://user:se%zzcret@127.0.0.1/db",
        "postgresql://user:p@ssw0rd:99@127.0.0.1/db",
        "postgresql://user:p@ssw0rd@127.0.0.1/db",
        "postgresql://user:p/ssw0rd@127.0.0.1/db",
        "postgresql://user:p@ss/w0rd@127.0.0.1/db",
        "postgresql://user:p@ss?w0rd@127.0.0.1/db",
        "postgresql://user:p ssw0rd@127.0.0.1/db",
        "postgresql://user:ssw0rd",
        "postgresql://user:ssw0rd\udc80@127.0.0.1/db",
    ],
)
@pytest.mark.parametrize("use", [try_to_connect, MemberStore])
def test_nothing_of_an_address_that_cant_be_read_is_said(address, use):
    with pytest.raises(ValueError, match="percent-encode") as caught:
        use(address)
    for part in ("zz", "cret", "ss", "w0rd", "99", "udc80"):
        assert part not in str(caught.value).replace("password", "").replace("address", "")


@pytest.mark.parametrize(
    "password", ["a?b", "a#b", "my:s3cret", "s[x", "p%40ss%2Fw%25rd", "密码", "a,b", "a=b&c"]
)
def test_a_password_that_can_be_told_from_the_rest_is_taken(cluster, password):
    trusting = cluster.url().replace("postgres@", f"postgres:{password}@")
    try_to_connect(trusting)
    try_to_connect(trusting.replace("postgresql://", "postgres://"))


def test_a_row_that_the_database_refuses_is_in_no_error(postgresql_url):
    store = ReadingStore(postgresql_url)
    row = {"id": "1", "app_id": "app", "nick_name": "王誠", "first_seen": 1}

    def write():
        with store._database.writing() as db:
            database.insert(db, "members", row)

    with pytest.raises(DatabaseError, match="check constraint") as caught:
        write()
    assert "王誠" not in str(caught.value)
    store.close()


def test_a_password_is_in_no_error():
    with pytest.raises(DatabaseError) as caught:
        try_to_connect("postgresql://me:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in str(caught.value)


@pytest.fixture
def silent_store(postgresql_url):
    kept = ReadingStore(postgresql_url)
    yield kept
    kept.close()


def keep_open(silent_store, number):
    """Have so many connections in the pool."""
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(silent_store._database.reading())


def seconds_to_fail(call, match):
    began = time.monotonic()
    with pytest.raises(DatabaseError, match=match):
        call()
    return time.monotonic() - began


def test_connecting_to_a_frozen_server_is_given_up(cluster, silent_store):
    silent_store.close()  # a connection that was kept would wait until the server goes on
    with cluster.frozen():
        assert (
            seconds_to_fail(silent_store.check, "couldn't get a connection")
            < postgresql.CONNECT + 1
        )
    silent_store.check()


def test_a_statement_that_takes_too_long_is_ended_by_the_server(postgresql_url, monkeypatch):
    monkeypatch.setattr(postgresql, "LONGEST", 1)
    silent_store = ReadingStore(postgresql_url)
    with silent_store._database.reading() as kept:
        number = kept.execute("SELECT pg_backend_pid()").fetchone()

    def sleep():
        with silent_store._database.reading() as db:
            db.execute("SELECT pg_sleep(30)")

    assert seconds_to_fail(sleep, "QueryCanceled") < 5
    with silent_store._database.reading() as db:  # the connection is as good as before
        assert db.execute("SELECT pg_backend_pid()").fetchone() == number
    silent_store.close()


def test_the_server_and_the_kernel_know_the_bounds(silent_store):
    with silent_store._database.reading() as db:
        assert db.execute("SHOW lock_timeout").fetchone() == ("15s",)
        assert db.execute("SHOW statement_timeout").fetchone() == ("20s",)
        asked = db.psycopg.info.get_parameters()
    assert {name: asked[name] for name in postgresql.TCP} == {
        "tcp_user_timeout": "10000",
        "keepalives_idle": "30",
        "keepalives_interval": "10",
    }
    assert postgresql.PATIENCE < postgresql.LONGEST


def test_a_connection_that_breaks_takes_none_that_is_in_use_with_it(silent_store, cluster):
    def break_one():
        with silent_store._database.reading() as db, cluster.connect() as admin:
            number = db.execute("SELECT pg_backend_pid()").fetchone()
            admin.execute("SELECT pg_terminate_backend(%s)", number)
            db.execute("SELECT 1")

    with silent_store._database.reading() as other:
        with pytest.raises(DatabaseError):
            break_one()
        assert other.execute("SELECT 1").fetchone() == (1,)
        silent_store.check()
