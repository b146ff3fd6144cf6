"""Old articles' mistakes: seen on the wire, refused, and marked in the trace."""

import json
import re

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]


@pytest.fixture
def wire(tab):
    """What the browser sends to the app's API: (method, address, JSON body or None)."""
    sent = []

    def note(request):
        if "/api/" in request.url and "/naive/" not in request.url:
            sent.append(
                (request.method, request.url, request.post_data and json.loads(request.post_data))
            )

    tab.on("request", note)
    return sent


@pytest.mark.long
def test_mistakes_of_old_articles(page, bench, phone, trace, wire):
    page.open(app="mistakes")
    expect(page.tab.locator("[data-app=mistakes]")).to_have_attribute("aria-pressed", "true")
    cards = phone.frame.locator(".card")
    expect(cards).to_have_count(7)
    assert wire == []  # nothing happens by itself

    def make(number, consents=False):
        """Make a mistake once; what the card says of it."""
        wire.clear()
        cards.nth(number).get_by_role("button").click()
        if consents:
            phone.answer("agree")
        expect(cards.nth(number).locator(".result")).to_be_visible()
        return cards.nth(number).locator(".result").inner_text()

    # res.authcode: nothing arrives
    assert "400" in make(0)
    assert wire == [("POST", f"{bench.url}/api/auth", {})]
    trace.says(trace.newest("request"), "no-code")
    page.broke_with("bad-request:auth-code")
    call = trace.open(trace.step("my.request → POST /api/auth"))
    expect(call.locator("section.args")).to_contain_text('"auth_code": "(undefined)"')
    assert bench.rows() == []
    # the code in a GET's query: refused, though it is a good one
    assert "405" in make(1)
    ((method, url, body),) = wire
    assert (method, body) == ("GET", None)
    assert re.fullmatch(rf"{bench.url}/api/auth\?auth_code=[0-9a-f]{{32}}", url)
    trace.says(trace.newest("request"), "code-in-address")
    page.broke_with("http-405")
    assert bench.rows() == []
    # my.httpRequest: works, marked
    assert "200" in make(2)
    trace.says(trace.step("my.httpRequest"), "httpRequest")
    (row,) = bench.rows()
    assert row["nick_name"] is None
    # the client's profile, passed to the server: not read
    make(3, consents=True)
    method, url, body = wire[-1]
    assert (method, url) == ("POST", f"{bench.url}/api/member")
    (row,) = bench.rows()
    assert row["nick_name"] not in (None, body["nick_name"])
    trace.says(trace.newest("request"), "unread-body")
    expect(trace.open(trace.newest("request"))).to_contain_text(body["nick_name"])
    expect(trace.of_kind("refused")).to_have_count(0)
    # the source document's slips: its literal address, plain http, refresh_token beside a code
    assert "405" in make(4)
    assert [url.rpartition("?")[2] for _, url, _ in wire] == ["authcode=undefined"]
    trace.says(trace.newest("request"), "authcode-undefined")
    make(5)
    assert wire == []
    page.broke_with("my.request 11")
    expect(trace.open(trace.newest("call"))).to_contain_text("http://isv.com/auth")
    make(6)
    trace.says(trace.newest("request"), "unread-refresh-token")
    assert bench.rows()[0]["nick_name"] == row["nick_name"]
