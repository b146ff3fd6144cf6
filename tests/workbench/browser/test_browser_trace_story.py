"""The trace tells a story: what somebody did, and what followed; step by step if wanted."""

import pytest
import requests
from people import Desk, Phone

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium"), needs_emulator]

HEADINGS = "heads => heads.map(head => head.querySelector('.zh').textContent)"
TITLES = "rows => rows.map(row => row.querySelector('summary > code').textContent)"


def headings(page):
    return page.locator("#steps h3").evaluate_all(HEADINGS)


def group(page, heading):
    """The newest group under this heading."""
    return page.locator(".group").filter(has=page.locator("h3", has_text=heading)).last


def titles(steps):
    return steps.evaluate_all(TITLES)


def authorise(page, bench, phone):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")


def test_steps_stand_under_what_the_person_did(page, bench, phone, desk):
    authorise(page, bench, phone)
    expect(desk.newest("store")).to_contain_text("已入库")
    assert headings(page) == [
        "打开小程序：没有问过任何人",
        "点了「会员中心」",
        "点了「授权并获取会员信息」",
        "同意授权",
    ]
    opened = titles(group(page, "打开小程序").get_by_test_id("trace-step"))
    assert "my.getAuthCode auth_base" in opened
    assert opened.index("my.request → POST /api/auth") + 1 == opened.index("POST /api/auth")
    tapped = titles(group(page, "点了「授权并").get_by_test_id("trace-step"))
    assert [title for title in tapped if "get" in title and "Storage" not in title] == [
        "my.getAuthCode auth_user"
    ]
    agreed = titles(group(page, "同意授权").get_by_test_id("trace-step"))
    for title in ("alipay.system.oauth.token", "alipay.user.info.share", "my.getAuthUserInfo"):
        assert title in agreed


@pytest.mark.parametrize(
    ("button", "heading", "chip"),
    [("同意", "同意授权", "同意"), ("拒绝", "拒绝授权", "拒绝"), ("返回键", "按返回键", "返回")],
)
def test_the_decision_is_a_step_of_its_own(page, bench, phone, desk, button, heading, chip):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise(button)
    decision = desk.pinned("decision")
    expect(decision).to_contain_text("授权面板")
    expect(decision.locator(".chip .zh")).to_have_text(chip)
    expect(desk.of_kind("decision")).to_have_count(1)
    first = group(page, heading).get_by_test_id("trace-step").first
    expect(first).to_have_attribute("data-kind", "decision")


def test_who_agreed_before_is_not_asked_and_no_decision_is_told(page, bench, phone, desk):
    authorise(page, bench, phone)
    phone.tap("更新会员信息")
    large = group(page, "更新会员信息").locator("[data-testid=trace-step]:not(.minor)")
    expect(large.last).to_be_visible()
    expect(desk.of_kind("decision")).to_have_count(1)


