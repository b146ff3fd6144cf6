"""The web login as a browser does it: /login → the authorise page → /callback → /member.

Then what the browser's session opens, and what it does not; and an ISV's login for a merchant.
"""

import html
import re
import time
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

import production
from alipay_member.errors import DatabaseError
from helpers import at_home
from server.web import ERRORS


class Browser(requests.Session):
    """Cookies and redirects of requests, and what a person does on the authorise page."""

    def __init__(self, url):
        super().__init__()
        self.url = url

    def open(self, path, **options):
        return self.get(self.url + path, timeout=10, **options)

    def submit(self, path, **headers):
        """Send one of the site's own forms."""
        return self.post(self.url + path, headers={"Origin": self.url} | headers, timeout=10)

    def answer(self, page, member=None, **options):
        """On the authorise page, press one person's 同意 (agree), or 拒绝 (deny)."""
        assert not member or f'name="member" value="{member}"' in page.text
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        data = {"member": member} if member else {}
        return self.post(page.url, data=data, headers={"Origin": origin}, timeout=10, **options)

    def log_in(self, member="complete", path="/login"):
        return self.answer(self.open(path), member)


@pytest.fixture
def site(emulator, serve):
    """The address and the parts of a server that uses the emulator."""
    url, app = serve(emulator.settings())
    return SimpleNamespace(url=url, **vars(app.extensions["alipay_member"]))


@pytest.fixture
def browser(site):
    with Browser(site.url) as browser:
        yield browser


@pytest.fixture
def other_browser(site):
    with Browser(site.url) as browser:
        yield browser


def assert_refused(answer, code):
    """A 400 page that says what happened and offers to log in."""
    assert answer.status_code == 400
    assert f"<code>{code}</code>" in answer.text
    assert 'href="/login?again=1' in answer.text
    assert all(sentence in html.unescape(answer.text) for sentence in ERRORS[code]["zh"])


def query(url):
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


def test_login_sends_the_browser_to_the_authorise_page(site, browser):
    answer = browser.open("/login", allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(site.settings.authorize_endpoint + "?")
    sent = query(answer.headers["Location"])
    assert re.fullmatch(r"[\w-]{22}", sent.pop("state"))
    assert sent == {
        "app_id": "demo-web",
        "scope": "auth_user",
        "redirect_uri": f"{site.url}/callback",
    }


def test_login_makes_a_new_state_each_time(browser):
    assert len({query(browser.open("/login").url)["state"] for _ in range(5)}) == 5


def test_agreeing_persists_the_profile_under_the_web_app(site, browser):
    page = browser.log_in()
    assert page.url == f"{site.url}/member"
    assert "完整示例" in page.text
    (member,) = site.store.members("demo-web")
    assert (member.nick_name, member.city) == ("完整示例", "杭州市")
    assert member.open_id in page.text
    assert site.store.members("demo-mini") == []
    assert "my.getAuthUserInfo" in page.text  # the contrast, in words


def test_member_page_shows_the_source_documents_answer_with_its_meanings(browser):
    text = browser.log_in("sandbox-buyer").text
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", text, re.DOTALL)
    shown = {
        re.sub(r".*<code>|</code>", "", head): (value, meaning)
        for head, value, meaning in zip(cells[3::3], cells[4::3], cells[5::3], strict=True)
    }
    assert shown["nick_name"][0] == "买家沙箱"
    assert shown["gender"] == ("F", "女性")
    assert shown["user_type"] == ("2", "个人账户")
    assert shown["user_status"] == ("T", "已认证用户")
    assert shown["is_certified"] == ("T", "通过实名认证")
    assert shown["is_student_certified"] == ("F", "不是学生")
    assert shown["avatar"][0] == "–"
    assert "没有设置" in shown["avatar"][1]


def test_denying_is_said_so_and_stores_nothing(site, browser):
    assert_refused(browser.log_in(None), "bad-request:refused")
    assert site.store.members("demo-web") == []
    assert browser.open("/member").status_code == 401


@pytest.mark.parametrize("state", [None, "x" * 22])
def test_callback_refuses_a_wrong_or_missing_state(site, browser, state):
    back = browser.answer(browser.open("/login"), "complete", allow_redirects=False)
    sent = query(back.headers["Location"])
    assert sent.pop("state")
    given = sent if state is None else sent | {"state": state}
    assert_refused(browser.open("/callback", params=given), "bad-request:state")
    assert site.store.members("demo-web") == []


def test_callback_refuses_a_state_of_another_browser(site, browser, other_browser):
    other_browser.open("/login")
    back = browser.answer(browser.open("/login"), "complete", allow_redirects=False).headers[
        "Location"
    ]
    assert_refused(other_browser.get(back, timeout=10), "bad-request:state")
    assert site.store.members("demo-web") == []


def test_callback_refuses_a_state_the_second_time(site, browser):
    back = browser.answer(browser.open("/login"), "complete", allow_redirects=False).headers[
        "Location"
    ]
    assert browser.get(back, timeout=10).url == f"{site.url}/member"
    assert_refused(browser.get(back, timeout=10), "bad-request:state")
    assert "完整示例" in browser.open("/member").text  # going back has not logged them out


@pytest.mark.parametrize(("seconds", "status"), [(590, 200), (601, 400)])
def test_callback_refuses_a_state_after_ten_minutes(site, browser, monkeypatch, seconds, status):
    page = browser.open("/login")
    later = int(time.time()) + seconds
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _: later)
    answer = browser.answer(page, "complete")
    assert answer.status_code == status
    assert ("bad-request:state" in answer.text) == (status == 400)


