"""Breaking each part: what phone, trace and panel say, and that nothing is stored."""

import re

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium"), needs_emulator]
ALIPAY_FAILED = "服务端没有从支付宝得到可信的答复"
# failure, what the phone says, its way on, words of the panel's cause and remedy
REFUSED = [
    (
        "getAuthCode 11",
        "你没有同意授权。会员信息没有读取，也没有保存",
        "重新授权",
        "点了拒绝",
        "不要自动重试",
    ),
    (
        "getAuthCode 3",
        "没有得到授权结果，可能是按了返回键",
        "重新授权",
        "按返回键离开",
        "当作用户取消",
    ),
    ("getAuthCode 10", "支付宝没有返回授权码", "重试", "返回空数据", "请用户重试一次"),
    ("getAuthCode 12", "网络不通，没能向支付宝请求授权", "重试", "没有网络", "检查网络"),
]
LOST = [
    ("request 11", "服务器域名不在白名单里", "返回首页", "白名单", "登记这个域名"),
    ("request 12", "网络不通，没有连上服务器", "重试", "连不上你的服务器", "127.0.0.1 是手机自己"),
    ("request 13", "服务器没有及时答复", "重试", "没有在限定时间内应答", "看服务器在等谁"),
    ("request 14", "服务器的答复无法读懂", "重试", "不是 JSON", "接口要答 JSON"),
    ("request 19", "服务器没有办成这件事", "重试", "HTTP 错误状态", "看服务器有没有收到请求"),
]
# fault, code in panel and trace, what the phone says, a word of the hint
FAULTS = [
    ("wrong-key", "signature:wrong-key", ALIPAY_FAILED, "重新复制支付宝公钥"),
    ("app-key", "signature:app-key", ALIPAY_FAILED, "填的是应用公钥"),
    ("http-500", "transport:http-status", ALIPAY_FAILED, "代理或网关故障"),
    ("disconnect", "transport:connection", ALIPAY_FAILED, "连接中途断开"),
    ("huge", "transport:too-large", ALIPAY_FAILED, "超过 1 MB"),
    ("isv.code-invalid", "isv.code-invalid", "授权码已经用过或已过期", "只能用一次"),
    ("unsigned:isp.unknow-error", "isp.unknow-error", ALIPAY_FAILED, "稍后重试"),
    ("no-id", "identity:no-id", ALIPAY_FAILED, "既没有 open_id 也没有 user_id"),
]


def database(bench):
    return bench.rows(), bench.rows("sessions")


def copied(page, desk, done="已复制"):
    """What the panel's copy button puts on the clipboard."""
    button = desk.failure.locator("button.copy")
    button.click()
    expect(button).to_have_text(done, use_inner_text=True)
    return page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("failures", [REFUSED, LOST], ids=["getAuthCode", "request"])
def test_break_phone(page, bench, phone, desk, failures):
    page.goto(bench.url)
    phone.member_centre()
    before = database(bench)
    button = "授权并获取会员信息"
    for code, sentence, way, cause, remedy in failures:
        desk.choose(code.replace(" ", "-"))
        phone.tap(button)
        if code == "request 11":
            phone.tap("同意")  # Alipay's part works: it does not ask again
        phone.see(sentence)
        phone.see(f"my.{code}")
        broken = desk.step(f"my.{code.split()[0]}")
        expect(broken).to_have_class(re.compile(r"\bbad\b"))
        expect(broken).to_contain_text("失败")
        panel = desk.failed_with(f"my.{code}")
        assert cause in panel
        assert remedy in panel
        api, number = code.split()
        report = copied(page, desk)
        assert "使用环境" in report
        assert re.search(rf"\nmy\.{api} (auth_user|→ POST /api/auth): {number} \S+", report)
        desk.saw(f"✓ 看到了： my.{code}，什么都没有入库")
        expect(page.locator("[data-fault][aria-pressed=true]")).to_have_count(0)  # it is spent
        assert database(bench) == before
        button = way
        if way == "返回首页":
            phone.tap(way)
            phone.tap("会员中心")
            button = "授权并获取会员信息"
    phone.tap(button)
    if failures is REFUSED:
        phone.tap("同意")
    phone.saved("杭州市")
    assert bench.rows()[0]["city"] == "杭州市"


