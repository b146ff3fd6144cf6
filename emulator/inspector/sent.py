"""A request to the gateway, byte for byte."""

from contextlib import suppress
from dataclasses import dataclass

from flask import Request
from werkzeug.exceptions import HTTPException

MAX_BYTES = 100_000  # of a body that is kept


@dataclass(frozen=True)
class Sent:
    """A request as it was sent. A body that is too long to be kept is cut, and `is_whole` false."""

    verb: str
    query: bytes
    body: bytes
    mimetype: str
    headers: list[tuple[str, str]]
    is_whole: bool

    @property
    def bytes(self) -> tuple[str, bytes, bytes]:
        """What makes it the same call as another one."""
        return self.verb, self.query, self.body

    def header(self, name: str) -> str:
        """A header's value, "" if it was not sent."""
        return next((value for given, value in self.headers if given.lower() == name), "")


def read_sent(request: Request) -> Sent:
    """The request's bytes; a body that broke off, or is longer than Flask takes, is left out."""
    body = b""
    is_whole = False
    with suppress(HTTPException, OSError):
        body = request.get_data()
        is_whole = len(body) <= MAX_BYTES
    return Sent(
        verb=request.method,
        query=request.query_string,
        body=body[:MAX_BYTES],
        mimetype=request.mimetype,
        headers=list(request.headers),
        is_whole=is_whole,
    )
