"""The workbench at /workbench: the phone, the trace, the switches. Only main() adds it to the app, with the emulator.

It watches the app from outside, by request hooks and the clients' observers: the integration knows nothing of it.
Its events hold tokens: the emulator's, and `guard` gives them to nobody but pages of this machine.
"""

import json
import mimetypes
import threading
import time
from collections import deque
from functools import wraps
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import flask
import requests
from flask import g, jsonify, request

from alipay_member.client import Exchange
from alipay_member.errors import Call, mask
from alipay_member.explanations import VALUES

from . import start
from .gateway import guard
from .steps import Rows, Step, as_json, exchange_step, new_step, request_step, store_step

HERE = Path(__file__).parent
FOLDERS = {
    "miniprogram": HERE.parent / "miniprogram",
    "mistakes": HERE / "mistakes",
    "phone": HERE / "phone",
}
PORT = 8001  # the same each time, because the members' rows hold avatar addresses
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
UNWATCHED = ("/workbench", "/static/", "/healthz", "/favicon.ico")
WRITES = ("sign_in", "save_profile", "renew", "sign_out", "forget")  # MemberStore's
WORDS = json.loads((HERE / "words.json").read_text("utf-8"))


def start_emulator(values: dict[str, str]) -> dict[str, str]:
    """The settings to run with: as given if they name an emulator, else with those of one started in this process."""
    if values.get("ALIPAY_GATEWAY_URL"):
        return values
    try:
        emulator = start(PORT)
    except OSError:  # taken
        emulator = start()
    return values | emulator.settings()


def attach(app: flask.Flask) -> None:
    """Make the workbench the app's landing page, and watch the app."""
    bench = Workbench(app.extensions["alipay_member"])
    routes = flask.Blueprint(
        "workbench", __name__, "static", template_folder="templates", url_prefix="/workbench"
    )
    routes.before_request(guard)
    routes.get("/")(bench.page)
    routes.get("/events")(bench.events)
    routes.post("/reset")(bench.reset)
    routes.put("/failure")(bench.fail)
    routes.route(f"/emulator/<any{CONTROLS}:name>", methods=["GET", "POST", "PUT"])(bench.control)
    routes.get("/phone/<path:path>", defaults={"app": "phone"}, endpoint="phone")(file)
    routes.get("/files/<any(miniprogram, mistakes):app>/<path:path>")(file)
    app.before_request_funcs.setdefault(None, []).insert(
        0, bench.begin
    )  # first: it sees what other hooks refuse
    app.after_request(bench.finish)
    app.register_blueprint(routes)
    app.config["LANDING_PAGE"] = "/workbench/"


def file(app: str, path: str) -> flask.Response:
    """A file byte for byte; the mini-program's own types (.axml, .acss) are plain text. An .acss may be missing."""
    if path.endswith(".acss") and not (FOLDERS[app] / path).is_file():
        return flask.Response(status=204)
    return flask.send_from_directory(
        FOLDERS[app], path, mimetype=mimetypes.guess_type(path)[0] or "text/plain"
    )


