"""The laboratory: every fault outside the gateway, the switch that turns them on, and its routes.

A fault is a function below with @fault above it, or a row of `phone_fault`, since the server can
only remember what the phone has to do. The gateway's own faults come from emulator/faults.py. At
most one fault is on at a time, in all tabs; another one, or None, mends it first.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urljoin

import requests
from flask import Blueprint, Response, abort, current_app, jsonify, make_response, request

from alipay_member.client import AlipayClient
from emulator.faults import FAULTS as GATEWAY_FAULTS, GROUPS as GATEWAY_GROUPS
from emulator.routes import only_json, only_this_machine

from .recorder import Recorder
from .steps import MESSAGES, as_json, body_text, new_step
from .watched_store import WatchedStore

Both = dict[str, str]  # a sentence: {"zh": …, "en": …}
YEAR = 365 * 24 * 3600  # seconds
FIRST = [  # which faults to start with
    "getAuthCode-11",
    "isv.code-invalid",
    "tampered",
    "token-ended",
    "consent-revoked",
    "white-space",
]
GROUPS: dict[str, Both] = {
    "phone": {"zh": "手机里的小程序", "en": "In the mini-program, on the phone"},
    "alipay": {"zh": "用户或开放平台的设置", "en": "Settings of the user or the app in Alipay"},
    "app": {"zh": "你自己的服务器", "en": "Your own server"},
} | GATEWAY_GROUPS
CONTROLS = (  # the emulator's switches that pages may use
    "members",
    "faults",
    "switches",
    "fault",
    "identity",
    "product",
    "auth-code",
    "app-auth-code",
    "revoke",
    "forge-message",
    "expire",
)
routes = Blueprint("laboratory", __name__, url_prefix="/workbench")


# ── the faults ──

# Turns a fault on, for the member if it concerns one. None if the emulator need not do anything.
TurnOn = Callable[["Laboratory", object], Response | None]


def leave_to_the_phone(laboratory: "Laboratory", member: object) -> None:
    pass


@dataclass(frozen=True)
class Fault:
    """One fault, as the page lists it. `where` is phone, app or alipay, and also its group."""

    name: str
    where: str
    zh: str
    en: str
    expect: str | None = None  # the key of the error; None: everything must work
    seen: Both | None = None  # what will be seen, where `expect` does not say it all
    hint: Both | None = None  # what to do about it
    recovers: bool = False  # after the error the app goes on by itself
    once: bool = False  # it is off after one call
    needs: str | None = None  # the phone must show a "member", or the "login"
    method: str | None = None  # the API whose success shows that everything works
    phone: dict[str, Any] | None = None  # what the phone is to do
    action: str | None = None  # a one-shot action: the function behind it
    turn_on: TurnOn = leave_to_the_phone

    def as_dict(self) -> dict[str, Any]:
        """The fault as JSON for the page."""
        row = {name: value for name, value in asdict(self).items() if name != "turn_on"}
        return row | {"group": self.where, "seen": self.seen or outlook(self.expect, self.recovers)}


FAULTS: dict[str, Fault] = {}


def fault(name: str, where: str, zh: str, en: str, **more: Any) -> Callable[[TurnOn], TurnOn]:
    """Register a function as the fault of this name. `more` are fields of Fault."""

    def register(turn_on: TurnOn) -> TurnOn:
        FAULTS[name] = Fault(name, where, zh, en, turn_on=turn_on, **more)
        return turn_on

    return register


def phone_fault(name: str, phone: dict[str, Any], zh: str, en: str, **more: Any) -> None:
    """Register a fault that the phone alone acts out."""
    FAULTS[name] = Fault(name, "phone", zh, en, phone=phone, **more)


def phone_error(api: str, error: int, zh: str, en: str, *, hint: Both) -> None:
    """Register the fault that lets the next call of an API fail with this error."""
    phone_fault(
        f"{api}-{error}",
        {"fail": api, "error": error},
        zh,
        en,
        expect=f"my.{api} {error}",
        hint=hint,
        once=True,
        needs="login" if api == "getAuthCode" else None,
    )


phone_error(
    "getAuthCode",
    11,
    "用户在授权面板上点了拒绝。",
    "The user taps Refuse on the consent sheet.",
    hint={
        "zh": "在页面上说清要什么、用来做什么，留一个按钮让用户再试；不要自动重试。",
        "en": "Say on the page what you ask for and why, and leave a button to try again; "
        "never retry automatically.",
    },
)
phone_error(
    "getAuthCode",
    3,
    "用户按返回键离开授权面板（Android），或 scope 写错。",
    "The back key leaves the consent sheet (Android), or a scope is wrong.",
    hint={
        "zh": "当作用户取消来处理；scopes 只写 auth_base 或 auth_user。",
        "en": "Treat it as a refusal; the only scopes are auth_base and auth_user.",
    },
)
phone_error(
    "getAuthCode",
    10,
    "支付宝客户端返回空数据。",
    "The Alipay app answers with empty data.",
    hint={
        "zh": "请用户重试一次；常常出现就带着这段提问联系支付宝。",
        "en": "Let the user try once more; if it keeps happening, send this question to Alipay.",
    },
)
phone_error(
    "getAuthCode",
    12,
    "取授权码时手机没有网络。",
    "The phone has no network when it asks for the code.",
    hint={
        "zh": "提示检查网络，留一个重试按钮。",
        "en": "Ask the user to check the network, and leave a button to try again.",
    },
)
phone_error(
    "request",
    11,
    "服务器域名不在白名单（旧文档所说的“跨域”）。",
    "The server's domain is not on the whitelist (the “跨域” of old articles).",
    hint={
        "zh": "在开放平台的「服务器域名白名单」里登记这个域名（https）；"
        "开发时可在 IDE 里忽略检查。",
        "en": "List the domain (https) in 服务器域名白名单 on the Open Platform; while developing, "
        "the IDE can skip the check.",
    },
)
phone_error(
    "request",
    12,
    "手机连不上你的服务器。",
    "The phone cannot reach your server.",
    hint={
        "zh": "手机要能访问这个地址：真机上 127.0.0.1 是手机自己；正式环境要有效的 https 证书。",
        "en": "The phone must reach this address: on a device 127.0.0.1 is the phone itself; "
        "production needs a valid https certificate.",
    },
)
phone_error(
    "request",
    13,
    "服务器没有在限定时间内应答。",
    "The server does not answer in time.",
    hint={
        "zh": "看服务器在等谁（支付宝？数据库？）；再试以前不要重复用同一个 auth_code。",
        "en": "Find out what the server is waiting for (Alipay? the database?); "
        "try again with a new auth_code.",
    },
)
phone_error(
    "request",
    14,
    "收到的应答不是 JSON：例如中间代理的错误页，服务器没有收到请求。",
    "What came back is not JSON: a proxy's error page, say; the server never saw the request.",
    hint={
        "zh": "用 curl 发同样的请求，看应答是谁写的（代理？登录页？）；接口要答 JSON，出错时也是。",
        "en": "Send the same request with curl and see who answers (a proxy? a login page?); "
        "the API must answer in JSON, errors included.",
    },
)
phone_error(
    "request",
    19,
    "手机只报告 HTTP 错误状态，不给状态和正文。",
    "The phone reports an HTTP error status, but neither which nor the body.",
    hint={
        "zh": "看服务器有没有收到请求、答了哪个 error.code；有的版本把 401 也报成 19。",
        "en": "See whether the server got the request, and which error.code it answered; "
        "some versions report a 401 as 19, too.",
    },
)
phone_fault(
    "missing-getAuthUserInfo",
    {"missing": "getAuthUserInfo"},
    "新版客户端没有 my.getAuthUserInfo：改用 getAuthorize 按钮和 my.getOpenUserInfo。",
    "A newer Alipay app has no my.getAuthUserInfo: the getAuthorize button and "
    "my.getOpenUserInfo take over.",
    seen={
        "zh": "照常接受：服务端的资料不受影响，手机改出「显示我的昵称和头像」按钮",
        "en": "accepted, rightly: the server's profile is the same, and the phone offers the "
        "button 显示我的昵称和头像 instead",
    },
    method="alipay.user.info.share",
)
phone_fault(
    "double-tap",
    {"twice": True},
    "每次点按都算连点两下。",
    "Every tap counts twice.",
    seen={
        "zh": "照常接受，而且请求只发一次",
        "en": "accepted, rightly, and only one request goes out",
    },
    method="alipay.user.info.share",
)


@fault(
    "consent-revoked",
    "alipay",
    "用户在支付宝里解除授权：令牌作废，支付宝发来消息。",
    "The user withdraws consent in Alipay: the tokens end, and a message says so.",
    expect="session-ended",
    recovers=True,
    seen={
        "zh": "支付宝的消息结束了会话：session-ended，然后再问用户一次，同意后照常",
        "en": "Alipay's message has ended the session: session-ended, then consent is asked for "
        "once more, and it works",
    },
    needs="member",
    action="emulator/accounts.py · Accounts.revoke()",
)
def revoke_consent(laboratory: "Laboratory", member: object) -> Response:
    return laboratory.ask_for(member, "revoke")


@fault(
    "message-forged",
    "app",
    "有人冒充支付宝，向应用网关发消息，谎称这位用户解除了授权。",
    "A false message reaches 应用网关: not Alipay, but its sender claims that this user "
    "withdrew consent.",
    seen={
        "zh": "照常接受：消息得到的应答是 fail，什么都没有变",
        "en": "accepted, rightly: the message was answered fail, and nothing has changed",
    },
    method="alipay.user.info.share",
    needs="member",
    action="emulator/push.py · forgery()",
)
def forge_message(laboratory: "Laboratory", member: object) -> Response:
    return laboratory.ask_for(member, "forge-message")


@fault(
    "product-unbound",
    "alipay",
    "应用没有绑定「获取会员信息」(40006)。",
    "The app lacks the product 获取会员信息 (40006).",
    expect="isv.insufficient-isv-permissions",
    seen={
        "zh": "isv.insufficient-isv-permissions，资料没有入库，只有 id",
        "en": "isv.insufficient-isv-permissions, no profile saved, only the ids",
    },
)
def unbind_product(laboratory: "Laboratory", member: object) -> Response:
    return laboratory.bind_product(False)


@fault(
    "token-ended",
    "alipay",
    "access_token 到期了（本来要等 15 天）。",
    "The access_token has ended (which would take 15 days).",
    expect="aop.auth-token-time-out",
    recovers=True,
    seen={
        "zh": "aop.auth-token-time-out，服务器自动刷新令牌，然后照常",
        "en": "aop.auth-token-time-out, then the server refreshes the token by itself, "
        "and it works",
    },
    needs="member",
    action="emulator/accounts.py · Accounts.end_access_tokens()",
)
def end_access_tokens(laboratory: "Laboratory", member: object) -> Response:
    return laboratory.ask_for(member, "expire")


@fault(
    "session-ended",
    "app",
    "会话到期了（本来要等 30 天）：这个应用的会话全部结束。",
    "The session has ended (which would take 30 days): all sessions of this app are over.",
    expect="session-ended",
    recovers=True,
    seen={
        "zh": "session-ended，小程序静默重新登录，然后照常",
        "en": "session-ended, then the mini-program logs in again silently, and it works",
    },
    needs="member",
    action="workbench/watched_store.py · WatchedStore.end_sessions()",
)
def end_sessions(laboratory: "Laboratory", member: object) -> None:
    laboratory.store.end_sessions(laboratory.app_id)


@fault(
    "database-gone",
    "app",
    "服务器连不上自己的数据库。",
    "The server cannot reach its own database.",
    expect="database",
    hint={
        "zh": "看服务器的日志：unable to open database file。数据没有丢，恢复之后照常；"
        "/healthz 此时也报错，负载均衡会把这台机器摘下。",
        "en": "Look in the server's log: unable to open database file. Nothing is lost, it works "
        "again once the database is back; /healthz fails too meanwhile, so a load balancer takes "
        "this machine out.",
    },
)
def lose_database(laboratory: "Laboratory", member: object) -> None:
    laboratory.store.lose_database()


@fault(
    "clock-wrong",
    "app",
    "服务器的时钟慢了一年：请求里的 timestamp 是去年的，模拟的网关此时会拒绝"
    "（真实网关容许多少，文档没有写）。",
    "The server's clock is a year slow: its requests carry last year's timestamp, and the "
    "emulated gateway refuses it now (how much the real one tolerates is not documented).",
    expect="isv.invalid-timestamp",
)
def put_clock_back(laboratory: "Laboratory", member: object) -> Response:
    laboratory.store.clock_error = -YEAR
    return laboratory.emulator.ask("PUT", "fault", {"name": "isv.invalid-timestamp"})


def all_faults() -> list[dict[str, Any]]:
    """Every fault that can be switched on, the gateway's among them, as JSON for the page."""
    rows = [one.as_dict() for one in FAULTS.values()]
    for one in GATEWAY_FAULTS.values():
        rows.append({"where": "gateway", "seen": outlook(one.expect, one.recovers)} | one.as_dict())
    return rows


