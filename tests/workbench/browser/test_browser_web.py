"""The web login in a real browser, the charset GBK, and an ISV that calls for a merchant."""

import re

import pytest
import requests

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium"), needs_emulator]


def agree(page, member):
    page.locator(f"button[name=member][value={member}]").click()


def database(bench):
    return bench.rows(), bench.rows("sessions")


def cells(page, field):
    """What /member says of a field: value, meaning."""
    return (
        page.locator("tr", has=page.locator(f"code:text-is('{field}')"))
        .locator("td")
        .all_inner_texts()
    )


@pytest.fixture
def home(page, bench):
    """The app's own home page, as without the workbench."""
    del bench.app.config["LANDING_PAGE"]
    page.goto(bench.url)
    return page


def test_web_login_stores_and_explains_the_documents_sample_answer(home, bench):
    page = home
    page.get_by_role("link", name="用支付宝登录").click()
    asked = page.locator("table")
    for words in ("demo-web", "auth_user", f"{bench.url}/callback"):
        expect(asked).to_contain_text(words)
    assert database(bench) == ([], [])
    agree(page, "sandbox-buyer")
    expect(page).to_have_url(f"{bench.url}/member")
    expect(page.get_by_role("heading", level=1)).to_have_text("买家沙箱")
    shown = {
        field: cells(page, field)
        for field in ("nick_name", "gender", "user_type", "user_status", "avatar")
    }
    assert shown == {
        "nick_name": ["买家沙箱", ""],
        "gender": ["F", "女性"],
        "user_type": ["2", "个人账户"],
        "user_status": ["T", "已认证用户"],
        "avatar": ["–", "没有头像：用户没有设置。这是正常情况，请显示默认头像。"],
    }
    assert cells(page, "is_certified") == ["T", "通过实名认证"]
    assert cells(page, "is_student_certified") == ["F", "不是学生"]
    expect(page.locator(".told")).to_contain_text("没有签名")
    came = page.locator("tr", has_text="随令牌而来").locator("code").all_inner_texts()
    assert came == ["open_id", "user_id", "union_id"]
    (row,) = bench.rows()
    assert (row["app_id"], row["nick_name"], row["user_status"], row["user_type"]) == (
        "demo-web",
        "买家沙箱",
        "T",
        "2",
    )
    assert cells(page, "open_id")[0] == row["open_id"]
    before = database(bench)
    page.goto(f"{bench.url}/login?next=/member%3Ffrom=here")  # logged in: Alipay is not asked again
    assert page.url == f"{bench.url}/member?from=here"
    assert database(bench) == before
    page.get_by_role("button", name="重新获取").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("买家沙箱")
    assert len(bench.rows()) == 1


def test_web_denial_and_foreign_states_store_nothing_and_lead_on(home, bench, chromium):
    page = home
    page.goto(f"{bench.url}/login?next=/member%3Ffrom=here")
    page.get_by_role("button", name="拒绝").click()
    expect(page.locator(".lead")).to_contain_text("您拒绝了授权")
    expect(page.get_by_role("heading", level=1)).to_have_text("没有授权")
    assert page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") == 400
    assert database(bench) == ([], [])

    for query in ("", "&state=", "&state=wrong"):
        page.goto(f"{bench.url}/callback?auth_code=0123456789abcdef0123456789abcdef{query}")
        expect(page.locator(".lead")).to_contain_text("不是这个浏览器发起的登录")
        expect(page.locator("dd")).to_have_text("bad-request:state · HTTP 400")
    page.goto(f"{bench.url}/login")
    with page.expect_request("**/callback**") as request:
        agree(page, "complete")
    expect(page).to_have_url(f"{bench.url}/member")
    # Somebody else, lured to the callback of this login.
    elsewhere = chromium.new_context(locale="zh-CN")
    stranger = elsewhere.new_page()
    stranger.goto(request.value.url)
    expect(stranger.locator("dd")).to_have_text("bad-request:state · HTTP 400")
    elsewhere.close()
    assert len(bench.rows("sessions")) == 1


def test_web_back_button_after_login_ends_well(home, bench):
    page = home
    page.get_by_role("link", name="用支付宝登录").click()
    agree(page, "complete")
    expect(page).to_have_url(f"{bench.url}/member")
    before = database(bench)
    page.go_back()
    agree(page, "complete")  # with a state that was used
    expect(page.locator("dd")).to_have_text("bad-request:state · HTTP 400")
    assert database(bench) == before
    page.goto(f"{bench.url}/member")  # still logged in
    expect(page.get_by_role("heading", level=1)).to_have_text("完整示例")
    page.go_back()
    page.get_by_role("link", name="重新授权").click()
    agree(page, "complete")
    expect(page).to_have_url(f"{bench.url}/member")
    assert (len(bench.rows()), len(bench.rows("sessions"))) == (1, 1)


def test_web_login_in_two_tabs(home, bench):
    first, second = home, home.context.new_page()
    first.goto(f"{bench.url}/login?next=/member%3Ftab=1")
    second.goto(f"{bench.url}/login?next=/member%3Ftab=2")
    agree(first, "complete")
    expect(first).to_have_url(f"{bench.url}/member?tab=1")
    agree(second, "status-b")
    expect(second).to_have_url(f"{bench.url}/member?tab=2")
    expect(second.get_by_role("heading", level=1)).to_have_text("冻结账户示例")
    first.reload()
    # One browser, one session.
    expect(first.get_by_role("heading", level=1)).to_have_text("冻结账户示例")
    assert len(bench.rows("sessions")) == 1
    assert [row["nick_name"] for row in bench.rows()] == ["完整示例", "冻结账户示例"]


