"""A withdrawn consent, as the workbench shows it: Alipay's message, what ended, what stays."""

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium"), needs_emulator]


@pytest.fixture
def saved(page, bench, phone):
    """The complete member's profile is saved."""
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")


def test_withdrawn_consent_reaches_the_server_by_itself(page, bench, phone, desk, saved):
    desk.choose("consent-revoked")
    message = desk.of_kind("message")
    expect(message).to_have_count(1)
    expect(message).to_contain_text("alipay.open.auth.userauth.cancelled")
    expect(message).to_contain_text("验签通过")
    expect(message).to_have_attribute("data-way", "from-alipay")
    expect(desk.steps.filter(has_text="支付宝主动来说")).to_have_count(1)
    expect(desk.steps.last).to_contain_text("行留下，只有 id")
    expect(page.locator("#server-seal")).to_contain_text("只有 id")
    expect(page.locator("#moral")).to_contain_text("这个人收回了同意")
    expect(page.locator("#count-sessions")).to_have_text("0")
    (row,) = bench.rows()
    assert (row["nick_name"], row["profile_at"]) == (None, None)
    assert row["open_id"]
    message.locator("summary").click()
    expect(message).to_contain_text("receive_message()")
    expect(message).to_contain_text("cancel_time")
    phone.tap("更新会员信息")
    phone.tap("同意")  # asked again, once
    desk.saw("session-ended，然后再问用户一次")
    assert [row["nick_name"] for row in bench.rows()] == ["完整示例"]


def test_forged_message_changes_nothing(page, bench, phone, desk, saved):
    before = bench.rows()
    desk.choose("message-forged")
    message = desk.of_kind("message")
    expect(message).to_have_count(1)
    expect(message).to_contain_text("不是支付宝签的名")
    expect(page.locator("#server-seal")).to_contain_text("验过")
    assert bench.rows() == before
    phone.tap("更新会员信息")
    desk.saw("什么都没有变")
