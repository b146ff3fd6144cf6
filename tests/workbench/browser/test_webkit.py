"""Chapters 1 to 4 in WebKitGTK, by its WebDriver: `apt-get install webkit2gtk-driver xvfb`."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import requests

from helpers import needs, needs_emulator

DRIVER = "http://127.0.0.1:4477"
PATIENCE = 30  # seconds
TAP = """
    const screen = document.querySelector("[data-testid=phone]").contentDocument;
    const [selector, text] = arguments;
    const found = [...screen.querySelectorAll(selector)].find((button) =>
      button.textContent.includes(text) && !button.disabled && button.checkVisibility());
    found?.click();
    return Boolean(found);
"""
pytestmark = [pytest.mark.firefox, needs("WebKitWebDriver", "xvfb-run"), needs_emulator]


class WebKit:
    """A window of WebKitGTK's MiniBrowser, by the few WebDriver commands that are needed."""

    def __init__(self):
        (browser,) = Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser")
        options = {"binary": str(browser), "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        self.session = ""
        opened = self.send("", {"capabilities": wanted})
        self.session = f"/{opened['sessionId']}"

    def send(self, command, body):
        url = f"{DRIVER}/session{self.session}{command}"
        value = requests.post(url, json=body, timeout=60).json()["value"]
        assert not (isinstance(value, dict) and "error" in value), value
        return value

    def run(self, script, *arguments):
        return self.send("/execute/sync", {"script": script, "args": list(arguments)})

    def until(self, script, *arguments):
        """What the script gives once that is true."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            value = self.run(script, *arguments)
            if value:
                return value
            time.sleep(0.1)
        raise TimeoutError(script)

    def tap(self, selector, text=""):
        """Tap the phone's button, once it is there."""
        self.until(TAP, selector, text)

    def done(self, chapter):
        self.until(f"return document.querySelector('[data-chapter=\"{chapter}\"].done') !== null")


@pytest.fixture
def webkit():
    command = ["xvfb-run", "--auto-servernum", "WebKitWebDriver", "--port=4477"]
    with subprocess.Popen(command, start_new_session=True) as driver:
        try:
            wait_for_driver()
            window = WebKit()
            yield window
            requests.delete(f"{DRIVER}/session{window.session}", timeout=60)
        finally:
            stop(driver)


def wait_for_driver():
    for _ in range(100):
        try:
            requests.get(f"{DRIVER}/status", timeout=5)
            return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise TimeoutError("no WebKitWebDriver")


def stop(driver):
    """The driver and the display that it has."""
    os.killpg(driver.pid, signal.SIGTERM)


def test_webkit_leads_through_chapters_1_to_4(webkit, bench):
    from pages import LABELS, profile

    nick_name = profile("complete")["nick_name"]
    webkit.send("/window/rect", {"width": 1366, "height": 868})
    webkit.send("/url", {"url": f"{bench.url}/workbench/?lang=en"})
    webkit.done(1)
    webkit.tap("button", LABELS["member centre"])
    webkit.tap("button", LABELS["authorise and get member info"])
    webkit.tap("#consent[open] [value=agree]")
    webkit.done(2)
    webkit.tap("button", LABELS["update member info"])
    webkit.until("return document.querySelector('#moral').dataset.moral === 'same'")
    webkit.run("[...document.querySelectorAll('[data-kind=exchange] summary')].at(-1).click()")
    webkit.done(3)
    signed = webkit.until("return document.querySelector('mark.good')?.innerText")
    assert f'"nick_name":"{nick_name}"' in signed
    webkit.run("document.querySelector('#lie-name').click()")
    webkit.tap("button", LABELS["update member info"])
    webkit.done(4)
    assert webkit.run("return document.querySelector('#moral').dataset.moral") == "nickname"
    assert webkit.run("return document.querySelectorAll('.differs').length") == 2
    (row,) = bench.rows()
    assert row["nick_name"] == nick_name
