"""python -m workshop serve in a real browser: the main flow with the participant's functions."""

import pytest
from bench import Bench

from helpers import ROOT, needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [
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
def participants_file(request, tmp_path):
    """What somebody has written who did every step, and who did the first three."""
    from workshop.checks import STEPS
    from workshop.participant import SOLUTION, put_back

    if request.param == "everything":
        return SOLUTION
    file = tmp_path / "member_info.py"
    later = [name for step in STEPS[3:] for name in step.functions]
    file.write_text(put_back(SOLUTION.read_text("utf-8"), later), encoding="utf-8")
    return file


@pytest.fixture
def bench(participants_file, tmp_path):
    import emulator

    with emulator.run() as alipay:
        running = Workshop(alipay, tmp_path, participants_file)
        yield running
        running.stop()


@pytest.mark.long
def test_the_phone_logs_in_and_its_profile_is_kept(page, bench, trace):
    from pages import profile

    page.open_saved()
    known = profile("complete")
    (row,) = bench.rows()
    assert (row["nick_name"], row["city"]) == (known["nick_name"], known["city"])
    expect(page.server.field("nick_name")).to_have_text(known["nick_name"])
    step = trace.open(trace.newest("exchange"))
    expect(step).to_contain_text("workshop/solution.py")
    expect(step).to_contain_text("app.session.post")
