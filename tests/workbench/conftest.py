"""Fixtures of the workbench's tests: an app that it watches, and what its trace shows."""

from urllib.parse import urlencode

import pytest

from helpers import at_home


@pytest.fixture
def store(settings):
    """The store as server/cli.py makes it for the workbench."""
    from workbench.watched_store import WatchedStore

    return WatchedStore(settings.database_url)


@pytest.fixture
def bench(app, monkeypatch):
    """Flask's test client for the app with its workbench, which the emulator's messages reach."""
    import workbench
    from emulator import push

    def post(url, parameters):
        assert url == "http://127.0.0.1:8000/alipay/messages"
        body = urlencode(parameters, encoding=parameters["charset"])
        return at_home(app).post("/alipay/messages", data=body).get_data(as_text=True)

    workbench.attach(app)
    monkeypatch.setattr(push, "post", post)
    return at_home(app)


@pytest.fixture
def steps(bench):
    """steps() → the steps of the trace since the last time."""
    seen = {"next": 0}

    def newest():
        seen.update(bench.get(f"/workbench/events?since={seen['next']}").get_json())
        return seen["steps"]

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
def turn_on(bench):
    """turn_on(fault) → the status of switching it on at the workbench; None mends everything."""

    def put(name, member="complete"):
        return bench.put("/workbench/fault", json={"name": name, "member": member}).status_code

    return put
