"""Chapters 1 to 4 in Debian's Firefox: `apt-get install firefox-esr`, `pytest -m firefox`."""

import json
import shutil
import subprocess

import pytest

from helpers import ROOT, needs, needs_emulator

TAPPED = ("member centre", "authorise and get member info", "update member info")
pytestmark = [
    pytest.mark.firefox,
    needs("firefox-esr", "node", "puppeteer-core"),
    needs_emulator,
]


def test_firefox_leads_through_chapters_1_to_4(bench):
    from pages import LABELS, profile

    script = ROOT / "tests/workbench/browser/firefox.mjs"
    labels = json.dumps({gloss: LABELS[gloss] for gloss in TAPPED})
    done = subprocess.run(
        ["node", script, shutil.which("firefox-esr"), bench.url, labels],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    seen = json.loads(done.stdout)
    assert seen["errors"] == []
    assert "firefox" in seen["version"].lower()
    nick_name = profile("complete")["nick_name"]
    assert json.loads(seen["signed"])["nick_name"] == nick_name
    assert seen["moral"] == "nickname"
    assert seen["different"] == 2  # ≠ on either side of ours
    (row,) = bench.rows()
    assert row["nick_name"] == nick_name
