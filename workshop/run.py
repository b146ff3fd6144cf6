"""Running the checks in this process: each step's functions against each step's check."""

import io
import linecache
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import redirect_stdout
from pathlib import Path

from .checks.base import Wrong
from .participant import Functions, Source
from .result import LONGEST, Result, shown
from .steps import FUNCTIONS, STEPS, Step, own_functions
from .testbed import Lab


def check_all(
    path: Path,
    skipped: Collection[int],
    lab: Lab,
    begin: Callable[[Step], None],
    *,
    to_the_end: bool = False,
    try_skipped: bool = False,
) -> Iterator[Result]:
    """The result of each step in order, to the first that fails; `begin` is told of each before.

    What is skipped is not checked, nor used: the solution stands in. `try_skipped`: it is checked
    all the same, used if it passes, and ends nothing if it fails. `to_the_end`: go on after a
    failure, as if that step had been skipped.
    """
    left_out = set(skipped)
    for step in STEPS:
        is_skipped = step.number in left_out
        if is_skipped and not try_skipped:
            continue
        begin(step)
        result = check_step(path, step, left_out - {step.number}, lab)
        yield result
        if not result.mistake:
            left_out.discard(step.number)
        elif to_the_end:
            left_out.add(step.number)
        elif not is_skipped:
            return


def check_step(path: Path, step: Step, skipped: Collection[int], lab: Lab) -> Result:
    """The result of one step."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        result = attempt(path, step, skipped, lab)
    result.printed = printed.getvalue()[-LONGEST:]
    return result


def attempt(path: Path, step: Step, skipped: Collection[int], lab: Lab) -> Result:
    """Read the file, take its functions, check them.

    A step's first function is checked before the second is written: the solution's stands in.
    """
    try:
        source = Source(path)
    except FileNotFoundError:
        return Result(step.name, "no-file", {"file": path.name})
    except SyntaxError as error:
        line = error.lineno or 1
        text = (error.text or text_of(path, line)).rstrip()
        values = {"what": error.msg, "line": str(line)}
        return Result(step.name, "syntax", values, where=line, source=text)
    except ValueError:  # of the encoding, or a NUL
        return Result(step.name, "not-utf-8")
    todo = unwritten(source, step)
    lent = [name for name in step.functions if not source.is_written(name)]
    if todo and step.functions[0] in lent:
        return todo
    own = [name for name in own_functions(step, skipped) if name not in lent]
    result = run_check(source, own, step, lab)
    return of_the_first(result, todo, step, source) if todo else result


def run_check(source: Source, own: Collection[str], step: Step, lab: Lab) -> Result:
    """What the check says of these functions of theirs, or what they raised."""
    try:
        return check(source.functions(own, FUNCTIONS), step, lab, source)
    except (Exception, SystemExit) as error:
        return raised(error, step, source.path)


def of_the_first(result: Result, todo: Result, step: Step, source: Source) -> Result:
    """The result of a step of which the first function is written, checked with one lent."""
    first = step.functions[0]
    if result.mistake in ("check-failed", "todo"):  # the two do not fit: no fault of the first
        return todo
    if not result.mistake:
        if todo.mistake == "todo":
            todo.mistake, todo.values["first"] = "todo-next", first
        return todo
    result.values["function"] = first
    if not result.source:
        result.where = source.line_of(first)
    return result


def unwritten(source: Source, step: Step) -> Result | None:
    """The result of a step of which a function is not written, or not there; else None."""
    for name in step.functions:
        if not source.is_there(name):
            return Result(step.name, "function-missing", {"function": name})
        if not source.is_written(name):
            return Result(step.name, "todo", {"function": name}, where=source.line_of(name))
    return None


def check(functions: Functions, step: Step, lab: Lab, source: Source) -> Result:
    """What the check says."""
    lab.reset()
    try:
        step.check(functions, lab)
    except Wrong as wrong:
        values = {name: str(value) for name, value in wrong.values.items()}
        came = shown(wrong.came)
        if wrong.expected is not None and came is None:
            came = "None"
        result = Result(step.name, wrong.mistake, values, shown(wrong.expected), came)
        function = values.get("function", step.functions[-1])
        result.where = source.line_of(function)
        line = line_of_theirs(wrong.__cause__, source.path)
        if line:
            result.where, result.source = line, text_of(source.path, line)
        return result
    return Result(step.name)


def raised(error: BaseException, step: Step, path: Path) -> Result:
    """An exception that no check has named, told with the line of theirs that it came from."""
    line = line_of_theirs(error, path)
    values = {"error": f"{type(error).__name__}: {error}".removesuffix(": ")}
    if line is None:
        values["trace"] = "".join(traceback.format_exception(error))
        return Result(step.name, "check-failed", values)
    mistake = "raised"
    if isinstance(error, NotImplementedError):
        mistake = "todo"
        values["function"] = frames_of_theirs(error, path)[-1].name
    return Result(step.name, mistake, values, where=line, source=text_of(path, line))


def line_of_theirs(error: BaseException | None, path: Path) -> int | None:
    """The line of the participant's file that an exception came from, if one did."""
    frames = frames_of_theirs(error, path)
    return frames[-1].lineno if frames else None


def frames_of_theirs(error: BaseException | None, path: Path) -> list[traceback.FrameSummary]:
    """An exception's frames in the participant's file, innermost last."""
    if error is None:
        return []
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename == str(path)]


def text_of(path: Path, line: int) -> str:
    """A line of the participant's file as it is now."""
    linecache.checkcache(str(path))
    return linecache.getline(str(path), line).strip()
