"""server/web.py: headers, cookies, forms, languages, one host name, no secrets in a log."""

import json
import logging
import re
import sqlite3
from contextlib import closing
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests

import production
from helpers import ROOT, at_home
from server.web import ERRORS


@pytest.fixture
def app(tmp_path):
    return make(tmp_path, PUBLIC_URL="http://127.0.0.1:8000")


def make(folder, **changes):
    from app import create_app
    from server.settings import Settings

    return create_app(Settings.load(folder, values=production.web_values(**changes)))


def directives(answer):
    """The Content-Security-Policy as {directive: [sources]}."""
    parts = answer.headers["Content-Security-Policy"].split(";")
    return {name: sources for name, *sources in map(str.split, parts)}


@pytest.mark.parametrize("path", ["/", "/api/member", "/static/none"])
def test_every_answer_has_the_security_headers(web, path):
    answer = web.get(path)
    policy = directives(answer)
    assert policy["default-src"] == ["'self'"]
    assert policy["img-src"] == ["'self'", "https://*.alipayobjects.com"]
    assert policy["frame-ancestors"] == ["'self'"]
    assert policy["base-uri"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_pages_may_show_the_emulators_pictures(settings):
    from app import create_app

    policy = directives(at_home(create_app(settings)).get("/"))
    assert settings.gateway_url.removesuffix("/gateway.do") in policy["img-src"]


@pytest.mark.parametrize("path", ["/api/member", "/member", "/callback"])
def test_personal_answers_are_not_cached(web, path):
    assert web.get(path).headers["Cache-Control"] == "no-store"


def test_templates_have_no_inline_script_or_style_and_load_nothing_from_elsewhere():
    inline = r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:|\|\s*safe"
    elsewhere = r"""(src|href|action)=["']?(https?:)?//"""
    forbidden = re.compile(f"{inline}|{elsewhere}")
    templates = sorted((ROOT / "templates").glob("*.html"))
    assert templates
    assert [path for path in templates if forbidden.search(path.read_text("utf-8"))] == []


def test_scripts_are_javascript_whatever_the_machine_says(tmp_path, monkeypatch):
    import mimetypes

    mimetypes.add_type("text/plain", ".js")  # as some Windows registries have it
    app = make(tmp_path)
    (tmp_path / "x.js").write_text("0")
    app.static_folder = str(tmp_path)
    with at_home(app).get("/static/x.js") as answer:
        assert answer.mimetype == "text/javascript"


@pytest.mark.parametrize(
    ("host", "path"),
    [("localhost", "/"), ("LOCALHOST:8000", "/callback?state=a&auth_code=b")],
)
def test_localhost_redirects_pages_to_the_one_address(app, host, path):
    answer = app.test_client().get(path, base_url=f"http://{host}")
    assert answer.status_code == 302
    assert answer.location == f"http://{host.lower().replace('localhost', '127.0.0.1')}{path}"


def test_localhost_serves_programs_and_forms_without_a_redirect(app):
    browser = app.test_client()
    assert browser.get("/healthz", base_url="http://localhost:8000").status_code == 200
    assert browser.get("/api/member", base_url="http://localhost:8000").status_code == 401
    assert browser.post("/logout", base_url="http://localhost:8000").status_code == 400


def test_localhost_is_no_reason_to_redirect_behind_a_public_address(tmp_path):
    public = make(tmp_path).test_client()  # a proxy that does not pass Host on
    assert public.get("/", base_url="http://localhost:8000").status_code == 200


def test_cookie_is_secure_where_the_address_is_public(tmp_path):
    local = (
        at_home(make(tmp_path, PUBLIC_URL="http://127.0.0.1:8000"))
        .get("/login")
        .headers["Set-Cookie"]
    )
    public = at_home(make(tmp_path)).get("/login").headers["Set-Cookie"]
    for cookie in (local, public):
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
    assert "Secure" in public
    assert "Secure" not in local


def test_home_leads_on_to_the_landing_page(app):
    app.config["LANDING_PAGE"] = "/elsewhere/"
    assert at_home(app).get("/").location == "/elsewhere/"


def test_language_is_the_browsers_until_one_is_chosen(web):
    english = {"Accept-Language": "en-GB,en;q=0.9"}
    assert '<html lang="zh-CN">' in web.get("/").text
    assert '<html lang="zh-CN">' in web.get("/", headers={"Accept-Language": "fr"}).text
    assert '<html lang="en">' in web.get("/", headers=english).text
    assert '<html lang="zh-CN">' in web.get("/?lang=zh", headers=english).text
    assert '<html lang="zh-CN">' in web.get("/", headers=english).text  # the choice stays
    assert '<html lang="en">' in web.get("/?lang=en").text


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("POST", 405)])
def test_a_wrong_address_has_the_words_of_this_app(web, method, status):
    path = "/nothing" if status == 404 else "/login"
    answer = web.open(path, method=method)
    assert answer.status_code == status
    message, hint = ERRORS[f"http-{status}"]["zh"]
    assert message in answer.text
    assert hint in answer.text


