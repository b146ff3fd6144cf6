"""The web login in a real browser, the charset GBK, and an ISV that calls for a merchant."""

import pytest

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]


def agree(tab, member):
    tab.locator(f"button[name=member][value={member}]").click()


def nick_name(member):
    from pages import profile

    return profile(member)["nick_name"]


def names(bench):
    return [row["nick_name"] for row in bench.rows()]


def cells(tab, field):
    """What /member says of a field: value, meaning."""
    row = tab.locator("tr", has=tab.locator(f"code:text-is('{field}')"))
    return row.locator("td").all_inner_texts()


def refused(tab, code):
    """Wait for the error's page."""
    expect(tab.locator("dd")).to_contain_text(f"{code} ·")


def log_in(tab, bench, member, path="/login"):
    tab.goto(bench.url + path)
    agree(tab, member)
    tab.wait_for_url(f"{bench.url}/member*")
    expect(tab.get_by_role("heading", level=1)).to_be_visible()


@pytest.fixture
def other_bench(request, tmp_path):
    """A Bench of the test's own: the parameter gives a function of the emulator → settings."""
    from bench import Bench

    import emulator

    with emulator.run() as alipay:
        running = Bench(alipay, tmp_path, **request.param(alipay))
        yield running
        running.stop()


def test_web_login_saves_and_explains_the_row(tab, bench, monkeypatch):
    monkeypatch.delitem(bench.app.config, "LANDING_PAGE")  # the app's own home page
    tab.goto(bench.url)
    tab.locator("a.button[href='/login']").click()
    asked = tab.locator("table")
    for words in ("demo-web", "auth_user", f"{bench.url}/callback"):
        expect(asked).to_contain_text(words)
    assert bench.database() == ([], [])
    agree(tab, "sandbox-buyer")
    expect(tab).to_have_url(f"{bench.url}/member")
    heading = tab.get_by_role("heading", level=1)
    expect(heading).to_have_text(nick_name("sandbox-buyer"))
    (row,) = bench.rows()
    assert (row["app_id"], row["nick_name"]) == ("demo-web", nick_name("sandbox-buyer"))
    for field in ("nick_name", "gender", "user_type", "user_status", "is_certified", "open_id"):
        assert cells(tab, field)[0] == row[field]
    for field in ("gender", "user_type", "avatar"):
        assert cells(tab, field)[1]  # what it means, or why it is empty
    before = bench.database()
    tab.goto(f"{bench.url}/login?next=/member%3Ffrom=here")  # logged in: Alipay is not asked again
    assert tab.url == f"{bench.url}/member?from=here"
    assert bench.database() == before
    tab.locator("form[action='/member'] button").click()
    expect(heading).to_have_text(nick_name("sandbox-buyer"))
    assert len(bench.rows()) == 1


def test_web_denial_and_foreign_states_save_nothing_and_lead_on(tab, bench, chromium):
    tab.goto(f"{bench.url}/login?next=/member%3Ffrom=here")
    tab.locator("button.deny").click()
    refused(tab, "bad-request:refused")
    assert tab.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") == 400
    for query in ("", "&state=wrong"):
        tab.goto(f"{bench.url}/callback?auth_code=0123456789abcdef0123456789abcdef{query}")
        refused(tab, "bad-request:state")
    assert bench.database() == ([], [])
    tab.locator(".actions a.button").click()  # authorise again
    with tab.expect_request("**/callback**") as request:
        agree(tab, "complete")
    expect(tab).to_have_url(f"{bench.url}/member")
    # Another person, lured to the callback of this login.
    elsewhere = chromium.new_context(locale="zh-CN")
    stranger = elsewhere.new_page()
    stranger.goto(request.value.url)
    refused(stranger, "bad-request:state")
    elsewhere.close()
    assert len(bench.rows("sessions")) == 1


