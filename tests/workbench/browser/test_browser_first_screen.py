"""The first screen: phone, trace, contrast and consent sheet at once; narrow, in order."""

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]
SCREENS = [(1280, 720), (1366, 768), (1440, 900)]
INSIDE = """element => {
    const { top, bottom, left, right } = element.getBoundingClientRect();
    return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth && bottom > top;
}"""


def assert_inside(page, *places):
    for place in places:
        assert page.locator(place).last.evaluate(INSIDE), place


@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.long)])
@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_first_screen_holds_the_lesson(page, bench, phone, width, height, lang):
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{bench.url}/workbench/?lang={lang}")
    phone.member_centre()
    phone.tap("授权并获取会员信息")
    sheet = phone.frame.get_by_role("dialog")
    sheet.wait_for()
    for part in (sheet, *sheet.get_by_role("button").all()):
        assert part.evaluate(INSIDE)  # inside the phone's screen …
    assert_inside(page, "#chapters", "#phone", "#forge", ".trace", "#moral")  # … which is inside
    phone.tap("同意")
    phone.saved("杭州市")
    page.click("#lie-name")
    phone.tap("更新会员信息")
    expect(page.locator(".differs")).to_have_count(2)
    rows = [
        f"#{side} [data-field={name}]"
        for side in ("client", "server", "naive")
        for name in ("nick_name", "avatar", "id")
    ]
    assert_inside(page, "#chapters", "#phone", "#forge", ".trace", "#moral", *rows)
    assert page.evaluate("scrollY") == 0
    hidden = "element => element.scrollHeight > element.clientHeight + 1"
    assert not page.locator(".contrast").evaluate(hidden)


@pytest.mark.parametrize("width", [390, 360, 320])
def test_narrow_screens_have_a_whole_phone_and_the_order_of_the_lesson(page, bench, phone, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{bench.url}/workbench/?lang=en")
    phone.member_centre()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    screen = phone.frame.locator("html")
    assert screen.evaluate("html => html.scrollWidth <= innerWidth")
    box = page.locator("#phone").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    tops = [
        page.locator(place).bounding_box()["y"]
        for place in ("#chapters", "#phone", ".contrast", ".trace")
    ]
    assert tops == sorted(tops)
    phone.authorise()
    phone.saved("杭州市")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (800, 1200), (1920, 1300), (2560, 1440)])
def test_the_phone_is_never_larger_than_a_phone(page, bench, phone, width, height):
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{bench.url}/workbench/")
    phone.see("除了这个标识")
    box = page.locator("#phone").bounding_box()
    assert box["width"] <= 400
    assert box["height"] <= 800


def test_the_phone_does_not_move_under_the_pointer(page, bench, phone, desk):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{bench.url}/workbench/?lang=en")
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    where = page.locator("#phone").bounding_box()
    desk.choose("tampered")
    assert page.locator("#phone").bounding_box() | {"y": 0} == where | {"y": 0}
    phone.tap("更新会员信息")
    desk.failed_with("signature:tampered")
    page.evaluate("scrollTo(0, 0)")
    assert page.locator("#phone").bounding_box() == where
    page.click("#mend")
    page.evaluate("scrollTo(0, 0)")
    assert page.locator("#phone").bounding_box() == where


def test_the_phone_starts_beside_the_page(page, bench, phone):
    """Even if the page's own scripts are late, it runs, and nothing that it said is lost."""

    def late(route):
        phone.frame.locator(".value").wait_for()
        route.continue_()

    page.route("**/workbench/static/workbench.js", late)
    page.goto(f"{bench.url}/workbench/")
    first = page.get_by_test_id("trace-step").filter(has_text="my.getAuthCode").first
    expect(first).to_be_visible()
    expect(page.locator("#server-seal")).to_have_text("只有 id · 已入库", use_inner_text=True)


def test_the_phones_frame_speaks_the_pages_language(page, bench, phone):
    page.goto(f"{bench.url}/workbench/?lang=en")
    phone.member_centre()
    phone.tap("授权并获取会员信息")
    sheet = phone.frame.get_by_role("dialog")
    expect(sheet.get_by_role("button", name="Agree")).to_be_visible()
    expect(phone.frame.locator("#bar")).to_contain_text("not the Alipay app")
    chinese = "dialog => /[\\u4e00-\\u9fff]/.test(dialog.innerText.replace('完整示例', ''))"
    assert not sheet.evaluate(chinese)
    page.click("#language")
    expect(sheet.get_by_role("button", name="同意")).to_be_visible()
    expect(phone.frame.locator("[data-gloss]")).to_have_count(0)
    page.click("#language")
    phone.tap("拒绝")
    expect(phone.frame.get_by_role("button", name="重新授权")).to_have_attribute(
        "data-gloss", "authorise again"
    )


def test_forced_colours_show_what_is_chosen(page, bench, phone):
    page.emulate_media(forced_colors="active")
    page.goto(f"{bench.url}/workbench/?lang=en")
    phone.see("除了这个标识")
    page.click("#people summary")
    expect(page.locator("[data-chapter][aria-current]")).to_have_count(1)
    look = "element => getComputedStyle(element).backgroundColor"
    chosen = page.locator("[data-identity=open_id]").evaluate(look)
    assert chosen != page.locator("[data-identity=both]").evaluate(look)
    other = page.locator("[data-chapter='7']").evaluate(look)
    expect(page.locator("[data-chapter][aria-current]")).not_to_have_css("background-color", other)
    border = "button => parseFloat(getComputedStyle(button).borderTopWidth)"
    assert phone.frame.get_by_role("button", name="会员中心").evaluate(border) >= 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_chapters_sentences_leave_the_stage_where_it_is(page, bench, phone, lang):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{bench.url}/workbench/?lang={lang}")
    phone.see("除了这个标识")
    heights = {}
    for number in range(1, 8):
        page.locator(f"[data-chapter='{number}']").click()
        heights[number] = page.locator(".lesson").bounding_box()["height"]
    assert len(set(heights.values())) == 1, heights
    assert_inside(page, "[data-testid=forge]")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_ends_with_its_last_line_however_long_the_trace(page, bench, phone, desk, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.saved()
    for _ in range(3):
        phone.tap("更新会员信息")
        phone.saved()
    expect(desk.newest("store")).to_contain_text("没有变")  # but profile_at, in another second
    blank = """() => {
        const footer = document.querySelector("footer").getBoundingClientRect();
        return document.documentElement.scrollHeight - footer.bottom - scrollY;
    }"""
    assert page.evaluate(blank) < 60
