"""The web login's session: where it returns to, its forms, what it does not open, merchants."""

import pytest
import requests
from itsdangerous import URLSafeTimedSerializer

from alipay_member.errors import DatabaseError
from test_web_login import Browser, query

FOREIGN = [
    "//evil.example",
    "/\\evil.example",
    "http://evil.example/",
    "javascript:alert(1)",
    "",
    "/\t/evil.example",
    "/\r\nSet-Cookie:x",
    "/王誠",
    "/x\0",
    "/" + "x" * 5000,
]
LOCAL = [
    "/",
    "/member",
    "/member?lang=en&x=%20",
    "/@evil.example",
    "/" + "x" * 500,
]


@pytest.fixture
def site(emulator, serve):
    url, app = serve(emulator.settings())
    return url, app.extensions["alipay_member"].store


@pytest.fixture
def browser(site):
    with Browser(site[0]) as browser:
        yield browser


@pytest.fixture
def logged_in(browser):
    assert browser.log_in().ok
    return browser


@pytest.mark.parametrize("path", FOREIGN, ids=ascii)
def test_next_never_leads_away(site, browser, path):
    page = browser.open("/login", params={"next": path})
    back = browser.answer(page, "complete", allow_redirects=False).headers["Location"]
    assert browser.get(back, timeout=10, allow_redirects=False).headers["Location"] == "/member"
    straight = browser.open("/login", params={"next": path}, allow_redirects=False)
    assert straight.headers["Location"] == "/member"


@pytest.mark.parametrize("path", LOCAL)
def test_next_is_where_the_login_returns_to(site, browser, path):
    page = browser.open("/login", params={"next": path})
    back = browser.answer(page, "complete", allow_redirects=False).headers["Location"]
    assert browser.get(back, timeout=10, allow_redirects=False).headers["Location"] == path


def test_four_long_returns_still_fit_into_cookies(browser):
    incompressible = "/" + "".join(chr(33 + (i * i * 7919) % 59) for i in range(500)).replace(
        "\\", "_"
    )
    tabs = [browser.open("/login", params={"next": incompressible}) for _ in range(4)]
    sizes = [len(cookie.name + cookie.value) for cookie in browser.cookies]
    assert max(sizes) < 4000  # browsers drop a cookie of more than 4096 bytes
    assert sum(sizes) < 8000  # and servers a request whose headers are longer
    assert browser.answer(tabs[0], "complete", allow_redirects=False).status_code == 302


def test_logout_ends_the_session_and_keeps_the_member(site, logged_in):
    url, store = site
    cookie = logged_in.cookies["member"]
    assert logged_in.submit("/logout").url == f"{url}/"
    assert logged_in.open("/member").status_code == 401
    assert store.count_sessions("demo-web") == 0
    assert len(store.members("demo-web")) == 1
    logged_in.cookies.set("member", cookie, domain="127.0.0.1")  # kept somewhere: it opens nothing
    assert logged_in.open("/member").status_code == 401


def test_forget_removes_the_member_with_all_sessions(site, logged_in):
    url, store = site
    with Browser(url) as elsewhere:
        elsewhere.log_in()
        assert logged_in.submit("/forget").url == f"{url}/"
        assert elsewhere.open("/member").status_code == 401
    assert store.members("demo-web") == []
    assert store.count_sessions("demo-web") == 0


@pytest.mark.parametrize(("path", "method"), [("/logout", "sign_out"), ("/forget", "forget")])
def test_logout_and_forget_can_be_repeated_after_a_database_error(
    site, logged_in, monkeypatch, path, method
):
    _, store = site

    def fail(*_):
        raise DatabaseError("the database failed")

    with monkeypatch.context() as patch:
        patch.setattr(store, method, fail)
        assert logged_in.submit(path).status_code == 503
    assert store.count_sessions("demo-web") == 1
    assert logged_in.submit(path).ok
    assert store.count_sessions("demo-web") == 0


def test_logging_in_again_is_not_offered_where_it_mends_nothing(emulator, site, browser):
    emulator.accounts.bind_product("demo-web", False)
    page = browser.log_in()
    assert page.status_code == 403
    assert "40006" in page.text
    assert "/login?again=1" not in page.text


def test_fetch_again_persists_anew(site, logged_in):
    url, store = site
    assert logged_in.submit("/member").url == f"{url}/member"
    assert len(store.members("demo-web")) == 1


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        ("/logout", None),
        ("/forget", "null"),
        ("/member", "http://evil.example"),
        ("/forget", "http://127.0.0.1"),
        ("/logout", "https://127.0.0.1"),
        ("/member", ""),
    ],
)
def test_forms_count_only_from_our_own_pages(site, logged_in, path, origin):
    url, store = site
    headers = {} if origin is None else {"Origin": origin}
    answer = logged_in.post(url + path, headers=headers | {"Referer": f"{url}/member"}, timeout=10)
    assert answer.status_code == 400
    assert "<code>bad-request:origin</code>" in answer.text
    assert store.count_sessions("demo-web") == 1
    assert logged_in.open("/member").ok