def test_web_log_out_and_forget_me(home, bench):
    page = home
    page.goto(f"{bench.url}/login")
    agree(page, "company")
    expect(page.get_by_role("heading", level=1)).to_have_text("没有昵称的会员")
    page.get_by_role("button", name="退出登录").click()
    expect(page).to_have_url(f"{bench.url}/")
    assert (len(bench.rows()), bench.rows("sessions")) == (1, [])
    page.goto(f"{bench.url}/member")
    expect(page.get_by_role("heading", level=1)).to_have_text("需要重新授权")
    page.get_by_role("link", name="重新授权").click()
    agree(page, "company")
    expect(page).to_have_url(f"{bench.url}/member")
    page.get_by_role("button", name="忘记我").click()
    expect(page).to_have_url(f"{bench.url}/")
    assert database(bench) == ([], [])


def test_web_login_of_another_person_shows_in_the_trace_and_nowhere_else(page, bench, phone, desk):
    """The columns and counts are those of the person and the app that the phone shows."""
    page.goto(bench.url)
    phone.member_centre()
    desk.choose("isv.code-invalid")
    phone.authorise()
    desk.failed_with("isv.code-invalid")
    desk.mend()
    phone.tap("重新授权")
    phone.saved("杭州市")
    desk.choose("http-500")
    phone.tap("更新会员信息")
    desk.failed_with("transport:http-status")
    desk.mend()
    expect(desk.error).to_be_hidden()
    with page.expect_popup() as popup:
        page.get_by_role("link", name="网页登录").click()
    agree(popup.value, "status-q")
    expect(popup.value).to_have_url(f"{bench.url}/member")
    popup.value.close()
    expect(desk.step("GET /callback")).to_contain_text("302")
    expect(desk.server).not_to_contain_text("快速注册示例")
    expect(desk.server).to_contain_text("完整示例")
    expect(page.locator("#count-members")).to_have_text("1")
    assert len(bench.rows()) == 2


def test_web_login_of_another_person_is_no_later_try_of_the_phone(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    desk.choose("tampered")
    phone.authorise()
    desk.failed_with("signature:tampered")
    # Mended elsewhere, so that the panel stays open here.
    requests.put(f"{bench.url}/workbench/fault", json={"name": None}, timeout=10)
    login = page.context.new_page()
    login.goto(f"{bench.url}/login")
    agree(login, "status-q")
    expect(login).to_have_url(f"{bench.url}/member")
    login.close()
    expect(desk.step("GET /callback")).to_contain_text("302")
    expect(desk.error).not_to_have_class(re.compile(r"\bmended\b"))
    phone.tap("重试")
    phone.saved("杭州市")
    expect(desk.error).to_have_class(re.compile(r"\bmended\b"))


@pytest.mark.parametrize("bench", [lambda _: {"ALIPAY_CHARSET": "GBK"}], indirect=True, ids=["GBK"])
def test_web_gbk_from_the_browser_to_the_database(page, bench, phone, desk):
    page.goto(f"{bench.url}/workbench/?member=no-avatar")
    phone.member_centre()
    phone.authorise()
    phone.saved("王誠")
    expect(desk.server.locator("[data-field=nick_name] dd")).to_have_text("王誠")
    desk.newest("exchange").locator("summary").click()
    expect(desk.newest("exchange").locator("mark")).to_contain_text('"nick_name":"王誠"')
    expect(desk.newest("exchange").locator("tr", has_text="charset")).to_contain_text("GBK")
    page.goto(f"{bench.url}/login")
    agree(page, "sandbox-buyer")
    expect(page.get_by_role("heading", level=1)).to_have_text("买家沙箱")
    assert [(row["app_id"], row["nick_name"], row["city"]) for row in bench.rows()] == [
        ("demo-mini", "王誠", "苏州市"),
        ("demo-web", "买家沙箱", None),
    ]


@pytest.mark.parametrize(
    "bench", [lambda emulator: emulator.isv_settings()], indirect=True, ids=["ISV"]
)
def test_web_isv_members_belong_to_the_merchant(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    (row,) = bench.rows()
    assert (row["app_id"], row["nick_name"]) == ("demo-merchant", "完整示例")
    assert row["open_id"] == bench.emulator.accounts.ids("demo-merchant", "complete")["open_id"]
    desk.newest("exchange").locator("summary").click()
    expect(desk.newest("exchange").locator("tr", has_text="app_auth_token")).to_contain_text(
        re.compile("202501BB")
    )
    assert bench.consents() == [("complete", "demo-merchant")]
    expect(page.locator("#count-members")).to_have_text("1")
    desk.choose("product-unbound")  # the merchant's
    phone.tap("更新会员信息")
    desk.failed_with("isv.insufficient-isv-permissions")
    desk.mend()
    page.goto(f"{bench.url}/login")
    expect(page.locator("table")).to_contain_text("demo-merchant")
    agree(page, "complete")
    expect(page).to_have_url(f"{bench.url}/member")
    assert cells(page, "app_id")[0] == "demo-merchant"
    # The same app, the same person.
    assert [row["app_id"] for row in bench.rows()] == ["demo-merchant"]
