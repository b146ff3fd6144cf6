"""The trace tells a story: what was done, what followed; a step opens on its point and source."""

import json
import re
import shlex

import pytest
import requests

from helpers import ROOT, needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]
IN_ITS_BOX = """line => {
    const { top, bottom } = line.getBoundingClientRect();
    const box = line.closest("pre").getBoundingClientRect();
    return box.top <= top && bottom <= box.bottom;
}"""


def sections(opened):
    return opened.locator("> section").evaluate_all("parts => parts.map(part => part.className)")


def frames(opened):
    """(file, number, function, marked line) of each frame of an open step, innermost first."""
    found = []
    expect(opened.locator(".frame").first).to_have_attribute("open", "")
    for details in opened.locator(".frame").all():
        if details.get_attribute("open") is None:
            details.locator("summary").click()
        marked = details.locator(".line.at")
        expect(marked).to_have_count(1)
        assert marked.evaluate(IN_ITS_BOX)
        title = details.locator("summary").inner_text()
        # an arrow function has no name
        file, number, function = re.fullmatch(r"(\S+):(\d+)(?: · (.+)\(\))?", title).groups()
        text = (ROOT / file).read_text("utf-8").split("\n")[int(number) - 1].strip()
        shown = marked.inner_text()
        assert shown.split()[0] == number
        assert text in shown
        found.append((file, function, text))
    return found


def test_trace_stands_under_what_the_person_did(page, phone, trace):
    page.open_saved()
    expect(trace.chip(trace.newest("store"), "saved")).to_be_visible()
    assert len(trace.headings()) == 4  # opened, member centre, authorise, agreed
    first = trace.titles(trace.tab.locator(".group").first.get_by_test_id("trace-step"))
    assert "my.getAuthCode auth_base" in first
    assert first.index("my.request → POST /api/auth") + 1 == first.index("POST /api/auth")
    tapped = trace.group("authorise and get member info").get_by_test_id("trace-step")
    assert "my.getAuthCode auth_user" in trace.titles(tapped)
    agreed = trace.tab.locator(".group").last.get_by_test_id("trace-step")
    expect(agreed.first).to_have_attribute("data-kind", "decision")
    assert {"alipay.system.oauth.token", "alipay.user.info.share", "my.getAuthUserInfo"} <= set(
        trace.titles(agreed)
    )
    # Each arrow goes between the lanes of who spoke to whom.
    for step, way in (
        (trace.step("my.getAuthCode auth_user"), "to-alipay"),
        (trace.step("my.request → POST /api/member"), "to-server"),
        (trace.newest("exchange"), "to-alipay"),
        (trace.newest("store"), ""),
    ):
        expect(step).to_have_attribute("data-way", way)
    phone.update()  # whoever agreed before is not asked again
    updated = trace.group("update member info").locator("[data-kind=store]")
    expect(updated).to_have_count(1)
    expect(trace.of_kind("decision")).to_have_count(1)


@pytest.mark.long
def test_trace_of_others_stands_under_headings_of_its_own(page, bench, phone, trace):
    from pages import ui

    page.open()
    phone.id.wait_for()
    elsewhere = {"X-Trace": "0f3a"}  # a phone that this page knows nothing of
    requests.post(f"{bench.url}/api/auth", json={}, headers=elsewhere, timeout=10)
    requests.get(f"{bench.url}/api/member", timeout=10)
    address = "/callback?auth_code=0123456789abcdef0123456789abcdef&state=abc"
    requests.get(bench.url + address, timeout=10)
    for key, title in (
        ("trigger-elsewhere", "POST /api/auth"),
        ("trigger-program", "GET /api/member"),
        ("trigger-web", "GET /callback?…"),  # a long address is cut to its path
    ):
        steps = trace.under(ui(key)).get_by_test_id("trace-step")
        expect(steps.filter(has_text=title)).to_have_count(1)
    expect(trace.open(trace.step("GET /callback")).locator(".address")).to_contain_text(address)


