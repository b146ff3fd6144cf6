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
        values = emulator.settings() | more | {"PUBLIC_URL": self.url}
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

    def consents(self):
        """(member, app) for each consent that the emulator knows of."""
        members = requests.get(f"{self.emulator.url}/emulator/members", timeout=10).json()[
            "members"
        ]
        return [(member["id"], app_id) for member in members for app_id in member["consented"]]

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def bench(emulator, tmp_path, request):
    """A Bench; `indirect` parametrisation gives a function of the emulator that returns further settings."""
    running = Bench(emulator, tmp_path, **getattr(request, "param", lambda _: {})(emulator))
    yield running
    running.stop()


@pytest.fixture
def page(chromium, request):
    """A fresh browser profile at 1440 px. Whatever its pages throw or complain of in the console fails the test, but
    not the HTTP errors with which the app itself answers: those are provoked."""
    if "bench" in request.fixturenames:
        request.getfixturevalue("bench")  # first, so that the page is closed before its server is
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    context.set_default_timeout(10_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    errors = []

    def listen(message):
        provoked = message.text.startswith("Failed to load resource") and APP_PATH.search(
            message.location["url"]
        )
        if message.type == "error" and not provoked:
            errors.append(f"{message.text} ({message.location['url']})")

    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("console", listen)
    page = context.new_page()
    yield page
    context.close()
    assert errors == []


# Where the phone is sticky, Chromium can't be asked to scroll something inside it into view: scroll as a person would.
TO_STICKY_PHONE = """() => {
  const column = document.querySelector(".stage > :first-child");
  if (getComputedStyle(column).position === "sticky") document.querySelector("[data-testid=trace]").scrollIntoView();
}"""


class Phone:
    """What a person does with the phone on the workbench."""

    def __init__(self, page):
        self.page = page
        self.frame = page.frame_locator("[data-testid=phone]")

    def tap(self, text):
        self.page.evaluate(TO_STICKY_PHONE)
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

    def saved(self, text=""):
        """Wait until the member centre shows this of what the server saved: the consent sheet has a nickname, too."""
        from playwright.sync_api import expect

        expect(self.frame.get_by_role("button", name="更新会员信息")).to_be_enabled()
        expect(self.frame.locator(".saved", has_text=text).last).to_be_visible()


@pytest.fixture
def phone(page):
    return Phone(page)


class Desk:
    """What a person does on the workbench around the phone, and what they see there."""

    def __init__(self, page):
        self.page = page
        self.steps = page.get_by_test_id("trace-step")
        self.failure = page.locator("#failure")
        self.client, self.server = (
            page.get_by_test_id("client-profile"),
            page.get_by_test_id("server-profile"),
        )

    def step(self, text):
        """The newest step with this text."""
        return self.steps.filter(has_text=text).last

    def newest(self, kind):
        """The newest step of a kind: call, request, exchange, store, act, taps or refused."""
        return self.page.locator(f"[data-testid=trace-step][data-kind={kind}]").last

    def choose(self, fault):
        """Choose a way of failing in the picker, and wait until it is in force."""
        from playwright.sync_api import expect

        button = self.page.locator(f'[data-fault="{fault}"]')
        if not button.is_visible():
            self.page.locator("details", has=button).locator("summary").click()
        button.click()
        expect(self.page.locator("#active code")).to_have_text(fault)

    def failed_with(self, code):
        """Wait for the panel to show this code; what it says."""
        from playwright.sync_api import expect

        expect(self.page.locator("#failure-code")).to_have_text(code)
        return self.failure.inner_text()


@pytest.fixture
def desk(page):
    return Desk(page)
