"""The checks: right answers pass, and each wrong answer gets its own error and no other."""

import ast
import os
import re
import sys
import time
from pathlib import Path

import pytest
import requests

import emulator
import right_answers
from files import with_change
from helpers import ROOT
from workshop.checks import FUNCTIONS, STEPS, find_step
from workshop.checks.base import COMMON_ERRORS, CheckError
from workshop.participant import SOLUTION, STARTER, Source
from workshop.provided import FIELDS
from wrong_answers import PRELUDE, WRONG_ANSWERS

LANGUAGES = {"zh", "en"}


@pytest.fixture(autouse=True)
def foreign_time_zone(monkeypatch):
    """As in the child process: far from Beijing, so that local time is noticed."""
    if not hasattr(time, "tzset"):
        yield
        return
    monkeypatch.setitem(os.environ, "TZ", "XYZ+7")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("path", [SOLUTION, Path(right_answers.__file__)], ids=lambda p: p.stem)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_right_answers_pass(step, path, testbed):
    source = Source(path)
    assert all(map(source.is_written, FUNCTIONS))
    step.check(source.functions(FUNCTIONS, FUNCTIONS), testbed)


@pytest.mark.parametrize(
    ("function", "key", "change"),
    WRONG_ANSWERS,
    ids=[f"{function}-{key}" for function, key, _ in WRONG_ANSWERS],
)
def test_a_wrong_answer_gets_its_own_error(testbed, tmp_path, function, key, change):
    path = tmp_path / "member_info.py"
    solution = SOLUTION.read_text("utf-8")
    text = with_change(solution, function, change)
    marker = "# ── step 1"
    path.write_text(text.replace(marker, f"{PRELUDE}\n\n{marker}", 1), encoding="utf-8")
    step = find_step(function)
    with pytest.raises(CheckError) as found:
        step.check(Source(path).functions(FUNCTIONS, FUNCTIONS), testbed)
    assert found.value.key == key
    values = {name: str(value) for name, value in found.value.values.items()}
    for lang in LANGUAGES:
        assert not re.search(
            r"\{(function|name|names|error|body|token)\}", step.error_text(key, lang, values)
        )


# ── the steps' tables ──


def test_every_sentence_is_there_in_both_languages():
    texts = [*COMMON_ERRORS.values()]
    for step in STEPS:
        texts += [step.title, step.task, step.why, step.look, *step.hints, *step.errors.values()]
    assert [text for text in texts if text.keys() != LANGUAGES or not all(text.values())] == []


def test_every_error_with_a_sentence_of_its_own_has_a_wrong_answer():
    tried = {(find_step(function).name, key) for function, key, _ in WRONG_ANSWERS}
    assert [
        (step.name, key) for step in STEPS for key in step.errors if (step.name, key) not in tried
    ] == []


def test_every_key_that_a_check_or_the_runner_raises_has_a_sentence():
    raised = r'(?:CheckError\(|Result\([\w.]+,)\s*"([a-z0-9-]+)"'
    missing = []
    for step in STEPS:
        source = (ROOT / step.check.__module__.replace(".", "/")).with_suffix(".py")
        keys = re.findall(raised, source.read_text("utf-8"))
        assert keys, source
        missing += [(step.name, key) for key in keys if key not in {*step.errors, *COMMON_ERRORS}]
    runner = re.findall(raised, (ROOT / "workshop/runner.py").read_text("utf-8"))
    assert runner
    missing += [key for key in runner if key not in COMMON_ERRORS]
    assert missing == []


def test_what_a_step_names_is_there():
    for number, step in enumerate(STEPS, 1):
        assert step.number == number
        assert step.check.__module__ == f"workshop.checks.{step.functions[-1]}"
        assert all(name in step.task["en"] for name in step.functions)
        file, _, function = step.compare.partition(" · ")
        assert f"def {function.rpartition('.')[2]}(" in (ROOT / file).read_text("utf-8")
    assert find_step("3") is find_step("request") is find_step("build_request") is STEPS[2]
    assert find_step("11") is None


def test_the_starter_asks_for_what_the_solution_defines():
    def signatures(path):
        functions = [n for n in Source(path).tree.body if isinstance(n, ast.FunctionDef)]
        return [(node.name, ast.unparse(node.args)) for node in functions]

    assert signatures(STARTER) == signatures(SOLUTION)
    assert tuple(name for name, _ in signatures(STARTER)) == FUNCTIONS
    assert not any(map(Source(STARTER).is_written, FUNCTIONS))


def test_the_solution_needs_the_standard_library_requests_and_cryptography_alone():
    imported = set()
    for node in ast.walk(Source(SOLUTION).tree):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    roots = {name.partition(".")[0] for name in imported - {"workshop.provided"}}
    assert roots - set(sys.stdlib_module_names) <= {"requests", "cryptography"}


def test_the_fields_are_those_that_the_library_keeps():
    from alipay_member.models import PROFILE

    assert FIELDS == PROFILE


def test_a_testbed_records_what_reaches_its_own_emulator_alone(testbed):
    with emulator.run() as other:
        requests.get(f"{other.url}/nowhere", timeout=10)
    assert testbed.elsewhere == []
    requests.get(f"{testbed.alipay.url}/nowhere", timeout=10)
    assert testbed.elsewhere == [f"{testbed.alipay.url}/nowhere"]
