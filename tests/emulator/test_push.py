"""The emulated Alipay pushes a withdrawn consent to 应用网关, genuine or forged."""

import json
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from helpers import needs, needs_emulator
from wire import Server

pytestmark = needs_emulator
NODE_NOTIFY = Path(__file__).parent / "sdk" / "node-notify.mjs"


@pytest.fixture
def arrived():
    """An app's 应用网关: its address, and the messages that arrived."""

    def answer(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess")

    server = Server(answer)
    yield server
    server.stop()


@pytest.fixture
def parameters(arrived):
    """parameters() → of the newest message."""

    def read(charset="utf-8"):
        head, _, body = arrived.requests[-1].partition(b"\r\n\r\n")
        assert f"charset={charset}".encode() in head
        pairs = parse_qs(body.decode("ascii"), strict_parsing=True, encoding=charset)
        return {name: value for name, (value,) in pairs.items()}

    return read


@pytest.fixture
def listen(plain, arrived):
    """listen() → messages go there from now on."""

    def switch(**more):
        url = f"http://127.0.0.1:{urlsplit(arrived.url).port}/messages"
        plain.switch("PUT", "messages", url=url, **more)
        return url

    return switch


def test_a_withdrawn_consent_is_pushed_to_each_app_that_had_it(plain, listen, parameters, arrived):
    listen()
    plain.auth_code("complete")
    began = time.time() * 1000
    pushed = plain.switch("POST", "revoke", member="complete")
    assert pushed == {"messages": [{"app_id": "demo-mini", "answer": "success"}]}
    sent = parameters()
    assert set(sent) == {
        *("app_id", "biz_content", "charset", "msg_method", "notify_id"),
        *("sign", "sign_type", "utc_timestamp", "version"),
    }
    assert (sent["msg_method"], sent["version"]) == ("alipay.open.auth.userauth.cancelled", "1.1")
    content = json.loads(sent["biz_content"])
    assert (content["app_id"], set(content)) == ("demo-mini", {"app_id", "cancel_time", "open_id"})
    assert began - 1 <= content["cancel_time"] <= time.time() * 1000
    assert plain.switch("POST", "revoke", member="complete") == {"messages": []}
    assert len(arrived.requests) == 1


@pytest.mark.parametrize("identity", ["open_id", "user_id", "both"])
def test_it_names_the_person_by_the_ids_that_the_app_gets(plain, listen, parameters, identity):
    listen()
    plain.switch("PUT", "identity", mode=identity)
    plain.auth_code("complete")
    plain.switch("POST", "revoke", member="complete")
    content = json.loads(parameters()["biz_content"])
    ids = {"open_id", "user_id"} if identity == "both" else {identity}
    assert set(content) == {"app_id", "cancel_time", *ids}


def test_nothing_is_sent_without_a_url_and_a_closed_port_is_no_error(plain):
    plain.auth_code("complete")
    assert plain.switch("POST", "revoke", member="complete") == {"messages": []}
    plain.switch("PUT", "messages", url="http://127.0.0.1:9/messages")
    plain.auth_code("complete")
    pushed = plain.switch("POST", "revoke", member="complete")
    assert pushed == {"messages": [{"app_id": "demo-mini", "answer": ""}]}


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://example.com/messages"},
        {"url": "https://127.0.0.1/messages"},
        {"url": "http://127.0.0.1:8000@evil.example/"},
        {"url": ["http://127.0.0.1/"]},
        {"url": None, "charset": "utf-16"},
    ],
)
def test_the_message_url_must_be_on_this_machine(emulator, body):
    answer = requests.put(f"{emulator.url}/emulator/messages", json=body, timeout=5)
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 10


def test_a_forged_message_needs_a_url(emulator):
    body = {"member": "complete"}
    answer = requests.post(f"{emulator.url}/emulator/forge-message", json=body, timeout=5)
    assert (answer.status_code, "PUT /emulator/messages" in answer.text) == (400, True)


@needs("node", "alipay-sdk")
class TestOfficialNodeSdk:
    """checkNotifySignV2 of the official alipay-sdk for Node, unmodified."""

    @pytest.fixture
    def accepts(self, emulator):
        """accepts(message) → whether the SDK does."""
        settings = emulator.settings()

        def run(message):
            given = {
                "appId": settings["ALIPAY_APP_ID"],
                "privateKey": settings["ALIPAY_APP_PRIVATE_KEY"],
                "alipayPublicKey": settings["ALIPAY_PUBLIC_KEY"],
                "message": message,
            }
            done = subprocess.run(
                ["node", NODE_NOTIFY],
                input=json.dumps(given),
                capture_output=True,
                encoding="utf-8",
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        return run

    def test_it_accepts_what_the_emulator_sends(self, plain, listen, parameters, accepts):
        listen()
        plain.switch("PUT", "identity", mode="both")
        plain.auth_code("complete")
        plain.switch("POST", "revoke", member="complete")
        sent = parameters()
        assert accepts(sent)
        assert not accepts(sent | {"biz_content": sent["biz_content"].replace("2088", "2089")})

    def test_it_refuses_a_forgery(self, plain, listen, parameters, accepts):
        listen()
        plain.switch("POST", "forge-message", member="complete")
        assert not accepts(parameters())
