"""The whole way by keyboard alone: Tab, Enter, Space and Escape, with the focus always visible."""

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]
LOOK = """element => {
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const outline = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    return { tag: element.tagName, outline };
}"""


def focused(frame):
    """The element that has the focus, in whatever frame."""
    element = frame.evaluate_handle("document.activeElement").as_element()
    inner = element.content_frame()
    return focused(inner) if inner else element


def tab_to(tab, target, key="Tab"):
    """Press Tab until the target has the focus; at each stop the focus must be visible."""
    for _ in range(150):
        tab.keyboard.press(key)
        element = focused(tab.main_frame)
        look = element.evaluate(LOOK)
        assert look["outline"] or look["tag"] in ("BODY", "HTML"), element.inner_text()
        if target.evaluate("element => element === element.ownerDocument.activeElement"):
            return
    raise AssertionError(f"{target} can't be reached")


def test_keyboard_alone_reaches_the_saved_profile(page, bench, phone, trace):
    from pages import profile

    page.open()
    phone.id.wait_for()
    press = page.tab.keyboard.press
    tab_to(page.tab, page.tab.locator("#people summary"))
    press("Enter")
    tab_to(page.tab, page.tab.locator("[data-member=no-avatar]"))
    press("Space")
    expect(page.tab.locator("[data-member=no-avatar]")).to_have_attribute("aria-pressed", "true")
    phone.id.wait_for()
    tab_to(page.tab, phone.button("member centre"))
    press("Enter")
    tab_to(page.tab, phone.button("authorise and get member info"))
    press("Space")
    phone.sheet.wait_for()
    press("Escape")  # the back key
    phone.failed_with("my.getAuthCode 3")
    tab_to(page.tab, phone.button("authorise again"))
    press("Enter")
    phone.sheet.wait_for()
    tab_to(page.tab, phone.sheet.locator("[value=agree]"))
    press("Enter")
    phone.saved()
    assert [row["nick_name"] for row in bench.rows() if row["city"]] == [
        profile("no-avatar")["nick_name"]
    ]
    # The button that led to the sheet is disabled by then: the focus stays in the mini-program.
    assert phone.frame.locator("body").evaluate("() => document.activeElement.tagName") != "BODY"
    tab_to(page.tab, trace.newest("exchange").locator("summary"))
    press("Enter")
    expect(trace.newest("exchange").locator("mark")).to_be_visible()
    tab_to(page.tab, page.fault_button("tampered"))
    press("Space")
    page.shows_fault("tampered")
    tab_to(page.tab, page.tab.get_by_test_id("mend"), "Shift+Tab")
    press("Enter")
    page.is_mended()
    assert page.tab.evaluate("document.activeElement.id") == "phone"
    tab_to(page.tab, page.tab.locator("#language"), "Shift+Tab")
    press("Enter")
    assert page.lang() == "en"


@pytest.mark.long
def test_keyboard_gets_past_the_trace(page, phone):
    page.open()
    phone.id.wait_for()
    page.tab.locator("a.skip").focus()
    page.tab.keyboard.press("Enter")
    assert page.tab.evaluate("document.activeElement.id") == "contrast-title"
