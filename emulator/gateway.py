"""The emulated Alipay's addresses: /gateway.do, the authorise page 授权页, and the switches under /emulator/ (JSON).

The gateway checks a request as Alipay's does, in its order, carries it out and signs the answer. The others are for
this machine's programs and for the page itself: no web page elsewhere can reach them.
"""

import json
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from flask import Blueprint, Flask, Response, abort, jsonify, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from alipay_member.signing import sign, string_to_sign, verify

from .accounts import APPS, MEMBERS, MERCHANT, SCOPES, Accounts, Refused, choice
from .faults import LISTED, Answer, Faults, refusal

CHARSETS = {"utf-8": "utf-8", "gbk": "GBK", "gb2312": "GBK"}
REQUIRED = {
    "app_id": "app-id",
    "method": "method",
    "sign": "signature",
    "sign_type": "signature-type",
    "timestamp": "timestamp",
    "version": "version",
}
TIMESTAMP = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3])(:[0-5]\d){2}"
CALLBACK = r"http://127\.0\.0\.1(:[0-9]{1,5})?/callback"  # the 授权回调地址 of apps that have one
SUCCESS = {"code": "10000", "msg": "Success"}
HEADERS = {  # of every answer
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self' http://127.0.0.1:*",  # the form ends at the app's callback
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Call(NamedTuple):
    """One request to the gateway."""

    accounts: Accounts
    parameters: dict[str, str]
    method: str  # need not exist
    charset: str | None  # None: it asks for one that there is not
    app_id: str | None  # None: there is no such app
    key: RSAPrivateKey | None  # the app's; None: the console has none

    def member_app_id(self) -> str | None:
        """The app whose members are meant: the caller's own, or the merchant's if an ISV calls for one."""
        app_auth_token = self.parameters.get("app_auth_token")
        if app_auth_token not in (None, self.accounts.merchant_token):
            raise Refused("aop.invalid-app-auth-token")
        return MERCHANT if app_auth_token else self.app_id


def create_gateway_app(accounts: Accounts, faults: Faults) -> Flask:
    """The emulated Alipay as a Flask app: the gateway, the authorise page and the control routes."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    app.register_blueprint(control_routes(accounts, faults))
    app.after_request(lambda response: response.headers.update(HEADERS) or response)

    @app.route("/gateway.do", methods=["GET", "POST"])
    def gateway() -> Response:
        call = read_call(accounts)
        with accounts.lock:
            answer = answer_to(call)
            answer = faults.spoil(answer, call) if call.app_id else answer
        faults.stopping.wait(answer.delay)
        if answer.hang_up:
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        content_type = f"text/html;charset={call.charset or 'GBK'}"  # so it says, although JSON
        return Response(answer.to_bytes(), answer.status, content_type=content_type)

    return app


def read_call(accounts: Accounts) -> Call:
    """The request: what is not empty in query and form, the query's first; charset counts only in the query."""
    charset = CHARSETS.get(request.args.get("charset", "GBK").lower())
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    parameters: dict[str, str] = {}
    for raw in (request.query_string, request.get_data() if is_form else b""):
        for name, value in parse_qsl(raw.decode("ascii", "replace"), encoding=charset or "GBK"):
            parameters.setdefault(name, value)
    app_id = parameters.get("app_id") if parameters.get("app_id") in APPS else None
    return Call(
        accounts,
        parameters,
        parameters.get("method", ""),
        charset,
        app_id,
        accounts.app_keys.get(app_id),
    )


def answer_to(call: Call) -> Answer:
    """Check the call, carry it out, and answer with what comes of it."""
    name = (
        f"{call.method.replace('.', '_')}_response" if call.method in METHODS else "error_response"
    )
    try:
        flaw = find_flaw(call)
        node = refusal(flaw, call.parameters) if flaw else METHODS[call.method](call)
    except Refused as refused:
        name = "error_response" if call.method == "alipay.system.oauth.token" else name
        node = refusal(str(refused), call.parameters)
    signer = (
        partial(sign, private_key=call.accounts.alipay_key) if call.app_id else None
    )  # no app, no key
    return Answer(name, node, signer, call.charset or "GBK")


def find_flaw(call: Call) -> str | None:
    """The sub_code of what is wrong with a call before it is carried out; if several things are, of the first."""
    given = call.parameters
    data = string_to_sign(given).encode(call.charset or "GBK", "replace")
    missing = [text for name, text in REQUIRED.items() if name not in given]
    return (
        "isv.invalid-app-id"
        if "app_id" in given and call.app_id is None
        else f"isv.missing-{missing[0]}"
        if missing
        else "isv.invalid-charset"
        if call.charset is None
        else "isv.invalid-signature-type"
        if given["sign_type"] != "RSA2"
        else "isv.invalid-timestamp"
        if not re.fullmatch(TIMESTAMP, given["timestamp"], re.ASCII)  # any time will do
        else "isv.missing-signature-config"
        if call.key is None
        else "isv.invalid-signature"
        if not verify(data, given["sign"], call.key.public_key())
        else "isv.invalid-method"
        if call.method not in METHODS
        else None
    )


def oauth_token(call: Call) -> dict[str, Any]:
    """alipay.system.oauth.token 换取授权访问令牌: tokens for an auth code or a refresh token. Has no `code`."""
    app_id, given = call.member_app_id(), call.parameters
    if given.get("grant_type") == "authorization_code":
        grant = call.accounts.exchange(app_id, given.get("code", ""))
    elif given.get("grant_type") == "refresh_token":
        grant = call.accounts.refresh(app_id, given.get("refresh_token", ""))
    else:
        raise Refused("isv.grant-type-invalid")
    return grant.tokens | call.accounts.ids(app_id, grant.member, union=True)


def user_info_share(call: Call) -> dict[str, Any]:
    """alipay.user.info.share 会员授权信息查询: the profile behind an access token with the scope auth_user."""
    app_id = call.member_app_id()
    if app_id in call.accounts.without_product:
        raise Refused("isv.insufficient-isv-permissions")
    grant = call.accounts.access(app_id, call.parameters.get("auth_token", ""))
    if "auth_user" not in grant.scopes:
        raise Refused("aop.invalid-auth-token")
    return SUCCESS | profile(grant.member) | call.accounts.ids(app_id, grant.member)


def open_auth_token_app(call: Call) -> dict[str, Any]:
    """alipay.open.auth.token.app 换取应用授权令牌: an ISV's app_auth_token for an app_auth_code (no refresh)."""
    with suppress(
        ValueError, LookupError, TypeError, RecursionError
    ):  # whatever biz_content may be
        content = json.loads(call.parameters["biz_content"])
        if content["grant_type"] == "authorization_code":
            return SUCCESS | call.accounts.exchange_app_code(str(content.get("code")))
    raise Refused("isv.grant-type-invalid")


METHODS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "alipay.system.oauth.token": oauth_token,
    "alipay.user.info.share": user_info_share,
    "alipay.open.auth.token.app": open_auth_token_app,
}


