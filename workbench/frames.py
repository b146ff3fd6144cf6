"""Frames: which lines of this project did something, and the lines around them.

A frame is {"file": "app.py", "function": "auth", "at": 96}: a file below the project's folder and
the line that the stack names. `lines_around` gives its source when a frame is opened.
"""

import ast
import functools
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATTERNS = (
    "app.py",
    "server/web.py",
    "alipay_member/**/*.py",
    "workshop/member_info.py",
    "workshop/solution.py",
    "miniprogram/**/*.js",
    "workbench/mistakes/**/*.js",
)
AROUND = 12  # lines before and after one that stands in no Python function

Frame = dict[str, Any]

# The frames that `done_in` was given, innermost first.
DONE_IN: ContextVar[tuple[Frame, ...]] = ContextVar("done_in", default=())


class NoSourceError(ValueError):
    """There is no such line in a file that may be shown."""


# ── who called ──


def frames_here() -> list[Frame]:
    """The project's frames on the stack of this call, innermost first."""
    return own_frames(traceback.walk_stack(sys._getframe(1)))


def frames_of(error: BaseException | None) -> list[Frame]:
    """Where an error was raised: its frames in this project, innermost first."""
    raised = [] if error is None else list(traceback.walk_tb(error.__traceback__))
    return own_frames(reversed(raised))


def frame_of(function: Callable[..., Any]) -> Frame | None:
    """A function that has returned already, at its first line; None if it is not ours."""
    code = getattr(function, "__code__", None)
    name = short_name(code.co_filename) if code else None
    if code is None or name is None:
        return None
    return {"file": name, "function": code.co_name, "at": code.co_firstlineno}


@contextmanager
def done_in(frames: list[Frame]) -> Iterator[None]:
    """Whatever is reported meanwhile was done in these frames, innermost first.

    For a caller who reports after the functions that did it have returned.
    """
    token = DONE_IN.set(tuple(frames))
    try:
        yield
    finally:
        DONE_IN.reset(token)


def frames_done_in() -> list[Frame]:
    """The frames that `done_in` was given; [] outside of it."""
    return list(DONE_IN.get())


def own_frames(walk: Iterable[tuple[FrameType, int]]) -> list[Frame]:
    """This project's frames of what `walk_stack` and `walk_tb` give.

    Stops at wsgi_app: frames further out belong to the server.
    """
    frames = []
    for frame, line in walk:
        if frame.f_code.co_name == "wsgi_app":
            break
        name = short_name(frame.f_code.co_filename)
        if name:
            frames.append({"file": name, "function": frame.f_code.co_name, "at": line})
    return frames


@functools.cache
def short_name(filename: str) -> str | None:
    """A file's path below the project's folder, if it may be shown."""
    path = Path(filename).resolve()
    if not path.is_relative_to(ROOT):
        return None
    name = path.relative_to(ROOT).as_posix()
    return name if name in files() else None


@functools.cache
def files() -> frozenset[str]:
    """The files that may be shown: the integration and what runs in the phone, nothing else."""
    found = (path for pattern in PATTERNS for path in ROOT.glob(pattern))
    return frozenset(path.relative_to(ROOT).as_posix() for path in found)


# ── the lines around a line ──


def lines_around(name: str, line: int) -> dict[str, Any]:
    """The Python function around a line, or a few lines before and after it in other files.

    {"function": "" if there is none, "first": its number, "lines"}. NoSourceError for a line that
    does not exist or may not be shown.
    """
    if name not in files():
        raise NoSourceError("there is no such file to show")
    is_python = name.endswith(".py")
    lines = python_lines(name) if is_python else read(name).splitlines()
    if not 1 <= line <= len(lines):
        raise NoSourceError("the file has no such line")
    function, first, last = "", max(1, line - AROUND), line + AROUND
    if is_python:
        function, first, last = function_around(name, line) or (function, first, last)
    return {"function": function, "first": first, "lines": lines[first - 1 : last]}


def function_around(name: str, line: int) -> tuple[str, int, int] | None:
    """Name, first and last line of the innermost function, decorators included."""
    found = None
    for node in ast.walk(parsed(name)):  # outer functions come first
        if not isinstance(node, ast.FunctionDef):
            continue
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        last = node.end_lineno or first
        if first <= line <= last:
            found = (node.name, first, last)
    return found


def read(name: str) -> str:
    """A file's text as it is now: the phone reads the mini-program anew at each start."""
    return (ROOT / name).read_text("utf-8")


@functools.cache
def python_lines(name: str) -> list[str]:
    """A Python file's lines as they were when first asked for; an edit runs after a restart."""
    return read(name).splitlines()


@functools.cache
def parsed(name: str) -> ast.Module:
    return ast.parse("\n".join(python_lines(name)))
