"""The mistakes that clients make when they sign, each as a change of the gateway's own Draft."""

import html
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from ..call import CHARSETS, DEFAULT_CHARSET
from .draft import FORM, PACKINGS, Draft, Edit, names_of, read_raw
from .sent import Sent
from .unread import unread_parameters

Change = Callable[[Draft], Draft]
TIME = "%Y-%m-%d %H:%M:%S"
# What a client may sign and forget to send.
FORGOTTEN = {
    "charset": ("utf-8", "UTF-8", "GBK", "gbk"),
    "format": ("JSON", "json"),
    "sign": ("",),
    "app_auth_token": ("",),
    "auth_token": ("",),
    "biz_content": ("", "{}"),
    "notify_url": ("",),
}


@dataclass(frozen=True)
class Mistake:
    """One mistake: the key of its sentence in words.json with its values, and what it changes."""

    key: str
    change: Change
    values: dict[str, str] = field(default_factory=dict)
    is_rare: bool = False  # never tried together with another one


def gateways_draft(sent: Sent) -> Draft:
    """The string to sign as the gateway makes it."""
    raw = read_raw("query", sent.query)
    if sent.mimetype == FORM:
        raw += read_raw("body", sent.body)
    charset = charset_in("query", Draft(raw, "ascii", "ascii")) or DEFAULT_CHARSET
    known = CHARSETS.get(charset.lower(), DEFAULT_CHARSET)
    return Draft(raw, decoded_in=known, encoded_in=known)


def charset_in(half: str, draft: Draft) -> str | None:
    """The charset that this half of the call names."""
    return replace(draft, halves=(half,), first=half).parameters().get("charset")


def mistakes(draft: Draft, sent: Sent) -> Iterator[Mistake]:
    """Every mistake that this call may contain; the likelier and the more telling first."""
    for group in (
        of_charset,
        of_choice,
        of_encoding,
        of_spelling,
        of_time,
        of_joining,
        of_forgotten,
    ):
        yield from group(draft)
    further = unread_parameters(sent, draft.decoded_in)
    if further:
        more = options(sent=draft.sent + further)
        yield Mistake("body-not-form", more, {"type": sent.mimetype or "—"})


def options(**changed: Any) -> Change:
    """The change that decides these otherwise."""

    def change(draft: Draft) -> Draft:
        return replace(draft, **changed)

    return change


def edit(function: Edit) -> Change:
    """The change that edits each value."""

    def change(draft: Draft) -> Draft:
        return replace(draft, edits=(*draft.edits, function))

    return change


def edit_one(name: str, value: str) -> Change:
    """The change that signs this value for one parameter."""

    def one(of: str, before: str) -> str:
        return value if of == name else before

    return edit(one)


def edit_each(function: Callable[[str], str]) -> Change:
    """The change that signs what the function makes of each value."""

    def each(_name: str, value: str) -> str:
        return function(value)

    return edit(each)


# ── in which charset ──


def of_charset(draft: Draft) -> Iterator[Mistake]:
    """Read or signed in another charset than the gateway takes it for."""
    in_query = charset_in("query", draft)
    in_body = charset_in("body", draft)
    for charset in ("utf-8", "GBK"):
        if charset == draft.decoded_in:
            continue
        both = options(decoded_in=charset, encoded_in=charset)
        values = {"charset": charset, "taken": draft.decoded_in}
        if in_query is not None:
            yield Mistake("other-charset", both, values)
        elif in_body is None:
            yield Mistake("charset-missing", both, values)
        elif CHARSETS.get(in_body.lower()) == charset:
            yield Mistake("charset-in-body", both, values)
        else:
            yield Mistake("other-charset", both, values)
        yield Mistake("sent-in-other-charset", options(decoded_in=charset), values)
    for charset in ("utf-8", "GBK", "latin-1"):
        if charset != draft.encoded_in:
            values = {"charset": charset, "taken": draft.decoded_in}
            yield Mistake("signed-in-other-charset", options(encoded_in=charset), values)


# ── which parameters ──


def of_choice(draft: Draft) -> Iterator[Mistake]:
    """Too many or too few of them were signed."""
    signed = list(names_of(draft))
    all_sent = replace(draft, with_empty=True)
    empty = [name for name in names_of(all_sent) if name not in signed]
    if empty:
        yield Mistake("empty-signed", options(with_empty=True), {"name": ", ".join(empty)})
    yield Mistake("sign-type-left-out", leave_out("sign_type"))
    for name in signed:
        if name != "sign_type":
            yield Mistake("left-out", leave_out(name), {"name": name})
    yield Mistake("query-only", options(halves=("query",)))
    yield Mistake("body-only", options(halves=("body",)))
    yield Mistake("body-first", options(first="body"))


