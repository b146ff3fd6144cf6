"""The emulator's own page at `/`, and the routes that it asks: what arrived, sent once more.

Only programs on this machine and the page itself are answered: tokens and keys are shown here.
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
from ..fault_rows import GROUPS
from ..faults import FAULTS
from ..guard import only_json, only_this_machine, sentence
from ..keys import one_line
from ..state import state
from .calls import Arrival, Calls
from .told import WORDS, address, step_of

HERE = Path(__file__).parent
SNIPPETS = json.loads((HERE / "snippets.json").read_text("utf-8"))
POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'none'"
)
OWN_HEADERS = ("connection", "content-length", "expect", "transfer-encoding")  # the sender's own
PATIENCE = 30  # seconds: a fault can make an answer slow
inspector = Blueprint("inspector", __name__)


@inspector.before_request
def guard() -> None:
    """No web page elsewhere can read what arrived, or send it again."""
    only_this_machine()
    only_json()


@inspector.get("/")
def page() -> Response:
    """The page, in the language that was chosen or that the browser prefers."""
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
    """The name of the fault that is switched on."""
    active = state().faults.active()
    return active["name"] if active else None


def page_words() -> dict[str, Any]:
    """The sentences that the page's scripts say."""
    return {name: WORDS[name] for name in ("ui", "lanes", "steps", "parts", "parameters")}


def settings() -> dict[str, dict[str, str]]:
    """What an SDK has to be told, by app id: the gateway, the ids and the keys."""
    accounts = state().accounts
    told = {}
    for app_id, key in accounts.app_keys.items():
        told[app_id] = {
            "gateway": f"{request.host_url}gateway.do",
            "app_id": app_id,
            "pkcs8": one_line(key),
            "pkcs1": one_line(key, PrivateFormat.TraditionalOpenSSL),
            "alipay": one_line(accounts.alipay_key.public_key()),
        }
    return told


@inspector.app_template_filter("compact")
def compact(value: Any) -> Markup:
    """JSON for a page, Chinese as it is."""
    return htmlsafe_json_dumps(value, ensure_ascii=False, separators=(",", ":"))


# ── what arrived ──


def calls() -> Calls:
    """The calls of the emulator that answers this request."""
    kept = state().calls
    if kept is None:
        abort(404)
    return kept


@inspector.get("/emulator/calls")
def list_calls() -> Response:
    """The calls after number ?since, as steps; which emulator says so; what is switched on."""
    since = request.args.get("since", 0, type=int)
    steps = [step_of(arrival) for arrival in calls().since(since)]
    on = {"identity": state().accounts.identity, "fault": active_fault()}
    return jsonify(run=calls().run, oldest=calls().oldest(), calls=steps, on=on)


@inspector.delete("/emulator/calls")
def forget_calls() -> dict[str, str]:
    """Forget what arrived."""
    calls().clear()
    return {}


@inspector.post("/emulator/calls/<int:number>/again")
def send_again(number: int) -> dict[str, int]:
    """Send the bytes of this call once more: over HTTP, as its client did."""
    arrival = calls().find(number)
    if arrival is None:
        abort(404, f"call {number} is not kept any more")
    if not arrival.sent.is_whole:
        abort(400, f"the body of call {number} was too long to be kept")
    return {"status": send(arrival, request.environ["SERVER_PORT"])}


def send(arrival: Arrival, port: str) -> int:
    """The HTTP status of the answer; 502 if there is none, as some faults will have it."""
    sent = arrival.sent
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
    try:
        connection.putrequest(
            sent.verb, address(arrival), skip_host=True, skip_accept_encoding=True
        )
        for name, value in sent.headers:
            if name.lower() not in OWN_HEADERS:
                connection.putheader(name, value)
        if sent.body:
            connection.putheader("Content-Length", str(len(sent.body)))
        connection.endheaders(sent.body or None)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return 502
    finally:
        connection.close()
    return answer.status


@inspector.errorhandler(HTTPException)
def refuse(error: Exception) -> tuple[Response, int]:
    """One sentence for what can't be done."""
    return sentence(error)
