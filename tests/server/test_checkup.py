"""python app.py --check and the home page: what each finding is, in both languages."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest

import production
from alipay_member.explain.doctor import Finding
from app import create_app
from helpers import ROOT, at_home, needs_emulator
from server import checkup, settings as rules
from server.settings import Settings, SettingsError
from wire import http

LANGUAGES = ("zh", "en")
HEALTHY = b'{"app":"alipay-member","ok":true}'
URL = "https://members.example.com"


@pytest.fixture
def configured(tmp_path):
    """configured(**changes) → Settings as production has them, with a web app."""

    def make(**changes):
        return Settings.load(tmp_path, values=production.web_values(**changes))

    return make


@pytest.fixture
def values(emulator, tmp_path):
    """Right settings for the emulator; nothing answers at their PUBLIC_URL."""
    database = f"sqlite:///{tmp_path / 'members.db'}"
    return emulator.settings() | {"DATABASE_URL": database, "PUBLIC_URL": "http://127.0.0.1:9"}


def wrong(result):
    """The keys of what is wrong."""
    return [finding.key for finding in result.findings if finding.ok is False]


def at_rest(settings, check):
    """The findings of one check among those that need no network."""
    parts = create_app(settings).extensions["alipay_member"]
    result = checkup.at_rest(settings, parts.client, parts.web_client, "en")
    return [finding for finding in result.findings if finding.check == check]


# ── from the command line ──


def run(*arguments, **environment):
    """(exit status, output) of python app.py --check, without any settings."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    ended = subprocess.run(
        [sys.executable, "app.py", "--check", *arguments],
        cwd=ROOT,
        env=kept | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"} | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert ended.stderr == ""
    return ended.returncode, ended.stdout


@needs_emulator
@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LC_MESSAGES": "zh_TW", "LANG": "en_US"}, "zh"),
    ],
)
def test_without_settings_the_emulator_is_checked_in_the_terminals_language(environment, lang):
    status, output = run(**environment)
    assert status == 0
    assert output.startswith(checkup.SECTIONS["settings"].in_language(lang))
    assert "✗" not in output


