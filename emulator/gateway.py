"""The emulated gateway: /gateway.do checks a call, carries it out, and signs the reply."""

import json
import logging
import re
import socket
import time
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from alipay_member.models import SHARE, TOKEN
from alipay_member.signing import verify

from .accounts import MERCHANT, Accounts, Refused, profile
from .call import DEFAULT_CHARSET, GatewayCall, read_call
from .inspector.calls import Outcome
from .inspector.step import causes
from .reply import Reply, error_node
from .routes import state

REQUIRED = {  # parameter → its name in isv.missing-…, in the order in which Alipay checks
    "app_id": "app-id",
    "method": "method",
    "sign": "signature",
    "sign_type": "signature-type",
    "timestamp": "timestamp",
    "version": "version",
}
TIMESTAMP = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3])(:[0-5]\d){2}"
SUCCESS = {"code": "10000", "msg": "Success"}
gateway = Blueprint("gateway", __name__)
log = logging.getLogger("emulator")


@gateway.route("/gateway.do", methods=["GET", "POST"])
def serve_call() -> Response:
    """Reply to one call. Like Alipay's, the reply claims to be text/html, although it is JSON."""
    began = time.perf_counter()
    accounts = state().accounts
    faults = state().faults
    call = read_call(request, accounts)
    reply = reply_to(call, accounts)
    fault = faults.spoil(reply, call) if call.app_id else None
    body = b"" if reply.hang_up else reply.to_bytes()
    record(call, Outcome(reply.refused, fault, body, time.perf_counter() - began))
    faults.stopping.wait(reply.delay)
    if reply.hang_up:
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    content_type = f"text/html;charset={call.charset or DEFAULT_CHARSET}"
    return Response(body, reply.status, content_type=content_type)


def record(call: GatewayCall, outcome: Outcome) -> None:
    """Log the call in one line, without secrets, and keep it for the page if there is one.

    An emulator without a page logs only refusals and faults.
    """
    calls = state().calls
    parts = []
    if outcome.refused:
        parts.append(f"refused, {outcome.refused}")
    if calls:
        parts += causes(calls.record(request, call, outcome))
    if outcome.fault:
        parts.append(f"the fault {outcome.fault} is switched on")
    if calls and not parts:
        parts.append("answered")
    if parts:
        log.info("%s: %s", call, "; ".join(parts))


def reply_to(call: GatewayCall, accounts: Accounts) -> Reply:
    """Check the call, carry it out, and build the reply."""
    node_name = "error_response"
    if call.method in METHODS:
        node_name = call.method.replace(".", "_") + "_response"
    try:
        check_parameters(call)
        check_certificates(call)
        check_signature(call)
    except Refused as refused:
        return refusal(node_name, refused, call, accounts)
    try:
        node = METHODS[call.method](call, accounts)
    except Refused as refused:
        if call.method == TOKEN:  # the only method whose own errors are an error_response
            node_name = "error_response"
        return refusal(node_name, refused, call, accounts)
    return new_reply(node_name, node, call, accounts)


def refusal(name: str, refused: Refused, call: GatewayCall, accounts: Accounts) -> Reply:
    reply = new_reply(name, error_node(refused.sub_code, call.parameters), call, accounts)
    reply.refused = refused
    return reply


def new_reply(name: str, node: dict[str, Any], call: GatewayCall, accounts: Accounts) -> Reply:
    """A reply in the call's charset. For an unknown app Alipay has no key to sign it with."""
    private_key = accounts.alipay_key if call.app_id else None
    reply = Reply(name, node, private_key, call.charset or DEFAULT_CHARSET)
    reply.cert_sn = call.files.alipay_cert_sn if call.files else None
    return reply


# ── the checks before a call is carried out, in Alipay's order; the first that fails is reported ──


def check_parameters(call: GatewayCall) -> None:
    """Steps 1 to 5: the common parameters."""
    given = call.parameters
    # 1. The app exists; before all else, since without it there is no key to check or sign with.
    if "app_id" in given and call.app_id is None:
        raise Refused("isv.invalid-app-id", "the app_id is unknown")
    # 2. All required parameters are there.
    for parameter, name in REQUIRED.items():
        if parameter not in given:
            raise Refused(f"isv.missing-{name}", f"{parameter} is missing")
    # 3. The charset is one that Alipay knows.
    if call.charset is None:
        raise Refused("isv.invalid-charset", "charset must be utf-8 or GBK")
    # 4. The kind of signature is RSA2.
    if given["sign_type"] != "RSA2":
        raise Refused("isv.invalid-signature-type", "sign_type must be RSA2")
    # 5. The timestamp has the right form. Its time is not checked.
    if not re.fullmatch(TIMESTAMP, given["timestamp"], re.ASCII):
        raise Refused("isv.invalid-timestamp", "timestamp must be yyyy-MM-dd HH:mm:ss")


