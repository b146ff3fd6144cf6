"""The ways in which the gateway can be told to misbehave, by name.

To add one, write a function here that spoils an `Answer` and put @fault above it. Its row in
faults.json, under the same name with `-` for `_`, says in both languages what it does; its group,
one of failures.json's; its method, if it fits only one; and the key of the error to expect (none:
it must be accepted). The answer is tested in tests/emulator/test_emulator_spoiled.py, how we take
it in tests/alipay_member/test_errors.py. Of gateway_errors.json, each error is a fault by itself.

A call is carried out before its answer is spoiled: an auth code is used up all the same.
"""

import base64
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1

from alipay_member.explain import explain
from alipay_member.models import TOKEN

from .call import GatewayCall
from .fault_rows import read_rows
from .forgeries import forged_node, with_other_digit, with_other_ids
from .keys import rsa_key
from .reply import ERRORS, Answer, error_node

SLOW = 15.0  # seconds
HUGE = 10_000_000  # bytes
DEEP = 100_000  # brackets
TRICKY_NAME = '小}二{"\\","sign":"x"'
OTHER_SN = "0123456789abcdef0123456789abcdef"  # of a certificate that nobody has configured
stranger_key = functools.cache(rsa_key)

Spoil = Callable[[Answer, GatewayCall], None]
SPOILERS: dict[str, Spoil] = {}


def fault(function: Spoil) -> Spoil:
    """Register a fault under its function's name, with `-` for `_`."""
    SPOILERS[function.__name__.replace("_", "-")] = function
    return function


# ── signature ──


@fault
def tampered(answer: Answer, call: GatewayCall) -> None:
    answer.sent_node = with_other_digit(answer.signed_bytes())


@fault
def wrong_key(answer: Answer, call: GatewayCall) -> None:
    answer.private_key = stranger_key()


@fault
def other_cert(answer: Answer, call: GatewayCall) -> None:
    answer.private_key = stranger_key()
    answer.cert_sn = OTHER_SN


@fault
def unsigned(answer: Answer, call: GatewayCall) -> None:
    answer.private_key = None


@fault
def empty_sign(answer: Answer, call: GatewayCall) -> None:
    answer.sent_signature = ""


@fault
def sha1(answer: Answer, call: GatewayCall) -> None:
    if answer.private_key:
        signature = answer.private_key.sign(answer.signed_bytes(), PKCS1v15(), SHA1())  # noqa: S303
        answer.sent_signature = base64.b64encode(signature).decode()


@fault
def app_key(answer: Answer, call: GatewayCall) -> None:
    answer.private_key = call.app_key or stranger_key()


@fault
def replayed(answer: Answer, call: GatewayCall) -> None:
    answer.sent_signature = answer.signature_over(b'{"code":"10000"}')


@fault
def node_twice_first(answer: Answer, call: GatewayCall) -> None:
    answer.before_node.append((answer.name, forged_node(answer)))


@fault
def node_twice_last(answer: Answer, call: GatewayCall) -> None:
    answer.after_node.append((answer.name, forged_node(answer)))


@fault
def other_node(answer: Answer, call: GatewayCall) -> None:
    answer.name = "alipay_trade_query_response"


# ── transport ──


@fault
def http_500(answer: Answer, call: GatewayCall) -> None:
    answer.status = 500
    answer.sent_body = b"Internal Server Error"


@fault
def html(answer: Answer, call: GatewayCall) -> None:
    answer.sent_body = b"<!doctype html><title>502 Bad Gateway</title>"