def test_trace_folds_small_calls_and_opens_them_in_their_places(page, trace):
    page.open()
    page.phone.id.wait_for()
    opened = trace.tab.locator(".group").first
    steps = opened.get_by_test_id("trace-step")
    small = opened.locator(".minor")
    expect(small.first).to_be_attached()
    expect(small.first).to_be_hidden()
    assert all("Storage" in title or "navigate" in title for title in trace.titles(small))
    before = trace.titles(steps)
    opened.locator(".more").click()
    for row in small.all():
        expect(row).to_be_visible()
    assert trace.titles(steps) == before
    expect(opened.locator(".more")).to_have_attribute("aria-expanded", "true")
    opened.locator(".more").click()
    expect(small.first).to_be_hidden()


def test_trace_step_of_alipay_opens_on_its_signed_bytes(page, bench, trace):
    page.open_saved()
    exchange = trace.pinned("exchange")
    step = trace.open(exchange)
    signed = step.locator("section.raw mark")
    expect(signed).to_have_class("good")
    assert json.loads(signed.inner_text())["nick_name"]
    point = step.locator("section.point p")
    expect(point).to_have_class("matches")
    expect(point).to_contain_text(f"RSA2 · {len(signed.inner_text().encode())} ")
    expect(step.locator("section.string_to_sign")).to_contain_text("app_id=demo-mini&")
    assert sections(step)[:3] == ["point", "raw", "frames"]
    found = frames(step)
    functions = [function for _, function, _ in found]
    assert functions[1] == "fetch_profile"
    assert "with_live_token" in functions
    assert functions[-2:] == ["fetch_and_save", "save_member"]
    whole = step.locator(".frame").nth(-2).locator("pre")
    expect(whole).to_contain_text("def fetch_and_save(")
    # Its curl works, and so does that of the request to our server.
    step.locator("button.copy").click()
    *_, url = shlex.split(page.clipboard())
    assert "alipay_user_info_share_response" in requests.post(url, timeout=10).json()
    request = trace.pinned("request")
    trace.open(request).locator("button.copy").click()
    _, _, method, url, *headers = shlex.split(page.clipboard())
    headers = dict(header.removeprefix("-H").split(": ") for header in headers)
    answer = requests.request(method, url, headers=headers, timeout=10).json()
    assert answer["member"]["city"] == bench.rows()[0]["city"]


@pytest.mark.long
def test_trace_marks_bytes_that_do_not_verify_as_such(page, phone, trace):
    page.open()
    phone.member_centre()
    for number, (fault, code, marks, verdict) in enumerate(
        [
            ("tampered", "signature:tampered", 1, "bad-signature"),
            ("unsigned", "signature:unsigned", 0, "no-signature"),
            ("disconnect", "transport:connection", 0, "no-answer"),
        ]
    ):
        page.fault(fault)
        if number:
            phone.go_on()
        else:
            phone.authorise()
        page.broke_with(code)
        step = trace.open(trace.pinned("exchange"))
        expect(step.locator("mark.bad")).to_have_count(marks)
        expect(step.locator("mark.good")).to_have_count(0)
        expect(step.locator("section.point p")).to_have_class(verdict)
        if fault == "tampered":
            file, _, line = frames(step)[0]
            assert file == "alipay_member/client.py"
            assert line.startswith("raise ")


@pytest.mark.long
def test_trace_names_the_line_of_a_call_of_the_phone(page, trace):
    page.open_saved()
    for title, outermost in (
        ("my.getAuthCode auth_user", "my.getAuthCode({"),
        ("my.request → POST /api/member", "my.request({"),
    ):
        found = frames(trace.open(trace.step(title)))
        file, _, line = found[0]
        assert file == "miniprogram/api.js"
        assert outermost in line
        assert any(file.endswith("pages/member/member.js") for file, *_ in found)


