"""The contrast: honest, all agree; a lying client fools only the server that trusts it."""

import json

import pytest
import requests

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]
LIE = "系统管理员"


@pytest.fixture
def wire(page):
    """What the browser sends: (to ours or to the naive one, method, path, JSON body or None)."""
    sent = []

    def note(request):
        path = request.url.partition("/api/")[2]
        if path:
            where = "naive" if "/naive/" in request.url else "ours"
            body = request.post_data and json.loads(request.post_data)
            sent.append((where, request.method, path, body))

    page.on("request", note)
    return sent


def naive(page):
    return page.get_by_test_id("naive-profile")


def member_saved(page, bench, phone, lang="zh"):
    page.goto(f"{bench.url}/workbench/?lang={lang}")
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")


def open_id(bench, member):
    from emulator.accounts import known_ids

    return known_ids("demo-mini", member)["open_id"]


def test_contrast_agrees_while_nobody_lies(page, bench, phone, desk, wire):
    member_saved(page, bench, phone)
    expect(page.locator("#moral")).to_have_text(
        "三栏今天一样，因为没有人撒谎。", use_inner_text=True
    )
    expect(page.locator(".differs")).to_have_count(0)
    for column in (desk.client, desk.server, naive(page)):
        expect(column.locator("[data-field=nick_name]")).to_contain_text("完整示例")
        expect(column.locator("[data-field=id]")).to_contain_text(open_id(bench, "complete"))
        expect(column.locator("[data-field=avatar] img")).to_be_visible()
    # What is handed over is what an old client adds; ours is sent none of it.
    ours = [sent for sent in wire if sent[0] == "ours"]
    assert [body and list(body) for *_, body in ours] == [["auth_code"], ["auth_code"], None]
    (*_, handed) = [sent for sent in wire if sent[0] == "naive"][-1]
    assert handed["nickName"] == "完整示例"
    assert handed["open_id"] == open_id(bench, "complete")


def test_contrast_with_a_false_nickname(page, bench, phone, desk, wire):
    member_saved(page, bench, phone)
    (row,) = bench.rows()
    title = page.locator("#client-title")
    expect(title).to_have_text("客户端显示的", use_inner_text=True)
    page.click("#lie-name")
    expect(page.locator("#moral")).to_contain_text("谎言已备好")
    expect(title).to_have_text("客户端声称的", use_inner_text=True)
    wire.clear()
    phone.tap("更新会员信息")
    expect(page.locator("#moral")).to_contain_text(f"客户端谎称「{LIE}」：轻信的服务器存下了")
    expect(naive(page).locator("[data-field=nick_name]")).to_contain_text(LIE)
    expect(desk.client.locator("[data-field=nick_name]")).to_contain_text(LIE)
    expect(desk.server.locator("[data-field=nick_name]")).to_contain_text("完整示例")
    expect(page.locator(".differs")).to_have_count(2)  # ≠ on either side of ours
    sign = "element => getComputedStyle(element, '::before').content"
    assert page.locator(".differs").first.evaluate(sign) == '"≠"'
    expect(page.locator(".untrue")).to_have_count(2)  # what is verified is not tinted
    expect(desk.server.locator(".untrue")).to_have_count(0)
    # Ours got the lie, too, and did not read it; the phone got ours answer only.
    assert ("ours", "POST", "member", {"nickName": LIE}) in wire
    expect(desk.step("my.request → POST /api/member")).to_contain_text("含伪造字段")
    phone.see("与服务端不一致，以服务端为准")
    (after,) = bench.rows()
    assert after | {"profile_at": 0} == row | {"profile_at": 0}
    # The truth again: all three agree.
    page.click("#lie-name")
    phone.tap("更新会员信息")
    expect(page.locator("#moral")).to_contain_text("三栏今天一样")
    expect(page.locator(".differs")).to_have_count(0)


