"""How it looks: axe-core in both languages; nothing cut or overlapping at three widths."""

import pytest

from helpers import ROOT, needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium", "axe-core"), needs_emulator]
SCREENSHOTS = ROOT / "tests/screenshots"
AXE = ROOT / "tests/node_modules/axe-core/axe.min.js"
LANGUAGES = ["zh", pytest.param("en", marks=pytest.mark.long)]
WIDTHS = {1440: 900, 1024: 768, 390: 844}
MISFITS = """() => {
    const seen = (element) => {
      return element.checkVisibility() && element.getBoundingClientRect().height > 1;
    };
    const name = ({ tagName, className, textContent }) => {
      return `${tagName} ${className} ${textContent.trim().slice(0, 40)}`;
    };
    const texts = 'button, .button, summary, code, strong, h1, h2, h3, p, th, td, dt, dd';
    const cut = [...document.querySelectorAll(texts)].filter(seen)
      .filter(({ scrollWidth, clientWidth }) => clientWidth && scrollWidth > clientWidth + 1);
    const parents = 'body, header, nav, main, section, form, dl, ' +
      '.stage, .bench, .contrast, .chips, .faults, .chapters ol, .lesson, .lie, .side';
    const placed = (element) => seen(element) && getComputedStyle(element).position === 'static';
    const apart = (p, q) => Math.min(p.right, q.right) <= Math.max(p.left, q.left) + 1
      || Math.min(p.bottom, q.bottom) <= Math.max(p.top, q.top) + 1;
    const over = [...document.querySelectorAll(parents)].flatMap((parent) => {
      const children = [...parent.children].filter(placed);
      const boxes = children.map((child) => child.getBoundingClientRect());
      return children.filter((_, i) => !boxes.slice(0, i).every((box) => apart(box, boxes[i])));
    });
    const { scrollWidth } = document.documentElement;
    const found = cut.map((one) => `cut: ${name(one)}`);
    found.push(...over.map((one) => `overlaps: ${name(one)}`));
    if (scrollWidth > innerWidth) found.push(`the page is ${scrollWidth} wide`);
    return found;
}"""


def assert_accessible(page, name):
    """axe-core's own choice of rules, in the page and in the phone's frame."""
    for frame in page.frames:
        if frame.url.startswith("http"):
            frame.evaluate(AXE.read_text("utf-8"))
            found = frame.evaluate(
                "axe.run(document, { iframes: false, resultTypes: ['violations'] })"
            )["violations"]
            assert [
                (name, rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found
            ] == []


def assert_fits(page, name):
    """Nothing is cut or overlaps at any width; a screenshot of each."""
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(MISFITS) == [], f"{name} at {width} px"
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", full_page=True)


@pytest.fixture(autouse=True)
def screenshots():
    SCREENSHOTS.mkdir(exist_ok=True)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_look_of_the_workbench(page, bench, phone, desk, lang):
    page.goto(f"{bench.url}/workbench/?lang={lang}")
    phone.member_centre()
    assert_accessible(page, f"start-{lang}")
    phone.tap("授权并获取会员信息")
    phone.frame.get_by_role("dialog").wait_for()
    assert_accessible(page, f"consent-{lang}")
    page.screenshot(path=SCREENSHOTS / f"consent-{lang}.png")
    phone.tap("同意")
    phone.saved("杭州市")
    expect(desk.client).to_contain_text("完整示例")
    assert_fits(page, f"saved-{lang}")
    page.set_viewport_size({"width": 1440, "height": 900})
    desk.step("my.request → POST /api/member").locator("summary").click()
    for kind in ("request", "exchange", "store"):
        desk.newest(kind).locator("summary").click()
    desk.newest("exchange").evaluate("step => step.scrollIntoView({ block: 'start' })")
    assert_accessible(page, f"open-{lang}")
    assert_fits(page, f"open-{lang}")
    desk.choose("wrong-key")
    phone.tap("更新会员信息")
    desk.failed_with("signature:wrong-key")
    page.click("#lie-id")
    for group in page.locator("[data-testid=fault-picker] details, #people").all():
        group.evaluate("group => { group.open = true; }")
    page.locator("#fault-groups button").first.wait_for()
    assert_accessible(page, f"failure-{lang}")
    assert_fits(page, f"failure-{lang}")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_look_of_the_mistakes(page, bench, phone, desk, lang):
    page.goto(f"{bench.url}/workbench/?app=mistakes&lang={lang}")
    phone.frame.get_by_role("button", name="犯一次这个错").first.click()
    desk.failed_with("bad-request:auth-code")
    assert_accessible(page, f"mistakes-{lang}")
    assert_fits(page, f"mistakes-{lang}")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_look_of_the_web_pages(page, bench, lang):
    bench.app.config.pop("LANDING_PAGE")
    paths = {
        "home": "/?",
        "error": "/callback?state=wrong&",
        "absent": "/nothing?",
        "authorise": "/login?",
    }
    for name, path in paths.items():
        page.goto(f"{bench.url}{path}lang={lang}")
        if name == "authorise":  # the emulator's page
            page.goto(f"{page.url}&lang={lang}")
        assert_accessible(page, f"{name}-{lang}")
        assert_fits(page, f"{name}-{lang}")
    page.locator("button[name=member][value=complete]").click()
    page.wait_for_url(f"{bench.url}/member*")
    assert_accessible(page, f"member-{lang}")
    assert_fits(page, f"member-{lang}")
    page.goto(f"{bench.emulator.url}/oauth2/publicAppAuthorize.htm?app_id=demo-mini&lang={lang}")
    assert_accessible(page, f"refused-{lang}")
    assert_fits(page, f"refused-{lang}")
