"""The ten steps in order. Each is one file, named after the function that completes the step.

A file holds the check and, in STEP, everything the terminal says about it in both languages.
"""

from collections.abc import Collection

from ..participant import Source
from . import (
    build_request,
    exchange_code,
    fetch_profile,
    fetch_with_refresh,
    read_answer,
    read_callback,
    save_member,
    sign,
    signed_part,
    string_to_sign,
)
from .base import Step

STEPS = (
    string_to_sign.STEP,
    sign.STEP,
    build_request.STEP,
    exchange_code.STEP,
    signed_part.STEP,
    read_answer.STEP,
    fetch_profile.STEP,
    save_member.STEP,
    fetch_with_refresh.STEP,
    read_callback.STEP,
)
FUNCTIONS = tuple(name for step in STEPS for name in step.functions)


def find_step(word: str) -> Step | None:
    """A step by its number, its name or one of its functions."""
    for step in STEPS:
        if word.lower() in (str(step.number), step.name, *step.functions):
            return step
    return None


def written_steps(source: Source) -> list[Step]:
    """The steps whose functions are all written."""
    return [step for step in STEPS if all(map(source.is_written, step.functions))]


def own_functions(step: Step, skipped: Collection[int]) -> list[str]:
    """The functions of the participant that are used while a step is checked."""
    return [
        name
        for earlier in STEPS
        if earlier.number <= step.number and earlier.number not in skipped
        for name in earlier.functions
    ]
