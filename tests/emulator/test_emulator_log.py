"""The emulator's log: one line for each call that the gateway refuses, without secrets."""

import json
import re

import pytest
import requests

from helpers import needs_emulator
from plain_client import SHARE, TOKEN

pytestmark = needs_emulator


def test_a_call_that_succeeds_is_not_logged(plain, lines):
    plain.share(plain.token()["access_token"])
    assert lines() == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"app_id": "2021000122671080"},
            "alipay.user.info.share from 2021000122671080: refused, "
            "isv.invalid-app-id: the app_id is unknown",
        ),
        (
            {"app_id": ""},
            "alipay.user.info.share from no app_id: refused, isv.missing-app-id: app_id is missing",
        ),
        (
            {"timestamp": ""},
            "alipay.user.info.share from demo-mini: refused, "
            "isv.missing-timestamp: timestamp is missing",
        ),
        (
            {"sign": "AAAA"},
            "alipay.user.info.share from demo-mini: refused, "
            "isv.invalid-signature: sign does not verify with the app's public key",
        ),
        (
            {"method": "alipay.trade.query"},
            "alipay.trade.query from demo-mini: refused, "
            "isv.invalid-method: the emulator does not know this method",
        ),
        (
            {"auth_token": "x"},
            "alipay.user.info.share from demo-mini: refused, "
            "aop.invalid-auth-token: auth_token is unknown, refreshed or revoked",
        ),
    ],
)
def test_each_refusal_is_one_line_with_the_reason(plain, lines, changes, line):
    parameters = plain.signed(**{"method": SHARE} | changes)
    requests.post(plain.gateway, params=parameters, timeout=5)
    assert lines() == [line]


def test_which_rule_an_auth_code_broke_is_told(plain, lines):
    code = plain.auth_code()
    plain.token()
    plain.call(TOKEN, grant_type="authorization_code", code=code)
    assert lines() == []
    plain.call(TOKEN, grant_type="authorization_code", code=code)
    plain.call(TOKEN, grant_type="authorization_code", code=plain.auth_code(app_id="demo-web"))
    used, foreign = lines()
    assert used.endswith("isv.code-invalid: the code is unknown, used or revoked")
    assert foreign.endswith("isv.code-invalid: the code was given to demo-web")


def test_a_fault_that_is_switched_on_is_told_apart_from_a_refusal(plain, lines):
    plain.switch("PUT", "fault", name="isv.code-invalid", times=1)
    plain.token()
    assert lines() == [
        "alipay.system.oauth.token from demo-mini: the fault isv.code-invalid is switched on"
    ]


def test_an_address_that_the_authorise_page_refuses_is_logged(emulator, lines):
    requests.get(f"{emulator.url}/oauth2/publicAppAuthorize.htm?app_id=demo-mini", timeout=5)
    assert lines() == ["the authorise page refused an address: a mini-program cannot use this page"]


def secrets_of(plain):
    """Everything that must never be logged, from one flow with every kind of secret in it."""
    code = plain.auth_code()
    token = plain.call(TOKEN, grant_type="authorization_code", code=code)
    app_code = plain.switch("POST", "app-auth-code")["app_auth_code"]
    return {
        "code": code,
        "auth_token": token["access_token"],
        "refresh_token": token["refresh_token"],
        "app_auth_token": plain.merchant_token,
        "app_auth_code": app_code,
        "sign": plain.signed(SHARE)["sign"],
    }


def test_no_line_has_a_secret_wherever_a_caller_puts_it(plain, lines):
    secrets = secrets_of(plain)
    lines()
    calls = [
        {"method": TOKEN, "grant_type": "authorization_code", "code": secrets["code"]},
        {"method": TOKEN, "grant_type": "refresh_token", "refresh_token": secrets["auth_token"]},
        {"method": SHARE, "auth_token": secrets["refresh_token"]},
        {"method": SHARE, "auth_token": "x", "app_auth_token": secrets["code"]},
        {"method": SHARE, "sign": secrets["sign"], "auth_token": secrets["auth_token"]},
        {
            "method": "alipay.open.auth.token.app",
            "biz_content": json.dumps({"code": secrets["app_auth_code"]}),
        },
    ]
    for secret in secrets.values():
        for name in ("app_id", "method", "timestamp", "charset", "sign_type", "grant_type"):
            calls.append({"method": TOKEN, "grant_type": "x"} | {name: secret})
    for parameters in calls:
        requests.get(plain.gateway, params=plain.signed(**parameters), timeout=5)
    said = lines()
    assert len(said) == len(calls)
    for secret in secrets.values():
        for line in said:
            assert secret not in line
            assert secret[:12] not in line


@pytest.mark.parametrize("text", ["a\r\nb", "王" * 30, "x" * 5000, "%00", "\x1b[31m"])
def test_a_line_stays_a_line_whatever_a_caller_sends(plain, lines, text):
    for name in ("app_id", "method"):
        requests.get(plain.gateway, params=plain.signed(**{"method": SHARE, name: text}), timeout=5)
    said = lines()
    assert len(said) == 2
    for line in said:
        assert re.fullmatch(r"[ -~]{1,200}", line)
