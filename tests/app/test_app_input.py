"""Whatever a client sends, the answer says what is wrong with it, and is never a 500."""

import json

import pytest
import requests
from werkzeug.test import EnvironBuilder, run_wsgi_app

import production
from helpers import at_home

JSON = "application/json"
CODE = "c0de" * 8
BAD_CODES = [
    None,
    "",
    "short",
    "x" * 129,
    12345678901234567890,
    ["authcode"],
    "with space in it",
    "ｃode" * 4,
    "code\n" * 4,
    "code\0code",
    "../../../etc",
    "\ud800" * 8,
]
BAD_BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"NaN",
    b'{"auth_code": "\xff\xfe"}',
    '{"auth_code": "王誠"}'.encode("gbk"),
    b"[" * 16_000,
    b'{"auth_code": ' + b"9" * 6_000 + b"}",
    b"auth_code=" + CODE.encode(),
    b'{"auth_code": 1e999999}',
]
AUTHORIZATIONS = [
    "",
    "Bearer",
    "Bearer x y z",
    "Bearer \x00",
    "Bearer " + "x" * 10_000,
    "Basic dXNlcjpwYXNz",
    "Basic !!!",
    "Bearer ÿþ",
    'Digest username="x", realm',
    "\xff",
]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    from app import create_app
    from server.settings import Settings

    values = production.web_values(PUBLIC_URL="http://127.0.0.1:8000")
    return create_app(Settings.load(tmp_path_factory.mktemp("app"), values=values))


def refusal(answer, status, code):
    """An error in JSON, with a sentence on what to do."""
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert answer.json["error"]["hint"]


@pytest.mark.parametrize("code", BAD_CODES, ids=lambda code: ascii(code)[:20])
def test_auth_refuses_an_invalid_auth_code(web, code):
    refusal(web.post("/api/auth", json={"auth_code": code}), 400, "bad-request:auth-code")


@pytest.mark.parametrize("name", ["authCode", "code"])
def test_auth_names_the_field_that_it_reads(web, name):
    answer = web.post("/api/auth", json={name: CODE})
    refusal(answer, 400, "bad-request:auth-code")
    assert "auth_code" in answer.json["error"]["hint"]


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: ascii(body)[2:22])
def test_auth_refuses_other_bodies_than_json_objects(web, body):
    answer = web.post("/api/auth", data=body, content_type=JSON)
    assert answer.status_code == 400
    assert set(answer.json["error"]) == {"code", "message", "hint", "report"}


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "a;b"])
def test_auth_wants_json_and_says_415_to_anything_else(web, kind):
    answer = web.post("/api/auth", data=json.dumps({"auth_code": CODE}), content_type=kind)
    refusal(answer, 415, "http-415")


def test_auth_refuses_a_body_that_is_too_large(web):
    body = json.dumps({"auth_code": CODE, "padding": "x" * 16 * 1024})
    refusal(web.post("/api/auth", data=body, content_type=JSON), 413, "http-413")


@pytest.mark.parametrize("authorization", AUTHORIZATIONS, ids=lambda text: ascii(text)[:20])
def test_api_treats_a_weird_authorization_as_none(web, authorization):
    environ = {"HTTP_AUTHORIZATION": authorization}
    for method in ("GET", "POST", "DELETE"):
        refusal(
            web.open("/api/member", method=method, environ_overrides=environ), 401, "session-ended"
        )
    assert web.delete("/api/session", environ_overrides=environ).status_code == 200
    refusal(web.post("/api/auth", json={}, environ_overrides=environ), 400, "bad-request:auth-code")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/auth", 405),
        ("PUT", "/api/member", 405),
        ("POST", "/api/nothing", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/%FF%FE", 404),
        ("TRACE", "/api/member", 405),
    ],
)
def test_api_answers_in_json_where_there_is_nothing(web, method, path, status):
    refusal(web.open(path, method=method), status, f"http-{status}")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/../app.py", 404),
        ("GET", "/static/../app.py", 404),
        ("POST", "/login", 405),
        ("GET", "/static/%2e%2e/app.py", 404),
        ("GET", "/logout", 405),
        ("GET", "/callback", 400),
        ("GET", "/member", 401),
        ("GET", "/callback?state=%FF%00", 400),
        ("GET", "/callback?auth_code=%FF&state[]=1", 400),
        ("POST", "/logout", 400),
        ("POST", "/member", 400),
    ],
)
def test_pages_answer_with_a_page_where_there_is_nothing(web, method, path, status):
    answer = web.open(path, method=method)
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    assert f"HTTP {status}" in answer.text


def status_at(app, path, host):
    """The status of a GET with this very Host; Flask's own client trips over an unreadable one."""
    environ = EnvironBuilder(path=path).get_environ() | {"HTTP_HOST": host}
    _, status, _ = run_wsgi_app(app, environ, buffered=True)
    return int(status.partition(" ")[0])


@pytest.mark.parametrize("host", ["[::1]", "127.0.0.1:65535", "", "xn--fiqs8s"])
def test_pages_stand_a_weird_host(app, host):
    for path, status in (("/", 200), ("/login", 302), ("/api/member", 401), ("/nothing", 404)):
        assert status_at(app, path, host) == status


@pytest.mark.parametrize(
    "host",
    [
        *("[", "a b", "localhost:x", "é", "a" * 64, "..", "a:1:2"),
        *("xn--a", "127.0.0.1:65536", "127.0.0.1:99999999"),
    ],
)
def test_an_unreadable_host_is_refused_on_every_route(app, host):
    for path in ("/", "/login", "/api/member", "/nothing", "/healthz"):
        assert status_at(app, path, host) == 400


def test_an_unreadable_query_is_refused(web):
    for path in ("/", "//x", "/nothing", "/api/member"):
        answer = web.get(path, environ_overrides={"QUERY_STRING": "\xff"})
        assert answer.status_code == 400


@pytest.mark.parametrize(
    "cookie",
    ["member=x", "member=eyJ.x.y", f"member={'x' * 5_000}", "login-=x", "lang=\xff", ";;="],
)
def test_pages_stand_a_weird_cookie(web, cookie):
    for path, status in (("/", 200), ("/member", 401), ("/callback?state=x", 400)):
        assert web.get(path, headers={"Cookie": cookie}).status_code == status


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Accept-Language", "\xff" * 50),
        ("Accept-Language", ";q=x,zh;q=9"),
        ("Accept-Language", ",,,,"),
        ("X-Forwarded-Host", "\xff" * 50),
        ("Origin", "*"),
        ("Content-Type", "\xff" * 50),
    ],
)
def test_pages_stand_weird_headers(web, header, value):
    assert web.get("/member", headers={header: value}).status_code == 401


def test_chunked_body_without_end_is_refused(serve):
    url, _ = serve(production.web_values())
    chunks = (b"x" * 1000 for _ in range(40))
    answer = requests.post(
        f"{url}/api/auth", data=chunks, headers={"Content-Type": JSON}, timeout=10
    )
    assert answer.status_code in (400, 413)


def test_store_that_fails_is_a_500_in_the_same_shape(app, caplog, monkeypatch):
    monkeypatch.setattr(app.extensions["alipay_member"], "store", None)  # a bug of our own
    answer = at_home(app).get(
        "/api/member", headers={"Authorization": "Bearer s3cret-session-token"}
    )
    assert (answer.status_code, answer.json["error"]["code"]) == (500, "http-500")
    assert "s3cret" not in caplog.text + answer.text
