"""The emulated Alipay pushes a withdrawn consent to 应用网关; a forger pretends to be Alipay."""

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
    """A program that listens for messages: its address, and what has arrived there."""

    def answer(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess")

    server = Server(answer)
    yield server
    server.stop()


@pytest.fixture
def parameters(arrived):
    """parameters() → those of the newest message that has arrived."""

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


def test_a_withdrawn_consent_is_told_to_each_app_that_had_it(plain, listen, parameters, arrived):
    listen()
    plain.auth_code("complete")
    began = time.time() * 1000
    told = plain.switch("POST", "revoke", member="complete")
    assert told == {"messages": [{"app_id": "demo-mini", "answer": "success"}]}
    sent = parameters()
    assert set(sent) == {
        *("app_id", "biz_content", "charset", "msg_method", "notify_id"),
        *("sign", "sign_type", "utc_timestamp", "version"),
    }
    assert (sent["msg_method"], sent["version"]) == ("alipay.open.auth.userauth.cancelled", "1.1")
    said = json.loads(sent["biz_content"])
    assert (said["app_id"], set(said)) == ("demo-mini", {"app_id", "cancel_time", "open_id"})
    assert began - 1 <= said["cancel_time"] <= time.time() * 1000
    assert plain.switch("POST", "revoke", member="complete") == {"messages": []}
    assert len(arrived.requests) == 1


@pytest.mark.parametrize("identity", ["open_id", "user_id", "both"])
def test_it_names_the_person_by_the_ids_that_the_app_gets(plain, listen, parameters, identity):
    listen()
    plain.switch("PUT", "identity", mode=identity)
    plain.auth_code("complete")
    plain.switch("POST", "revoke", member="complete")
    said = json.loads(parameters()["biz_content"])
    ids = {"open_id", "user_id"} if identity == "both" else {identity}
    assert set(said) == {"app_id", "cancel_time", *ids}


def test_nothing_is_sent_where_nobody_listens(plain):
    plain.auth_code("complete")
    assert plain.switch("POST", "revoke", member="complete") == {"messages": []}
    plain.switch("PUT", "messages", url="http://127.0.0.1:9/messages")
    plain.auth_code("complete")
    told = plain.switch("POST", "revoke", member="complete")
    assert told == {"messages": [{"app_id": "demo-mini", "answer": ""}]}


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://example.com/messages"},
        {"url": "https://127.0.0.1/messages"},
        {"url": "http://127.0.0.1:8000@evil.example/"},
        {"url": "http://127.0.0.1.evil.example/"},
        {"url": ["http://127.0.0.1/"]},
        {"url": None, "charset": "utf-16"},
    ],
)
def test_messages_go_to_this_machine_only(emulator, body):
    answer = requests.put(f"{emulator.url}/emulator/messages", json=body, timeout=5)
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 10


def test_a_forgery_needs_to_know_where_to(emulator):
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


# The workbench: the emulated Alipay tells its app, and the trace shows it


def kinds(steps):
    return [(step["kind"], step["lane"], step["says"], step["outcome"]) for step in steps]


@pytest.fixture
def fail(bench):
    """fail(name) → do it to the complete member, at the workbench."""

    def put(name):
        body = {"name": name, "member": "complete"}
        assert bench.put("/workbench/failure", json=body).status_code == 200

    return put


def test_the_trace_tells_the_withdrawal_in_its_order(bench, steps, sign_in, rows, fail):
    session = sign_in()
    bench.post("/api/member", headers=session)
    (before,) = rows("members")
    steps()
    fail("consent-revoked")
    act, message, store = told = steps()
    assert kinds(told) == [
        ("act", "alipay", "consent-revoked", ""),
        ("message", "alipay", "message", "verified"),
        ("store", "server", "profile-withdrawn", "withdrawn"),
    ]
    assert [step["n"] for step in told] == sorted(step["n"] for step in told)
    assert (act["did"], message["did"]) == ("did-bench", "did-alipay")
    assert message["title"] == "alipay.open.auth.userauth.cancelled"
    assert message["function"] == "app.py · receive_message()"
    assert (message["answer"], message["point"]["verdict"]) == ("success", "matches")
    assert len(message["string_to_sign"].encode()) == message["point"]["bytes"]
    assert "sign_type" not in message["string_to_sign"]
    assert ["-", "nick_name", "完整示例"] in store["diff"]
    assert "id" in store["meaning"]["zh"]
    assert "stays" in store["meaning"]["en"]
    (after,) = rows("members")
    assert (after["open_id"], after["first_seen"]) == (before["open_id"], before["first_seen"])
    assert (after["nick_name"], after["profile_at"], rows("sessions")) == (None, None, [])
    assert bench.post("/api/member", headers=session).status_code == 401


def test_a_forged_message_changes_nothing_and_the_trace_says_why(bench, steps, sign_in, rows, fail):
    session = sign_in()
    bench.post("/api/member", headers=session)
    before = rows("members"), rows("sessions")
    steps()
    fail("message-forged")
    _, message, store = told = steps()
    assert kinds(told) == [
        ("act", "alipay", "message-forged", ""),
        ("message", "alipay", "message-refused", "unverified"),
        ("store", "server", "unchanged", "same"),
    ]
    assert (message["answer"], message["point"]["verdict"]) == ("fail", "bad-signature")
    assert (rows("members"), rows("sessions")) == before
    assert "diff" not in store
    assert bench.post("/api/member", headers=session).status_code == 200


def test_a_second_consent_survives_the_message_of_the_first(bench, sign_in, rows, fail):
    sign_in()
    fail("consent-revoked")
    session = sign_in()
    assert bench.post("/api/member", headers=session).status_code == 200
    assert rows("members")[0]["nick_name"] == "完整示例"
    assert len(rows("sessions")) == 1


@pytest.mark.parametrize("body", [b"", b"\xff\0=%", b"charset=GBK&biz_content=%81", b"x" * 20_000])
def test_the_trace_takes_any_body(bench, steps, body):
    bench.post("/alipay/messages", data=body)
    message = next(step for step in steps() if step["kind"] == "message")
    assert message["outcome"] == "unverified"
    assert message["point"]["verdict"] == "no-signature"


def test_the_button_of_the_members_list_sends_messages_too(bench, steps, sign_in):
    sign_in()
    steps()
    bench.post("/workbench/emulator/revoke", json={"member": "complete"})
    assert "message" in [step["kind"] for step in steps()]
