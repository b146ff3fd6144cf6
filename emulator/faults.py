"""Every fault of the emulated gateway, and the switch that turns one on.

To add one, write a function that spoils a `Reply` and put @fault above it: its group, a sentence in
both languages, the key of the error that a client should report (none: the client must accept the
reply), and the method, if it fits only one. tests/emulator/test_faults.py checks the bytes of the
reply, tests/alipay_member/test_errors.py what the client makes of them. Each error code in
gateway_errors.json is a fault too; code_fault() makes those.

A fault spoils the reply after the call was carried out: an auth code is used up all the same.
"""

import base64
import functools
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1

from alipay_member.explain import explain
from alipay_member.models import SHARE, TOKEN

from .accounts import choice
from .call import GatewayCall
from .keypairs import rsa_key
from .reply import ERRORS, Reply, error_node

SLOW = 15.0  # seconds
HUGE = 10_000_000  # bytes
DEEP = 100_000  # brackets
TRICKY_NAME = '小}二{"\\","sign":"x"'
OTHER_SN = "0123456789abcdef0123456789abcdef"  # of an unknown certificate
GROUPS = {
    "signature": {"zh": "支付宝网关：签名", "en": "Alipay's gateway: the signature"},
    "transport": {"zh": "支付宝网关：传输", "en": "Alipay's gateway: transport"},
    "code": {"zh": "支付宝网关：错误码", "en": "Alipay's gateway: error codes"},
    "identity": {"zh": "支付宝网关：身份", "en": "Alipay's gateway: identity"},
    "legal": {
        "zh": "少见但合法的应答（必须接受）",
        "en": "Rare but legal answers (must be accepted)",
    },
}
FAULTS: dict[str, "Fault"] = {}  # by name; filled below

Spoil = Callable[[Reply, GatewayCall], None]
stranger_key = functools.cache(rsa_key)


@dataclass(frozen=True)
class Fault:
    """One fault: its sentence in both languages, and the function that spoils a reply.

    `expect` is the key of the error that alipay_member reports (app.py reports session-ended when a
    refresh is refused), None if the reply must be accepted. `once`: it makes sense for one call
    only. `recovers`: after the error the app goes on by itself.
    """

    name: str
    group: str
    zh: str
    en: str
    spoil: Spoil
    method: str | None = None  # None: fits every method
    grant_type: str | None = None  # None: fits every grant_type
    expect: str | None = None
    once: bool = False
    recovers: bool = False
    where: str = "gateway"

    def fits(self, call: GatewayCall) -> bool:
        """Whether the gateway could reply to this call in this way."""
        if self.method not in (None, call.method):
            return False
        return self.grant_type in (None, call.parameters.get("grant_type"))

    @property
    def needs(self) -> str | None:
        """What triggers it: a new "login", or a "member" whose access token has ended."""
        if self.grant_type == "refresh_token":
            return "member"
        if self.method == TOKEN:
            return "login"
        return None

    def as_dict(self) -> dict[str, Any]:
        """The fault as JSON for a page."""
        names = ("name", "group", "where", "zh", "en", "expect")
        more = ("once", "recovers", "needs", "method")
        return {name: getattr(self, name) for name in (*names, *more)}


def register(fault: Fault) -> None:
    """Add it to FAULTS. LookupError if its group is unknown."""
    if fault.group not in GROUPS:
        known = ", ".join(GROUPS)
        raise LookupError(f"{fault.name!r}: unknown group {fault.group!r}, expected one of {known}")
    FAULTS[fault.name] = fault


def fault(
    group: str, *, zh: str, en: str, expect: str | None = None, method: str | None = None
) -> Callable[[Spoil], Spoil]:
    """Register the decorated function as a fault named like it, with `-` for `_`."""

    def decorate(spoil: Spoil) -> Spoil:
        name = spoil.__name__.replace("_", "-")
        register(Fault(name, group, zh, en, spoil, method=method, expect=expect))
        return spoil

    return decorate


# ── what a forger does to a node ──


def with_other_digit(node: bytes) -> bytes:
    """The node's text with one bit of its last digit flipped."""
    last = [match.start() for match in re.finditer(rb"\d", node)][-1]
    return node[:last] + bytes([node[last] ^ 1]) + node[last + 1 :]


