"""Progress: what is remembered between two runs, in a file beside the participant's."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .checks import STEPS, find_step, written_steps
from .checks.base import Step
from .participant import Source
from .runner import Result

NAME = ".progress.json"
FILE_ERRORS = ("syntax", "not-utf-8", "no-file")  # these say nothing about a step


@dataclass
class Progress:
    """The chosen language; passed and skipped steps by number, hints shown by the step's name."""

    path: Path
    lang: str | None = None
    passed: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    hints: dict[str, int] = field(default_factory=dict)

    def save(self) -> None:
        """Write the file. In a read-only folder nothing is remembered, but all else works."""
        values = asdict(self)
        del values["path"]
        with suppress(OSError):
            self.path.write_text(json.dumps(values), encoding="utf-8")

    def current_step(self) -> Step | None:
        """The first step that is neither passed nor skipped."""
        for step in STEPS:
            if step.number not in self.passed and step.number not in self.skipped:
                return step
        return None

    def record(self, results: Sequence[Result], path: Path) -> list[Step]:
        """Save which steps pass; return those that did not pass before.

        Steps after the first failing one are not checked: one that passed before and is still
        written keeps that state.
        """
        passing = [find_step(result.step) for result in results if not result.error]
        newly = [step for step in passing if step and step.number not in self.passed]
        failing = {result.step for result in results if result.error not in (None, *FILE_ERRORS)}
        passed = {step.number for step in passing if step}
        self.skipped = [number for number in self.skipped if number not in passed]
        try:
            written: Sequence[Step] = written_steps(Source(path))
        except (OSError, SyntaxError, ValueError):
            written = STEPS
        passed |= {
            step.number
            for step in written
            if step.name not in failing and step.number in self.passed
        }
        self.passed = sorted(passed)
        self.save()
        return newly

    def forget(self, step: Step) -> None:
        """Forget whether the step passed or was skipped, and its hints."""
        self.passed = [number for number in self.passed if number != step.number]
        self.skipped = [number for number in self.skipped if number != step.number]
        self.hints.pop(step.name, None)


def load_progress(member_info: Path) -> Progress:
    """The progress with this file; a new one if there is none or it can't be read."""
    path = member_info.with_name(NAME)
    try:
        return Progress(path, **json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return Progress(path)
