"""The workbench at /workbench: the phone, the trace, the switches. Only main() adds it to the app, with the emulator.

It watches the app from outside, by request hooks and the clients' observers: the integration knows nothing of it.
Its events hold tokens: the emulator's, and `guard` gives them to nobody but pages of this machine.
"""

import json
import mimetypes
import shlex
import time
from collections import deque
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import flask
import requests
from flask import g, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from alipay_member.client import Exchange
from alipay_member.explanations import VALUES, explain, explain_value

from . import start
from .gateway import guard

HERE = Path(__file__).parent
FOLDERS = {"miniprogram": HERE.parent / "miniprogram", "mistakes": HERE / "mistakes", "phone": HERE / "phone"}
PORT = 8001  # the same each time, because the members' rows hold avatar addresses
CONTROLS = ("members", "faults", "fault", "identity", "product", "auth-code", "app-auth-code", "revoke")
UNWATCHED = ("/workbench", "/static/", "/healthz", "/favicon.ico")
FUNCTIONS = {"authorization_code": "exchange_code", "refresh_token": "refresh_token"}  # by grant_type
MAX_SHOWN = 20_000  # characters of each part of an answer

Step = dict[str, Any]


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
    routes = flask.Blueprint("workbench", __name__, "static", template_folder="templates", url_prefix="/workbench")
    routes.before_request(guard)
    routes.get("/")(bench.page)
    routes.get("/events")(bench.events)
    routes.post("/reset")(bench.reset)
    routes.route(f"/emulator/<any{CONTROLS}:name>", methods=["GET", "POST", "PUT"])(bench.control)
    routes.get("/phone/<path:path>", defaults={"app": "phone"}, endpoint="phone")(file)
    routes.get("/files/<any(miniprogram, mistakes):app>/<path:path>")(file)
    app.before_request_funcs.setdefault(None, []).insert(0, bench.begin)  # first: it sees what other hooks refuse
    app.after_request(bench.finish)
    app.register_blueprint(routes)
    app.config["LANDING_PAGE"] = "/workbench/"


def file(app: str, path: str) -> flask.Response:
    """A file byte for byte; the mini-program's own types (.axml, .acss) are plain text. An .acss may be missing."""
    if path.endswith(".acss") and not (FOLDERS[app] / path).is_file():
        return flask.Response(status=204)
    return flask.send_from_directory(FOLDERS[app], path, mimetype=mimetypes.guess_type(path)[0] or "text/plain")


class Workbench:
    """The newest 500 steps, in memory, and the way to the emulator's switches."""

    def __init__(self, parts: Any) -> None:
        self.store, self.gateway_url = parts.store, parts.settings.gateway_url
        self.steps: deque[Step] = deque(maxlen=500)
        self.numbers = count(int(time.time() * 1000))  # grow across restarts too: an open page misses nothing
        self.session = requests.Session()
        self.session.trust_env = False  # a company's proxy can't reach this machine
        self.clients = [client for client in (parts.client, parts.web_client) if client]
        for client in self.clients:
            client.observer = self.observe
        self.apps = list(dict.fromkeys(client.member_app_id for client in self.clients))  # an ISV's: the merchant's one

    def rows(self) -> list[Step]:
        return [row.as_dict() for app_id in self.apps for row in self.store.members(app_id)]

    def begin(self) -> None:
        if request.path != "/" and not request.path.startswith(UNWATCHED):
            g.began, g.rows, g.exchanges = time.perf_counter(), self.rows(), []

    def observe(self, exchange: Exchange) -> None:
        if "exchanges" in g:
            g.exchanges.append(_exchange(exchange, self.gateway_url))

    def finish(self, response: flask.Response) -> flask.Response:
        """Record a request, its exchanges, and what became of the members, in this order."""
        if "began" in g:
            steps = [_request(response), *g.exchanges]
            if request.method != "GET" or request.path == "/callback":
                steps.append(_store(g.rows, self.rows()))
            common = {"at": time.time(), "trace": request.headers.get("X-Trace")}
            self.steps.extend({"n": next(self.numbers)} | common | step for step in steps)
        return response

    def ask(self, method: str, name: str, body: bytes = b"{}") -> flask.Response:
        """The emulator's answer to a call of its control route; 502 if it is not running."""
        url, headers = urljoin(self.gateway_url, f"/emulator/{name}"), {"Content-Type": "application/json"}
        try:
            answer = self.session.request(method, url, data=body, headers=headers, timeout=5)
        except requests.RequestException:
            return flask.make_response(jsonify(error="the emulator is not running"), 502)
        return flask.Response(answer.content, answer.status_code, mimetype="application/json")

    def control(self, name: str) -> flask.Response:
        """The emulator's answer for the app in the phone, which `members` names: an ISV's is its merchant's."""
        app, body = {"app_id": self.apps[0]}, _json(request.get_data(as_text=True))
        answer = self.ask(request.method, name, json.dumps(app | body if isinstance(body, dict) else body).encode())
        if name == "members" and answer.data:
            answer.set_data(json.dumps(app | answer.get_json()))
        return answer

    def page(self) -> str:
        fields = ("nick_name", "avatar")
        empty = {field: [explain_value(field, None, lang) for lang in ("zh", "en")] for field in fields}
        words = json.loads((HERE / "words.json").read_text("utf-8")) | {"values": VALUES, "empty": empty}
        shown = self.ask("GET", "members").get_json() | self.ask("GET", "faults").get_json()
        return flask.render_template("workbench.html", words=words, web=len(self.clients) > 1, **shown)

    def events(self) -> flask.Response:
        """The steps after number ?since, and the members and the number of sessions as they are now."""
        since = request.args.get("since", 0, type=int)
        steps = [step for step in list(self.steps) if step["n"] > since]
        sessions = sum(map(self.store.count_sessions, self.apps))
        newest = steps[-1]["n"] if steps else since
        return jsonify(next=newest, events=steps, members=self.rows(), sessions=sessions)

    def reset(self) -> flask.Response:
        """Forget the apps' members and sessions, the steps, and all that the emulator was told."""
        for app_id in self.apps:
            self.store.clear(app_id)
        self.steps.clear()
        return self.ask("POST", "reset")


