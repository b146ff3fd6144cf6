"""What tests of several rooms share besides fixtures: where things are, and what is installed here."""

import functools
import importlib.util
import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next(
    (path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None
)
HAVE_EMULATOR = (
    ROOT / "emulator"
).is_dir()  # the app's own tests also pass when emulator/ was deleted
needs_emulator = pytest.mark.skipif(not HAVE_EMULATOR, reason="emulator/ was deleted")


def needs(*tools: str) -> pytest.MarkDecorator:
    """Skip where a tool (node, openssl, an npm package…) is missing, saying which; where CI is set, fail instead."""
    missing = [tool for tool in tools if not _have(tool)]
    if missing and os.environ.get("CI"):
        return pytest.mark.usefixtures("fail_for_missing_tools")
    return pytest.mark.skipif(bool(missing), reason=f"not installed here: {', '.join(missing)}")


def _have(tool: str) -> bool:
    if tool == "chromium":
        return bool(CHROMIUM and importlib.util.find_spec("playwright"))
    return (
        bool(shutil.which(tool))
        if tool in ("node", "openssl")
        else (ROOT / "tests/node_modules" / tool).is_dir()
    )


def at_home(app):
    """Flask's test client, but at PUBLIC_URL, not at localhost."""
    browser = app.test_client()
    public_url = app.extensions["alipay_member"].settings.public_url
    browser.open = functools.partial(browser.open, base_url=public_url)
    return browser
