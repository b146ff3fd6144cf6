"""What all answers have in common: headers, languages, one host name, no secrets in a log."""

import json
import logging
import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests

import production
from helpers import ROOT, at_home

PAGES = ["/", "/login", "/nothing", "/api/member"]  # a page, a redirect, an error, JSON


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


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_has_the_security_headers(web, path):
    answer = web.get(path)
    policy = directives(answer)
    assert policy["default-src"] == ["'self'"]
    assert policy["img-src"] == ["'self'", "https://*.alipayobjects.com"]
    assert policy["frame-ancestors"] == ["'self'"]
    assert policy["base-uri"] == ["'none'"]
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


def test_templates_have_no_inline_script_or_style():
    forbidden = re.compile(
        r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:|\|\s*safe"
        r"""|(src|href|action)=["']?(https?:)?//"""
    )
    templates = sorted((ROOT / "templates").glob("*.html"))
    assert templates
    assert [path.name for path in templates if forbidden.search(path.read_text("utf-8"))] == []


def test_scripts_are_javascript_whatever_the_registry_has(tmp_path, monkeypatch):
    import mimetypes

    mimetypes.add_type("text/plain", ".js")  # as some Windows registries have it
    app = make(tmp_path)
    (tmp_path / "x.js").write_text("0")
    app.static_folder = str(tmp_path)
    with at_home(app).get("/static/x.js") as answer:
        assert answer.mimetype == "text/javascript"


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("localhost", "/"),
        ("localhost:8000", "/callback?state=a&auth_code=b"),
        ("LOCALHOST:8000", "/login?next=/member"),
    ],
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


def test_home_shows_the_settings_and_no_secret(web):
    text = web.get("/").text
    settings = production.web_values()
    for shown in (
        "2021000000000001",
        "2021000000000002",
        "https://openapi.alipay.com/gateway.do",
        "支付宝正式环境",
    ):
        assert shown in text
    assert not any(value in text for name, value in settings.items() if "KEY" in name)


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


@pytest.mark.parametrize("status", [404, 405])
def test_error_pages_do_not_blame_alipay_for_a_wrong_address(web, status):
    answer = web.get("/nothing") if status == 404 else web.post("/login")
    assert answer.status_code == status
    assert "支付宝那边" not in answer.text


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
