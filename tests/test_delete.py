"""Whoever keeps only the app runs `rm -r` once: what is left starts, and all its checks pass."""

import os
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
    """The project without the workshop alone: whoever has learned enough keeps the workbench."""
    with tempfile.TemporaryDirectory(prefix="without-workshop-") as folder:
        yield copy_into(Path(folder) / "project", ["workshop", "tests/workshop"])


def copy_into(folder, deleted=DELETED):
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_OURS))
    for name in deleted:
        if (folder / name).is_dir():
            shutil.rmtree(folder / name)
    if (ROOT / "tests/node_modules").is_dir():
        (folder / "tests/node_modules").symlink_to(ROOT / "tests/node_modules")
    return folder


def run(folder, *command):
    """Run a command in `folder`; its exit status and output."""
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


def test_app_without_the_emulator_and_without_settings_names_what_to_set(copy):
    status, output = run(copy, sys.executable, "app.py")
    assert status == 1
    assert "ALIPAY_ENV" in output
    assert ".env.example" in output
    assert "Traceback" not in output


def test_tests_that_are_left_pass_without_the_emulator(copy):
    slow = "changed_byte or sixteen_writers"  # the library's own; they have run outside
    options = ["-q", "-n", "2", "-p", "no:cacheprovider", "-k", f"not ({slow})"]
    status, output = run(copy, sys.executable, "-m", "pytest", *options)
    assert status == 0, output
    assert "emulator/ was deleted" in output  # why the others skip


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "--no-cache", "."],
        ["ruff", "format", "--check", "--no-cache", "."],
        ["mypy"],
    ],
    ids=["lint", "format", "types"],
)
def test_checks_of_python_pass_without_the_emulator(copy, command):
    status, output = run(copy, sys.executable, "-m", *command)
    assert status == 0, output


@needs("node", "eslint", "prettier", "typescript")
@pytest.mark.parametrize("script", ["types", "lint", "format"])
def test_checks_of_javascript_pass_without_the_emulator(copy, script):
    status, output = run(copy, "npm", "run", "--silent", "--prefix", "tests", script)
    assert status == 0, output


@pytest.mark.skipif(not (ROOT / "workshop").is_dir(), reason="workshop/ was deleted")
def test_the_workbench_and_its_tests_do_without_the_workshop(copy_without_workshop):
    folder = copy_without_workshop
    assert run(folder, sys.executable, "-c", "import workbench, server.cli") == (0, "")
    status, output = run(folder, sys.executable, "-m", "ruff", "check", "--no-cache", ".")
    assert status == 0, output
    options = ["-q", "-n", "0", "-p", "no:cacheprovider"]
    status, output = run(folder, sys.executable, "-m", "pytest", *options, "tests/test_rules.py")
    assert status == 0, output
    status, output = run(folder, sys.executable, "-m", "pytest", "--collect-only", *options)
    assert status == 0, output
