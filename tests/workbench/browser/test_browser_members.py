"""Each test member in a real browser: what is stored, what is shown, and why something is empty."""

import re

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium"), needs_emulator]
FIELDS = (
    "nick_name",
    "gender",
    "province",
    "city",
    "user_type",
    "user_status",
    "is_certified",
    "is_student_certified",
)
MEMBERS = {  # the fields in this order, then whether there is an avatar
    "complete": ("完整示例", "F", "浙江省", "杭州市", "2", "T", "T", "F", True),
    "no-nickname": (None, "M", "上海", "上海市", "2", "T", "T", "F", True),
    "no-avatar": ("王誠", "M", "江苏省", "苏州市", "2", "T", "T", "T", False),
    "company": (None, None, "广东省", "深圳市", "1", "T", "T", "F", True),
    "status-q": ("快速注册示例", None, None, None, "2", "Q", "F", "F", True),
    "status-b": ("冻结账户示例", "F", "四川省", "成都市", "2", "B", "T", "F", True),
    "status-w": ("未激活示例", None, None, None, "2", "W", "F", "F", True),
    "sandbox-buyer": ("买家沙箱", "F", None, None, "2", "T", "T", "F", False),  # its f is read as F
    "sandbox-excess": ("多给示例", "M", None, "南京市", "2", "T", None, None, False),  # m: M
}
MEANINGS = {
    "gender": {"F": "女性", "M": "男性"},
    "user_type": {"1": "公司账户", "2": "个人账户"},
    "user_status": {
        "T": "已认证用户",
        "Q": "快速注册用户",
        "B": "被冻结账户",
        "W": "已注册，未激活的账户",
    },
    "is_certified": {"T": "通过实名认证", "F": "没有实名认证"},
    "is_student_certified": {"T": "是学生", "F": "不是学生"},
}


@pytest.mark.parametrize("member", MEMBERS)
def test_members_profile_is_stored_shown_and_explained(page, bench, phone, desk, member):
    *values, has_avatar = MEMBERS[member]
    expected = dict(zip(FIELDS, values, strict=True))
    page.goto(f"{bench.url}/workbench/?member={member}")
    phone.member_centre()
    phone.authorise()
    phone.saved()
    (row,) = bench.rows()
    assert {name: row[name] for name in FIELDS} == expected
    assert row["avatar"] == (
        f"{bench.emulator.url}/emulator/avatar/{member}.svg" if has_avatar else None
    )
    assert (row["app_id"], len(row["open_id"]), row["user_id"], len(row["union_id"])) == (
        "demo-mini",
        47,
        None,
        47,
    )
    expect(desk.server).to_contain_text("它的签名为证")  # once, for all of them
    desk.server.locator("summary").click()
    desk.server.locator("summary").click()  # the rest
    for name, value in expected.items():
        field = desk.server.locator(f"[data-field={name}] dd")
        if value:
            expect(field.locator("strong")).to_have_text(value)
            expect(field).to_contain_text(MEANINGS.get(name, {}).get(value, ""))
        else:
            nameless = (
                "企业账户（user_type 1）取不到昵称"
                if member == "company"
                else "这位用户没有设置昵称"
            )
            expect(field.locator(".absent > .zh")).to_have_text(
                f"没有：{nameless}" if name == "nick_name" else re.compile("用户没有填")
            )
    expect(desk.server.locator("p.quiet")).to_contain_text("它的签名为证")  # said once, for all
    told = desk.client.locator("[data-field=nick_name] dd")
    expect(told).to_contain_text(expected["nick_name"] or "客户端得到的是空值")
    for side in (desk.client, desk.server):
        picture = side.locator("[data-field=avatar] dd img")
        assert picture.count() == has_avatar
        assert (
            not has_avatar
            or picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 96
        )
    if not has_avatar:
        expect(desk.server.locator("[data-field=avatar] .absent")).to_contain_text(
            "没有头像：用户没有设置。"
        )
    phone.saved(
        expected["nick_name"] or ("企业账户没有昵称" if member == "company" else "没有设置昵称")
    )


def test_members_keep_their_own_phone_and_row(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    expect(desk.server).to_contain_text("杭州市")
    desk.choose("http-500")
    desk.hand("[data-member=status-q]")
    # Nobody is logged in on this phone: nobody else's row is shown for it.
    desk.failed_with("transport:http-status")
    for side in (desk.server, desk.client):
        expect(side).not_to_contain_text("完整示例")
    desk.mend()
    phone.tap("重试")
    phone.member_centre()
    assert len(bench.rows()) == 2
    with page.expect_request("**/api/**") as first:
        desk.hand("[data-member=complete]")
    # Still signed in on that phone.
    assert (first.value.method, first.value.url) == ("GET", f"{bench.url}/api/member")
    phone.member_centre()
    phone.saved("杭州市")
    expect(desk.server).to_contain_text("杭州市")
    assert [row["nick_name"] for row in bench.rows()] == ["完整示例", None]


def test_members_ids_are_those_that_alipay_gives(page, bench, phone, desk):
    """An old app's story backwards and forwards: one person stays one row whatever ids arrive."""

    def log_in_by(mode):
        with page.expect_response("**/api/auth"):
            desk.hand(f"[data-identity={mode}]")
        phone.member_centre()
        return bench.emulator.accounts.ids("demo-mini", "sandbox-buyer")

    page.goto(f"{bench.url}/workbench/?member=sandbox-buyer")
    phone.member_centre()
    ids = log_in_by("both")
    assert ids["user_id"] == "2088102175794899"
    assert [(row["open_id"], row["user_id"]) for row in bench.rows()] == [
        (ids["open_id"], ids["user_id"])
    ]
    expect(desk.server.locator("[data-field=user_id] strong")).to_have_text(ids["user_id"])
    assert log_in_by("user_id") == {"user_id": ids["user_id"]}
    assert [(row["open_id"], row["user_id"]) for row in bench.rows()] == [
        (ids["open_id"], ids["user_id"])
    ]
    desk.hand("[data-member=company]")
    phone.member_centre()
    expect(phone.frame.locator("body")).to_contain_text("2088")
    newest = bench.rows()[-1]
    assert (newest["open_id"], newest["union_id"], newest["user_id"][:4]) == (None, None, "2088")
    expect(desk.server.locator("[data-field=open_id]")).to_contain_text("老应用只收到 user_id")
