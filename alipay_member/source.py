# SPDX-License-Identifier: MIT-0
"""A key or certificate as it is given → its text, which signing.py and pem.py then read."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from .errors import KeyFormatError

Source: TypeAlias = str | bytes | os.PathLike[str]  # text (also as bytes), or a file's path
PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)


def text_of(source: object, name: str, refusal: Callable[[str, str], KeyFormatError]) -> str:
    """The text that a Source is, or that the file contains which it names.

    What can't be one is raised as refusal(message, reason): empty (also None), type, no-file or
    binary. `name` is what the message calls it; nothing of it is quoted.
    """
    if isinstance(source, bytes):
        source = _decoded(source, name, refusal)
    if isinstance(source, os.PathLike):
        if not os.path.isfile(source):
            raise refusal(f"{name}: there is no such file", "no-file")
        text = _decoded(Path(source).read_bytes(), name, refusal)
    elif isinstance(source, str):
        text = source.strip().lstrip("\ufeff")
        if "-----" not in text and "\n" not in text and os.path.isfile(text):
            text = _decoded(Path(text).read_bytes(), name, refusal)
    elif source is None:  # os.environ.get of what is not set
        text = ""
    else:
        message = f"{name} is given as {type(source).__name__}: give text, bytes or a file's path"
        raise refusal(message, "type")
    if not text.strip():
        raise refusal(f"{name} is empty: nothing is given", "empty")
    return text.replace("\\n", "\n").strip()  # only now: C:\new.pem is a path


def _decoded(data: bytes, name: str, refusal: Callable[[str, str], KeyFormatError]) -> str:
    """The text that bytes are, utf-8; beside a PEM block a comment may be in any charset."""
    text = data.decode("utf-8-sig", errors="replace")
    is_text = "\ufffd" not in text or "-----BEGIN" in text
    if "\0" in text or not is_text:
        raise refusal(f"{name} is no text (DER or UTF-16?): save it as PEM", "binary")
    return text