@fault
def truncated(answer: Answer, call: GatewayCall) -> None:
    body = answer.to_bytes()
    answer.sent_body = body[: len(body) // 2]


@fault
def huge(answer: Answer, call: GatewayCall) -> None:
    answer.last_in_node = ',"padding":"' + "x" * HUGE + '"'


@fault
def deep(answer: Answer, call: GatewayCall) -> None:
    answer.last_in_node = ',"deep":' + "[" * DEEP + "]" * DEEP


@fault
def slow(answer: Answer, call: GatewayCall) -> None:
    answer.delay = SLOW


@fault
def disconnect(answer: Answer, call: GatewayCall) -> None:
    answer.hang_up = True


# ── identity ──


@fault
def other_person(answer: Answer, call: GatewayCall) -> None:
    answer.node = with_other_ids(answer.node)


@fault
def no_id(answer: Answer, call: GatewayCall) -> None:
    answer.node = {name: v for name, v in answer.node.items() if not name.endswith("_id")}


# ── legal, though rare: these must be accepted ──


@fault
def cert_sn(answer: Answer, call: GatewayCall) -> None:
    answer.cert_sn = OTHER_SN


@fault
def no_cert_sn(answer: Answer, call: GatewayCall) -> None:
    answer.cert_sn = None


@fault
def white_space(answer: Answer, call: GatewayCall) -> None:
    answer.comma = "\n , "
    answer.colon = " :\t"


@fault
def tricky_text(answer: Answer, call: GatewayCall) -> None:
    answer.node = answer.node | {"nick_name": TRICKY_NAME}


# ── code ──


@fault
def gbk_20000(answer: Answer, call: GatewayCall) -> None:
    answer.node = error_node("isp.unknow-error", call.parameters)
    answer.charset = "gbk"
    answer.private_key = None


def gateway_error(sub_code: str, is_signed: bool, answer: Answer, call: GatewayCall) -> None:
    """Answer with an error of gateway_errors.json."""
    answer.node = error_node(sub_code, call.parameters)
    if ERRORS[sub_code].get("method") == TOKEN:
        answer.name = "error_response"
    if not is_signed:
        answer.private_key = None


# ── the table ──


# What the table of errors does not say of some of them. Whoever refreshes a token that has ended
# must be let to succeed. An error of one grant_type is no answer to the other.
REFRESH = {"grant_type": "refresh_token", "expect": "session-ended", "recovers": True}
SPECIAL: dict[str, dict[str, Any]] = {
    "aop.auth-token-time-out": {"once": True, "recovers": True},
    "isv.code-invalid": {"grant_type": "authorization_code"},
    "isv.refresh-token-invalid": REFRESH,
    "isv.refresh-token-time-out": REFRESH,
    "isv.refreshed-token-invalid": REFRESH,
}


@dataclass(frozen=True)
class Fault:
    """One fault: what it does, in words and in code, and the only calls that it fits, if any.

    `expect` is the key of the error that alipay_member makes of it (app.py says session-ended where
    a refresh is refused), None if the answer must be accepted. `once`: it is meant for one call.
    `recovers`: after the error the app goes on by itself.
    """

    name: str
    group: str
    zh: str
    en: str
    spoil: Spoil
    method: str | None = None
    grant_type: str | None = None
    expect: str | None = None
    once: bool = False
    recovers: bool = False

    def fits(self, call: GatewayCall) -> bool:
        """Whether the gateway could answer this call so."""
        if self.method not in (None, call.method):
            return False
        return self.grant_type in (None, call.parameters.get("grant_type"))

    @property
    def needs(self) -> str | None:
        """What must happen for it to be met: a new "login", or a "member" whose token has ended."""
        if self.grant_type == "refresh_token":
            return "member"
        if self.method == TOKEN:
            return "login"
        return None

    def as_dict(self) -> dict[str, Any]:
        """The fault as a page may list it."""
        names = ("name", "group", "zh", "en", "expect", "once", "recovers", "needs", "method")
        return {name: getattr(self, name) for name in names}


def read_faults() -> dict[str, Fault]:
    """By name: the faults of faults.json, and one or two for each of the gateway's errors."""
    rows = read_rows(SPOILERS)
    faults = [Fault(**row, spoil=SPOILERS[row["name"]]) for row in rows]
    for row in ERRORS.values():
        signed = row.get("signed", "always")
        faults.append(code_fault(row, row["sub_code"], is_signed=signed != "never"))
        if signed == "sometimes":
            faults.append(code_fault(row, f"unsigned:{row['sub_code']}", is_signed=False))
    return {row.name: row for row in faults}


def code_fault(row: dict[str, Any], name: str, *, is_signed: bool) -> Fault:
    """The fault that makes the gateway answer with the error of this row."""
    zh = row.get("sub_msg") or explain(row["code"], "zh")[0]
    zh = zh.partition("，")[0]  # its first clause says it
    en = row["english"]
    if not is_signed:
        zh += "（未签名）"
        en += " (unsigned)"
    return Fault(
        name=name,
        group="code",
        zh=f"{row['code']} {zh}。",
        en=f"{row['code']}: {en}.",
        spoil=functools.partial(gateway_error, row["sub_code"], is_signed),
        method=row.get("method"),
        **{"expect": row["sub_code"]} | SPECIAL.get(row["sub_code"], {}),
    )


FAULTS = read_faults()
