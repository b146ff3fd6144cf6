"""Chapters 1 to 4 in Debian's Firefox: `apt-get install firefox-esr`, `pytest -m firefox`."""

import json
import shutil
import subprocess

import pytest

from helpers import ROOT, needs, needs_emulator

pytestmark = [
    pytest.mark.firefox,
    needs("firefox-esr", "node", "puppeteer-core"),
    needs_emulator,
]


def test_firefox_leads_through_chapters_1_to_4(bench):
    script = ROOT / "tests" / "browser" / "firefox.mjs"
    done = subprocess.run(
        ["node", script, shutil.which("firefox-esr"), bench.url],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    seen = json.loads(done.stdout)
    assert seen["errors"] == []
    assert "firefox" in seen["version"].lower()
    assert json.loads(seen["signed"])["nick_name"] == "完整示例"
    assert "The trusting server saved that; ours asked Alipay" in seen["moral"]
    assert seen["different"] == 2  # ≠ on either side of ours
    (row,) = bench.rows()
    assert row["nick_name"] == "完整示例"
