"""What the gateway answers, byte for byte, and the ways it can be told to misbehave.

An `Answer` keeps its parts apart until `to_bytes`, so that a fault can spoil any one of them. faults.json says each
fault in both languages. A call is carried out before its answer is spoiled: an auth code is used up all the same.
"""

import base64
import functools
import html
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA1

from alipay_member.signing import sign, string_to_sign

from .accounts import choice, rsa_key

TRICKY = '小}二{"\\","sign":"x"'
SLOW, SIZE, DEPTH = 15.0, 10_000_000, 100_000  # seconds, bytes, brackets
stranger = functools.cache(rsa_key)
CODES = {
    row["sub_code"]: row
    for row in json.loads(Path(__file__).with_name("codes.json").read_text("utf-8"))
}
Members = list[tuple[str, bytes]]  # a body's members in their order: name and raw JSON


def refusal(sub_code: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """The node for a sub_code; a wrong signature is answered with the string that the gateway made of the call."""
    ours = html.escape(string_to_sign(parameters))
    return {name: text.replace("{string_to_sign}", ours) for name, text in CODES[sub_code].items()}


@dataclass
class Answer:
    """One answer on its way out. Its defaults are what the real gateway does; a fault replaces some of them."""

    name: str  # of the node
    node: dict
    sign: Callable[[bytes], str] | None  # None: sent without a signature
    charset: str
    status: int = 200
    comma: str = ","
    colon: str = ":"
    more: str = ""  # raw JSON at the node's end, signed with it
    arrange: Callable[[Members], Members] = list  # the members once the node is signed
    finish: Callable[[bytes], bytes] = bytes  # the whole body
    delay: float = 0  # seconds before it is sent
    hang_up: bool = False  # never sent

    def to_json(self, node: dict) -> bytes:
        """A node's text; like production's, every `/` in it is escaped as `\\/`."""
        text = json.dumps(node, ensure_ascii=False, separators=(self.comma, self.colon)).replace(
            "/", "\\/"
        )
        return (text[:-1] + self.more + "}").encode(self.charset, "replace")

    def to_bytes(self) -> bytes:
        """The body: the node first, then the signature over exactly the node's bytes."""
        node = self.to_json(self.node)
        members = [(self.name, node)]
        if self.sign:
            members.append(("sign", json.dumps(self.sign(node)).encode()))
        comma, colon = self.comma.encode(), self.colon.encode()
        parts = (b'"' + name.encode() + b'"' + colon + raw for name, raw in self.arrange(members))
        return self.finish(b"{" + comma.join(parts) + b"}")


def _other_bit(members: Members) -> Members:
    (name, node), *rest = members
    return [(name, re.sub(rb"\d(?=\D*$)", lambda digit: bytes([digit[0][0] ^ 1]), node)), *rest]


def _somebody_else(node: dict[str, Any]) -> dict[str, Any]:
    return node | {
        name: node[name][:4] + node[name][:3:-1] for name in ("open_id", "user_id") if name in node
    }


def _old_rsa(data: bytes, key: RSAPrivateKey) -> str:
    return base64.b64encode(key.sign(data, PKCS1v15(), SHA1())).decode()  # noqa: S303


def _twin(answer: Answer) -> tuple[str, bytes]:
    return answer.name, answer.to_json(_somebody_else(answer.node) | {"nick_name": "伪造的会员"})


# name → the fields that it replaces in an answer (a) to the gateway's Call (c)
SPOIL: dict[str, Callable[[Answer, Any], dict[str, Any]]] = {
    "tampered": lambda a, c: {"arrange": _other_bit},
    "wrong-key": lambda a, c: {"sign": lambda data: sign(data, stranger())},
    "unsigned": lambda a, c: {"sign": None},
    "empty-sign": lambda a, c: {"sign": lambda data: ""},
    "sha1": lambda a, c: {"sign": lambda data: _old_rsa(data, c.accounts.alipay_key)},
    "app-key": lambda a, c: {"sign": lambda data: sign(data, c.key or stranger())},
    "replayed": lambda a, c: {"sign": lambda data: a.sign(b'{"code":"10000"}')},
    "node-twice-first": lambda a, c: {"arrange": lambda members: [_twin(a), *members]},
    "node-twice-last": lambda a, c: {
        "arrange": lambda members: [members[0], _twin(a), *members[1:]]
    },
    "other-node": lambda a, c: {"name": "alipay_trade_query_response"},
    "http-500": lambda a, c: {"status": 500, "finish": lambda body: b"Internal Server Error"},
    "html": lambda a, c: {"finish": lambda body: b"<!doctype html><title>502 Bad Gateway</title>"},
    "truncated": lambda a, c: {"finish": lambda body: body[: len(body) // 2]},
    "huge": lambda a, c: {"more": ',"padding":"' + "x" * SIZE + '"'},
    "deep": lambda a, c: {"more": ',"deep":' + "[" * DEPTH + "]" * DEPTH},
    "slow": lambda a, c: {"delay": SLOW},
    "disconnect": lambda a, c: {"hang_up": True},
    "other-person": lambda a, c: {"node": _somebody_else(a.node)},
    "no-id": lambda a, c: {
        "node": {name: v for name, v in a.node.items() if not name.endswith("_id")}
    },
    "cert-sn": lambda a, c: {
        "arrange": lambda members: [members[0], ("alipay_cert_sn", b'"c5"'), *members[1:]]
    },
    "white-space": lambda a, c: {"comma": "\n , ", "colon": " :\t"},
    "tricky-text": lambda a, c: {"node": a.node | {"nick_name": TRICKY}},
    "gbk-20000": lambda a, c: {"node": CODES["isp.unknow-error"], "charset": "gbk", "sign": None},
}
# each row: name, group, zh, en; maybe the only method that it fits; maybe the sub_code it answers with, unsigned or not
FAULTS = {
    row["name"]: row
    for row in json.loads(Path(__file__).with_name("faults.json").read_text("utf-8"))
}
LISTED = [{key: row[key] for key in ("name", "group", "zh", "en")} for row in FAULTS.values()]


def _changes(name: str, answer: Answer, call: Any) -> dict[str, Any]:
    if name in SPOIL:
        return SPOIL[name](answer, call)
    row = FAULTS[name]
    node_name = (
        "error_response" if row.get("method") == "alipay.system.oauth.token" else answer.name
    )
    signer = None if row.get("unsigned") else answer.sign
    return {"node": refusal(row["sub_code"], call.parameters), "name": node_name, "sign": signer}


class Faults:
    """The fault that is switched on, and for how many more calls (None: until cleared)."""

    def __init__(self) -> None:
        self.stopping = threading.Event()  # ends the wait of `slow`
        self.set(None)

    def set(self, name: str | None, times: int | None = None) -> None:
        """Switch on for the next `times` calls that it fits (None: until cleared); name None clears. ValueError."""
        if times is not None and (type(times) is not int or times < 1):
            raise ValueError("times is a positive whole number, or null")
        self._name, self._times = name and choice(name, FAULTS, "fault"), times

    def active(self) -> dict[str, Any] | None:
        """`{"name", "times"}`, or None."""
        return {"name": self._name, "times": self._times} if self._name else None

    def spoil(self, answer: Answer, call: Any) -> Answer:
        """The answer as the active fault makes it, if that fits the call's method."""
        name = self._name
        if not name or FAULTS[name].get("method") not in (None, call.method):
            return answer
        if self._times:
            self._times -= 1
            self._name = name if self._times else None
        return replace(answer, **_changes(name, answer, call))
