"""Nothing on the page moves by itself, whatever arrives when; and it asks no other host."""

import time
from urllib.parse import urlsplit

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium"), needs_emulator]
WATCH_SHIFTS = """
    window.shifts = [];
    const name = (node) => node?.id || node?.className || JSON.stringify(node?.dataset);
    const told = ({ node, previousRect: was, currentRect: is }) =>
      `${name(node)} ${was.y}+${was.height} ${is.y}+${is.height}`;
    // The trace follows its newest step: what it scrolls inside itself is meant to move. A row that
    // was redrawn since has no node any more, but its place.
    const inTrace = ({ node, currentRect: { left, top, right, bottom } }) => {
      const scroll = document.getElementById('scroll');
      if (node || !scroll) return Boolean(scroll?.contains(node));
      const box = scroll.getBoundingClientRect();
      const isBeside = left < box.left || right > box.right;
      return !isBeside && top >= box.top && bottom <= box.bottom;
    };
    const note = ({ value, sources }) => {
      if (!sources.every(inTrace)) window.shifts.push([value, ...sources.map(told)]);
    };
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(note));
    observer.observe({ type: 'layout-shift', buffered: true });
"""
LATE = 0.5  # seconds
MOST = 8  # requests that come late
DRIP = 512  # bytes of the page at a time


def watch(page, width):
    page.emulate_media(reduced_motion="no-preference")
    page.add_init_script(WATCH_SHIFTS)
    page.set_viewport_size({"width": width, "height": 900})


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_page_is_calm_and_asks_no_other_host(page, bench, phone, desk, width):
    hosts = set()
    page.context.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    watch(page, width)
    page.goto(f"{bench.url}/workbench/?member=status-b&fault=tampered")
    desk.failed_with("signature:tampered")
    assert page.evaluate("window.shifts") == []
    desk.mend()
    phone.tap("重试")
    phone.member_centre()
    phone.authorise()
    phone.saved("成都市")
    expect(desk.server.locator("img")).to_be_visible()
    # A member who is stored already: the contrast fills by itself, and nothing moves.
    for language in ("zh", "en"):
        page.goto(f"{bench.url}/workbench/?member=status-b&lang={language}")
        expect(desk.server).to_contain_text("成都市")
        assert page.evaluate("window.shifts") == []
    assert hosts == {urlsplit(bench.url).netloc, urlsplit(bench.emulator.url).netloc}


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_page_is_calm_when_it_arrives_in_drips(page, bench, phone, width):
    """As it does on a busy machine: a browser shows what it has read so far."""
    app = bench.app

    def dripping(environ, start_response):
        body = app(environ, start_response)
        return drip(body) if environ["PATH_INFO"] == "/workbench/" else body

    bench.app = dripping
    watch(page, width)
    page.goto(f"{bench.url}/workbench/?lang=en")
    phone.see("除了这个标识")
    expect(page.locator("[data-chapter='1']")).to_have_class("done")
    assert page.evaluate("window.shifts") == []


def drip(body):
    whole = b"".join(body)
    for start in range(0, len(whole), DRIP):
        yield whole[start : start + DRIP]
        time.sleep(0.01)


def delays(page, pattern):
    """Let what matches come late. The list of the addresses that did."""
    late = []

    def delay(route):
        # One after the other: twenty files would take as long as a test waits on a busy machine.
        if len(late) < MOST:
            late.append(route.request.url)
            time.sleep(LATE)
        route.continue_()

    page.route(pattern, delay)
    return late


@pytest.mark.parametrize(
    "late",
    [
        "**/*.css",
        "**/workbench/static/*.js",
        "**/phone/index.html*",
        "**/phone/phone.css",
        "**/files/**",
        "**/workbench/events*",
        "**/workbench/fault",
        "**/emulator/members",
        "**/naive/**",
        "**/api/**",
    ],
)
def test_page_is_calm_whatever_comes_late(page, bench, phone, desk, late):
    watch(page, 1440)
    came = delays(page, late)
    page.goto(f"{bench.url}/workbench/?member=status-b&fault=tampered")
    desk.failed_with("signature:tampered")
    desk.saw("signature:tampered")
    assert came
    assert page.evaluate("window.shifts") == []


def test_page_is_calm_when_the_stored_pictures_come_late(page, bench, phone, desk):
    watch(page, 1440)
    page.goto(f"{bench.url}/workbench/?member=status-b")
    phone.member_centre()
    phone.authorise()
    phone.saved("成都市")
    came = delays(page, "**/emulator/avatar/*")
    page.goto(f"{bench.url}/workbench/?member=status-b")
    picture = desk.server.locator("img")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", value=True)
    assert came
    assert page.evaluate("window.shifts") == []
