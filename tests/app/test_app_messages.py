"""POST /alipay/messages, 应用网关: a withdrawn consent ends what it allowed; nothing else does."""

import sqlite3
import time
from contextlib import closing

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import production
from alipay_member import DatabaseError, Profile, Token
from alipay_member.store import MemberStore
from app import create_app
from helpers import at_home
from pushed import content, form, message, milliseconds
from server.settings import Settings
from wire import key

APP_ID = "2021000000000001"


@pytest.fixture
def store(tmp_path):
    return MemberStore(f"sqlite:///{tmp_path}/members.db")


@pytest.fixture
def app(tmp_path, store):
    """The app as in production, with a key of Alipay's that signs here."""
    public = key("alipay").public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    values = production.web_values(ALIPAY_PUBLIC_KEY=pem, ALIPAY_WEB_PUBLIC_KEY=pem)
    return create_app(Settings.load(tmp_path, values=values), store=store)


@pytest.fixture
def web(app):
    return at_home(app)


@pytest.fixture
def push(web):
    """push(changes) → the answer to a message of Alipay's; push(parameters=…) sends these."""

    def send(parameters=None, **changes):
        own = {"app_id": APP_ID, "biz_content": content(APP_ID, open_id="o1")} | changes
        answer = web.post("/alipay/messages", data=form(parameters or message(**own)))
        assert answer.status_code == 200
        assert answer.mimetype == "text/plain"
        return answer.text

    return send


@pytest.fixture
def sign_in(store):
    """sign_in(open_id, app_id) → the headers of a session whose member has a profile."""

    def enter(open_id="o1", app_id=APP_ID):
        session_token, session = store.sign_in(
            app_id, Token("access", "refresh", 9999, 9999, open_id, None)
        )
        store.save_profile(session, Profile(open_id, nick_name="王誠", city="杭州市"))
        return {"Authorization": f"Bearer {session_token}"}

    return enter


@pytest.fixture
def nick_names(tmp_path):
    """nick_names() → {open_id: nick_name} of all members."""

    def read():
        with closing(sqlite3.connect(f"{tmp_path}/members.db")) as db:
            return dict(db.execute("SELECT open_id, nick_name FROM members"))

    return read


def status(web, headers):
    return web.get("/api/member", headers=headers).status_code


def test_a_withdrawn_consent_ends_the_sessions_and_the_profile_goes(web, push, sign_in, nick_names):
    phone, other_phone, neighbour = sign_in(), sign_in(), sign_in("o2")
    assert push() == "success"
    assert [status(web, one) for one in (phone, other_phone, neighbour)] == [401, 401, 200]
    assert nick_names() == {"o1": None, "o2": "王誠"}
    assert push() == "success"  # Alipay sends again what it thinks has not arrived
    assert nick_names() == {"o1": None, "o2": "王誠"}


def test_an_old_message_does_not_hurt_who_has_consented_anew(web, push, sign_in, nick_names):
    old = sign_in()
    time.sleep(0.01)
    withdrawn_at = milliseconds(time.time())
    time.sleep(0.01)
    new = sign_in()
    for _ in range(2):
        assert (
            push(biz_content=content(APP_ID, open_id="o1", cancel_time=withdrawn_at)) == "success"
        )
        assert [status(web, one) for one in (old, new)] == [401, 200]
        assert nick_names() == {"o1": "王誠"}


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        message("stranger", app_id=APP_ID, biz_content=content(APP_ID, open_id="o1")),
        message(app_id=APP_ID, biz_content=content(APP_ID, open_id="o1")) | {"sign": ""},
        message(app_id=APP_ID, biz_content=content(APP_ID, open_id="o2"))
        | {"biz_content": content(APP_ID, open_id="o1")},
    ],
    ids=["nothing", "stranger", "unsigned", "tampered"],
)
def test_what_alipay_did_not_sign_is_answered_fail_and_changes_nothing(
    web, push, sign_in, nick_names, parameters
):
    session = sign_in()
    assert push(parameters or {"a": "b"}) == "fail"
    assert status(web, session) == 200
    assert nick_names() == {"o1": "王誠"}


@pytest.mark.parametrize(
    "changes",
    [
        {"msg_method": "alipay.open.app.api.field.invalid"},
        {"biz_content": content(APP_ID, open_id="o3")},
        {"biz_content": content("2021000000000009", open_id="o1")},
        {"app_id": "2021000000000009"},
        {"app_id": "2021000000000002"},  # our web app's own, but the member is the mini-program's
        {"utc_timestamp": str(milliseconds(time.time() - 49 * 3600))},
        {"biz_content": "{}"},
    ],
    ids=["method", "member", "app inside", "app", "other app of ours", "old", "empty"],
)
def test_what_asks_nothing_of_us_is_answered_success_and_changes_nothing(
    web, push, sign_in, nick_names, caplog, changes
):
    session = sign_in()
    assert push(**changes) == "success"
    assert status(web, session) == 200
    assert nick_names() == {"o1": "王誠"}
    (record,) = [one for one in caplog.records if one.name.startswith("alipay_member")]
    assert "changes nothing" in record.getMessage()
    assert "o1" not in record.getMessage()


def test_the_web_app_hears_of_its_own_members(push, sign_in, nick_names):
    sign_in()
    sign_in("w1", "2021000000000002")
    web_app = "2021000000000002"
    assert push(app_id=web_app, biz_content=content(web_app, open_id="w1")) == "success"
    assert nick_names() == {"o1": "王誠", "w1": None}


def test_gbk_is_understood(web, push, sign_in):
    session = sign_in()
    assert push(charset="GBK", biz_content=content(APP_ID, open_id="o1", memo="王誠")) == "success"
    assert status(web, session) == 401


def test_no_origin_is_asked_for_and_no_cookie_helps(web, push, sign_in):
    """Alipay's servers send none; a page elsewhere that makes a browser post gets no further."""
    sign_in()
    for origin in ("https://evil.example", "null"):
        answer = web.post("/alipay/messages", data={"a": "b"}, headers={"Origin": origin})
        assert (answer.status_code, answer.text) == (200, "fail")
    answer = web.post("/logout", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 400  # the forms still ask


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_post_is_answered(web, method):
    assert web.open("/alipay/messages", method=method).status_code == 405


def test_too_large_a_message_is_413_and_nothing_is_a_500(web):
    body = b"biz_content=" + b"x" * 20_000
    assert web.post("/alipay/messages", data=body).status_code == 413
    for body in (b"", b"\0", b"%", b"=" * 9000, b"&" * 9000, b"charset=%00", b"sign=\xff"):
        answer = web.post("/alipay/messages", data=body)
        assert (answer.status_code, answer.text) == (200, "fail")
    answer = web.post("/alipay/messages", json={"msg_method": "x"})
    assert answer.text == "fail"


def test_without_a_database_alipay_gets_no_success_and_sends_it_again(web, store, monkeypatch):
    def fail(*_):
        raise DatabaseError("the database is locked")

    monkeypatch.setattr(store, "withdraw_consent", fail)
    body = form(message(app_id=APP_ID, biz_content=content(APP_ID, open_id="o1")))
    answer = web.post("/alipay/messages", data=body)
    assert answer.status_code == 503
    assert "success" not in answer.text
