"""How densely the Python of each room is written: python tests/benchmark/shape.py [--rev REV]

AST nodes per line of code are a thermometer, never a gate: formatting alone moves them. For
comparison: Flask's tutorial app flaskr has 5.5, oidc-provider-mock 5.7, itsdangerous 7.6.
"""

import argparse
import ast
import io
import subprocess
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("top level", "alipay_member", "emulator", "workshop", "tests")
NOT_CODE = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}


@dataclass
class Room:
    """What is counted over all files of a room."""

    files: int = 0
    lines: int = 0
    lines_of_code: int = 0
    nodes: int = 0
    longest_line: int = 0
    longest_file: int = 0

    def add(self, source: str) -> None:
        tree = ast.parse(source)
        lines = source.splitlines()
        self.files += 1
        self.lines += len(lines)
        self.lines_of_code += len(code_lines(source) - docstring_lines(tree))
        self.nodes += len(list(ast.walk(tree)))
        self.longest_line = max(self.longest_line, *map(len, lines), 0)
        self.longest_file = max(self.longest_file, len(lines))


def code_lines(source: str) -> set[int]:
    """The numbers of the lines that carry more than white space and a comment."""
    found = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NOT_CODE:
            found |= set(range(token.start[0], token.end[0] + 1))
    return found


def docstring_lines(tree: ast.Module) -> set[int]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str())) as docstring, *_]:
                    found |= set(range(docstring.lineno, docstring.end_lineno + 1))
    return found


def git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


def sources(revision: str | None) -> Iterator[tuple[PurePosixPath, str]]:
    """(path, text) of each Python file: as it lies here, or as it was in a revision."""
    if revision:
        for name in git("ls-tree", "-r", "-z", "--name-only", revision).split("\0"):
            if name.endswith(".py"):
                yield PurePosixPath(name), git("show", f"{revision}:{name}")
    else:
        listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        for name in listed:
            if name.endswith(".py") and (ROOT / name).exists():
                yield PurePosixPath(name), (ROOT / name).read_text("utf-8")


def measure(revision: str | None) -> dict[str, Room]:
    rooms = {name: Room() for name in ROOMS}
    for path, source in sources(revision):
        name = path.parts[0] if len(path.parts) > 1 else "top level"
        rooms.setdefault(name, Room()).add(source)
    return {name: room for name, room in rooms.items() if room.files}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rev", help="a git revision instead of the files that lie here")
    rooms = measure(parser.parse_args().rev)
    print(
        "| room | files | lines | lines of code | nodes a line | longest line | longest file |\n"
        "|---|--:|--:|--:|--:|--:|--:|"
    )
    for name, room in rooms.items():
        cells = (
            name,
            room.files,
            room.lines,
            room.lines_of_code,
            f"{room.nodes / room.lines_of_code:.1f}",
            room.longest_line,
            room.longest_file,
        )
        print("|", " | ".join(map(str, cells)), "|")


if __name__ == "__main__":
    main()
