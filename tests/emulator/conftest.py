"""Fixtures of the emulator's and the workbench's tests."""

import json
import logging
import subprocess
from pathlib import Path

import pytest
import requests

from mistaken_client import finding
from plain_client import SHARE


@pytest.fixture
def told(emulator_with_page):
    """told(since) → what the page is told of the calls after this number."""

    def fetch(since=0):
        url = f"{emulator_with_page.url}/emulator/calls?since={since}"
        return requests.get(url, timeout=10).json()

    return fetch


@pytest.fixture
def newest(told):
    """newest() → the page's step of the newest call."""

    def fetch():
        return told()["calls"][-1]

    return fetch


@pytest.fixture
def found(newest):
    """found() → the keys of what was found out about the newest call's signature."""
    from emulator.inspector.step import WORDS

    def keys():
        return [finding(one["en"], WORDS["findings"]) for one in newest()["causes"] or []]

    return keys


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
    """spoiled(name) → a client with the answer to fetching the profile, as that fault made it."""

    def fetch(name):
        access_token = plain.token()["access_token"]
        plain.switch("PUT", "fault", name=name, times=1)
        parameters = plain.signed(SHARE, auth_token=access_token)
        plain.answer = requests.post(plain.gateway, params=parameters, timeout=5)
        return plain

    return fetch


@pytest.fixture
def lines(caplog):
    """lines() → what has been logged since the last time."""
    caplog.set_level(logging.INFO, "emulator")

    def newest():
        said = [record.getMessage() for record in caplog.records if record.name == "emulator"]
        caplog.clear()
        return said

    return newest
