"""What a person is told: the result of a run, the list, the hints."""

import re
from collections.abc import Sequence
from pathlib import Path

from .participant import SOLUTION, Source
from .progress import Progress
from .result import Result
from .steps import STEPS, Step, sentence_of, step_of, told, words
from .terminal import Terminal

LONGEST = 700  # characters of what was expected or came
OF_THE_FILE = ("syntax", "not-utf-8", "no-file")
NOT_OF_THE_STEP = (*OF_THE_FILE, "process-ended", "check-failed")
AROUND = 160  # of each of two long texts that differ
BASE64 = re.compile(r"[\w+/=-]+")  # of which nobody reads much
BEFORE = 40  # characters before the first difference of two long texts


def tell_results(
    terminal: Terminal,
    results: Sequence[Result],
    newly: Sequence[Step],
    progress: Progress,
    path: Path,
) -> None:
    """What a run has shown: what has newly passed, then what is to be done."""
    for step in newly:
        tell_passed(terminal, step)
    last = results[-1] if results else None
    if last and last.mistake:
        tell_failure(terminal, last, path)
    else:
        tell_end(terminal, progress)
    tell_bar(terminal, progress)


def tell_passed(terminal: Terminal, step: Step) -> None:
    """A step has passed: what to compare with, now that nothing is given away."""
    title = told(step.name, "title", terminal.lang)
    terminal.say(
        f"{terminal.symbol('good')} {terminal.words('passed', number=step.number, title=title)}"
    )
    same = words(step.name)["same"]
    terminal.paragraph(terminal.words("compare", solution=in_solution(step), same=same), 2)
    terminal.say()


def in_solution(step: Step) -> str:
    """Where the solution has a step's function."""
    return f"workshop/solution.py:{Source(SOLUTION).line_of(step.functions[-1])}"


def tell_failure(terminal: Terminal, result: Result, path: Path) -> None:
    """What is wrong, what was expected, what came, why it matters, where to look."""
    step = step_of(result.step) or STEPS[0]
    lang = terminal.lang
    title = told(step.name, "title", lang)
    heading = terminal.words("step", number=step.number, count=len(STEPS), title=title)
    if result.mistake in OF_THE_FILE:
        heading = terminal.words("file")
    terminal.say(terminal.paint("strong", heading))
    place = f"{shortened(path)}:{result.where}" if result.where else shortened(path)
    terminal.say(terminal.paint("dim", place))
    terminal.say()
    sentence = sentence_of(result.step, str(result.mistake), lang, result.values)
    if result.mistake in ("todo", "todo-next"):
        terminal.marked("now", sentence)
        terminal.say()
        terminal.labelled("write", told(step.name, "task", lang))
    else:
        terminal.marked("bad", sentence)
        terminal.say()
        tell_details(terminal, result)
    if result.mistake not in NOT_OF_THE_STEP:
        terminal.labelled("why", told(step.name, "why", lang))
        terminal.labelled("look", told(step.name, "look", lang))
        terminal.say()


def tell_details(terminal: Terminal, result: Result) -> None:
    """The line, what was expected and what came, and what was printed."""
    expected, came = near_the_difference(result.expected, result.came)
    details = {
        "line": result.source or None,
        "expected": expected,
        "came": came,
        "printed": result.printed.rstrip() or None,
    }
    there = {label: text for label, text in details.items() if text is not None}
    for label, text in there.items():
        terminal.labelled(label, text)
    if there:
        terminal.say()


def near_the_difference(expected: str | None, came: str | None) -> tuple[str | None, str | None]:
    """Two texts; if they are long, from a little before they first differ."""
    if expected is None or came is None or max(len(expected), len(came)) < 2 * BEFORE:
        return cut(expected), cut(came)
    pairs = zip(expected, came, strict=False)
    same = next((at for at, (one, other) in enumerate(pairs) if one != other), None)
    if same is None:
        same = min(len(expected), len(came))
    begin = max(0, same - BEFORE)
    dots = "…" if begin else ""
    longest = 2 * BEFORE if BASE64.fullmatch(expected) else AROUND
    return cut(dots + expected[begin:], longest), cut(dots + came[begin:], longest)


def cut(text: str | None, longest: int = LONGEST) -> str | None:
    """A text, not longer than anybody reads."""
    if text is None or len(text) <= longest:
        return text
    return text[:longest] + "…"


def shortened(path: Path) -> str:
    """A path as it is written from here, if it is below."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def tell_end(terminal: Terminal, progress: Progress) -> None:
    """Nothing fails."""
    if progress.skipped:
        skipped = ", ".join(map(str, sorted(progress.skipped)))
        terminal.tell("all-but-skipped", skipped=skipped)
    else:
        terminal.tell("all-passed")
    terminal.say()


def tell_bar(terminal: Terminal, progress: Progress) -> None:
    """How far it is, in one line."""
    marks = []
    for step in STEPS:
        if step.number in progress.skipped:
            marks.append("-")
        else:
            marks.append("#" if step.number in progress.passed else ".")
    terminal.say(f"[{''.join(marks)}] {marks.count('#')}/{len(STEPS)}")


def tell_list(terminal: Terminal, progress: Progress) -> None:
    """All steps, and where one is."""
    current = current_step(progress)
    for step in STEPS:
        state, symbol = "open", " "
        if step.number in progress.skipped:
            state, symbol = "skipped", terminal.symbol("skipped")
        elif step.number in progress.passed:
            state, symbol = "done", terminal.symbol("good")
        elif step == current:
            state, symbol = "current", terminal.symbol("now")
        title = told(step.name, "title", terminal.lang)
        functions = ", ".join(step.functions)
        terminal.say(
            f"{symbol} {step.number:2} {title} ({functions}) · {terminal.words(f'state-{state}')}"
        )


def current_step(progress: Progress) -> Step | None:
    """The first step that is neither passed nor skipped."""
    for step in STEPS:
        if step.number not in progress.passed and step.number not in progress.skipped:
            return step
    return None


def tell_hint(terminal: Terminal, progress: Progress, step: Step | None) -> None:
    """The next hint of a step; after the last one, where the answer stands."""
    if step is None:
        terminal.tell("nothing-left")
        return
    hints = words(step.name)["hints"]
    number = min(progress.hints.get(step.name, 0) + 1, len(hints))
    progress.hints[step.name] = number
    progress.save()
    heading = terminal.words("hint", number=number, count=len(hints))
    title = told(step.name, "title", terminal.lang)
    terminal.say(terminal.paint("strong", f"{heading} · {title}"))
    terminal.paragraph(hints[number - 1][terminal.lang], 2)
    if number == len(hints):
        terminal.tell("last-hint", solution=in_solution(step))
