"""What the emulated Alipay's routes share while they answer."""

from dataclasses import dataclass

from flask import current_app

from .accounts import Accounts
from .fault_switch import FaultSwitch
from .inspector.calls import Calls


@dataclass(frozen=True)
class State:
    """One emulator's memory, the fault that is switched on, and the calls that its page shows."""

    accounts: Accounts
    faults: FaultSwitch
    calls: Calls | None = None  # None: it has no page


def state() -> State:
    """The state of the emulator that answers this request."""
    found: State = current_app.extensions["emulator"]
    return found
