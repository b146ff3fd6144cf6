"""How it looks: axe in both languages, no overflow at 390 and 1440, all of it on 1280×720."""

import pytest

from helpers import ROOT, needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium", "axe-core"), needs_emulator]
AXE = ROOT / "tests/node_modules/axe-core/axe.min.js"
LANGUAGES = ["zh", pytest.param("en", marks=pytest.mark.long)]
WIDTHS = {390: 844, 1440: 900}
INSIDE = """element => {
    const { top, bottom, left, right } = element.getBoundingClientRect();
    return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth && bottom > top;
}"""


def assert_accessible(tab):
    """axe-core's own choice of rules, in the page and in the phone's frame."""
    for frame in tab.frames:
        if frame.url.startswith("http"):
            frame.evaluate(AXE.read_text("utf-8"))
            found = frame.evaluate(
                "axe.run(document, { iframes: false, resultTypes: ['violations'] })"
            )["violations"]
            assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []


def assert_fits(tab):
    """The page is never wider than the window."""
    for width, height in WIDTHS.items():
        tab.set_viewport_size({"width": width, "height": height})
        wide = tab.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{tab.url} is {wide} px wide at {width}"


def assert_looks(tab):
    assert_accessible(tab)
    assert_fits(tab)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_look_of_the_workbench(page, phone, trace, lang):
    page.tab.set_viewport_size({"width": 1280, "height": 720})
    page.open(lang=lang)
    phone.member_centre()
    phone.tap("authorise and get member info")
    phone.sheet.wait_for()
    assert phone.sheet.evaluate(INSIDE)  # inside the phone's screen …
    for place in ("#chapters", "#phone", "#forge", "[data-testid=trace]", "#moral", "#naive"):
        assert page.tab.locator(place).evaluate(INSIDE), place  # … which is on the first screen
    assert_accessible(page.tab)
    phone.answer("agree")
    phone.saved()
    page.fault("wrong-key")
    phone.update()
    page.broke_with("signature:wrong-key")
    trace.open(trace.step("my.request → POST /api/member"))
    for kind in ("request", "exchange", "store"):
        trace.open(trace.pinned(kind))
    page.forge_id()
    for group in page.tab.locator("[data-testid=fault-picker] details, #people").all():
        group.evaluate("group => { group.open = true; }")
    page.tab.locator("#fault-groups button").first.wait_for()
    assert_looks(page.tab)


@pytest.mark.long
@pytest.mark.parametrize("lang", LANGUAGES)
def test_look_of_the_mistakes(page, phone, lang):
    page.open(app="mistakes", lang=lang)
    phone.frame.locator(".card button").first.click()
    page.broke_with("bad-request:auth-code")
    assert_looks(page.tab)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_look_of_the_web_pages(tab, bench, monkeypatch, lang):
    monkeypatch.delitem(bench.app.config, "LANDING_PAGE")
    for path in ("/?", "/callback?state=wrong&", "/login?"):
        tab.goto(f"{bench.url}{path}lang={lang}")
        if "/oauth2/" in tab.url:  # the emulator's page
            tab.goto(f"{tab.url}&lang={lang}")
        assert_looks(tab)
    tab.locator("button[name=member][value=complete]").click()
    tab.wait_for_url(f"{bench.url}/member*")
    assert_looks(tab)
    refused = f"{bench.emulator.url}/oauth2/publicAppAuthorize.htm?app_id=demo-mini&lang={lang}"
    tab.goto(refused)
    assert_looks(tab)
