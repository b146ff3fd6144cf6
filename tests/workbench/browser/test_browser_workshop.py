"""python -m workshop serve in a real browser: the main flow with the participant's functions."""

import pytest

from conftest import Bench
from helpers import ROOT, needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [
    pytest.mark.long,
    needs("chromium"),
    needs_emulator,
    pytest.mark.skipif(not (ROOT / "workshop").is_dir(), reason="workshop/ was deleted"),
]


class Workshop(Bench):
    """A Bench whose app has the functions of a participant's file behind it."""

    def __init__(self, emulator, folder, file):
        self.file = file
        super().__init__(emulator, folder)

    def start_app(self):
        """As `serve` makes it."""
        from workshop.participant_app import check_each, functions_that_pass, make_app

        functions = functions_that_pass(self.file, check_each(self.file))
        self.app = make_app(functions, self.settings)


@pytest.fixture(params=["everything", "three-steps"])
def bench(request, emulator, tmp_path):
    from workshop.checks import STEPS
    from workshop.participant import SOLUTION, put_back

    file = SOLUTION
    if request.param == "three-steps":
        file = tmp_path / "member_info.py"
        later = [name for step in STEPS[3:] for name in step.functions]
        file.write_text(put_back(SOLUTION.read_text("utf-8"), later), encoding="utf-8")
    running = Workshop(emulator, tmp_path, file)
    yield running
    running.stop()


def test_the_phone_logs_in_and_its_profile_is_kept(page, bench, phone, desk):
    page.goto(bench.url)
    phone.member_centre()
    phone.authorise()
    phone.see("杭州市")
    (row,) = bench.rows()
    assert (row["nick_name"], row["city"]) == ("完整示例", "杭州市")
    expect(desk.server).to_contain_text("杭州市")
    step = desk.step("alipay.user.info.share")
    step.locator("summary").first.click()
    expect(step).to_contain_text("workshop/solution.py")
    expect(step).to_contain_text("app.session.post")
