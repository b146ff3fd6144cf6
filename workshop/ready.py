"""python -m workshop ready: the pre-flight check of a participant's machine."""

import os
import shutil
import socket
import sys
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .terminal import Terminal, can_show

HERE = Path(__file__).resolve().parent
BROWSERS = ("chromium", "google-chrome", "firefox")  # where no default one is known


def tell_ready(terminal: Terminal, port: int) -> int:
    """Say line by line what is ready; 0 if all is, else 1."""
    python = ".".join(map(str, sys.version_info[:3]))
    browser = browser_name()
    lines = (
        tell_line(terminal, True, "python", version=python),
        tell_line(terminal, True, "packages"),  # else __main__ would have said so
        tell_line(terminal, os.access(HERE, os.W_OK), "write", file="workshop/member_info.py"),
        tell_line(terminal, is_free(port), "port", port=port),
        tell_line(terminal, works(log_in), "emulator"),
        tell_line(terminal, bool(browser), "browser", name=browser or "-"),
        tell_line(terminal, can_show(sys.stdout, "汉字"), "chinese", encoding=sys.stdout.encoding),
    )
    terminal.say()
    terminal.tell("ready-yes" if all(lines) else "ready-no")
    return 0 if all(lines) else 1


def tell_line(terminal: Terminal, good: bool, key: str, **values: object) -> bool:
    """One line, and below it what to do if it is not good."""
    terminal.say(
        f"{terminal.symbol('good' if good else 'bad')} {terminal.words(f'ready-{key}', **values)}"
    )
    if not good:
        terminal.paragraph(terminal.words(f"mend-{key}"), 4)
    return good


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of 127.0.0.1."""
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex(("127.0.0.1", port)) != 0


def works(function: Callable[[], object]) -> bool:
    """Whether a function comes to its end."""
    try:
        function()
    except Exception:
        return False
    return True


def log_in() -> None:
    """A whole login against the emulated Alipay, with the solution."""
    from . import solution
    from .testbed import open_lab

    with open_lab() as lab:
        token = solution.exchange_code(lab.app, lab.auth_code())
        solution.fetch_profile(lab.app, token["access_token"])


def browser_name() -> str | None:
    """The browser that would be opened; None if there is none."""
    with suppress(webbrowser.Error, AttributeError):
        return webbrowser.get().name or "default"
    return next(filter(shutil.which, BROWSERS), None)
