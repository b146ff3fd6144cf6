"""The participant's file: its functions, with the solution's in the place of those left out.

Both files run in one namespace, the solution first: a caller of build_request calls the
participant's if theirs is used, and the solution's if not.
"""

import ast
import re
from collections.abc import Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

HERE = Path(__file__).resolve().parent
MEMBER_INFO = HERE / "member_info.py"
STARTER = HERE / "starter.py"
SOLUTION = HERE / "solution.py"

Functions = SimpleNamespace  # the functions by name


def start_file(path: Path) -> None:
    """Write the starter to this path."""
    path.write_text(STARTER.read_text("utf-8"), encoding="utf-8")


class Source:
    """A participant's file. Raises SyntaxError, or ValueError for another encoding or a NUL."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text("utf-8-sig")
        self.tree = ast.parse(self.text, str(path))
        compile(self.tree, str(path), "exec")  # finds what the grammar allows: return outside
        self._defined = {
            node.name: node for node in self.tree.body if isinstance(node, ast.FunctionDef)
        }

    def line_of(self, name: str) -> int:
        """The line where a function begins; 1 if it is missing."""
        return self._defined[name].lineno if name in self._defined else 1

    def is_there(self, name: str) -> bool:
        """Whether the file defines the function, written or not."""
        return name in self._defined

    def is_written(self, name: str) -> bool:
        """Whether the function does more than raise NotImplementedError."""
        return name in self._defined and not is_stub(self._defined[name])

    def functions(self, own: Collection[str], steps: Collection[str]) -> Functions:
        """All functions of `steps`: the participant's if in `own`, otherwise the solution's.

        Everything else in the file, imports and helpers, is the participant's.
        """
        body = [
            node
            for node in self.tree.body
            if not isinstance(node, ast.FunctionDef) or node.name in own or node.name not in steps
        ]
        namespace: dict[str, Any] = {"__name__": "workshop.member_info"}
        run(ast.parse(SOLUTION.read_text("utf-8")), SOLUTION, namespace)
        run(ast.Module(body=body, type_ignores=[]), self.path, namespace)
        return Functions(**{name: namespace[name] for name in steps})


def run(tree: ast.Module, path: Path, namespace: dict[str, Any]) -> None:
    """Run a file's statements; tracebacks show the lines of the file."""
    exec(compile(tree, str(path), "exec"), namespace)  # noqa: S102 (the participant's own file)


def is_stub(function: ast.FunctionDef) -> bool:
    """Whether a function has nothing but a docstring and raise NotImplementedError."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    if not body:
        return True
    raises = isinstance(body[0], ast.Raise) and "NotImplementedError" in ast.unparse(body[0])
    return raises or (len(body) == 1 and isinstance(body[0], ast.Pass))


def put_back(text: str, names: Collection[str]) -> str:
    """A file's text with these functions as in the starter.

    Works on lines alone, so that it also repairs a file with a syntax error.
    """
    starter = STARTER.read_text("utf-8")
    for name in names:
        first, end = span(starter, name)
        stub = starter.splitlines()[first:end]
        lines = text.splitlines()
        first, end = span(text, name)
        lines[first:end] = [*stub, "", ""] if first == end else stub
        text = "\n".join(lines) + "\n"
    return text


def span(text: str, name: str) -> tuple[int, int]:
    """The index of a function's first line, and of the line after it; the end if it is missing."""
    lines = text.splitlines()
    starts = [at for at, line in enumerate(lines) if re.match(rf"(async )?def {name}\b", line)]
    if not starts:
        return len(lines), len(lines)
    end = starts[0] + 1
    while end < len(lines) and (not lines[end] or lines[end][0] in " \t)"):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    return starts[0], end
