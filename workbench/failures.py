"""What can go wrong around the app, by name: the words, and the switch that all tabs share.

failures.json has what breaks outside the gateway: on the phone, in the user's settings, in our own
server. The gateway's own faults come from faults.py. At most one thing is broken at a time, and
whatever is broken is mended before the next.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests
from flask import Response

from alipay_member.client import AlipayClient
from emulator.faults import FAULTS, GROUPS as GATEWAY_GROUPS

from .breakable import BreakableStore
from .link import EmulatorLink

WORDS = json.loads(Path(__file__).with_name("failures.json").read_text("utf-8"))
FAILURES: dict[str, dict[str, Any]] = {row["name"]: row for row in WORDS["failures"]}
GROUPS: dict[str, dict[str, str]] = WORDS["groups"] | GATEWAY_GROUPS
FIRST: list[str] = WORDS["first"]  # which to start with
EXPIRE, END_SESSIONS = "expire", "end-sessions"  # of what is done once


def ways() -> list[dict[str, Any]]:
    """Every way of failing, with its sentence and, as `seen`, what is to be expected of it."""
    rows = [*FAILURES.values(), *(fault.as_dict() for fault in FAULTS.values())]
    unsaid = {"expect": None, "needs": None, "recovers": False}
    return [unsaid | row | {"seen": expectation(row)} for row in rows]


def expectation(row: dict[str, Any]) -> dict[str, str]:
    """What will be seen of one way of failing, in both languages."""
    if "seen" in row:
        seen: dict[str, str] = row["seen"]
        return seen
    expect = row.get("expect")
    kind = "accepted"
    if expect:
        kind = "recovers" if row.get("recovers") else "refused"
    said = WORDS["expectations"][kind]
    return {lang: text.format(expect=expect) for lang, text in said.items()}


def words() -> dict[str, Any]:
    """What the page fetches when its laboratory is opened, or something is broken already."""
    return {"groups": GROUPS, "first": FIRST, "ways": ways()}


class Failures:
    """The switch: what is broken now."""

    def __init__(
        self,
        store: BreakableStore,
        clients: Sequence[AlipayClient],
        emulator: EmulatorLink,
        app_id: str,
    ) -> None:
        """`app_id`: whose sessions and product are meant, the phone's app."""
        self._store = store
        self._emulator = emulator
        self._app_id = app_id
        self._name: str | None = None
        for client in clients:  # one clock for the whole app: so it can be wrong as a whole
            client.clock = store.now

    def switch(self, name: str | None, member: object) -> Response:
        """Mend what is broken, then break this; what is done to somebody, is done to `member`.

        The answer is the emulator's: 400 for a name that is none, or a member who is none.
        """
        self.mend()
        row = FAILURES.get(name or "", {})
        if "act" in row:
            return self._act(row["act"], member)
        answer = self._break_gateway(name, row, member)
        if answer.status_code != requests.codes.ok:
            return answer
        if row.get("database") is False:
            self._store.lose_database()
        self._store.clock_error = float(row.get("clock", 0))
        self._name = name
        return answer

    def mend(self) -> None:
        """Everything works again."""
        self._name = None
        self._store.find_database()
        self._store.clock_error = 0.0
        self._bind_product(True)
        self._emulator.ask("PUT", "fault", {"name": None})

    def on(self) -> dict[str, Any]:
        """What is switched on: `fault` by its name, `identity`, `unbound` app ids.

        Somebody may have turned the emulator's own switches, and a fault may be spent.
        """
        told = self._emulator.read("switches")
        fault = (told.get("fault") or {}).get("name")
        unbound = told.get("unbound", [])
        if self._name in FAULTS and "error" not in told:
            self._name = fault
        name = self._name or fault
        if name is None and self._app_id in unbound:
            name = "product-unbound"
        return {"fault": name, "identity": told.get("identity"), "unbound": unbound}

    def can_act(self, act: str, member: object) -> bool:
        """Whether this can be done once: the emulator runs, and knows the member."""
        if act == END_SESSIONS:
            return True
        members = self._emulator.read("members").get("members", [])
        return any(row["id"] == member for row in members)

    def _act(self, act: str, member: object) -> Response:
        """Do what is done once."""
        if act == END_SESSIONS:
            self._store.end_sessions(self._app_id)
            return Response("{}", mimetype="application/json")
        return self._emulator.ask("POST", act, {"app_id": self._app_id, "member": member})

    def _break_gateway(self, name: str | None, row: dict[str, Any], member: object) -> Response:
        """What the emulator has to do for this way of failing."""
        if row.get("product") is False:
            return self._bind_product(False)
        fault = row.get("fault") if row else name
        known = FAULTS.get(fault or "")
        if known and known.needs == "member":  # only a token that has ended is refreshed
            self._act(EXPIRE, member)
        times = 1 if known and known.once else None
        return self._emulator.ask("PUT", "fault", {"name": fault, "times": times})

    def _bind_product(self, bound: bool) -> Response:
        return self._emulator.ask("PUT", "product", {"app_id": self._app_id, "bound": bound})
