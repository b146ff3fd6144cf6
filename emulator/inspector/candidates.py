"""The strings that a caller may have signed: candidates, and the mistakes that lead to them.

A `Candidate` is one way of building the string to sign; its defaults are Alipay's. A `Variation`
changes it into what a caller with one typical mistake signs.
"""

import base64
import hashlib
import html
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from ..call import CHARSETS, DEFAULT_CHARSET, FORM, SentRequest

TIME = "%Y-%m-%d %H:%M:%S"
# Parameters that a caller may sign and then forget to send, with their usual values.
FORGOTTEN = {
    "charset": ("utf-8", "UTF-8", "GBK", "gbk"),
    "format": ("JSON", "json"),
    "sign": ("",),
    "app_auth_token": ("",),
    "auth_token": ("",),
    "biz_content": ("", "{}"),
    "notify_url": ("",),
}
Edit = Callable[[str, str], str]  # a parameter's name and value → the value that was signed


@dataclass(frozen=True)
class RawParameter:
    """One parameter as it was sent, URL-encoded. `half` is "query" or "body"."""

    half: str
    name: str
    value: str


def read_raw(half: str, data: bytes) -> tuple[RawParameter, ...]:
    """The parameters of a query or a form, in their order."""
    found = []
    for pair in data.decode("ascii", "replace").split("&"):
        if pair:
            name, _, value = pair.partition("=")
            found.append(RawParameter(half, name, value))
    return tuple(found)


@dataclass(frozen=True)
class Candidate:
    """One way of building the string to sign from the parameters that were sent."""

    sent: tuple[RawParameter, ...]
    decoded_in: str  # charset
    encoded_in: str
    is_decoded: bool = True  # False: values stay URL-encoded
    plus_is_space: bool = True
    with_empty: bool = False
    first: str = "query"  # the half whose value wins if both have one
    halves: tuple[str, ...] = ("query", "body")
    without: frozenset[str] = frozenset({"sign"})
    added: tuple[tuple[str, str], ...] = ()  # signed, but not sent
    edits: tuple[Edit, ...] = ()
    is_sorted: bool = True
    equals: str = "="
    between: str = "&"
    end: str = ""
    packed: str = ""  # key of PACKINGS: what was done to the text before it was signed

    def parameters(self) -> dict[str, str]:
        """Names and values as signed, in the order in which they were sent."""
        values: dict[str, str] = {}
        for raw in sorted(self.sent, key=self._rank):
            name, value = self._read(raw.name), self._read_value(raw)
            is_signed = raw.half in self.halves and name not in self.without
            if is_signed and (value or self.with_empty):
                values.setdefault(name, value)
        values |= dict(self.added)
        return {name: self._edited(name, value) for name, value in values.items()}

    def _rank(self, raw: RawParameter) -> bool:
        return raw.half != self.first

    def _read(self, text: str) -> str:
        if self.plus_is_space:
            text = text.replace("+", " ")
        return decode(text, self.decoded_in)

    def _read_value(self, raw: RawParameter) -> str:
        return self._read(raw.value) if self.is_decoded else raw.value

    def _edited(self, name: str, value: str) -> str:
        for edit in self.edits:
            value = edit(name, value)
        return value

    def text(self) -> str:
        parameters = self.parameters()
        names = sorted(parameters) if self.is_sorted else list(parameters)
        pairs = [f"{name}{self.equals}{parameters[name]}" for name in names]
        return self.between.join(pairs) + self.end

    def data(self) -> bytes:
        data = self.text().encode(self.encoded_in, "replace")
        return PACKINGS[self.packed](data) if self.packed else data


@lru_cache(1000)  # a thousand candidates decode the same texts
def decode(text: str, charset: str) -> str:
    return unquote(text, charset)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def sha256_hex(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def md5_hex(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).hexdigest().encode()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "sha256": sha256,
    "sha256-hex": sha256_hex,
    "md5-hex": md5_hex,
    "base64": base64.b64encode,
}

Change = Callable[[Candidate], Candidate]


@dataclass(frozen=True)
class Variation:
    """One typical mistake: the key of its sentence in words.json, and what it changes."""

    key: str
    change: Change
    values: dict[str, str] = field(default_factory=dict)  # for the sentence
    is_rare: bool = False  # not tried together with another variation


def gateways_candidate(sent: SentRequest) -> Candidate:
    """The candidate whose text is the gateway's own string to sign."""
    raw = read_raw("query", sent.query)
    if sent.mimetype == FORM:
        raw += read_raw("body", sent.body)
    charset = charset_in("query", Candidate(raw, "ascii", "ascii")) or DEFAULT_CHARSET
    known = CHARSETS.get(charset.lower(), DEFAULT_CHARSET)
    return Candidate(raw, decoded_in=known, encoded_in=known)


def charset_in(half: str, candidate: Candidate) -> str | None:
    """The charset that this half of the call names."""
    return replace(candidate, halves=(half,), first=half).parameters().get("charset")


