"""A step opens on its point, then on the source that made it happen."""

import re

import pytest

from helpers import ROOT, needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [pytest.mark.long, needs("chromium"), needs_emulator]
SECTIONS = "parts => parts.map(part => part.className)"


IN_ITS_BOX = """line => {
    const { top, bottom } = line.getBoundingClientRect();
    const box = line.closest("pre").getBoundingClientRect();
    return box.top <= top && bottom <= box.bottom;
}"""


def inside(step):
    """The step, opened."""
    step.locator("summary").first.click()
    step.locator(".inside > section").first.wait_for()
    return step.locator(".inside")


def sections(opened):
    return opened.locator("> section").evaluate_all(SECTIONS)


def authorise(page, bench, phone):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.saved("杭州市")


def frame(opened, index):
    """A frame's title and its marked line, opened if it is not."""
    details = opened.locator(".frame").nth(index)
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    expect(details.locator(".line.at")).to_have_count(1)
    assert details.locator(".line.at").evaluate(IN_ITS_BOX)
    title = details.locator("summary").inner_text()
    return title, details.locator(".line.at").inner_text()


def test_an_exchange_opens_on_whose_key_fits_how_many_bytes(page, bench, phone, desk):
    authorise(page, bench, phone)
    step = inside(desk.pinned("exchange"))
    marked = step.locator("section.raw mark").inner_text()
    point = step.locator("section.point p")
    size = len(marked.encode())
    expect(point).to_have_text(f"支付宝的公钥 · RSA2 · {size} 字节 · 相符", use_inner_text=True)
    expect(step.locator("section.raw mark")).to_have_class("good")
    assert marked.startswith('{"code":"10000"')
    assert marked.endswith("}")
    assert sections(step) == [
        "point",
        "raw",
        "frames",
        "parameters",
        "string_to_sign",
        "signature",
    ]
    step.get_by_role("button", name="复制 curl").click()
    assert "curl -X POST" in page.evaluate("navigator.clipboard.readText()")
    page.click("#language")
    expect(point).to_have_text(f"Alipay's key · RSA2 · {size} bytes · matches", use_inner_text=True)


def test_bytes_that_do_not_verify_are_never_green(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    bench.emulator.faults.set("tampered")
    phone.authorise()
    desk.failed_with("signature:tampered")
    step = inside(desk.pinned("exchange"))
    expect(step.locator("section.raw mark")).to_have_class("bad")
    expect(step.locator("mark.good")).to_have_count(0)
    point = step.locator("section.point p")
    expect(point).to_contain_text("对不上")
    expect(point).not_to_have_class("matches")
    size = len(step.locator("mark").inner_text().encode())
    expect(point).to_contain_text(f"RSA2 · {size} ")
    title, line = frame(step, 0)
    assert re.fullmatch(r"alipay_member/client\.py:\d+ · _accept\(\)", title)
    assert re.fullmatch(r"\d+\s+raise exchange\.\w+", line)


def test_an_exchange_shows_the_functions_that_made_it_innermost_first(page, bench, phone, desk):
    authorise(page, bench, phone)
    step = inside(desk.pinned("exchange"))
    found = [frame(step, index) for index in range(step.locator(".frame").count())]
    functions = [title.split(" · ")[1] for title, _ in found]
    assert "fetch_profile()" in functions
    assert "with_live_token()" in functions[1:-2]
    assert functions[-2:] == ["fetch_and_save()", "save_member()"]
    for title, line in found:
        file, number = re.match(r"(\S+):(\d+) ", title).groups()
        assert line.split()[0] == number
        text = (ROOT / file).read_text("utf-8").splitlines()[int(number) - 1]
        assert text.strip() in line
    for index, code in (
        (functions.index("fetch_profile()"), "return self._call(SHARE"),
        (-2, "profile = with_live_token("),
        (-1, "fetch_and_save(parts().client, session)"),
    ):
        assert code in found[index][1]
    whole = step.locator(".frame").nth(len(found) - 2).locator("pre").inner_text()
    assert "def fetch_and_save(" in whole
    assert "return store.save_profile(session, profile)" in whole


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        (
            "my.getAuthCode auth_user",
            [
                ("my.getAuthCode({", "function getAuthCode"),
                ("await getAuthCode(", "function signIn"),
            ],
        ),
        (
            "my.request → POST /api/member",
            [("my.request({", "function sendOnce"), ("return await sendOnce(", "function send(")],
        ),
    ],
)
def test_a_call_of_the_phone_shows_its_lines_and_those_around(
    page, bench, phone, desk, title, expected
):
    authorise(page, bench, phone)
    step = inside(desk.step(title))
    frames = step.locator(".frame")
    found = [frame(step, index) for index in range(frames.count())]
    lines = (ROOT / "miniprogram" / "api.js").read_text("utf-8").split("\n")
    for code, nearby in expected:
        index = next(index for index, (_, line) in enumerate(found) if code in line)
        number = int(re.match(r"miniprogram/api\.js:(\d+)", found[index][0])[1])
        assert code in lines[number - 1]
        assert nearby in frames.nth(index).locator("pre").inner_text()
    assert found[0][0].startswith("miniprogram/api.js")
    assert any("pages/member/member.js" in heading for heading, _ in found)
    assert frames.first.get_attribute("open") is not None


def test_a_write_opens_on_what_changed(page, bench, phone, desk):
    authorise(page, bench, phone)
    expect(desk.newest("store")).to_contain_text("已入库")
    step = inside(desk.pinned("store"))
    assert sections(step) == ["diff", "frames"]
    added = step.locator("ins").all_inner_texts()
    assert "+ nick_name 完整示例" in added
    assert "+ city 杭州市" in added
    assert not [line for line in added if "open_id" in line]  # it was there before
    expect(step.locator("del")).to_have_count(0)
    at = next(line for line in added if "profile_at" in line)
    assert re.fullmatch(r"\+ profile_at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", at)
    title, line = frame(step, 0)
    assert re.fullmatch(r"alipay_member/store\.py:\d+ · save_profile\(\)", title)
    assert "def save_profile(" in line
    title, line = frame(step, 1)
    assert "fetch_and_save()" in title
    assert "return store.save_profile(session, profile)" in line


def test_what_is_forgotten_is_taken_away_line_by_line(page, bench, phone, desk):
    authorise(page, bench, phone)
    phone.tap("忘记我")
    phone.tap("删除")
    phone.see("已删除服务端保存的会员信息")
    expect(desk.newest("store")).to_contain_text("已删除")
    step = inside(desk.pinned("store"))
    assert "- nick_name 完整示例" in step.locator("del").all_inner_texts()
    expect(step.locator("ins")).to_have_count(0)


def test_no_step_has_an_empty_part(page, bench, phone, desk):
    authorise(page, bench, phone)
    for more in page.locator(".more:visible").all():
        more.click()
    for row in desk.steps.all():
        row.locator("summary").first.click()
        row.locator(".inside > p").wait_for()
        for part in row.locator(".inside > section").all():
            if part.get_attribute("class") == "body":
                continue  # that nothing was sent is the point there
            content = part.locator("> :not(h4)").inner_text()
            assert content.strip(), part.inner_text()
            assert content.strip() not in ("{}", "[]", "(nothing)", "（空）"), row.inner_text()
        row.locator("summary").first.click()
