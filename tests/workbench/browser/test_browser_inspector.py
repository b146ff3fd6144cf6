"""The emulator's own page, with other people's SDKs as its clients, in a real browser."""

import json
import re
import subprocess
from urllib.request import urlopen

import pytest
import requests
from alipay import AliPay
from alipay.exceptions import AliPayValidationError

from emulator.accounts import MEMBERS
from helpers import ROOT, needs, needs_emulator

expect = pytest.importorskip("playwright.sync_api").expect
WORDS = json.loads((ROOT / "emulator/inspector/words.json").read_text("utf-8"))
pytestmark = [needs("chromium", "axe-core"), needs_emulator]
TOKEN, SHARE = "alipay.system.oauth.token", "alipay.user.info.share"
NODE_FLOW = """
const token = await sdk.exec('alipay.system.oauth.token',
  { grantType: 'authorization_code', code: process.env.CODE }, { validateSign: true });
const profile = await sdk.exec('alipay.user.info.share',
  { authToken: token.accessToken }, { validateSign: true });
console.log(profile.nickName);
"""


@pytest.fixture
def emulator(emulator_with_page):
    return emulator_with_page


def text(group, key):
    """A sentence of the emulator's page in Chinese, with anything in the place of {names}."""
    return re.compile(re.sub(r"\\{[^}]*\\}", ".*", re.escape(WORDS[group][key]["zh"])))


class Inspector:
    """A person at the page."""

    def __init__(self, page):
        self.page = page
        self.calls = page.get_by_test_id("trace-step")

    def copied(self):
        return self.page.evaluate("navigator.clipboard.readText()")

    def auth_code(self, member):
        """A code by one click, for this member."""
        self.page.select_option("#member", member)
        before = self.page.locator("#code").text_content()
        self.page.click("#give")
        expect(self.page.locator("#code")).not_to_have_text(before)
        expect(self.page.locator("#code")).to_have_text(re.compile("^[0-9a-f]{32}$"))
        return self.copied()

    def snippet(self, sdk):
        self.page.click(f"[data-sdk={sdk}]")
        self.page.click("#snippet-copy button")
        self.done("#snippet-copy", "copied")
        return self.copied()

    def done(self, place, key="done"):
        """Wait until this place shows the page's text for this key, in either language."""
        texts = "|".join(re.escape(text) for text in WORDS["ui"][key].values())
        expect(self.page.locator(place)).to_contain_text(re.compile(texts))

    def call(self, number):
        return self.calls.filter(has_text=re.compile(rf"#{number} ·"))

    def open(self, number):
        call = self.call(number)
        if call.locator("details").get_attribute("open") is None:
            call.locator("summary").click()
        return call


@pytest.fixture
def page(tab):
    """The emulator's page, not the workbench."""
    return tab


@pytest.fixture
def inspector(page):
    return Inspector(page)


def python_sdk(settings, private_key):
    """python-alipay-sdk, pointed at the emulator."""
    sdk = AliPay(
        appid="demo-mini",
        app_private_key_string=pem("PRIVATE KEY", private_key),
        alipay_public_key_string=pem("PUBLIC KEY", settings["ALIPAY_PUBLIC_KEY"]),
    )
    sdk._gateway = settings["ALIPAY_GATEWAY_URL"]
    return sdk


def pem(label, one_line):
    return f"-----BEGIN {label}-----\n{one_line}\n-----END {label}-----"


