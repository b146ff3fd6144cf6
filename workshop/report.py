"""What the terminal shows: the results of a run, the list of steps, the hints."""

import re
from collections.abc import Sequence
from pathlib import Path

from .checks import STEPS, find_step
from .checks.base import Step
from .participant import SOLUTION, Source
from .progress import FILE_ERRORS, Progress
from .runner import Result
from .terminal import Terminal

NOT_ABOUT_THE_STEP = (*FILE_ERRORS, "process-ended", "check-failed")
LONGEST = 700  # characters of an expected or actual value
BEFORE = 40  # characters shown before the first difference of two long values
AFTER = 160  # characters shown from there on
BASE64 = re.compile(r"[\w+/=-]+")  # nobody reads much of this


def show_results(
    terminal: Terminal,
    results: Sequence[Result],
    newly: Sequence[Step],
    progress: Progress,
    path: Path,
) -> None:
    """What has newly passed, then what to do."""
    for step in newly:
        show_passed(terminal, step)
    last = results[-1] if results else None
    if last and last.error:
        show_error(terminal, last, path)
    else:
        show_end(terminal, progress)
    show_bar(terminal, progress)


def show_passed(terminal: Terminal, step: Step) -> None:
    """A step has passed: where to compare it."""
    text = terminal.text("passed", number=step.number, title=step.title[terminal.lang])
    terminal.print(f"{terminal.symbol('good')} {text}")
    text = terminal.text("compare", solution=place_in_solution(step), library=step.compare)
    terminal.paragraph(text, 2)
    terminal.print()


def place_in_solution(step: Step) -> str:
    """File and line of a step's solution."""
    return f"workshop/solution.py:{Source(SOLUTION).line_of(step.functions[-1])}"


def show_error(terminal: Terminal, result: Result, path: Path) -> None:
    """What is wrong, expected and actual value, why it matters, where to look."""
    step = find_step(result.step) or STEPS[0]
    lang = terminal.lang
    heading = terminal.text("step", number=step.number, count=len(STEPS), title=step.title[lang])
    if result.error in FILE_ERRORS:
        heading = terminal.text("file")
    terminal.print(terminal.paint("strong", heading))
    place = f"{shortened(path)}:{result.where}" if result.where else shortened(path)
    terminal.print(terminal.paint("dim", place))
    terminal.print()
    sentence = step.error_text(str(result.error), lang, result.values)
    if result.error in ("todo", "todo-next"):
        terminal.marked("now", sentence)
        terminal.print()
        terminal.labelled("write", step.task[lang])
    else:
        terminal.marked("bad", sentence)
        terminal.print()
        show_details(terminal, result)
    if result.error not in NOT_ABOUT_THE_STEP:
        terminal.labelled("why", step.why[lang])
        terminal.labelled("look", step.look[lang])
        terminal.print()


def show_details(terminal: Terminal, result: Result) -> None:
    """The participant's line, expected and actual value, printed output."""
    expected, actual = near_the_difference(result.expected, result.actual)
    details = {
        "line": result.source or None,
        "expected": expected,
        "actual": actual,
        "printed": result.printed.rstrip() or None,
    }
    given = {label: text for label, text in details.items() if text is not None}
    for label, text in given.items():
        terminal.labelled(label, text)
    if given:
        terminal.print()


def near_the_difference(expected: str | None, actual: str | None) -> tuple[str | None, str | None]:
    """Two values; long ones are cut to the surroundings of their first difference."""
    if expected is None or actual is None or max(len(expected), len(actual)) < 2 * BEFORE:
        return cut(expected), cut(actual)
    pairs = zip(expected, actual, strict=False)
    same = next((at for at, (one, other) in enumerate(pairs) if one != other), None)
    if same is None:
        same = min(len(expected), len(actual))
    begin = max(0, same - BEFORE)
    dots = "…" if begin else ""
    longest = 2 * BEFORE if BASE64.fullmatch(expected) else AFTER
    return cut(dots + expected[begin:], longest), cut(dots + actual[begin:], longest)


def cut(text: str | None, longest: int = LONGEST) -> str | None:
    """A text, cut to `longest` characters."""
    if text is None or len(text) <= longest:
        return text
    return text[:longest] + "…"


def shortened(path: Path) -> str:
    """A path relative to the current folder, if it is below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def show_end(terminal: Terminal, progress: Progress) -> None:
    """No step fails."""
    if progress.skipped:
        skipped = ", ".join(map(str, sorted(progress.skipped)))
        terminal.show("all-but-skipped", skipped=skipped)
    else:
        terminal.show("all-passed")
    terminal.print()


def show_bar(terminal: Terminal, progress: Progress) -> None:
    """The progress in one line."""
    marks = []
    for step in STEPS:
        if step.number in progress.skipped:
            marks.append("-")
        else:
            marks.append("#" if step.number in progress.passed else ".")
    terminal.print(f"[{''.join(marks)}] {marks.count('#')}/{len(STEPS)}")


def show_list(terminal: Terminal, progress: Progress) -> None:
    """All steps and their states."""
    current = progress.current_step()
    for step in STEPS:
        state, symbol = "open", " "
        if step.number in progress.skipped:
            state, symbol = "skipped", terminal.symbol("skipped")
        elif step.number in progress.passed:
            state, symbol = "done", terminal.symbol("good")
        elif step == current:
            state, symbol = "current", terminal.symbol("now")
        title = step.title[terminal.lang]
        functions = ", ".join(step.functions)
        state = terminal.text(f"state-{state}")
        terminal.print(f"{symbol} {step.number:2} {title} ({functions}) · {state}")


def show_hint(terminal: Terminal, progress: Progress, step: Step | None) -> None:
    """The next hint of a step; with the last one, where the solution is."""
    if step is None:
        terminal.show("nothing-left")
        return
    number = min(progress.hints.get(step.name, 0) + 1, len(step.hints))
    progress.hints[step.name] = number
    progress.save()
    heading = terminal.text("hint", number=number, count=len(step.hints))
    title = step.title[terminal.lang]
    terminal.print(terminal.paint("strong", f"{heading} · {title}"))
    terminal.paragraph(step.hints[number - 1][terminal.lang], 2)
    if number == len(step.hints):
        terminal.show("last-hint", solution=place_in_solution(step))
