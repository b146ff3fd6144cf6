"""Forging what the client says, and old articles' mistakes: seen on the wire, refused."""

import json
import re

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]
FORGED = {"nick_name": "系统管理员", "user_id": "2088000000000000"}


@pytest.fixture
def wire(page):
    """What the browser sends to the app's API: (method, address, JSON body or None)."""
    sent = []

    def note(request):
        if "/api/" in request.url:
            sent.append(
                (request.method, request.url, request.post_data and json.loads(request.post_data))
            )

    page.on("request", note)
    return sent


def test_forge_changes_nothing_in_the_database(page, bench, phone, desk, wire):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    (row,) = bench.rows()
    sessions = bench.rows("sessions")
    page.click("#forge-on")
    expect(page.locator("#forge-on")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#forge-news")).to_contain_text("伪造已打开")
    wire.clear()
    phone.tap("更新会员信息")
    expect(page.locator("#forge-news")).to_contain_text("请求带着伪造的值发出了，会员表里没有它。")

    assert [sent for sent in wire if sent[0] == "POST"] == [
        ("POST", f"{bench.url}/api/member", FORGED)
    ]
    for step in (desk.step("my.request → POST /api/member"), desk.newest("request")):
        step.locator("summary").click()
        expect(step.locator(".inside")).to_contain_text(FORGED["nick_name"])
        expect(step.locator(".inside")).to_contain_text(FORGED["user_id"])
    expect(desk.step("my.request → POST /api/member")).to_contain_text("含伪造字段")
    expect(desk.newest("store")).to_contain_text("没有变")
    expect(desk.client).to_contain_text("系统管理员")  # told so, and believed by nobody
    expect(desk.server).to_contain_text("完整示例")
    expect(desk.server).not_to_contain_text("系统管理员")
    phone.see("与服务端不一致，以服务端为准")
    (after,) = bench.rows()
    assert after | {"profile_at": 0} == row | {"profile_at": 0}
    assert bench.rows("sessions") == sessions


def test_forge_opens_nobody_elses_account(page, bench, phone, desk, wire):
    """A known member's id, sent with another one's login, touches nothing of that member's row."""
    bench.emulator.accounts.identify_by("both")
    page.goto(f"{bench.url}/workbench/?member=company")
    phone.member_centre()
    phone.authorise()
    phone.saved("深圳市")
    (victim,) = bench.rows()
    page.fill("#forge-id", victim["user_id"])
    page.fill("#forge-name", "")
    page.click("#forge-on")
    wire.clear()
    page.click("[data-member=complete]")
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    bodies = [body for method, _, body in wire if method == "POST"]
    assert len(bodies) == 3  # silent login, login, profile
    assert {body["user_id"] for body in bodies} == {victim["user_id"]}
    assert "nick_name" not in bodies[0]
    first, second = bench.rows()
    assert first == victim
    assert second["user_id"] not in (None, victim["user_id"])
    assert second["nick_name"] == "完整示例"
    page.click("#forge-on")
    expect(page.locator("#forge-news")).to_be_empty()
    wire.clear()
    phone.tap("更新会员信息")
    expect(page.locator("#forge-on")).to_have_attribute("aria-pressed", "false")
    phone.saved("杭州市")
    assert all(body is None for _, _, body in wire)


def test_forge_by_the_mistakes_of_old_articles(page, bench, phone, desk, wire):
    page.goto(f"{bench.url}/workbench/?app=mistakes")
    expect(page.locator("[data-app=mistakes]")).to_have_attribute("aria-pressed", "true")
    cards = phone.frame.locator(".card")
    expect(cards).to_have_count(4)
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
    expect(desk.step("GET /api/auth?auth_code=")).to_contain_text("405")
    expect(desk.step("GET /api/auth?auth_code=")).to_contain_text("✓ 用 POST，auth_code 放在正文里")
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


def test_forge_sees_a_leak_in_the_row_that_was_written_alone(page, bench, phone, desk):
    """The forged number is another member's real one, whose row holds it rightly."""
    bench.emulator.accounts.identify_by("user_id")
    page.goto(bench.url)
    phone.member_centre()
    (row,) = bench.rows()
    page.click("[data-member=no-nickname]")
    phone.member_centre()
    page.fill("#forge-id", row["user_id"])
    page.fill("#forge-name", "")
    page.click("#forge-on")
    phone.authorise()
    phone.saved("上海市")
    expect(page.locator("#forge-news")).to_contain_text("会员表里没有它")
