"""The emulator's own routes: its switches under /emulator/ (JSON) and the authorise page.

Only this machine's programs and the page itself get in: Host must be loopback, a change must be JSON, and the
page's form must come from the page. So no web page elsewhere can reach them.
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, render_template, request

from .accounts import MEMBERS, SCOPES, Accounts, choice
from .faults import LISTED, Faults

PAGE_POLICY = (  # the authorise page's form ends, by a redirect, at the app's callback
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self' http://127.0.0.1:*"
)


def routes(accounts: Accounts, faults: Faults) -> Blueprint:
    """The blueprint for one emulator."""
    blueprint = Blueprint("control", __name__)
    blueprint.before_request(_guard)
    blueprint.register_error_handler(ValueError, lambda error: (jsonify(error=str(error)), 400))
    switches: dict[tuple[str, str], Callable[[dict[str, Any]], dict[str, Any] | None]] = {
        ("GET", "members"): lambda body: {
            "identity": accounts.identity,
            "apps": {app_id: {"product": app_id not in accounts.without_product} for app_id in accounts.apps},
            "members": [
                {
                    "id": name,
                    "case": row["case"],
                    **profile(name),
                    "consented": [app_id for app_id in accounts.apps if (name, app_id) in accounts.consents],
                }
                for name, row in MEMBERS.items()
            ],
        },
        ("GET", "faults"): lambda body: {"active": faults.active(), "faults": LISTED},
        ("POST", "auth-code"): lambda body: {
            "auth_code": accounts.authorize(body.get("app_id", "demo-mini"), body.get("member"), body.get("scopes"))
        },
        ("POST", "app-auth-code"): lambda body: {"app_auth_code": accounts.app_auth_code()},
        ("POST", "revoke"): lambda body: accounts.revoke(body.get("member")),
        ("POST", "reset"): lambda body: accounts.reset() or faults.set(None),
        ("PUT", "fault"): lambda body: faults.set(body.get("name"), body.get("times")),
        ("PUT", "identity"): lambda body: accounts.identify_by(body.get("mode")),
        ("PUT", "product"): lambda body: accounts.bind_product(body.get("app_id", "demo-mini"), body.get("bound")),
    }

    @blueprint.route("/emulator/<name>", methods=["GET", "POST", "PUT", "DELETE"])
    def switch(name: str) -> Any:
        run = switches.get((request.method, name))
        if run is None:
            return jsonify(error=f"there is no {request.method} /emulator/{name}"), 404
        body = {} if request.method == "GET" else request.get_json(silent=True)
        if not isinstance(body, dict):
            return jsonify(error="send a JSON object with Content-Type: application/json"), 415
        return jsonify(run(body) or {})

    @blueprint.get("/emulator/avatar/<member>.svg")
    def avatar(member: str) -> Response:
        hue = 360 * list(MEMBERS).index(choice(member, MEMBERS, "member")) // len(MEMBERS)
        return Response(render_template("avatar.svg", hue=hue), content_type="image/svg+xml")

    blueprint.add_url_rule("/oauth2/publicAppAuthorize.htm", "authorize", lambda: _authorize(accounts),
                           methods=["GET", "POST"])  # fmt: skip
    return blueprint


def profile(member: str) -> dict[str, str]:
    """A member's profile as the gateway gives it; the avatar's address is on the origin that was asked."""
    row = MEMBERS[member]
    avatar = {"avatar": f"{request.host_url}emulator/avatar/{member}.svg"} if row["has_avatar"] else {}
    return avatar | row["profile"]


def protect(response: Response) -> Response:
    """The headers of every answer."""
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _guard() -> Any:
    if request.host.partition(":")[0] not in ("127.0.0.1", "localhost"):  # DNS rebinding
        return jsonify(error="the emulator answers to 127.0.0.1 only"), 403
    if request.headers.get("Origin", request.host_url[:-1]) != request.host_url[:-1]:
        return jsonify(error="the emulator takes nothing from other web pages"), 403
    return None


def _authorize(accounts: Accounts) -> Any:
    """The authorise page 授权页: whose account it is, what the app asked for, agree or deny."""
    asked = {name: request.args.get(name, "") for name in ("app_id", "scope", "redirect_uri", "state")}
    app = accounts.apps.get(asked["app_id"])
    problem = (
        "app" if app is None
        else "mini-program" if app.callback is None
        else "redirect-uri" if not re.fullmatch(app.callback, asked["redirect_uri"])
        else "scope" if not set(asked["scope"].split(",")) <= set(SCOPES)
        else None
    )  # fmt: skip
    if request.method == "POST" and not problem:
        back = {"app_id": asked["app_id"], "source": "alipay_wallet"}
        back |= {"state": asked["state"]} if asked["state"] else {}
        if member := request.form.get("member"):  # without it: denied, and no auth_code goes back
            code = accounts.authorize(asked["app_id"], member, asked["scope"].split(","))
            back |= {"auth_code": code, "userOutputs": asked["scope"], "scope": asked["scope"]}
        return redirect(f"{asked['redirect_uri']}?{urlencode(back)}")
    lang = request.args.get("lang") or request.accept_languages.best_match(["zh", "en"], "zh")
    other = urlencode({**asked, "lang": "zh" if lang == "en" else "en"})
    page = {"asked": asked, "app": app, "problem": problem, "members": MEMBERS.values()}
    return render_template("authorize.html", lang=lang, other=other, **page), 400 if problem else 200