def test_break_alipays_answers(page, bench, phone, desk):
    """One fault after the other, of each group: none of these answers is believed."""
    page.goto(bench.url)
    phone.member_centre()
    before = database(bench)
    button = "授权并获取会员信息"
    for fault, code, sentence, hint in FAULTS:
        desk.choose(fault)
        phone.tap(button)
        if button == "授权并获取会员信息":
            phone.tap("同意")
        desk.failed_with(code)
        phone.see(sentence)
        expect(phone.frame.locator(".error-code")).to_have_text(code)
        expect(desk.step("alipay.system.oauth.token")).to_have_class(re.compile(r"\bbad\b"))
        expect(desk.step("alipay.system.oauth.token")).to_contain_text(code)
        assert hint in desk.failed_with(code)
        report = copied(page, desk)
        assert "alipay.system.oauth.token" in report
        assert "换取授权访问令牌" in report
        assert not re.search("[0-9a-f]{32}", report)  # the code is masked
        assert re.search("报错信息: .{6}", report)
        assert database(bench) == before
        desk.saw(f"✓ 看到了： {code}，什么都没有入库")
        button = "重新授权" if "授权" in sentence else "重试"
    desk.mend()
    expect(desk.failure).not_to_have_class(re.compile(r"\bmended\b"))
    phone.tap(button)
    phone.saved("杭州市")
    assert bench.rows()[0]["nick_name"] == "完整示例"


def test_break_the_profile_alone_and_say_so_in_english(page, bench, phone, desk):
    """The tokens are real, the profile names somebody else: ids stay, no profile is stored."""
    page.goto(f"{bench.url}/workbench/?lang=en")
    phone.member_centre()
    rows = bench.rows()
    desk.choose("other-person")
    phone.authorise()
    phone.see(ALIPAY_FAILED)
    panel = desk.failed_with("identity:other-person")
    assert "Token and profile (or the saved row) name different people." in panel
    report = copied(page, desk, "Copied")
    assert "alipay.user.info.share" in report
    assert "identity:other-person" in report
    # It is Alipay's answer: only it does not fit the login.
    expect(desk.newest("exchange")).to_contain_text("verified")
    expect(desk.newest("request")).to_contain_text("502identity:other-person")
    expect(desk.newest("request")).to_have_class(re.compile(r"\bbad\b"))
    expect(desk.newest("store")).to_contain_text("nothing was written: the store refused")
    desk.saw("✓ Seen: identity:other-person, nothing saved")
    assert bench.rows() == rows


