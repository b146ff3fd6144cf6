"""The ways the gateway can be told to misbehave, by name: faults.json says each in both languages.

A call is carried out before its answer is spoiled, so an auth code is used up all the same.
"""

import functools
import html
import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes

from .accounts import choice, rsa_key
from .answers import Answer, Members, Refused, rsa_sign

TRICKY = '小}二{"\\","sign":"x"'
SLOW, SIZE, DEPTH = 15.0, 10_000_000, 100_000  # seconds, bytes, brackets
stranger = functools.cache(rsa_key)


def _other_bit(members: Members) -> Members:
    (name, node), *rest = members
    return [(name, re.sub(rb"\d(?=\D*$)", lambda digit: bytes([digit[0][0] ^ 1]), node)), *rest]


def _nobody(call: Any) -> dict[str, str]:
    return call.accounts.ids(call.parameters["app_id"], "nobody")  # who is no test member


def _twin(answer: Answer, call: Any) -> tuple[str, bytes]:
    return answer.name, answer.to_json(answer.node | _nobody(call) | {"nick_name": "伪造的会员"})


# name → the fields that it replaces in an answer (a) to the gateway's Call (c)
SPOIL: dict[str, Callable[[Answer, Any], dict[str, Any]]] = {
    "tampered": lambda a, c: {"arrange": _other_bit},
    "wrong-key": lambda a, c: {"sign": lambda data: rsa_sign(data, stranger())},
    "unsigned": lambda a, c: {"sign": None},
    "empty-sign": lambda a, c: {"sign": lambda data: ""},
    "sha1": lambda a, c: {"sign": lambda data: rsa_sign(data, c.accounts.alipay_key, hashes.SHA1())},  # noqa: S303
    "app-key": lambda a, c: {"sign": lambda data: rsa_sign(data, c.app.key or stranger())},
    "replayed": lambda a, c: {"sign": lambda data: rsa_sign(b'{"code":"10000"}', c.accounts.alipay_key)},
    "node-twice-first": lambda a, c: {"arrange": lambda members: [_twin(a, c), *members]},
    "node-twice-last": lambda a, c: {"arrange": lambda members: [members[0], _twin(a, c), *members[1:]]},
    "other-node": lambda a, c: {"name": "alipay_trade_query_response"},
    "http-500": lambda a, c: {"status": 500, "finish": lambda body: b"Internal Server Error"},
    "html": lambda a, c: {"finish": lambda body: b"<!doctype html><title>502 Bad Gateway</title>"},
    "truncated": lambda a, c: {"finish": lambda body: body[: len(body) // 2]},
    "huge": lambda a, c: {"more": ',"padding":"' + "x" * SIZE + '"'},
    "deep": lambda a, c: {"more": ',"deep":' + "[" * DEPTH + "]" * DEPTH},
    "slow": lambda a, c: {"delay": SLOW},
    "disconnect": lambda a, c: {"hang_up": True},
    "other-person": lambda a, c: {"node": a.node | _nobody(c)},
    "no-id": lambda a, c: {"node": {name: v for name, v in a.node.items() if not name.endswith("_id")}},
    "cert-sn": lambda a, c: {"arrange": lambda members: [members[0], ("alipay_cert_sn", b'"c5"'), *members[1:]]},
    "white-space": lambda a, c: {"comma": "\n , ", "colon": " :\t"},
    "tricky-text": lambda a, c: {"node": a.node | {"nick_name": TRICKY}},
    "gbk-20000": lambda a, c: {"node": Refused("isp.unknow-error").node, "charset": "gbk", "sign": None},
}
# each row: name, group, zh, en; maybe the only method that it fits; maybe the sub_code it answers with, unsigned or not
FAULTS = {row["name"]: row for row in json.loads(Path(__file__).with_name("faults.json").read_text("utf-8"))}
LISTED = [{key: row[key] for key in ("name", "group", "zh", "en")} for row in FAULTS.values()]


def _changes(name: str, answer: Answer, call: Any) -> dict[str, Any]:
    if name in SPOIL:
        return SPOIL[name](answer, call)
    sub_code, method = FAULTS[name]["sub_code"], FAULTS[name].get("method")
    detail = html.escape(call.string_to_sign) if sub_code == "isv.invalid-signature" else ""
    node_name = "error_response" if method == "alipay.system.oauth.token" else answer.name
    sign = None if FAULTS[name].get("unsigned") else answer.sign
    return {"node": Refused(sub_code, detail).node, "name": node_name, "sign": sign}


class Faults:
    """The fault that is switched on, and for how many more calls."""

    def __init__(self) -> None:
        self.stopping = threading.Event()  # ends the wait of `slow`
        self._lock = threading.Lock()
        self._name: str | None = None
        self._times: int | None = None

    def set(self, name: str | None, times: int | None = None) -> None:
        """Switch on for the next `times` calls that it fits (None: until cleared); name None clears. ValueError."""
        if times is not None and (type(times) is not int or times < 1):
            raise ValueError("times is a positive whole number, or null")
        with self._lock:
            self._name, self._times = name and choice(name, FAULTS, "fault"), times

    def active(self) -> dict[str, Any] | None:
        """`{"name", "times"}`, or None."""
        with self._lock:
            return {"name": self._name, "times": self._times} if self._name else None

    def spoil(self, answer: Answer, call: Any) -> Answer:
        """The answer as the active fault makes it, if that fits the call's method."""
        with self._lock:
            name = self._name
            if not name or FAULTS[name].get("method") not in (None, call.method):
                return answer
            if self._times:
                self._times -= 1
                self._name = name if self._times else None
        return replace(answer, **_changes(name, answer, call))