class Workbench:
    """The newest 500 steps, in memory, and the way to the emulator's switches."""

    def __init__(self, parts: Any) -> None:
        self.store, self.gateway_url = parts.store, parts.settings.gateway_url
        self.steps: deque[Step] = deque(maxlen=500)
        self.numbers = count(
            int(time.time() * 1000)
        )  # grow across restarts too: an open page misses nothing
        self.session = requests.Session()
        self.session.trust_env = False  # a company's proxy can't reach this machine
        self.clients = [client for client in (parts.client, parts.web_client) if client]
        for client in self.clients:
            client.observer = self.observe
        self.writing, self.cleared = threading.Lock(), 0.0
        for name in WRITES:
            setattr(self.store, name, self.watched(getattr(self.store, name)))
        self.apps = list(
            dict.fromkeys(client.member_app_id for client in self.clients)
        )  # an ISV's: the merchant's one

    def rows(self) -> Rows:
        return [row.as_dict() for app_id in self.apps for row in self.store.members(app_id)]

    def begin(self) -> None:
        if request.path != "/" and not request.path.startswith(UNWATCHED):
            g.began, g.steps = time.perf_counter(), []

    def observe(self, exchange: Exchange) -> None:
        if g and "steps" in g:
            g.call = Call(exchange.method, self.gateway_url, mask(exchange.parameters))
            g.steps.append(exchange_step(exchange, g.call))

    def watched(self, write: Any) -> Any:
        """A method of the store that leaves what it did to the members, one at a time, while the app answers."""

        @wraps(write)
        def watching(*values: Any, **more: Any) -> Any:
            if not g or "steps" not in g:
                return write(*values, **more)
            with self.writing:
                before = self.rows()
                try:
                    return write(*values, **more)
                finally:
                    g.steps.append(store_step(before, self.rows(), write.__name__))

        return watching

    def finish(self, response: flask.Response) -> flask.Response:
        """Record a request, then its exchanges and what the store did, as they came; or that it did nothing."""
        if "began" in g and g.began > self.cleared:
            reads = request.method == "GET" and request.path != "/callback"
            stored = reads or any(step["kind"] == "store" for step in g.steps)
            self.record(request_step(response), *g.steps, *[store_step([], [])] * (not stored))
        return response

    def record(self, *steps: Step) -> None:
        common = {"at": time.time(), "trace": request.headers.get("X-Trace")}
        with self.writing:  # else a page could see a later number first, and never this one
            self.steps.extend({"n": next(self.numbers)} | common | step for step in steps)

    def ask(self, method: str, name: str, body: Any = None) -> flask.Response:
        """The emulator's answer to a call of its control route; 502 if it is not running."""
        url = urljoin(self.gateway_url, f"/emulator/{name}")
        try:
            answer = self.session.request(method, url, json={} if body is None else body, timeout=5)
        except requests.RequestException:
            return flask.make_response(jsonify(error="the emulator is not running"), 502)
        return flask.Response(answer.content, answer.status_code, mimetype="application/json")

    def control(self, name: str) -> flask.Response:
        """The emulator's answer for the app in the phone, which `members` names: an ISV's is its merchant's."""
        app, body = {"app_id": self.apps[0]}, as_json(request.get_data(as_text=True))
        answer = self.ask(request.method, name, app | body if isinstance(body, dict) else body)
        if name == "members" and answer.data:
            answer.set_data(json.dumps(app | answer.get_json()))
        return answer

    def fail(self) -> flask.Response:
        """Make one thing go wrong: `name` is a fault's or a failure's of words.json; null mends all."""
        body = request.get_json()
        if not isinstance(body, dict):
            flask.abort(400)
        name = body.get("name") or None
        known = next((failure for failure in WORDS["failures"] if failure["name"] == name), {})
        self.ask("PUT", "product", {"app_id": self.apps[0], "bound": known.get("product", True)})
        answer = self.ask("PUT", "fault", {"name": None if known else name})
        if known.get("revoke"):
            answer = self.ask("POST", "revoke", {"member": body.get("member")})
            if answer.status_code == 200:
                self.record(
                    new_step("act", name, name, "", "emulator/accounts.py · Accounts.revoke()")
                )
        return answer

    def page(self) -> str:
        values = {
            name: {v: {"zh": zh, "en": en} for v, (zh, en) in codes.items()}
            for name, codes in VALUES.items()
        }
        told = self.ask("GET", "members").get_json() | self.ask("GET", "faults").get_json()
        told |= {
            "words": WORDS | {"values": values},
            "own": self.apps[0],
            "web": len(self.clients) > 1,
        }
        return flask.render_template("workbench.html", **told)

    def events(self) -> flask.Response:
        """The steps after number ?since, and the members and the number of sessions as they are now."""
        since = request.args.get("since", 0, type=int)
        steps = [step for step in list(self.steps) if step["n"] > since]
        sessions = sum(map(self.store.count_sessions, self.apps))
        newest = steps[-1]["n"] if steps else since
        return jsonify(next=newest, events=steps, members=self.rows(), sessions=sessions)

    def reset(self) -> flask.Response:
        """Forget the apps' members and sessions, the steps, and all that the emulator was told."""
        self.cleared = time.perf_counter()  # what is under way now is of before
        for app_id in self.apps:
            self.store.clear(app_id)
        self.steps.clear()
        return self.ask("POST", "reset")
