"""A SECRET_KEY is changed without logging anybody out: SECRET_KEY_FALLBACKS."""

import pytest

import production
from alipay_member import Token
from alipay_member.store import MemberStore
from app import create_app
from helpers import at_home
from server.settings import Settings

OLD = production.values()["SECRET_KEY"]
NEW = "5f0b7a1c94e2d8367b1f0c5ae94d2786"
STRANGER = "e41c07b95d3a8f261e7c4b09a5d83f62"


@pytest.fixture
def serve(tmp_path):
    """serve(SECRET_KEY=…) → a browser for the app with these settings, on the same database."""

    def start(**changes):
        values = production.web_values(**changes)
        store = MemberStore(f"sqlite:///{tmp_path}/members.db")
        app = create_app(Settings.load(tmp_path, values=values), store=store)
        return at_home(app)

    return start


@pytest.fixture
def enter(serve):
    """enter(browser) → the cookies of one who is logged in, and has a second login under way."""

    def log_in(browser):
        store = browser.application.extensions["alipay_member"].store
        token = Token("access", "refresh", 9999, 9999, "o1", None)
        session_token, _ = store.sign_in("2021000000000002", token)
        base_url = "https://members.example.com"
        with browser.session_transaction(base_url=base_url) as cookie:
            cookie["session"] = session_token
        browser.get("/login?again=1")
        return {cookie.key: cookie.value for cookie in browser._cookies.values()}

    return log_in


def with_cookies(browser, cookies):
    for name, value in cookies.items():
        browser.set_cookie(name, value, domain="members.example.com")
    return browser


def outcomes(browser, cookies):
    """The status of the member page, and what became of the login that was under way."""
    prefix = "__Host-login-"
    state = next(name for name in cookies if name.startswith(prefix)).removeprefix(prefix)
    with_cookies(browser, cookies)
    page = browser.get("/member").status_code
    back = browser.get(f"/callback?state={state}")  # without a code: refused, if the state is good
    return page, "bad-request:state" not in back.text


def test_cookies_of_the_old_key_are_good_while_it_is_a_fallback(serve, enter):
    cookies = enter(serve())
    assert outcomes(serve(), cookies) == (200, True)
    rotated = {"SECRET_KEY": NEW, "SECRET_KEY_FALLBACKS": f"{STRANGER}, {OLD}"}
    assert outcomes(serve(**rotated), cookies) == (200, True)
    assert outcomes(serve(SECRET_KEY=NEW), cookies) == (401, False)
    without_it = {"SECRET_KEY": NEW, "SECRET_KEY_FALLBACKS": STRANGER}
    assert outcomes(serve(**without_it), cookies) == (401, False)


def test_new_cookies_are_signed_with_the_new_key(serve, enter):
    cookies = enter(serve(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=OLD))
    assert outcomes(serve(SECRET_KEY=NEW), cookies) == (200, True)
    assert outcomes(serve(SECRET_KEY=OLD), cookies) == (401, False)
