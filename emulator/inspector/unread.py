"""Parameters in a body that the gateway does not read, because its Content-Type names no form."""

import io
import json
from urllib.parse import quote

from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from .draft import FORM, Raw, read_raw
from .sent import Sent


def unread_parameters(sent: Sent, charset: str) -> tuple[Raw, ...]:
    """The parameters that the client may have meant; none if it sent a form, or nothing.

    `charset` is the one in which the call is read.
    """
    if not sent.body or sent.mimetype == FORM:
        return ()
    if sent.mimetype == "application/json":
        return as_raw(members(sent.body), charset)
    if sent.mimetype == "multipart/form-data":
        return as_raw(fields(sent), charset)
    return read_raw("body", sent.body)


def members(body: bytes) -> dict[str, str]:
    """The texts of a JSON object."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def fields(sent: Sent) -> dict[str, str]:
    """The texts of a multipart form."""
    _, options = parse_options_header(sent.header("content-type"))
    length = len(sent.body)
    _, form, _ = FormDataParser().parse(io.BytesIO(sent.body), sent.mimetype, length, options)
    return dict(form.items())


def as_raw(parameters: dict[str, str], charset: str) -> tuple[Raw, ...]:
    """The parameters as a form would hold them."""
    return tuple(
        Raw("body", quote(name, encoding=charset, errors="replace"), text, True)
        for name, value in parameters.items()
        for text in [quote(value, encoding=charset, errors="replace")]
    )
