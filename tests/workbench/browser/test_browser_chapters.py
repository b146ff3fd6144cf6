"""Each chapter, done as its own sentence says, is ticked off by what really happened."""

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium"), needs_emulator]


def chapter(page, number):
    return page.locator(f"[data-chapter='{number}']")


def done(page):
    """The numbers of the chapters that are ticked."""
    ticks = page.locator("[data-chapter].done")
    return ticks.evaluate_all("buttons => buttons.map((button) => button.dataset.chapter).join('')")


def begin(page, bench, number, lang="zh"):
    page.goto(f"{bench.url}/workbench/?chapter={number}&lang={lang}")
    page.click("#setup")


def expect_tick(page, number):
    expect(chapter(page, number)).to_have_class("done")


def test_chapters_1_and_2_begin_with_one_pointer(page, bench, phone):
    page.goto(f"{bench.url}/workbench/?lang=en")
    expect(page.locator("#pointer")).to_have_text(
        "Start: tap 会员中心 (member centre)", use_inner_text=True
    )
    expect_tick(page, 1)
    expect(phone.frame.locator("[data-point]")).to_have_text("会员中心")
    phone.tap("会员中心")
    expect(phone.frame.locator("[data-point]")).to_have_text("授权并获取会员信息")
    phone.tap("授权并获取会员信息")
    expect(phone.frame.locator("[data-point]")).to_have_attribute("value", "agree")
    assert done(page) == "1"  # not before it has happened
    phone.tap("同意")
    expect_tick(page, 2)
    expect(page.locator("#pointer")).to_be_empty()
    page.reload()
    expect_tick(page, 2)
    assert done(page) == "12"


def test_a_chapter_that_is_done_leads_on_to_the_next(page, bench, phone):
    page.goto(f"{bench.url}/workbench/?chapter=1&lang=en")
    onward = page.locator("#onward")
    expect(onward).to_have_text("✓ Done. Next: chapter 2 →", use_inner_text=True)
    onward.click()
    expect(chapter(page, 2)).to_have_attribute("aria-current", "step")
    expect(chapter(page, 2)).to_be_focused()
    expect(onward).to_be_hidden()  # chapter 2 is not done
    phone.member_centre()
    phone.authorise()
    expect(onward).to_have_text("✓ Done. Next: chapter 3 →", use_inner_text=True)
    expect(phone.frame.locator("[data-point]")).to_have_count(0)  # nothing left to do
    page.click("#setup")  # once more: it is pointed at again
    expect(onward).to_be_hidden()
    phone.see("除了这个标识")
    expect(phone.frame.locator("[data-point]")).to_have_text("会员中心")


def test_chinese_names_have_a_gloss_on_the_english_page(page, bench, phone, desk):
    begin(page, bench, 4, "en")
    phone.saved("杭州市")
    page.click("#lie-name")
    phone.tap("更新会员信息")
    expect(page.locator("#moral")).to_contain_text("“系统管理员” (system admin)")
    gloss = "name => getComputedStyle(name, '::after').content"
    for place in ("#who strong", "[data-testid=server-profile] [data-field=nick_name] strong"):
        assert page.locator(place).evaluate(gloss) == '" (complete example)"'


def test_chapter_2_is_not_ticked_by_a_refusal(page, bench, phone):
    begin(page, bench, 2)
    phone.member_centre()
    phone.authorise("拒绝")
    phone.see("你没有同意授权")
    assert done(page) == "1"


def test_chapter_3_is_ticked_by_opening_what_was_signed(page, bench, phone, desk):
    begin(page, bench, 3)
    phone.saved("杭州市")
    expect(page.locator(".here")).to_have_attribute("data-kind", "exchange")
    assert "3" not in done(page)
    desk.step("alipay.user.info.share").locator("summary").first.click()
    expect_tick(page, 3)
    expect(desk.step("alipay.user.info.share").locator("mark").first).to_be_visible()
    cut = "row => row.querySelector('.inside').scrollWidth > row.clientWidth"
    assert not desk.step("alipay.user.info.share").evaluate(cut)


def test_chapter_4_is_ticked_when_the_trusting_server_is_fooled(page, bench, phone):
    begin(page, bench, 4)
    phone.saved("杭州市")
    expect(page.locator(".here")).to_have_id("lie-name")
    page.click("#lie-name")
    expect(phone.frame.locator("[data-point]")).to_have_text("更新会员信息")
    assert "4" not in done(page)
    phone.tap("更新会员信息")
    expect_tick(page, 4)
    page.click("#setup")  # once more, from an honest client
    expect(page.locator("#lie-name")).to_have_attribute("aria-pressed", "false")


def test_chapter_5_is_ticked_when_something_broke(page, bench, phone, desk):
    begin(page, bench, 5)
    phone.saved("杭州市")
    (before,) = bench.rows()
    expect(page.locator(".here")).to_have_attribute("data-fault", "tampered")
    desk.choose("tampered")
    assert "5" not in done(page)
    phone.tap("更新会员信息")
    expect_tick(page, 5)
    assert bench.rows() == [before]


def test_chapter_6_is_ticked_when_a_withdrawn_consent_is_refused(page, bench, phone, desk):
    begin(page, bench, 6)
    phone.saved("杭州市")
    page.click("#more summary")
    page.locator("[data-fault=consent-revoked]").click()
    expect(desk.of_kind("action")).to_have_count(1)
    phone.tap("更新会员信息")
    expect_tick(page, 6)


def test_chapter_7_is_ticked_by_a_login_on_the_web(page, bench, phone):
    begin(page, bench, 7)
    phone.see("除了这个标识")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="网页登录").click()
    opened.value.locator("button[name=member][value=complete]").click()
    opened.value.wait_for_url(f"{bench.url}/member*")
    opened.value.close()
    expect_tick(page, 7)
    first, second = (row["open_id"] for row in bench.rows())
    assert first != second


def test_a_link_to_a_chapter_changes_nothing(page, bench, phone):
    page.goto(f"{bench.url}/workbench/?chapter=4")
    phone.see("除了这个标识")
    phone.frame.locator(".value").wait_for()
    expect(chapter(page, 4)).to_have_attribute("aria-current", "step")
    assert "chapter=4" in page.url
    assert [row["nick_name"] for row in bench.rows()] == [None]  # as without the link
    expect(page.locator("#lie-name")).to_have_attribute("aria-pressed", "false")
    chapter(page, 5).click()
    assert "chapter=5" in page.url


def test_reset_takes_the_ticks_away(page, bench, phone):
    page.goto(bench.url)
    phone.frame.locator(".value").wait_for()
    expect_tick(page, 1)
    chapter(page, 4).click()
    with page.expect_navigation():
        page.click("#reset")
    assert "4" not in done(page)
    assert "chapter" not in page.url
