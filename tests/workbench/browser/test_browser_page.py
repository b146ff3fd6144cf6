"""The workbench as a page: languages, links, reloads, the trace's tools."""

import json
import shlex
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
import requests

from helpers import needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium"), needs_emulator]


def test_page_speaks_the_language_that_was_chosen_and_remembers_it(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "获取会员信息，一步步看见", use_inner_text=True
    )
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Member info, seen step by step", use_inner_text=True
    )
    expect(desk.step("POST /api/auth")).to_contain_text("takes the auth_code")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert "lang=en" in page.url
    chinese = """[...document.querySelectorAll('.zh')].filter((e) => e.checkVisibility()).length"""
    assert page.evaluate(chinese) == 0
    page.goto(bench.url)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Member info, seen step by step", use_inner_text=True
    )
    page.get_by_role("button", name="中文").click()
    page.goto(f"{bench.url}/workbench/")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "获取会员信息，一步步看见", use_inner_text=True
    )


def test_page_opens_at_the_state_that_a_link_names(page, bench, phone, desk):
    page.goto(f"{bench.url}/workbench?member=company&fault=tampered&lang=en")
    for chosen in ("[data-member=company]", "[data-fault=tampered]"):
        expect(page.locator(chosen)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-fault=tampered]")).to_be_visible()
    page.click("#people > summary")
    expect(page.locator("[data-member=company]")).to_be_visible()
    desk.saw("One digit of the answer is changed after it was signed.")
    desk.saw("✓ Seen: signature:tampered, nothing saved")
    desk.failed_with("signature:tampered")  # the silent login meets it already
    phone.see("服务端没有从支付宝得到可信的答复")
    assert bench.rows() == []
    assert bench.emulator.faults.active() == {"name": "tampered", "times": None}
    assert set(urlsplit(page.url).query.split("&")) == {
        "member=company",
        "app=miniprogram",
        "identity=open_id",
        "fault=tampered",
        "lang=en",
    }
    desk.mend()
    expect(page.locator("#mend")).to_be_hidden()
    assert "fault" not in page.url
    phone.tap("重试")
    phone.member_centre()
    phone.authorise()
    phone.saved("深圳市")


def test_page_keeps_a_linked_failure_of_the_phone_for_the_person(page, bench, phone, desk):
    """The silent login at the start must not use it up."""
    page.goto(f"{bench.url}/workbench/?fault=getAuthCode-12")
    phone.see("除了这个标识")
    phone.frame.locator(".value").wait_for()
    phone.tap("会员中心")
    phone.tap("授权并获取会员信息")
    desk.failed_with("my.getAuthCode 12")
    phone.see("网络不通，没能向支付宝请求授权")


def test_page_reloaded_in_the_middle_goes_on(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    phone.tap("授权并获取会员信息")
    phone.frame.get_by_role("button", name="同意").wait_for()
    before = bench.rows(), bench.rows("sessions")
    page.reload()
    phone.member_centre()
    assert (bench.rows(), bench.rows("sessions")) == before
    expect(desk.step("alipay.system.oauth.token")).to_be_visible()  # from before the reload
    phone.authorise()
    phone.saved("杭州市")
    page.reload()
    phone.member_centre()
    phone.saved("杭州市")
    expect(desk.server).to_contain_text("杭州市")
    assert len(bench.rows()) == 1
    assert desk.steps.filter(has_text="alipay.user.info.share").count() == 1


def test_page_resets_everything(page, bench, phone, desk):
    page.goto(f"{bench.url}/workbench/?lang=en")
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")
    desk.hand("[data-identity=both]")
    phone.member_centre()
    desk.hand("[data-member=company]")
    phone.member_centre()
    desk.choose("tampered")
    assert len(bench.rows()) == 2
    with page.expect_navigation():
        page.click("#reset")
    phone.member_centre()  # nobody is logged in: the phone logs in anew, silently
    (row,) = bench.rows()
    assert (row["nick_name"], row["user_id"], row["profile_at"]) == (None, None, None)
    assert len(bench.rows("sessions")) == 1
    assert (bench.emulator.faults.active(), bench.emulator.accounts.identity) == (None, "open_id")
    assert bench.consents() == []
    expect(page.locator("[data-member=complete]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#active")).to_be_empty()
    assert page.evaluate("document.documentElement.lang") == "en"
    stored = page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('phone:'))")
    assert [key.split(":")[2] for key in stored] == ["complete"]
    expect(desk.steps.filter(has_text="alipay.user.info.share")).to_have_count(0)


