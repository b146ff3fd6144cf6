"""One testbed for all tests of this room: its keys take longer to make than most tests to run."""

import pytest

from helpers import HAVE_EMULATOR, ROOT

if not (HAVE_EMULATOR and (ROOT / "workshop").is_dir()):  # each may be deleted
    collect_ignore_glob = ["*"]


@pytest.fixture(scope="session")
def shared_testbed():
    from workshop.testbed import open_testbed

    with open_testbed() as testbed:
        yield testbed


@pytest.fixture
def testbed(shared_testbed):
    shared_testbed.reset()
    return shared_testbed


@pytest.fixture
def file(tmp_path):
    """A participant's file as at the start, in a folder with a space in its name."""
    from workshop.participant import start_file

    folder = tmp_path / "my workshop"
    folder.mkdir()
    path = folder / "member_info.py"
    start_file(path)
    return path


@pytest.fixture
def check(testbed, file):
    """check(text, step number) → the result of this step alone."""
    from workshop.checks import STEPS
    from workshop.runner import check_step

    def run(text, number=1, skipped=()):
        file.write_text(text, encoding="utf-8")
        return check_step(file, STEPS[number - 1], skipped, testbed)

    return run