@needs_emulator
def test_a_terminal_without_a_tick_gets_the_same_lines():
    status, output = run("--lang", "en", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert status == 0
    assert "  ? " in output


@needs_emulator
def test_json_has_the_same_lines_and_no_secret(values, tmp_path):
    file = tmp_path / "checked.env"
    values |= {"ALIPAY_APP_ID": "demo-nobody"}
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    status, output = run("--json", "--env-file", str(file), "--lang", "en")
    printed = json.loads(output)
    assert (status, printed["ok"], sorted(printed)) == (1, False, ["lines", "next", "ok"])
    (error,) = [line for line in printed["lines"] if line["ok"] is False]
    assert error["check"] == "app"
    assert "isv.invalid-app-id" in error["message"]
    assert error["message"] in printed["next"]
    assert {*error} == {"check", "message", "ok", "remedy", "section"}
    assert values["ALIPAY_APP_PRIVATE_KEY"] not in output


@pytest.mark.parametrize("lang", LANGUAGES)
def test_settings_that_cannot_be_used_are_one_line(lang, tmp_path):
    file = tmp_path / "broken.env"
    file.write_bytes(b"ALIPAY_ENV=sandbox\xff\xfe")
    status, output = run("--env-file", str(file), "--lang", lang)
    assert status == 1
    assert rules.NOT_UTF_8.in_language(lang).format(path=file) in output


# ── with the gateway ──


def test_right_settings_are_right_in_every_line(values, tmp_path):
    result = checkup.survey(Settings.load(tmp_path, values=values), "en")
    assert wrong(result) == []
    sections = list(dict.fromkeys(finding.section for finding in result.findings))
    names = ("settings", "mini", "web", "public-url", "no-console")
    expected = [checkup.SECTIONS[name].en for name in names]
    assert [re.sub("demo-\\w+", "{app_id}", section) for section in sections] == expected
    text = result.as_text()
    for finding in result.findings:
        assert f"  {finding.mark} {finding.message('en')}" in text
    assert text.endswith(checkup.NEXT["public-url"].en)


def test_an_app_that_runs_is_found_at_its_public_url(values, serve, tmp_path):
    url, _ = serve(values)
    settings = Settings.load(tmp_path, values=values | {"PUBLIC_URL": url})
    result = checkup.survey(settings, "en")
    assert "public-url" in [finding.key for finding in result.findings if finding.ok]


def stranger(private):
    return production.key_pair("stranger")[0 if private else 1]


CAUSES = {  # what is changed → the one key that is wrong
    "another's private key": ({"ALIPAY_APP_PRIVATE_KEY": stranger(True)}, "app:signature"),
    "the web app's is another's": ({"ALIPAY_WEB_APP_PRIVATE_KEY": stranger(True)}, "app:signature"),
    "another Alipay's key": ({"ALIPAY_PUBLIC_KEY": stranger(False)}, "alipay-key:wrong"),
    "another for the web": ({"ALIPAY_WEB_PUBLIC_KEY": stranger(False)}, "alipay-key:wrong"),
    "an unknown app": ({"ALIPAY_APP_ID": "demo-nobody"}, "app:refused"),
    "an unknown web app": ({"ALIPAY_WEB_APP_ID": "demo-nobody"}, "app:refused"),
    "an unknown host": ({"PUBLIC_URL": "https://no-such-name.invalid"}, "public-url-name"),
    "no TLS": ({"PUBLIC_URL": "https://localhost:{port}"}, "public-url-no-tls"),
    "another server": ({"PUBLIC_URL": "http://127.0.0.1:{port}"}, "public-url-other"),
    "another path": ({"ALIPAY_GATEWAY_URL": "http://127.0.0.1:{port}/gateway"}, "gateway:other"),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_what_is_wrong_is_named_by_one_finding(values, emulator, tmp_path, cause):
    changes, key = CAUSES[cause]
    port = emulator.url.rpartition(":")[2]
    values |= {name: value.replace("{port}", port) for name, value in changes.items()}
    result = checkup.survey(Settings.load(tmp_path, values=values), "en")
    assert wrong(result) == [key]
    (finding,) = [each for each in result.findings if each.ok is False]
    for lang in LANGUAGES:
        shown = checkup.Checkup(result.findings, lang)
        assert finding.message(lang) in shown.next_step
        assert values["ALIPAY_APP_PRIVATE_KEY"] not in shown.as_text()


def test_a_wrong_merchants_token_is_named_and_not_shown(values, tmp_path):
    isv = {"ALIPAY_APP_AUTH_TOKEN": "202501BBwrong", "ALIPAY_MERCHANT_APP_ID": "demo-merchant"}
    values = {name: value for name, value in values.items() if "_WEB_" not in name}
    result = checkup.survey(Settings.load(tmp_path, values=values | isv), "en")
    assert len(wrong(result)) == 1
    assert wrong(result)[0].startswith("merchant")
    assert "202501BBwrong" not in result.as_text()


def test_settings_that_are_refused_are_the_only_finding(values):
    error = SettingsError(rules.MISSING, names=["ALIPAY_APP_ID"])
    for lang in LANGUAGES:
        result = checkup.unusable(error, lang)
        (finding,) = result.findings
        assert (finding.ok, result.is_right) == (False, False)
        assert finding.message(lang) == (error.zh if lang == "zh" else str(error))


def test_without_a_network_the_gateway_is_asked_once_and_named(configured, monkeypatch):
    asked = []

    def look_up(host, *_, **__):
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    result = checkup.survey(configured(), "en")
    failed = [finding.check for finding in result.findings if finding.ok is False]
    assert failed == ["gateway", "public-url"]
    assert set(asked) == {"openapi.alipay.com", "members.example.com"}
    of_web = [each.check for each in result.findings if "2021000000000002" in each.section]
    assert of_web == ["key"]


def test_the_next_step_follows_from_the_findings():
    def step(*found):
        findings = [
            Finding(check, ok, "settings-error", {"error": "it is so"}, texts=checkup.TEXTS)
            for check, ok in found
        ]
        return checkup.Checkup(findings, "en").next_step

    assert "it is so" in step(("app", False), ("public-url", None))
    assert step(("network", None), ("console", None)) == checkup.NEXT["network"].en
    assert step(("public-url", None), ("console", None)) == checkup.NEXT["public-url"].en
    assert step(("public-url", True), ("no-console", None)) == checkup.NEXT["no-console"].en
    assert step(("public-url", True), ("console", None)) == checkup.NEXT_LOGIN.en


def test_every_text_has_both_languages_and_the_same_places():
    for key, texts in checkup.TEXTS.items():
        places = [
            {name for text in texts[lang] for name in re.findall(r"{(\w+)}", text)}
            for lang in LANGUAGES
        ]
        assert places[0] == places[1], key


# ── the console ──


def test_the_console_is_given_the_addresses_that_the_app_answers(configured):
    settings = configured(PUBLIC_URL=URL)
    app = create_app(settings)
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    domain, callback, messages = at_rest(settings, "console")
    assert [each.ok for each in (domain, callback, messages)] == [None] * 3
    assert domain.values == {"host": "members.example.com"}
    sent = parse_qs(urlsplit(at_home(app).get("/login").location).query)["redirect_uri"]
    assert callback.values == {"app_id": "2021000000000002", "url": sent[0]}
    assert messages.values["url"].removeprefix(URL) in routes


def test_without_a_web_app_there_is_no_callback_to_register(tmp_path):
    settings = Settings.load(tmp_path, values=production.values())
    assert "console-callback" not in [each.key for each in at_rest(settings, "console")]


@pytest.mark.parametrize(("env", "ok"), [("production", False), ("sandbox", None)])
@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://127.0.0.1:8000", "console-loopback"),
        ("https://203.0.113.5", "console-address"),
    ],
)
def test_an_address_that_no_phone_can_call_is_wrong_in_production(configured, env, ok, url, key):
    (finding,) = at_rest(configured(ALIPAY_ENV=env, PUBLIC_URL=url), "console")
    assert (finding.key, finding.ok) == (key, ok)