def outlook(expect: str | None, recovers: bool) -> Both:
    """What will be seen of a fault that ends in this error, or in none."""
    if expect is None:
        return {"zh": "照常接受，本该如此", "en": "accepted, rightly"}
    if recovers:
        return {
            "zh": f"{expect}，然后自己恢复，照常办成",
            "en": f"{expect}, then it recovers by itself, and works",
        }
    return {"zh": f"{expect}，什么都没有入库", "en": f"{expect}, nothing saved"}


# ── the switch ──


class EmulatorLink:
    """The switches of the emulator whose gateway has this address, maybe in another process."""

    def __init__(self, gateway_url: str) -> None:
        self._gateway_url = gateway_url
        self._session = requests.Session()
        self._session.trust_env = False  # a company's proxy can't reach this machine

    def ask(self, method: str, name: str, body: Any = None) -> Response:
        """The emulator's answer to a call of its control route; 502 if it is not running."""
        url = urljoin(self._gateway_url, f"/emulator/{name}")
        sent = {} if body is None else body
        try:
            answer = self._session.request(method, url, json=sent, timeout=5)
        except requests.RequestException:
            return make_response(jsonify(error="the emulator is not running"), 502)
        return Response(answer.content, answer.status_code, mimetype="application/json")

    def read(self, name: str) -> dict[str, Any]:
        """The JSON of a control route; `{"error": sentence}` if the emulator is not running."""
        answer: dict[str, Any] = self.ask("GET", name).get_json()
        return answer


