"""Progress: what is remembered between two runs, in a file beside the participant's."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

NAME = ".progress.json"


@dataclass
class Progress:
    """The language that was asked for, and by step numbers: passed, skipped, hints given."""

    path: Path
    lang: str | None = None
    passed: list[int] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    hints: dict[str, int] = field(default_factory=dict)

    def save(self) -> None:
        """Write the file. A folder that is read-only costs the memory, not the workshop."""
        values = asdict(self)
        del values["path"]
        with suppress(OSError):
            self.path.write_text(json.dumps(values), encoding="utf-8")


def load_progress(member_info: Path) -> Progress:
    """The progress with this file; a new one if there is none, or it can't be read."""
    path = member_info.with_name(NAME)
    try:
        return Progress(path, **json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return Progress(path)
