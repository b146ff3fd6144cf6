"""Running the checks in a child process, so that a function that hangs or ends it can be told."""

import os
import re
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from .result import Result
from .steps import STEPS

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 10.0  # seconds for one step
GRACE = 30.0  # seconds more until the child is given up: it also has to start
ENDED = ("hangs", "process-ended")  # after these no later step was checked
BEGIN = "begin "
ELSEWHERE = "XYZ+7"  # a zone far from Beijing, on every system: who takes local time is noticed


def run_checks(
    path: Path,
    skipped: Collection[int] = (),
    limit: float = LIMIT,
    *,
    to_the_end: bool = False,
    try_skipped: bool = False,
) -> list[Result]:
    """The results of the steps in order, to the first that fails, or of all that can be had.

    `limit`: seconds for each. `try_skipped`: with those of skipped steps that pass all the same.
    """
    how = ("a" if to_the_end else "") + ("s" if try_skipped else "") or "-"
    command = [sys.executable, "-m", "workshop.child", str(path), str(limit), how]
    command += [str(number) for number in sorted(skipped)]
    try:
        done = subprocess.run(  # noqa: S603 (this project's own module)
            command,
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10 * limit + GRACE,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        return results_of(expired.stdout or b"", b"", path)
    return results_of(done.stdout, done.stderr, path)


def run_with_skipped(path: Path, skipped: Collection[int]) -> list[Result]:
    """The results to the first that fails; a skipped step counts if it passes, else it does not.

    Where a skipped one hangs or ends the process, the others are run without it.
    """
    names = {step.name for step in STEPS if step.number in skipped}
    results = run_checks(path, skipped, try_skipped=True)
    if results and results[-1].mistake in ENDED and results[-1].step in names:
        return run_checks(path, skipped)
    return [result for result in results if not (result.mistake and result.step in names)]


def environment() -> dict[str, str]:
    """The child's: this project to import from, UTF-8, a foreign time zone, no proxy."""
    more = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TZ": ELSEWHERE, "NO_PROXY": "127.0.0.1"}
    return {**os.environ, **more}


def results_of(out: bytes, error: bytes, path: Path) -> list[Result]:
    """What the child wrote; for a step that it began and did not end, why."""
    results = []
    begun = ""
    for line in out.decode("ascii", "replace").splitlines():
        if line.startswith(BEGIN):
            begun = line.removeprefix(BEGIN)
        elif line.startswith("{"):
            results.append(Result.from_json(line))
            begun = ""
    if begun or not out:
        results.append(ended(begun, error.decode("utf-8", "replace"), path))
    return results


def ended(step: str, error: str, path: Path) -> Result:
    """The result of a step in which the child ended: it hung, or somebody ended it."""
    if "Timeout (" not in error:
        return Result(step, "process-ended", {"trace": error.strip()[-2000:]})
    # faulthandler writes each thread's lines, innermost first: File "…", line 12 in sign
    # It writes what is not ASCII in a path as escapes: the name alone must do.
    lines = re.findall(rf'{re.escape(path.name)}", line (\d+) in', error)
    where = int(lines[0]) if lines else None
    return Result(step, "hangs", where=where, source=line_at(path, where))


def line_at(path: Path, number: int | None) -> str:
    """The text of a line of the file."""
    lines = path.read_text("utf-8-sig", errors="replace").splitlines()
    return lines[number - 1].strip() if number and number <= len(lines) else ""
