"""README's commands and snippets, run. Only pip is left out, which needs a network; see .ci/run."""

import re
import shutil
import socket
import subprocess
import sys

import pytest
import requests

from alipay_member import GatewayError
from helpers import NOT_OURS, ROOT, needs_emulator

README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
SNIPPETS = re.findall(
    r"<!-- run by tests/test_readme.py -->\n```python\n(.*?)```", README, re.DOTALL
)
pytestmark = needs_emulator


def snippet(word):
    """The one snippet that has this word."""
    (found,) = [text for text in SNIPPETS if word in text]
    return found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def run(tmp_path):
    """run(command, until) starts a README command's last part in a copy, and reads until a line."""
    running = []
    copy = tmp_path / "project"
    shutil.copytree(
        ROOT,
        copy,
        ignore=shutil.ignore_patterns(*NOT_OURS),
    )

    def start(command, until):
        words = command.split(" && ")[-1].replace(".venv/bin/python", sys.executable).split()
        process = subprocess.Popen(
            words,
            cwd=copy,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PYTHONUNBUFFERED": "1"},
        )
        running.append(process)
        lines = []
        for line in process.stdout:
            lines.append(line)
            if until in line:
                return "".join(lines)
        pytest.fail(f"{command} ended: {''.join(lines)}")

    yield start
    for process in running:  # SIGINT is ignored by what was started in the background
        process.terminate()
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def test_readme_first_command_serves_the_workbench(run):
    port = free_port()
    said = run(COMMANDS[0] + f" --port {port}", until="Alipay")
    assert COMMANDS[0].endswith(
        ".venv/bin/pip install -r requirements.txt && .venv/bin/python app.py"
    )
    assert f"http://127.0.0.1:{port}" in said
    assert "emulated" in said
    assert "warning" not in said.lower()
    assert "/workbench/" in requests.get(f"http://127.0.0.1:{port}/", timeout=10).url


def test_readme_second_command_runs_these_tests():
    assert COMMANDS[1].endswith(
        ".venv/bin/pip install -r tests/requirements.txt && .venv/bin/python -m pytest"
    )


def test_readme_standalone_emulator_serves_an_app_in_another_window(run):
    ports = free_port(), free_port()
    emulator, app = COMMANDS[2].replace("8001", str(ports[0])), COMMANDS[3] + f" --port {ports[1]}"
    run(emulator, until="emulator.env")
    run(app, until="Alipay")
    members = requests.get(
        f"http://127.0.0.1:{ports[1]}/workbench/emulator/members", timeout=10
    ).json()
    assert "complete" in [member["id"] for member in members["members"]]


def test_readme_isv_snippet_gets_an_app_auth_token(emulator, client, capsys):
    code = requests.post(f"{emulator.url}/emulator/app-auth-code", json={}, timeout=10).json()[
        "app_auth_code"
    ]
    exec(snippet("app_auth_code"), {"client": client, "app_auth_code": code})
    token, app_id = capsys.readouterr().out.split()
    assert app_id == "demo-merchant"
    assert len(token) > 20


def test_readme_has_one_client_for_each_of_an_isvs_merchants(emulator, auth_code, store):
    settings = emulator.isv_settings()
    tokens = {
        "demo-merchant": settings["ALIPAY_APP_AUTH_TOKEN"],
        "demo-other": "not this merchant's",
    }
    given = {
        "isv_app_id": settings["ALIPAY_APP_ID"],
        "private_key": settings["ALIPAY_APP_PRIVATE_KEY"],
        "public_key": settings["ALIPAY_PUBLIC_KEY"],
        "app_auth_tokens": tokens,
        "gateway": {"gateway_url": settings["ALIPAY_GATEWAY_URL"]},
    }
    exec(snippet("app_auth_tokens"), given)
    clients = given["clients"]
    assert list(clients) == list(tokens)
    merchants, others = clients.values()
    assert merchants.alipay_public_key is others.alipay_public_key  # loaded once
    token = merchants.exchange_code(auth_code(app_id="demo-merchant"))
    store.sign_in(merchants.member_app_id, token)
    store.sign_in(others.member_app_id, token)
    rows = [store.members(app_id) for app_id in clients]
    assert [[row.app_id for row in found] for found in rows] == [[name] for name in tokens]
    with pytest.raises(GatewayError, match="app-auth-token"):
        others.exchange_code(auth_code(app_id="demo-merchant"))


def test_readme_check_and_explanation_say_that_all_is_well(run):
    assert "✓" in run(COMMANDS[4] + " --lang en", until="Next: ")
    assert "授权码code无效" in run(COMMANDS[5], until="Call my.getAuthCode again")


def test_readme_doctors_snippet_finds_nothing_wrong(client, capsys):
    exec(snippet("examine"), {"client": client})
    marks = [line[0] for line in capsys.readouterr().out.splitlines()]
    assert marks == ["✓"] * 5


def test_readme_in_chinese_has_the_same_commands():
    chinese = (ROOT / "README.zh-CN.md").read_text("utf-8")
    assert re.findall(r"```(?:sh|python)\n.*?```", chinese, re.DOTALL) == re.findall(
        r"```(?:sh|python)\n.*?```", README, re.DOTALL
    )
