"""Faults: what phone, trace and panel say of each kind, that nothing is saved, how it ends."""

import re

import pytest
import requests

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]


def known(member="complete"):
    from pages import profile

    return profile(member)


def test_fault_of_the_phone_is_explained_and_spent(page, bench, phone, trace):
    """One of each way on: authorise again, try again, back to the first page."""
    page.open()
    phone.member_centre()
    before = bench.database()
    for number, fault in enumerate(("getAuthCode-11", "getAuthCode-12", "request-11")):
        api, error = fault.split("-")
        code = f"my.{api} {error}"
        page.fault(fault)
        if number:
            phone.go_on()
        else:
            phone.tap("authorise and get member info")
        if api == "request":
            phone.answer("agree")  # Alipay's part works
        phone.failed_with(code)
        broken = trace.step(f"my.{api}")
        expect(broken).to_have_class(re.compile(r"\bbad\b"))
        expect(trace.chip(broken, "failed")).to_be_visible()
        page.broke_with(code)
        assert re.search(rf"\nmy\.{api} (auth_user|→ POST /api/auth): {error} \S+", page.report())
        page.saw(fault)
        expect(page.tab.locator("[data-fault][aria-pressed=true]")).to_have_count(0)  # spent
        assert bench.database() == before
    phone.go_on()  # to the first page
    phone.member_centre()
    phone.tap("authorise and get member info")
    phone.saved()
    page.mended()


ANSWERS = [  # fault, code, HTTP status of our answer: one of each kind that is not believed
    ("wrong-key", "signature:wrong-key", 502),
    ("http-500", "transport:http-status", 502),
    ("isv.code-invalid", "isv.code-invalid", 401),
    ("no-id", "identity:no-id", 502),
]


def test_fault_in_alipays_answer_saves_nothing(page, bench, phone, trace):
    page.open()
    phone.member_centre()
    before = bench.database()
    for number, (fault, code, status) in enumerate(ANSWERS):
        page.fault(fault)
        if number:
            phone.go_on()
        else:
            phone.authorise()
        page.broke_with(code)
        phone.failed_with(code, status)
        exchange = trace.step("alipay.system.oauth.token")
        expect(exchange).to_have_class(re.compile(r"\bbad\b"))
        expect(exchange).to_contain_text(code)
        report = page.report()
        assert "alipay.system.oauth.token" in report
        assert not re.search("[0-9a-f]{32}", report)  # the code is masked
        page.saw(fault)
        assert bench.database() == before
    page.mend()
    expect(page.broke).not_to_have_class(re.compile(r"\bmended\b"))
    phone.go_on()
    phone.saved()
    assert bench.rows()[0]["nick_name"] == known()["nick_name"]


@pytest.mark.long
def test_fault_in_the_profile_alone_keeps_the_ids_in_english(page, bench, phone, trace):
    """The tokens are real, but the profile names another person."""
    page.open(lang="en")
    phone.member_centre()
    rows = bench.rows()
    page.fault("other-person")
    phone.authorise()
    page.broke_with("identity:other-person")
    report = page.report()
    assert "alipay.user.info.share" in report
    assert "identity:other-person" in report
    # It is Alipay's answer: only it does not fit the login.
    expect(trace.chip(trace.newest("exchange"), "verified")).to_be_visible()
    expect(trace.newest("request")).to_have_class(re.compile(r"\bbad\b"))
    trace.says(trace.newest("store"), "not-written")
    page.saw("other-person")
    assert bench.rows() == rows


def test_fault_that_changes_nothing_is_accepted(page, bench, phone):
    page.open()
    phone.member_centre()
    page.fault("white-space")
    phone.authorise()
    phone.saved(known()["nick_name"])
    page.saw("white-space")
    page.fault("tricky-text")
    phone.update()
    page.saw("tricky-text")
    nick_name = bench.rows()[0]["nick_name"]
    assert set('}{"\\') <= set(nick_name)
    phone.saved(nick_name)
    expect(page.server.field("nick_name")).to_have_text(nick_name)
    expect(page.broke).to_be_hidden()


def test_fault_withdrawn_consent_reaches_the_server_by_itself(page, bench, phone, trace):
    page.open_saved()
    page.fault("consent-revoked")
    message = trace.of_kind("message")
    expect(message).to_have_count(1)
    expect(message).to_contain_text("alipay.open.auth.userauth.cancelled")
    expect(trace.chip(message, "verified")).to_be_visible()
    trace.says(message, "message")
    trace.says(trace.steps.last, "profile-withdrawn")
    page.server.sealed("id")
    page.moral("withdrawn")
    expect(page.tab.locator("#count-sessions")).to_have_text("0")
    (row,) = bench.rows()
    assert (row["nick_name"], row["profile_at"]) == (None, None)
    assert row["open_id"]
    expect(trace.open(message)).to_contain_text("receive_message()")
    phone.update()
    phone.answer("agree")  # asked again, once
    page.saw("consent-revoked")
    assert [row["nick_name"] for row in bench.rows()] == [known()["nick_name"]]


