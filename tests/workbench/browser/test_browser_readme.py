"""README's first minute, done as it says: what is tapped, what then shows, where links lead."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from documents import links, read
from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]
README = read("README.md")


def test_what_readme_says_to_tap_shows_what_it_says(page, bench, phone):
    from pages import profile

    (line,) = [one for one in README.splitlines() if "**会员中心** →" in one]
    first, second, third, lie, again = re.findall(r"\*\*(.+?)\*\*", line)
    page.tab.goto(f"{bench.url}/?lang=en")
    phone.id.wait_for()

    def tap(name):
        phone.frame.locator("button:visible", has_text=name).last.click()

    for name in (first, second, third):
        tap(name)
    nick_name = profile("complete")["nick_name"]
    phone.saved(nick_name)
    for column in (page.client, page.server, page.naive):
        expect(column.field("nick_name")).to_have_text(nick_name)
    page.tab.get_by_role("button", name=lie).click()
    tap(again)
    expect(page.naive.field("nick_name")).to_have_text(page.forged_name())
    expect(page.server.field("nick_name")).to_have_text(nick_name)
    assert bench.rows()[0]["nick_name"] == nick_name


@pytest.mark.long
def test_readme_s_links_into_the_workbench_choose_what_they_say(page, bench):
    for link in links(README):
        address = urlsplit(link)
        if not address.path.startswith("/workbench/"):
            continue
        page.tab.goto(f"{bench.url}{address.path}?{address.query}")
        chosen = {name: value for name, (value,) in parse_qs(address.query).items()}
        assert page.lang() == chosen.pop("lang")
        assert chosen
        for name, value in chosen.items():
            expect(page.tab.locator(f"[data-{name}={value}]").first).to_have_attribute(
                "aria-pressed", "true"
            )


@pytest.mark.long
def test_the_changed_digit_is_seen_right_after_readme_s_first_minute(page, bench):
    """The person of before has agreed, is logged in and saved: nothing of it may change."""
    page.open_saved(lang="en")
    before = bench.rows()
    (line,) = [one for one in README.splitlines() if "fault=tampered" in one]
    (link,) = links(line)
    do_it, mend = re.findall(r"\*\*(.+?)\*\*", line)
    page.tab.goto(f"{bench.url}/workbench/?{urlsplit(link).query}")
    page.tab.get_by_role("button", name=do_it).click()
    page.broke_with("signature:tampered")
    assert bench.rows() == before
    page.tab.get_by_role("button", name=mend).click()
    page.is_mended()
