"""Fixtures of the emulator's and the workbench's tests."""

import pytest
import requests

from helpers import at_home
from plain_client import SHARE, PlainClient


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
def bench(app):
    """Flask's test client for the app with its workbench."""
    from emulator import workbench

    workbench.attach(app)
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
