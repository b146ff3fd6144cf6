"""python app.py, flask run, create_app(): how they start, how they refuse to; --explain."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

import production
from alipay_member.explain import describe, explain, gateway_errors
from alipay_member.store import MemberStore
from app import create_app
from helpers import ROOT, needs_emulator
from production import refusal
from server import checkup, cli, settings as rules, web


def started(*command):
    """(exit status, stderr) of a command that is run in the project, with no settings at all."""
    values = {name: value for name, value in os.environ.items() if not name.startswith("ALIPAY_")}
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=values | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize(
    "command",
    [("-m", "flask", "--app", "app", "run", "--port", "1"), ("-c", "import app; app.create_app()")],
    ids=["flask run", "create_app"],
)
def test_without_an_emulator_they_end_with_a_sentence_and_no_traceback(command):
    status, printed = started(*command)
    assert status == 4
    assert rules.NO_EMULATOR.en in printed
    assert "Traceback" not in printed


def test_without_the_emulators_folder_settings_are_required(monkeypatch, tmp_path):
    monkeypatch.setattr(cli, "HERE", tmp_path)
    assert refusal(cli.emulated, create_app, {}).sentence is cli.EMULATOR_DELETED


@needs_emulator
def test_a_broken_import_is_not_called_a_deleted_emulator(monkeypatch):
    monkeypatch.setitem(sys.modules, "workbench", None)  # importing it fails
    with pytest.raises(ModuleNotFoundError, match="workbench"):
        cli.emulated(create_app, {})


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_an_invalid_port_is_refused(capsys, port):
    with pytest.raises(SystemExit) as ended:
        cli.main(create_app, [f"--port={port}"])
    assert ended.value.code == 2
    assert f"{port} is not a port" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["another version", "another program", "damaged"])
def test_a_database_that_cannot_be_used_ends_the_start_with_what_to_do(tmp_path, what):
    path = tmp_path / "members.db"
    if what == "another version":
        MemberStore(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as db, db:
        if what == "another version":
            db.execute("UPDATE schema_version SET version = 0")
        else:
            db.execute("CREATE TABLE members (id TEXT)")
    if what == "damaged":
        path.write_bytes(b"SQLite format 3\0garbage")
    values = production.values(DATABASE_URL=f"sqlite:///{path}")
    lines = [f"{name}={value}" for name, value in values.items()]
    (tmp_path / "file.env").write_text("\n".join(lines))
    with pytest.raises(SystemExit) as ended:
        cli.main(create_app, ["--env-file", str(tmp_path / "file.env")])
    error = ended.value.__cause__ or ended.value.__context__
    for lang in ("en", "zh"):
        assert describe(error, lang).hint in ended.value.code


# ── --explain ──


def explained(capsys, code):
    with pytest.raises(SystemExit) as ended:
        cli.main(create_app, ["--explain", code])
    return ended.value.code, capsys.readouterr().out


def test_each_code_of_alipays_is_explained_in_both_languages():
    codes = {row.get("sub_code") or row["code"] for row in gateway_errors()}
    sentences = {code: [*explain(code, "zh"), *explain(code, "en")] for code in codes}
    assert len(codes) > 30
    assert [
        code
        for code in codes
        if not sentences[code] or not all(one in checkup.meaning(code) for one in sentences[code])
    ] == []


@pytest.mark.parametrize("code", ["signature:app-key", "transport:timeout", "session-ended"])
def test_each_error_of_the_library_is_explained(capsys, code):
    status, printed = explained(capsys, f" {code}\n")
    assert (status, printed.splitlines()) == (0, [code, *explain(code, "zh"), *explain(code, "en")])


def test_each_error_of_the_app_is_explained(capsys):
    status, printed = explained(capsys, "bad-request:state")
    texts = web.ERRORS["bad-request:state"]
    assert (status, printed.splitlines()[1:]) == (0, [*texts["zh"], *texts["en"]])


def test_a_code_with_sub_codes_leads_on_to_them(capsys):
    status, printed = explained(capsys, "40002")
    assert status == 0
    assert printed.count("isv.code-invalid, isv.refresh-token-invalid") == 2  # in each language


@pytest.mark.parametrize("code", ["isv.unheard-of", "", "database-new", "{0}"])
def test_an_unknown_code_borrows_no_explanation(capsys, code):
    status, printed = explained(capsys, code)
    assert status == 1
    assert printed.splitlines() == [" ".join(explain("unexplained", lang)) for lang in ("zh", "en")]


def test_check_and_explain_do_not_go_together(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(create_app, ["--check", "--explain", "40002"])
    assert ended.value.code == 2
    assert capsys.readouterr().err
