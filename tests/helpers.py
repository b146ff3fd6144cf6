"""What tests of several rooms share besides fixtures: where things are, what is installed here."""

import functools
import importlib.util
import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HAVE_EMULATOR = (ROOT / "emulator").is_dir()  # whoever copies the app may delete it
NOT_OURS = (  # what lies in the project's folder and is not in the repository
    *(".venv", ".git", "*.env", "instance", "node_modules", "screenshots"),
    *("member_info.py", "member_info.old*", ".progress.json"),
    *("__pycache__", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache"),
)
needs_emulator = pytest.mark.skipif(not HAVE_EMULATOR, reason="emulator/ was deleted")


def find_chromium() -> str | None:
    """Debian's headless build first: the same engine without windows, a third of the time less."""
    for name in ("chromium-headless-shell", "chromium", "google-chrome"):
        if path := shutil.which(name):
            return path
    return None


CHROMIUM = find_chromium()


def project_files() -> list[Path]:
    """All files of the project, in order."""
    found = []
    ignored = shutil.ignore_patterns(*NOT_OURS)
    for folder, folders, files in os.walk(ROOT):
        folders[:] = set(folders) - ignored(folder, folders)
        found += [Path(folder, name) for name in set(files) - ignored(folder, files)]
    return sorted(found)


PROGRAMS = ("node", "openssl", "firefox-esr", "WebKitWebDriver", "xvfb-run")


def needs(*tools: str) -> pytest.MarkDecorator:
    """Skip where a tool (node, openssl, an npm package…) is missing; where CI is set, fail."""
    missing = [tool for tool in tools if not _have(tool)]
    if missing and os.environ.get("CI"):
        return pytest.mark.usefixtures("fail_for_missing_tools")
    return pytest.mark.skipif(bool(missing), reason=f"not installed here: {', '.join(missing)}")


def _have(tool: str) -> bool:
    if tool == "chromium":
        return bool(CHROMIUM and importlib.util.find_spec("playwright"))
    if tool in PROGRAMS:
        return bool(shutil.which(tool))
    return (ROOT / "tests/node_modules" / tool).is_dir()


def at_home(app):
    """Flask's test client, but at PUBLIC_URL, not at localhost."""
    browser = app.test_client()
    public_url = app.extensions["alipay_member"].settings.public_url
    browser.open = functools.partial(browser.open, base_url=public_url)
    return browser
