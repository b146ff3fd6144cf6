"""The main job in a real browser: the phone, the trace, the contrast, and the database file."""

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]
PROFILE = (
    "nick_name",
    "avatar",
    "gender",
    "province",
    "city",
    "user_type",
    "user_status",
    "profile_at",
)


def test_flow_first_screen_logs_in_silently_and_keeps_ids_only(page, bench, phone):
    page.goto(bench.url)
    phone.see("除了这个标识")
    expect(phone.frame.locator(".value")).to_have_text(
        bench.emulator.accounts.ids("demo-mini", "complete")["open_id"]
    )
    (row,) = bench.rows()
    assert row["open_id"] == bench.emulator.accounts.ids("demo-mini", "complete")["open_id"]
    assert [row[name] for name in PROFILE] == [None] * len(PROFILE)
    assert page.frame_locator("[data-testid=phone]").locator("dialog[open]").count() == 0


def test_flow_agreeing_persists_the_signed_profile_beside_the_told_one(page, bench, phone):
    page.goto(bench.url)
    phone.member_centre()
    assert bench.rows()[0]["nick_name"] is None
    phone.authorise()
    phone.see("杭州市")
    expect(page.get_by_test_id("server-profile")).to_contain_text("完整示例")
    expect(page.get_by_test_id("server-profile")).to_contain_text("杭州市")
    expect(page.get_by_test_id("client-profile")).to_contain_text("完整示例")
    (row,) = bench.rows()
    assert (row["nick_name"], row["gender"], row["city"], row["user_status"]) == (
        "完整示例",
        "F",
        "杭州市",
        "T",
    )
    trace = page.get_by_test_id("trace")
    for step in (
        "my.getAuthCode",
        "/api/auth",
        "alipay.system.oauth.token",
        "/api/member",
        "alipay.user.info.share",
        "my.getAuthUserInfo",
    ):
        expect(trace.get_by_test_id("trace-step").filter(has_text=step).first).to_be_visible()


@pytest.mark.parametrize(
    ("answer", "sentence"), [("拒绝", "你没有同意授权"), ("返回键", "没有得到授权结果")]
)
def test_flow_refusing_leaves_both_tables_as_they_were(page, bench, phone, answer, sentence):
    page.goto(bench.url)
    phone.member_centre()
    before = bench.rows(), bench.rows("sessions")
    phone.authorise(answer)
    phone.see(sentence)
    assert (bench.rows(), bench.rows("sessions")) == before
    phone.tap("重新授权")
    phone.tap("同意")
    phone.see("杭州市")


def test_flow_without_the_product_keeps_ids_and_names_the_product(page, bench, phone):
    bench.emulator.accounts.bind_product("demo-mini", False)
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.see("没有开通「获取会员信息」产品")
    (row,) = bench.rows()
    assert row["open_id"]
    assert row["nick_name"] is None


def test_flow_without_get_auth_user_info_the_button_is_offered_and_never_forced(page, bench, phone):
    page.goto(f"{bench.url}/workbench/?fault=missing-getAuthUserInfo")
    phone.member_centre()
    phone.authorise()
    phone.see("杭州市")
    client = page.get_by_test_id("client-profile")
    assert "完整示例" not in client.inner_text()
    phone.tap("显示我的昵称和头像")
    expect(client).to_contain_text("完整示例")


def test_flow_one_flipped_digit_fails_with_a_signature_error_and_stores_nothing(page, bench, phone):
    page.goto(bench.url)
    phone.member_centre()
    bench.emulator.faults.set("tampered")
    before = bench.rows()
    phone.authorise()
    phone.see("没有从支付宝得到可信的答复")
    expect(page.get_by_test_id("trace")).to_contain_text("signature:tampered")
    assert bench.rows() == before


def test_flow_sessions_survive_a_restart_and_a_forgetful_alipay_is_asked_again(page, bench, phone):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.see("杭州市")
    bench.emulator.accounts.reset()  # as after a restart of the emulator
    bench.start_app()
    page.reload()
    phone.member_centre()
    phone.see("杭州市")  # still logged in, and the row still there: nobody was sent to Alipay
    phone.tap("更新会员信息")
    phone.tap("同意")
    phone.see("杭州市")
    assert len(bench.rows()) == 1


def test_flow_double_tap_sends_once(page, bench, phone):
    page.goto(bench.url)
    phone.member_centre()
    phone.frame.get_by_role("button", name="授权并获取会员信息").dblclick()
    phone.tap("同意")
    phone.see("杭州市")
    asked = page.get_by_test_id("trace-step").filter(has_text="my.getAuthCode")
    expect(asked).to_have_count(2)  # the silent one and this one


@pytest.mark.parametrize("width", [1024, 390])
def test_flow_works_at_other_widths(page, bench, phone, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.see("杭州市")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
