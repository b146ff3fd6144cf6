"""The workbench at /workbench: the phone, the trace, the switches.

server/cli.py adds it to the app when Alipay is emulated. Its events hold tokens, the emulator's,
and `guard` gives them to nobody but programs on this machine and its own page.
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
from emulator.inspector.step import WORDS as OF_EMULATOR
from emulator.routes import only_json, only_this_machine

from . import laboratory, naive
from .frames import NoSourceError, function_at
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
WORDS["steps"] |= OF_EMULATOR["steps"]
WORDS["parameters"] = OF_EMULATOR["parameters"]
FIELD = ("name", "zh", "en", "source", "empty", "values")  # what the contrast says of a field
routes = Blueprint(
    "workbench",
    __name__,
    static_folder="page",
    static_url_path="/static",
    template_folder="page",
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
    app_ids = list(dict.fromkeys(client.member_app_id for client in clients))
    recorder = Recorder(app, clients, parts.store)
    app.extensions["workbench"] = Bench(
        store=parts.store,
        recorder=recorder,
        app_ids=app_ids,
        has_web_login=parts.web_client is not None,
    )
    app.extensions["laboratory"] = Laboratory(parts.store, clients, recorder, app_ids[0])
    start_naive(app_ids[0])
    app.register_blueprint(routes)
    app.register_blueprint(naive.naive, url_prefix="/workbench/naive")
    app.register_blueprint(laboratory.routes)
    app.config["LANDING_PAGE"] = "/workbench/"


def start_naive(app_id: str) -> None:
    """The naive server knows nobody of this app but its victim."""
    victim = {"nick_name": MEMBERS[VICTIM]["profile"]["nick_name"], "avatar": None}
    naive.members[:] = [victim | known_ids(app_id, VICTIM)]


@dataclass(frozen=True)
class Bench:
    """What the routes below work with."""

    store: WatchedStore
    recorder: Recorder
    app_ids: list[str]  # whose members are shown: the phone's app first; an ISV's is its merchant's
    has_web_login: bool

    @property
    def own(self) -> str:
        """The app id of the phone's app."""
        return self.app_ids[0]

    def counts(self) -> dict[str, int]:
        """How many members and sessions the phone's app has now."""
        return {
            "members": self.store.count_members(self.own),
            "sessions": self.store.count_sessions(self.own),
        }

    def victim(self) -> dict[str, str]:
        """The ids of the person whom a lying client claims to be."""
        return known_ids(self.own, VICTIM)


def bench() -> Bench:
    """The workbench of the app that answers this request."""
    found: Bench = current_app.extensions["workbench"]
    return found


@naive.naive.before_request
@routes.before_request
def guard() -> None:
    """No web page elsewhere can read the events or reach the switches."""
    only_this_machine()
    only_json()


@naive.naive.errorhandler(RecursionError)
def nested_too_deep(_error: RecursionError) -> tuple[Response, int]:
    """JSON that no reader takes."""
    return jsonify(error="the body is nested too deep"), 400


# ── the page and the files of the phone ──


@routes.get("/")
def page() -> str:
    """The page, with the emulator's members and what is switched on, or that it is not running."""
    shown = [{name: row[name] for name in FIELD if name in row} for row in fields()]
    faults = {"faults": all_faults(), "fault_groups": GROUPS, "first_faults": FIRST}
    return render_template(
        "workbench.html",
        **laboratory.current().emulator.read("members"),
        on=laboratory.current().on(),
        words=WORDS | faults | {"fields": shown},
        own=bench().own,
        victim=bench().victim(),
        web=bench().has_web_login,
    )


@routes.app_template_filter("compact")
def compact(value: Any) -> Markup:
    """JSON for a page, where a Chinese character needs three bytes, not the six of its escape."""
    return htmlsafe_json_dumps(value, ensure_ascii=False, separators=(",", ":"))


@routes.get("/phone/<path:path>")
def phone(path: str) -> Response:
    """A file of the phone."""
    return file("phone", path)


@routes.get("/shared/<path:path>")
def shared(path: str) -> Response:
    """A script or style sheet of the emulator's own page, which shows calls as this one does."""
    return send_from_directory(HERE.parent / "emulator" / "static", path)


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
    """The steps after number ?since; what is switched on, and how much is stored, now."""
    since = request.args.get("since", 0, type=int)
    steps = bench().recorder.since(since)
    return jsonify(
        next=steps[-1]["n"] if steps else since,
        steps=steps,
        on=laboratory.current().on(),
        counts=bench().counts(),
    )


@routes.post("/reset")
def reset() -> Response:
    """Forget the apps' members and sessions, the steps, and all that the emulator was told."""
    bench().recorder.forget_requests_until_now()
    laboratory.current().mend()
    for app_id in bench().app_ids:
        bench().store.clear(app_id)
    start_naive(bench().own)
    bench().recorder.clear()
    return laboratory.current().emulator.ask("POST", "reset")


@routes.get("/source/<path:name>")
def source(name: str) -> dict[str, Any]:
    """The function around ?line of a file of this project; 404 for what may not be shown."""
    try:
        return function_at(name, request.args.get("line", 0, type=int))
    except NoSourceError as error:
        abort(404, str(error))
