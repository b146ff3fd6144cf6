"""The main job in a real browser: the phone, the trace, the contrast, and the database file."""

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]
PROFILE = ("nick_name", "avatar", "gender", "province", "city", "user_type", "user_status")
SAVED = ("nick_name", "gender", "city")


def saved(bench):
    return [{name: row[name] for name in SAVED} for row in bench.rows()]


def known(member):
    from pages import profile

    return {name: profile(member)[name] for name in SAVED}


def test_flow_first_screen_logs_in_silently_and_keeps_ids_only(page, bench, phone):
    page.open()
    expect(phone.id).to_have_text(bench.open_id("complete"))
    (row,) = bench.rows()
    assert row["open_id"] == bench.open_id("complete")
    assert [row[name] for name in (*PROFILE, "profile_at")] == [None] * (len(PROFILE) + 1)
    expect(phone.frame.locator("dialog[open]")).to_have_count(0)


def test_flow_agreeing_saves_the_signed_profile_beside_the_clients(page, bench, phone, trace):
    page.open()
    phone.member_centre()
    assert bench.rows()[0]["nick_name"] is None
    phone.authorise()
    phone.saved()
    assert saved(bench) == [known("complete")]
    for column in (page.client, page.server):
        expect(column.field("nick_name")).to_have_text(known("complete")["nick_name"])
    for step in (
        "my.getAuthCode",
        "POST /api/auth",
        "alipay.system.oauth.token",
        "POST /api/member",
        "alipay.user.info.share",
        "my.getAuthUserInfo",
    ):
        expect(trace.step(step)).to_be_visible()


@pytest.mark.parametrize(
    ("answer", "code"), [("refuse", "my.getAuthCode 11"), ("back", "my.getAuthCode 3")]
)
def test_flow_refusing_changes_no_row_and_can_be_taken_back(
    page, bench, phone, trace, answer, code
):
    page.open()
    phone.member_centre()
    before = bench.database()
    phone.authorise(answer)
    phone.failed_with(code)
    assert bench.database() == before
    trace.says(trace.newest("decision"), f"decision-{answer}")
    phone.go_on()
    phone.answer("agree")
    phone.saved()
    assert saved(bench) == [known("complete")]


def test_flow_a_double_click_sends_one_request(page, bench, phone, trace):
    page.open()
    phone.member_centre()
    phone.button("authorise and get member info").dblclick()
    phone.answer("agree")
    phone.saved()
    expect(trace.steps.filter(has_text="my.getAuthCode auth_user")).to_have_count(1)
    assert len(bench.rows("sessions")) == 1


@pytest.mark.long
def test_flow_a_reload_while_consent_is_asked_for(page, bench, phone, trace):
    page.open()
    phone.member_centre()
    phone.tap("authorise and get member info")
    phone.sheet.wait_for()
    before = bench.database()
    page.tab.reload()
    phone.member_centre()
    assert bench.database() == before
    cut = trace.step("my.getAuthCode auth_user")
    expect(trace.chip(cut, "cut")).to_be_visible()
    expect(trace.step("alipay.system.oauth.token")).to_be_visible()  # from before the reload
    phone.authorise()
    phone.saved()
    page.tab.reload()
    phone.member_centre()
    phone.saved()
    expect(page.server.field("nick_name")).to_have_text(known("complete")["nick_name"])
    assert saved(bench) == [known("complete")]


@pytest.mark.long
def test_flow_sessions_survive_a_restart_and_a_forgetful_alipay_is_asked_again(page, bench, phone):
    page.open_saved()
    bench.emulator.accounts.reset()  # as after a restart of the emulator
    bench.start_app()
    page.tab.reload()
    phone.member_centre()
    phone.saved()  # still logged in, and the row still there: nobody was sent to Alipay
    phone.update()
    phone.answer("agree")
    phone.saved()
    assert saved(bench) == [known("complete")]


@pytest.mark.long
def test_flow_one_persons_phone_shows_nothing_of_another(page, bench, phone):
    page.open_saved()
    page.fault("http-500")
    page.hand_to("status-q")
    page.broke_with("transport:http-status")  # nobody is logged in on this phone
    for column in (page.server, page.client):
        expect(column.root).not_to_contain_text(known("complete")["nick_name"])
    page.mend()
    phone.go_on()
    phone.member_centre()
    assert len(bench.rows()) == 2
    with page.tab.expect_request(f"{bench.url}/api/**") as first:
        page.hand_to("complete")
    # Still signed in on that phone.
    assert (first.value.method, first.value.url) == ("GET", f"{bench.url}/api/member")
    phone.member_centre()
    phone.saved()
    expect(page.server.field("nick_name")).to_have_text(known("complete")["nick_name"])
    assert [row["nick_name"] for row in bench.rows()] == [known("complete")["nick_name"], None]
