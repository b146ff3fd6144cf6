"""The laboratory's buttons: do it for me, the search, every tab, nothing that moves or is lost."""

import pytest
import requests

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium"), needs_emulator]

FIRST_SIX = [
    ("getAuthCode-11", "my.getAuthCode 11，什么都没有入库"),
    ("isv.code-invalid", "isv.code-invalid，什么都没有入库"),
    ("tampered", "signature:tampered，什么都没有入库"),
    ("token-ended", "服务器自动刷新令牌"),
    ("consent-revoked", "然后再问用户一次"),
    ("white-space", "照常接受，本该如此"),
]


def test_break_do_it_for_me_shows_each_of_the_first_six(page, bench, phone, desk):
    """From whatever state the one before has left, by the phone's real buttons."""
    page.goto(bench.url)
    phone.see("除了这个标识")
    six = page.get_by_test_id("fault-picker").locator("[data-fault]:visible")
    expect(six).to_have_count(6)
    shown = six.evaluate_all("buttons => buttons.map((button) => button.dataset.fault)")
    assert shown == [name for name, _ in FIRST_SIX]
    for name, seen in FIRST_SIX:
        desk.choose(name)
        page.click("#drive")
        desk.saw(seen)
        expect(page.locator("#drive")).to_be_enabled()
    desk.mend()
    phone.saved("杭州市")


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("double-tap", "只发一次"),
        ("request-12", "my.request 12"),
        ("missing-getAuthUserInfo", "按钮"),
        ("isv.refresh-token-invalid", "session-ended，然后自己恢复"),
        ("aop.auth-token-time-out", "然后自己恢复"),
        ("session-ended", "小程序静默重新登录"),
        ("database-gone", "database"),
    ],
)
def test_break_do_it_for_me(page, bench, phone, desk, name, seen):
    page.goto(bench.url)
    phone.see("除了这个标识")
    desk.choose(name)
    page.click("#drive")
    desk.saw(seen)


def test_break_the_others_are_found_by_a_word(page, bench, phone, desk):
    from workbench.laboratory import FIRST, all_faults

    page.goto(bench.url)
    phone.member_centre()
    expect(page.locator("[data-fault]")).to_have_count(7)  # six, and "mend it"
    page.click("#more > summary")
    others = page.locator("#fault-groups [data-fault]")
    count = len(all_faults()) - len(FIRST)
    expect(others).to_have_count(count)
    page.fill("#fault-search", "refresh_token 40002")
    names = "buttons => buttons.filter((b) => b.checkVisibility()).map((b) => b.dataset.fault)"
    assert others.evaluate_all(names) == [
        "isv.refresh-token-invalid",
        "unsigned:isv.refresh-token-invalid",
        "isv.refresh-token-time-out",
    ]
    page.fill("#fault-search", "zebra")
    expect(page.locator("#fault-found")).to_have_text("没有这样的一种", use_inner_text=True)
    page.fill("#fault-search", "")
    expect(page.locator("#fault-found")).to_be_empty()
    assert len(others.evaluate_all(names)) == count


def test_break_is_the_same_in_every_tab(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    other = page.context.new_page()
    other.goto(bench.url)
    expect(other.locator("#armed")).to_be_hidden()
    desk.choose("sha1")
    expect(other.locator("#active code")).to_have_text("sha1")
    assert "fault=sha1" in other.url
    other.locator("#mend").click()
    expect(page.locator("#active")).to_be_empty()
    assert "fault" not in page.url
    assert bench.emulator.faults.active() is None
    desk.choose("getAuthCode-12")  # the phone's own: it is ordered in each tab's phone
    expect(other.locator("#active code")).to_have_text("getAuthCode-12")
    phone.tap("授权并获取会员信息")
    desk.saw("my.getAuthCode 12")
    expect(other.locator("#armed")).to_be_hidden()  # spent there, so it is off here
    requests.put(f"{bench.emulator.url}/emulator/fault", json={"name": "html"}, timeout=10)
    for tab in (page, other):  # whoever turned it
        expect(tab.locator("#active code")).to_have_text("html")
    other.close()


def test_break_moves_nothing_under_the_pointer(page, bench, phone, desk):
    """The banner comes, turns and goes, the panel opens: the phone stays where it is."""
    page.goto(bench.url)
    phone.member_centre()
    desk.choose("getAuthCode-12")
    place = page.locator("#phone").bounding_box
    before = place()
    phone.tap("授权并获取会员信息")
    desk.saw("my.getAuthCode 12")
    desk.failed_with("my.getAuthCode 12")
    assert place() == before


def test_break_focus_stays_on_the_page_after_consent(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    phone.tap("授权并获取会员信息")
    phone.frame.get_by_role("button", name="同意", exact=True).press("Enter")
    phone.saved("杭州市")
    assert phone.frame.locator("body").evaluate("() => document.activeElement.tagName") == "PAGE"
