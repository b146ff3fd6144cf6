"""The workbench at /workbench: the phone, the trace, the switches.

serve.py adds it to the app when Alipay is emulated. Its events hold tokens, the emulator's, and
`guard` gives them to nobody but programs on this machine and its own page.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    jsonify,
    make_response,
    render_template,
    request,
    send_from_directory,
)

from alipay_member.explanations import fields

from . import start
from .guard import only_json, only_this_machine
from .recorder import Recorder
from .trace import as_json, new_step
from .watched import Rows, WatchedStore

HERE = Path(__file__).parent
FOLDERS = {
    "miniprogram": HERE.parent / "miniprogram",
    "mistakes": HERE / "mistakes",
    "phone": HERE / "phone",
}
TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
}
PORT = 8001  # the same each time, because the members' rows hold the addresses of avatars
CONTROLS = (
    "members",
    "faults",
    "fault",
    "identity",
    "product",
    "auth-code",
    "app-auth-code",
    "revoke",
)
WORDS = json.loads((HERE / "words.json").read_text("utf-8"))
FAILURES = {failure["name"]: failure for failure in WORDS["failures"]}
routes = Blueprint(
    "workbench",
    __name__,
    static_folder="static",
    template_folder="templates",
    url_prefix="/workbench",
)


def start_emulator(values: dict[str, str]) -> dict[str, str]:
    """The settings to run with.

    As they are if they name an emulator, else with those of one that is started in this process.
    """
    if values.get("ALIPAY_GATEWAY_URL"):
        return values
    try:
        emulator = start(PORT)
    except OSError:  # the port is taken
        emulator = start()
    return values | emulator.settings()


def attach(app: Flask) -> None:
    """Make the workbench the app's landing page, and watch the app.

    TypeError if the app was not made with a WatchedStore.
    """
    parts = app.extensions["alipay_member"]
    if not isinstance(parts.store, WatchedStore):
        raise TypeError("the workbench needs create_app(settings, store=WatchedStore(…))")
    clients = [client for client in (parts.client, parts.web_client) if client]
    app.extensions["workbench"] = Bench(
        store=parts.store,
        recorder=Recorder(app, clients, parts.store),
        emulator=EmulatorLink(parts.client.gateway_url),
        app_ids=list(dict.fromkeys(client.member_app_id for client in clients)),
        has_web_login=parts.web_client is not None,
    )
    app.register_blueprint(routes)
    app.config["LANDING_PAGE"] = "/workbench/"


class EmulatorLink:
    """The way to an emulator's switches, which may be in another process."""

    def __init__(self, gateway_url: str) -> None:
        self._gateway_url = gateway_url
        self._session = requests.Session()
        self._session.trust_env = False  # a company's proxy can't reach this machine

    def ask(self, method: str, name: str, body: Any = None) -> Response:
        """The emulator's answer to a call of its control route; 502 if it is not running."""
        url = urljoin(self._gateway_url, f"/emulator/{name}")
        sent = {} if body is None else body
        try:
            answer = self._session.request(method, url, json=sent, timeout=5)
        except requests.RequestException:
            return make_response(jsonify(error="the emulator is not running"), 502)
        return Response(answer.content, answer.status_code, mimetype="application/json")


@dataclass(frozen=True)
class Bench:
    """What the routes below work with."""

    store: WatchedStore
    recorder: Recorder
    emulator: EmulatorLink
    app_ids: list[str]  # whose members are shown: the phone's app first; an ISV's is its merchant's
    has_web_login: bool

    def rows(self) -> Rows:
        """The members as they are stored now."""
        return [row.as_dict() for app_id in self.app_ids for row in self.store.members(app_id)]


def bench() -> Bench:
    """The workbench of the app that answers this request."""
    found: Bench = current_app.extensions["workbench"]
    return found


@routes.before_request
def guard() -> None:
    """No web page elsewhere can read the events or reach the switches."""
    only_this_machine()
    only_json()


# ── the page and the files of the phone ──


@routes.get("/")
def page() -> str:
    """The page, with the emulator's members and faults, or the news that it is not running."""
    told: dict[str, Any] = {}
    for name in ("members", "faults"):
        told |= bench().emulator.ask("GET", name).get_json()
    values = {row["name"]: row["values"] for row in fields() if "values" in row}
    return render_template(
        "workbench.html",
        **told,
        words=WORDS | {"values": values},
        fields=fields(),
        own=bench().app_ids[0],
        web=bench().has_web_login,
    )


@routes.get("/phone/<path:path>")
def phone(path: str) -> Response:
    """A file of the phone."""
    return file("phone", path)


@routes.get("/files/<any(miniprogram, mistakes):folder>/<path:path>")
def file(folder: str, path: str) -> Response:
    """A file byte for byte; what is not of the web (.axml, .acss) is plain text.

    An .acss may be missing.
    """
    if path.endswith(".acss") and not (FOLDERS[folder] / path).is_file():
        return Response(status=204)
    mimetype = TYPES.get(Path(path).suffix, "text/plain")
    return send_from_directory(FOLDERS[folder], path, mimetype=mimetype)


# ── what has happened ──


@routes.get("/events")
def events() -> Response:
    """The steps after number ?since; the members and the number of sessions as they are now."""
    since = request.args.get("since", 0, type=int)
    steps = bench().recorder.since(since)
    return jsonify(
        next=steps[-1]["n"] if steps else since,
        events=steps,
        members=bench().rows(),
        sessions=sum(bench().store.count_sessions(app_id) for app_id in bench().app_ids),
    )


@routes.post("/reset")
def reset() -> Response:
    """Forget the apps' members and sessions, the steps, and all that the emulator was told."""
    bench().recorder.forget_requests_until_now()
    for app_id in bench().app_ids:
        bench().store.clear(app_id)
    bench().recorder.clear()
    return bench().emulator.ask("POST", "reset")


# ── the switches ──


@routes.route(f"/emulator/<any{CONTROLS}:name>", methods=["GET", "POST", "PUT"])
def control(name: str) -> Response:
    """The emulator's answer for the app in the phone, which `members` names."""
    own = {"app_id": bench().app_ids[0]}
    body = as_json(request.get_data(as_text=True))
    if isinstance(body, dict):
        body = own | body
    answer = bench().emulator.ask(request.method, name, body)
    if name == "members" and answer.data:
        answer.set_data(json.dumps(own | answer.get_json()))
    return answer


@routes.put("/failure")
def fail() -> Response:
    """Make one thing go wrong: `name` is a fault's or a failure's of words.json; null ends all."""
    body = request.get_json()
    if not isinstance(body, dict):
        abort(400)
    name = body.get("name") or None
    failure = FAILURES.get(name, {}) if isinstance(name, str) else {}
    emulator = bench().emulator
    product = {"app_id": bench().app_ids[0], "bound": failure.get("product", True)}
    emulator.ask("PUT", "product", product)
    answer = emulator.ask("PUT", "fault", {"name": None if failure else name})
    if failure.get("revoke"):
        answer = emulator.ask("POST", "revoke", {"member": body.get("member")})
        if answer.status_code == requests.codes.ok:
            function = "emulator/accounts.py · Accounts.revoke()"
            bench().recorder.record(new_step("act", failure["name"], failure["name"], "", function))
    return answer
