"""What faults.json says of each function of faults.py, checked when the emulator is imported."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]


def read_rows(functions: Collection[str]) -> Rows:
    """The rows of faults.json, one for each of these functions, named as faults are.

    Raises LookupError as `check` does.
    """
    folder = Path(__file__).parent
    rows: Rows = json.loads((folder / "faults.json").read_text("utf-8"))
    words = json.loads((folder / "failures.json").read_text("utf-8"))
    check(rows, functions, words["groups"])
    return rows


def check(rows: Rows, functions: Collection[str], groups: Collection[str]) -> None:
    """LookupError names the function or the row that is missing, or the group that is none."""
    names = [row["name"] for row in rows]
    for name in names:
        if name not in functions:
            function = name.replace("-", "_")
            raise LookupError(f"faults.json has {name!r}, faults.py no @fault {function}()")
    for name in functions:
        if name not in names:
            function = name.replace("-", "_")
            raise LookupError(f"faults.py has @fault {function}(), faults.json no {name!r}")
    for row in rows:
        if row["group"] not in groups:
            known = ", ".join(groups)
            raise LookupError(f"{row['name']!r} has the group {row['group']!r}, none of {known}")
