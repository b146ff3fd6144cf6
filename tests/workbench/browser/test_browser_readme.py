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
    (line,) = [one for one in README.splitlines() if "**会员中心** →" in one]
    first, second, third, lie, again = re.findall(r"\*\*(.+?)\*\*", line)
    page.goto(f"{bench.url}/?lang=en")
    phone.see("除了这个标识")
    for name in (first, second, third):
        phone.tap(name)
    phone.saved("完整示例")
    profiles = [page.get_by_test_id(f"{who}-profile") for who in ("client", "server", "naive")]
    for profile in profiles:
        expect(profile).to_contain_text("完整示例")
    page.get_by_role("button", name=lie).click()
    phone.tap(again)
    expect(profiles[2]).to_contain_text("系统管理员")
    expect(profiles[1]).to_contain_text("完整示例")
    expect(profiles[1]).not_to_contain_text("系统管理员")
    assert bench.rows()[0]["nick_name"] == "完整示例"


def test_readme_s_links_into_the_workbench_choose_what_they_say(page, bench):
    for link in links(README):
        address = urlsplit(link)
        if not address.path.startswith("/workbench/"):
            continue
        page.goto(f"{bench.url}{address.path}?{address.query}")
        chosen = {name: value for name, (value,) in parse_qs(address.query).items()}
        assert page.locator("html").get_attribute("lang") == chosen.pop("lang")
        assert chosen
        for name, value in chosen.items():
            expect(page.locator(f"[data-{name}={value}]").first).to_have_attribute(
                "aria-pressed", "true"
            )


def test_the_changed_digit_is_seen_right_after_readme_s_first_minute(page, bench, phone):
    """The person of before has agreed, is logged in and saved: nothing of it may change."""
    page.goto(f"{bench.url}/?lang=en")
    for name in ("会员中心", "授权并获取会员信息", "Agree"):
        phone.tap(name)
    phone.saved("完整示例")
    before = bench.rows()
    (line,) = [one for one in README.splitlines() if "fault=tampered" in one]
    (link,) = links(line)
    do_it, mend = re.findall(r"\*\*(.+?)\*\*", line)
    page.goto(f"{bench.url}/workbench/?{urlsplit(link).query}")
    page.get_by_role("button", name=do_it).click()
    expect(page.locator("#error-code")).to_have_text("signature:tampered")
    assert bench.rows() == before
    page.get_by_role("button", name=mend).click()
    expect(page.locator("#armed")).to_be_hidden()
