"""Test members in a real browser: what is saved, what is shown, and why something is empty."""

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]
LETTERS = {"gender", "is_certified", "is_student_certified"}  # which Alipay writes large or small


def explained(name):
    from alipay_member.explain import fields

    (field,) = [row for row in fields() if row["name"] == name]
    return field


OTHERS = [pytest.param(one, marks=pytest.mark.long) for one in ("no-avatar", "no-nickname")]


@pytest.mark.parametrize("member", ["company", *OTHERS, "sandbox-excess"])
def test_members_profile_is_saved_shown_and_explained(page, bench, member):
    from pages import WORDS, profile

    page.open_saved(member=member)
    (row,) = bench.rows()
    expected = {
        name: profile(member).get(name)
        for name in ("nick_name", "province", "city", "user_type", "user_status", *LETTERS)
    }
    for name in LETTERS & {name for name, value in expected.items() if value}:
        expected[name] = expected[name].upper()
    assert {name: row[name] or None for name in expected} == {
        name: value or None for name, value in expected.items()
    }
    assert row["open_id"] == bench.open_id(member)
    page.server.root.locator("summary").click()  # the rest
    for name, value in expected.items():
        field = page.server.field(name)
        if not value:
            expect(field.locator(".absent")).to_be_visible()
            continue
        expect(field.locator("strong")).to_have_text(value)
        meanings = explained(name).get("values", {})
        if value in meanings:
            expect(field).to_contain_text(meanings[value]["zh"])
    if not row["nick_name"]:  # a company gives none, a person has set none
        why = page.server.field("nick_name").locator(".absent")
        expect(why).to_have_text(WORDS["nameless"][row["user_type"]]["zh"], use_inner_text=True)
    for side in (page.server, page.client):
        picture = side.field("avatar").locator("img")
        expect(picture).to_have_count(1 if row["avatar"] else 0)
        if row["avatar"]:
            drawn = "image => image.decode().then(() => image.naturalWidth > 0)"
            assert picture.evaluate(drawn)
        else:
            expect(side.field("avatar").locator(".absent")).to_be_visible()


@pytest.mark.long
def test_members_ids_are_those_that_alipay_gives(page, bench, phone):
    """An old app's story backwards and forwards: one person stays one row whatever ids arrive."""

    def log_in_by(mode):
        with page.tab.expect_response(f"{bench.url}/api/auth"):
            page.identify_by(mode)
        phone.id.wait_for()
        return bench.emulator.accounts.ids("demo-mini", "sandbox-buyer")

    page.open(member="sandbox-buyer")
    phone.id.wait_for()
    ids = log_in_by("both")
    both = [(ids["open_id"], ids["user_id"])]
    assert [(row["open_id"], row["user_id"]) for row in bench.rows()] == both
    expect(page.server.field("user_id").locator("strong")).to_have_text(ids["user_id"])
    assert log_in_by("user_id") == {"user_id": ids["user_id"]}
    assert [(row["open_id"], row["user_id"]) for row in bench.rows()] == both
    sessions = bench.rows("sessions")
    page.tab.reload()  # the address names what is so already: the phone stays logged in
    phone.id.wait_for()
    assert bench.rows("sessions") == sessions
    page.hand_to("company")
    expect(phone.id).to_contain_text("2088")
    newest = bench.rows()[-1]
    assert (newest["open_id"], newest["union_id"], newest["user_id"][:4]) == (None, None, "2088")
    expect(page.server.field("open_id").locator(".absent")).to_contain_text(
        explained("open_id")["empty"]["zh"]
    )