@pytest.mark.parametrize("auth_code", ["", "with space in it"])
def test_callback_without_a_usable_auth_code_is_a_refusal(browser, auth_code):
    state = query(browser.open("/login").url)["state"]
    assert_refused(
        browser.open("/callback", params={"state": state, "auth_code": auth_code}),
        "bad-request:refused",
    )


def test_callback_does_not_read_the_parameter_code(browser):
    sent = query(
        browser.answer(browser.open("/login"), "complete", allow_redirects=False).headers[
            "Location"
        ]
    )
    given = {"state": sent["state"], "code": sent["auth_code"]}
    assert_refused(browser.open("/callback", params=given), "bad-request:refused")


def test_callback_with_a_code_that_alipay_refuses_offers_to_authorise_again(site, browser):
    state = query(browser.open("/login").url)["state"]
    answer = browser.open("/callback", params={"state": state, "auth_code": "made-up-code"})
    assert answer.status_code == 401
    assert "isv.code-invalid" in answer.text
    assert 'href="/login?again=1' in answer.text
    assert "alipay.system.oauth.token" in answer.text  # the question for Alipay's support
    assert "?lang=" not in answer.text  # no link back to an address with a code
    assert site.store.members("demo-web") == []


def test_callback_without_the_product_keeps_the_ids_and_the_session(site, browser, switch):
    switch("product", app_id="demo-web", bound=False)
    answer = browser.log_in()
    assert answer.status_code == 403
    assert "获取会员信息" in answer.text
    assert "会员信息还没有取到" in browser.open("/member").text
    (member,) = site.store.members("demo-web")
    assert member.profile_at is None


def test_two_tabs_can_log_in_one_after_the_other(site, browser):
    one, two = browser.open("/login?next=/member%3Fa"), browser.open("/login?next=/member%3Fb")
    assert browser.answer(two, "complete").url == f"{site.url}/member?b"
    assert browser.answer(one, "company").url == f"{site.url}/member?a"
    assert site.store.count_sessions("demo-web") == 1


def test_many_tabs_leave_the_newest_four_good(browser):
    tabs = [browser.open("/login") for _ in range(5)]
    assert browser.answer(tabs[0], "complete").status_code == 400
    assert [browser.answer(tab, "complete").status_code for tab in tabs[1:]] == [200] * 4


def test_two_logins_at_the_same_moment_both_work(site, browser):
    """Their answers cross: neither has seen the other's cookie."""
    with Browser(site.url) as twin:
        one, two = browser.open("/login"), twin.open("/login")
        for cookie in twin.cookies:
            browser.cookies.set_cookie(cookie)
    assert browser.answer(two, "complete").url == f"{site.url}/member"
    assert browser.answer(one, "company").url == f"{site.url}/member"


def test_a_state_that_was_taken_leaves_no_cookie(browser):
    browser.log_in()
    assert [cookie.name for cookie in browser.cookies if cookie.name.startswith("login-")] == []


def test_a_state_that_somebody_made_up_is_refused(site, browser):
    browser.cookies.set("login-mine", '[9999999999,"/member"].x', domain="127.0.0.1")
    given = {"state": "mine", "auth_code": "a" * 32}
    assert_refused(browser.open("/callback", params=given), "bad-request:state")


def test_a_state_under_the_name_of_another_is_refused(browser):
    state = query(browser.open("/login").url)["state"]
    browser.cookies.set("login-mine", browser.cookies[f"login-{state}"], domain="127.0.0.1")
    given = {"state": "mine", "auth_code": "a" * 32}
    assert_refused(browser.open("/callback", params=given), "bad-request:state")


def test_login_ends_the_session_that_was_there(site, browser):
    browser.log_in()
    old = browser.cookies["member"]
    assert browser.log_in("company", "/login?again=1").ok
    assert site.store.count_sessions("demo-web") == 1
    assert browser.cookies["member"] != old
    with Browser(site.url) as thief:  # who kept the old cookie
        thief.cookies.set("member", old, domain="127.0.0.1")
        assert thief.open("/member").status_code == 401


def test_login_of_who_is_logged_in_goes_straight_on(site, browser):
    browser.log_in()
    assert browser.open("/login?next=/member%3Fhere").url == f"{site.url}/member?here"
    assert browser.open("/login?again=1").url.startswith(site.settings.authorize_endpoint)


