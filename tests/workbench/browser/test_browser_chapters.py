"""Each chapter, done as its own sentence says, is ticked off by what really happened."""

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]


def test_chapters_begin_with_one_pointer_and_lead_on(page, bench, phone):
    from pages import LABELS

    page.open(lang="en")
    expect(page.tab.locator("#pointer")).not_to_be_empty()
    page.ticks(1)
    expect(phone.pointed).to_have_text(LABELS["member centre"])
    phone.tap("member centre")
    expect(phone.pointed).to_have_text(LABELS["authorise and get member info"])
    phone.tap("authorise and get member info")
    expect(phone.pointed).to_have_attribute("value", "agree")
    phone.answer("refuse")
    phone.failed_with("my.getAuthCode 11")
    assert page.ticked() == "1"  # not before it has happened
    phone.go_on()
    phone.answer("agree")
    page.ticks(2)
    expect(page.tab.locator("#pointer")).to_be_empty()
    expect(phone.pointed).to_have_count(0)  # nothing left to do
    page.tab.reload()
    page.ticks(2)
    assert page.ticked() == "12"
    page.tab.click("#onward")
    expect(page.chapter(3)).to_have_attribute("aria-current", "step")
    expect(page.chapter(3)).to_be_focused()
    expect(page.tab.locator("#onward")).to_be_hidden()  # chapter 3 is not done


def test_chapters_link_changes_nothing(page, bench, phone):
    page.open(chapter="4")
    phone.id.wait_for()
    expect(page.chapter(4)).to_have_attribute("aria-current", "step")
    assert [row["nick_name"] for row in bench.rows()] == [None]  # as without the link
    expect(page.tab.get_by_test_id("lie-name")).to_have_attribute("aria-pressed", "false")
    page.chapter(5).click()
    assert "chapter=5" in page.tab.url


@pytest.mark.long
def test_chapters_are_ticked_by_what_happened(page, bench, phone, trace):
    """From chapter 2 to 7, each from the state that its button makes."""

    def begin(number):
        page.open(chapter=str(number), lang="en")
        page.tab.click("#setup")

    here = page.tab.locator(".here")
    begin(2)
    phone.member_centre()
    phone.authorise()
    page.ticks(2)
    begin(3)
    phone.saved()
    expect(here).to_have_attribute("data-kind", "exchange")
    assert "3" not in page.ticked()
    trace.open(trace.pinned("exchange"))
    page.ticks(3)
    begin(4)
    phone.saved()
    expect(here).to_have_id("lie-name")
    page.forge_name()
    assert "4" not in page.ticked()
    phone.update()
    page.ticks(4)
    page.tab.click("#setup")  # once more, from an honest client
    expect(page.tab.get_by_test_id("lie-name")).to_have_attribute("aria-pressed", "false")
    begin(5)
    phone.saved()
    expect(here).to_have_attribute("data-fault", "tampered")
    before = bench.rows()
    page.fault("tampered")
    assert "5" not in page.ticked()
    phone.update()
    page.ticks(5)
    assert bench.rows() == before
    begin(6)
    phone.saved()
    page.fault("consent-revoked")
    phone.update()
    page.ticks(6)
    begin(7)
    with page.tab.context.expect_page() as opened:
        page.tab.click("a[href^='/login']")
    opened.value.locator("button[name=member][value=complete]").click()
    opened.value.wait_for_url(f"{bench.url}/member*")
    opened.value.close()
    page.ticks(7)
    assert len({row["open_id"] for row in bench.rows()}) == 2
