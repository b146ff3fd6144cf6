"""python app.py --check: the line about the database."""

import sqlite3
from contextlib import closing

import pytest

import production
from app import create_app
from server import checkup
from server.settings import Settings


@pytest.fixture
def configured(tmp_path):
    """configured(DATABASE_URL=…) → Settings as production has them."""

    def make(**changes):
        return Settings.load(tmp_path, values=production.values(**changes))

    return make


def test_a_database_of_another_version_is_named(configured, tmp_path):
    settings = configured(DATABASE_URL=f"sqlite:///{tmp_path / 'old.db'}")
    create_app(settings)
    with closing(sqlite3.connect(tmp_path / "old.db")) as db, db:
        db.execute("UPDATE schema_version SET version = 1")
    line = checkup._database_line(settings, "en")
    assert (line.section, line.check, line.ok) == ("Settings", "database", False)
    assert "delete this one" in line.remedy


def test_a_database_of_another_program_is_named_and_not_to_be_deleted(configured, tmp_path):
    settings = configured(DATABASE_URL=f"sqlite:///{tmp_path / 'theirs.db'}")
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as db:
        db.execute("CREATE TABLE members (id TEXT)")
    line = checkup._database_line(settings, "en")
    assert (line.section, line.check, line.ok) == ("Settings", "database", False)
    assert "of another program" in line.message
    assert "delete" not in line.remedy


def test_the_database_has_one_name_whether_right_or_wrong(configured, tmp_path):
    settings = configured(DATABASE_URL=f"sqlite:///{tmp_path / 'one.db'}")
    new = checkup._database_line(settings, "en")
    create_app(settings)
    made = checkup._database_line(settings, "en")
    (tmp_path / "one.db").write_bytes(b"SQLite format 3\0garbage")
    broken = checkup._database_line(settings, "en")
    lines = (new, made, broken)
    assert {(line.section, line.check) for line in lines} == {("Settings", "database")}
    assert [line.ok for line in lines] == [True, True, False]


def test_a_check_makes_no_database(configured, tmp_path):
    settings = configured(DATABASE_URL=f"sqlite:///{tmp_path / 'new.db'}")
    assert checkup._database_line(settings, "zh").ok
    assert not (tmp_path / "new.db").exists()
    create_app(settings)
    assert "can be used" in checkup._database_line(settings, "en").message