def with_other_ids(node: dict[str, Any]) -> dict[str, Any]:
    """The node with another person's ids: the ends of the ids differ."""
    ids = [name for name in ("open_id", "user_id") if name in node]
    return node | {name: node[name][:4] + node[name][:3:-1] for name in ids}


def forged_node(reply: Reply) -> bytes:
    """A node that claims another person's ids and nickname, to stand beside the true one."""
    return reply.to_json(with_other_ids(reply.node) | {"nick_name": "伪造的会员"})


# ── signature ──


@fault(
    "signature",
    zh="签名之后，应答里的一个数字被改动。",
    en="One digit of the answer is changed after it was signed.",
    expect="signature:tampered",
)
def tampered(reply: Reply, call: GatewayCall) -> None:
    reply.sent_node = with_other_digit(reply.signed_bytes())


@fault(
    "signature",
    zh="应答由一把陌生的私钥签名。",
    en="The answer is signed with a stranger's key.",
    expect="signature:wrong-key",
)
def wrong_key(reply: Reply, call: GatewayCall) -> None:
    reply.private_key = stranger_key()


@fault(
    "signature",
    zh="应答由一把陌生的私钥签名，并且指名另一张支付宝公钥证书。",
    en="The answer is signed with a stranger's key and names another certificate of Alipay's.",
    expect="signature:wrong-key",
)
def other_cert(reply: Reply, call: GatewayCall) -> None:
    reply.private_key = stranger_key()
    reply.cert_sn = OTHER_SN


@fault(
    "signature",
    zh="应答没有 sign。",
    en="The answer has no sign.",
    expect="signature:unsigned",
)
def unsigned(reply: Reply, call: GatewayCall) -> None:
    reply.private_key = None


@fault(
    "signature",
    zh="应答的 sign 是空的。",
    en="The answer's sign is empty.",
    expect="signature:unsigned",
)
def empty_sign(reply: Reply, call: GatewayCall) -> None:
    reply.sent_signature = ""


@fault(
    "signature",
    zh="应答用 SHA-1（旧的 RSA）签名，而不是 RSA2。",
    en="The answer is signed with SHA-1 (the old RSA) instead of RSA2.",
    expect="signature:sha1",
)
def sha1(reply: Reply, call: GatewayCall) -> None:
    if reply.private_key:
        signature = reply.private_key.sign(reply.signed_bytes(), PKCS1v15(), SHA1())  # noqa: S303
        reply.sent_signature = base64.b64encode(signature).decode()


@fault(
    "signature",
    zh="应答能用应用自己的公钥验签，如同把应用公钥误填为支付宝公钥。",
    en="The answer verifies with the app's own public key, as if 应用公钥 had been "
    "configured in place of 支付宝公钥.",
    expect="signature:app-key",
)
def app_key(reply: Reply, call: GatewayCall) -> None:
    reply.private_key = call.app_key or stranger_key()


@fault(
    "signature",
    zh="签名是真的，但属于另一个应答。",
    en="The signature is genuine, but it belongs to another answer.",
    expect="signature:tampered",
)
def replayed(reply: Reply, call: GatewayCall) -> None:
    reply.sent_signature = reply.signature_over(b'{"code":"10000"}')


@fault(
    "signature",
    zh="节点出现两次，伪造的在前，签名的在后。",
    en="The node appears twice: first a forged one, then the signed one.",
    expect="signature:ambiguous",
)
def node_twice_first(reply: Reply, call: GatewayCall) -> None:
    reply.before_node.append((reply.name, forged_node(reply)))


@fault(
    "signature",
    zh="节点出现两次，签名的在前，伪造的在后。",
    en="The node appears twice: first the signed one, then a forged one.",
    expect="signature:ambiguous",
)
def node_twice_last(reply: Reply, call: GatewayCall) -> None:
    reply.after_node.append((reply.name, forged_node(reply)))


@fault(
    "signature",
    zh="签名正确，但节点属于另一个接口。",
    en="The signature is correct, but the node is another method's.",
    expect="transport:unexpected",
)
def other_node(reply: Reply, call: GatewayCall) -> None:
    reply.name = "alipay_trade_query_response"


