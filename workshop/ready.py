"""python -m workshop ready: checks a participant's machine."""

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
BROWSERS = ("chromium", "google-chrome", "firefox")  # if there is no default browser


def check_machine(terminal: Terminal, port: int) -> int:
    """Print line by line what is ready; 0 if everything is, else 1."""
    python = ".".join(map(str, sys.version_info[:3]))
    browser = browser_name()
    lines = (
        show_line(terminal, True, "python", version=python),
        show_line(terminal, True, "packages"),  # otherwise __main__ would have stopped
        show_line(terminal, os.access(HERE, os.W_OK), "write", file="workshop/member_info.py"),
        show_line(terminal, is_free(port), "port", port=port),
        show_line(terminal, works(log_in), "emulator"),
        show_line(terminal, bool(browser), "browser", name=browser or "-"),
        show_line(terminal, can_show(sys.stdout, "汉字"), "chinese", encoding=sys.stdout.encoding),
    )
    terminal.print()
    terminal.show("ready-yes" if all(lines) else "ready-no")
    return 0 if all(lines) else 1


def show_line(terminal: Terminal, good: bool, key: str, **values: object) -> bool:
    """Print a line and, unless `good`, what to do below it."""
    terminal.print(
        f"{terminal.symbol('good' if good else 'bad')} {terminal.text(f'ready-{key}', **values)}"
    )
    if not good:
        terminal.paragraph(terminal.text(f"mend-{key}"), 4)
    return good


def is_free(port: int) -> bool:
    """Whether nothing listens on this port of 127.0.0.1."""
    with socket.socket() as tried:
        tried.settimeout(1)
        return tried.connect_ex(("127.0.0.1", port)) != 0


def works(function: Callable[[], object]) -> bool:
    """Whether a function returns without an exception."""
    try:
        function()
    except Exception:
        return False
    return True


def log_in() -> None:
    """A complete login at the emulated Alipay, with the solution."""
    from . import solution
    from .testbed import open_testbed

    with open_testbed() as testbed:
        token = solution.exchange_code(testbed.app, testbed.auth_code())
        solution.fetch_profile(testbed.app, token["access_token"])


def browser_name() -> str | None:
    """The browser that would open; None if there is none."""
    with suppress(webbrowser.Error, AttributeError):
        return webbrowser.get().name or "default"
    return next(filter(shutil.which, BROWSERS), None)
