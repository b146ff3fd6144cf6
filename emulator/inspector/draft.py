"""What a client may have signed: the string to sign, with each decision of how it is made.

The defaults are Alipay's. A Draft with other decisions is what a client that makes a mistake signs.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

FORM = "application/x-www-form-urlencoded"
Edit = Callable[[str, str], str]  # a parameter's name and value → what was signed as its value


@dataclass(frozen=True)
class Raw:
    """One parameter as it was sent, URL-encoded, in the query or in the body."""

    half: str
    name: str
    value: str
    is_pair: bool  # false: there was no `=`


def read_raw(half: str, data: bytes) -> tuple[Raw, ...]:
    """The parameters of a query or of a form, in their order."""
    found = []
    for field in data.decode("ascii", "replace").split("&"):
        if field:
            name, equals, value = field.partition("=")
            found.append(Raw(half, name, value, bool(equals)))
    return tuple(found)


@dataclass(frozen=True)
class Draft:
    """A way of making the string to sign of what was sent."""

    sent: tuple[Raw, ...]
    decoded_in: str  # charset
    encoded_in: str
    is_decoded: bool = True  # else values stay URL-encoded, as they were sent
    plus_is_space: bool = True
    with_empty: bool = False
    first: str = "query"  # whose value wins, if both halves have one
    halves: tuple[str, ...] = ("query", "body")
    without: frozenset[str] = frozenset({"sign"})
    added: tuple[tuple[str, str], ...] = ()  # signed, but not sent
    edits: tuple[Edit, ...] = ()
    is_sorted: bool = True
    equals: str = "="
    between: str = "&"
    end: str = ""
    packed: str = ""  # how the text was packed before it was signed: a key of PACKINGS

    def parameters(self) -> dict[str, str]:
        """Names and values as they were signed, in the order in which they were sent."""
        values: dict[str, str] = {}
        for raw in sorted(self.sent, key=self._rank):
            name, value = self._read(raw.name), self._read_value(raw)
            is_signed = raw.half in self.halves and name not in self.without
            if is_signed and (value or self.with_empty):
                values.setdefault(name, value)
        values |= dict(self.added)
        return {name: self._edited(name, value) for name, value in values.items()}

    def _rank(self, raw: Raw) -> bool:
        return raw.half != self.first

    def _read(self, text: str) -> str:
        if self.plus_is_space:
            text = text.replace("+", " ")
        return decode(text, self.decoded_in)

    def _read_value(self, raw: Raw) -> str:
        return self._read(raw.value) if self.is_decoded else raw.value

    def _edited(self, name: str, value: str) -> str:
        for edit in self.edits:
            value = edit(name, value)
        return value

    def text(self) -> str:
        """The string to sign."""
        parameters = self.parameters()
        names = sorted(parameters) if self.is_sorted else list(parameters)
        pairs = [f"{name}{self.equals}{parameters[name]}" for name in names]
        return self.between.join(pairs) + self.end

    def data(self) -> bytes:
        """The bytes that are signed."""
        data = self.text().encode(self.encoded_in, "replace")
        return PACKINGS[self.packed](data) if self.packed else data


@lru_cache(1000)  # each text is read for a thousand drafts
def decode(text: str, charset: str) -> str:
    """URL-encoded text, decoded."""
    return unquote(text, charset)


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sha256-hex": lambda data: hashlib.sha256(data).hexdigest().encode(),
    "md5-hex": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest().encode(),
    "base64": base64.b64encode,
}


def names_of(draft: Draft) -> Iterator[str]:
    """The parameters that were sent with a value, but for `sign`."""
    yield from draft.parameters()
