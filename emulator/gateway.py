"""/gateway.do: checks a request as Alipay's gateway does, in its order, carries it out and signs the answer.

It reads the protocol for itself and shares no code with alipay_member, so that a mistake there cannot hide here.
"""

import base64
import html
import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from flask import Flask, Response, request

from . import control
from .accounts import MERCHANT, Accounts, App
from .answers import Answer, Refused, rsa_sign
from .faults import Faults

CHARSETS = {"utf-8": "utf-8", "gbk": "GBK", "gb2312": "GBK"}
REQUIRED = {"method": "method", "sign": "signature", "sign_type": "signature-type", "timestamp": "timestamp",
            "version": "version"}  # fmt: skip
TIMESTAMP = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3])(:[0-5]\d){2}"
BEIJING = timezone(timedelta(hours=8))


@dataclass
class Call:
    """One request to the gateway."""

    accounts: Accounts
    parameters: dict[str, str]
    charset: str | None  # None: it asks for one that there is not
    app: App | None  # None: there is no such app

    @property
    def method(self) -> str:
        """The method that is called, which need not exist."""
        return self.parameters.get("method", "")

    @property
    def string_to_sign(self) -> str:
        """Every parameter but `sign`, sorted by name."""
        return "&".join(f"{k}={v}" for k, v in sorted(self.parameters.items()) if k != "sign")

    def member_app_id(self) -> str:
        """The app whose members are meant: the caller's own, or the merchant's if an ISV calls for one."""
        app_auth_token = self.parameters.get("app_auth_token")
        return self.accounts.merchant(app_auth_token) if app_auth_token else self.parameters["app_id"]


def create_gateway_app(accounts: Accounts, faults: Faults) -> Flask:
    """The emulated Alipay as a Flask app: the gateway, the authorise page and the control routes."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    app.register_blueprint(control.routes(accounts, faults))
    app.after_request(control.protect)

    @app.route("/gateway.do", methods=["GET", "POST"])
    def gateway() -> Response:
        call = read_call(accounts)
        answer = answer_to(call)
        if call.app:
            answer = faults.spoil(answer, call)
        faults.stopping.wait(answer.delay)
        if answer.hang_up:
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return Response(answer.to_bytes(), answer.status, content_type=answer.content_type)

    return app


def read_call(accounts: Accounts) -> Call:
    """The request: what is not empty in query and form, the query's first; charset counts only in the query."""
    charset = CHARSETS.get(request.args.get("charset", "GBK").lower())
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    parameters: dict[str, str] = {}
    for raw in (request.query_string, request.get_data() if is_form else b""):
        for name, value in parse_qsl(raw.decode("ascii", "replace"), encoding=charset or "GBK"):
            parameters.setdefault(name, value)
    return Call(accounts, parameters, charset, accounts.apps.get(parameters.get("app_id", "")))


def answer_to(call: Call) -> Answer:
    """Check the call, carry it out, and answer with what comes of it."""
    name = refused_as = f"{call.method.replace('.', '_')}_response" if call.method in METHODS else "error_response"
    try:
        check(call)
        if call.method == "alipay.system.oauth.token":
            refused_as = "error_response"
        node = METHODS[call.method](call)
    except Refused as refused:
        name, node = refused_as, refused.node
    key = call.accounts.alipay_key if call.app else None  # for an app that there is not, no key signs
    charset = call.charset or "GBK"
    sign = (lambda data: rsa_sign(data, key)) if key else None
    return Answer(name, node, sign, charset, f"text/html;charset={charset}")  # so it says, although JSON


def check(call: Call) -> None:
    """What the gateway looks at before it carries out a call, in its order."""
    given = call.parameters
    if call.app is None:
        raise Refused("isv.invalid-app-id" if given.get("app_id") else "isv.missing-app-id")
    for name, text in REQUIRED.items():
        if not given.get(name):
            raise Refused(f"isv.missing-{text}")
    if call.charset is None:
        raise Refused("isv.invalid-charset")
    if given["sign_type"] != "RSA2":
        raise Refused("isv.invalid-signature-type")
    if not re.fullmatch(TIMESTAMP, given["timestamp"], re.ASCII):  # how far off it may be is not known
        raise Refused("isv.invalid-timestamp")
    if call.app.key is None:
        raise Refused("isv.missing-signature-config")
    try:
        signature = base64.b64decode(given["sign"], validate=True)
        data = call.string_to_sign.encode(call.charset, "replace")
        call.app.key.public_key().verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature):
        raise Refused("isv.invalid-signature", html.escape(call.string_to_sign)) from None
    if call.method not in METHODS:
        raise Refused("isv.invalid-method")


def oauth_token(call: Call) -> dict[str, Any]:
    """alipay.system.oauth.token 换取授权访问令牌: tokens for an auth code or a refresh token. Has no `code`."""
    app_id, given = call.member_app_id(), call.parameters
    if given.get("grant_type") == "authorization_code":
        grant = call.accounts.exchange(app_id, given.get("code", ""))
    elif given.get("grant_type") == "refresh_token":
        grant = call.accounts.refresh(app_id, given.get("refresh_token", ""))
    else:
        raise Refused("isv.grant-type-invalid")
    return {
        "access_token": grant.access_token,
        "auth_start": datetime.fromtimestamp(grant.started, BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
        "expires_in": grant.expires_in,
        "re_expires_in": grant.re_expires_in,
        "refresh_token": grant.refresh_token,
        **call.accounts.ids(app_id, grant.member, union=True),
    }


def user_info_share(call: Call) -> dict[str, Any]:
    """alipay.user.info.share 会员授权信息查询: the profile behind an access token with the scope auth_user."""
    app_id = call.member_app_id()
    if app_id in call.accounts.without_product:
        raise Refused("isv.insufficient-isv-permissions")
    grant = call.accounts.access(app_id, call.parameters.get("auth_token", ""))
    if "auth_user" not in grant.scopes:
        raise Refused("aop.invalid-auth-token")
    ids = call.accounts.ids(app_id, grant.member)
    return {"code": "10000", "msg": "Success", **control.profile(grant.member), **ids}


def open_auth_token_app(call: Call) -> dict[str, Any]:
    """alipay.open.auth.token.app 换取应用授权令牌: an ISV's app_auth_token for an app_auth_code (no refresh)."""
    try:
        content = json.loads(call.parameters.get("biz_content", ""))
        grant_type, code = content["grant_type"], str(content.get("code"))
    except (ValueError, LookupError, TypeError, RecursionError):
        grant_type = code = ""
    if grant_type != "authorization_code":
        raise Refused("isv.grant-type-invalid")
    token, lives = call.accounts.exchange_app_code(code), {"expires_in": 31536000, "re_expires_in": 32140800}
    return {"code": "10000", "msg": "Success", "app_auth_token": token, "auth_app_id": MERCHANT, **lives}


METHODS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "alipay.system.oauth.token": oauth_token,
    "alipay.user.info.share": user_info_share,
    "alipay.open.auth.token.app": open_auth_token_app,
}
