"""The commands and snippets of README and docs/, run.

Only what needs a network is left out (pip, uv, git clone); see .ci/run. docs/examples/ is run by
test_examples.py.
"""

import re
import shlex
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
import requests

import production
from alipay_member import GatewayError
from alipay_member.explain import explain
from alipay_member.keys import load_private_key, load_public_key
from documents import code, commands, read, run_in
from helpers import NOT_OURS, ROOT, needs, needs_emulator
from server.settings import Settings

README = read("README.md")
REAL_ACCOUNT = read("docs/real-account.md")
PRODUCTION = read("docs/production.md")
COMMANDS = commands(README)
pytestmark = needs_emulator


def command(part):
    """The one command of README that has this in it."""
    (found,) = [line for line in COMMANDS if part in line]
    return found


def snippet(text, word):
    """The one snippet with this word that is to be run."""
    marked = re.findall(
        r"<!-- run by tests/test_readme.py -->\n```python\n(.*?)```", text, re.DOTALL
    )
    (found,) = [one for one in marked if word in one]
    return found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def run(tmp_path):
    """run(command, until) starts a README command's last part in a copy.

    It returns the output: up to the line with `until` in it, or all of it.
    """
    running = []
    copy = tmp_path / "project"
    shutil.copytree(
        ROOT,
        copy,
        ignore=shutil.ignore_patterns(*NOT_OURS),
    )

    def start(command, until=None):
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
            if until and until in line:
                return "".join(lines)
        if until:
            pytest.fail(f"{command} ended: {''.join(lines)}")
        return "".join(lines)

    yield start
    for process in running:  # SIGINT is ignored by what was started in the background
        process.terminate()
        try:
            process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


# ── run it ──


def test_readme_begins_with_a_clone_and_one_command():
    clone, enter, start = COMMANDS[:3]
    assert clone.split()[:2] == ["git", "clone"]
    assert enter == f"cd {clone.split()[-1]}"
    assert start.endswith(".venv/bin/pip install -r requirements.txt && .venv/bin/python app.py")


def test_readme_first_command_serves_the_workbench(run):
    port = free_port()
    output = run(COMMANDS[2] + f" --port {port}", until="Alipay")
    assert f"http://127.0.0.1:{port}" in output
    assert "warning" not in output.lower()
    assert "/workbench/" in requests.get(f"http://127.0.0.1:{port}/", timeout=10).url


def test_readme_names_uv_with_this_project_s_requirements():
    words = command("uv run").split()
    assert words[-1] == "app.py"
    assert words[words.index("--with-requirements") + 1] == "requirements.txt"
    assert "--no-project" in words  # pyproject.toml has tool settings, no project


def test_readme_test_command_is_the_first_that_ci_finds():
    """.ci/run takes README's first line with -m pytest in it."""
    first = next(line for line in README.splitlines() if "-m pytest" in line)
    assert first == command("-m pytest")


def test_readme_standalone_emulator_serves_an_app_in_another_window(run):
    ports = free_port(), free_port()
    emulator = command("-m emulator").replace("8001", str(ports[0]))
    app = command("app.py --env-file") + f" --port {ports[1]}"
    run(emulator, until="emulator.env")
    run(app, until="Alipay")
    members = requests.get(
        f"http://127.0.0.1:{ports[1]}/workbench/emulator/members", timeout=10
    ).json()
    assert "complete" in [member["id"] for member in members["members"]]
    assert "<html" in requests.get(f"http://127.0.0.1:{ports[0]}/", timeout=10).text


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell's line")
def test_readme_s_line_takes_the_emulator_s_settings_into_the_shell(tmp_path, emulator):
    from emulator.__main__ import write_settings

    write_settings(tmp_path / "emulator.env", emulator.settings())
    shell = ["sh", "-c", command("emulator.env && set +a") + " && env"]
    done = subprocess.run(shell, cwd=tmp_path, check=True, capture_output=True, encoding="utf-8")
    taken = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert emulator.settings().items() <= taken.items()
    assert (ROOT / "docs/examples" / command("fetch_member").split()[-1]).exists()