def test_a_call_of_another_page_is_told_as_one(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    elsewhere = {"X-Trace": "0f3a"}  # a phone that this page knows nothing of
    requests.post(f"{bench.url}/api/auth", json={}, headers=elsewhere, timeout=10)
    told = group(page, "更早，或在另一部手机上").get_by_test_id("trace-step")
    expect(told.filter(has_text="POST /api/auth")).to_have_count(1)


def test_small_calls_are_folded_and_open_in_their_places(page, bench, phone, desk):
    authorise(page, bench, phone)
    opened = group(page, "打开小程序")
    steps = opened.get_by_test_id("trace-step")
    small = opened.locator(".minor")
    count = small.count()
    assert count >= 3
    assert all("Storage" in title or "navigate" in title for title in titles(small))
    expect(small.first).to_be_hidden()
    expect(opened.locator(".more")).to_have_text(f"+{count}")
    before = titles(steps)
    opened.locator(".more").click()
    for row in small.all():
        expect(row).to_be_visible()
    assert titles(steps) == before
    expect(opened.locator(".more")).to_have_attribute("aria-expanded", "true")
    opened.locator(".more").click()
    expect(small.first).to_be_hidden()


def test_lanes_stand_under_their_headings_and_arrows_go_between_them(page, bench, phone, desk):
    authorise(page, bench, phone)
    centres = {}
    for lane in ("client", "server", "alipay"):
        box = page.locator(f".lanes .{lane}").bounding_box()
        centres[lane] = box["x"] + box["width"] / 2
    for row, start, end in (
        (desk.step("my.getAuthCode auth_user"), "client", "alipay"),
        (desk.step("my.request → POST /api/member"), "client", "server"),
        (desk.newest("exchange"), "server", "alipay"),
    ):
        row.scroll_into_view_if_needed()
        arrow = row.locator(".way").bounding_box()
        assert abs(arrow["x"] - centres[start]) < 6
        assert abs(arrow["x"] + arrow["width"] - centres[end]) < 6
    for kind in ("request", "store"):  # what stays in its lane has a dot there
        dot = desk.newest(kind).locator(".way").bounding_box()
        assert abs(dot["x"] + dot["width"] / 2 - centres["server"]) < 6


def test_pause_holds_the_steps_back_and_next_shows_one_at_a_time(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    expect(desk.newest("store")).to_be_visible()
    page.click("#pause")
    seen = desk.steps.locator("visible=true").count()
    phone.authorise()
    phone.saved("杭州市")
    expect(desk.of_kind("store")).to_have_count(3)
    expect(page.locator("#waiting")).not_to_have_text("0")
    assert desk.steps.locator("visible=true").count() == seen
    expect(page.locator("h3", has_text="授权并获取")).to_be_hidden()
    shown = []
    while page.locator("#next").is_enabled():
        left = int(page.locator("#waiting").inner_text())
        page.click("#next")
        expect(page.locator("#waiting")).to_have_text(str(left - 1))
        current = page.locator(".current")
        expect(current).to_have_count(1)
        expect(current).to_be_in_viewport()
        shown.append(current.locator("summary > code").text_content())
    assert len(shown) == desk.steps.locator("visible=true").count() - seen
    assert shown[:2] == ["my.getAuthCode auth_user", "授权面板Consent sheet"]
    assert shown[-1] == "my.getAuthUserInfo"
    page.click("#pause")
    expect(page.locator("#next")).to_be_hidden()


def test_going_on_shows_all_that_waited(page, bench, phone, desk):
    page.goto(bench.url)
    page.click("#pause")
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    expect(desk.of_kind("store")).to_have_count(3)
    expect(desk.newest("store")).to_be_hidden()
    page.click("#pause")
    expect(desk.newest("store")).to_be_visible()
    assert page.locator(".waiting").count() == 0


def test_projector_mode_is_large_everywhere_and_outlives_a_reload(page, bench, phone, desk):
    authorise(page, bench, phone)
    smallest = """() => {
      const texts = document.createTreeWalker(document.querySelector('.trace'), 4);
      const sizes = [];
      while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (texts.currentNode.data.trim() && element.checkVisibility())
          sizes.push(parseFloat(getComputedStyle(element).fontSize));
      }
      return Math.min(...sizes);
    }"""
    assert page.evaluate(smallest) < 20
    page.click("#projector")
    desk.newest("exchange").locator("summary").first.click()
    expect(desk.newest("exchange").locator(".line.at")).to_be_visible()
    assert page.evaluate(smallest) == 20
    expect(page.locator("#projector")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload()
    expect(page.locator("html")).to_have_class("projector")
    page.click("#projector")
    assert page.evaluate(smallest) < 20


def test_a_refresh_says_that_it_was_one(page, bench, phone, desk):
    authorise(page, bench, phone)
    page.goto(f"{bench.url}/workbench/?member=complete")
    phone.member_centre()
    with bench.app.app_context():
        store = bench.app.extensions["workbench"].store
        with store._database.writing() as db:
            db.execute("UPDATE sessions SET access_expires_at = 1")
    phone.tap("更新会员信息")
    phone.saved("杭州市")
    refresh = desk.step("这是一次刷新")
    expect(refresh).to_have_attribute("data-kind", "exchange")
    expect(refresh).to_contain_text("alipay.system.oauth.token")
    expect(desk.step("会话换上了刷新得来的令牌")).to_have_attribute("data-kind", "store")


def test_other_programs_and_the_web_have_headings_of_their_own(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    requests.get(f"{bench.url}/api/member", timeout=10)
    expect(page.locator("h3", has_text="另一个程序调用了接口")).to_be_visible()
    requests.get(f"{bench.url}/login", timeout=10, allow_redirects=False)
    web = group(page, "在浏览器的网页上")
    expect(web.get_by_test_id("trace-step")).to_have_count(1)
    assert titles(group(page, "打开小程序").get_by_test_id("trace-step")).count("GET /login") == 0


def test_a_long_address_is_cut_to_its_path(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    address = "/callback?auth_code=0123456789abcdef0123456789abcdef&state=abc"
    requests.get(bench.url + address, timeout=10)
    step = desk.step("GET /callback")
    expect(step.locator("summary > code")).to_have_text("GET /callback?…")
    step.locator("summary").click()
    expect(step.locator("section.address")).to_contain_text(f"GET {address}")


def test_two_tabs_see_the_same_trace(page, bench, phone, desk):
    authorise(page, bench, phone)
    expect(desk.newest("store")).to_contain_text("已入库")
    second = page.context.new_page()
    second.goto(f"{bench.url}/workbench/")
    other = Desk(second)
    Phone(second).member_centre()
    expect(other.step("my.getAuthCode auth_user")).to_be_attached()
    expect(group(second, "同意授权").get_by_test_id("trace-step")).to_have_count(
        group(page, "同意授权").get_by_test_id("trace-step").count()
    )
    phone.tap("更新会员信息")
    update = "点了「更新会员信息」"
    expect(group(page, update).locator("[data-kind=store]")).to_contain_text("members")
    expect(group(second, update).locator("[data-kind=store]")).to_be_attached()
    second.wait_for_timeout(1500)  # both have asked the server again
    assert headings(second) == headings(page)
    assert sorted(titles(other.steps)) == sorted(titles(desk.steps))
    second.click("#clear")
    expect(desk.steps).to_have_count(0)
    second.close()


def test_a_reload_keeps_the_story(page, bench, phone, desk):
    authorise(page, bench, phone)
    expect(desk.newest("store")).to_contain_text("已入库")
    before = headings(page)
    page.reload()
    phone.member_centre()
    expect(page.locator("#steps h3")).to_have_count(len(before) + 2)
    assert headings(page) == [*before, *before[:2]]