def control_routes(accounts: Accounts, faults: Faults) -> Blueprint:
    """The switches and the authorise page."""
    blueprint = Blueprint("control", __name__)
    blueprint.before_request(guard)
    blueprint.register_error_handler(
        HTTPException, lambda error: (jsonify(error=error.description), error.code)
    )
    for kind in (ValueError, RecursionError):
        blueprint.register_error_handler(kind, lambda error: (jsonify(error=str(error)), 400))
    switches: dict[tuple[str, str], Any] = {
        ("GET", "members"): lambda body: {
            "identity": accounts.identity,
            "apps": {
                app_id: {"product": app_id not in accounts.without_product} for app_id in APPS
            },
            "members": [
                {
                    "id": name,
                    "case": row["case"],
                    **profile(name),
                    "consented": accounts.consents[name],
                }
                for name, row in MEMBERS.items()
            ],
        },
        ("GET", "faults"): lambda body: {"active": faults.active(), "faults": LISTED},
        ("POST", "auth-code"): lambda body: {
            "auth_code": accounts.authorize(
                body.get("app_id", "demo-mini"), body.get("member"), body.get("scopes")
            )
        },
        ("POST", "app-auth-code"): lambda body: {"app_auth_code": accounts.app_auth_code()},
        ("POST", "revoke"): lambda body: accounts.revoke(body.get("member")),
        ("POST", "reset"): lambda body: accounts.reset() or faults.set(None),
        ("PUT", "fault"): lambda body: faults.set(body.get("name"), body.get("times")),
        ("PUT", "identity"): lambda body: accounts.identify_by(body.get("mode")),
        ("PUT", "product"): lambda body: accounts.bind_product(
            body.get("app_id", "demo-mini"), body.get("bound")
        ),
    }

    @blueprint.route("/emulator/<name>", methods=["GET", "POST", "PUT", "DELETE"])
    def switch(name: str) -> Any:
        if (request.method, name) not in switches:
            abort(404, f"there is no {request.method} /emulator/{name}")
        body = {} if request.method == "GET" else request.get_json()
        if not isinstance(body, dict):
            abort(400, "the body is no JSON object")
        with accounts.lock:
            return jsonify(switches[request.method, name](body) or {})

    @blueprint.get("/emulator/avatar/<member>.svg")
    def avatar(member: str) -> Response:
        hue = list(MEMBERS).index(choice(member, MEMBERS, "member")) * 360 // len(MEMBERS)
        return Response(render_template("avatar.svg", hue=hue), content_type="image/svg+xml")

    @blueprint.route("/oauth2/publicAppAuthorize.htm", methods=["GET", "POST"])
    def page() -> Any:
        with accounts.lock:
            return authorize(accounts)

    return blueprint


