"""Running the checks: in a child process, because the participant's code may hang or end it.

run_checks()  starts `python -m workshop.runner`, and reads a line from it for each step
main()        is that child: it calls check_all(), with a time limit for each step
check_step()  takes one step's functions from the file and calls its check
"""

import faulthandler
import io
import json
import linecache
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .checks import FUNCTIONS, STEPS, own_functions
from .checks.base import CheckError, Step
from .participant import Functions, Source
from .testbed import Testbed, open_testbed

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 10.0  # seconds for one step
GRACE = 30.0  # seconds more for the whole run: the child also has to start
UNFINISHED = ("hangs", "process-ended")  # after these the child has not checked any later step
BEGIN = "begin "
FOREIGN_ZONE = "XYZ+7"  # a time zone far from Beijing, so that local time is noticed
LONGEST_OUTPUT = 4000  # characters


@dataclass
class Result:
    """The result of one step.

    `error` is None if it passed, else the key of a sentence, which `values` fill in. `where` is a
    line number in the participant's file, `source` that line. `printed` is what their functions
    printed.
    """

    step: str
    error: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    expected: str | None = None
    actual: str | None = None
    where: int | None = None
    source: str = ""
    printed: str = ""


# ── the parent: starts the child, reads its results ──


def run_checks(
    path: Path,
    skipped: Collection[int] = (),
    limit: float = LIMIT,
    *,
    to_the_end: bool = False,
    try_skipped: bool = False,
) -> list[Result]:
    """The results of the steps in order; see check_all. `limit`: seconds for each step."""
    options = ("a" if to_the_end else "") + ("s" if try_skipped else "") or "-"
    command = [sys.executable, "-m", "workshop.runner", str(path), str(limit), options]
    command += [str(number) for number in sorted(skipped)]
    more = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TZ": FOREIGN_ZONE}
    try:
        done = subprocess.run(  # noqa: S603 (this module)
            command,
            cwd=ROOT,
            env={**os.environ, **more, "NO_PROXY": "127.0.0.1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10 * limit + GRACE,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        return read_results(expired.stdout or b"", b"", path)
    return read_results(done.stdout, done.stderr, path)


def run_with_skipped(path: Path, skipped: Collection[int]) -> list[Result]:
    """The results up to the first failing step. A skipped step is among them only if it passes."""
    names = {step.name for step in STEPS if step.number in skipped}
    results = run_checks(path, skipped, try_skipped=True)
    if results and results[-1].error in UNFINISHED and results[-1].step in names:
        return run_checks(path, skipped)
    return [result for result in results if not (result.error and result.step in names)]


def read_results(out: bytes, error: bytes, path: Path) -> list[Result]:
    """What the child wrote. A step that it began but did not finish has a result too."""
    results = []
    begun = ""
    for line in out.decode("ascii", "replace").splitlines():
        if line.startswith(BEGIN):
            begun = line.removeprefix(BEGIN)
        elif line.startswith("{"):
            results.append(Result(**json.loads(line)))
            begun = ""
    if begun or not out:
        results.append(unfinished(begun, error.decode("utf-8", "replace"), path))
    return results


def unfinished(step: str, error: str, path: Path) -> Result:
    """The result of a step that hung, or in which the child ended."""
    if "Timeout (" not in error:
        return Result(step, "process-ended", {"trace": error.strip()[-2000:]})
    # faulthandler writes each thread's lines, innermost first: File "…", line 12 in sign
    # It escapes what is not ASCII in a path, so match the file's name alone.
    lines = re.findall(rf'{re.escape(path.name)}", line (\d+) in', error)
    if not lines:
        return Result(step, "hangs")
    line = int(lines[0])
    return Result(step, "hangs", where=line, source=line_text(path, line))


# ── the child: runs the checks ──


def main() -> None:
    """`python -m workshop.runner FILE SECONDS OPTIONS [SKIPPED …]`, started by run_checks.

    OPTIONS: a for to_the_end, s for try_skipped, - for neither. A step that takes longer than
    SECONDS ends the process, with the current lines on stderr.
    """
    path = Path(sys.argv[1])
    limit = float(sys.argv[2])
    to_the_end = "a" in sys.argv[3]
    try_skipped = "s" in sys.argv[3]
    skipped = [int(number) for number in sys.argv[4:]]
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="ascii")

    def begin(step: Step) -> None:
        print(BEGIN + step.name, file=out, flush=True)
        faulthandler.dump_traceback_later(limit, exit=True)

    with open_testbed() as testbed:
        for result in check_all(
            path, skipped, testbed, begin, to_the_end=to_the_end, try_skipped=try_skipped
        ):
            print(json.dumps(asdict(result)), file=out, flush=True)
        faulthandler.cancel_dump_traceback_later()


def check_all(
    path: Path,
    skipped: Collection[int],
    testbed: Testbed,
    begin: Callable[[Step], None],
    *,
    to_the_end: bool = False,
    try_skipped: bool = False,
) -> Iterator[Result]:
    """The result of each step in order, up to the first that fails; calls `begin` before each.

    A skipped step is not checked, and the solution takes its place. `try_skipped`: check it all the
    same, use it if it passes, go on if it fails. `to_the_end`: go on after every failure, as if the
    step had been skipped.
    """
    left_out = set(skipped)
    for step in STEPS:
        is_skipped = step.number in left_out
        if is_skipped and not try_skipped:
            continue
        begin(step)
        result = check_step(path, step, left_out - {step.number}, testbed)
        yield result
        if not result.error:
            left_out.discard(step.number)
        elif to_the_end:
            left_out.add(step.number)
        elif not is_skipped:
            return


def check_step(path: Path, step: Step, skipped: Collection[int], testbed: Testbed) -> Result:
    """The result of one step."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        result = read_and_check(path, step, skipped, testbed)
    result.printed = printed.getvalue()[-LONGEST_OUTPUT:]
    return result


def read_and_check(path: Path, step: Step, skipped: Collection[int], testbed: Testbed) -> Result:
    """Read the file and check the step's functions.

    The first of two functions is checked alone, with the solution's second.
    """
    try:
        source = Source(path)
    except FileNotFoundError:
        return Result(step.name, "no-file", {"file": path.name})
    except SyntaxError as error:
        line = error.lineno or 1
        text = (error.text or line_text(path, line)).rstrip()
        values = {"what": error.msg, "line": str(line)}
        return Result(step.name, "syntax", values, where=line, source=text)
    except ValueError:  # the encoding, or a NUL
        return Result(step.name, "not-utf-8")
    todo = find_unwritten(source, step)
    lent = [name for name in step.functions if not source.is_written(name)]
    if todo and step.functions[0] in lent:
        return todo
    own = [name for name in own_functions(step, skipped) if name not in lent]
    try:
        result = run_check(source.functions(own, FUNCTIONS), step, testbed, source)
    except (Exception, SystemExit) as error:
        result = exception_result(error, step, path)
    return first_function_result(result, todo, step, source) if todo else result


def find_unwritten(source: Source, step: Step) -> Result | None:
    """The result of a step with a function that is missing or not written yet; else None."""
    for name in step.functions:
        if not source.is_there(name):
            return Result(step.name, "function-missing", {"function": name})
        if not source.is_written(name):
            return Result(step.name, "todo", {"function": name}, where=source.line_of(name))
    return None


def first_function_result(result: Result, todo: Result, step: Step, source: Source) -> Result:
    """The result of a step whose first function is written and the second is `todo`."""
    first = step.functions[0]
    if result.error in ("check-failed", "todo"):  # the two don't fit together: not an error yet
        return todo
    if not result.error:
        if todo.error == "todo":
            todo.error, todo.values["first"] = "todo-next", first
        return todo
    result.values["function"] = first
    if not result.source:
        result.where = source.line_of(first)
    return result


def run_check(functions: Functions, step: Step, testbed: Testbed, source: Source) -> Result:
    """Call the step's check. Exceptions that are not CheckErrors propagate."""
    testbed.reset()
    try:
        step.check(functions, testbed)
    except CheckError as error:
        values = {name: str(value) for name, value in error.values.items()}
        actual = shown(error.actual)
        if error.expected is not None and actual is None:
            actual = "None"
        result = Result(step.name, error.key, values, shown(error.expected), actual)
        result.where = source.line_of(values.get("function", step.functions[-1]))
        frames = participant_frames(error.__cause__, source.path)
        if frames:
            result.where = frames[-1].lineno
            result.source = line_text(source.path, result.where)
        return result
    return Result(step.name)


def exception_result(error: BaseException, step: Step, path: Path) -> Result:
    """The result of an exception that the check does not know, with the participant's line."""
    frames = participant_frames(error, path)
    values = {"error": f"{type(error).__name__}: {error}".removesuffix(": ")}
    if not frames:
        values["trace"] = "".join(traceback.format_exception(error))
        return Result(step.name, "check-failed", values)
    key = "raised"
    if isinstance(error, NotImplementedError):
        key = "todo"
        values["function"] = frames[-1].name
    line = frames[-1].lineno
    return Result(step.name, key, values, where=line, source=line_text(path, line))


def participant_frames(error: BaseException | None, path: Path) -> list[traceback.FrameSummary]:
    """An exception's frames in the participant's file, innermost last."""
    if error is None:
        return []
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename == str(path)]


def line_text(path: Path, line: int | None) -> str:
    """A line of the file as it is now; "" if there is none."""
    linecache.checkcache(str(path))
    return linecache.getline(str(path), line or 0).strip()


def shown(value: object) -> str | None:
    """How a value is shown: text as it is unless blank, everything else as repr; None for None."""
    if value is None:
        return None
    return value if isinstance(value, str) and value.strip() else repr(value)


if __name__ == "__main__":
    main()
