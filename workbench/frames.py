"""Source: which lines of this project made a call, and the functions that they stand in.

A frame is {"file": "app.py", "function": "auth", "at": 96}: its file below the project's folder and
the line that was under way. `function_at` gives the function's lines when somebody opens it.
"""

import ast
import functools
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MISTAKES = "workbench/mistakes"
PATTERNS = (
    "app.py",
    "server/web.py",
    "alipay_member/**/*.py",
    "workshop/member_info.py",
    "workshop/solution.py",
    "miniprogram/**/*.js",
    f"{MISTAKES}/**/*.js",
)
# A function as prettier writes it: `function name(`, `const name = (…) =>`, a method of Page({…}).
JS_HEAD = re.compile(
    r"(?P<indent> *)(?:export )?"
    r"(?:(?:async )?function (?P<function>\w+)"
    r"|const (?P<arrow>\w+) = (?:async )?\(.*=>"
    r"|(?:async )?(?!if\b|for\b|while\b|switch\b|catch\b)(?P<method>\w+)\(.*\) \{$)"
)
AROUND = 3  # lines before and after one that stands in no function

Frame = dict[str, Any]


# Of functions that have returned before their call is told of; see telling_of.
RETURNED: ContextVar[tuple[Frame, ...]] = ContextVar("returned", default=())


class NoSourceError(ValueError):
    """There is no such line in a file that may be shown."""


# ── who called ──


def frames_here() -> list[Frame]:
    """The project's frames on the stack of this call, innermost first."""
    return own_frames(traceback.walk_stack(sys._getframe(1)))


@contextmanager
def telling_of(frames: list[Frame]) -> Iterator[None]:
    """Whatever is told to the trace meanwhile was done in these frames, innermost first.

    For a caller who tells only when the functions that did it are no longer on the stack.
    """
    token = RETURNED.set(tuple(frames))
    try:
        yield
    finally:
        RETURNED.reset(token)


def frames_returned() -> list[Frame]:
    """The frames that telling_of was given; [] if nobody tells late."""
    return list(RETURNED.get())


def frames_of(error: BaseException | None) -> list[Frame]:
    """Where an error was raised: its frames in this project, innermost first."""
    raised = [] if error is None else list(traceback.walk_tb(error.__traceback__))
    return own_frames(reversed(raised))


def frame_of(function: Callable[..., Any]) -> Frame | None:
    """A function that was called and has returned, at its first line; None if it is not ours."""
    code = getattr(function, "__code__", None)
    name = short_name(code.co_filename) if code else None
    if code is None or name is None:
        return None
    return {"file": name, "function": code.co_name, "at": definition(name, code.co_firstlineno)}


def own_frames(walk: Iterator[tuple[FrameType, int]] | Any) -> list[Frame]:
    """What `walk_stack` and `walk_tb` give, without the frames of other people's files.

    It ends where the server called the app: no farther out is anything that a request made happen.
    """
    frames = []
    for frame, line in walk:
        if frame.f_code.co_name == "wsgi_app":
            break
        name = short_name(frame.f_code.co_filename)
        if name:
            at = under_way(name, line)
            frames.append({"file": name, "function": frame.f_code.co_name, "at": at})
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


@functools.cache
def under_way(name: str, line: int) -> int:
    """The line that was under way when `line` ran.

    AlipayClient tells its observer in a `finally`: the last statement of the `try` was under way.
    """
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.Try) and stands_in(node.finalbody, line):
            return node.body[-1].lineno
    return line


# ── the lines of a function ──


def function_at(name: str, line: int) -> dict[str, Any]:
    """The function around a line: {"function", "first", "lines"}; NoSourceError without one."""
    if name not in files():
        raise NoSourceError("there is no such file to show")
    is_python = name.endswith(".py")
    lines = python_lines(name) if is_python else read(name).splitlines()
    if not 1 <= line <= len(lines):
        raise NoSourceError("the file has no such line")
    find = python_function if is_python else javascript_function
    around = ("", max(1, line - AROUND), min(len(lines), line + AROUND))
    function, first, last = find(name, lines, line) or around
    return {"function": function, "first": first, "lines": lines[first - 1 : last]}


def python_function(name: str, lines: list[str], line: int) -> tuple[str, int, int] | None:
    """Name (with its class), first and last line of the innermost function, decorators included."""
    found = None
    for path, node in functions(parsed(name)):
        first = first_line(node)
        last = node.end_lineno or line
        if first <= line <= last:
            found = (".".join([*path, node.name]), first, last)
    return found


def javascript_function(name: str, lines: list[str], line: int) -> tuple[str, int, int] | None:
    """Name, first and last line of the innermost function that has a name."""
    for first in range(line, 0, -1):
        head = JS_HEAD.match(lines[first - 1])
        if not head:
            continue
        last = javascript_end(lines, first, head["indent"])
        if last >= line:
            return head["function"] or head["arrow"] or head["method"], first, last
    return None


def javascript_end(lines: list[str], first: int, indent: str) -> int:
    """The last line of a function that begins at `first`, as prettier lays it out."""
    last = first
    for number, text in enumerate(lines[first:], first + 1):
        if text.startswith(f"{indent}}}"):
            return number
        if text and not text.startswith(f"{indent} "):
            break
        if text:
            last = number
    return last


def read(name: str) -> str:
    """A file's text as it is now: the phone reads the mini-program anew at each start."""
    return (ROOT / name).read_text("utf-8")


@functools.cache
def python_lines(name: str) -> list[str]:
    """A Python file's lines as they were when first asked for; an edit runs after a restart."""
    return read(name).splitlines()


@functools.cache
def parsed(name: str) -> ast.Module:
    """A Python file's syntax tree."""
    return ast.parse("\n".join(python_lines(name)))


def functions(node: ast.AST, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every function below a node, outer ones first, with the names of the classes around it."""
    for child in ast.iter_child_nodes(node):
        inside = path
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield path, child
        if isinstance(child, ast.ClassDef):
            inside = (*path, child.name)
        yield from functions(child, inside)


def first_line(node: ast.FunctionDef) -> int:
    """The line of a function's first decorator, or of its `def`."""
    lines: list[int] = [decorator.lineno for decorator in node.decorator_list]
    return min([node.lineno, *lines])


def definition(name: str, first: int) -> int:
    """The line of the `def` whose first line, maybe a decorator's, is `first`."""
    for _, node in functions(parsed(name)):
        if first_line(node) == first:
            return int(node.lineno)
    return first


def stands_in(statements: list[ast.stmt], line: int) -> bool:
    """Whether a line is one of these statements' lines."""
    return any(node.lineno <= line <= (node.end_lineno or line) for node in statements)