# ── your own app ──


def test_readme_check_finds_nothing_wrong(run):
    output = run(command("--check"))
    assert "✓" in output
    assert "✗" not in output
    assert commands(REAL_ACCOUNT) == [command("--check")]


def test_readme_explains_the_code(run):
    output = run(command("--explain"))
    assert all(sentence in output for sentence in explain("isv.code-invalid", "en"))


def test_readme_doctors_snippet_finds_nothing_wrong(client, capsys):
    exec(snippet(README, "examine"), {"client": client})
    marks = [line[0] for line in capsys.readouterr().out.splitlines()]
    assert set(marks) == {"✓"}


def test_isv_snippet_gets_an_app_auth_token(emulator, client, capsys):
    code = requests.post(f"{emulator.url}/emulator/app-auth-code", json={}, timeout=10).json()[
        "app_auth_code"
    ]
    exec(snippet(REAL_ACCOUNT, "app_auth_code"), {"client": client, "app_auth_code": code})
    token, app_id = capsys.readouterr().out.split()
    assert app_id == "demo-merchant"
    assert len(token) > 20


def test_isv_has_one_client_for_each_of_its_merchants(emulator, auth_code, store):
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
    exec(snippet(REAL_ACCOUNT, "app_auth_tokens"), given)
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


@needs("openssl")
def test_keys_without_the_tool_are_keys_that_are_read(tmp_path):
    make, show = [line for line in code(REAL_ACCOUNT) if line.startswith("openssl")]
    subprocess.run(shlex.split(make), cwd=tmp_path, check=True, capture_output=True)
    shown = subprocess.run(shlex.split(show), cwd=tmp_path, check=True, capture_output=True)
    own = load_private_key(str(tmp_path / "app_private_key.pem"))
    public_key = load_public_key(shown.stdout.decode())
    assert own.public_key().public_numbers() == public_key.public_numbers()


def test_secret_key_that_the_guide_makes_is_accepted(tmp_path):
    (make,) = [line for line in code(REAL_ACCOUNT) if "token_hex" in line]
    status, output = run_in(tmp_path, *shlex.split(make)[1:])
    assert status == 0
    values = production.values() | {"SECRET_KEY": output.strip()}
    assert Settings.load(tmp_path, values=values).secret_key == output.strip()
    with pytest.raises(ValueError, match="SECRET_KEY"):  # 32 characters are the least
        Settings.load(tmp_path, values=values | {"SECRET_KEY": output.strip()[:31]})


# ── before production ──


@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs POSIX")
def test_gunicorn_takes_the_command_and_loads_the_app(tmp_path):
    (line,) = [one for one in code(PRODUCTION) if one.startswith("gunicorn")]
    values = production.values() | {"DATABASE_URL": f"sqlite:///{tmp_path}/members.db"}
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(line), "--check-config"],
        cwd=ROOT,
        env=values,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_waitress_takes_the_command():
    from waitress.adjustments import Adjustments

    (line,) = [one for one in code(PRODUCTION) if one.startswith("waitress-serve")]
    options, names = Adjustments.parse_args(shlex.split(line)[1:])
    assert options["call"]
    assert options["threads"] == "16"
    assert names or options.get("app")


def test_backup_of_sqlite_is_whole_while_the_database_is_in_use(tmp_path, store, settings, client):
    (line,) = [one for one in code(PRODUCTION) if "VACUUM" in one]
    _, path, statement = shlex.split(line)
    assert path == "instance/production.db"  # the default: instance/<env>.db
    in_use = settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(in_use)) as db:
        db.execute(statement.replace("backup.db", str(tmp_path / "backup.db")))
    with closing(sqlite3.connect(tmp_path / "backup.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT COUNT(*) FROM members").fetchone() == (0,)


def test_what_is_deleted_is_what_the_test_of_it_deletes():
    from test_delete import DELETED

    (line,) = [one for one in code(README) if one.startswith("rm -r") and "tests/" in one]
    assert tuple(line.split()[2:]) == DELETED
