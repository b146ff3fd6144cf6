"""The command line: python -m workshop."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .participant import MEMBER_INFO, STARTER, put_back
from .progress import Progress, load_progress
from .report import OF_THE_FILE, current_step, shortened, tell_hint, tell_list, tell_results
from .result import Result
from .runner import run_with_skipped
from .steps import FUNCTIONS, STEPS, Step, step_of, told, written_steps
from .terminal import Terminal, can_show, command, never_fail, usual_language
from .watch import changes, listen, stamp

COMMANDS = ("watch", "hint", "skip", "list", "reset", "serve", "ready")
WITH_STEP = ("hint", "reset")
EPILOG = """
watch (default)  check member_info.py, again at each save
hint [STEP]      the next hint of the current step, or of another
skip             leave the current step out; the solution stands in
list             all steps, and where you are
reset STEP       a step's functions as at the start (reset all: the whole file)
serve            the workbench, with your functions behind it
ready            is this machine ready for the workshop?
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status: of --once 0 if every step passes, else 1."""
    never_fail()
    options = parse(arguments)
    progress = load_progress(options.file)
    if options.lang:
        progress.lang = options.lang
        progress.save()
    lang = progress.lang or usual_language()
    if not can_show(sys.stdout, "汉字"):
        lang = "en"
    terminal = Terminal(lang)
    if not options.file.exists() and options.file == MEMBER_INFO:
        options.file.write_text(STARTER.read_text("utf-8"), encoding="utf-8")
    if options.command == "ready":
        from .ready import tell_ready

        return tell_ready(terminal, options.port)
    if options.command == "serve":
        from .serve import serve

        return serve(terminal, options.file, options.port)
    if options.command == "reset":
        return reset(terminal, progress, options.file, options.step)
    if options.command in ("hint", "skip", "list"):
        return answer(options.command, options.step, terminal, progress)
    if options.once:
        return once(terminal, progress, options.file)
    return watch(terminal, progress, options.file)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(
        prog=command(),
        description="Write the integration of 获取会员信息 yourself, step by step.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs="?", default="watch", choices=COMMANDS)
    parser.add_argument(
        "step", nargs="?", default="", help="for reset and hint: its number or name"
    )
    parser.add_argument("--lang", choices=("zh", "en"), help="remembered from then on")
    parser.add_argument("--once", action="store_true", help="check once; exit status 0 or 1")
    parser.add_argument("--port", type=int, default=8000, help="for serve, default 8000")
    parser.add_argument(
        "--file", type=existing, default=MEMBER_INFO, help="another file than member_info.py"
    )
    options = parser.parse_args(arguments)
    if options.step and options.command not in WITH_STEP:
        parser.error(f"{options.command} takes no step: {options.step}")
    return options


def existing(text: str) -> Path:
    """A file that is there, for argparse."""
    path = Path(text).resolve()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return path


def check(terminal: Terminal, progress: Progress, path: Path) -> list[Result]:
    """Run the checks, remember what passes, tell what they say."""
    results = run_with_skipped(path, progress.skipped)
    newly = remember(progress, results, path)
    tell_results(terminal, results, newly, progress, path)
    return results


def remember(progress: Progress, results: Sequence[Result], path: Path) -> list[Step]:
    """Keep which steps pass; those that did not before.

    A step behind the first failure has not been checked: if it passed before and is still written,
    that stands.
    """
    passing = [step_of(result.step) for result in results if not result.mistake]
    newly = [step for step in passing if step and step.number not in progress.passed]
    failing = {result.step for result in results if result.mistake not in (None, *OF_THE_FILE)}
    passed = {step.number for step in passing if step}
    progress.skipped = [number for number in progress.skipped if number not in passed]
    still = [step for step in written_steps(path) if step.name not in failing]
    passed |= {step.number for step in still if step.number in progress.passed}
    progress.passed = sorted(passed)
    progress.save()
    return newly


def once(terminal: Terminal, progress: Progress, path: Path) -> int:
    """Check once: 0 if every step passes, 1 if one fails or is skipped."""
    results = check(terminal, progress, path)
    step = current_step(progress)
    if step:
        terminal.tell("commands", number=step.number)
    passing = [result for result in results if not result.mistake]
    return 0 if len(passing) == len(STEPS) else 1


def watch(terminal: Terminal, progress: Progress, path: Path) -> int:
    """Check at each save, until q or Ctrl-C."""
    typed = listen()
    can_type = sys.stdin is not None and sys.stdin.isatty()

    def state() -> object:
        return stamp(path), tuple(load_progress(path).skipped)

    try:
        for line in changes(state, typed):
            if line == "":
                progress = load_progress(path)
                terminal.clear()
                terminal.tell("checking")
                check(terminal, progress, path)
                tell_how_to_go_on(terminal, progress, path, can_type)
            elif line[0] == "q":
                break
            else:
                word, _, step = line.partition(" ")
                answer(word, step.strip(), terminal, load_progress(path))
    except KeyboardInterrupt:
        terminal.say()
    terminal.tell("bye")
    return 0


def tell_how_to_go_on(terminal: Terminal, progress: Progress, path: Path, can_type: bool) -> None:
    """What can be done now."""
    step = current_step(progress)
    terminal.say()
    if step:
        terminal.tell("welcome", file=shortened(path))
    if can_type:
        terminal.tell("keys")
    if step:
        terminal.tell("commands", number=step.number)


def answer(word: str, step: str, terminal: Terminal, progress: Progress) -> int:
    """Do what a word, or its first letter, asks for; the exit status."""
    if word[0] == "h":
        return hint(terminal, progress, step)
    if word[0] == "l":
        tell_list(terminal, progress)
    elif word[0] == "s":
        skip(terminal, progress)
    else:
        terminal.tell("keys")
    return 0


def hint(terminal: Terminal, progress: Progress, word: str) -> int:
    """The next hint of a step, of the current one if none is named; the exit status."""
    step = step_of(word) if word else current_step(progress)
    if word and not step:
        terminal.tell("no-such-step", word=word, count=len(STEPS))
        return 2
    tell_hint(terminal, progress, step)
    return 0


def skip(terminal: Terminal, progress: Progress) -> None:
    """Leave the current step out."""
    step = current_step(progress)
    if step is None:
        terminal.tell("nothing-left")
        return
    progress.skipped.append(step.number)
    progress.save()
    title = told(step.name, "title", terminal.lang)
    terminal.tell("skipped", number=step.number, title=title)


def kept_beside(path: Path, text: str) -> Path:
    """Where the text is kept now: in a new file beside it; nothing kept before is lost."""
    number = 1
    while path.with_suffix(f".old{number}").exists():
        number += 1
    old = path.with_suffix(f".old{number}")
    old.write_text(text, encoding="utf-8")
    return old


def reset(terminal: Terminal, progress: Progress, path: Path, word: str) -> int:
    """A step's functions as at the start, and nothing remembered of it; what was there is kept."""
    step = step_of(word)
    if not step and word != "all":
        key = "no-such-step" if word else "which-step"
        terminal.tell(key, **({"word": word, "count": len(STEPS)} if word else {}))
        return 2
    text = path.read_text("utf-8-sig", errors="replace") if path.exists() else ""
    old = kept_beside(path, text)
    if step:
        path.write_text(put_back(text, step.functions), encoding="utf-8")
        progress.skipped = [number for number in progress.skipped if number != step.number]
        progress.hints.pop(step.name, None)
        progress.passed = [number for number in progress.passed if number != step.number]
    else:
        path.write_text(STARTER.read_text("utf-8"), encoding="utf-8")
        progress.passed, progress.skipped, progress.hints = [], [], {}
    progress.save()
    functions = ", ".join(step.functions if step else FUNCTIONS)
    terminal.tell("reset", functions=functions, old=shortened(old))
    return 0
