"""One lab for all tests of this room: its keys take longer to make than most tests to run."""

import pytest

from helpers import HAVE_EMULATOR, ROOT

if not (HAVE_EMULATOR and (ROOT / "workshop").is_dir()):  # each may be deleted
    collect_ignore_glob = ["*"]


@pytest.fixture(scope="session")
def shared_lab():
    import emulator
    from workshop.testbed import Lab

    with emulator.run() as alipay:
        yield Lab(alipay)


@pytest.fixture
def lab(shared_lab):
    shared_lab.reset()
    return shared_lab
