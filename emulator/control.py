"""The JSON routes under /emulator/: test members, auth codes, faults, ids, consent.

They answer programs on this machine. The workbench forwards its page's requests to them.
"""

from typing import Any, NoReturn

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.exceptions import HTTPException

from . import push
from .accounts import APPS, MEMBERS, choice, profile
from .faults import FAULTS
from .routes import error_as_json, only_json, only_this_machine, state

DEFAULT_APP = "demo-mini"
control = Blueprint("control", __name__, url_prefix="/emulator")


@control.before_request
def guard() -> None:
    """No other web page can reach these routes."""
    only_this_machine()
    only_json()


@control.get("/members")
def list_members() -> dict[str, Any]:
    """The test members, the apps they consented to, and the switches that concern them."""
    accounts = state().accounts
    members = []
    for name, row in MEMBERS.items():
        shown = {"id": name, "case": row["case"]} | profile(name, request.host_url)
        members.append(shown | {"consented": accounts.consents[name]})
    apps = {app_id: {"product": app_id not in accounts.without_product} for app_id in APPS}
    return {"identity": accounts.identity, "apps": apps, "members": members}


@control.get("/faults")
def list_faults() -> dict[str, Any]:
    """Every fault, and the one that is switched on."""
    return {"active": state().faults.active(), "faults": [row.as_dict() for row in FAULTS.values()]}


@control.get("/switches")
def list_switches() -> dict[str, Any]:
    """The active fault, the ids that apps get, apps without the product, the message URL."""
    accounts = state().accounts
    return {
        "fault": state().faults.active(),
        "identity": accounts.identity,
        "unbound": sorted(accounts.without_product),
        "messages": accounts.message_url,
    }


@control.post("/auth-code")
def give_auth_code() -> dict[str, str]:
    """`{"member", "scopes", "app_id"?}` → an auth code, as my.getAuthCode returns it."""
    body = json_body()
    app_id = body.get("app_id", DEFAULT_APP)
    code = state().accounts.authorize(app_id, body.get("member"), body.get("scopes"))
    return {"auth_code": code}


@control.post("/app-auth-code")
def give_app_auth_code() -> dict[str, str]:
    """The app_auth_code that an ISV receives when the demo merchant authorises it."""
    json_body()
    return {"app_auth_code": state().accounts.app_auth_code()}


@control.post("/revoke")
def revoke_consent() -> dict[str, Any]:
    """`{"member"}`: 解除授权, the member withdraws every consent in Alipay.

    Each app that had the consent gets a message, if there is a message URL.
    """
    accounts = state().accounts
    member = choice(json_body().get("member"), MEMBERS, "member")
    app_ids = accounts.revoke(member)
    if accounts.message_url is None:
        return {"messages": []}
    return {"messages": push.withdrawals(accounts, member, app_ids)}


@control.post("/forge-message")
def forge_message() -> dict[str, Any]:
    """`{"member", "app_id"?}`: push a withdrawn consent that Alipay did not sign."""
    body = json_body()
    app_id = choice(body.get("app_id", DEFAULT_APP), APPS, "app")
    member = choice(body.get("member"), MEMBERS, "member")
    accounts = state().accounts
    if accounts.message_url is None:
        raise ValueError("set a message URL first: PUT /emulator/messages")
    return {"messages": push.forgery(accounts, app_id, member)}


@control.put("/messages")
def switch_messages() -> dict[str, str]:
    """`{"url", "charset"?}`: the apps' message URL (应用网关) on this machine; null for none."""
    body = json_body()
    url = push.loopback_url(body.get("url"))
    state().accounts.message_charset = push.message_charset(body.get("charset", "utf-8"))
    state().accounts.message_url = url
    return {}


@control.post("/expire")
def end_access_tokens() -> dict[str, str]:
    """`{"member"}`: end the member's access tokens, as after 15 days. They can be refreshed."""
    state().accounts.end_access_tokens(json_body().get("member"))
    return {}


@control.post("/reset")
def reset() -> dict[str, str]:
    """Back to the start, except for the keys."""
    json_body()
    state().accounts.reset()
    state().faults.set(None)
    return {}


@control.put("/fault")
def switch_fault() -> dict[str, str]:
    """`{"name", "times"?}`: spoil the next replies with this fault; null switches it off."""
    body = json_body()
    state().faults.set(body.get("name"), body.get("times"))
    return {}


@control.put("/identity")
def switch_identity() -> dict[str, str]:
    """`{"mode"}`: the ids that apps get: open_id, user_id or both."""
    state().accounts.identify_by(json_body().get("mode"))
    return {}


@control.put("/product")
def switch_product() -> dict[str, str]:
    """`{"bound", "app_id"?}`: whether the app has the product 获取会员信息."""
    body = json_body()
    state().accounts.bind_product(body.get("app_id", DEFAULT_APP), body.get("bound"))
    return {}


@control.put("/certificates")
def switch_certificates() -> dict[str, str]:
    """`{"certificates", "app_id"?}`: true for 公钥证书 mode, false for 公钥 mode."""
    body = json_body()
    state().accounts.certify(body.get("app_id", DEFAULT_APP), body.get("certificates"))
    return {}


@control.get("/avatar/<member>.svg")
def draw_avatar(member: str) -> Response:
    """A member's picture, each in its own colour."""
    number = list(MEMBERS).index(choice(member, MEMBERS, "member"))
    svg = render_template("avatar.svg", hue=number * 360 // len(MEMBERS))
    return Response(svg, content_type="image/svg+xml")


@control.route("/<path:name>", methods=["GET", "POST", "PUT", "DELETE"])
def unknown_route(name: str) -> NoReturn:
    abort(404, f"unknown route: {request.method} /emulator/{name}")


@control.errorhandler(HTTPException)
@control.errorhandler(ValueError)
@control.errorhandler(RecursionError)
def refuse(error: Exception) -> tuple[Response, int]:
    """An error as JSON. RecursionError: the body is nested too deep."""
    return error_as_json(error)


def json_body() -> dict[str, Any]:
    """The request's body. Aborts with 400 if it is not a JSON object."""
    body = request.get_json()
    if not isinstance(body, dict):
        abort(400, "the body must be a JSON object")
    return body
