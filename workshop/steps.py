"""The steps: which functions each asks for, and the check. words/ has what is said of them."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .checks import (
    build_request as request,
    exchange_code as exchange,
    fetch_profile as profile,
    fetch_with_refresh as refresh,
    read_answer as verified,
    read_callback as web,
    save_member as persist,
    signed_part as answer,
    string_to_sign as signing,
)
from .participant import Functions, Source
from .testbed import Lab

HERE = Path(__file__).resolve().parent
SERVED = 8  # steps that `serve` uses: refresh and state belong to the app


@dataclass(frozen=True)
class Step:
    """One step: its name in words/, the functions to write, the check that ends with them."""

    number: int
    name: str
    functions: tuple[str, ...]
    check: Callable[[Functions, Lab], None]


STEPS = (
    Step(1, "string-to-sign", ("string_to_sign",), signing.string_to_sign),
    Step(2, "sign", ("sign",), signing.sign),
    Step(3, "request", ("build_request",), request.build_request),
    Step(4, "exchange", ("call", "exchange_code"), exchange.exchange_code),
    Step(5, "signed-part", ("signed_part",), answer.signed_part),
    Step(6, "verify", ("verify", "read_answer"), verified.read_answer),
    Step(7, "profile", ("fetch_profile",), profile.fetch_profile),
    Step(8, "persist", ("save_member",), persist.save_member),
    Step(9, "refresh", ("fetch_with_refresh",), refresh.fetch_with_refresh),
    Step(10, "state", ("authorize_url", "read_callback"), web.read_callback),
)
FUNCTIONS = tuple(name for step in STEPS for name in step.functions)


def step_of(word: str) -> Step | None:
    """The step that a person means by its number, its name or one of its functions."""
    for step in STEPS:
        if word.lower() in (str(step.number), step.name, *step.functions):
            return step
    return None


def written_steps(path: Path) -> list[Step]:
    """The steps all of whose functions are written; of a file that can't be read, every step."""
    try:
        source = Source(path)
    except (OSError, SyntaxError, ValueError):
        return list(STEPS)
    return [step for step in STEPS if all(map(source.is_written, step.functions))]


def own_functions(step: Step, skipped: Collection[int]) -> list[str]:
    """Whose the functions are while a step is checked: theirs up to it, but those they skipped."""
    return [
        name
        for earlier in STEPS
        if earlier.number <= step.number and earlier.number not in skipped
        for name in earlier.functions
    ]


@cache
def words(name: str) -> dict[str, Any]:
    """What words/ says of a step: title, task, why, look, hints, same and mistakes."""
    path = HERE / "words" / f"{name}.json"
    read: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return read


def told(step: str, what: str, lang: str) -> str:
    """One of a step's sentences: title, task, why or look."""
    return str(words(step)[what][lang])


def sentence_of(step: str, mistake: str, lang: str, values: Mapping[str, str]) -> str:
    """What a mistake is: the step's own sentence, or that for every step."""
    own = words(step)["mistakes"] if step else {}
    both = own.get(mistake) or words("any")["mistakes"][mistake]
    text = str(both[lang])
    for name, value in values.items():  # a sentence may have braces of its own: str.format won't do
        text = text.replace(f"{{{name}}}", value)
    return text
