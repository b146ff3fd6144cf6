"""Who may use the emulator's switches and the workbench: this machine's programs and own pages.

The gateway itself has no such guard: any program may call it, as it may call Alipay's.
"""

from typing import NoReturn

from flask import Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto")


def only_this_machine() -> None:
    """Refuse what did not come straight from here, and say why.

    Another Host is DNS rebinding, a header of a proxy is a tunnel, through which anybody may look;
    another Origin is a foreign page, and so is another site that fetches without one (an image).
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
    if is_of_another_page():
        refuse(
            "请求来自别的网页：这里只回答本机的程序和自己的网页。",
            "only programs on this machine and pages of this address are answered",
        )


def is_of_another_page() -> bool:
    """Whether the page of another address has sent this; a link that somebody follows is fine."""
    own = request.host_url.rstrip("/")
    is_link = request.headers.get("Sec-Fetch-Mode") == "navigate"
    is_of_another_site = request.headers.get("Sec-Fetch-Site") == "cross-site"
    return request.headers.get("Origin", own) != own or (is_of_another_site and not is_link)


def refuse(zh: str, en: str) -> NoReturn:
    """403 in both languages: programs read it, and people in their browser."""
    abort(403, f"{zh} {en}")


def only_json() -> None:
    """Refuse what a form on any web page could send."""
    if request.method in ("POST", "PUT") and request.mimetype != "application/json":
        abort(415, "send Content-Type: application/json")


def sentence(error: Exception) -> tuple[Response, int]:
    """An error as `{"error": sentence}`: HTTP's own, or 400 for what accounts and faults refuse."""
    if isinstance(error, HTTPException):
        return jsonify(error=error.description), error.code or 500
    return jsonify(error=str(error)), 400
