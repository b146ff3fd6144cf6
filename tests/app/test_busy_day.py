"""A busy day under gunicorn and waitress, on both databases: many at once, killed in the middle."""

import os
import sqlite3
import sys
import time
from contextlib import closing

import pytest

import crowd_gateway
from deployed import Server, at_once, get_member, log_in, post, whole_login
from postgresql import needs_postgresql

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]
DATABASES = ["sqlite", pytest.param("postgresql", marks=needs_postgresql)]


@pytest.fixture(scope="module")
def gateway():
    with crowd_gateway.running() as running:
        yield running


@pytest.fixture(params=DATABASES)
def database_url(request, tmp_path):
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'members.db'}"
    return request.getfixturevalue("postgresql_url")


@pytest.fixture
def start(gateway, database_url, tmp_path):
    """start(kind, …) → a deployment of the app on the database."""
    servers = []

    def run(kind, *options, **how):
        values = gateway.settings() | {"DATABASE_URL": database_url}
        servers.append(Server(kind, values, tmp_path, *options, **how))
        return servers[-1]

    yield run
    for server in servers:
        server.kill()


@pytest.fixture
def count(database_url, request):
    """count("members") → how many rows the table has, read by a connection of its own."""

    def ask(table):
        question = f"SELECT COUNT(*) FROM {table}"
        if database_url.startswith("sqlite"):
            with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as db:
                assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                return db.execute(question).fetchone()[0]
        cluster = request.getfixturevalue("cluster")
        with cluster.connect(database_url.rpartition("%3D")[2]) as db:
            return db.execute(question).fetchone()[0]

    return ask


@pytest.mark.parametrize("kind", ["gunicorn", "waitress"])
def test_fifty_first_logins_of_one_person_make_one_row(start, count, kind):
    server = start(kind)
    answers = at_once(50, lambda _: log_in(server.url, "one"), range(50))
    assert {status for status, _ in answers} == {200}
    assert (count("members"), count("sessions")) == (1, 50)
    found = at_once(8, lambda answer: get_member(server.url, answer[1]["session"]), answers)
    assert {(status, member["member"]["open_id"]) for status, member in found} == {(200, "one")}


@pytest.mark.parametrize("kind", ["gunicorn", "waitress"])
def test_sixteen_writers_at_once_never_find_it_locked(start, count, kind):
    server = start(kind)
    done = at_once(16, lambda number: whole_login(server.url, f"p{number % 40}"), range(320))
    assert [status for status, _ in done] == [200] * 320
    assert "locked" not in server.log()
    assert (count("members"), count("sessions")) == (40, 320)


@pytest.mark.parametrize("kind", ["gunicorn", "waitress"])
def test_kill_9_in_the_middle_of_a_thousand_logins_loses_none_that_was_answered(start, count, kind):
    server = start(kind)

    def login(number):
        if number == 300 and kind == "gunicorn":
            server.kill_one_worker()
        if number == 600:
            server.kill()
            server.start()
        server.serves.wait(60)
        return whole_login(server.url, f"p{number}")

    done = at_once(12, login, range(1000))
    sessions = {number: session for number, (_, session) in enumerate(done) if session}
    whole = [number for number, (status, _) in enumerate(done) if status == 200]
    assert len(whole) > 900  # the others were under way
    assert {status for status, _ in done} <= {0, 200}
    found = at_once(12, lambda number: get_member(server.url, sessions[number]), sessions)
    kept = {number: answer for number, (status, answer) in zip(sessions, found, strict=True)}
    assert {status for status, _ in found} == {200}
    assert {kept[number]["member"]["nick_name"] for number in whole} == {
        f"名字 p{number}" for number in whole
    }
    # what was cut off before its answer may be there as well, but only whole
    assert len(sessions) <= count("sessions") <= 1000
    assert count("members") <= 1000


def test_two_servers_behind_one_database_are_one_app(start, count):
    one, other = start("gunicorn", workers=1), start("waitress")
    status, answer = log_in(one.url, "moving", kind="brief")
    session = answer["session"]
    assert status == 200
    assert get_member(other.url, session) == (200, {"member": answer["member"]})

    time.sleep(1.1)  # the access token has ended; its refresh token works once
    urls = [server.url for server in (one, other)] * 4
    answers = at_once(8, lambda url: post(f"{url}/api/member", session), urls)
    assert {status for status, _ in answers} <= {200, 503}
    assert 200 in [status for status, _ in answers]
    for server in (one, other):
        assert post(f"{server.url}/api/member", session)[0] == 200
    assert (count("members"), count("sessions")) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("gunicorn", ["--threads=8"]), ("waitress", [])],
    ids=["gunicorn", "waitress"],
)
def test_a_gateway_that_hangs_keeps_others_from_nothing(start, kind, options):
    """With threads to spare; one sync worker of gunicorn would stand still."""
    server = start(kind, *options, workers=1)
    _, answer = log_in(server.url, "one")
    hanging = [f"stuck{number}" for number in range(6)]  # of eight threads

    def call(name):
        if name:
            return log_in(server.url, name, kind="hangs")
        time.sleep(1)
        started = time.monotonic()
        statuses = [get_member(server.url, answer["session"])[0], whole_login(server.url, "two")[0]]
        return statuses, time.monotonic() - started

    *stuck, (statuses, seconds) = at_once(7, call, [*hanging, ""])
    assert statuses == [200, 200]
    assert seconds < 5
    assert {(status, body["error"]["code"]) for status, body in stuck} == {
        (504, "transport:timeout")
    }


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_an_app_that_was_loaded_before_the_workers_were_forked_has_connections_in_each(
    start, count
):
    server = start("gunicorn", "--preload")
    done = at_once(8, lambda number: whole_login(server.url, f"p{number}"), range(80))
    assert [status for status, _ in done] == [200] * 80
    assert (count("members"), count("sessions")) == (80, 80)