def leave_out(name: str) -> Change:
    """The change that does not sign this parameter."""

    def change(draft: Draft) -> Draft:
        return replace(draft, without=draft.without | {name})

    return change


# ── how values are encoded ──


def java_quote(value: str) -> str:
    """As URLEncoder does it."""
    return quote_plus(value, safe="*").replace("~", "%7E")


def script_quote(value: str) -> str:
    """As encodeURIComponent does it."""
    return quote(value, safe="!~*'()")


def of_encoding(draft: Draft) -> Iterator[Mistake]:
    """URL-encoded once too often or once too seldom, `+` for a space, and the like."""
    yield from of_plus(draft)
    yield Mistake("url-encoded", options(is_decoded=False))
    for function in (quote_plus, java_quote, script_quote, all_quoted):
        yield Mistake("url-encoded", edit_each(function))
    yield Mistake("plus-for-space", edit_each(spaces_as_plus))
    yield Mistake("space-for-plus", edit_each(plus_as_spaces))
    yield Mistake("sent-encoded-twice", edit_each(unquote))
    yield Mistake("html-escaped", edit_each(html.escape))
    yield Mistake("sent-html-escaped", edit_each(html.unescape))
    yield Mistake("not-trimmed", edit_each(str.strip))


def of_plus(draft: Draft) -> Iterator[Mistake]:
    """A `+` that was signed as one, and sent as it is. In a timestamp it can only mean a space."""
    with_plus = [raw for raw in draft.sent if "+" in raw.value and raw.name != "sign"]
    if any(raw.name == "timestamp" for raw in with_plus):
        for raw in with_plus:
            if raw.name != "timestamp":
                signed = unquote(raw.value, draft.decoded_in)
                yield Mistake("plus-not-encoded", edit_one(raw.name, signed))
    else:
        yield Mistake("plus-not-encoded", options(plus_is_space=False))


def all_quoted(value: str) -> str:
    """With %20 for a space, and `/` encoded too."""
    return quote(value, safe="")


def spaces_as_plus(value: str) -> str:
    return value.replace(" ", "+")


def plus_as_spaces(value: str) -> str:
    return value.replace("+", " ")


# ── how one value is spelled ──


def of_spelling(draft: Draft) -> Iterator[Mistake]:
    """JSON that was serialised once more, or a word in other letters."""
    for name, value in draft.parameters().items():
        for text in respelled_json(value):
            yield Mistake("json-respelled", edit_one(name, text), {"name": name})
    given = draft.parameters()
    for name in ("charset", "format", "sign_type", "method"):
        value = given.get(name, "")
        for other in {value.lower(), value.upper()} - {value}:
            yield Mistake("other-letters", edit_one(name, other), {"name": name})


def respelled_json(value: str) -> Iterator[str]:
    """What a JSON value may have looked like; nothing if it is none."""
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


def of_time(draft: Draft) -> Iterator[Mistake]:
    """The clock was read twice, or in two time zones: one time was signed, another one sent."""
    sent = draft.parameters().get("timestamp", "")
    try:
        moment = datetime.strptime(sent, TIME)  # noqa: DTZ007 (it is compared with itself alone)
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
        yield Mistake("other-time-form", edit_one("timestamp", text), {"signed": text})


def signed_at(moment: datetime, key: str, is_rare: bool) -> Mistake:
    """This moment was signed in place of the timestamp that was sent."""
    text = moment.strftime(TIME)
    return Mistake(key, edit_one("timestamp", text), {"signed": text}, is_rare)


# ── how they are joined ──


def of_joining(draft: Draft) -> Iterator[Mistake]:
    """Not sorted, not separated, or packed before it was signed."""
    yield Mistake("not-sorted", options(is_sorted=False))
    yield Mistake("not-separated", options(equals="", between=""))
    for end in ("&", "\n"):
        yield Mistake("more-at-the-end", options(end=end))
    for packing in PACKINGS:
        yield Mistake("packed", options(packed=packing), {"packing": packing})


def of_forgotten(draft: Draft) -> Iterator[Mistake]:
    """Signed, but not sent."""
    given = draft.parameters()
    for name, values in FORGOTTEN.items():
        for value in values:
            if name not in given:
                pair = ((name, value),)
                yield Mistake("not-sent", options(added=pair), {"name": name, "value": value})
