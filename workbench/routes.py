"""Adds the workbench to an app; its page, the files of the phone, and what the page polls.

The steps hold tokens, the emulator's: only programs on this machine and its own page get them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    jsonify,
    render_template,
    request,
    send_from_directory,
)
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from alipay_member.explain import fields
from emulator import start
from emulator.accounts import MEMBERS, known_ids
from emulator.inspector.step import WORDS as EMULATOR_WORDS
from emulator.routes import only_json, only_this_machine

from . import laboratory, naive
from .frames import NoSourceError, lines_around
from .laboratory import FIRST, GROUPS, Laboratory, all_faults
from .recorder import Recorder
from .watched_store import WatchedStore

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
VICTIM = "no-avatar"  # 王誠, whom the naive server knows from the start
PORT = 8001  # the same each time, because the members' rows hold the addresses of avatars
WORDS = json.loads((HERE / "words.json").read_text("utf-8"))
WORDS["steps"] |= EMULATOR_WORDS["steps"]
WORDS["parameters"] = EMULATOR_WORDS["parameters"]
routes = Blueprint(
    "workbench",
    __name__,
    static_folder="page",
    static_url_path="/static",
    template_folder="page",
    url_prefix="/workbench",
)


# ── adding it to an app ──


def start_emulator(values: dict[str, str]) -> dict[str, str]:
    """The settings to run with: these, if they name an emulator.

    Otherwise with those of an emulator that is started in this process.
    """
    if values.get("ALIPAY_GATEWAY_URL"):
        return values
    try:
        emulator = start(PORT)
    except OSError:  # the port is taken
        emulator = start()
    return values | emulator.settings()


@dataclass(frozen=True)
class Workbench:
    """What the routes below work with."""

    store: WatchedStore
    recorder: Recorder
    laboratory: Laboratory
    app_ids: list[str]  # whose members are shown: the phone's app first; an ISV's is its merchant's
    has_web_login: bool

    @property
    def phone_app_id(self) -> str:
        return self.app_ids[0]


def attach(app: Flask) -> None:
    """Make the workbench the app's landing page, and watch the app.

    TypeError if the app was not made with a WatchedStore.
    """
    parts = app.extensions["alipay_member"]
    if not isinstance(parts.store, WatchedStore):
        raise TypeError("the workbench needs create_app(settings, store=WatchedStore(…))")
    clients = [client for client in (parts.client, parts.web_client) if client]
    app_ids = list(dict.fromkeys(client.member_app_id for client in clients))
    recorder = Recorder(app, clients, parts.store)
    workbench = Workbench(
        store=parts.store,
        recorder=recorder,
        laboratory=Laboratory(parts.store, clients, recorder, app_ids[0]),
        app_ids=app_ids,
        has_web_login=parts.web_client is not None,
    )
    app.extensions["workbench"] = workbench
    app.extensions["laboratory"] = workbench.laboratory
    start_naive(workbench.phone_app_id)
    app.register_blueprint(routes)
    app.register_blueprint(naive.naive, url_prefix="/workbench/naive")
    app.register_blueprint(laboratory.routes)
    app.config["LANDING_PAGE"] = "/workbench/"


def start_naive(app_id: str) -> None:
    """Let the naive server know one member of this app, its victim."""
    victim = {"nick_name": MEMBERS[VICTIM]["profile"]["nick_name"], "avatar": None}
    naive.members[:] = [victim | known_ids(app_id, VICTIM)]


def current() -> Workbench:
    """The workbench of the app that answers this request."""
    found: Workbench = current_app.extensions["workbench"]
    return found


@naive.naive.before_request
@routes.before_request
def guard() -> None:
    """No web page elsewhere can read the steps or reach the switches."""
    only_this_machine()
    only_json()


@naive.naive.errorhandler(RecursionError)
def refuse_nested_json(_error: RecursionError) -> tuple[Response, int]:
    return jsonify(error="the body is nested too deep"), 400


# ── the page and the files of the phone ──


@routes.get("/")
def page() -> str:
    """The page, with the emulator's members and what is switched on, or that it is not running."""
    laboratory = current().laboratory
    faults = {"faults": all_faults(), "fault_groups": GROUPS, "first_faults": FIRST}
    return render_template(
        "workbench.html",
        **laboratory.emulator.read("members"),
        on=laboratory.on(),
        words=WORDS | faults | {"fields": contrast_fields()},
        own=current().phone_app_id,
        victim=known_ids(current().phone_app_id, VICTIM),
        web=current().has_web_login,
    )


def contrast_fields() -> list[dict[str, Any]]:
    """What the contrast shows of each field."""
    names = ("name", "zh", "en", "source", "empty", "values")
    return [{name: row[name] for name in names if name in row} for row in fields()]


@routes.app_template_filter("compact")
def compact(value: Any) -> Markup:
    """JSON for a page, Chinese as it is."""
    return htmlsafe_json_dumps(value, ensure_ascii=False, separators=(",", ":"))


@routes.get("/phone/<path:path>")
def phone(path: str) -> Response:
    return file("phone", path)


@routes.get("/shared/<path:path>")
def shared(path: str) -> Response:
    """A script or style sheet that the emulator's own page has too."""
    return send_from_directory(HERE.parent / "emulator" / "static", path)


@routes.get("/files/<any(miniprogram, mistakes):folder>/<path:path>")
def file(folder: str, path: str) -> Response:
    """A file byte for byte; types that the web does not know (.axml, .acss) are plain text.

    204 for a missing .acss: a page need not have one.
    """
    if path.endswith(".acss") and not (FOLDERS[folder] / path).is_file():
        return Response(status=204)
    mimetype = TYPES.get(Path(path).suffix, "text/plain")
    return send_from_directory(FOLDERS[folder], path, mimetype=mimetype)


# ── what has happened ──


@routes.get("/events")
def events() -> Response:
    """The steps after number ?since; what is switched on, and how much is stored, now."""
    workbench = current()
    since = request.args.get("since", 0, type=int)
    steps = workbench.recorder.since(since)
    counts = {
        "members": workbench.store.count_members(workbench.phone_app_id),
        "sessions": workbench.store.count_sessions(workbench.phone_app_id),
    }
    return jsonify(
        next=steps[-1]["n"] if steps else since,
        steps=steps,
        on=workbench.laboratory.on(),
        counts=counts,
    )


@routes.post("/reset")
def reset() -> Response:
    """Forget the apps' members and sessions and the steps; reset the emulator and the faults."""
    workbench = current()
    workbench.recorder.forget_requests_until_now()
    workbench.laboratory.mend()
    for app_id in workbench.app_ids:
        workbench.store.clear(app_id)
    start_naive(workbench.phone_app_id)
    workbench.recorder.clear()
    return workbench.laboratory.emulator.ask("POST", "reset")


@routes.get("/source/<path:name>")
def source(name: str) -> dict[str, Any]:
    """The lines around ?line of a file of this project; 404 for what may not be shown."""
    try:
        return lines_around(name, request.args.get("line", 0, type=int))
    except NoSourceError as error:
        abort(404, str(error))
