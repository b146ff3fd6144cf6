"""python -m emulator, as a process of its own."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys

import pytest
import requests
from dotenv import dotenv_values

from alipay_member import AlipayClient
from helpers import ROOT, needs_emulator
from server.settings import Settings

pytestmark = needs_emulator
NAMES = [
    "ALIPAY_ENV",
    "ALIPAY_GATEWAY_URL",
    "ALIPAY_APP_ID",
    "ALIPAY_APP_PRIVATE_KEY",
    "ALIPAY_PUBLIC_KEY",
    "ALIPAY_WEB_APP_ID",
    "ALIPAY_WEB_APP_PRIVATE_KEY",
    "ALIPAY_WEB_PUBLIC_KEY",
]


@pytest.fixture
def command():
    """command(*options) → a running `python -m emulator`, with pipes; it ends with the test."""
    running = []
    # A shell's background job has SIGINT ignored, and so would have all that it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def run(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "emulator", *map(str, arguments)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
        running.append(process)
        return process

    yield run
    signal.signal(signal.SIGINT, before)
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def greeting(process):
    """What it prints before it waits."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            return "".join(lines)
    raise AssertionError(process.stderr.read())


def test_it_writes_ready_settings_says_what_to_do_next_and_ends_cleanly(command, tmp_path):
    file = tmp_path / "demo.env"
    process = command("--port", 0, "--env-file", file)
    greeted = greeting(process)
    assert f"python app.py --env-file {file}" in greeted
    assert "模拟器" in greeted
    settings = dotenv_values(file)
    assert list(settings) == NAMES
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    address = settings["ALIPAY_GATEWAY_URL"].removesuffix("/gateway.do")
    assert address in greeted
    assert requests.get(f"{address}/emulator/members?code=secret", timeout=5).status_code == 200
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert err == ""
    for secret in ("secret", settings["ALIPAY_APP_PRIVATE_KEY"]):
        assert secret not in greeted + out


def test_isv_settings_are_ready_too(command, tmp_path):
    file = tmp_path / "isv.env"
    greeting(command("--port", 0, "--isv", "--env-file", file))
    settings = dotenv_values(file)
    assert list(settings) == [*NAMES, "ALIPAY_APP_AUTH_TOKEN", "ALIPAY_MERCHANT_APP_ID"]
    assert settings["ALIPAY_MERCHANT_APP_ID"] == "demo-merchant"


def test_it_overwrites_its_own_file(command, tmp_path):
    file = tmp_path / "demo.env"
    greeting(command("--port", 0, "--env-file", file))
    first = file.read_text("utf-8")
    file.chmod(0o644)
    greeting(command("--port", 0, "--env-file", file))
    assert file.read_text("utf-8") != first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "content", ["ALIPAY_ENV=production\n", "", "\n# Written by python -m emulator"]
)
def test_it_leaves_a_file_that_it_did_not_write(command, tmp_path, content):
    file = tmp_path / ".env"
    file.write_text(content)
    process = command("--port", 0, "--env-file", file)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert str(file) in err
    assert err.count("\n") == 1
    assert file.read_text() == content
    assert "http://" not in out


def test_a_missing_folder_is_one_line(command, tmp_path):
    process = command("--port", 0, "--env-file", tmp_path / "no" / "demo.env")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.count("\n") == 1


def test_a_taken_port_is_one_line(command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = command("--port", port)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.fullmatch(rf".*\b{port}\b.*--port.*\n", err)
    assert out == ""


def test_it_listens_on_loopback_only(command, tmp_path):
    file = tmp_path / "demo.env"
    greeting(command("--port", 0, "--env-file", file))
    port = int(re.search(r":(\d+)/", dotenv_values(file)["ALIPAY_GATEWAY_URL"])[1])
    with pytest.raises(OSError, match="refused"):
        # all of 127/8 reaches a socket that listens on 0.0.0.0
        socket.create_connection(("127.0.0.2", port), 2).close()


def test_it_shows_why_a_call_was_refused_but_no_secret(command, tmp_path):
    file = tmp_path / "demo.env"
    process = command("--port", 0, "--env-file", file)
    greeting(process)
    gateway = dotenv_values(file)["ALIPAY_GATEWAY_URL"]
    query = {
        "app_id": "demo-mini",
        "method": "alipay.system.oauth.token",
        "code": "0123456789abcdef",
    }
    requests.get(gateway, params=query, timeout=5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert "alipay.system.oauth.token from demo-mini: refused, isv.missing-signature" in err
    assert err.count("\n") == 1
    assert "0123456789abcdef" not in err


def test_it_listens_only_after_the_settings_are_written(tmp_path, monkeypatch):
    """A program that waits for the port finds the file complete."""
    from emulator import __main__ as command_line

    order = []
    monkeypatch.setattr("sys.argv", ["emulator", "--port=0", f"--env-file={tmp_path / 'demo.env'}"])

    def write(path, values):
        address = values["ALIPAY_GATEWAY_URL"].removeprefix("http://").partition("/")[0]
        host, _, port = address.partition(":")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)), timeout=5)
        order.append("written")
        raise OSError("seen enough")

    monkeypatch.setattr(command_line, "write_settings", write)
    with pytest.raises(SystemExit, match="seen enough"):
        command_line.main()
    assert order == ["written"]


# ── 公钥证书 mode ──


def test_certificates_are_files_that_the_settings_name(command, tmp_path, monkeypatch):
    file = tmp_path / "demo.env"
    greeting(command("--port", 0, "--certificates", "--env-file", file))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "alipayCertPublicKey_RSA2.crt",
        "alipayRootCert.crt",
        "appCertPublicKey_demo-mini.crt",
        "appCertPublicKey_demo-web.crt",
        "demo.env",
    ]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    values = dotenv_values(file)
    assert "ALIPAY_PUBLIC_KEY" not in values
    monkeypatch.chdir("/")
    settings = Settings.load(tmp_path / "project", values=values)
    for app in (settings.app, settings.web):
        with pytest.raises(Exception, match=r"isv\.code-invalid"):
            AlipayClient(**settings.client_options(app)).exchange_code("made-up")
    greeting(command("--port", 0, "--certificates", "--env-file", file))
    assert dotenv_values(file) != values  # its own files are written again


def test_it_leaves_certificates_that_it_did_not_write(command, tmp_path):
    real = tmp_path / "alipayRootCert.crt"
    real.write_text("-----BEGIN CERTIFICATE-----")
    process = command("--port", 0, "--certificates", "--env-file", tmp_path / "demo.env")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert str(real) in err
    assert list(tmp_path.iterdir()) == [real]
