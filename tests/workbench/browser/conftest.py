"""A real browser (Debian's Chromium by Playwright) in front of a real server with the workbench."""

import re

import pytest

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


@pytest.fixture(scope="session")
def shared_bench(tmp_path_factory):
    """One server for all tests of a worker."""
    from bench import Bench

    import emulator

    with emulator.run() as alipay:
        running = Bench(alipay, tmp_path_factory.mktemp("bench"))
        yield running
        running.stop()


@pytest.fixture
def bench(shared_bench):
    """The server, on which nothing has happened yet."""
    shared_bench.forget()
    return shared_bench


@pytest.fixture
def tab(chromium, request):
    """A fresh browser profile at 1440 px, without animations: no step has to wait for one.

    Whatever its pages throw or complain of in the console fails the test, but not the HTTP errors
    with which the app itself answers: those are provoked.
    """
    if "bench" in request.fixturenames:
        request.getfixturevalue("bench")  # first, so that the tab is closed before its server is
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
    yield context.new_page()
    context.close()
    assert errors == []


@pytest.fixture
def page(tab, bench):
    """The workbench."""
    from pages import Workbench

    return Workbench(tab, bench.url)


@pytest.fixture
def phone(page):
    return page.phone


@pytest.fixture
def trace(page):
    return page.trace
