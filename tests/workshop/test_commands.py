"""The command line: what it shows, by its table of sentences, and what it remembers."""

import os
import queue
import re
import subprocess
import sys
import threading
import time

import pytest

from files import half_written, with_body, written_up_to
from helpers import ROOT
from workshop import commands, terminal
from workshop.checks import STEPS
from workshop.checks.base import COMMON_ERRORS
from workshop.participant import SOLUTION, STARTER
from workshop.progress import load_progress
from workshop.runner import check_all
from workshop.texts import TEXTS

SECONDS = 60  # how long a busy machine may take


def says(key, output, lang="en", **values):
    """Whether the output has a sentence of TEXTS; placeholders that are not given may be anything.

    Lines may wrap anywhere, so white space does not count.
    """
    pattern = ""
    for at, part in enumerate(re.split(r"\{(\w+)\}", TEXTS[key][lang])):
        if at % 2 and part not in values:
            pattern += ".+?"
            continue
        pattern += re.escape(squeezed(str(values[part]) if at % 2 else part))
    return bool(re.search(pattern, squeezed(output)))


def squeezed(text):
    return "".join(text.split())


@pytest.fixture
def run(file, capsys, testbed, monkeypatch):
    """run("hint") → (exit status, output), in English; the checks run in this process."""

    def run_here(path, skipped):
        return list(check_all(path, skipped, testbed, lambda _: None, try_skipped=True))

    monkeypatch.setattr(commands, "run_with_skipped", run_here)

    def call(*words, lang="en"):
        status = commands.main([*words, "--file", str(file), "--lang", lang])
        return status, capsys.readouterr().out

    return call


def write(file, text):
    file.write_text(text, encoding="utf-8")


def title(number, lang="en"):
    return STEPS[number - 1].title[lang]


# ── one run ──


def test_once_shows_the_first_step_and_fails(run, file):
    status, output = run("--once")
    assert status == 1
    assert says("step", output, number=1, count=10, title=title(1))
    assert COMMON_ERRORS["todo"]["en"].format(function="string_to_sign") in output
    assert f"{file}:" in output
    assert "[..........] 0/10" in output
    assert "hint" in output.splitlines()[-1]
    assert "\x1b" not in output  # this is not a terminal


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_once_with_everything_solved_succeeds(run, file, lang):
    write(file, SOLUTION.read_text("utf-8"))
    status, output = run("--once", lang=lang)
    assert status == 0
    assert says("passed", output, lang, number=10, title=title(10, lang))
    assert says("all-passed", output, lang)
    assert "[##########] 10/10" in output
    assert not says("passed", run("--once", lang=lang)[1], lang)  # not new any more


def test_an_error_shows_expected_actual_why_and_where_to_look(run, file):
    write(file, with_body(written_up_to(0), "string_to_sign", "return str(parameters)"))
    status, output = run("--once")
    assert status == 1
    for label in ("expected", "actual", "why", "look"):
        assert f"    {TEXTS[label]['en']} " in output
    assert "app_id=demo-mini&method=alipay.user.info.share&version=1.0" in output
    assert "https://opendocs.alipay.com/" in output


def test_an_error_without_details_leaves_one_blank_line(run, file):
    body = """
    query, body = build_request(app, method, business, time.time(), auth_token)
    url = f"{app.gateway_url}?{query}"
    return read_answer(app, method, app.session.post(url, data=body, headers=FORM).content)
    """
    write(file, half_written(4, body))
    output = run("--once")[1]
    assert squeezed(STEPS[3].errors["no-timeout"]["en"]) in squeezed(output)
    assert "\n\n\n" not in output


# ── in a process of its own ──


def test_an_encoding_without_chinese_gets_english(file):
    env = os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "workshop", "list", "--lang", "zh", "--file", str(file)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert title(1).encode() in done.stdout


