"""How the app is started: python app.py, flask run, create_app(); what is said where it isn't."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

import production
from alipay_member.store import MemberStore
from app import create_app
from helpers import ROOT, needs_emulator
from server import cli
from server.settings import SettingsError


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
def test_without_an_emulator_a_sentence_is_said_and_no_traceback(command):
    status, said = started(*command)
    assert status == 4
    assert said.startswith("Settings: no emulator is running: start python app.py")
    assert "Traceback" not in said


def test_without_the_emulators_folder_the_settings_are_asked_for(monkeypatch, tmp_path):
    monkeypatch.setattr(cli, "HERE", tmp_path)
    with pytest.raises(SettingsError, match="emulator/ was deleted: set ALIPAY_ENV"):
        cli.emulated(create_app, {})


@needs_emulator
def test_a_broken_import_is_not_called_a_deleted_emulator(monkeypatch):
    monkeypatch.setitem(sys.modules, "workbench", None)  # importing it fails
    with pytest.raises(ModuleNotFoundError, match="workbench"):
        cli.emulated(create_app, {})


def served(tmp_path, database):
    """What python app.py says as it ends, with this database."""
    values = production.values(DATABASE_URL=f"sqlite:///{database}")
    lines = [f"{name}={value}" for name, value in values.items()]
    (tmp_path / "file.env").write_text("\n".join(lines))
    with pytest.raises(SystemExit) as caught:
        cli.main(create_app, ["--env-file", str(tmp_path / "file.env")])
    return caught.value.code


def test_a_database_of_another_version_ends_in_a_sentence(tmp_path):
    path = tmp_path / "old.db"
    MemberStore(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE schema_version SET version = 0")
    said = served(tmp_path, path)
    assert said.startswith("app.py: the database has version 0 of the tables")
    assert "另一个版本" in said


def test_a_database_of_another_program_ends_in_a_sentence(tmp_path):
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE members (id TEXT)")
    said = served(tmp_path, path)
    assert said.startswith("app.py: the database has tables of another program (members)")
    assert "a database of its own" in said
    assert "单独的数据库" in said


def test_a_damaged_database_ends_in_a_sentence(tmp_path):
    path = tmp_path / "damaged.db"
    path.write_bytes(b"SQLite format 3\0garbage")
    said = served(tmp_path, path)
    assert said.startswith("app.py: the database failed (DatabaseError: file is not a database)")
    assert "check the database's file" in said
    assert "检查数据库文件" in said
