"""python app.py --check, line by line: console, PUBLIC_URL, certificates; --json."""

import json
import os
import socket
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import pytest

import production
from app import create_app
from helpers import ROOT, at_home, needs_emulator
from server import checkup
from server.settings import Settings
from wire import http

LANGUAGES = ("zh", "en")
HEALTHY = b'{"app":"alipay-member","ok":true}'


def started(*arguments, **environment):
    """(exit status, output) of python app.py in a terminal of its own, without any settings."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    done = subprocess.run(
        [sys.executable, "app.py", *arguments],
        cwd=ROOT,
        env=kept | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"} | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def found(settings, check, lang="en"):
    """The lines of one check in what needs no network."""
    lines = checkup.at_rest(settings, *clients(settings), lang).lines
    return [line for line in lines if line.check == check]


def clients(settings):
    own = create_app(settings).extensions["alipay_member"]
    return own.client, own.web_client


@pytest.fixture
def configured(tmp_path):
    """configured(**changes) → Settings as production has them, with a web app."""

    def make(**changes):
        return Settings.load(tmp_path, values=production.web_values(**changes))

    return make


@needs_emulator
@pytest.mark.parametrize(
    ("environment", "word"),
    [
        ({}, "Settings"),
        ({"LANG": "zh_CN.UTF-8"}, "设置"),
        ({"LANG": "en_GB.UTF-8"}, "Settings"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "Settings"),
        ({"LC_MESSAGES": "zh_TW", "LANG": "en_US"}, "设置"),
    ],
)
def test_without_settings_the_emulator_is_checked_in_the_terminals_language(environment, word):
    status, said = started("--check", **environment)
    assert (status, said.partition("\n")[0]) == (0, word)
    assert "✗" not in said


@needs_emulator
def test_a_terminal_without_a_tick_gets_the_lines_all_the_same():
    status, said = started("--check", "--lang", "en", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert status == 0
    assert "  ? Complete and consistent" in said


@needs_emulator
def test_json_has_the_same_lines_and_nothing_else(emulator, tmp_path):
    file = tmp_path / "checked.env"
    values = emulator.settings() | {"ALIPAY_APP_ID": "demo-nobody"}
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    status, said = started("--check", "--json", "--env-file", str(file), "--lang", "en")
    told = json.loads(said)
    assert (status, told["ok"], sorted(told)) == (1, False, ["lines", "next", "ok"])
    (wrong,) = [line for line in told["lines"] if line["ok"] is False]
    assert wrong["check"] == "app"
    assert "isv.invalid-app-id" in wrong["message"]
    assert all(
        sorted(line) == ["check", "message", "ok", "remedy", "section"] for line in told["lines"]
    )
    assert told["next"].startswith("Next: mend")
    assert values["ALIPAY_APP_PRIVATE_KEY"] not in said


@pytest.mark.parametrize("lang", LANGUAGES)
def test_settings_that_cannot_be_used_are_one_line(lang, tmp_path):
    file = tmp_path / "broken.env"
    file.write_bytes(b"ALIPAY_ENV=sandbox\xff\xfe")
    status, said = started("--check", "--env-file", str(file), "--lang", lang)
    assert status == 1
    assert said.count("✗") == 2  # the line, and the next thing to do
    assert "UTF-8" in said


# ── the console ──


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_console_must_say_these_words(configured, lang):
    settings = configured(PUBLIC_URL="https://members.example.com")
    lines = found(settings, "console", lang)
    assert [line.ok for line in lines] == [None] * 3
    domain, callback, messages = [line.message for line in lines]
    assert "服务器域名白名单" in domain
    assert domain.endswith((" members.example.com", "：members.example.com"))
    assert "授权回调地址" in callback
    assert "2021000000000002" in callback
    assert callback.endswith("https://members.example.com/callback")
    assert "应用网关" in messages
    assert messages.endswith("https://members.example.com/alipay/messages")


def test_the_callback_is_the_one_that_the_app_sends(configured):
    settings = configured(PUBLIC_URL="https://members.example.com")
    app = create_app(settings)
    sent = parse_qs(urlsplit(at_home(app).get("/login").location).query)["redirect_uri"]
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    ends = [
        line.message.rpartition("https://members.example.com")[2]
        for line in found(settings, "console")[1:]
    ]
    assert found(settings, "console")[1].message.endswith(sent[0])
    assert set(ends) <= routes


def test_without_a_web_app_there_is_no_callback_to_register(tmp_path):
    settings = Settings.load(tmp_path, values=production.values())
    assert not [line for line in found(settings, "console") if "授权回调地址" in line.message]


@pytest.mark.parametrize(("env", "ok"), [("production", False), ("sandbox", None)])
@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://127.0.0.1:8000", "no phone reaches it"),
        ("http://localhost:8000", "no phone reaches it"),
        ("https://203.0.113.5", "may only call names"),
    ],
)
def test_an_address_that_no_phone_can_call_is_wrong_in_production(configured, env, ok, url, word):
    (line,) = found(configured(ALIPAY_ENV=env, PUBLIC_URL=url), "console")
    assert line.ok is ok
    assert word in line.message
    assert "https" in line.remedy


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        ("export const API_BASE = 'https://members.example.com';", True),
        ("export const API_BASE = 'https://members.example.com/';", True),
        ("export const API_BASE = 'http://127.0.0.1:8000';", None),
        ("", None),
    ],
)
def test_the_mini_programs_address_is_compared(configured, tmp_path, monkeypatch, text, ok):
    monkeypatch.setattr(checkup, "CONFIG", tmp_path / "config.js")
    settings = configured(PUBLIC_URL="https://members.example.com")
    assert found(settings, "api-base") == []
    (tmp_path / "config.js").write_text(text)
    (line,) = found(settings, "api-base")
    assert line.ok is ok
    assert ok or "set it to https://members.example.com" in line.remedy


def test_the_mini_program_of_the_project_is_read(configured):
    (line,) = found(configured(), "api-base")
    assert "API_BASE in miniprogram/config.js here is http://127.0.0.1:8000" in line.message


# ── PUBLIC_URL ──


def public_url_line(configured, url):
    return checkup._public_url_line(configured(PUBLIC_URL=url), "en")


@pytest.mark.parametrize(
    ("answer", "ok", "word"),
    [
        (http(HEALTHY), True, "this app that answers"),
        (http(b'{"ok":true}'), False, "another server"),
        (http(b'{"ok":true,"app":"another"}'), False, "another server"),
        (http(b"<h1>It works!</h1>"), False, "another server"),
        (http(HEALTHY, "301 Moved", "Location: /\r\n"), False, "HTTP 301"),
        (http(b"", "301 Moved", "Location: http://127.0.0.1:9/\r\n"), False, "HTTP 301"),
        (http(b"", "404 Not Found"), False, "HTTP 404"),
        (http(b"[" * 90_000), False, "another server"),
        (http(b" " * 200_000), False, "no answer that can be used"),
        (http(b"", "502 Bad Gateway"), None, "HTTP 502"),
        (http(b"", "503 Service Unavailable"), None, "HTTP 503"),
        (b"SSH-2.0-OpenSSH_9\r\n", False, "another kind of server"),
    ],
)
def test_who_answers_at_public_url_is_said(configured, gateway_that, answer, ok, word):
    server = gateway_that(lambda connection: connection.sendall(answer) or False)
    line = public_url_line(configured, f"http://127.0.0.1:{server.port}")
    assert (line.ok, word in line.message) == (ok, True), line
    assert server.requests[0].startswith(b"GET /healthz HTTP/1.1\r\n")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_authorities_that_cannot_be_read_are_named(configured, monkeypatch, tmp_path, lang):
    """As everything to https fails then, whatever answers there."""
    missing = str(tmp_path / "missing.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", missing)
    settings = configured(PUBLIC_URL="https://members.example.com")
    line = checkup._public_url_line(settings, lang)
    assert (line.check, line.ok) == ("public-url", False)
    assert missing in line.message
    assert "REQUESTS_CA_BUNDLE" in line.remedy


def test_an_app_that_does_not_run_is_no_failure(configured):
    line = public_url_line(configured, "http://127.0.0.1:9")
    assert line.mark == "–"
    assert line.remedy.startswith("Start the app to check this")


def test_a_public_url_that_drips_keeps_nobody_waiting(configured, gateway_that, monkeypatch):
    def drip(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.1)
        return False

    monkeypatch.setattr(checkup, "SECONDS", 0.5)
    before = time.monotonic()
    assert public_url_line(configured, f"http://127.0.0.1:{gateway_that(drip).port}").ok is False
    assert time.monotonic() - before < 5


# ── without a network ──


def test_without_a_network_the_gateway_is_asked_once_and_named(configured, monkeypatch):
    asked = []

    def look_up(host, *_, **__):
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    result = checkup.survey(configured(), "en")
    assert [line.check for line in result.lines if line.ok is False] == ["gateway", "public-url"]
    assert set(asked) == {"openapi.alipay.com", "members.example.com"}
    assert "host name openapi.alipay.com is not found" in result.next_step
    web = [line.check for line in result.lines if "2021000000000002" in line.section]
    assert web == ["key"]


def test_the_next_step_follows_from_the_lines():
    def step(*found):
        lines = [checkup.Line("", check, ok, "it is so", "") for check, ok in found]
        return checkup.Checkup(lines, "en").next_step

    assert "it is so" in step(("app", False), ("public-url", None))
    assert "--check on the server" in step(("network", None), ("console", None))
    assert "start the app" in step(("app", True), ("public-url", None), ("console", None))
    assert ".env.example" in step(("app", True), ("public-url", True), ("no-console", None))
    assert "log in with a phone" in step(("app", True), ("public-url", True), ("console", None))