def test_break_rare_answers_are_accepted(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    desk.choose("white-space")
    phone.authorise()
    phone.saved("完整示例")
    desk.saw("照常接受，本该如此")
    desk.choose("tricky-text")
    phone.tap("更新会员信息")
    nick_name = '小}二{"\\","sign":"x"'
    phone.saved(nick_name)
    assert bench.rows()[0]["nick_name"] == nick_name
    expect(desk.server.locator("[data-field=nick_name] dd")).to_have_text(nick_name)
    desk.saw("照常接受，本该如此")
    desk.choose("cert-sn")
    phone.tap("更新会员信息")
    phone.saved("完整示例")
    desk.saw("照常接受，本该如此")
    expect(desk.failure).to_be_hidden()
    assert bench.rows()[0]["nick_name"] == "完整示例"


def test_break_settings_at_alipay(page, bench, phone, desk):
    """The user withdraws consent, then the app lacks the product."""
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    desk.choose("consent-revoked")
    phone.tap("更新会员信息")
    phone.tap("同意")  # asked again, once
    panel = desk.failed_with("aop.invalid-auth-token")
    assert "已被用户解除授权" in panel
    assert "支付宝的原话： 无效的访问令牌" in panel
    expect(desk.step("my.getAuthCode")).to_contain_text("成功")
    phone.saved("杭州市")
    desk.saw("session-ended，然后再问用户一次")
    assert [row["city"] for row in bench.rows()] == ["杭州市"]
    desk.choose("product-unbound")
    phone.tap("更新会员信息")
    phone.see("没有开通「获取会员信息」产品")
    assert "没有绑定「获取会员信息」产品" in desk.failed_with("isv.insufficient-isv-permissions")
    assert "会员授权信息查询" in copied(page, desk)
    desk.saw("资料没有入库，只有 id")
    desk.mend()
    phone.tap("更新会员信息")
    expect(phone.frame.locator(".error")).to_have_count(0)
    assert [row["city"] for row in bench.rows()] == ["杭州市"]


def test_break_without_get_auth_user_info_the_button_takes_over(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    desk.choose("missing-getAuthUserInfo")
    phone.authorise()
    phone.saved("杭州市")
    assert desk.steps.filter(has_text="my.getAuthUserInfo").count() == 0
    expect(desk.client).not_to_contain_text("完整示例")
    phone.tap("显示我的昵称和头像")
    expect(desk.step("my.getOpenUserInfo")).to_contain_text("成功")
    expect(desk.client).to_contain_text("完整示例")
    expect(phone.frame.locator(".displayed", has_text="完整示例")).to_be_visible()
    desk.saw("手机改出「显示我的昵称和头像」按钮")


def test_break_by_a_server_that_never_answers(page, bench, phone):
    page.goto(bench.url)
    phone.see("除了这个标识")
    page.route("**/never", lambda route: None)
    page.frame_locator("#phone").locator("body").wait_for()
    (frame,) = (frame for frame in page.frames if "/phone/" in frame.url)
    failed = frame.evaluate(
        "my.request({ url: location.origin + '/never', timeout: 100 }).catch(failed => failed)"
    )
    assert failed == {"error": 13, "errorMessage": "超时"}


def test_break_by_a_double_tap_sends_once(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    before = desk.steps.count()
    desk.choose("double-tap")
    phone.tap("授权并获取会员信息")
    phone.tap("同意")
    phone.saved("杭州市")
    after = desk.steps.all_inner_texts()[before:]
    # 2: the phone's and the server's
    expected = {"my.getAuthCode": 1, "POST /api/auth": 2, "POST /api/member": 2}
    assert {name: sum(name in step for step in after) for name in expected} == expected
    assert len(bench.rows("sessions")) == 1
    desk.saw("而且请求只发一次")


def test_break_a_token_that_has_ended_is_refreshed_by_itself(page, bench, phone, desk):
    page.goto(f"{bench.url}/workbench/?lang=en")
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    (before,) = bench.rows("sessions")
    desk.choose("token-ended")
    phone.tap("更新会员信息")
    desk.saw("✓ Seen: aop.auth-token-time-out, then the server refreshes the token by itself")
    (after,) = bench.rows("sessions")
    assert before["access_token"] != after["access_token"]
    assert before["token_hash"] == after["token_hash"]  # the person noticed nothing
    expect(phone.frame.locator(".error")).to_have_count(0)
    panel = desk.failed_with("aop.auth-token-time-out")
    assert "In Alipay's own words: 访问令牌已过期" in panel
    expect(desk.failure.locator("q")).to_have_attribute("lang", "zh")
    expect(desk.failure).to_have_class(re.compile(r"\bmended\b"))


OWN = [  # failure, what the phone says meanwhile, what is seen
    ("session-ended", None, "session-ended，小程序静默重新登录"),
    ("database-gone", "服务端暂时忙", "database，什么都没有入库"),
    ("clock-wrong", ALIPAY_FAILED, "isv.invalid-timestamp，什么都没有入库"),
]


def test_break_our_own_server(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    for failure, sentence, seen in OWN:
        rows = bench.rows()
        desk.choose(failure)
        phone.tap("更新会员信息")
        desk.saw(seen)
        if sentence:
            expect(phone.frame.locator(".error")).to_contain_text(sentence)
            assert bench.rows() == rows
            desk.mend()
            phone.tap("重试")
        phone.saved("杭州市")
        expect(phone.frame.locator(".error")).to_have_count(0)
    assert [row["city"] for row in bench.rows()] == ["杭州市"]
