"""The JSON routes under /emulator/: closed to other web pages, open to programs on this machine."""

import pytest
import requests

from helpers import needs_emulator
from plain_client import TOKEN

pytestmark = needs_emulator


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "xn--a"},  # invalid
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},  # an image
        {"X-Forwarded-For": "1.2.3.4"},
        {"Via": "1.1 tunnel"},
    ],
    ids=str,
)
def test_requests_from_elsewhere_are_refused(emulator, headers):
    answer = requests.get(f"{emulator.url}/emulator/members", headers=headers, timeout=5)
    assert answer.status_code == 403
    assert answer.json().keys() == {"error"}


def test_a_link_from_another_site_may_be_followed(emulator):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    answer = requests.get(f"{emulator.url}/emulator/members", headers=headers, timeout=5)
    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_a_form_could_send_is_refused(emulator, kind):
    url = f"{emulator.url}/emulator/revoke"
    body, headers = '{"member":"complete"}', {"Content-Type": kind}
    answer = requests.post(url, body, headers=headers, timeout=5)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]


@pytest.mark.parametrize(
    ("verb", "name", "body"),
    [
        ("POST", "auth-code", {"member": "nobody", "scopes": ["auth_user"]}),
        ("POST", "auth-code", {"member": "complete", "scopes": []}),
        ("POST", "auth-code", {"member": "complete", "scopes": "auth_user"}),
        ("POST", "auth-code", {"member": "complete", "scopes": [{}]}),
        ("POST", "auth-code", {"member": "complete", "scopes": ["auth_user"], "app_id": "2021"}),
        ("POST", "revoke", {}),
        ("PUT", "identity", {"mode": "union_id"}),
        ("PUT", "product", {"bound": "no"}),
        ("PUT", "fault", {"name": "nonsense"}),
        ("PUT", "fault", {"name": ["tampered"]}),
        ("PUT", "fault", {"name": "tampered", "times": 0}),
        ("PUT", "fault", {"name": "tampered", "times": True}),
        ("PUT", "fault", ["tampered"]),
    ],
)
def test_an_invalid_value_is_400_with_a_message(emulator, verb, name, body):
    answer = requests.request(verb, f"{emulator.url}/emulator/{name}", json=body, timeout=5)
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 10


def test_json_that_is_nested_too_deep_is_400(emulator):
    headers = {"Content-Type": "application/json"}
    url = f"{emulator.url}/emulator/revoke"
    assert requests.post(url, "[" * 90_000, headers=headers, timeout=5).status_code == 400


def test_an_unknown_route_is_404(emulator):
    answer = requests.put(f"{emulator.url}/emulator/members", json={}, timeout=5)
    assert (answer.status_code, answer.json().keys()) == (404, {"error"})


def test_the_switches_are_listed(plain):
    plain.switch("PUT", "identity", mode="both")
    plain.switch("PUT", "product", bound=False)
    plain.switch("PUT", "fault", name="slow", times=2)
    assert plain.switch("GET", "switches") == {
        "fault": {"name": "slow", "times": 2},
        "identity": "both",
        "unbound": ["demo-mini"],
        "messages": None,
    }


def test_reset_brings_everything_back(plain):
    code = plain.auth_code()
    plain.switch("PUT", "identity", mode="both")
    plain.switch("PUT", "product", bound=False)
    plain.switch("PUT", "fault", name="unsigned")
    plain.switch("POST", "reset")
    members = plain.switch("GET", "members")
    assert members["identity"] == "open_id"
    assert members["apps"]["demo-mini"] == {"product": True}
    assert not any(member["consented"] for member in members["members"])
    assert plain.switch("GET", "faults")["active"] is None
    assert (
        plain.call(TOKEN, grant_type="authorization_code", code=code)["sub_code"]
        == "isv.code-invalid"
    )


def test_avatars_are_drawn(emulator):
    answer = requests.get(f"{emulator.url}/emulator/avatar/complete.svg", timeout=5)
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    assert answer.text.startswith("<svg ")
    assert requests.get(f"{emulator.url}/emulator/avatar/nobody.svg", timeout=5).status_code == 400
