"""Terminal: text in the participant's language, for terminals of every kind.

Without colour where there is none (not a terminal, NO_COLOR, an old Windows console). Replaces
characters that the encoding lacks. Chinese characters are two columns wide.
"""

import locale
import os
import shutil
import sys
import unicodedata
from pathlib import Path
from typing import TextIO

from .texts import TEXTS

COLOURS = {"good": "32", "bad": "31", "strong": "1", "dim": "2"}
SYMBOLS = {"good": ("✓", "+"), "bad": ("✗", "x"), "now": ("→", ">"), "skipped": ("–", "-")}
NARROWEST = 40
WIDEST = 100  # columns: longer lines are hard to read
LABEL = 10  # columns of a label with the space after it


class Terminal:
    """Prints in `lang` (zh or en)."""

    def __init__(self, lang: str, stream: TextIO | None = None) -> None:
        self.lang = lang
        self._stream = stream or sys.stdout
        self._colour = has_colour(self._stream)
        self.width = max(NARROWEST, min(shutil.get_terminal_size().columns, WIDEST))

    def print(self, text: str = "") -> None:
        """Print text as it is."""
        print(text, file=self._stream, flush=True)

    def text(self, key: str, **values: object) -> str:
        """A sentence of texts.py, filled in."""
        return TEXTS[key][self.lang].format(workshop=command(), **values)

    def show(self, key: str, **values: object) -> None:
        """Print a sentence of texts.py, wrapped."""
        self.paragraph(self.text(key, **values))

    def paragraph(self, text: str, indent: int = 0) -> None:
        """Print text, wrapped and indented."""
        for line in wrapped(text, self.width - indent):
            self.print(" " * indent + line)

    def marked(self, symbol: str, text: str) -> None:
        """Print text beside a symbol."""
        first, *others = wrapped(text, self.width - 4)
        self.print(f"  {self.symbol(symbol)} {self.paint('strong', first)}")
        for line in others:
            self.print(f"    {self.paint('strong', line)}")

    def labelled(self, key: str, text: str, indent: int = 4) -> None:
        """Print a label with wrapped text beside it."""
        label = self.text(key)
        first = label + " " * max(1, LABEL - columns(label))
        lines = wrapped(text, self.width - indent - columns(first)) or [""]
        self.print(" " * indent + self.paint("dim", first) + lines[0])
        for line in lines[1:]:
            self.print(" " * (indent + columns(first)) + line)

    def symbol(self, name: str) -> str:
        """✓ and the like, or an ASCII character if the encoding lacks it."""
        pretty, plain = SYMBOLS[name]
        shown = pretty if can_show(self._stream, pretty) else plain
        return self.paint(name, shown) if name in COLOURS else shown

    def paint(self, colour: str, text: str) -> str:
        """The text in a colour, if the terminal has any."""
        return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self._colour else text

    def clear(self) -> None:
        """Clear the screen; if that is impossible, print a line."""
        self.print("\x1b[2J\x1b[H" if self._colour else "\n" + "-" * min(self.width, 60))


def command() -> str:
    """The command that starts this program from here, with the Python that runs it now."""
    python = Path(sys.executable)
    if shutil.which("python") == sys.executable:
        python = Path("python")
    elif python.is_relative_to(Path.cwd()):
        python = python.relative_to(Path.cwd())
    name = str(python).removesuffix(".exe")
    return f'"{name}" -m workshop' if " " in name else f"{name} -m workshop"


def tolerate_encoding() -> None:
    """Print a question mark, instead of failing, for what the terminal's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def usual_language() -> str:
    """zh if the system is Chinese and the terminal can show it, else en."""
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    names.append(locale.getlocale()[0] or "")
    first = next((name for name in names if name), "")
    speaks_chinese = first.lower().startswith(("zh", "chinese"))
    return "zh" if speaks_chinese and can_show(sys.stdout, "汉字") else "en"


def has_colour(stream: TextIO) -> bool:
    """Whether the stream understands escape sequences."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return os.name != "nt" or bool(os.environ.get("WT_SESSION") or os.environ.get("TERM"))


def can_show(stream: TextIO, text: str) -> bool:
    """Whether the stream's encoding has these characters."""
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def columns(text: str) -> int:
    """The width of a text; Chinese characters take two columns."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def wrapped(text: str, width: int) -> list[str]:
    """A text's lines, none wider than `width`, broken at spaces or between Chinese characters."""
    lines = []
    for paragraph in text.splitlines():
        line = ""
        for piece in pieces(paragraph, width):
            if columns(line + piece.rstrip()) > width and line:
                lines.append(line.rstrip())
                line = ""
            line += piece
        lines.append(line.rstrip())
    return lines


def pieces(text: str, width: int) -> list[str]:
    """The pieces between which a line may break: words with their space, Chinese characters.

    A word that is wider than a line may break anywhere.
    """
    found = [""]
    for one in text:
        last = found[-1][-1:]
        is_wide = columns(one) == 2 and unicodedata.category(one) == "Lo"
        if last == " " or is_wide or columns(found[-1]) >= width:
            found.append("")
        found[-1] += one
    return [piece for piece in found if piece]
