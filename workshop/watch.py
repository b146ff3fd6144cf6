"""Watching a file by looking at it again and again, and what is typed meanwhile."""

import os
import queue
import sys
import threading
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path

EVERY = 0.3  # seconds


def changes(state: Callable[[], Hashable], typed: "queue.Queue[str]") -> Iterator[str]:
    """ "" whenever the state is another one, at once for the first; else a line that was typed."""
    seen: Hashable = object()
    while True:
        now = state()
        if now != seen:
            seen = now
            yield ""
            continue
        try:
            line = typed.get(timeout=EVERY)
        except queue.Empty:
            continue
        yield line


def stamp(path: Path) -> tuple[int, int] | None:
    """When a file was saved and how long it is; None while there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def listen() -> "queue.Queue[str]":
    """The lines that are typed from now on; none where nobody can type."""
    typed: queue.Queue[str] = queue.Queue()
    if sys.stdin is not None and sys.stdin.isatty():
        threading.Thread(target=read_lines, args=(sys.stdin.fileno(), typed), daemon=True).start()
    return typed


def read_lines(descriptor: int, typed: "queue.Queue[str]") -> None:
    """Read from the terminal itself: Python's buffer must not be locked as the process ends."""
    while True:
        data = os.read(descriptor, 1000)
        if not data:
            return
        for line in data.decode("utf-8", "replace").splitlines():
            typed.put(line.strip().lower())
