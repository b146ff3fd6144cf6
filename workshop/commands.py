"""The command line: python -m workshop."""

import argparse
import os
import queue
import sys
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path

from .checks import FUNCTIONS, STEPS, find_step
from .participant import MEMBER_INFO, put_back, start_file
from .progress import Progress, load_progress
from .report import shortened, show_hint, show_list, show_results
from .runner import Result, run_with_skipped
from .terminal import Terminal, can_show, command, tolerate_encoding, usual_language

COMMANDS = ("watch", "hint", "skip", "list", "reset", "serve", "ready")
WITH_STEP = ("hint", "reset")
EPILOG = """
watch (default)  check member_info.py, again after each save
hint [STEP]      the next hint of the current step, or of another
skip             leave the current step out; the solution takes its place
list             all steps, and where you are
reset STEP       put a step's functions back to the start (reset all: the whole file)
serve            the workbench with your functions behind it
ready            is this machine ready for the workshop?
"""
LOOK_EVERY = 0.3  # seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status. That of --once is 0 if every step passes, else 1."""
    tolerate_encoding()
    options = parse(arguments)
    progress = load_progress(options.file)
    if options.lang:
        progress.lang = options.lang
        progress.save()
    lang = progress.lang or usual_language()
    if not can_show(sys.stdout, "汉字"):
        lang = "en"
    terminal = Terminal(lang)
    if options.file == MEMBER_INFO and not MEMBER_INFO.exists():
        start_file(MEMBER_INFO)
    if options.command == "ready":
        from .ready import check_machine

        return check_machine(terminal, options.port)
    if options.command == "serve":
        from .participant_app import serve

        return serve(terminal, options.file, options.port)
    if options.command == "reset":
        return reset(terminal, progress, options.file, options.step)
    if options.command in ("hint", "skip", "list"):
        return obey(options.command, options.step, terminal, progress)
    if options.once:
        return check_once(terminal, progress, options.file)
    return watch(terminal, options.file)


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
        "--file", type=existing_file, default=MEMBER_INFO, help="another file than member_info.py"
    )
    options = parser.parse_args(arguments)
    if options.step and options.command not in WITH_STEP:
        parser.error(f"{options.command} takes no step: {options.step}")
    return options


def existing_file(text: str) -> Path:
    """The path of a file, for argparse."""
    path = Path(text).resolve()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return path


# ── checking, once or after each save ──


def check(terminal: Terminal, progress: Progress, path: Path) -> list[Result]:
    """Run the checks, remember what passes, show the results."""
    results = run_with_skipped(path, progress.skipped)
    newly = progress.record(results, path)
    show_results(terminal, results, newly, progress, path)
    return results


def check_once(terminal: Terminal, progress: Progress, path: Path) -> int:
    """Check once: 0 if every step passes, 1 if one fails or is skipped."""
    results = check(terminal, progress, path)
    step = progress.current_step()
    if step:
        terminal.show("commands", number=step.number)
    passing = [result for result in results if not result.error]
    return 0 if len(passing) == len(STEPS) else 1


def watch(terminal: Terminal, path: Path) -> int:
    """Check after each save, and obey what is typed, until q or Ctrl-C."""
    typed = listen()

    def state() -> Hashable:
        return last_save(path), tuple(load_progress(path).skipped)

    try:
        for line in changes(state, typed):
            progress = load_progress(path)
            if not line:
                terminal.clear()
                terminal.show("checking")
                check(terminal, progress, path)
                show_next(terminal, progress, path)
            elif line.startswith("q"):
                break
            else:
                word, _, step = line.partition(" ")
                obey(word, step.strip(), terminal, progress)
    except KeyboardInterrupt:
        terminal.print()
    terminal.show("bye")
    return 0


def show_next(terminal: Terminal, progress: Progress, path: Path) -> None:
    """What the participant can do now."""
    step = progress.current_step()
    terminal.print()
    if step:
        terminal.show("welcome", file=shortened(path))
    if can_type():
        terminal.show("keys")
    if step:
        terminal.show("commands", number=step.number)


def changes(state: Callable[[], Hashable], typed: "queue.Queue[str]") -> Iterator[str]:
    """An empty line at once and after each change of state; in between, the typed lines."""
    known: Hashable = object()
    while True:
        now = state()
        if now != known:
            known = now
            yield ""
            continue
        try:
            line = typed.get(timeout=LOOK_EVERY)
        except queue.Empty:
            continue
        yield line


def last_save(path: Path) -> tuple[int, int] | None:
    """A file's time and size; None if it does not exist."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def can_type() -> bool:
    """Whether the standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def listen() -> "queue.Queue[str]":
    """A queue of the lines that are typed from now on."""
    typed: queue.Queue[str] = queue.Queue()
    if can_type():
        threading.Thread(target=read_lines, args=(sys.stdin.fileno(), typed), daemon=True).start()
    return typed


def read_lines(descriptor: int, typed: "queue.Queue[str]") -> None:
    """Read the terminal itself, because Python's buffer must not be locked at exit."""
    while True:
        data = os.read(descriptor, 1000)
        if not data:
            return
        for line in data.decode("utf-8", "replace").splitlines():
            typed.put(line.strip().lower())


# ── hint, list, skip, reset ──


def obey(word: str, step: str, terminal: Terminal, progress: Progress) -> int:
    """Do what a word or its first letter asks for; return the exit status."""
    if word.startswith("h"):
        return hint(terminal, progress, step)
    if word.startswith("l"):
        show_list(terminal, progress)
    elif word.startswith("s"):
        skip(terminal, progress)
    else:
        terminal.show("keys")
    return 0


def hint(terminal: Terminal, progress: Progress, word: str) -> int:
    """The next hint of a step, by default of the current one; return the exit status."""
    step = find_step(word) if word else progress.current_step()
    if word and not step:
        terminal.show("no-such-step", word=word, count=len(STEPS))
        return 2
    show_hint(terminal, progress, step)
    return 0


def skip(terminal: Terminal, progress: Progress) -> None:
    """Leave the current step out."""
    step = progress.current_step()
    if step is None:
        terminal.show("nothing-left")
        return
    progress.skipped.append(step.number)
    progress.save()
    terminal.show("skipped", number=step.number, title=step.title[terminal.lang])


def reset(terminal: Terminal, progress: Progress, path: Path, word: str) -> int:
    """Put a step's functions, or "all", back to the start; keep the old text in another file."""
    step = find_step(word)
    if not step and word != "all":
        if word:
            terminal.show("no-such-step", word=word, count=len(STEPS))
        else:
            terminal.show("which-step")
        return 2
    text = path.read_text("utf-8-sig", errors="replace") if path.exists() else ""
    old = save_old(path, text)
    if step:
        path.write_text(put_back(text, step.functions), encoding="utf-8")
        progress.forget(step)
    else:
        start_file(path)
        for each in STEPS:
            progress.forget(each)
    progress.save()
    functions = ", ".join(step.functions if step else FUNCTIONS)
    terminal.show("reset", functions=functions, old=shortened(old))
    return 0


def save_old(path: Path, text: str) -> Path:
    """Write the text to member_info.old1, or the next number that is free."""
    number = 1
    while path.with_suffix(f".old{number}").exists():
        number += 1
    old = path.with_suffix(f".old{number}")
    old.write_text(text, encoding="utf-8")
    return old
