"""DATABASE_URL=postgresql://…: what is missing is said in a sentence; --check names no password."""

import sys

import pytest

from alipay_member.store import MemberStore
from postgresql import needs_postgresql
from production import refusal, values
from server import checkup
from server.settings import Settings, SettingsError

pytestmark = needs_postgresql


def load(tmp_path, url):
    return Settings.load(tmp_path, values=values(DATABASE_URL=url))


def test_a_server_that_answers_is_taken(tmp_path, postgresql_url):
    settings = load(tmp_path, postgresql_url)
    assert settings.database_url == postgresql_url
    assert "postgresql" not in repr(settings)


def test_a_server_that_does_not_answer_is_named_without_the_password(tmp_path):
    said = refusal(load, tmp_path, "postgresql://me:hunter2@127.0.0.1:1/x")
    assert "can't connect" in said
    assert "Connection refused" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("url", ["postgresql://[", "postgresql://h:x/y", "postgresql://h/\0"])
def test_an_address_that_is_none_is_refused_in_a_sentence(tmp_path, url):
    assert "PostgreSQL" in refusal(load, tmp_path, url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:se%zzcret@127.0.0.1/db",
        "postgresql://user:zz@ssw0rd:99@127.0.0.1/db",
        "postgresql://user:zz/cret@127.0.0.1/db",
    ],
)
def test_a_password_that_is_not_percent_encoded_is_named_without_its_text(tmp_path, url):
    with pytest.raises(SettingsError, match="percent-encoded") as caught:
        load(tmp_path, url)
    assert "百分号编码" in caught.value.zh
    for part in ("zz", "cret", "ssw0rd"):
        assert part not in str(caught.value) + caught.value.zh


def test_check_shows_no_part_of_a_password(tmp_path, postgresql_url):
    """Whatever stands in it, the host is told from it."""
    for password in ("a?b", "a%23b", "s[x"):
        url = postgresql_url.replace("postgres@", f"postgres:{password}@")
        line = checkup._database_line(load(tmp_path, url), "en")
        assert line.message.endswith("PostgreSQL 127.0.0.1/postgres")


def test_the_short_scheme_is_taken_too(tmp_path, postgresql_url):
    url = postgresql_url.replace("postgresql://", "postgres://")
    assert load(tmp_path, url).database_url == url
    MemberStore(url).close()


def test_a_driver_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "pip install 'psycopg[binary,pool]'" in refusal(load, tmp_path, "postgresql://x/y")


def test_check_says_whether_the_tables_are_there_and_makes_none(tmp_path, postgresql_url):
    settings = load(tmp_path, postgresql_url.replace("postgres@", "postgres:hunter2@"))
    before = [checkup._database_line(settings, "en") for _ in range(2)]
    assert {line.message for line in before} == {
        "There is no database yet, the first start makes it: PostgreSQL 127.0.0.1/postgres"
    }
    MemberStore(postgresql_url).close()
    after = checkup._database_line(settings, "en")
    assert (after.ok, after.message) == (
        True,
        "The database can be used: PostgreSQL 127.0.0.1/postgres",
    )