@pytest.mark.parametrize(
    ("text", "ok"),
    [
        (f"export const API_BASE = '{URL}';", True),
        (f"export const API_BASE = '{URL}/';", True),
        ("export const API_BASE = 'http://127.0.0.1:8000';", None),
        ("", None),
    ],
)
def test_the_mini_programs_address_is_compared(configured, tmp_path, monkeypatch, text, ok):
    monkeypatch.setattr(checkup, "CONFIG", tmp_path / "config.js")
    settings = configured(PUBLIC_URL=URL)
    assert at_rest(settings, "api-base") == []
    (tmp_path / "config.js").write_text(text)
    (finding,) = at_rest(settings, "api-base")
    assert finding.ok is ok


def test_the_mini_program_of_the_project_is_read(configured):
    (finding,) = at_rest(configured(), "api-base")
    assert finding.values["base"] == "http://127.0.0.1:8000"


# ── PUBLIC_URL ──


@pytest.mark.parametrize(
    ("answer", "ok", "key"),
    [
        (http(HEALTHY), True, "public-url"),
        (http(b'{"ok":true}'), False, "public-url-other"),
        (http(b'{"ok":true,"app":"another"}'), False, "public-url-other"),
        (http(b"<h1>It works!</h1>"), False, "public-url-other"),
        (http(HEALTHY, "301 Moved", "Location: /\r\n"), False, "public-url-other"),
        (http(b"", "404 Not Found"), False, "public-url-other"),
        (http(b"[" * 90_000), False, "public-url-other"),
        (http(b" " * 200_000), False, "public-url-mute"),
        (http(b"", "502 Bad Gateway"), None, "public-url-down"),
        (b"SSH-2.0-OpenSSH_9\r\n", False, "public-url-mute"),
    ],
)
def test_what_answers_at_public_url_is_named(configured, gateway_that, answer, ok, key):
    server = gateway_that(lambda connection: connection.sendall(answer) or False)
    settings = configured(PUBLIC_URL=f"http://127.0.0.1:{server.port}")
    finding = checkup._public_url_finding(settings, "en")
    assert (finding.ok, finding.key) == (ok, key)
    assert server.requests[0].startswith(b"GET /healthz HTTP/1.1\r\n")