def test_trace_step_of_a_write_opens_on_what_changed(page, bench, phone, trace):
    page.open_saved()
    expect(trace.chip(trace.newest("store"), "saved")).to_be_visible()
    (row,) = bench.rows()
    step = trace.open(trace.pinned("store"))
    assert sections(step) == ["diff", "frames"]
    added = step.locator("ins").all_inner_texts()
    for name in ("nick_name", "city"):
        assert f"+ {name} {row[name]}" in added
    assert not [line for line in added if "open_id" in line]  # it was there before
    expect(step.locator("del")).to_have_count(0)
    assert [function for _, function, _ in frames(step)][:2] == ["save_profile", "fetch_and_save"]
    phone.forget()
    expect(trace.chip(trace.newest("store"), "removed")).to_be_visible()
    step = trace.open(trace.pinned("store"))
    assert f"- nick_name {row['nick_name']}" in step.locator("del").all_inner_texts()
    expect(step.locator("ins")).to_have_count(0)


@pytest.mark.long
def test_trace_says_that_a_token_was_refreshed(page, bench, phone, trace):
    page.open_saved()
    bench.end_access_tokens()
    phone.update()
    phone.saved()
    expect(trace.of_kind("exchange").filter(has_text="alipay.system.oauth.token")).to_have_count(3)
    trace.says(trace.step("alipay.system.oauth.token"), "refresh")
    renewed = trace.of_kind("store").nth(-2)
    trace.says(renewed, "renewed")


@pytest.mark.long
def test_trace_pause_holds_the_steps_back_and_next_shows_one_at_a_time(page, phone, trace):
    page.open()
    phone.member_centre()
    expect(trace.newest("store")).to_be_visible()
    page.tab.click("#pause")
    seen = trace.steps.locator("visible=true").count()
    phone.authorise()
    phone.saved()
    expect(trace.of_kind("store")).to_have_count(3)
    assert trace.steps.locator("visible=true").count() == seen
    left = int(page.tab.locator("#waiting").inner_text())
    assert left > 2
    for expected in ("my.getAuthCode auth_user", None):
        page.tab.click("#next")
        left -= 1
        expect(page.tab.locator("#waiting")).to_have_text(str(left))
        current = page.tab.locator(".current")
        expect(current).to_be_in_viewport()
        if expected:
            expect(current).to_contain_text(expected)
    expect(current).to_have_attribute("data-kind", "decision")
    page.tab.click("#pause")  # going on shows all that waited
    expect(trace.newest("store")).to_be_visible()
    expect(page.tab.locator(".waiting")).to_have_count(0)
    expect(page.tab.locator("#next")).to_be_hidden()


@pytest.mark.long
def test_trace_follows_its_end_until_somebody_scrolls_up_and_is_kept(page, phone, trace):
    page.open_saved()
    for number in (1, 2):
        phone.update()
        phone.saved()
        expect(trace.of_kind("store")).to_have_count(3 + number)
    newest = page.tab.locator("[data-testid=trace-step]:not(.minor)").last
    expect(newest).to_be_in_viewport()
    scroll = page.tab.locator("#scroll")
    scrolled = """scroll => new Promise((done) => {
        scroll.addEventListener('scroll', done, { once: true });
        scroll.scrollTop = 0;
    })"""
    scroll.evaluate(scrolled)
    phone.update()
    expect(trace.of_kind("store")).to_have_count(6)
    assert scroll.evaluate("scroll => scroll.scrollTop") == 0

    with page.tab.expect_download() as download:
        page.tab.click("#save")
    steps = json.loads(download.value.path().read_text("utf-8"))
    kinds = trace.steps.evaluate_all("rows => rows.map((row) => row.dataset.kind)")
    assert [step["kind"] for step in steps] == kinds
    calls = [step for step in steps if step["kind"] == "call"]
    assert [call["at"] for call in calls] == sorted(call["at"] for call in calls)
    for index, step in enumerate(steps):
        if step["kind"] == "call" and step["api"] == "request":
            followed = steps[index + 1 : index + 4]
            assert [after["kind"] for after in followed] == ["request", "exchange", "store"]
            assert {after["trace"] for after in followed} == {step["trace"]}

    headings, titles = trace.headings(), trace.titles(trace.steps)
    page.tab.reload()
    phone.member_centre()
    expect(page.tab.locator("#steps h3")).to_have_count(len(headings) + 2)
    assert trace.headings() == [*headings, *headings[:2]]
    assert trace.titles(trace.steps)[: len(titles)] == titles
    page.tab.click("#clear")
    expect(trace.steps).to_have_count(0)
    expect(page.tab.locator("#empty")).to_be_visible()
    page.tab.reload()
    phone.id.wait_for()
    assert trace.steps.filter(has_text="alipay.user.info.share").count() == 0


