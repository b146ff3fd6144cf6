"""A PostgreSQL server that stops answering keeps nobody waiting for ever."""

import time
from contextlib import ExitStack

import pytest

from alipay_member.errors import DatabaseError
from alipay_member.store import postgresql
from postgresql import needs_postgresql
from reading import ReadingStore

pytestmark = needs_postgresql


@pytest.fixture
def store(postgresql_url):
    opened = ReadingStore(postgresql_url)
    yield opened
    opened.close()


def keep_open(store, number):
    """Have so many connections in the pool."""
    with ExitStack() as stack:
        for _ in range(number):
            stack.enter_context(store._database.reading())


def seconds_to_fail(call, match):
    began = time.monotonic()
    with pytest.raises(DatabaseError, match=match):
        call()
    return time.monotonic() - began


def test_connecting_to_a_frozen_server_is_given_up(cluster, store):
    store.close()  # a connection that was kept would wait until the server goes on
    with cluster.frozen():
        assert seconds_to_fail(store.check, "couldn't get a connection") < postgresql.CONNECT + 1
    store.check()


def test_a_statement_that_takes_too_long_is_ended_by_the_server(postgresql_url, monkeypatch):
    monkeypatch.setattr(postgresql, "LONGEST", 1)
    store = ReadingStore(postgresql_url)
    with store._database.reading() as kept:
        number = kept.execute("SELECT pg_backend_pid()").fetchone()

    def sleep():
        with store._database.reading() as db:
            db.execute("SELECT pg_sleep(30)")

    assert seconds_to_fail(sleep, "QueryCanceled") < 5
    with store._database.reading() as db:  # the connection is as good as before
        assert db.execute("SELECT pg_backend_pid()").fetchone() == number
    store.close()


def test_the_server_and_the_kernel_know_the_bounds(store):
    with store._database.reading() as db:
        assert db.execute("SHOW lock_timeout").fetchone() == ("15s",)
        assert db.execute("SHOW statement_timeout").fetchone() == ("20s",)
        asked = db.psycopg.info.get_parameters()
    assert {name: asked[name] for name in postgresql.TCP} == {
        "tcp_user_timeout": "10000",
        "keepalives_idle": "30",
        "keepalives_interval": "10",
    }
    assert postgresql.PATIENCE < postgresql.LONGEST


def test_a_connection_that_breaks_takes_none_that_is_in_use_with_it(store, cluster):
    def break_one():
        with store._database.reading() as db, cluster.connect() as admin:
            number = db.execute("SELECT pg_backend_pid()").fetchone()
            admin.execute("SELECT pg_terminate_backend(%s)", number)
            db.execute("SELECT 1")

    with store._database.reading() as other:
        with pytest.raises(DatabaseError):
            break_one()
        assert other.execute("SELECT 1").fetchone() == (1,)
        store.check()
