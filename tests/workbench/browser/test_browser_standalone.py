"""python -m emulator in one process, python app.py in another: the workbench works the same."""

import os
import re
import secrets
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
import requests

from helpers import ROOT, needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
pytestmark = [needs("chromium"), needs_emulator]


@pytest.fixture
def run(tmp_path):
    """run(*arguments, until=…) → a Python process, once it has printed a line that begins so."""
    own = {"DATABASE_URL": f"sqlite:///{tmp_path}/members.db", "SECRET_KEY": secrets.token_hex(32)}
    own["PYTHONIOENCODING"] = "utf-8"
    running = []

    def start(*arguments, until):
        command = [sys.executable, *map(str, arguments)]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env=os.environ | own,
        )
        running.append(process)
        printed = []
        for line in process.stdout:
            printed.append(line)
            if line.startswith(until):
                return process
        raise AssertionError("".join(printed))

    yield start
    for process in reversed(running):
        process.terminate()
        process.communicate()


@pytest.fixture
def standalone(run, tmp_path):
    """The app's address, its emulator's address, and its members' rows by our own connection."""
    file = tmp_path / "demo.env"
    run("-m", "emulator", "--port", 0, "--env-file", file, until="Ctrl-C")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    run("app.py", "--env-file", file, "--port", port, until="Open http")

    def rows():
        with closing(sqlite3.connect(tmp_path / "members.db")) as database:
            return database.execute("SELECT nick_name, city, user_id FROM members").fetchall()

    return f"http://127.0.0.1:{port}", re.search(r"http://[^/]+", file.read_text("utf-8"))[0], rows


@pytest.mark.long
def test_standalone_emulator_serves_the_workbench_with_all_its_switches(standalone, tab):
    from pages import Workbench, profile

    url, emulator, rows = standalone
    page = Workbench(tab, url)
    tab.goto(url)
    expect(tab).to_have_url(re.compile(f"^{url}/workbench/"))
    page.phone.member_centre()
    page.phone.authorise()
    page.phone.saved()
    known = profile("complete")
    assert rows() == [(known["nick_name"], known["city"], None)]
    picture = page.server.field("avatar").locator("img")
    expect(picture).to_have_attribute("src", f"{emulator}/emulator/avatar/complete.svg")
    page.fault("tampered")
    page.phone.update()
    page.broke_with("signature:tampered")
    faults = requests.get(f"{emulator}/emulator/faults", timeout=10).json()
    assert faults["active"]["name"] == "tampered"
    page.mend()
    page.fault("consent-revoked")
    page.phone.go_on()
    page.phone.answer("agree")
    page.phone.saved()
    page.identify_by("user_id")
    page.phone.member_centre()
    page.hand_to("sandbox-buyer")
    page.phone.member_centre()
    assert rows()[-1] == (None, None, "2088102175794899")
    page.reset()
    page.phone.member_centre()
    assert rows() == [(None, None, None)]
    state = requests.get(f"{emulator}/emulator/members", timeout=10).json()
    assert state["identity"] == "open_id"
    assert all(member["consented"] == [] for member in state["members"])
