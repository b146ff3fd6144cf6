"""The workbench as a page: languages, links, reset, what comes late, forced colours."""

import time
from urllib.parse import parse_qsl, urlsplit

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]
LATE = 0.5  # seconds


def test_page_speaks_the_language_that_was_chosen_and_remembers_it(page, phone):
    page.open(lang="en")
    phone.member_centre()
    phone.tap("authorise and get member info")
    chinese = "element => [...element.querySelectorAll('.zh')].filter((e) => e.checkVisibility())"
    for place in (page.tab.locator("body"), phone.frame.locator("body")):
        assert place.evaluate(f"element => ({chinese})(element).length") == 0
    gloss = phone.button("member centre").get_attribute("data-gloss")
    assert gloss == "member centre"
    page.switch_language()
    assert page.lang() == "zh"
    assert "lang=zh" in page.tab.url
    expect(phone.sheet.locator(".zh").first).to_be_visible()
    expect(phone.frame.locator("[data-gloss]")).to_have_count(0)
    page.tab.goto(f"{page.url}/workbench/")  # the address names none
    assert page.lang() == "zh"


@pytest.mark.long
def test_page_opens_at_the_state_that_a_link_names_and_resets_all(page, bench, phone):
    page.open(member="company", fault="tampered", identity="both", app="miniprogram", lang="en")
    page.broke_with("signature:tampered")
    for chosen in ("member=company", "fault=tampered", "identity=both", "app=miniprogram"):
        expect(page.tab.locator(f"[data-{chosen}]").first).to_have_attribute("aria-pressed", "true")
    assert dict(parse_qsl(urlsplit(page.tab.url).query)) == {
        "member": "company",
        "app": "miniprogram",
        "identity": "both",
        "fault": "tampered",
        "lang": "en",
    }
    assert bench.emulator.accounts.identity == "both"
    page.mend()
    phone.go_on()
    phone.member_centre()
    phone.authorise()
    phone.saved()
    page.fault("tampered")
    page.chapter(4).click()
    page.reset()
    phone.member_centre()  # nobody is logged in: the phone logs in anew, silently
    (row,) = bench.rows()
    assert (row["nick_name"], row["user_id"], row["profile_at"]) == (None, None, None)
    assert len(bench.rows("sessions")) == 1
    assert (bench.emulator.faults.active(), bench.emulator.accounts.identity) == (None, "open_id")
    assert bench.consents() == []
    expect(page.tab.locator("[data-member=complete]")).to_have_attribute("aria-pressed", "true")
    page.is_mended()
    assert page.lang() == "en"
    assert "chapter" not in page.tab.url
    assert "4" not in page.ticked()
    keys = "Object.keys(localStorage).filter((key) => key.startsWith('phone:'))"
    assert [key.split(":")[2] for key in page.tab.evaluate(keys)] == ["complete"]
    expect(page.trace.steps.filter(has_text="alipay.user.info.share")).to_have_count(0)


@pytest.mark.long
def test_page_that_comes_late_finds_what_the_phone_has_said_and_asks_no_other_host(
    page, bench, phone
):
    hosts = set()

    def late(route):
        phone.id.wait_for()
        route.continue_()

    page.tab.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.tab.route("**/workbench/static/workbench.js", late)
    page.open()
    expect(page.trace.step("my.getAuthCode auth_base")).to_be_visible()
    page.server.sealed("id")
    phone.member_centre()
    phone.authorise()
    phone.saved()
    expect(page.server.field("avatar").locator("img")).to_be_visible()
    assert hosts == {urlsplit(bench.url).netloc, urlsplit(bench.emulator.url).netloc}


def test_page_does_not_move_while_a_resource_is_late(page):
    shifts = """new PerformanceObserver((list) => {
        window.shifts = (window.shifts ?? 0) + list.getEntries().length;
    }).observe({ type: 'layout-shift', buffered: true })"""

    def late(route):
        time.sleep(LATE)
        route.continue_()

    page.tab.add_init_script(shifts)
    page.tab.route("**/words/*", late)
    page.tab.route("**/workbench.js", late)
    page.open(fault="tampered")
    page.broke_with("signature:tampered")
    assert not page.tab.evaluate("window.shifts")


@pytest.mark.long
def test_page_shows_what_is_chosen_in_forced_colours(page, phone):
    page.tab.emulate_media(forced_colors="active")
    page.open()
    phone.id.wait_for()
    page.tab.click("#people summary")
    look = "element => getComputedStyle(element).backgroundColor"
    chosen = page.tab.locator("[data-identity=open_id]").evaluate(look)
    assert chosen != page.tab.locator("[data-identity=both]").evaluate(look)
    chapter = page.tab.locator("[data-chapter][aria-current]")
    assert chapter.evaluate(look) != page.chapter(7).evaluate(look)
    border = "button => parseFloat(getComputedStyle(button).borderTopWidth)"
    assert phone.button("member centre").evaluate(border) >= 1