@pytest.mark.long
def test_fault_forged_message_changes_nothing(page, bench, phone, trace):
    page.open_saved()
    before = bench.rows()
    page.fault("message-forged")
    expect(trace.of_kind("message")).to_have_count(1)
    trace.says(trace.of_kind("message"), "message-refused")
    page.server.sealed()
    assert bench.rows() == before
    phone.update()
    page.saw("message-forged")


@pytest.mark.long
def test_fault_unbound_product_keeps_the_ids_and_outlives_a_visit(page, bench, phone):
    page.open()
    phone.member_centre()
    page.fault("product-unbound")
    phone.authorise()
    phone.failed_with("isv.insufficient-isv-permissions")
    page.broke_with("isv.insufficient-isv-permissions")
    assert "alipay.user.info.share" in page.report()
    page.saw("product-unbound")
    assert [(bool(row["open_id"]), row["nick_name"]) for row in bench.rows()] == [(True, None)]
    page.open()  # an address without a fault leaves what is on
    page.shows_fault("product-unbound")
    page.tab.locator("#more > summary").click()
    expect(page.fault_button("product-unbound")).to_have_attribute("aria-pressed", "true")
    phone.member_centre()
    page.mend()
    phone.update()
    phone.saved()


@pytest.mark.long
def test_fault_without_get_auth_user_info_the_button_takes_over(page, phone, trace):
    page.open(fault="missing-getAuthUserInfo")
    phone.member_centre()
    phone.authorise()
    phone.saved()
    assert trace.steps.filter(has_text="my.getAuthUserInfo").count() == 0
    expect(page.client.root).not_to_contain_text(known()["nick_name"])
    page.moral("unread")
    page.saw("missing-getAuthUserInfo")
    phone.tap("show my nickname and avatar")
    expect(page.client.field("nick_name")).to_have_text(known()["nick_name"])
    expect(phone.frame.locator(".displayed .known", has_text=known()["nick_name"])).to_be_visible()


@pytest.mark.long
def test_fault_a_server_that_never_answers_is_a_timeout_of_my_request(page, phone):
    page.open()
    phone.id.wait_for()
    page.tab.route("**/never", lambda route: None)
    (frame,) = (frame for frame in page.tab.frames if "/phone/" in frame.url)
    failed = frame.evaluate(
        "my.request({ url: location.origin + '/never', timeout: 100 }).catch(failed => failed)"
    )
    assert failed["error"] == 13


def test_fault_double_tap_sends_once(page, bench, phone, trace):
    page.open(fault="double-tap")
    phone.member_centre()
    trace.says(trace.step("×2"), "double-tap")
    phone.authorise()
    phone.saved()
    page.saw("double-tap")
    for call in ("my.navigateTo", "my.getAuthCode auth_user", "my.request → POST /api/member"):
        expect(trace.steps.filter(has_text=call)).to_have_count(1)
    assert len(bench.rows("sessions")) == 1


def test_fault_ended_token_is_refreshed_by_itself(page, bench, phone):
    page.open_saved(lang="en")
    (before,) = bench.rows("sessions")
    page.fault("token-ended")
    phone.update()
    page.saw("token-ended")
    (after,) = bench.rows("sessions")
    assert before["access_token"] != after["access_token"]
    assert before["token_hash"] == after["token_hash"]  # the person noticed nothing
    phone.works()
    page.broke_with("aop.auth-token-time-out")
    expect(page.broke.locator("q")).to_have_attribute("lang", "zh")  # Alipay's own words
    page.mended()


def test_fault_of_our_own_server(page, bench, phone):
    page.open_saved()
    page.fault("session-ended")
    phone.update()
    page.saw("session-ended")
    phone.saved()
    phone.works()
    rows = bench.rows()
    page.fault("database-gone")
    phone.update()
    page.saw("database-gone")
    expect(phone.error).to_be_visible()
    assert bench.rows() == rows
    page.mend()
    phone.go_on()
    phone.saved()
    phone.works()


@pytest.mark.long
def test_fault_is_done_for_me_from_whatever_state(page, phone):
    page.open()
    phone.id.wait_for()
    for name in ("getAuthCode-11", "token-ended"):  # one begins logged out, one with a profile
        page.fault(name)
        page.do_it()
        page.saw(name)
        expect(page.tab.locator("#drive")).to_be_enabled()
    page.mend()


