"""Running the checks in this process: each step's functions against each step's check."""

import io
import linecache
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import redirect_stdout
from pathlib import Path

from .checks.wrong import Wrong
from .lab import Lab
from .load import Functions, Source
from .result import LONGEST, Result, shown
from .steps import FUNCTIONS, STEPS, Step, own_functions


def check_all(
    path: Path,
    skipped: Collection[int],
    lab: Lab,
    begin: Callable[[Step], None],
    to_the_end: bool = False,
) -> Iterator[Result]:
    """The result of each step in order, to the first that fails; `begin` is told of each before.

    What is skipped is not checked, nor used: the solution stands in. `to_the_end`: go on after a
    failure, as if that step had been skipped.
    """
    left_out = set(skipped)
    for step in STEPS:
        if step.number in left_out:
            continue
        begin(step)
        result = check_step(path, step, left_out, lab)
        yield result
        if result.mistake and not to_the_end:
            return
        if result.mistake:
            left_out.add(step.number)


def check_step(path: Path, step: Step, skipped: Collection[int], lab: Lab) -> Result:
    """The result of one step."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        result = attempt(path, step, skipped, lab)
    result.printed = printed.getvalue()[-LONGEST:]
    return result


def attempt(path: Path, step: Step, skipped: Collection[int], lab: Lab) -> Result:
    """Read the file, take its functions, check them."""
    try:
        source = Source(path)
        todo = unwritten(source, step)
        if todo:
            return todo
        functions = source.functions(own_functions(step, skipped), FUNCTIONS)
        return check(functions, step, lab, source)
    except FileNotFoundError:
        return Result(step.name, "no-file", {"file": path.name})
    except SyntaxError as error:
        values = {"what": error.msg, "line": str(error.lineno or 1)}
        text = (error.text or "").rstrip()
        return Result(step.name, "syntax", values, where=error.lineno or 1, source=text)
    except UnicodeError:
        return Result(step.name, "not-utf-8")
    except (Exception, SystemExit) as error:
        return raised(error, step, path)


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