def _request(response: flask.Response) -> Step:
    """What reached the app, what it answered, and which function did it."""
    text = ""
    with suppress(RequestEntityTooLarge, OSError):
        text = request.get_data(as_text=True)
    function = (request.endpoint or "").rpartition(".")[2]
    options = [f"-H{name}: {value}" for name, value in request.headers if name in ("Authorization", "Content-Type")]
    curl = ["curl", "-X", request.method, request.url, *options, *["--data-raw", text] * bool(text)]
    answer = response.get_json(silent=True) or response.location
    error = answer.get("error") if isinstance(answer, dict) else None
    return {
        "kind": "request",
        "function": f"app.py · {function}()" if function else "app.py",
        "method": request.method,
        "path": request.full_path.rstrip("?"),
        "status": response.status_code,
        "elapsed_ms": round((time.perf_counter() - g.began) * 1000, 1),
        "body": _json(text),
        "answer": answer,
        "error": error and error | _explanation(error["code"]),
        "curl": shlex.join(curl),
    }


def _json(text: str) -> Any:
    """The JSON that a body is, if the page can take it: no NaN, and not nested so deep that nobody could read it."""
    with suppress(ValueError):
        if text.count("[") + text.count("{") < 50:
            return json.loads(json.dumps(json.loads(text), allow_nan=False))
    return text


def _explanation(code: str) -> Step:
    """The page's two languages of what the app says in the phone's: cause as message, remedy as hint; {} if unknown."""
    rows = zip(("message", "hint"), *(explain(code, lang) for lang in ("zh", "en")), strict=False)
    return {name: {"zh": zh, "en": en} for name, zh, en in rows}


def _exchange(exchange: Exchange, gateway_url: str) -> Step:
    """One call to Alipay, its answer cut where the signed bytes begin and end."""
    raw, signed, sent, error = exchange.raw_answer, exchange.signed_part, exchange.parameters, exchange.error
    cut = zip(("before", "signed", "after"), raw.partition(signed) if signed else (raw, b"", b""), strict=True)
    function = FUNCTIONS.get(sent.get("grant_type"), "fetch_profile")
    said = error and {name: {lang: getattr(error, name)(lang) for lang in ("zh", "en")} for name in ("hint", "report")}
    code = getattr(error, "sub_code", "") or getattr(error, "code", "")
    url = f"{gateway_url}?{urlencode(sent, encoding=exchange.charset)}"
    return {
        "kind": "exchange",
        "function": f"alipay_member/client.py · AlipayClient.{function}()",
        "method": exchange.method,
        "parameters": dict(sent),
        "string_to_sign": exchange.string_to_sign,
        "signature": sent.get("sign"),
        "raw": {name: part.decode(exchange.charset, "replace")[:MAX_SHOWN] for name, part in cut},
        "verified": exchange.verified,
        "elapsed_ms": round(exchange.elapsed * 1000, 1),
        "error": said and {"code": code, "message": str(error)} | said | (_explanation(code) if ":" in code else {}),
        "curl": shlex.join(["curl", "-X", "POST", url]),
    }


def _store(before: list[Step], after: list[Step]) -> Step:
    """The rows that a request changed; a new profile_at alone, for the same profile again, is no change."""
    was, now = ([row for row in a if row not in b] for a, b in ((before, after), (after, before)))
    plain = [[row | {"profile_at": bool(row["profile_at"])} for row in rows] for rows in (was, now)]
    function = "alipay_member/store.py · MemberStore"
    return {"kind": "store", "function": function, "changed": plain[0] != plain[1], "before": was, "after": now}
