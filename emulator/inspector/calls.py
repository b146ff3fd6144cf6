"""The newest calls that reached the gateway, kept in memory. They contain the emulator's tokens."""

import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass
from itertools import count

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from flask import Request

from ..accounts import Accounts, Refused
from ..call import GatewayCall, SentRequest, read_sent
from .diagnosis import Diagnosis, diagnose

MAX_CALLS = 500


@dataclass(frozen=True)
class Outcome:
    """How the gateway replied to a call."""

    refused: Refused | None
    fault: str | None  # the name of the fault that spoiled the reply
    reply: bytes
    seconds: float


@dataclass(frozen=True)
class Arrival:
    """One call that arrived, `at` in UTC seconds."""

    number: int
    at: float
    sent: SentRequest
    call: GatewayCall
    outcome: Outcome
    same_bytes: int | None  # number of the first call with the same bytes
    same_code: int | None  # number of the first call with the same auth_code
    diagnosis: Diagnosis | None  # None: the signature verifies, or was not checked
    alipay_key: RSAPublicKey  # verifies the reply


class Calls:
    """The newest calls of one emulator. Safe to share between threads."""

    def __init__(self, accounts: Accounts) -> None:
        self.run = secrets.token_hex(8)  # differs after a restart
        keys = accounts.app_keys.items()
        self._keys = {app_id: key.public_key() for app_id, key in keys}
        self._alipay_key = accounts.alipay_key.public_key()
        self._kept: deque[Arrival] = deque(maxlen=MAX_CALLS)
        self._numbers = count(1)
        self._lock = threading.Lock()

    def record(self, request: Request, call: GatewayCall, outcome: Outcome) -> Arrival:
        """Keep a call that has its reply. If the signature does not verify, find out why."""
        sent = read_sent(request)
        code = call.parameters.get("code")
        diagnosis = None
        if outcome.refused and outcome.refused.sub_code == "isv.invalid-signature":
            diagnosis = diagnose(sent, call, self._keys, self._signable())
        with self._lock:
            arrival = Arrival(
                number=next(self._numbers),
                at=time.time(),
                sent=sent,
                call=call,
                outcome=outcome,
                same_bytes=self._first_with_bytes(sent),
                same_code=self._first_with_code(code) if code else None,
                diagnosis=diagnosis,
                alipay_key=self._alipay_key,
            )
            self._kept.append(arrival)
        return arrival

    def _signable(self) -> dict[int, bytes]:
        """The strings to sign of the earlier calls whose signatures verify, by number."""
        return {
            arrival.number: arrival.call.data_to_sign()
            for arrival in self.since(0)
            if arrival.diagnosis is None
        }

    def _first_with_bytes(self, sent: SentRequest) -> int | None:
        matches = (one.number for one in self._kept if one.sent.bytes == sent.bytes)
        return next(matches, None)

    def _first_with_code(self, code: str) -> int | None:
        matches = (one.number for one in self._kept if one.call.parameters.get("code") == code)
        return next(matches, None)

    def since(self, number: int) -> list[Arrival]:
        """The calls after this number, oldest first."""
        with self._lock:
            return [arrival for arrival in self._kept if arrival.number > number]

    def oldest(self) -> int | None:
        """The number of the oldest call that is still kept."""
        with self._lock:
            return self._kept[0].number if self._kept else None

    def find(self, number: int) -> Arrival | None:
        """The call with this number, if it is still kept."""
        with self._lock:
            return next((one for one in self._kept if one.number == number), None)

    def clear(self) -> None:
        """Forget every call. Numbering continues."""
        with self._lock:
            self._kept.clear()
