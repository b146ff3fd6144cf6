"""What the emulator's routes share: the emulator behind them, and whose requests they answer.

Only this machine's programs and the emulator's own pages may see tokens or turn switches. The
gateway itself is open: any program may call it, as it may call Alipay's.
"""

from dataclasses import dataclass
from typing import NoReturn

from flask import Response, abort, current_app, jsonify, request
from werkzeug.exceptions import HTTPException

from .accounts import Accounts
from .faults import FaultSwitch
from .inspector.calls import Calls

FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto")


@dataclass(frozen=True)
class State:
    """One emulator's accounts, its fault switch, and the calls that its page shows."""

    accounts: Accounts
    faults: FaultSwitch
    calls: Calls | None = None  # None: it has no page


def state() -> State:
    """The state of the emulator that answers this request."""
    found: State = current_app.extensions["emulator"]
    return found


def only_this_machine() -> None:
    """Abort with 403 unless the request came straight from this machine, and not from another page.

    Another Host is DNS rebinding; a proxy's header means a tunnel that anybody may use; another
    Origin is another page, and so is another site that fetches without one (an image).
    """
    host_name = request.host.partition(":")[0]
    if host_name not in ("127.0.0.1", "localhost"):
        refuse(
            "这里给出令牌，只回答本机：请打开 http://127.0.0.1 加端口，而不是别的主机名。",
            "Tokens are shown here, so only this machine is answered: "
            f"open it at http://127.0.0.1 with its port, not as {host_name}.",
        )
    for name in FORWARDED:
        if name in request.headers:
            refuse(
                f"请求经过了代理或隧道（{name}）：这里给出令牌，只回答直接来自本机的请求。",
                f"The request came through a proxy or tunnel ({name}): tokens are shown here, so "
                "only what comes straight from this machine is answered.",
            )
    if is_from_another_page():
        refuse(
            "请求来自别的网页：这里只回答本机的程序和自己的网页。",
            "The request came from another web page: only programs on this machine and pages of "
            "this address are answered.",
        )


def is_from_another_page() -> bool:
    """Whether a page of another address sent this request. Following a link is fine."""
    own = request.host_url.rstrip("/")
    is_link = request.headers.get("Sec-Fetch-Mode") == "navigate"
    is_from_another_site = request.headers.get("Sec-Fetch-Site") == "cross-site"
    return request.headers.get("Origin", own) != own or (is_from_another_site and not is_link)


def refuse(zh: str, en: str) -> NoReturn:
    """Abort with 403 and a message in both languages: programs and people in a browser read it."""
    abort(403, f"{zh} {en}")


def only_json() -> None:
    """Abort with 415 on a body that a form of any web page could send."""
    if request.method in ("POST", "PUT") and request.mimetype != "application/json":
        abort(415, "send Content-Type: application/json")


def error_as_json(error: Exception) -> tuple[Response, int]:
    """`{"error": message}` with an HTTP error's own status, else 400: a ValueError of ours."""
    if isinstance(error, HTTPException):
        return jsonify(error=error.description), error.code or 500
    return jsonify(error=str(error)), 400
