"""DATABASE_URL=postgresql://…: which sentence refuses it; --check names no password."""

import sys

import pytest

from alipay_member.store import MemberStore
from postgresql import needs_postgresql
from production import refusal, values
from server import checkup, settings as rules
from server.settings import Settings

pytestmark = needs_postgresql


def load(tmp_path, url):
    return Settings.load(tmp_path, values=values(DATABASE_URL=url))


@pytest.mark.parametrize("scheme", ["postgresql://", "postgres://"])
def test_a_server_that_answers_is_accepted(tmp_path, postgresql_url, scheme):
    url = postgresql_url.replace("postgresql://", scheme)
    settings = load(tmp_path, url)
    assert settings.database_url == url
    assert "postgres" not in repr(settings)
    MemberStore(url).close()


def test_a_server_that_does_not_answer_is_named_without_the_password(tmp_path):
    error = refusal(load, tmp_path, "postgresql://me:hunter2@127.0.0.1:1/x")
    assert error.sentence is rules.NO_SERVER
    assert "Connection refused" in str(error)
    assert "hunter2" not in str(error) + error.zh


@pytest.mark.parametrize(
    "url",
    [
        *("postgresql://[", "postgresql://h:x/y"),
        "postgresql://user:se%zzcret@127.0.0.1/db",
        "postgresql://user:zz@ssw0rd:99@127.0.0.1/db",
        "postgresql://user:zz/cret@127.0.0.1/db",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_its_text(tmp_path, url):
    error = refusal(load, tmp_path, url)
    assert error.sentence is rules.BAD_POSTGRESQL_URL
    assert not [part for part in ("zz", "cret", "ssw0rd") if part in str(error) + error.zh]


def test_a_driver_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert refusal(load, tmp_path, "postgresql://x/y").sentence is rules.NO_DRIVER


@pytest.mark.parametrize("password", ["hunter2", "a?b", "a%23b", "s[x"])
def test_check_names_the_database_and_no_part_of_a_password(tmp_path, postgresql_url, password):
    settings = load(tmp_path, postgresql_url.replace("postgres@", f"postgres:{password}@"))
    for _ in range(2):  # looking makes no tables
        finding = checkup._database_finding(settings, "en")
        assert finding.key == "database-new"
        assert finding.values == {"path": "PostgreSQL 127.0.0.1/postgres"}
    MemberStore(postgresql_url).close()
    assert checkup._database_finding(settings, "en").key == "database"