def test_a_python_without_the_packages_learns_which_to_use():
    command = [sys.executable, "-S", "-m", "workshop"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert "-m workshop" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_first_run_makes_the_participants_file_and_later_runs_leave_it(monkeypatch, file):
    monkeypatch.setattr(commands, "MEMBER_INFO", file)
    file.unlink()
    assert commands.main(["list"]) == 0
    assert file.read_text("utf-8") == STARTER.read_text("utf-8")
    write(file, written_up_to(1))
    assert commands.main(["list"]) == 0
    assert file.read_text("utf-8") == written_up_to(1)


# ── hint, skip, list, reset ──


def test_hints_come_one_after_the_other_then_the_place_of_the_solution(run):
    outputs = [run("hint")[1] for _ in range(4)]
    for number, output in enumerate(outputs[:3], 1):
        assert says("hint", output, number=number, count=3)
        assert says("last-hint", output) == (number == 3)
    assert "workshop/solution.py:" in outputs[2]
    assert outputs[3] == outputs[2]


def test_a_hint_of_another_step_can_be_asked_for(run):
    assert f"· {title(7)}" in run("hint", "7")[1]
    assert f"· {title(1)}" in run("hint")[1]
    status, output = run("hint", "12")
    assert status == 2
    assert says("no-such-step", output, word="12", count=10)


def test_skip_goes_on_and_list_shows_the_states(run, file):
    assert says("skipped", run("skip")[1], number=1, title=title(1))
    lines = run("list")[1].splitlines()
    assert lines[0].endswith(TEXTS["state-skipped"]["en"])
    assert lines[1].endswith(TEXTS["state-current"]["en"])
    assert load_progress(file).skipped == [1]
    assert title(2, "zh") in run("hint", lang="zh")[1]


def test_skipping_everything_leaves_nothing(run):
    for _ in range(10):
        run("skip")
    assert says("nothing-left", run("skip")[1])
    assert says("nothing-left", run("hint")[1])


def test_a_superfluous_step_is_refused(run, capsys):
    with pytest.raises(SystemExit):
        run("skip", "7")
    assert "7" in capsys.readouterr().err


def test_reset_keeps_the_old_text_in_another_file(run, file):
    write(file, SOLUTION.read_text("utf-8"))
    status, output = run("reset", "2")
    assert status == 0
    assert says("reset", output, functions="sign")
    assert "raise NotImplementedError" in file.read_text("utf-8")
    assert run("reset", "all")[0] == 0
    assert file.with_suffix(".old1").read_text("utf-8") == SOLUTION.read_text("utf-8")
    assert file.with_suffix(".old2").exists()
    assert file.read_text("utf-8") == STARTER.read_text("utf-8")


def test_reset_forgets_what_is_known_of_the_step(run, file):
    write(file, written_up_to(2))
    run("--once")
    run("hint", "2")
    run("reset", "2")
    progress = load_progress(file)
    assert (progress.passed, progress.hints) == ([1], {})


@pytest.mark.parametrize("words", [["reset"], ["reset", "12"]])
def test_reset_of_no_step_changes_nothing(run, file, words):
    before = file.read_text("utf-8")
    assert run(*words)[0] == 2
    assert file.read_text("utf-8") == before


# ── what is remembered ──


def test_the_language_is_remembered(file, capsys):
    commands.main(["list", "--file", str(file), "--lang", "zh"])
    capsys.readouterr()
    commands.main(["list", "--file", str(file)])
    assert title(1, "zh") in capsys.readouterr().out


def test_damaged_progress_is_begun_anew(run, file):
    load_progress(file).path.write_text("{", encoding="utf-8")
    assert run("list")[1].splitlines()[0].endswith(TEXTS["state-current"]["en"])


def test_a_skipped_step_counts_once_it_passes(run, file):
    run("skip")
    write(file, written_up_to(1))
    assert "[#.........] 1/10" in run("--once")[1]
    assert load_progress(file).skipped == []


def test_a_syntax_error_costs_no_step(run, file):
    write(file, written_up_to(2))
    run("--once")
    write(file, written_up_to(2) + "\nwhile True\n")
    status, output = run("--once")
    assert status == 1
    assert not says("step", output)
    assert "[##........] 2/10" in output


def test_a_step_that_breaks_again_costs_itself_alone(run, file):
    solution = SOLUTION.read_text("utf-8")
    write(file, solution)
    run("--once")
    write(file, with_body(solution, "string_to_sign", "return ''"))
    status, output = run("--once")
    assert status == 1
    assert says("step", output, number=1)
    assert "[.#########] 9/10" in output
    write(file, solution)
    status, output = run("--once")
    assert status == 0
    assert says("passed", output, number=1)
    assert not says("passed", output, number=2)


def test_a_step_that_is_no_longer_written_has_no_longer_passed(run, file):
    write(file, SOLUTION.read_text("utf-8"))
    run("--once")
    write(file, written_up_to(3))
    assert "[###.......] 3/10" in run("--once")[1]


# ── watching ──


class Watching:
    """python -m workshop in a process of its own, and its lines."""

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

    def until(self, key, **values):
        """Wait for a sentence of TEXTS."""
        end = time.monotonic() + SECONDS
        seen = ""
        while time.monotonic() < end:
            try:
                line = self.lines.get(timeout=1)
            except queue.Empty:
                continue
            seen += line
            if says(key, line, **values):
                return
        pytest.fail(f"no {key} {values} in: {seen}")


@pytest.fixture
def watching(file):
    running = Watching(file)
    yield running
    running.process.terminate()
    running.process.wait(timeout=SECONDS)
    running.process.stdout.close()


def test_watch_notices_a_save_and_a_skip(watching, file):
    watching.until("step", number=1)
    watching.until("commands", number=1)
    write(file, written_up_to(1))
    watching.until("passed", number=1)
    watching.until("step", number=2)
    watching.until("commands", number=2)
    commands.main(["skip", "--file", str(file)])  # in another window
    watching.until("step", number=3)


# ── ready, and how commands are quoted ──


def test_ready_shows_line_by_line_what_is_there(run):
    from test_readme import free_port

    _, output = run("ready", "--port", str(free_port()))
    lines = output.splitlines()
    assert [line[0] for line in lines[:5]] == ["✓"] * 5
    assert says("ready-python", lines[0])
    assert says("ready-emulator", lines[4])


def test_ready_says_what_to_mend(run, emulator):
    port = emulator.url.rpartition(":")[2]
    status, output = run("ready", "--port", port)
    assert status == 1
    assert says("ready-port", output, port=port)
    assert says("mend-port", output)
    assert says("ready-no", output)


@pytest.mark.parametrize(
    ("executable", "on_path", "command"),
    [
        (".venv/bin/python", None, ".venv/bin/python -m workshop"),
        (".venv/bin/python", ".venv/bin/python", "python -m workshop"),
        ("my venv/bin/python", None, '"my venv/bin/python" -m workshop'),
    ],
)
def test_commands_are_quoted_with_the_running_python(
    tmp_path, monkeypatch, executable, on_path, command
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(terminal.sys, "executable", str(tmp_path / executable))
    found = str(tmp_path / on_path) if on_path else "elsewhere"
    monkeypatch.setattr(terminal.shutil, "which", lambda name: found)
    assert terminal.command() == command
