"""The checks: the solution passes, each wrong answer gets its own message and no other's."""

import os
import time
from pathlib import Path

import pytest

import right_answers
import wrong_answer
import wrong_answers
import wrong_call
import wrong_request
import wrong_row
import wrong_signing
import wrong_state
import wrong_store
import wrong_verify
from workshop.checks.base import Wrong
from workshop.participant import SOLUTION, Source
from workshop.steps import FUNCTIONS, STEPS, sentence_of, step_of, words
from wrong import WRONG

MODULES = (
    wrong_signing,
    wrong_request,
    wrong_answers,
    wrong_call,
    wrong_answer,
    wrong_verify,
    wrong_store,
    wrong_row,
    wrong_state,
)


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch):
    """As the child process: a zone far from Beijing, so that local time is noticed."""
    if hasattr(time, "tzset"):
        monkeypatch.setitem(os.environ, "TZ", "XYZ+7")
        time.tzset()
        yield
        monkeypatch.undo()
        time.tzset()
    else:
        yield


def functions_with(name=None, replacement=None):
    """The solution's functions; one of them replaced, for whoever calls it, too."""
    functions = Source(SOLUTION).functions(FUNCTIONS, FUNCTIONS)
    if name:
        functions.call.__globals__[name] = replacement
        setattr(functions, name, replacement)
    return functions


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_the_solution_passes(step, lab):
    step.check(functions_with(), lab)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_another_right_answer_passes(step, lab):
    text = Path(right_answers.__file__).read_text("utf-8")
    path = Path(right_answers.__file__)
    assert all(f"\ndef {name}(" in text for name in FUNCTIONS)
    step.check(Source(path).functions(FUNCTIONS, FUNCTIONS), lab)


def name_of(value):
    return getattr(value, "__name__", value)


@pytest.mark.parametrize(("step", "mistake", "name", "replacement"), WRONG, ids=name_of)
def test_a_wrong_answer_is_told_by_its_own_message(lab, step, mistake, name, replacement):
    with pytest.raises(Wrong) as found:
        step_of(step).check(functions_with(name, replacement), lab)
    assert found.value.mistake == mistake
    values = {key: str(value) for key, value in found.value.values.items()}
    for lang in ("zh", "en"):
        assert sentence_of(step, mistake, lang, values)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_each_step_has_at_least_two_wrong_answers_with_a_message_of_their_own(step):
    own = words(step.name)["mistakes"]
    assert len({mistake for name, mistake, _, _ in WRONG if name == step.name} & own.keys()) >= 2
