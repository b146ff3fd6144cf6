"""Fixtures that most tests share: an emulated Alipay on a free port, a client, a store and the app wired to it."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
for _name in [name for name in os.environ if name.startswith("ALIPAY_") or name in ("SECRET_KEY", "DATABASE_URL")]:
    del os.environ[_name]

HAVE_EMULATOR = (ROOT / "emulator").is_dir()  # the app's own tests also pass when emulator/ was deleted
needs_emulator = pytest.mark.skipif(not HAVE_EMULATOR, reason="emulator/ was deleted")


def needs(*tools: str) -> pytest.MarkDecorator:
    """Skip where a tool (chromium, node, an npm package) is missing, saying which; where CI is set, fail instead."""
    missing = [tool for tool in tools if not _have(tool)]
    if missing and os.environ.get("CI"):
        return pytest.mark.usefixtures("fail_for_missing_tools")
    return pytest.mark.skipif(bool(missing), reason=f"not installed here: {', '.join(missing)}")


def _have(tool: str) -> bool:
    if tool == "chromium":
        return bool(CHROMIUM and importlib.util.find_spec("playwright"))
    return bool(shutil.which(tool)) if tool == "node" else (ROOT / "tests/node_modules" / tool).is_dir()


@pytest.fixture
def fail_for_missing_tools():
    pytest.fail("CI is set, but a tool that this test needs is missing: see .ci/run")


def pytest_terminal_summary(terminalreporter):
    if skipped := len(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(f"{skipped} skipped, each for the reason above; with CI set they would fail")


@pytest.fixture
def emulator():
    import emulator

    running = emulator.start()
    yield running
    running.stop()


@pytest.fixture
def settings(emulator, tmp_path):
    from alipay_member import Settings

    return Settings.load(tmp_path, values=emulator.settings())


@pytest.fixture
def client(settings):
    from alipay_member import AlipayClient

    return AlipayClient(**settings.client_options(settings.app))


@pytest.fixture
def store(settings):
    from alipay_member import MemberStore

    return MemberStore(settings.database_url)


@pytest.fixture
def app(settings, store):
    from app import create_app

    return create_app(settings, store=store)


@pytest.fixture
def web(app):
    """Flask's test client for the app, at the address that browsers use."""
    browser = app.test_client()
    browser.environ_base["HTTP_HOST"] = "127.0.0.1:8000"
    return browser


@pytest.fixture
def auth_code(emulator):
    """auth_code(member="complete", scopes=["auth_user"], app_id="demo-mini") → a fresh auth_code."""
    import requests

    def give(member="complete", scopes=("auth_user",), app_id="demo-mini"):
        body = {"member": member, "scopes": list(scopes), "app_id": app_id}
        answer = requests.post(f"{emulator.url}/emulator/auth-code", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()["auth_code"]

    return give
