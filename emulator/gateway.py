"""The emulated gateway: /gateway.do checks a call, carries it out, and signs the answer."""

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
from .inspector.told import causes
from .reply import Answer, error_node
from .state import state

REQUIRED = {  # parameter → how isv.missing-… names it, in the order in which Alipay looks
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
def answer_call() -> Response:
    """Answer one call. The answer claims to be text/html, as Alipay's does, although it is JSON."""
    began = time.perf_counter()
    accounts = state().accounts
    faults = state().faults
    call = read_call(request, accounts)
    answer = answer_to(call, accounts)
    fault = faults.spoil(answer, call) if call.app_id else None
    body = b"" if answer.hang_up else answer.to_bytes()
    note(call, Outcome(answer.refused, fault, body, time.perf_counter() - began))
    faults.stopping.wait(answer.delay)
    if answer.hang_up:
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    content_type = f"text/html;charset={call.charset or DEFAULT_CHARSET}"
    return Response(body, answer.status, content_type=content_type)


def note(call: GatewayCall, outcome: Outcome) -> None:
    """What became of a call: one line of the log, without secrets, and on the page if there is one.

    Without a page only refusals and faults are told.
    """
    calls = state().calls
    said = []
    if outcome.refused:
        said.append(f"refused, {outcome.refused}")
    if calls:
        said += causes(calls.record(request, call, outcome))
    if outcome.fault:
        said.append(f"answered with the fault {outcome.fault}, which is switched on")
    if calls and not said:
        said.append("answered")
    if said:
        log.info("%s: %s", call, "; ".join(said))


def answer_to(call: GatewayCall, accounts: Accounts) -> Answer:
    """Check the call, carry it out, and answer with what comes of it."""
    node_name = "error_response"
    if call.method in METHODS:
        node_name = call.method.replace(".", "_") + "_response"
    refused = find_flaw(call)
    if refused:
        return refusal(node_name, refused, call, accounts)
    try:
        node = METHODS[call.method](call, accounts)
    except Refused as refused_by_method:
        if call.method == TOKEN:  # no other method's failure is an error_response
            node_name = "error_response"
        return refusal(node_name, refused_by_method, call, accounts)
    return new_answer(node_name, node, call, accounts)


def refusal(name: str, refused: Refused, call: GatewayCall, accounts: Accounts) -> Answer:
    """The answer that refuses a call."""
    answer = new_answer(name, error_node(refused.sub_code, call.parameters), call, accounts)
    answer.refused = refused
    return answer


def new_answer(name: str, node: dict[str, Any], call: GatewayCall, accounts: Accounts) -> Answer:
    """An answer in the call's charset. Without an app there is no key of Alipay's to sign it."""
    private_key = accounts.alipay_key if call.app_id else None
    answer = Answer(name, node, private_key, call.charset or DEFAULT_CHARSET)
    answer.cert_sn = call.files.alipay_cert_sn if call.files else None
    return answer


# ── what is wrong with a call before it is carried out; if several things are, the first one ──


def find_flaw(call: GatewayCall) -> Refused | None:
    """What the gateway looks at before the method does, in Alipay's order."""
    for flaw_of in (flaw_of_parameters, flaw_of_certificates, flaw_of_signature):
        flaw = flaw_of(call)
        if flaw:
            return flaw
    return None


def flaw_of_parameters(call: GatewayCall) -> Refused | None:
    """Steps 1 to 5: the common parameters."""
    given = call.parameters
    # 1. An app_id that does not exist, before all else: there is no key to check or sign with.
    if "app_id" in given and call.app_id is None:
        return Refused("isv.invalid-app-id", "there is no such app")
    # 2. All required parameters are there.
    for parameter, text in REQUIRED.items():
        if parameter not in given:
            return Refused(f"isv.missing-{text}", f"{parameter} is missing")
    # 3. The charset is one that Alipay knows.
    if call.charset is None:
        return Refused("isv.invalid-charset", "charset must be utf-8 or GBK")
    # 4. The kind of signature is RSA2.
    if given["sign_type"] != "RSA2":
        return Refused("isv.invalid-signature-type", "sign_type must be RSA2")
    # 5. The timestamp has the right form; any time will do.
    if not re.fullmatch(TIMESTAMP, given["timestamp"], re.ASCII):
        return Refused("isv.invalid-timestamp", "timestamp must be yyyy-MM-dd HH:mm:ss")
    return None


def flaw_of_certificates(call: GatewayCall) -> Refused | None:
    """Steps 6 and 7: which key it is signed with. Where Alipay looks at the SNs is not known."""
    # 6. The app has uploaded its public key (应用公钥).
    if call.app_key is None:
        return Refused("isv.missing-signature-config", "the app has no public key here")
    # 7. In 公钥证书 mode the call names the app's certificate, and Alipay's roots.
    right = call.files.parameters if call.files else {}
    given = call.parameters
    if right and given.get("app_cert_sn") != right["app_cert_sn"]:
        reason = "the app is in 公钥证书 mode, and app_cert_sn is not its certificate's"
        return Refused("isv.app-cert-not-exist", reason)
    if right and given.get("alipay_root_cert_sn") != right["alipay_root_cert_sn"]:
        reason = "alipay_root_cert_sn does not name the RSA certificates of the root file"
        return Refused("isv.invalid-alipay-root-cert-sn", reason)
    return None


def flaw_of_signature(call: GatewayCall) -> Refused | None:
    """Steps 8 and 9: who signed it, and what for."""
    # 8. The app's private key signed these parameters.
    key = call.app_key
    if key is None or not verify(call.data_to_sign(), call.parameters["sign"], key.public_key()):
        return Refused("isv.invalid-signature", "sign does not verify with the app's public key")
    # 9. The method exists: whoever calls is known by now.
    if call.method not in METHODS:
        return Refused("isv.invalid-method", "the emulator has no such method")
    return None


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
    """The app whose members are meant: the caller's, or the merchant's if an ISV calls for one."""
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
