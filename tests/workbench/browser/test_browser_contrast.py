"""The contrast: honest, all agree; a lying client fools only the server that trusts it."""

import json

import pytest
import requests

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]


@pytest.fixture
def wire(tab):
    """What the browser sends: (to ours or to the naive one, method, path, JSON body or None).

    The naive server is asked by the page; the phone's own frame knows nothing of it.
    """
    sent = []

    def note(request):
        path = request.url.partition("/api/")[2]
        if path:
            where = "naive" if "/naive/" in request.url else "ours"
            assert (where == "ours") == ("/phone/" in request.frame.url)
            body = request.post_data and json.loads(request.post_data)
            sent.append((where, request.method, path, body))

    tab.on("request", note)
    return sent


def nick_name(member="complete"):
    from pages import profile

    return profile(member)["nick_name"]


def test_contrast_agrees_while_nobody_lies(page, bench, wire):
    page.open_saved()
    page.moral("same")
    expect(page.differing).to_have_count(0)
    for column in (page.client, page.server, page.naive):
        expect(column.field("nick_name")).to_have_text(nick_name())
        expect(column.field("id")).to_have_text(bench.open_id("complete"))
        expect(column.field("avatar").locator("img")).to_be_visible()
    # What is handed over is what an old client adds; ours is sent none of it.
    ours = [sent for sent in wire if sent[0] == "ours"]
    assert [body and list(body) for *_, body in ours] == [["auth_code"], ["auth_code"], None]
    (*_, handed) = [sent for sent in wire if sent[0] == "naive"][-1]
    assert handed["nickName"] == nick_name()
    assert handed["open_id"] == bench.open_id("complete")


def test_contrast_with_a_false_nickname(page, bench, phone, trace, wire):
    page.open_saved()
    (row,) = bench.rows()
    page.forge_name()
    page.moral("armed")
    page.client.sealed("forged")
    wire.clear()
    phone.update()
    expect(page.moral("nickname")).to_contain_text(page.forged_name(), use_inner_text=True)
    expect(page.naive.field("nick_name")).to_have_text(page.forged_name())
    expect(page.server.field("nick_name")).to_have_text(nick_name())
    expect(page.differing).to_have_count(2)  # ≠ on either side of ours
    sign = "element => getComputedStyle(element, '::before').content"
    assert page.differing.first.evaluate(sign) == '"≠"'
    expect(page.server.root.locator(".untrue")).to_have_count(0)  # what is verified is not tinted
    expect(page.tab.locator(".untrue")).to_have_count(2)
    # Ours got the lie, too, and did not read it; the phone got our answer only.
    assert ("ours", "POST", "member", {"nickName": page.forged_name()}) in wire
    sent = trace.step("my.request → POST /api/member")
    expect(trace.chip(sent, "forged")).to_be_visible()
    expect(phone.frame.locator(".differs")).to_be_visible()
    (after,) = bench.rows()
    assert after | {"profile_at": 0} == row | {"profile_at": 0}
    # The truth again: all three agree.
    page.forge_name()
    phone.update()
    page.moral("same")
    expect(page.differing).to_have_count(0)


@pytest.mark.parametrize("mode", [pytest.param("user_id", marks=pytest.mark.long), "both"])
def test_contrast_with_the_id_of_another(page, bench, phone, wire, mode):
    bench.emulator.accounts.identify_by(mode)
    page.open_saved(lang="en", member="no-avatar", identity=mode)  # the victim is a member, too
    (victim,) = bench.rows()
    page.open_saved(lang="en", member="complete", identity=mode)
    page.forge_id()
    wire.clear()
    phone.update()
    moral = page.moral("somebody")
    expect(moral).to_contain_text(f"“{nick_name('no-avatar')}” (Wang Cheng)", use_inner_text=True)
    page.naive.sealed()
    kinds = {"open_id", "user_id"} if mode == "both" else {mode}
    (*_, claimed) = next(sent for sent in wire if sent[:2] == ("ours", "POST"))
    assert claimed.keys() == kinds  # of the kind that is switched on, and no other
    expect(page.server.field("nick_name")).to_have_text(nick_name())
    assert bench.rows()[0] == victim  # untouched
    assert [row["nick_name"] for row in bench.rows()] == [nick_name("no-avatar"), nick_name()]


def test_contrast_claims_only_what_happened(page, bench, phone):
    page.open(lang="en")
    phone.member_centre()
    page.server.sealed("id")
    phone.authorise("refuse")
    phone.failed_with("my.getAuthCode 11")
    page.server.sealed("id")
    expect(page.server.field("nick_name").locator(".absent")).to_be_visible()
    page.moral("id")
    phone.go_on()
    phone.answer("agree")
    page.server.sealed()
    page.moral("same")  # all three columns are drawn, and stay as they are
    # A Chinese name has an English gloss beside it.
    gloss = "name => getComputedStyle(name, '::after').content"
    name = page.server.field("nick_name").locator("strong")
    assert name.evaluate(gloss) == '" (complete example)"'
    phone.forget()
    page.server.sealed("null")
    page.moral("gone")
    assert bench.rows() == []


@pytest.mark.long
def test_contrast_survives_a_reload_and_belongs_to_one_person_of_this_app(page, bench, phone):
    page.open_saved()
    page.moral("same")
    page.tab.reload()
    phone.member_centre()
    for column in (page.server, page.client):
        expect(column.field("nick_name")).to_have_text(nick_name())
    # A web login is of another app: it fills no column and is not counted.
    other = page.tab.context.new_page()
    other.goto(f"{bench.url}/login")
    other.locator("button[name=member][value=status-q]").click()
    other.wait_for_url(f"{bench.url}/member*")
    other.close()
    expect(page.trace.step("GET /callback")).to_be_attached()
    expect(page.server.field("nick_name")).to_have_text(nick_name())
    expect(page.tab.locator("#count-members")).to_have_text("1")
    assert len(bench.rows()) == 2
    # Nor does the login of another program.
    asked = {"member": "status-b", "scopes": ["auth_base"]}
    code = requests.post(f"{bench.emulator.url}/emulator/auth-code", json=asked, timeout=10).json()
    requests.post(f"{bench.url}/api/auth", json=code, timeout=10).raise_for_status()
    expect(page.tab.locator("#count-members")).to_have_text("2")
    expect(page.server.field("id")).to_have_text(bench.open_id("complete"))
    page.hand_to("company")
    phone.member_centre()
    for column in (page.server, page.client):
        expect(column.root).not_to_contain_text(nick_name())
    page.open(member="status-b")  # nor does an address that names another
    phone.member_centre()
    for column in (page.server, page.client):
        expect(column.root).not_to_contain_text(nick_name())
