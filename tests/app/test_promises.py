"""What nobody would miss until it is gone: each of these has been taken away once, unnoticed."""

import sqlite3
from contextlib import closing

import pytest

import production
from app import create_app
from helpers import at_home
from server.settings import Settings

ROUTES = [("GET", "/member"), ("POST", "/api/auth"), ("OPTIONS", "/api/member")]


@pytest.fixture
def app(tmp_path):
    """The app as in production; nothing here calls Alipay."""
    return create_app(Settings.load(tmp_path, values=production.web_values()))


@pytest.fixture
def web(app):
    return at_home(app)


@pytest.fixture
def database(tmp_path):
    return tmp_path / "instance/production.db"


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_no_other_site_may_read_an_answer(web, method, path):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": method}
    answer = web.open(path, method=method, headers=headers, buffered=True)
    assert [name for name, _ in answer.headers if name.startswith("Access-Control")] == []


def test_pages_may_send_forms_only_here(web):
    policy = web.get("/").headers["Content-Security-Policy"]
    assert "form-action 'self'" in policy.split("; ")


def test_health_depends_on_the_store(web, database):
    assert web.get("/healthz").json == {"ok": True, "app": "alipay-member"}
    with closing(sqlite3.connect(database)) as db:
        db.execute("DROP TABLE schema_version")
    assert web.get("/healthz").status_code == 503


@pytest.mark.parametrize("name", ["open_id", "user_id"])
def test_the_database_itself_keeps_one_row_for_each_person(web, database, name):
    insert = f"INSERT INTO members (id, app_id, {name}, first_seen) VALUES (?, 'app', 'same', 1)"
    with closing(sqlite3.connect(database)) as db:
        db.execute(insert, ("one",))
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            db.execute(insert, ("two",))


def test_the_database_itself_keeps_nobody_without_an_id(web, database):
    with closing(sqlite3.connect(database)) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute("INSERT INTO members (id, app_id, first_seen) VALUES ('one', 'app', 1)")


def test_an_error_page_never_links_back_to_its_own_address(web):
    page = web.get("/callback?state=s3cr3tstate&auth_code=s3cr3tcode")
    assert page.status_code == 400
    assert "s3cr3t" not in page.text
    assert "/callback" not in page.text


def test_cookies_are_named_so_that_no_other_host_can_set_them(web):
    answer = web.get("/login", base_url="https://members.example.com")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-login-")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"))
    assert web.application.config["SESSION_COOKIE_NAME"] == "__Host-member"
    state = cookie.partition("=")[0].removeprefix("__Host-login-")
    back = web.get(f"/callback?state={state}", base_url="https://members.example.com")
    (gone,) = back.headers.getlist("Set-Cookie")
    assert gone.startswith(f"__Host-login-{state}=;")
    assert all(word in gone for word in ("Secure", "Path=/", "Max-Age=0"))  # or it would stay


def test_a_database_error_is_a_503_until_the_database_is_back(web, database, tmp_path):
    database.rename(tmp_path / "elsewhere.db")
    database.mkdir()  # nothing can be opened there
    for path, kind in (("/api/member", "application/json"), ("/member", "text/html")):
        answer = web.get(path, headers={"Authorization": "Bearer x", "Cookie": "member=x"})
        assert answer.status_code in (401, 503)
        assert answer.mimetype == kind
    answer = web.get("/api/member", headers={"Authorization": "Bearer x"})
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "database")
    assert str(tmp_path) not in answer.text
    database.rmdir()
    (tmp_path / "elsewhere.db").rename(database)
    assert web.get("/api/member", headers={"Authorization": "Bearer x"}).status_code == 401
