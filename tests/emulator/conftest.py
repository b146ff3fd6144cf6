"""Fixtures of the emulator's and the workbench's tests."""

import json
import logging
import subprocess
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from helpers import at_home
from mistaken_client import finding
from plain_client import SHARE, PlainClient


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
    from emulator.inspector.told import WORDS

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
def plain(emulator):
    """A client that uses none of our code: requests and cryptography alone."""
    return PlainClient(emulator)


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
def store(settings):
    """The store as serve.py makes it for the workbench."""
    from emulator.watched import WatchedStore

    return WatchedStore(settings.database_url)


@pytest.fixture
def bench(app, monkeypatch):
    """Flask's test client for the app with its workbench, which the emulator's messages reach."""
    from emulator import messages, workbench

    def post(url, parameters):
        assert url == "http://127.0.0.1:8000/alipay/messages"
        body = urlencode(parameters, encoding=parameters["charset"])
        return at_home(app).post("/alipay/messages", data=body).get_data(as_text=True)

    workbench.attach(app)
    monkeypatch.setattr(messages, "post", post)
    return at_home(app)


@pytest.fixture
def steps(bench):
    """steps() → the steps of the trace since the last time."""
    seen = {"next": 0}

    def newest():
        seen.update(bench.get(f"/workbench/events?since={seen['next']}").get_json())
        return seen["events"]

    return newest


@pytest.fixture
def sign_in(bench, auth_code):
    """sign_in(member, scopes) → the headers that carry a fresh session."""

    def send(member="complete", scopes=("auth_user",)):
        body = {"auth_code": auth_code(member, scopes)}
        answer = bench.post("/api/auth", json=body, headers={"X-Trace": "t1"})
        return {"Authorization": f"Bearer {answer.get_json()['session']}", "X-Trace": "t2"}

    return send


@pytest.fixture
def lines(caplog):
    """lines() → what has been logged since the last time."""
    caplog.set_level(logging.INFO, "emulator")

    def newest():
        said = [record.getMessage() for record in caplog.records if record.name == "emulator"]
        caplog.clear()
        return said

    return newest
