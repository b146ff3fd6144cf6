"""What runs under Node, from pytest: the phone's parser and runtime, the mini-program's pages."""

import subprocess

import pytest

from helpers import ROOT, needs

pytestmark = needs("node")


@pytest.mark.parametrize("folder", ["miniprogram", "workbench/phone"])
def test_node_suite_passes(folder):
    if not (ROOT / "tests" / folder).is_dir():
        pytest.skip("workbench/ was deleted")
    files = sorted(str(path) for path in (ROOT / "tests" / folder).glob("*.test.mjs"))
    assert files
    ran = subprocess.run(
        ["node", "--test", *files], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stdout[-4000:]
    assert "# fail 0" in ran.stdout or "ℹ fail 0" in ran.stdout
