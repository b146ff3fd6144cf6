"""The command line, in processes of their own where a check runs: hangs, ends, saves."""

import os
import queue
import subprocess
import sys
import threading
import time

import pytest

from files import with_body, written_up_to
from helpers import ROOT
from workshop.commands import main
from workshop.participant import SOLUTION, STARTER
from workshop.progress import load_progress
from workshop.runner import run_checks

SECONDS = 60  # how long a busy machine may take


@pytest.fixture
def file(tmp_path):
    """A participant's file, in a folder with a space in its name."""
    folder = tmp_path / "my workshop"
    folder.mkdir()
    path = folder / "member_info.py"
    path.write_text(STARTER.read_text("utf-8"), encoding="utf-8")
    return path


@pytest.fixture
def run(file, capsys):
    """run("hint") → (exit status, what it said), in English."""

    def call(*words, lang="en"):
        status = main([*words, "--file", str(file), "--lang", lang])
        return status, capsys.readouterr().out

    return call


def solved(file):
    file.write_text(SOLUTION.read_text("utf-8"), encoding="utf-8")


# ── one run ──


def test_once_tells_the_first_step_and_fails(run, file):
    status, said = run("--once")
    assert status == 1
    assert "Step 1 of 10 · The string to sign" in said
    assert "string_to_sign is not written yet." in said
    assert f"{file}:" in said
    assert "[..........] 0/10" in said
    assert "\x1b" not in said  # this is no terminal


def test_once_with_everything_solved_succeeds(run, file):
    solved(file)
    status, said = run("--once", lang="zh")
    assert status == 0
    assert "第 10 步通过" in said
    assert "workshop serve" in said
    assert "[##########] 10/10" in said
    _, again = run("--once")
    assert "Step 10 passed" not in again  # only what is new is told


def test_a_wrong_answer_is_told_with_expected_came_why_and_where_to_look(run, file):
    text = with_body(written_up_to(0), "string_to_sign", ["return str(parameters)"])
    file.write_text(text, encoding="utf-8")
    status, said = run("--once")
    assert status == 1
    for label in ("expected", "came", "why", "look"):
        assert f"    {label} " in said
    assert "app_id=demo-mini&method=alipay.user.info.share&version=1.0" in said
    assert "https://opendocs.alipay.com/" in said


@pytest.mark.parametrize(
    "body",
    [
        ["while True:", "    pass"],
        ["import threading", "threading.Event().wait()"],
    ],
)
def test_a_function_that_hangs_is_told_with_its_line(file, body):
    file.write_text(with_body(written_up_to(0), "string_to_sign", body), encoding="utf-8")
    (result,) = run_checks(file, limit=1)
    assert (result.step, result.mistake) == ("string-to-sign", "hangs")
    assert result.source in (body[-1].strip(), body[0])


def test_a_process_that_is_ended_is_told(file):
    body = ["import os", "os._exit(0)"]
    file.write_text(with_body(written_up_to(1), "sign", body), encoding="utf-8")
    first, last = run_checks(file)
    assert first.mistake is None
    assert (last.step, last.mistake) == ("sign", "process-ended")


def test_a_broken_terminal_encoding_breaks_nothing(file):
    env = os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "workshop", "list", "--lang", "zh", "--file", str(file)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"The string to sign" in done.stdout  # Chinese can't be shown there


def test_a_python_without_the_packages_is_told_which_to_use():
    command = [sys.executable, "-S", "-m", "workshop"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert "is missing" in done.stderr
    assert "-m workshop" in done.stderr
    assert "Traceback" not in done.stderr


# ── hint, skip, list, reset ──


def test_hints_come_one_after_the_other_then_where_the_answer_stands(run):
    said = [run("hint")[1] for _ in range(4)]
    assert "Hint 1 of 3" in said[0]
    assert "Hint 2 of 3" in said[1]
    assert "solution.py" not in said[1]
    assert "workshop/solution.py:" in said[2]
    assert said[3] == said[2]


def test_skip_goes_on_and_list_shows_where_one_is(run, file):
    assert "Step 1 is skipped" in run("skip")[1]
    listed = run("list")[1].splitlines()
    assert listed[0].endswith("· skipped")
    assert listed[1].endswith("· now")
    assert load_progress(file).skipped == [1]
    assert "提示 1/3 · 签名" in run("hint", lang="zh")[1]


def test_skipping_everything_leaves_nothing(run):
    for _ in range(10):
        run("skip")
    assert "no step left" in run("skip")[1]
    assert "no step left" in run("hint")[1]


def test_reset_keeps_what_was_written_beside_it(run, file):
    solved(file)
    status, said = run("reset", "2")
    assert (status, "sign: as at the start" in said) == (0, True)
    assert file.with_suffix(".old1").read_text("utf-8") == SOLUTION.read_text("utf-8")
    assert "raise NotImplementedError" in file.read_text("utf-8")
    assert run("reset", "all")[0] == 0
    assert file.with_suffix(".old1").read_text("utf-8") == SOLUTION.read_text("utf-8")
    assert file.with_suffix(".old2").exists()
    assert file.read_text("utf-8") == STARTER.read_text("utf-8")


@pytest.mark.parametrize("words", [["reset"], ["reset", "12"]])
def test_reset_of_no_step_changes_nothing(run, file, words):
    before = file.read_text("utf-8")
    status, said = run(*words)
    assert status == 2
    assert "all" in said
    assert file.read_text("utf-8") == before


def test_the_language_is_remembered(file, capsys):
    main(["list", "--file", str(file), "--lang", "zh"])
    capsys.readouterr()
    main(["list", "--file", str(file)])
    assert "待签名字符串" in capsys.readouterr().out


def test_damaged_progress_is_begun_anew(run, file):
    load_progress(file).path.write_text("{", encoding="utf-8")
    assert "· now" in run("list")[1].splitlines()[0]


# ── watching ──


class Watched:
    """python -m workshop in a process of its own, and the lines that it says."""

    def __init__(self, file):
        command = [sys.executable, "-m", "workshop", "--lang", "en", "--file", str(file)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)

    def until(self, text):
        """Wait for a line with this text."""
        end = time.monotonic() + SECONDS
        said = []
        while time.monotonic() < end:
            try:
                said.append(self.lines.get(timeout=1))
            except queue.Empty:
                continue
            if text in said[-1]:
                return
        pytest.fail(f"{text} was not said: {''.join(said)}")


@pytest.fixture
def watched(file):
    running = Watched(file)
    yield running
    running.process.terminate()
    running.process.wait(timeout=SECONDS)
    running.process.stdout.close()


def test_watch_sees_a_save_and_a_skip(watched, file):
    watched.until("Step 1 of 10")
    watched.until("reset 1")
    file.write_text(written_up_to(1), encoding="utf-8")
    watched.until("Step 1 passed")
    watched.until("Step 2 of 10")
    watched.until("reset 2")
    main(["skip", "--file", str(file)])  # in another window
    watched.until("Step 3 of 10")


def test_ready_says_line_by_line_what_is_there(run, file):
    from test_readme import free_port

    _, said = run("ready", "--port", str(free_port()))
    lines = said.splitlines()
    assert [line[0] for line in lines[:5]] == ["✓"] * 5
    assert "Python" in lines[0]
    assert "emulated Alipay" in lines[4]


def test_ready_says_what_to_mend(run, emulator):
    status, said = run("ready", "--port", emulator.url.rpartition(":")[2])
    assert status == 1
    assert "✗ Port" in said
    assert "serve --port" in said
    assert "Not ready" in said