def test_login_lasts_as_long_as_the_session_does(emulator, serve):
    url, app = serve(emulator.settings())
    with Browser(url) as browser:
        browser.log_in()
        (cookie,) = [cookie for cookie in browser.cookies if cookie.name == "member"]
        assert not cookie.discard  # closing the browser does not end it
        session_token = app.session_interface.get_signing_serializer(app).loads(cookie.value)[
            "session"
        ]
        assert (
            abs(
                cookie.expires
                - app.extensions["alipay_member"].store.session(session_token).expires_at
            )
            < 60
        )


def test_login_without_a_web_app_says_what_to_set(tmp_path):
    from app import create_app
    from server.settings import Settings

    browser = at_home(create_app(Settings.load(tmp_path, values=production.values())))
    for path in ("/login", "/callback?state=x&auth_code=whatever-code", "/member"):
        answer = browser.get(path)
        assert answer.status_code == 404
        for sentence in ERRORS["bad-request:no-web-app"]["zh"]:
            assert sentence in answer.text
        assert "/login" not in answer.text
    assert "ALIPAY_WEB_" in browser.get("/").text


@pytest.mark.parametrize(
    ("member", "nick_name"), [("sandbox-buyer", "买家沙箱"), ("no-avatar", "王誠")]
)
def test_gbk_arrives_in_the_browser_as_it_is(emulator, serve, member, nick_name):
    url, app = serve(emulator.settings() | {"ALIPAY_CHARSET": "gbk"})
    with Browser(url) as browser:
        page = browser.log_in(member)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"<h1>{nick_name}</h1>" in page.content.decode("utf-8")
    (row,) = app.extensions["alipay_member"].store.members("demo-web")
    assert row.nick_name == nick_name


# ── the session: where it returns to, its forms, what it does not open ──

FOREIGN = [
    "//evil.example",
    "/\\evil.example",
    "http://evil.example/",
    "javascript:alert(1)",
    "",
    "/\t/evil.example",
    "/\r\nSet-Cookie:x",
    "/王誠",
    "/" + "x" * 5000,
]
LOCAL = [
    "/",
    "/member?lang=en&x=%20",
    "/?next=//evil.example",
    "/" + "x" * 500,
]


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
    url, store = site.url, site.store
    cookie = logged_in.cookies["member"]
    assert logged_in.submit("/logout").url == f"{url}/"
    assert "member" not in logged_in.cookies
    assert logged_in.open("/member").status_code == 401
    assert store.count_sessions("demo-web") == 0
    assert len(store.members("demo-web")) == 1
    logged_in.cookies.set("member", cookie, domain="127.0.0.1")  # kept somewhere: it opens nothing
    assert logged_in.open("/member").status_code == 401


def test_forget_removes_the_member_with_all_sessions(site, logged_in):
    url, store = site.url, site.store
    with Browser(url) as elsewhere:
        elsewhere.log_in()
        assert logged_in.submit("/forget").url == f"{url}/"
        assert elsewhere.open("/member").status_code == 401
    assert store.members("demo-web") == []
    assert store.count_sessions("demo-web") == 0


@pytest.mark.parametrize(("path", "method"), [("/logout", "sign_out"), ("/forget", "forget")])
def test_what_the_database_could_not_end_may_be_ended_again(
    site, logged_in, monkeypatch, path, method
):
    store = site.store

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
    url, store = site.url, site.store
    assert logged_in.submit("/member").url == f"{url}/member"
    assert len(store.members("demo-web")) == 1


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        ("/logout", None),
        ("/logout", "null"),
        ("/logout", "http://127.0.0.1"),
        ("/forget", "http://evil.example"),
        ("/forget", ""),
    ],
)
def test_forms_count_only_from_our_own_pages(site, logged_in, path, origin):
    url, store = site.url, site.store
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
    url, store = site.url, site.store
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
    url, store = site.url, site.store
    _, unsealed = URLSafeTimedSerializer("").loads_unsafe(
        logged_in.cookies["member"]
    )  # it is signed, not sealed
    assert store.session(unsealed["session"])
    headers = {"Authorization": f"Bearer {unsealed['session']}"}
    assert requests.get(f"{url}/api/member", headers=headers, timeout=10).status_code == 401


def test_ended_session_is_a_page_that_offers_to_authorise_again(site, logged_in):
    url, store = site.url, site.store
    store.clear("demo-web")
    answer = logged_in.open("/member")
    assert answer.status_code == 401
    assert 'href="/login?again=1"' in answer.text
    assert logged_in.open("/login").url != f"{url}/member"  # no loop: the cookie has let go of it


def test_two_apps_know_the_same_person_as_two_members_of_one_union(site, auth_code, logged_in):
    url, store = site.url, site.store
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
    assert "demo-merchant" in browser.open("/").text
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


def test_isv_with_a_wrong_merchant_token_learns_so(emulator, serve, auth_code):
    url, _ = serve(emulator.isv_settings() | {"ALIPAY_APP_AUTH_TOKEN": "202501BBnot-the-merchants"})
    code = auth_code(app_id="demo-merchant")
    answer = requests.post(f"{url}/api/auth", json={"auth_code": code}, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (
        502,
        "aop.invalid-app-auth-token",
    )
    assert answer.json()["error"]["hint"]