def test_page_trace_keeps_order_over_fifty_steps_and_can_be_saved_and_cleared(
    page, bench, phone, desk
):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    for count in range(2, 9):
        phone.saved("杭州市")
        phone.tap("更新会员信息")
        expect(
            desk.steps.filter(has_text="my.getAuthUserInfo").filter(has_text="成功")
        ).to_have_count(count)
    expect(page.locator("[data-kind=store]")).to_have_count(10)  # two logins, eight profiles
    assert desk.steps.count() > 50
    # Small calls are folded: they are there, and not to be seen.
    rows = desk.steps.evaluate_all("""rows => rows.filter((r) => r.checkVisibility()).map((row) => {
        const { top, bottom, left, right } = row.getBoundingClientRect();
        const inside = left >= 0 && right <= innerWidth;
        return { top, bottom, inside, cut: row.scrollWidth > row.clientWidth };
    })""")
    assert 30 < len(rows) < desk.steps.count()
    assert all(row["bottom"] <= after["top"] for row, after in pairwise(rows))
    assert all(
        row["inside"] and row["bottom"] - row["top"] >= 18 and not row["cut"] for row in rows
    )
    newest = page.locator("[data-testid=trace-step]:not(.minor)").last
    expect(newest).to_be_in_viewport()  # it follows

    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == "trace.json"
    steps = json.loads(download.value.path().read_text("utf-8"))
    assert [step["kind"] for step in steps] == desk.steps.evaluate_all(
        "rows => rows.map((row) => row.dataset.kind)"
    )
    calls = [step for step in steps if step["kind"] == "call"]
    assert [call["at"] for call in calls] == sorted(call["at"] for call in calls)
    for index, step in enumerate(steps):
        if step["kind"] == "call" and step["api"] == "request":
            kinds = [after["kind"] for after in steps[index + 1 : index + 4]]
            assert kinds == ["request", "exchange", "store"]
            assert {after["trace"] for after in steps[index + 1 : index + 4]} == {step["trace"]}
    assert any(step.get("string_to_sign", "").startswith("app_id=demo-mini&") for step in steps)

    scrolled = """scroll => new Promise((done) => {
        scroll.addEventListener('scroll', done, { once: true });
        scroll.scrollTop = 0;
    })"""
    page.locator("#scroll").evaluate(scrolled)
    phone.tap("更新会员信息")
    expect(page.locator("[data-kind=store]")).to_have_count(11)
    # Whoever reads above is left alone.
    assert page.locator("#scroll").evaluate("scroll => scroll.scrollTop") == 0

    page.click("#clear")
    expect(desk.steps).to_have_count(0)
    expect(page.locator("#empty")).to_be_visible()
    page.reload()
    phone.member_centre()
    assert desk.steps.filter(has_text="alipay.user.info.share").count() == 0  # and they stay away


def test_page_copies_a_curl_that_works(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")

    def copied(kind):
        step = desk.pinned(kind)  # the calls below add newer ones
        step.locator("summary").click()
        step.get_by_role("button", name="复制 curl").click()
        expect(step.get_by_role("button", name="已复制")).to_be_visible()
        return step, shlex.split(page.evaluate("navigator.clipboard.readText()"))

    _, (_, _, method, url, *headers) = copied("request")
    headers = dict(header.removeprefix("-H").split(": ") for header in headers)
    answer = requests.request(method, url, headers=headers, timeout=10)
    assert (url, answer.json()["member"]["city"]) == (f"{bench.url}/api/member", "杭州市")
    exchange, (*_, url) = copied("exchange")
    assert (
        requests.post(url, timeout=10).json()["alipay_user_info_share_response"]["city"] == "杭州市"
    )
    inside = exchange.locator(".inside")
    (marked,) = inside.locator("mark.good").all_inner_texts()  # the signed bytes
    assert json.loads(marked)["nick_name"] == "完整示例"
    for words in (
        "client.py · AlipayClient.fetch_profile()",
        "app_id=demo-mini&auth_token=authusr",
        "相符",
    ):
        expect(inside).to_contain_text(words)
