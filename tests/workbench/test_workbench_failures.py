"""PUT /workbench/failure: one thing goes wrong, by its name."""

import pytest

from helpers import needs_emulator

pytestmark = needs_emulator


def test_a_failure_is_made_and_mended_by_its_name(steps, sign_in, bench, emulator):
    session = sign_in()

    def fail(name, **more):
        assert bench.put("/workbench/fault", json={"name": name, **more}).status_code == 200

    fail("tampered")
    assert emulator.faults.active()["name"] == "tampered"
    fail("product-unbound")
    assert (emulator.faults.active(), emulator.accounts.without_product) == (None, {"demo-mini"})
    assert (
        bench.post("/api/member", headers=session).get_json()["error"]["code"]
        == "isv.insufficient-isv-permissions"
    )
    fail("consent-revoked", member="complete")
    assert emulator.accounts.without_product == set()
    revoked = next(step for step in steps() if step["kind"] == "action")
    assert (revoked["kind"], revoked["lane"], revoked["says"]) == (
        "action",
        "alipay",
        "consent-revoked",
    )
    assert bench.post("/api/member", headers=session).get_json()["error"]["code"] == "session-ended"
    fail("sha1")
    fail(None)
    assert emulator.faults.active() is None


@pytest.mark.parametrize(
    "body", [{"name": "no-such"}, {"name": "consent-revoked"}, [], {"name": ["tampered"]}]
)
def test_a_failure_that_is_none_is_refused(steps, bench, body):
    assert bench.put("/workbench/fault", json=body).status_code == 400
    assert steps() == []
