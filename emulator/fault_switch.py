"""Which fault is switched on, and for how many more calls."""

import threading
from typing import Any

from .accounts import choice
from .call import GatewayCall
from .faults import FAULTS, Fault
from .reply import Answer


class FaultSwitch:
    """At most one fault at a time. Safe to share between threads."""

    def __init__(self) -> None:
        self.stopping = threading.Event()  # ends the wait of `slow`
        self._lock = threading.Lock()
        self.set(None)

    def set(self, name: object, times: object = None) -> None:
        """Switch a fault on for the next `times` calls that it fits (None: until it is cleared).

        `name` None switches off. ValueError with a sentence for a name or number that won't do.
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

    def spoil(self, answer: Answer, call: GatewayCall) -> str | None:
        """Spoil the answer if a fault is switched on that fits the call; its name."""
        fault = self._next(call)
        if fault is None:
            return None
        fault.spoil(answer, call)
        return fault.name

    def _next(self, call: GatewayCall) -> Fault | None:
        """The fault for this call, which is counted."""
        with self._lock:
            fault = self._fault
            if fault is None or not fault.fits(call):
                return None
            if self._times is not None:
                self._times -= 1
                if self._times == 0:
                    self._fault = None
            return fault