class Laboratory:
    """The switch of one app, and which fault is on."""

    def __init__(
        self,
        store: WatchedStore,
        clients: Sequence[AlipayClient],
        recorder: Recorder,
        app_id: str,
    ) -> None:
        """`app_id` is the phone's app, whose sessions and product are meant; an ISV's merchant."""
        self.store = store
        self.recorder = recorder
        self.app_id = app_id
        self.emulator = EmulatorLink(clients[0].gateway_url)
        self._name: str | None = None
        for client in clients:  # one clock for the whole app, so that it is wrong everywhere
            client.clock = store.now

    def switch(self, name: str | None, member: object) -> Response:
        """Mend what is broken, then turn this fault on; None turns nothing on.

        The answer is the emulator's: 400 for an unknown fault or member.
        """
        mended = self.mend()
        if name is None:
            return mended
        fault = FAULTS.get(name)
        if fault and fault.action:
            return fault.turn_on(self, member) or Response("{}", mimetype="application/json")
        if mended.status_code != requests.codes.ok:
            return mended
        if fault:
            answer = fault.turn_on(self, member) or mended
        else:
            answer = self._break_gateway(name, member)
        if answer.status_code == requests.codes.ok:
            self._name = name
        return answer

    def mend(self) -> Response:
        """Everything works again. The answer is the emulator's."""
        self._name = None
        self.store.find_database()
        self.store.clock_error = 0.0
        self.bind_product(True)
        return self.emulator.ask("PUT", "fault", {"name": None})

    def on(self) -> dict[str, Any]:
        """What is switched on: `fault` by its name, `identity`, `unbound` app ids.

        The emulator is asked: its own switches may have been turned, and a fault may be used up.
        """
        switches = self.emulator.read("switches")
        at_gateway = (switches.get("fault") or {}).get("name")
        unbound = switches.get("unbound", [])
        if self._name in GATEWAY_FAULTS and "error" not in switches:
            self._name = at_gateway
        name = self._name or at_gateway
        if name is None and self.app_id in unbound:
            name = "product-unbound"
        return {"fault": name, "identity": switches.get("identity"), "unbound": unbound}

    def can_act(self, fault: Fault, member: object) -> bool:
        """Whether the action can be done: the emulator runs and knows the member."""
        if fault.turn_on is end_sessions:
            return True
        members = self.emulator.read("members").get("members", [])
        return any(row["id"] == member for row in members)

    def receive_messages(self) -> None:
        """From now on the emulated Alipay sends its messages to this app."""
        url = urljoin(request.host_url, MESSAGES)
        self.emulator.ask("PUT", "messages", {"url": url})

    # what the faults are made of

    def ask_for(self, member: object, action: str) -> Response:
        """Let the emulator do this to a member of the phone's app."""
        return self.emulator.ask("POST", action, {"app_id": self.app_id, "member": member})

    def bind_product(self, bound: bool) -> Response:
        """Whether the phone's app has the product 获取会员信息."""
        return self.emulator.ask("PUT", "product", {"app_id": self.app_id, "bound": bound})

    def _break_gateway(self, name: str, member: object) -> Response:
        """Turn one of the gateway's own faults on."""
        known = GATEWAY_FAULTS.get(name)
        if known and known.needs == "member":  # only a token that has ended is refreshed
            end_access_tokens(self, member)
        times = 1 if known and known.once else None
        return self.emulator.ask("PUT", "fault", {"name": name, "times": times})