@pytest.mark.long
def test_web_back_button_after_login_ends_well(tab, bench):
    log_in(tab, bench, "complete")
    before = bench.database()
    tab.go_back()
    agree(tab, "complete")  # with a state that was used
    refused(tab, "bad-request:state")
    assert bench.database() == before
    tab.goto(f"{bench.url}/member")  # still logged in
    expect(tab.get_by_role("heading", level=1)).to_have_text(nick_name("complete"))


@pytest.mark.long
def test_web_login_in_two_tabs_is_one_session(tab, bench):
    first, second = tab, tab.context.new_page()
    first.goto(f"{bench.url}/login?next=/member%3Ftab=1")
    second.goto(f"{bench.url}/login?next=/member%3Ftab=2")
    agree(first, "complete")
    expect(first).to_have_url(f"{bench.url}/member?tab=1")
    agree(second, "status-b")
    expect(second).to_have_url(f"{bench.url}/member?tab=2")
    expect(second.get_by_role("heading", level=1)).to_have_text(nick_name("status-b"))
    first.reload()
    expect(first.get_by_role("heading", level=1)).to_have_text(nick_name("status-b"))
    assert len(bench.rows("sessions")) == 1
    assert names(bench) == [nick_name("complete"), nick_name("status-b")]


@pytest.mark.long
def test_web_log_out_and_forget_me(tab, bench):
    log_in(tab, bench, "company")
    assert names(bench) == [None]
    tab.locator("form[action='/logout'] button").click()
    tab.wait_for_url(f"{bench.url}/workbench/*")
    assert (len(bench.rows()), bench.rows("sessions")) == (1, [])
    tab.goto(f"{bench.url}/member")
    tab.locator(".actions a.button").click()  # not logged in
    agree(tab, "company")
    tab.locator("form[action='/forget'] button").click()
    tab.wait_for_url(f"{bench.url}/workbench/*")
    assert bench.rows() == []


@pytest.mark.long
@pytest.mark.parametrize(
    "other_bench", [lambda _: {"ALIPAY_CHARSET": "GBK"}], indirect=True, ids=["GBK"]
)
def test_web_gbk_from_the_browser_to_the_database(tab, other_bench):
    from pages import Workbench

    page = Workbench(tab, other_bench.url)
    page.open_saved(member="no-avatar")
    expect(page.server.field("nick_name")).to_have_text(nick_name("no-avatar"))
    step = page.trace.open(page.trace.newest("exchange"))
    expect(step.locator("mark.good")).to_contain_text(f'"nick_name":"{nick_name("no-avatar")}"')
    expect(step.locator("tr", has_text="charset")).to_contain_text("GBK")
    log_in(tab, other_bench, "sandbox-buyer")
    assert names(other_bench) == [nick_name("no-avatar"), nick_name("sandbox-buyer")]


@pytest.mark.long
@pytest.mark.parametrize(
    "other_bench", [lambda emulator: emulator.isv_settings()], indirect=True, ids=["ISV"]
)
def test_web_isv_members_belong_to_the_merchant(tab, other_bench):
    from pages import Workbench

    page = Workbench(tab, other_bench.url)
    page.open_saved()
    (row,) = other_bench.rows()
    assert (row["app_id"], row["nick_name"]) == ("demo-merchant", nick_name("complete"))
    assert row["open_id"] == other_bench.open_id("complete", "demo-merchant")
    step = page.trace.open(page.trace.pinned("exchange"))
    expect(step.locator("tr", has_text="app_auth_token")).to_contain_text("202501BB")
    assert other_bench.consents() == [("complete", "demo-merchant")]
    page.fault("product-unbound")  # the merchant's
    page.phone.update()
    page.broke_with("isv.insufficient-isv-permissions")
    page.mend()
    log_in(tab, other_bench, "complete")
    assert cells(tab, "app_id")[0] == "demo-merchant"
    # The same app, the same person.
    assert [row["app_id"] for row in other_bench.rows()] == ["demo-merchant"]
