"""Fixtures of the emulator's tests."""

import json
import logging
import subprocess
from pathlib import Path

import pytest
import requests

from plain_client import SHARE


@pytest.fixture
def error_node():
    """error_node(sub_code) → the node of that error, from the library's table of errors."""
    from alipay_member.explain import gateway_errors

    rows = {row["sub_code"]: row for row in gateway_errors() if row.get("sub_code")}

    def of(sub_code):
        names = ("code", "msg", "sub_code", "sub_msg")
        return {name: rows[sub_code][name] for name in names if rows[sub_code].get(name)}

    return of


@pytest.fixture
def steps(emulator_with_page):
    """steps(since) → what the page gets of the calls after this number."""

    def fetch(since=0):
        url = f"{emulator_with_page.url}/emulator/calls?since={since}"
        return requests.get(url, timeout=10).json()

    return fetch


@pytest.fixture
def newest(steps):
    """newest() → the page's step of the newest call."""

    def fetch():
        return steps()["calls"][-1]

    return fetch


@pytest.fixture(scope="session")
def node_flow():
    """node_flow(config) → {token, profile} or {error} of the official SDK for Node."""
    command = ["node", Path(__file__).parent / "sdk" / "node-sdk.mjs"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8") as node:

        def run(**config):
            print(json.dumps(config), file=node.stdin, flush=True)
            return json.loads(node.stdout.readline())

        yield run
        node.stdin.close()


@pytest.fixture
def spoiled(plain):
    """spoiled(name) → a client with the reply to fetching the profile, spoiled by that fault."""

    def fetch(name):
        access_token = plain.token()["access_token"]
        plain.switch("PUT", "fault", name=name, times=1)
        parameters = plain.signed(SHARE, auth_token=access_token)
        plain.answer = requests.post(plain.gateway, params=parameters, timeout=5)
        return plain

    return fetch


@pytest.fixture
def lines(caplog):
    """lines() → the log lines since the last time."""
    caplog.set_level(logging.INFO, "emulator")

    def newest():
        found = [record.getMessage() for record in caplog.records if record.name == "emulator"]
        caplog.clear()
        return found

    return newest
