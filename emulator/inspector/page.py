"""The emulator's own page at `/`, and its routes: the calls that arrived, and sending one again.

They show tokens and keys, so they answer only programs on this machine and the page itself.
"""

import http.client
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import PrivateFormat
from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from ..accounts import APPS, MEMBERS
from ..faults import FAULTS, GROUPS
from ..keypairs import one_line
from ..routes import error_as_json, only_json, only_this_machine, state
from .calls import Arrival, Calls
from .step import WORDS, address, step_of

HERE = Path(__file__).parent
SNIPPETS = json.loads((HERE / "snippets.json").read_text("utf-8"))
POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'none'"
)
CONNECTION_HEADERS = ("connection", "content-length", "expect", "transfer-encoding")
TIMEOUT = 30  # seconds; a fault can delay the reply
inspector = Blueprint("inspector", __name__)


@inspector.before_request
def guard() -> None:
    """No other web page can read the calls or send one again."""
    only_this_machine()
    only_json()


@inspector.get("/")
def page() -> Response:
    """The page in the chosen language, else in the one that the browser prefers."""
    accounts = state().accounts
    chosen = request.args.get("lang") or request.cookies.get("lang")
    if chosen not in ("zh", "en"):
        chosen = request.accept_languages.best_match(["zh", "en"], "zh")
    text = render_template(
        "inspector.html",
        lang=chosen,
        words=page_words(),
        members=MEMBERS.values(),
        identity=accounts.identity,
        message_url=accounts.message_url,
        fault=active_fault(),
        faults=FAULTS.values(),
        groups=GROUPS,
        apps={app_id: APPS[app_id] for app_id in accounts.app_keys},
        certified=sorted(accounts.certified),
        settings=settings(),
        snippets=SNIPPETS,
        gateway=f"{request.host_url}gateway.do",
        own=request.host_url,
    )
    response = make_response(text)
    response.headers["Content-Security-Policy"] = POLICY
    return response


def active_fault() -> str | None:
    active = state().faults.active()
    return active["name"] if active else None


def page_words() -> dict[str, Any]:
    return {name: WORDS[name] for name in ("ui", "lanes", "steps", "parts", "parameters")}


def settings() -> dict[str, dict[str, str]]:
    """What an SDK needs, by app id: the gateway, the id and the keys."""
    accounts = state().accounts
    found = {}
    for app_id, key in accounts.app_keys.items():
        found[app_id] = {
            "gateway": f"{request.host_url}gateway.do",
            "app_id": app_id,
            "pkcs8": one_line(key),
            "pkcs1": one_line(key, PrivateFormat.TraditionalOpenSSL),
            "alipay": one_line(accounts.alipay_key.public_key()),
        }
    return found


@inspector.app_template_filter("compact")
def compact(value: Any) -> Markup:
    """JSON for a page, without escaping Chinese."""
    return htmlsafe_json_dumps(value, ensure_ascii=False, separators=(",", ":"))


# ── the calls that arrived ──


def calls() -> Calls:
    kept = state().calls
    if kept is None:
        abort(404)
    return kept


@inspector.get("/emulator/calls")
def list_calls() -> Response:
    """The calls after number ?since as steps, the emulator's run, and what is switched on."""
    since = request.args.get("since", 0, type=int)
    steps = [step_of(arrival) for arrival in calls().since(since)]
    on = {"identity": state().accounts.identity, "fault": active_fault()}
    return jsonify(run=calls().run, oldest=calls().oldest(), calls=steps, on=on)


@inspector.delete("/emulator/calls")
def forget_calls() -> dict[str, str]:
    calls().clear()
    return {}


@inspector.post("/emulator/calls/<int:number>/again")
def send_again(number: int) -> dict[str, int]:
    """Send the bytes of this call again over HTTP, as its client did."""
    arrival = calls().find(number)
    if arrival is None:
        abort(404, f"call {number} is unknown, or too old to be kept")
    if not arrival.sent.is_whole:
        abort(400, f"the body of call {number} was too long to be kept")
    return {"status": send(arrival, request.environ["SERVER_PORT"])}


def send(arrival: Arrival, port: str) -> int:
    """Returns the HTTP status of the reply; 502 if there is none, as with some faults."""
    sent = arrival.sent
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=TIMEOUT)
    try:
        connection.putrequest(
            sent.verb, address(arrival), skip_host=True, skip_accept_encoding=True
        )
        for name, value in sent.headers:
            if name.lower() not in CONNECTION_HEADERS:
                connection.putheader(name, value)
        if sent.body:
            connection.putheader("Content-Length", str(len(sent.body)))
        connection.endheaders(sent.body or None)
        reply = connection.getresponse()
        reply.read()
    except (OSError, http.client.HTTPException):
        return 502
    finally:
        connection.close()
    return reply.status


@inspector.errorhandler(HTTPException)
def refuse(error: Exception) -> tuple[Response, int]:
    return error_as_json(error)
