"""What the emulated Alipay's routes share while they answer."""

from dataclasses import dataclass

from flask import current_app

from .accounts import Accounts
from .fault_switch import FaultSwitch


@dataclass(frozen=True)
class State:
    """One emulator's memory, and the fault that is switched on."""

    accounts: Accounts
    faults: FaultSwitch


def state() -> State:
    """The state of the emulator that answers this request."""
    found: State = current_app.extensions["emulator"]
    return found