# ── the routes ──


def current() -> Laboratory:
    """The laboratory of the app that answers this request."""
    found: Laboratory = current_app.extensions["laboratory"]
    return found


@routes.before_request
def guard() -> None:
    """No web page elsewhere can reach the switches."""
    only_this_machine()
    only_json()


@routes.put("/fault")
def switch_fault() -> Response:
    """`{"name", "member"}`: turn a fault on by its name; null mends everything."""
    laboratory = current()
    body = as_json(body_text())
    if not isinstance(body, dict):
        abort(400)
    name = body.get("name") or None
    if not isinstance(name, str | None):
        abort(400)
    member = body.get("member")
    fault = FAULTS.get(name or "")
    if fault and fault.action and laboratory.can_act(fault, member):
        laboratory.receive_messages()
        # Recorded before it is done: a message may follow at once.
        laboratory.recorder.record(new_step("action", fault.name, fault.name, "", fault.action))
    return laboratory.switch(name, member)


@routes.route(f"/emulator/<any{CONTROLS}:name>", methods=["GET", "POST", "PUT"])
def control(name: str) -> Response:
    """The emulator's answer for the app in the phone, which `members` names."""
    laboratory = current()
    if name in ("revoke", "forge-message"):
        laboratory.receive_messages()
    own = {"app_id": laboratory.app_id}
    body = as_json(body_text())
    if isinstance(body, dict):
        body = own | body
    answer = laboratory.emulator.ask(request.method, name, body)
    if name == "members" and answer.data:
        answer.set_data(json.dumps(own | answer.get_json()))
    return answer