def variations(candidate: Candidate, sent: SentRequest) -> Iterator[Variation]:
    """Every variation that fits this call, the likelier ones first."""
    for group in (
        charset_variations,
        choice_variations,
        encoding_variations,
        spelling_variations,
        time_variations,
        joining_variations,
        forgotten_variations,
    ):
        yield from group(candidate)
    unread = unread_parameters(sent, candidate.decoded_in)
    if unread:
        with_body = options(sent=candidate.sent + unread)
        yield Variation("body-not-form", with_body, {"type": sent.mimetype or "—"})


def options(**changed: Any) -> Change:
    """A change that sets these fields."""

    def change(candidate: Candidate) -> Candidate:
        return replace(candidate, **changed)

    return change


def edit(function: Edit) -> Change:
    """A change that edits each value."""

    def change(candidate: Candidate) -> Candidate:
        return replace(candidate, edits=(*candidate.edits, function))

    return change


def edit_one(name: str, value: str) -> Change:
    """A change that gives one parameter this value."""

    def edit_value(given: str, before: str) -> str:
        return value if given == name else before

    return edit(edit_value)


def edit_each(function: Callable[[str], str]) -> Change:
    """A change that replaces each value with the function's result."""

    def edit_value(_name: str, value: str) -> str:
        return function(value)

    return edit(edit_value)


# ── in which charset ──


def charset_variations(candidate: Candidate) -> Iterator[Variation]:
    """Read or signed in another charset than the gateway's."""
    in_query = charset_in("query", candidate)
    in_body = charset_in("body", candidate)
    for charset in ("utf-8", "GBK"):
        if charset == candidate.decoded_in:
            continue
        both = options(decoded_in=charset, encoded_in=charset)
        values = {"charset": charset, "taken": candidate.decoded_in}
        if in_query is not None:
            yield Variation("other-charset", both, values)
        elif in_body is None:
            yield Variation("charset-missing", both, values)
        elif CHARSETS.get(in_body.lower()) == charset:
            yield Variation("charset-in-body", both, values)
        else:
            yield Variation("other-charset", both, values)
        yield Variation("sent-in-other-charset", options(decoded_in=charset), values)
    for charset in ("utf-8", "GBK", "latin-1"):
        if charset != candidate.encoded_in:
            values = {"charset": charset, "taken": candidate.decoded_in}
            yield Variation("signed-in-other-charset", options(encoded_in=charset), values)


# ── which parameters ──


def choice_variations(candidate: Candidate) -> Iterator[Variation]:
    """Too many or too few of them were signed."""
    signed = list(candidate.parameters())
    all_sent = replace(candidate, with_empty=True).parameters()
    empty = [name for name in all_sent if name not in signed]
    if empty:
        yield Variation("empty-signed", options(with_empty=True), {"name": ", ".join(empty)})
    yield Variation("sign-type-left-out", leave_out("sign_type"))
    for name in signed:
        if name != "sign_type":
            yield Variation("left-out", leave_out(name), {"name": name})
    yield Variation("query-only", options(halves=("query",)))
    yield Variation("body-only", options(halves=("body",)))
    yield Variation("body-first", options(first="body"))


def leave_out(name: str) -> Change:
    """A change that leaves this parameter out."""

    def change(candidate: Candidate) -> Candidate:
        return replace(candidate, without=candidate.without | {name})

    return change


# ── how values are encoded ──


def java_quote(value: str) -> str:
    """Like Java's URLEncoder."""
    return quote_plus(value, safe="*").replace("~", "%7E")


def script_quote(value: str) -> str:
    """Like JavaScript's encodeURIComponent."""
    return quote(value, safe="!~*'()")


def encoding_variations(candidate: Candidate) -> Iterator[Variation]:
    """URL-encoded once too often or not at all, `+` for a space, and the like."""
    yield from plus_variations(candidate)
    yield Variation("url-encoded", options(is_decoded=False))
    for function in (quote_plus, java_quote, script_quote, all_quoted):
        yield Variation("url-encoded", edit_each(function))
    yield Variation("plus-for-space", edit_each(spaces_as_plus))
    yield Variation("space-for-plus", edit_each(plus_as_spaces))
    yield Variation("sent-encoded-twice", edit_each(unquote))
    yield Variation("html-escaped", edit_each(html.escape))
    yield Variation("sent-html-escaped", edit_each(html.unescape))
    yield Variation("not-trimmed", edit_each(str.strip))


def plus_variations(candidate: Candidate) -> Iterator[Variation]:
    """A `+` that was signed, then sent without encoding it. In a timestamp it means a space."""
    with_plus = [raw for raw in candidate.sent if "+" in raw.value and raw.name != "sign"]
    if any(raw.name == "timestamp" for raw in with_plus):
        for raw in with_plus:
            if raw.name != "timestamp":
                signed = unquote(raw.value, candidate.decoded_in)
                yield Variation("plus-not-encoded", edit_one(raw.name, signed))
    else:
        yield Variation("plus-not-encoded", options(plus_is_space=False))


