"""What trace and panel tell: whose line of code it was, what a reload leaves, what works again."""

import pytest
from test_browser_calm import WATCH_SHIFTS

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium"), needs_emulator]


def inside(step):
    step.locator("summary").first.click()
    return step.locator(".inside")


def test_trace_and_contrast_survive_a_reload(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    expect(desk.client).to_contain_text("完整示例")
    titles = "rows => rows.map(row => row.querySelector('code').textContent)"
    before = desk.steps.evaluate_all(titles)
    page.reload()
    phone.member_centre()
    expect(desk.client).to_contain_text("完整示例")
    after = desk.steps.evaluate_all(titles)
    assert after[: len(before)] == before
    assert len(after) > len(before)
    page.click("#clear")
    page.reload()
    phone.member_centre()
    assert desk.steps.filter(has_text="my.getAuthUserInfo").count() == 0


def test_trace_says_which_call_a_reload_cut_short(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    phone.tap("授权并获取会员信息")
    phone.frame.get_by_role("button", name="同意").wait_for()
    page.reload()
    phone.member_centre()
    expect(desk.step("my.getAuthCode auth_user")).to_contain_text("页面重新打开时中断")


def test_trace_and_contrast_of_one_person_are_not_kept_for_another(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    page.goto(f"{bench.url}/workbench/?member=company")
    phone.member_centre()
    for side in (desk.client, desk.server):
        expect(side).not_to_contain_text("完整示例")


def test_panel_says_when_the_same_works_again(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    for fault, code in (
        ("getAuthCode-12", "my.getAuthCode 12"),
        ("tampered", "signature:tampered"),
    ):
        desk.choose(fault)
        phone.tap("授权并获取会员信息" if fault == "getAuthCode-12" else "更新会员信息")
        desk.failed_with(code)
        expect(desk.error.locator(".mended")).to_be_hidden()
        desk.saw(code)
        if fault == "tampered":
            bench.emulator.faults.set(None)  # the page's own button closes the panel
        phone.tap("重试")
        if fault == "getAuthCode-12":
            phone.tap("同意")
        phone.saved("杭州市")
        expect(desk.error.locator(".mended")).to_have_text("后来的一次成功了", use_inner_text=True)
        expect(desk.error).to_be_visible()
    desk.error.get_by_role("button", name="收起").click()
    expect(desk.error).to_be_hidden()


def test_link_to_withdrawn_consent(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    page.goto(f"{bench.url}/workbench/?fault=consent-revoked")
    expect(desk.step("consent-revoked")).to_contain_text("用户在支付宝里解除了授权")
    expect(page.locator("#active")).to_contain_text("session-ended")
    desk.failed_with("session-ended")
    phone.member_centre()  # logged in anew, silently
    phone.tap("授权并获取会员信息")
    phone.frame.get_by_role("button", name="同意").wait_for()


def test_link_to_double_taps(page, bench, phone, desk):
    page.goto(f"{bench.url}/workbench/?fault=double-tap")
    phone.member_centre()
    phone.tap("授权并获取会员信息")
    phone.tap("同意")
    phone.saved("杭州市")
    assert len(bench.rows("sessions")) == 1
    assert desk.steps.filter(has_text="my.navigateTo").count() == 1
    assert desk.steps.filter(has_text="my.getAuthCode auth_user").count() == 1


def test_link_to_an_identity(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    page.goto(f"{bench.url}/workbench/?identity=both")
    expect(page.locator("[data-identity=both]")).to_have_attribute("aria-pressed", "true")
    phone.member_centre()
    assert bench.emulator.accounts.identity == "both"
    assert [bool(row["open_id"] and row["user_id"]) for row in bench.rows()] == [True]
    sessions = bench.rows("sessions")
    page.reload()  # the address says what is the case already: the phone stays logged in
    phone.member_centre()
    assert bench.rows("sessions") == sessions


def test_page_shows_a_product_that_is_not_bound(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    desk.choose("product-unbound")
    page.goto(bench.url)
    expect(page.locator("#active code")).to_have_text("product-unbound")
    page.locator("#more > summary").click()
    expect(page.locator("[data-fault=product-unbound]")).to_have_attribute("aria-pressed", "true")
    assert bench.emulator.accounts.without_product == {"demo-mini"}
    desk.mend()
    assert bench.emulator.accounts.without_product == set()


def test_link_that_names_a_fault_switches_it_on_and_any_other_leaves_what_is_on(
    page, bench, phone, desk
):
    page.goto(bench.url)
    phone.member_centre()
    without = page.url
    desk.choose("tampered")
    with_fault = page.url
    for address in (bench.url, without):
        page.goto(address)
        expect(page.locator("#active code")).to_have_text("tampered")
        expect(page.locator("[data-fault=tampered]")).to_have_attribute("aria-pressed", "true")
        assert bench.emulator.faults.active()["name"] == "tampered"
    desk.mend()
    assert bench.emulator.faults.active() is None
    page.goto(with_fault)
    expect(page.locator("#active code")).to_have_text("tampered")
    expect(page.locator("[data-fault=tampered]")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("fault", ["consent-revoked", "getAuthCode-11", "tampered"])
@pytest.mark.parametrize(("width", "lang"), [(1440, "zh"), (1024, "en"), (390, "en")])
def test_link_opens_without_a_jump(page, bench, phone, width, lang, fault):
    page.emulate_media(reduced_motion="no-preference")
    page.add_init_script(WATCH_SHIFTS)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{bench.url}/workbench/?fault={fault}&lang={lang}")
    phone.see("可信的答复" if fault == "tampered" else "除了这个标识")
    expect(page.locator("#active")).to_contain_text(fault)
    assert page.evaluate("window.shifts") == []


def test_link_withdraws_consent_once(page, bench, phone, desk):
    page.goto(f"{bench.url}/workbench/?fault=consent-revoked")
    phone.member_centre()
    assert "fault" not in page.url
    page.reload()
    phone.member_centre()
    expect(desk.steps.filter(has_text="consent-revoked")).to_have_count(1)


def test_trace_marks_nothing_where_nothing_was_signed(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    for fault, verdict, marked in (
        ("unsigned", "没有可以验签的内容", 0),
        ("wrong-key", "签名与被签名的字节对不上", 1),
        ("disconnect", "没有收到应答", 0),
    ):
        desk.choose(fault)
        phone.tap(
            "重试"
            if phone.frame.get_by_role("button", name="重试").count()
            else "授权并获取会员信息"
        )
        if fault == "unsigned":
            phone.tap("同意")
        desk.failed_with({"disconnect": "transport:connection"}.get(fault, f"signature:{fault}"))
        step = inside(desk.newest("exchange"))
        expect(step).to_contain_text(verdict)
        expect(step.locator("mark")).to_have_count(marked)


def test_trace_explains_what_was_given(page, bench, phone, desk):
    page.goto(f"{bench.url}/workbench/?app=mistakes")
    phone.frame.get_by_role("button", name="犯一次这个错").first.click()
    desk.failed_with("bad-request:auth-code")
    call = inside(desk.step("my.request → POST /api/auth"))
    expect(call.locator("tr", has=page.locator("code", has_text="method"))).to_contain_text(
        "HTTP 方法"
    )
    expect(call.locator("tr", has=page.locator("code", has_text="data"))).to_contain_text(
        '"auth_code": "(undefined)"'
    )


def test_trace_shows_both_taps(page, bench, phone, desk):
    page.goto(f"{bench.url}/workbench/?fault=double-tap")
    phone.member_centre()
    expect(desk.step("×2")).to_contain_text("这一下按了两次")


def test_keyboard_gets_past_the_trace_and_back_to_the_phone(page, bench, phone, desk):
    page.goto(f"{bench.url}/workbench/?fault=sha1")
    desk.failed_with("signature:sha1")
    page.locator("#mend").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#mend")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "phone"
    page.get_by_role("link", name="跳过这些步骤").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "contrast-title"
