# SPDX-License-Identifier: MIT-0
"""Your project's tests against an Alipay that runs in the test: no account, no network."""

import pytest
import requests
from flask import Flask

import emulator
from alipay_config import new_client
from alipay_member.store import MemberStore
from flask_app import add_member_info


@pytest.fixture(scope="session")
def alipay():
    with emulator.run() as alipay:
        yield alipay


@pytest.fixture
def browser(alipay, tmp_path):
    app = Flask(__name__)
    store = MemberStore(f"sqlite:///{tmp_path}/members.db")
    add_member_info(app, new_client(alipay.settings()), store)
    return app.test_client()


@pytest.fixture
def auth_code(alipay):
    """What my.getAuthCode gives once the person has agreed."""
    body = {"member": "complete", "scopes": ["auth_user"]}
    answer = requests.post(f"{alipay.url}/emulator/auth-code", json=body, timeout=10)
    return answer.json()["auth_code"]


def test_the_profile_that_alipay_signed_is_saved(browser, auth_code):
    login = browser.post("/api/auth", json={"auth_code": auth_code}).json
    headers = {"Authorization": f"Bearer {login['session']}"}
    saved = browser.post("/api/member", headers=headers, json={"nickName": "a lie"}).json
    assert saved["member"]["nick_name"] == "完整示例"


def test_an_auth_code_works_once(browser, auth_code):
    browser.post("/api/auth", json={"auth_code": auth_code})
    again = browser.post("/api/auth", json={"auth_code": auth_code})
    assert (again.status_code, again.json["error"]["code"]) == (401, "isv.code-invalid")


def test_nothing_is_saved_of_a_tampered_answer(alipay, browser, auth_code):
    fault = {"name": "tampered", "times": 1}
    requests.put(f"{alipay.url}/emulator/fault", json=fault, timeout=10)
    refused = browser.post("/api/auth", json={"auth_code": auth_code})
    assert (refused.status_code, refused.json["error"]["code"]) == (502, "signature:tampered")
