"""Whoever keeps only the app runs `rm -r` once: what is left starts, and all its checks pass."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import production
from helpers import NOT_OURS, ROOT, needs, needs_emulator

DELETED = (
    "emulator",
    "workbench",
    "workshop",
    "tests/emulator",
    "tests/workbench",
    "tests/workshop",
)


@pytest.fixture
def copy():
    """The project after the `rm -r`, and without what is not in the repository.

    Not in tmp_path: tracebacks there would name the folders in which its own tests hide things.
    """
    with tempfile.TemporaryDirectory(prefix="without-emulator-") as folder:
        yield copy_into(Path(folder) / "project")


@pytest.fixture
def copy_without_workshop():
    """The project without workshop/ alone: whoever has learned enough keeps the workbench."""
    with tempfile.TemporaryDirectory(prefix="without-workshop-") as folder:
        yield copy_into(Path(folder) / "project", ["workshop"])


def copy_into(folder, deleted=DELETED):
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_OURS))
    for name in deleted:
        if (folder / name).is_dir():
            shutil.rmtree(folder / name)
    if (ROOT / "tests/node_modules").is_dir():
        (folder / "tests/node_modules").symlink_to(ROOT / "tests/node_modules")
    return folder


def run(folder, *command):
    """Run a command in `folder`; (exit status, what it said)."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"},
        capture_output=True,
        encoding="utf-8",
        timeout=900,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


START = """
import sys, app

browser = app.create_app().test_client()
paths = ("/", "/login", "/member", "/healthz", "/api/member")
print([browser.get(path).status_code for path in paths])
assert "emulator" not in sys.modules
"""
# Without the emulator, these tests run in such a copy already.
pytestmark = [needs_emulator, pytest.mark.long]


def test_app_without_the_emulator_starts_with_production_settings(copy):
    text = "".join(f"{name}={value}\n" for name, value in production.web_values().items())
    (copy / ".env").write_text(text, encoding="utf-8")
    assert run(copy, sys.executable, "-c", START) == (0, "[200, 302, 401, 200, 401]\n")


def test_app_without_the_emulator_and_without_settings_says_what_to_set(copy):
    english = "app.py: emulator/ was deleted: set ALIPAY_ENV and the rest, see .env.example\n"
    chinese = "emulator/ 已删除：设置 ALIPAY_ENV 等项，见 .env.example\n"
    assert run(copy, sys.executable, "app.py") == (1, english + chinese)


def test_tests_that_are_left_pass_without_the_emulator(copy):
    slow = "changed_byte or sixteen_writers"  # the library's own; they have run outside
    options = ["-q", "-n", "2", "-p", "no:cacheprovider", "-k", f"not ({slow})"]
    status, said = run(copy, sys.executable, "-m", "pytest", *options)
    assert status == 0, said
    passed, skipped = re.search(r"(\d+) passed, (\d+) skipped", said).groups()
    assert int(passed) > 400
    assert int(skipped) > 100
    assert "emulator/ was deleted" in said


@pytest.mark.parametrize("check", [["check"], ["format", "--check"]], ids=["check", "format"])
def test_linter_passes_without_the_emulator(copy, check):
    status, said = run(copy, sys.executable, "-m", "ruff", *check, "--no-cache", ".")
    assert status == 0, said


def test_type_checker_passes_without_the_emulator(copy):
    status, said = run(copy, sys.executable, "-m", "mypy")
    assert status == 0, said


@needs("node", "eslint", "prettier", "typescript")
@pytest.mark.parametrize("script", ["types", "lint", "format"])
def test_checks_of_javascript_pass_without_the_emulator(copy, script):
    status, said = run(copy, "npm", "run", "--silent", "--prefix", "tests", script)
    assert status == 0, said


WORKBENCH = """
import app
import workbench
from emulator import run
from workbench.watched_store import WatchedStore
from server.settings import Settings
from pathlib import Path

with run() as alipay:
    settings = Settings.load(Path.cwd(), values=alipay.settings())
    site = app.create_app(settings, store=WatchedStore(settings.database_url))
    workbench.attach(site)
    browser = site.test_client()
    answer = browser.get("/workbench/", base_url="http://127.0.0.1:8000")
    print(answer.status_code)
"""


@pytest.mark.skipif(not (ROOT / "workshop").is_dir(), reason="workshop/ was deleted")
def test_the_workbench_and_its_tests_do_without_the_workshop(copy_without_workshop):
    folder = copy_without_workshop
    assert run(folder, sys.executable, "-c", WORKBENCH) == (0, "200\n")
    linted = run(folder, sys.executable, "-m", "ruff", "check", "--no-cache", ".")
    assert linted[0] == 0, linted[1]
    tests = ["tests/test_rules.py", "tests/workbench/test_frames.py", "tests/workshop"]
    options = ["-q", "-n", "0", "-p", "no:cacheprovider"]
    status, said = run(folder, sys.executable, "-m", "pytest", *options, *tests)
    assert status == 0, said
    status, said = run(folder, sys.executable, "-m", "pytest", "--collect-only", *options)
    assert status == 0, said