def all_quoted(value: str) -> str:
    """Encodes spaces as %20, and `/` too."""
    return quote(value, safe="")


def spaces_as_plus(value: str) -> str:
    return value.replace(" ", "+")


def plus_as_spaces(value: str) -> str:
    return value.replace("+", " ")


# ── how one value is spelled ──


def spelling_variations(candidate: Candidate) -> Iterator[Variation]:
    """JSON that was serialised twice, or a word in upper or lower case."""
    for name, value in candidate.parameters().items():
        for text in respelled_json(value):
            yield Variation("json-respelled", edit_one(name, text), {"name": name})
    given = candidate.parameters()
    for name in ("charset", "format", "sign_type", "method"):
        value = given.get(name, "")
        for other in {value.lower(), value.upper()} - {value}:
            yield Variation("other-letters", edit_one(name, other), {"name": name})


def respelled_json(value: str) -> Iterator[str]:
    """Other ways to write a JSON value; nothing if it is not JSON."""
    if not value.startswith(("{", "[")):
        return
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return
    for separators in ((",", ":"), (", ", ": "), (",", ": ")):
        for is_ascii in (False, True):
            for is_sorted in (False, True):
                text = json.dumps(
                    parsed, ensure_ascii=is_ascii, separators=separators, sort_keys=is_sorted
                )
                yield text
                yield text.replace("/", "\\/")
    for indent in (2, 4, "\t"):
        yield json.dumps(parsed, ensure_ascii=False, indent=indent)


# ── when ──


def time_variations(candidate: Candidate) -> Iterator[Variation]:
    """One time was signed, another one sent: the clock was read twice, or in two time zones."""
    sent = candidate.parameters().get("timestamp", "")
    try:
        moment = datetime.strptime(sent, TIME)  # noqa: DTZ007 (only compared with itself)
    except ValueError:
        return
    for seconds in (1, -1, 2, -2, 3, -3):
        yield signed_at(moment + timedelta(seconds=seconds), "other-second", abs(seconds) > 1)
    for minutes in (-480, 480, *range(-720, 870, 30)):
        for seconds in (0, 1, -1):
            if minutes:
                signed = moment + timedelta(minutes=minutes, seconds=seconds)
                yield signed_at(signed, "other-zone", seconds != 0 or abs(minutes) != 480)
    for form in ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y%m%d%H%M%S"):
        text = moment.strftime(form)
        yield Variation("other-time-form", edit_one("timestamp", text), {"signed": text})


def signed_at(moment: datetime, key: str, is_rare: bool) -> Variation:
    text = moment.strftime(TIME)
    return Variation(key, edit_one("timestamp", text), {"signed": text}, is_rare)


# ── how they are joined ──


def joining_variations(candidate: Candidate) -> Iterator[Variation]:
    """Not sorted, not separated, or packed before it was signed."""
    yield Variation("not-sorted", options(is_sorted=False))
    yield Variation("not-separated", options(equals="", between=""))
    for end in ("&", "\n"):
        yield Variation("more-at-the-end", options(end=end))
    for packing in PACKINGS:
        yield Variation("packed", options(packed=packing), {"packing": packing})


def forgotten_variations(candidate: Candidate) -> Iterator[Variation]:
    """Signed, but not sent."""
    given = candidate.parameters()
    for name, values in FORGOTTEN.items():
        for value in values:
            if name not in given:
                pair = ((name, value),)
                yield Variation("not-sent", options(added=pair), {"name": name, "value": value})


# ── a body that the gateway does not read ──


def unread_parameters(sent: SentRequest, charset: str) -> tuple[RawParameter, ...]:
    """The parameters in a body that the gateway does not read, since its type is not FORM."""
    if not sent.body or sent.mimetype == FORM:
        return ()
    if sent.mimetype == "application/json":
        return as_raw(texts_of_json(sent.body), charset)
    if sent.mimetype == "multipart/form-data":
        return as_raw(texts_of_multipart(sent), charset)
    return read_raw("body", sent.body)


def texts_of_json(body: bytes) -> dict[str, str]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def texts_of_multipart(sent: SentRequest) -> dict[str, str]:
    _, options = parse_options_header(sent.header("content-type"))
    length = len(sent.body)
    _, form, _ = FormDataParser().parse(io.BytesIO(sent.body), sent.mimetype, length, options)
    return dict(form.items())


def as_raw(parameters: dict[str, str], charset: str) -> tuple[RawParameter, ...]:
    """The parameters as a form would have them, URL-encoded."""

    def encoded(text: str) -> str:
        return quote(text, encoding=charset, errors="replace")

    return tuple(
        RawParameter("body", encoded(name), encoded(value)) for name, value in parameters.items()
    )