def test_words_of_errors_are_complete_in_both_languages():
    incomplete = [
        (key, lang)
        for key, words in ERRORS.items()
        for lang in ("zh", "en")
        if not all(words[lang])
    ]
    assert incomplete == []


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/member"), ("GET", "/healthz")])
def test_no_other_site_may_read_an_answer(web, method, path):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": method}
    for asked in (method, "OPTIONS"):
        answer = web.open(path, method=asked, headers=headers)
        assert [name for name, _ in answer.headers if name.startswith("Access-Control")] == []


def test_logs_hold_no_token_code_or_key(emulator, serve, auth_code, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    calls, secrets = [], []
    url, app = serve(emulator.isv_settings())
    parts = app.extensions["alipay_member"]
    parts.client.observer = parts.web_client.observer = calls.append

    code = auth_code(app_id="demo-merchant")
    session = requests.post(f"{url}/api/auth", json={"auth_code": code}, timeout=10).json()[
        "session"
    ]
    headers = {"Authorization": f"Bearer {session}"}
    for fault in (None, "tampered", "isv.invalid-signature", "http-500", "disconnect"):
        emulator.faults.set(fault)
        requests.post(f"{url}/api/member", headers=headers, timeout=10)
        requests.post(f"{url}/api/auth", json={"auth_code": code}, timeout=10)
    emulator.faults.set(None)
    with requests.Session() as browser:
        page = browser.get(f"{url}/login", timeout=10).url
        back = browser.post(
            page, data={"member": "complete"}, headers={"Origin": emulator.url}, timeout=10
        )
        secrets += parse_qs(urlsplit(back.history[0].headers["Location"]).query)["auth_code"]
        secrets += [cookie.value for cookie in browser.cookies]
    assert back.url == f"{url}/member"

    for call in calls:
        secrets += [
            call.parameters.get(name, "")
            for name in ("auth_token", "app_auth_token", "code", "sign")
        ]
        secrets += re.findall(rb'"(?:access_token|refresh_token|sign)":"([^"]+)"', call.raw_answer)
    secrets += [
        session,
        code,
        *(value for name, value in emulator.isv_settings().items() if "KEY" in name),
    ]
    secrets += [parts.settings.secret_key]
    secrets = {text.decode() if isinstance(text, bytes) else text for text in secrets} - {""}
    assert len(secrets) > 20
    logged = "\n".join([*(ours(record) for record in caplog.records), *capfd.readouterr()])
    assert not [text for text in secrets if text in logged or json.dumps(text)[1:-1] in logged]


def ours(record):
    """A log record's text, unless urllib3 logged a call of this test, which plays the browser."""
    text = unquote(record.getMessage())
    return (
        ""
        if record.name.startswith("urllib3") and re.search(r'"(GET|POST) /(?!gateway\.do)', text)
        else text
    )


def test_an_error_page_never_links_back_to_its_own_address(web):
    page = web.get("/callback?state=s3cr3tstate&auth_code=s3cr3tcode")
    assert page.status_code == 400
    assert "s3cr3t" not in page.text
    assert "/callback" not in page.text


def test_cookies_are_named_so_that_no_other_host_can_set_them(tmp_path):
    web = at_home(make(tmp_path))
    answer = web.get("/login")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-login-")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"))
    assert web.application.config["SESSION_COOKIE_NAME"] == "__Host-member"
    state = cookie.partition("=")[0].removeprefix("__Host-login-")
    back = web.get(f"/callback?state={state}")
    (gone,) = back.headers.getlist("Set-Cookie")
    assert gone.startswith(f"__Host-login-{state}=;")
    assert all(word in gone for word in ("Secure", "Path=/", "Max-Age=0"))  # or it would stay


def test_health_depends_on_the_store(web, tmp_path):
    assert web.get("/healthz").json == {"ok": True, "app": "alipay-member"}
    with closing(sqlite3.connect(tmp_path / "instance/production.db")) as db:
        db.execute("DROP TABLE schema_version")
    assert web.get("/healthz").status_code == 503