@needs("node", "alipay-sdk")
def test_sdks_see_what_the_gateway_makes_of_their_calls(emulator, page, inspector):
    page.goto(f"{emulator.url}/")
    expect(page.locator("#empty")).to_be_visible()

    # The four lines for Node, as they are copied, complete the flow.
    code = inspector.auth_code("no-avatar")
    nick_name = MEMBERS["no-avatar"]["profile"]["nick_name"]
    source = inspector.snippet("Node") + NODE_FLOW
    node = ["node", "--input-type=module", "-e", source]
    done = subprocess.run(
        node,
        cwd=ROOT / "tests",
        env={"CODE": code, "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"{nick_name}\n", "")
    expect(inspector.calls).to_have_count(2)
    expect(inspector.calls.first).to_contain_text(SHARE)
    expect(inspector.calls.first).to_contain_text("alipay-sdk-nodejs")
    newest = inspector.calls.first
    expect(newest.locator(".point p")).to_have_class("matches")
    expect(newest.locator(".raw mark.good")).to_contain_text(f'"nick_name":"{nick_name}"')
    expect(newest.locator(".text_of_gateway")).to_contain_text(f"method={SHARE}")
    expect(inspector.calls.last.locator("details")).not_to_have_attribute("open", "")

    # python-alipay-sdk with the other app's key: named as such.
    settings = emulator.settings()
    wrong = python_sdk(settings, settings["ALIPAY_WEB_APP_PRIVATE_KEY"])
    assert wrong.server_api(SHARE, auth_token="x")["sub_code"] == "isv.invalid-signature"
    newest = inspector.call(3)
    expect(newest.locator(".point p")).to_have_class("bad-request")
    expect(newest.locator(".causes")).to_contain_text(text("findings", "other-app"))
    expect(newest.locator(".causes")).to_contain_text("demo-web")
    expect(newest).to_contain_text("isv.invalid-signature")
    expect(inspector.call(2).locator("details")).not_to_have_attribute("open", "")

    # The right key, but everything in the body, charset too: read as GBK.
    sdk = python_sdk(settings, settings["ALIPAY_APP_PRIVATE_KEY"])
    signed = sdk.sign_data(sdk.build_body(SHARE, auth_token="王"))
    urlopen(settings["ALIPAY_GATEWAY_URL"], signed.encode(), timeout=10).close()
    newest = inspector.call(4)
    expect(newest.locator(".causes")).to_contain_text(text("findings", "charset-in-body"))
    expect(newest.locator(".text_of_client mark")).to_contain_text("王")
    expect(newest.locator(".text_of_gateway mark")).not_to_contain_text("王")
    expect(newest.locator(".notes")).to_contain_text("GBK")

    # The first call's bytes once more: its code works once.
    first = inspector.open(1)
    first.locator("section.again button").click()
    again = inspector.call(5)
    expect(again).to_contain_text("isv.code-invalid")
    again = inspector.open(5)
    expect(again.locator(".notes")).to_contain_text(text("notes", "same-bytes"))
    expect(again).to_contain_text("alipay-sdk-nodejs")


@pytest.mark.long
@needs("node")
def test_switches_language_keyboard_and_looks(emulator, page, inspector, gateway_that):
    from test_browser_look import assert_looks

    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{emulator.url}/")
    settings = emulator.settings()
    sdk = python_sdk(settings, settings["ALIPAY_APP_PRIVATE_KEY"])

    # Whose consent, which ids, which fault: the gateway answers so, and says so.
    page.click("[data-identity=both]")
    expect(page.locator("[data-identity=both]")).to_have_attribute("aria-pressed", "true")
    code = inspector.auth_code("sandbox-buyer")
    token = sdk.server_api(TOKEN, grant_type="authorization_code", code=code)
    assert token["user_id"] == "2088102175794899"
    assert "open_id" in token
    page.select_option("#fault", "tampered")
    expect(page.locator("#fault-status")).not_to_be_empty()
    with pytest.raises(AliPayValidationError):
        sdk.server_api(SHARE, auth_token=token["access_token"])
    expect(inspector.calls.first).to_contain_text(text("ui", "spoiled"))
    expect(inspector.calls.first.locator(".raw mark.bad")).to_be_visible()
    page.select_option("#fault", "")
    messages = gateway_that(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess")
    page.fill("#message-url", messages.url)
    page.press("#message-url", "Enter")
    inspector.done("#message-status")
    page.click("[data-act=revoke]")
    expect(page.locator("#act-status")).to_contain_text("demo-mini: success")
    refused = sdk.server_api(SHARE, auth_token=token["access_token"])
    assert refused["sub_code"] == "aop.invalid-auth-token"

    # The curl line gives a code, too, for what is chosen now.
    page.click("[data-app=demo-web]")
    page.click("[data-scope=auth_base]")
    page.click("#code-copy button")
    inspector.done("#code-copy", "copied")
    assert '"scopes":["auth_base"],"app_id":"demo-web"' in inspector.copied()
    assert settings["ALIPAY_WEB_APP_PRIVATE_KEY"] in inspector.snippet("Java")
    expect(page.locator("#snippet")).not_to_contain_text(settings["ALIPAY_WEB_APP_PRIVATE_KEY"])
    for name in ("PHP", "Go", "Python"):
        assert inspector.snippet(name).count("\n") == 3
    copied = {}
    exec(inspector.copied(), copied)  # the four lines for Python, with the other app's key
    refused = copied["sdk"].server_api(SHARE, auth_token="x")
    assert refused["sub_code"] == "aop.invalid-auth-token"
    page.click("[data-setting=pkcs8] button")
    inspector.done("[data-setting=pkcs8]", "copied")
    assert inspector.copied() == settings["ALIPAY_WEB_APP_PRIVATE_KEY"]

    # By keyboard alone: a call opens, and is sent again.
    expect(inspector.calls).to_have_count(4)  # a newer one would take its place
    last = inspector.call(1)
    last.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(last.locator(".point")).to_be_visible()
    page.keyboard.press("Tab")
    expect(last.locator("section.again button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(inspector.calls).to_have_count(5)

    for lang in ("zh", "en"):
        expect(page.locator("html")).to_have_attribute("lang", lang)
        assert_looks(page)
        if lang == "zh":
            page.click("#language")

    # What another program switches on shows.
    other = {"name": "unsigned", "times": None}
    requests.put(f"{emulator.url}/emulator/fault", json=other, timeout=10).raise_for_status()
    expect(page.locator("#fault")).to_have_value("unsigned")
    expect(page.locator("#fault-status")).not_to_be_empty()

    # Forgotten, by the emulator too; and the page says that the emulator has stopped.
    page.click("#clear")
    expect(inspector.calls).to_have_count(0)
    page.reload()
    expect(page.locator("#empty")).to_be_visible()
    assert requests.get(f"{emulator.url}/emulator/calls", timeout=10).json()["calls"] == []
    emulator.stop()
    expect(page.locator("#down")).not_to_be_empty()


@pytest.mark.long
def test_started_again_the_page_shows_the_new_keys(page):
    """The process anew on the same port: what was copied before does not work any more."""
    import emulator

    first = emulator.Emulator(page=True)
    first.serve()
    port = int(first.url.rpartition(":")[2])
    page.goto(f"{first.url}/")
    shown = page.locator("[data-setting=pkcs8] code")
    before = shown.text_content()
    first.stop()
    second = emulator.Emulator(port, page=True)
    second.serve()
    try:
        expect(shown).not_to_have_text(before)
    finally:
        second.stop()