def test_a_late_call_of_another_tab_gathers_its_steps_of_the_server(page, bench, trace):
    page.open()
    page.phone.id.wait_for()
    headers = {"X-Trace": "late"}
    requests.post(f"{bench.url}/api/auth", json={}, headers=headers, timeout=10)
    request = trace.steps.filter(has_text="POST /api/auth").last
    expect(request).to_contain_text("400")
    page.tab.evaluate(
        """() => {
          const at = Date.now() / 1000;
          const trigger = { at, zh: '另一个标签页', en: 'Another tab' };
          const step = { kind: 'call', lane: 'client', trace: 'late', title: 'my.request', at };
          const tab = new BroadcastChannel('trace');
          tab.postMessage({ step: { ...step, trigger, says: 'request', outcome: 'ok' } });
        }"""
    )
    group = trace.under("另一个标签页")
    expect(group.locator("[data-kind=call]")).to_be_attached()
    expect(group.locator("[data-kind=request]")).to_contain_text("400")


@pytest.mark.long
def test_trace_is_the_same_in_two_tabs(page, bench, phone, trace):
    from pages import Workbench

    page.open_saved()
    expect(trace.chip(trace.newest("store"), "saved")).to_be_visible()
    other = Workbench(page.tab.context.new_page(), bench.url)
    other.open()
    other.phone.member_centre()
    other.phone.saved()
    phone.update()
    for one in (trace, other.trace):
        update = one.group("update member info")
        expect(update.locator("[data-kind=store]")).to_be_attached()
        update.locator("[data-kind=call]", has_text="my.getAuthUserInfo").wait_for()
    assert other.trace.headings() == trace.headings()
    assert sorted(other.trace.titles(other.trace.steps)) == sorted(trace.titles(trace.steps))
    other.tab.reload()
    other.phone.member_centre()
    asked = other.trace.steps.filter(has_text="my.getAuthCode auth_user")
    expect(asked).to_have_count(1)  # kept there, and sent by the first tab: one step
    other.tab.click("#clear")
    expect(trace.steps).to_have_count(0)
    other.tab.close()


@pytest.mark.long
def test_trace_on_a_projector_outlives_a_reload(page, phone, trace):
    page.open()
    phone.id.wait_for()
    size = "step => parseFloat(getComputedStyle(step).fontSize)"
    before = trace.steps.first.evaluate(size)
    page.tab.click("#projector")
    assert trace.steps.first.evaluate(size) > before
    page.tab.reload()
    expect(page.tab.locator("#projector")).to_have_attribute("aria-pressed", "true")
    phone.id.wait_for()
    assert trace.steps.first.evaluate(size) > before


@pytest.mark.long
def test_trace_step_has_no_empty_part(page, trace):
    page.open_saved()
    for more in page.tab.locator(".more:visible").all():
        more.click()
    for row in trace.steps.all():
        opened = trace.open(row)
        for part in opened.locator("> section:not(.body)").all():
            content = part.locator("> :not(h4)").inner_text().strip()
            assert content not in ("", "{}", "[]"), row.inner_text()
        row.locator("summary").first.click()