def guard() -> None:
    """This machine's programs and own pages get in: another Host is DNS rebinding, another Origin a foreign page."""
    own = request.host_url.rstrip("/")
    if (
        request.host.partition(":")[0] not in ("127.0.0.1", "localhost")
        or request.headers.get("Origin", own) != own
    ):
        abort(403, "only programs of this machine and pages of this address are answered")
    is_form = request.endpoint == "control.page"  # the authorise page's own
    if request.method in ("POST", "PUT") and request.mimetype != "application/json" and not is_form:
        abort(415, "send Content-Type: application/json")


def profile(member: str) -> dict[str, str]:
    """A member's profile as the gateway gives it; the avatar's address is on the origin that was asked."""
    row = MEMBERS[member]
    avatar = (
        {"avatar": f"{request.host_url}emulator/avatar/{member}.svg"} if row["has_avatar"] else {}
    )
    return avatar | row["profile"]


def authorize(accounts: Accounts) -> Any:
    """The authorise page 授权页: whose account it is, what the app asked for, agree or deny."""
    asked = {
        name: request.args.get(name, "") for name in ("app_id", "scope", "redirect_uri", "state")
    }
    app = APPS.get(asked["app_id"])
    problem = (
        "app"
        if app is None
        else "mini-program"
        if "callback" not in app
        else "redirect-uri"
        if not re.fullmatch(CALLBACK, asked["redirect_uri"])
        else "scope"
        if not set(asked["scope"].split(",")) <= set(SCOPES)
        else None
    )
    if request.method == "POST" and not problem:
        back = {"app_id": asked["app_id"], "source": "alipay_wallet"}
        back |= {"state": asked["state"]} if asked["state"] else {}
        if member := request.form.get("member"):  # without it: denied, and no auth_code goes back
            code = accounts.authorize(asked["app_id"], member, asked["scope"].split(","))
            back |= {"auth_code": code, "userOutputs": asked["scope"], "scope": asked["scope"]}
        return redirect(f"{asked['redirect_uri']}?{urlencode(back)}")
    lang = request.args.get("lang") or request.accept_languages.best_match(["zh", "en"], "zh")
    page = {"lang": lang, "other": urlencode({**asked, "lang": "zh" if lang == "en" else "en"})}
    page |= {"asked": asked, "app": app, "problem": problem, "members": MEMBERS.values()}
    return render_template("authorize.html", **page), 400 if problem else 200
