"""The result of a check, as the child process writes it and the parent reads it."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

LONGEST = 4000  # characters of what a function printed


@dataclass
class Result:
    """What came of one step.

    `mistake` is None if it passed, else its name in words/, whose sentence `values` fill in.
    `where` is the line of the participant's file that is meant, `source` its text. `printed` is
    what their functions printed meanwhile.
    """

    step: str
    mistake: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    expected: str | None = None
    came: str | None = None
    where: int | None = None
    source: str = ""
    printed: str = ""

    def to_json(self) -> str:
        """One line, in ASCII: whatever the terminal's encoding is, it arrives."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> "Result":
        """The result that to_json wrote."""
        values: dict[str, Any] = json.loads(line)
        return cls(**values)


def shown(value: object) -> str | None:
    """A value as it is shown: text as it is unless blank, else as Python does; None: nothing."""
    if value is None:
        return None
    return value if isinstance(value, str) and value.strip() else repr(value)
