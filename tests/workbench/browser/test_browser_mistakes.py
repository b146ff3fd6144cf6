"""Old articles' mistakes: seen on the wire, refused, and marked in the trace."""

import json
import re

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium"), needs_emulator]


@pytest.fixture
def wire(page):
    """What the browser sends to the app's API: (method, address, JSON body or None)."""
    sent = []

    def note(request):
        if "/api/" in request.url and "/naive/" not in request.url:
            sent.append(
                (request.method, request.url, request.post_data and json.loads(request.post_data))
            )

    page.on("request", note)
    return sent


def test_mistakes_of_old_articles(page, bench, phone, desk, wire):
    page.goto(f"{bench.url}/workbench/?app=mistakes")
    expect(page.locator("[data-app=mistakes]")).to_have_attribute("aria-pressed", "true")
    cards = phone.frame.locator(".card")
    expect(cards).to_have_count(7)
    assert wire == []  # nothing happens by itself

    def make(number, right):
        card = cards.nth(number)
        expect(card.locator(".right")).to_contain_text(right)
        wire.clear()
        card.get_by_role("button").click()
        if number == 3:
            phone.tap("同意")
        expect(card.locator(".result")).to_be_visible()
        return card.locator(".result").inner_text()

    # res.authcode: nothing arrives
    assert "400" in make(0, "res.authCode")
    assert wire == [("POST", f"{bench.url}/api/auth", {})]
    expect(desk.newest("request")).to_contain_text("✓ data: { auth_code: res.authCode }")
    assert "字段名是 authCode，不是 authcode" in desk.failed_with("bad-request:auth-code")
    assert bench.rows() == []
    # the code in a GET's query: refused, though it is a good one
    assert "405" in make(1, "method: 'POST'")
    ((method, url, body),) = wire
    assert (method, body) == ("GET", None)
    assert re.fullmatch(rf"{bench.url}/api/auth\?auth_code=[0-9a-f]{{32}}", url)
    expect(desk.newest("request")).to_contain_text("405")
    expect(desk.newest("request")).to_contain_text("✓ 用 POST，auth_code 放在正文里")
    desk.failed_with("http-405")
    assert bench.rows() == []
    # my.httpRequest: works, marked
    assert "200" in make(2, "my.request")
    expect(desk.step("my.httpRequest")).to_contain_text("已停止维护。✓ my.request(")
    (row,) = bench.rows()
    assert row["nick_name"] is None
    # the client's profile, passed to the server: not read
    assert "库里的昵称：完整示例" in make(3, "不带资料")
    assert wire[-1] == ("POST", f"{bench.url}/api/member", {"nick_name": "我说我是谁就是谁"})
    expect(desk.newest("request")).to_contain_text("✓ POST /api/member 不带资料")
    step = desk.newest("request")
    step.locator("summary").click()
    expect(step.locator(".inside")).to_contain_text("我说我是谁就是谁")
    assert [row["nick_name"] for row in bench.rows()] == ["完整示例"]
    assert desk.newest("refused").count() == 0
    # the source document's slips: its literal address, plain http, refresh_token beside a code
    assert "405" in make(4, "method: 'POST'")
    assert [url.rpartition("?")[2] for _, url, _ in wire] == ["authcode=undefined"]
    make(5, "https://")
    assert wire == []
    desk.failed_with("my.request 11")
    make(6, "grant_type=authorization_code")
    assert [row["nick_name"] for row in bench.rows()] == ["完整示例"]
