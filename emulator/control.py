"""The switches under /emulator/ (JSON): test members, auth codes, faults, ids, consent.

For this machine's programs; the workbench passes its page's requests on to them.
"""

from typing import Any, NoReturn

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.exceptions import HTTPException

from . import push
from .accounts import APPS, MEMBERS, choice, profile
from .faults import FAULTS
from .guard import only_json, only_this_machine, sentence
from .state import state

DEFAULT_APP = "demo-mini"
control = Blueprint("control", __name__, url_prefix="/emulator")


@control.before_request
def guard() -> None:
    """No web page elsewhere can reach the switches."""
    only_this_machine()
    only_json()


@control.get("/members")
def list_members() -> dict[str, Any]:
    """The test members as the gateway knows them, which apps they consented to, the switches."""
    accounts = state().accounts
    members = []
    for name, row in MEMBERS.items():
        shown = {"id": name, "case": row["case"]} | profile(name, request.host_url)
        members.append(shown | {"consented": accounts.consents[name]})
    apps = {app_id: {"product": app_id not in accounts.without_product} for app_id in APPS}
    return {"identity": accounts.identity, "apps": apps, "members": members}


@control.get("/faults")
def list_faults() -> dict[str, Any]:
    """Every fault that can be switched on, and which one is."""
    return {"active": state().faults.active(), "faults": [row.as_dict() for row in FAULTS.values()]}


@control.get("/switches")
def list_switches() -> dict[str, Any]:
    """What is on: the fault, which ids apps get, apps without the product, where messages go."""
    accounts = state().accounts
    return {
        "fault": state().faults.active(),
        "identity": accounts.identity,
        "unbound": sorted(accounts.without_product),
        "messages": accounts.message_url,
    }


@control.post("/auth-code")
def give_auth_code() -> dict[str, str]:
    """`{"member", "scopes", "app_id"?}` → what my.getAuthCode gives once the member has agreed."""
    asked = json_body()
    app_id = asked.get("app_id", DEFAULT_APP)
    code = state().accounts.authorize(app_id, asked.get("member"), asked.get("scopes"))
    return {"auth_code": code}


@control.post("/app-auth-code")
def give_app_auth_code() -> dict[str, str]:
    """What an ISV receives when the demo merchant authorises it."""
    json_body()
    return {"app_auth_code": state().accounts.app_auth_code()}


@control.post("/revoke")
def revoke_consent() -> dict[str, Any]:
    """`{"member"}`: 解除授权, what the member does in Alipay to withdraw every consent.

    Each app that had it is told by a message, if there is an address for messages.
    """
    accounts = state().accounts
    member = choice(json_body().get("member"), MEMBERS, "member")
    app_ids = accounts.revoke(member)
    if accounts.message_url is None:
        return {"messages": []}
    return {"messages": push.withdrawals(accounts, member, app_ids)}


@control.post("/forge-message")
def forge_message() -> dict[str, Any]:
    """`{"member", "app_id"?}`: somebody who is not Alipay claims that consent was withdrawn."""
    asked = json_body()
    app_id = choice(asked.get("app_id", DEFAULT_APP), APPS, "app")
    member = choice(asked.get("member"), MEMBERS, "member")
    accounts = state().accounts
    if accounts.message_url is None:
        raise ValueError("say first where messages go: PUT /emulator/messages")
    return {"messages": push.forgery(accounts, app_id, member)}


@control.put("/messages")
def switch_messages() -> dict[str, str]:
    """`{"url", "charset"?}`: where messages go (应用网关), on this machine; null sends none."""
    asked = json_body()
    url = push.loopback_address(asked.get("url"))
    state().accounts.message_charset = push.message_charset(asked.get("charset", "utf-8"))
    state().accounts.message_url = url
    return {}


@control.post("/expire")
def end_access_tokens() -> dict[str, str]:
    """`{"member"}`: their access tokens have ended, as after 15 days; they can be refreshed."""
    state().accounts.end_access_tokens(json_body().get("member"))
    return {}


@control.post("/reset")
def reset() -> dict[str, str]:
    """Everything as at the start, except for the keys."""
    json_body()
    state().accounts.reset()
    state().faults.set(None)
    return {}


@control.put("/fault")
def switch_fault() -> dict[str, str]:
    """`{"name", "times"?}`: misbehave so for the next calls; null behaves again."""
    asked = json_body()
    state().faults.set(asked.get("name"), asked.get("times"))
    return {}


@control.put("/identity")
def switch_identity() -> dict[str, str]:
    """`{"mode"}`: which ids apps get, open_id, user_id or both."""
    state().accounts.identify_by(json_body().get("mode"))
    return {}


@control.put("/product")
def switch_product() -> dict[str, str]:
    """`{"bound", "app_id"?}`: whether the app has the product 获取会员信息."""
    asked = json_body()
    state().accounts.bind_product(asked.get("app_id", DEFAULT_APP), asked.get("bound"))
    return {}


@control.put("/certificates")
def switch_certificates() -> dict[str, str]:
    """`{"certificates", "app_id"?}`: whether the app is in 公钥证书 mode, or in 公钥 mode."""
    asked = json_body()
    state().accounts.certify(asked.get("app_id", DEFAULT_APP), asked.get("certificates"))
    return {}


@control.get("/avatar/<member>.svg")
def draw_avatar(member: str) -> Response:
    """A member's picture, in a colour of its own."""
    number = list(MEMBERS).index(choice(member, MEMBERS, "member"))
    svg = render_template("avatar.svg", hue=number * 360 // len(MEMBERS))
    return Response(svg, content_type="image/svg+xml")


@control.route("/<path:name>", methods=["GET", "POST", "PUT", "DELETE"])
def no_such_route(name: str) -> NoReturn:
    """Whatever no route above answers."""
    abort(404, f"there is no {request.method} /emulator/{name}")


@control.errorhandler(HTTPException)
@control.errorhandler(ValueError)
@control.errorhandler(RecursionError)
def refuse(error: Exception) -> tuple[Response, int]:
    """One sentence for what can't be done; JSON that is nested too deep among it."""
    return sentence(error)


def json_body() -> dict[str, Any]:
    """The request's body; 400 if it is not a JSON object."""
    body = request.get_json()
    if not isinstance(body, dict):
        abort(400, "the body must be a JSON object")
    return body