def check_certificates(call: GatewayCall) -> None:
    """Steps 6 and 7: which key signs. It is not known at which point Alipay checks the SNs."""
    # 6. The app has uploaded its public key (应用公钥).
    if call.app_key is None:
        raise Refused("isv.missing-signature-config", "the app has no public key here")
    # 7. In 公钥证书 mode the call names the app's certificate, and Alipay's roots.
    expected = call.files.parameters if call.files else {}
    given = call.parameters
    if expected and given.get("app_cert_sn") != expected["app_cert_sn"]:
        reason = "the app is in 公钥证书 mode, and app_cert_sn is not its certificate's"
        raise Refused("isv.app-cert-not-exist", reason)
    if expected and given.get("alipay_root_cert_sn") != expected["alipay_root_cert_sn"]:
        reason = "alipay_root_cert_sn does not name the RSA certificates of the root file"
        raise Refused("isv.invalid-alipay-root-cert-sn", reason)


def check_signature(call: GatewayCall) -> None:
    """Steps 8 and 9: who signed the call, and for which method."""
    # 8. The app's private key signed these parameters.
    key = call.app_key
    if key is None or not verify(call.data_to_sign(), call.parameters["sign"], key.public_key()):
        raise Refused("isv.invalid-signature", "sign does not verify with the app's public key")
    # 9. The method exists. Only a caller that is known by now learns whether it does.
    if call.method not in METHODS:
        raise Refused("isv.invalid-method", "the emulator does not know this method")


# ── the methods: each returns its node, or raises Refused ──


def oauth_token(call: GatewayCall, accounts: Accounts) -> dict[str, Any]:
    """alipay.system.oauth.token 换取授权访问令牌: tokens for an auth code or a refresh token.

    The only method whose success has no `code`.
    """
    given = call.parameters
    app_id = member_app_id(call, accounts)
    grant_type = given.get("grant_type")
    if grant_type == "authorization_code":
        grant = accounts.exchange(app_id, given.get("code", ""))
    elif grant_type == "refresh_token":
        grant = accounts.refresh(app_id, given.get("refresh_token", ""))
    else:
        reason = "grant_type must be authorization_code or refresh_token"
        raise Refused("isv.grant-type-invalid", reason)
    return grant.tokens | accounts.ids(app_id, grant.member, with_union_id=True)


def user_info_share(call: GatewayCall, accounts: Accounts) -> dict[str, Any]:
    """alipay.user.info.share 会员授权信息查询: the profile behind an access token."""
    app_id = member_app_id(call, accounts)
    if app_id in accounts.without_product:
        reason = "the app lacks the product 获取会员信息"
        raise Refused("isv.insufficient-isv-permissions", reason)
    grant = accounts.access(app_id, call.parameters.get("auth_token", ""))
    if "auth_user" not in grant.scopes:
        raise Refused("aop.invalid-auth-token", "auth_token lacks the scope auth_user")
    return SUCCESS | profile(grant.member, request.host_url) | accounts.ids(app_id, grant.member)


def open_auth_token_app(call: GatewayCall, accounts: Accounts) -> dict[str, Any]:
    """alipay.open.auth.token.app 换取应用授权令牌: an ISV's app_auth_token for an app_auth_code.

    Refreshing one is not emulated.
    """
    try:
        content = json.loads(call.parameters.get("biz_content", ""))
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or content.get("grant_type") != "authorization_code":
        reason = "grant_type in biz_content must be authorization_code"
        raise Refused("isv.grant-type-invalid", reason)
    return SUCCESS | accounts.exchange_app_code(str(content.get("code")))


def member_app_id(call: GatewayCall, accounts: Accounts) -> str:
    """Whose members the call is about: the caller's own, or the merchant's if an ISV calls."""
    app_auth_token = call.parameters.get("app_auth_token")
    if app_auth_token is None:
        return call.parameters["app_id"]
    if app_auth_token != accounts.merchant_token:
        raise Refused("aop.invalid-app-auth-token", "app_auth_token is not the demo merchant's")
    return MERCHANT


METHODS: dict[str, Callable[[GatewayCall, Accounts], dict[str, Any]]] = {
    TOKEN: oauth_token,
    SHARE: user_info_share,
    "alipay.open.auth.token.app": open_auth_token_app,
}
