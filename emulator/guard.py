"""Who may use the emulator's switches and the workbench: this machine's programs and own pages.

The gateway itself has no such guard: any program may call it, as it may call Alipay's.
"""

from flask import Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException


def only_this_machine() -> None:
    """Refuse another Host, which is DNS rebinding, and another Origin, which is a foreign page."""
    own = request.host_url.rstrip("/")
    host_name = request.host.partition(":")[0]
    is_local = host_name in ("127.0.0.1", "localhost")
    if not is_local or request.headers.get("Origin", own) != own:
        abort(403, "only programs on this machine and pages of this address are answered")


def only_json() -> None:
    """Refuse what a form on any web page could send."""
    if request.method in ("POST", "PUT") and request.mimetype != "application/json":
        abort(415, "send Content-Type: application/json")


def sentence(error: Exception) -> tuple[Response, int]:
    """An error as `{"error": sentence}`: HTTP's own, or 400 for what accounts and faults refuse."""
    if isinstance(error, HTTPException):
        return jsonify(error=error.description), error.code or 500
    return jsonify(error=str(error)), 400