@pytest.mark.long
def test_fault_each_of_the_first_six_is_done_for_me(page, phone):
    page.open()
    phone.id.wait_for()
    first = page.tab.get_by_test_id("fault-picker").locator("[data-fault]:visible")
    names = first.evaluate_all("buttons => buttons.map((button) => button.dataset.fault)")
    for name in (*names, "double-tap", "missing-getAuthUserInfo", "database-gone"):
        page.fault(name)
        page.do_it()
        page.saw(name)
        expect(page.tab.locator("#drive")).to_be_enabled()
    page.mend()
    phone.saved()


def test_fault_picker_finds_the_others_by_a_word(page, phone):
    from pages import FAULTS

    page.open()
    phone.id.wait_for()
    first = page.tab.get_by_test_id("fault-picker").locator("[data-fault]")
    first = first.evaluate_all("buttons => buttons.map((button) => button.dataset.fault)")
    page.tab.click("#more > summary")
    others = page.tab.locator("#fault-groups [data-fault]")
    names = "buttons => buttons.filter((b) => b.checkVisibility()).map((b) => b.dataset.fault)"
    others.first.wait_for()
    assert sorted(first + others.evaluate_all(names)) == sorted(FAULTS)
    page.tab.fill("#fault-search", "refresh_token 40002")
    assert others.evaluate_all(names) == [
        "isv.refresh-token-invalid",
        "unsigned:isv.refresh-token-invalid",
        "isv.refresh-token-time-out",
    ]
    page.tab.fill("#fault-search", "zebra")
    assert others.evaluate_all(names) == []
    expect(page.tab.locator("#fault-found")).not_to_be_empty()
    page.tab.fill("#fault-search", "")
    expect(page.tab.locator("#fault-found")).to_be_empty()
    expect(others.last).to_be_visible()


@pytest.mark.long
def test_fault_is_the_same_in_every_tab(page, bench, phone):
    from pages import Workbench

    page.open()
    phone.member_centre()
    other = Workbench(page.tab.context.new_page(), bench.url)
    other.open()
    other.phone.id.wait_for()
    other.is_mended()
    page.fault("sha1")
    other.shows_fault("sha1")
    assert "fault=sha1" in other.tab.url
    other.tab.get_by_test_id("mend").click()
    page.is_mended()
    assert "fault" not in page.tab.url
    assert bench.emulator.faults.active() is None
    page.fault("getAuthCode-12")  # the phone's own: it is ordered in each tab's phone
    other.shows_fault("getAuthCode-12")
    phone.tap("authorise and get member info")
    page.saw("getAuthCode-12")
    other.is_mended()  # spent there, so it is off here
    requests.put(f"{bench.emulator.url}/emulator/fault", json={"name": "html"}, timeout=10)
    for one in (page, other):  # whoever turned it
        one.shows_fault("html")
    other.tab.close()


@pytest.mark.long
def test_fault_named_by_an_address_is_switched_on(page, bench, phone):
    page.open(fault="tampered")
    page.broke_with("signature:tampered")  # the silent login meets it already
    expect(page.fault_button("tampered")).to_have_attribute("aria-pressed", "true")
    assert bench.emulator.faults.active()["name"] == "tampered"
    assert bench.rows() == []
    page.open(fault="getAuthCode-12")  # the silent login does not use it up
    phone.member_centre()
    assert bench.emulator.faults.active() is None
    phone.tap("authorise and get member info")
    page.broke_with("my.getAuthCode 12")
    phone.go_on()
    phone.answer("agree")
    phone.saved()
    page.open(fault="consent-revoked")
    page.trace.says(page.trace.of_kind("action").last, "consent-revoked")
    page.broke_with("session-ended")
    phone.member_centre()  # logged in anew, silently
    assert "fault" not in page.tab.url
    page.tab.reload()
    phone.member_centre()
    expect(page.trace.of_kind("action")).to_have_count(1)  # once is enough


@pytest.mark.long
def test_fault_mended_elsewhere_leaves_the_panel_open(page, bench, phone):
    page.open()
    phone.member_centre()
    page.fault("tampered")
    phone.authorise()
    page.broke_with("signature:tampered")
    page.saw("tampered")
    bench.emulator.faults.set(None)  # the page's own button would close the panel
    # The web login of another person is no later try of the phone's.
    login = page.tab.context.new_page()
    login.goto(f"{bench.url}/login")
    login.locator("button[name=member][value=status-q]").click()
    login.wait_for_url(f"{bench.url}/member*")
    login.close()
    expect(page.trace.step("GET /callback")).to_contain_text("302")
    expect(page.broke).not_to_have_class(re.compile(r"\bmended\b"))
    phone.go_on()
    phone.saved()
    page.mended()
    page.broke.locator("form button").click()
    expect(page.broke).to_be_hidden()