# ── transport ──


@fault(
    "transport",
    zh="网关返回 HTTP 500。",
    en="The gateway answers with HTTP 500.",
    expect="transport:http-status",
)
def http_500(reply: Reply, call: GatewayCall) -> None:
    reply.status = 500
    reply.sent_body = b"Internal Server Error"


@fault(
    "transport",
    zh="返回的是一个网页，而不是 JSON。",
    en="A web page arrives instead of JSON.",
    expect="transport:not-json",
)
def html(reply: Reply, call: GatewayCall) -> None:
    reply.sent_body = b"<!doctype html><title>502 Bad Gateway</title>"


@fault(
    "transport",
    zh="应答只到了一半。",
    en="Only half of the answer arrives.",
    expect="transport:cut",
)
def truncated(reply: Reply, call: GatewayCall) -> None:
    body = reply.to_bytes()
    reply.sent_body = body[: len(body) // 2]


@fault(
    "transport",
    zh="应答有 10 MB，其余都正确。",
    en="The answer is 10 MB long and otherwise correct.",
    expect="transport:too-large",
)
def huge(reply: Reply, call: GatewayCall) -> None:
    reply.last_in_node = ',"padding":"' + "x" * HUGE + '"'


@fault(
    "transport",
    zh="应答里有十万层嵌套的数组，其余都正确。",
    en="The answer contains arrays nested 100,000 deep and is otherwise correct.",
    expect="transport:not-json",
)
def deep(reply: Reply, call: GatewayCall) -> None:
    reply.last_in_node = ',"deep":' + "[" * DEEP + "]" * DEEP


@fault(
    "transport",
    zh="网关 15 秒之后才回答。",
    en="The gateway takes 15 seconds to answer.",
    expect="transport:timeout",
)
def slow(reply: Reply, call: GatewayCall) -> None:
    reply.delay = SLOW


@fault(
    "transport",
    zh="网关执行了请求，却不回答就断开连接。",
    en="The gateway carries out the call, then hangs up without answering.",
    expect="transport:connection",
)
def disconnect(reply: Reply, call: GatewayCall) -> None:
    reply.hang_up = True


# ── identity ──


@fault(
    "identity",
    zh="会员信息里是另一个人的 ID。",
    en="The profile carries another person's id.",
    expect="identity:other-person",
    method=SHARE,
)
def other_person(reply: Reply, call: GatewayCall) -> None:
    reply.node = with_other_ids(reply.node)


@fault(
    "identity",
    zh="应答里没有任何用户 ID。",
    en="The answer has no user id at all.",
    expect="identity:no-id",
)
def no_id(reply: Reply, call: GatewayCall) -> None:
    reply.node = {name: v for name, v in reply.node.items() if not name.endswith("_id")}


# ── rare but legal: a client must accept these ──


@fault(
    "legal",
    zh="节点与 sign 之间有 alipay_cert_sn，指名另一张证书："
    "证书模式下，续期之后就是这样，密钥不变。",
    en="Between the node and sign, alipay_cert_sn names another certificate: in "
    "certificate mode, it was renewed with the same key.",
)
def cert_sn(reply: Reply, call: GatewayCall) -> None:
    reply.cert_sn = OTHER_SN


@fault(
    "legal",
    zh="没有 alipay_cert_sn，即使应用用的是公钥证书。",
    en="There is no alipay_cert_sn, even if the app has certificates.",
)
def no_cert_sn(reply: Reply, call: GatewayCall) -> None:
    reply.cert_sn = None


@fault(
    "legal",
    zh="分隔符两侧有空白。",
    en="There is white space around the separators.",
)
def white_space(reply: Reply, call: GatewayCall) -> None:
    reply.comma = "\n , "
    reply.colon = " :\t"


@fault(
    "legal",
    zh='昵称里有花括号、引号、反斜杠和 "sign":"x"。',
    en='The nickname contains braces, quotes, a backslash and "sign":"x".',
    method=SHARE,
)
def tricky_text(reply: Reply, call: GatewayCall) -> None:
    reply.node = reply.node | {"nick_name": TRICKY_NAME}


# ── error codes ──


@fault(
    "code",
    zh="20000 系统繁忙：未签名，且以 GBK 编码，尽管请求要求 utf-8。",
    en="20000: the gateway is busy; unsigned, and in GBK although utf-8 was asked for.",
    expect="isp.unknow-error",
)
def gbk_20000(reply: Reply, call: GatewayCall) -> None:
    reply.node = error_node("isp.unknow-error", call.parameters)
    reply.charset = "gbk"
    reply.private_key = None


# What the table of errors does not say of some of them. After a token has ended, refreshing it must
# succeed. An error of one grant_type never answers a call with the other.
REFRESH = {"grant_type": "refresh_token", "expect": "session-ended", "recovers": True}
SPECIAL: dict[str, dict[str, Any]] = {
    "aop.auth-token-time-out": {"once": True, "recovers": True},
    "isv.code-invalid": {"grant_type": "authorization_code"},
    "isv.refresh-token-invalid": REFRESH,
    "isv.refresh-token-time-out": REFRESH,
    "isv.refreshed-token-invalid": REFRESH,
}


def reply_with_error(sub_code: str, is_signed: bool, reply: Reply, call: GatewayCall) -> None:
    reply.node = error_node(sub_code, call.parameters)
    if ERRORS[sub_code].get("method") == TOKEN:
        reply.name = "error_response"
    if not is_signed:
        reply.private_key = None


def code_fault(row: dict[str, Any], name: str, *, is_signed: bool) -> Fault:
    """The fault that makes the gateway reply with the error in this row of gateway_errors.json."""
    zh = row.get("sub_msg") or explain(row["code"], "zh")[0]
    zh = zh.partition("，")[0]  # its first clause is enough
    en = row["english"]
    if not is_signed:
        zh += "（未签名）"
        en += " (unsigned)"
    return Fault(
        name=name,
        group="code",
        zh=f"{row['code']} {zh}。",
        en=f"{row['code']}: {en}.",
        spoil=functools.partial(reply_with_error, row["sub_code"], is_signed),
        method=row.get("method"),
        **{"expect": row["sub_code"]} | SPECIAL.get(row["sub_code"], {}),
    )


def register_error_codes() -> None:
    """One fault for each error code, and another where the gateway does not always sign it."""
    for row in ERRORS.values():
        signed = row.get("signed", "always")
        register(code_fault(row, row["sub_code"], is_signed=signed != "never"))
        if signed == "sometimes":
            register(code_fault(row, f"unsigned:{row['sub_code']}", is_signed=False))


register_error_codes()


# ── the switch ──


class FaultSwitch:
    """Turns on at most one fault at a time. Safe to share between threads."""

    def __init__(self) -> None:
        self.stopping = threading.Event()  # ends the delay of `slow`
        self._lock = threading.Lock()
        self.set(None)

    def set(self, name: object, times: object = None) -> None:
        """Turn a fault on for the next `times` calls that it fits (None: until it is cleared).

        `name` None turns it off. ValueError for an unknown name or an invalid number.
        """
        if times is not None and (type(times) is not int or times < 1):
            raise ValueError("times must be a whole number above 0, or null")
        fault = None if name is None else FAULTS[choice(name, FAULTS, "fault")]
        with self._lock:
            self._fault = fault
            self._times = times

    def active(self) -> dict[str, Any] | None:
        """`{"name", "times"}`, or None."""
        with self._lock:
            if self._fault is None:
                return None
            return {"name": self._fault.name, "times": self._times}

    def spoil(self, reply: Reply, call: GatewayCall) -> str | None:
        """Spoil the reply if the fault that is on fits the call. Returns the fault's name."""
        fault = self._take(call)
        if fault is None:
            return None
        fault.spoil(reply, call)
        return fault.name

    def _take(self, call: GatewayCall) -> Fault | None:
        """The fault for this call, which counts as one of its `times`."""
        with self._lock:
            fault = self._fault
            if fault is None or not fault.fits(call):
                return None
            if self._times is not None:
                self._times -= 1
                if self._times == 0:
                    self._fault = None
            return fault
