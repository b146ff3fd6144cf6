"""A real browser (Debian's Chromium by Playwright) in front of a real server with the workbench."""

import re
import sqlite3
import threading
from contextlib import closing

import pytest
import requests
from werkzeug.serving import make_server

from helpers import CHROMIUM

APP_PATH = re.compile(r"^http://127\.0\.0\.1:\d+/(?!workbench|static)")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
PATIENCE = 15_000  # ms for what a page does by itself: on a busy machine, seconds


@pytest.fixture(scope="session")
def chromium():
    """One for all tests of a worker; each test has a profile of its own."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield browser
        browser.close()


class Bench:
    """The server under test: its address, its emulator, and its database by our own connection."""

    def __init__(self, emulator, folder, **more):
        from server.cli import Quiet
        from server.settings import Settings

        self.emulator = emulator
        self.folder = folder
        self._server = make_server("127.0.0.1", 0, self.serve, True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self._server.port}"
        values = emulator.settings() | more | {"PUBLIC_URL": self.url}
        self.settings = Settings.load(folder, values=values)
        self.start_app()
        threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True).start()

    def start_app(self):
        """Put a new app in place, made as serve.py makes it. A second time, it is a restart."""
        import workbench
        from app import create_app
        from workbench.watched_store import WatchedStore

        app = create_app(self.settings, store=WatchedStore(self.settings.database_url))
        workbench.attach(app)
        self.app = app

    def serve(self, environ, start_response):
        """Whatever app is in place."""
        return self.app(environ, start_response)

    def rows(self, table="members"):
        path = self.settings.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(f"SELECT * FROM {table}")]

    def consents(self):
        """(member, app) for each consent that the emulator knows of."""
        answer = requests.get(f"{self.emulator.url}/emulator/members", timeout=10).json()
        return [
            (member["id"], app_id) for member in answer["members"] for app_id in member["consented"]
        ]

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def bench(emulator, tmp_path, request):
    """A Bench; `indirect` parametrisation gives a function of the emulator → further settings."""
    running = Bench(emulator, tmp_path, **getattr(request, "param", lambda _: {})(emulator))
    yield running
    running.stop()


@pytest.fixture
def page(chromium, request):
    """A fresh browser profile at 1440 px, without animations: no step has to wait for one.

    Whatever its pages throw or complain of in the console fails the test, but not the HTTP errors
    with which the app itself answers: those are provoked.
    """
    if "bench" in request.fixturenames:
        request.getfixturevalue("bench")  # first, so that the page is closed before its server is
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, locale="zh-CN", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    errors = []

    def listen(message):
        failed = message.text.startswith("Failed to load resource")
        provoked = failed and APP_PATH.search(message.location["url"])
        if message.type == "error" and not provoked:
            errors.append(f"{message.text} ({message.location['url']})")

    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", listen)
    page = context.new_page()
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def phone(page):
    from people import Phone

    return Phone(page)


@pytest.fixture
def desk(page):
    from people import Desk

    return Desk(page)
