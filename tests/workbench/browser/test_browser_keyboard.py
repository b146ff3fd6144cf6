"""The whole way by keyboard alone: Tab, Enter, Space and Escape, with the focus always visible."""

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium"), needs_emulator]
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


def tab_to(page, name, key="Tab"):
    """Press Tab until the element of this text has the focus; at each stop it must be visible."""
    passed = []
    for _ in range(150):
        page.keyboard.press(key)
        element = focused(page.main_frame)
        look, text = element.evaluate(LOOK), element.inner_text().strip()
        passed.append(text)
        assert look["outline"] or look["tag"] in ("BODY", "HTML"), (
            f"no focus to be seen on {look['tag']} {text}"
        )
        if name in text and look["tag"] not in ("BODY", "HTML", "DIV", "PAGE"):
            return
    raise AssertionError(f"{name} can't be reached; passed: {passed}")


def test_keyboard_alone_reaches_the_saved_profile(page, bench, phone, desk):
    page.goto(bench.url)
    phone.frame.locator(".value").wait_for()
    tab_to(page, "手机在谁手里")
    page.keyboard.press("Enter")
    tab_to(page, "王誠")  # another member
    page.keyboard.press("Space")
    expect(page.locator("[data-member=no-avatar]")).to_have_attribute("aria-pressed", "true")
    phone.frame.locator(".value").wait_for()
    tab_to(page, "会员中心")
    page.keyboard.press("Enter")
    phone.see("获取会员信息，用来在这里")
    tab_to(page, "授权并获取会员信息")
    page.keyboard.press("Space")
    phone.frame.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")  # the back key
    phone.see("没有得到授权结果")
    tab_to(page, "重新授权")
    page.keyboard.press("Enter")
    phone.frame.get_by_role("dialog").wait_for()
    tab_to(page, "同意")
    page.keyboard.press("Enter")
    phone.saved("苏州市")
    assert [row["nick_name"] for row in bench.rows() if row["city"]] == ["王誠"]

    tab_to(page, "alipay.user.info.share")  # a step of the trace
    page.keyboard.press("Enter")
    expect(desk.step("alipay.user.info.share").locator("mark")).to_be_visible()
    tab_to(page, "tampered")
    page.keyboard.press("Space")
    expect(page.locator("#active code")).to_have_text("tampered")
    tab_to(page, "恢复正常", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#active")).to_be_empty()
    tab_to(page, "English", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Member info, seen step by step", use_inner_text=True
    )