def test_authorities_that_cannot_be_read_are_named(configured, monkeypatch, tmp_path):
    missing = str(tmp_path / "missing.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", missing)
    finding = checkup._public_url_finding(configured(PUBLIC_URL=URL), "en")
    assert (finding.key, finding.ok) == ("public-url-authorities", False)
    assert missing in finding.message("zh")


def test_an_app_that_does_not_run_is_not_wrong(configured):
    finding = checkup._public_url_finding(configured(PUBLIC_URL="http://127.0.0.1:9"), "en")
    assert (finding.key, finding.ok) == ("public-url-silent", None)


def test_a_public_url_that_drips_ends_in_bounded_time(configured, gateway_that, monkeypatch):
    def drip(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.1)
        return False

    monkeypatch.setattr(checkup, "SECONDS", 0.5)
    before = time.monotonic()
    settings = configured(PUBLIC_URL=f"http://127.0.0.1:{gateway_that(drip).port}")
    assert checkup._public_url_finding(settings, "en").ok is False
    assert time.monotonic() - before < 5


# ── the database ──


def database(settings):
    finding = checkup._database_finding(settings, "en")
    assert (finding.section, finding.check) == (checkup.SECTIONS["settings"].en, "database")
    return finding


def test_a_new_database_is_right_and_is_not_made(configured, tmp_path):
    settings = configured(DATABASE_URL=f"sqlite:///{tmp_path / 'new.db'}")
    assert (database(settings).key, database(settings).ok) == ("database-new", True)
    assert not (tmp_path / "new.db").exists()
    create_app(settings)
    assert (database(settings).key, database(settings).ok) == ("database", True)


@pytest.mark.parametrize("what", ["version", "program", "damaged"])
def test_a_database_that_cannot_be_used_is_named(configured, tmp_path, what):
    path = tmp_path / "members.db"
    settings = configured(DATABASE_URL=f"sqlite:///{path}")
    if what == "version":
        create_app(settings)
    with closing(sqlite3.connect(path)) as db, db:
        if what == "version":
            db.execute("UPDATE schema_version SET version = 1")
        else:
            db.execute("CREATE TABLE members (id TEXT)")
    if what == "damaged":
        path.write_bytes(b"SQLite format 3\0garbage")
    finding = database(settings)
    assert finding.ok is False
    assert finding.message("zh") != finding.message("en")
    # another program's tables are not to be deleted
    assert ("delete" in finding.remedy("en")) == (what == "version")


# ── the home page ──


@pytest.fixture
def home(configured, monkeypatch):
    """home(lang, **changes) → the home page's text with production's settings, and no network."""

    def unreachable(*_, **__):
        pytest.fail("the home page uses the network")

    def read(lang="en", **changes):
        app = create_app(configured(**changes))
        with monkeypatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", unreachable)
            patch.setattr(socket.socket, "connect", unreachable)
            return at_home(app).get(f"/?lang={lang}").text

    return read


@pytest.mark.parametrize("lang", LANGUAGES)
def test_home_shows_the_findings_and_the_next_step_without_a_network(home, lang):
    text = home(lang, PUBLIC_URL=URL)
    assert checkup.NEXT["network"].in_language(lang) in text
    for word in ("2021000000000001", "2021000000000002", f"{URL}/callback", "✓", "–"):
        assert word in text
    assert "✗" not in text
    assert "✗" in home(lang, PUBLIC_URL="http://127.0.0.1:8000")


def test_home_shows_no_secret(home):
    text = home()
    values = production.web_values()
    secrets = [value for name, value in values.items() if "PRIVATE" in name or "SECRET" in name]
    assert len(secrets) == 3
    assert not [each for each in secrets if each in text]
