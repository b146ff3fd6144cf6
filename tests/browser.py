"""A real browser (Debian's Chromium by Playwright) in front of a real server with the workbench."""

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from werkzeug.serving import make_server

CHROMIUM = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
SCREENSHOTS = Path(__file__).resolve().parent / "screenshots"
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield browser
        browser.close()


class Bench:
    """The server under test: its address, its emulator, and its database by a connection of our own."""

    def __init__(self, emulator, folder, **more):
        from alipay_member import Settings
        from app import create_app
        from emulator import workbench
        from pages import Quiet

        self.emulator, self.folder = emulator, folder
        server = make_server("127.0.0.1", 0, self.serve, True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{server.port}"
        values = emulator.settings() | {"PUBLIC_URL": self.url} | more
        self.settings = Settings.load(folder, values=values)
        self.app = create_app(self.settings)
        workbench.attach(self.app)
        self._server = server
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def serve(self, environ, start_response):
        """Whatever app is in place: a test may restart the server by putting a new one there."""
        return self.app(environ, start_response)

    def rows(self, table="members"):
        path = self.settings.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(f"SELECT * FROM {table}")]

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def bench(emulator, tmp_path):
    running = Bench(emulator, tmp_path)
    yield running
    running.stop()


@pytest.fixture
def page(chromium):
    """A fresh browser profile at 1440 px; anything the page's script throws fails the test."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    context.set_default_timeout(10_000)
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


class Phone:
    """What a person does with the phone on the workbench."""

    def __init__(self, page):
        self.page = page
        self.frame = page.frame_locator("[data-testid=phone]")

    def tap(self, text):
        self.frame.get_by_role("button", name=text, exact=True).click()

    def see(self, text):
        from playwright.sync_api import expect

        expect(self.frame.locator("body")).to_contain_text(text)

    def member_centre(self):
        """To the member centre, once the silent login is over."""
        self.see("除了这个标识")
        self.frame.locator(".value").wait_for()
        self.tap("会员中心")
        self.see("获取会员信息，用来在这里")

    def authorise(self, answer="同意"):
        self.tap("授权并获取会员信息")
        self.tap(answer)


@pytest.fixture
def phone(page):
    return Phone(page)