def test_forms_without_a_session_are_harmless(browser):
    assert browser.submit("/logout").ok
    assert browser.submit("/forget").status_code == 401
    assert browser.submit("/member").status_code == 401


def test_cookie_opens_nothing_under_api(site, logged_in):
    url, store = site
    assert logged_in.open("/api/member").status_code == 401
    for method, path in (("POST", "/api/member"), ("DELETE", "/api/member")):
        assert (
            logged_in.request(method, url + path, headers={"Origin": url}, timeout=10).status_code
            == 401
        )
    assert logged_in.delete(f"{url}/api/session", timeout=10).ok
    assert logged_in.open("/member").ok  # nobody was logged out, nor the cookie taken away
    assert store.count_sessions("demo-web") == 1


def test_web_session_opens_nothing_under_api_as_a_bearer(site, logged_in):
    url, store = site
    _, unsealed = URLSafeTimedSerializer("").loads_unsafe(
        logged_in.cookies["member"]
    )  # it is signed, not sealed
    assert store.session(unsealed["session"])
    headers = {"Authorization": f"Bearer {unsealed['session']}"}
    assert requests.get(f"{url}/api/member", headers=headers, timeout=10).status_code == 401


def test_ended_session_is_a_page_that_offers_to_authorise_again(site, logged_in):
    url, store = site
    store.clear("demo-web")
    answer = logged_in.open("/member")
    assert answer.status_code == 401
    assert 'href="/login?again=1"' in answer.text
    assert logged_in.open("/login").url != f"{url}/member"  # no loop: the cookie has let go of it


def test_two_apps_know_the_same_person_as_two_members_of_one_union(site, auth_code, logged_in):
    url, store = site
    requests.post(f"{url}/api/auth", json={"auth_code": auth_code()}, timeout=10).raise_for_status()
    (web,), (mini,) = store.members("demo-web"), store.members("demo-mini")
    assert web.open_id != mini.open_id
    assert web.union_id == mini.union_id
    assert web.union_id in logged_in.open("/member").text


@pytest.fixture
def isv(emulator, serve):
    url, app = serve(emulator.isv_settings())
    with Browser(url) as browser:
        yield browser, app.extensions["alipay_member"].store


def test_isv_login_is_for_the_merchants_app(isv):
    browser, store = isv
    page = browser.open("/login")
    assert query(page.url)["app_id"] == "demo-merchant"
    assert browser.answer(page, "complete").url == f"{browser.url}/member"
    assert [member.nick_name for member in store.members("demo-merchant")] == ["完整示例"]
    assert store.members("demo-web") == store.members("demo-mini") == []


def test_isv_cookie_opens_nothing_under_api_though_both_are_one_app(isv):
    browser, store = isv
    browser.log_in()
    for method in ("GET", "POST", "DELETE"):
        assert browser.request(method, f"{browser.url}/api/member", timeout=10).status_code == 401
    assert store.count_sessions("demo-merchant") == 1


def test_isv_members_belong_to_the_merchant_through_the_api_too(isv, auth_code):
    browser, store = isv
    code = auth_code(app_id="demo-merchant")
    answer = requests.post(f"{browser.url}/api/auth", json={"auth_code": code}, timeout=10)
    assert answer.json()["member"]["app_id"] == "demo-merchant"
    assert len(store.members("demo-merchant")) == 1


@pytest.mark.parametrize("app_id", ["demo-mini", "demo-web"])
def test_isv_codes_obtained_with_its_own_id_are_refused(isv, auth_code, app_id):
    browser, store = isv
    answer = requests.post(
        f"{browser.url}/api/auth", json={"auth_code": auth_code(app_id=app_id)}, timeout=10
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "isv.code-invalid")
    assert answer.json()["error"]["hint"]
    state = query(browser.open("/login").url)["state"]
    answer = browser.open(
        "/callback", params={"state": state, "auth_code": auth_code(app_id=app_id)}
    )
    assert answer.status_code == 401
    assert store.members("demo-merchant") == []


def test_isv_with_a_wrong_merchant_token_is_a_502(emulator, serve, auth_code):
    url, _ = serve(emulator.isv_settings() | {"ALIPAY_APP_AUTH_TOKEN": "202501BBnot-the-merchants"})
    code = auth_code(app_id="demo-merchant")
    answer = requests.post(f"{url}/api/auth", json={"auth_code": code}, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        502,
        "aop.invalid-app-auth-token",
    )
    assert answer.json()["error"]["hint"]
