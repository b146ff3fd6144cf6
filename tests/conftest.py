"""Fixtures that most tests share: an emulated Alipay, a client, a store, the app wired to them."""

import functools
import importlib.util
import itertools
import os
import secrets
import sqlite3
import threading
from contextlib import closing

import pytest

from helpers import HAVE_EMULATOR, at_home

pytest.register_assert_rewrite("production", "store_contract")

for _name in [
    name
    for name in os.environ
    if name.startswith("ALIPAY_") or name in ("SECRET_KEY", "DATABASE_URL")
]:
    del os.environ[_name]


LONGEST = ("test_delete.py", "test_browser_look.py", "test_properties.py")


def pytest_collection_modifyitems(items):
    """Begin with the longest, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_xdist_auto_num_workers():
    """One more than there are cores, since many wait; 8 at most, since each has a browser."""
    return min((os.cpu_count() or 1) + 1, 8)


@pytest.fixture
def fail_for_missing_tools():
    pytest.fail("CI is set, but a tool that this test needs is missing: see .ci/run")


def pytest_terminal_summary(terminalreporter):
    if skipped := len(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(
            f"{skipped} skipped, each for the reason above; with CI set they would fail"
        )


@pytest.fixture(scope="session", autouse=True)
def keys_are_parsed_once():
    """Parsing a private key takes some 50 ms, and an app with its settings does it four times."""
    from alipay_member import client, keys

    parse = functools.cache(keys.load_private_key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "load_private_key", parse)
        if importlib.util.find_spec("server"):  # not in a copy of the library alone
            patch.setattr("server.settings.load_private_key", parse)
        yield


@pytest.fixture(scope="session", autouse=True)
def templates_are_compiled_once(tmp_path_factory):
    """Each test's app would compile the pages anew: for the workbench's, 0.2 s."""
    from flask import Flask
    from jinja2 import FileSystemBytecodeCache

    compiled = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": compiled})
        yield


@pytest.fixture(scope="session")
def keys():
    """One emulator's three RSA keys: making them takes longer than most tests."""
    if not HAVE_EMULATOR:
        pytest.skip("emulator/ was deleted")
    from emulator.accounts import rsa_key

    return [rsa_key() for _ in range(3)]


@pytest.fixture
def make_emulator(keys, monkeypatch):
    """make_emulator(…) → an emulated Alipay that runs, with the keys of this test run."""
    import emulator

    # The certificates' issuers are made when the first app gets its certificate.
    issuers = itertools.cycle(keys[:2])
    monkeypatch.setattr("emulator.keypairs.rsa_key", issuers.__next__)
    made = []

    def make(**options):
        with monkeypatch.context() as patch:
            patch.setattr("emulator.accounts.rsa_key", iter(keys).__next__)
            running = emulator.Emulator(**options)
        running.serve()
        made.append(running)
        return running

    yield make
    for running in made:
        running.stop()


@pytest.fixture
def emulator(make_emulator):
    return make_emulator()


@pytest.fixture
def emulator_with_page(make_emulator):
    """One that keeps its calls and has a page, as `python -m emulator` does."""
    return make_emulator(page=True)


@pytest.fixture
def settings(emulator, tmp_path):
    from server.settings import Settings

    return Settings.load(tmp_path, values=emulator.settings())


@pytest.fixture
def client(settings):
    from alipay_member import AlipayClient

    return AlipayClient(**settings.client_options(settings.app))


@pytest.fixture
def store(settings):
    from reading import ReadingStore

    return ReadingStore(settings.database_url)


@pytest.fixture
def app(settings, store):
    from app import create_app

    return create_app(settings, store=store)


@pytest.fixture
def web(app):
    """Flask's test client for the app, at the address that browsers use."""
    return at_home(app)


@pytest.fixture
def auth_code(emulator):
    """auth_code(member, scopes, app_id) → a fresh auth_code, by default of "complete"."""
    import requests

    def give(member="complete", scopes=("auth_user",), app_id="demo-mini"):
        body = {"member": member, "scopes": list(scopes), "app_id": app_id}
        answer = requests.post(f"{emulator.url}/emulator/auth-code", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()["auth_code"]

    return give


@pytest.fixture
def plain(emulator):
    """A client that uses none of our code: requests and cryptography alone."""
    from plain_client import PlainClient

    return PlainClient(emulator)


@pytest.fixture
def switch(emulator):
    """switch("fault", name="slow") and the like: turn one of the emulator's switches."""
    import requests

    def put(kind, /, **body):
        requests.put(f"{emulator.url}/emulator/{kind}", json=body, timeout=10).raise_for_status()

    return put


@pytest.fixture
def sign_in(web, auth_code):
    """sign_in(member, scopes) → the headers of a fresh session, opened by POST /api/auth."""

    def send(*args, **options):
        answer = web.post("/api/auth", json={"auth_code": auth_code(*args, **options)})
        return {"Authorization": f"Bearer {answer.json['session']}"}

    return send


@pytest.fixture(scope="session")
def cluster():
    """A PostgreSQL server for the tests marked @needs_postgresql."""
    from postgresql import Cluster

    running = Cluster()
    yield running
    running.remove()


@pytest.fixture
def postgresql_url(cluster):
    """The address of an empty PostgreSQL database."""
    return cluster.new_url(f"test_{secrets.token_hex(6)}")


@pytest.fixture
def rows(settings):
    """rows("members") → the table's rows as dicts, read by a connection of its own."""

    def read(table):
        with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(f"SELECT * FROM {table} ORDER BY rowid")]

    return read


@pytest.fixture
def serve(tmp_path):
    """serve(values) → (address, app): the app on real HTTP. Served again in a test: a restart."""
    from werkzeug.serving import make_server

    from app import create_app
    from reading import ReadingStore
    from server.cli import Quiet
    from server.settings import Settings

    servers = []

    def start(values):
        server = make_server("127.0.0.1", 0, None, threaded=True, request_handler=Quiet)
        url = f"http://127.0.0.1:{server.port}"
        settings = Settings.load(tmp_path, values=values | {"PUBLIC_URL": url})
        server.app = create_app(settings, store=ReadingStore(settings.database_url))
        threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True).start()
        servers.append(server)
        return url, server.app

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def gateway_that():
    """gateway_that(reply) → a wire.Server that sends these bytes, or calls reply(connection).

    Options are the Server's.
    """
    from wire import Server

    servers = []

    def start(reply, **options):
        send = reply if callable(reply) else lambda connection: connection.sendall(reply)
        server = Server(send, **options)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def end_access_tokens(settings):
    """Let the access tokens in the sessions table have ended."""

    def edit():
        with closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as db, db:
            assert db.execute("UPDATE sessions SET access_expires_at = 1").rowcount

    return edit
