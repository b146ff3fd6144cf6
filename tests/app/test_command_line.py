"""How the app is started: python app.py, flask run, create_app(); what is said where it isn't."""

import os
import sqlite3
import subprocess
import sys

import pytest

import production
import serve
from app import create_app
from helpers import ROOT, needs_emulator
from settings import SettingsError


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
    monkeypatch.setattr(serve, "HERE", tmp_path)
    with pytest.raises(SettingsError, match="emulator/ was deleted: set ALIPAY_ENV"):
        serve.emulated(create_app, {})


@needs_emulator
def test_a_broken_import_is_not_called_a_deleted_emulator(monkeypatch):
    monkeypatch.delattr("emulator.workbench", raising=False)
    monkeypatch.setitem(sys.modules, "emulator.workbench", None)  # importing it fails
    with pytest.raises(ModuleNotFoundError, match="workbench"):
        serve.emulated(create_app, {})


def test_a_database_of_another_version_ends_in_a_sentence(monkeypatch, tmp_path):
    values = production.values(DATABASE_URL=f"sqlite:///{tmp_path / 'old.db'}")
    lines = [f"{name}={value}" for name, value in values.items()]
    (tmp_path / "file.env").write_text("\n".join(lines))
    with sqlite3.connect(tmp_path / "old.db") as db:
        db.execute("CREATE TABLE members (id TEXT)")
    db.close()
    with pytest.raises(SystemExit, match=r"app\.py: the database has version 0 of the tables"):
        serve.main(create_app, ["--env-file", str(tmp_path / "file.env")])