@pytest.mark.parametrize("mode", ["open_id", "user_id", "both"])
def test_contrast_with_somebody_elses_id(page, bench, phone, desk, wire, mode):
    bench.emulator.accounts.identify_by(mode)
    page.goto(f"{bench.url}/workbench/?lang=en&member=no-avatar")
    phone.member_centre()  # the victim is a member of ours, too
    phone.authorise()
    phone.saved("苏州市")
    (victim,) = bench.rows()
    page.goto(f"{bench.url}/workbench/?lang=en&member=complete")
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    page.click("#lie-id")
    wire.clear()
    phone.tap("更新会员信息")
    expect(page.locator("#moral")).to_contain_text("The trusting server says: signed in as “王誠”")
    expect(page.locator("#naive-seal")).to_have_text(
        "It says: signed in as “王誠”", use_inner_text=True
    )
    kinds = {"open_id", "user_id"} if mode == "both" else {mode}
    (*_, claimed) = next(sent for sent in wire if sent[:2] == ("ours", "POST"))
    assert claimed.keys() == kinds  # of the kind that is switched on, and no other
    expect(desk.server.locator("[data-field=nick_name]")).to_contain_text("完整示例")
    assert bench.rows()[0] == victim  # untouched
    assert [row["nick_name"] for row in bench.rows()] == ["王誠", "完整示例"]


def test_contrast_says_only_what_is_so(page, bench, phone, desk):
    seal = page.locator("#server-seal")
    page.goto(f"{bench.url}/workbench/?lang=en")
    phone.member_centre()
    expect(seal).to_have_text("The id only · stored", use_inner_text=True)
    phone.authorise("拒绝")
    phone.see("你没有同意授权")
    expect(seal).to_have_text("The id only · stored", use_inner_text=True)
    expect(desk.server.locator("[data-field=nick_name]")).to_contain_text("not fetched yet")
    expect(page.locator("#moral")).to_contain_text("There is no consent yet")
    phone.tap("重新授权")
    phone.tap("同意")
    expect(seal).to_have_text("Verified · stored", use_inner_text=True)
    phone.tap("忘记我")
    phone.tap("删除")
    expect(seal).to_have_text("Nothing saved yet", use_inner_text=True)
    expect(page.locator("#moral")).to_contain_text("has been forgotten")
    assert bench.rows() == []


def test_contrast_is_not_filled_by_the_web_login_of_another(page, bench, phone, desk):
    page.goto(f"{bench.url}/workbench/?lang=en")
    phone.member_centre()
    other = page.context.new_page()
    other.goto(f"{bench.url}/login")
    other.locator("button[name=member][value=company]").click()
    other.wait_for_url(f"{bench.url}/member*")
    other.close()
    expect(desk.steps.filter(has_text="GET /callback").first).to_be_attached()
    expect(page.locator("#server-seal")).to_have_text("The id only · stored", use_inner_text=True)
    expect(desk.server).not_to_contain_text("深圳市")
    expect(page.locator("#count-members")).to_have_text("1")  # of this app
    assert len(bench.rows()) == 2


def test_contrast_survives_a_reload_and_belongs_to_one_person(page, bench, phone, desk):
    member_saved(page, bench, phone)
    page.reload()
    phone.member_centre()
    expect(desk.server.locator("[data-field=nick_name]")).to_contain_text("完整示例")
    desk.hand("[data-member=company]")
    expect(desk.server).not_to_contain_text("完整示例")
    expect(page.locator("#who")).to_contain_text("open_id")


def test_naive_answers_for_the_page_alone(page, bench, phone):
    """The phone's own frame asks nothing of it, and it can be fooled by anybody's post."""
    asked = []
    page.on("request", lambda request: asked.append((request.frame.url, request.url)))
    member_saved(page, bench, phone)
    frames = {frame for frame, url in asked if "/naive/" in url}
    assert frames
    assert all("/phone/" not in frame for frame in frames)
    fooled = requests.post(
        f"{bench.url}/workbench/naive/api/auth",
        json={"open_id": open_id(bench, "no-avatar")},
        timeout=10,
    ).json()
    assert fooled["signed_in_as"]["nick_name"] == "王誠"
