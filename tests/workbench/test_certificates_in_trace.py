"""The trace of an app in 公钥证书 mode."""

import pytest

from helpers import needs_emulator

pytestmark = needs_emulator


@pytest.fixture
def emulator(emulator):
    emulator.accounts.certify("demo-mini", True)
    return emulator


def test_the_trace_shows_both_serial_numbers(settings, sign_in, steps):
    sign_in()
    (exchange,) = [step for step in steps() if step["kind"] == "exchange"]
    for name, value in settings.app.certificates.parameters.items():
        assert exchange["parameters"][name] == value
