"""The workbench's switches, under /workbench: what can be broken, and the emulator's own."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from flask import Blueprint, Response, abort, current_app, request

from emulator.routes import only_json, only_this_machine

from .failures import FAILURES, Failures, words
from .link import EmulatorLink
from .recorder import Recorder
from .trace import as_json, body_text, new_step
from .trace_message import PATH as MESSAGES

CONTROLS = (
    "members",
    "faults",
    "switches",
    "fault",
    "identity",
    "product",
    "auth-code",
    "app-auth-code",
    "revoke",
    "forge-message",
    "expire",
)
FUNCTIONS = {  # what does what is done once
    "revoke": "emulator/accounts.py · Accounts.revoke()",
    "forge-message": "emulator/push.py · forgery()",
    "expire": "emulator/accounts.py · Accounts.end_access_tokens()",
    "end-sessions": "workbench/breakable.py · BreakableStore.end_sessions()",
}
routes = Blueprint("laboratory", __name__, url_prefix="/workbench")


@dataclass(frozen=True)
class Laboratory:
    """What the routes below work with."""

    failures: Failures
    emulator: EmulatorLink
    recorder: Recorder
    app_id: str  # the phone's app; an ISV's is its merchant's


def current() -> Laboratory:
    """The laboratory of the app that answers this request."""
    found: Laboratory = current_app.extensions["laboratory"]
    return found


@routes.before_request
def guard() -> None:
    """No web page elsewhere can reach the switches."""
    only_this_machine()
    only_json()


@routes.get("/words/laboratory")
def list_ways() -> dict[str, Any]:
    """Every way of failing, by groups, and which to start with."""
    return words()


@routes.put("/failure")
def fail() -> Response:
    """`{"name", "member"}`: one thing goes wrong, by its name; null mends all."""
    body = as_json(body_text())
    if not isinstance(body, dict):
        abort(400)
    name = body.get("name") or None
    if not isinstance(name, str | None):
        abort(400)
    act = FAILURES.get(name or "", {}).get("act")
    if act and current().failures.can_act(act, body.get("member")):
        receive_messages()
        # Recorded before it is done: a message may follow at once.
        current().recorder.record(new_step("act", str(name), str(name), "", FUNCTIONS[act]))
    return current().failures.switch(name, body.get("member"))


def receive_messages() -> None:
    """From now on the emulated Alipay sends messages to this app, at the address it has here."""
    url = urljoin(request.host_url, MESSAGES)
    current().emulator.ask("PUT", "messages", {"url": url})


@routes.route(f"/emulator/<any{CONTROLS}:name>", methods=["GET", "POST", "PUT"])
def control(name: str) -> Response:
    """The emulator's answer for the app in the phone, which `members` names."""
    if name in ("revoke", "forge-message"):
        receive_messages()
    own = {"app_id": current().app_id}
    body = as_json(body_text())
    if isinstance(body, dict):
        body = own | body
    answer = current().emulator.ask(request.method, name, body)
    if name == "members" and answer.data:
        answer.set_data(json.dumps(own | answer.get_json()))
    return answer
