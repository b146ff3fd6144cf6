"""The routes of app.py as the mini-program uses them, against an emulated Alipay over HTTP."""

import re
import time

import pytest
import requests

from alipay_member import SessionEnded
from alipay_member.explain import describe

FIELDS = {
    "app_id",
    "open_id",
    "user_id",
    "union_id",
    "nick_name",
    "avatar",
    "gender",
    "province",
    "city",
    "user_type",
    "user_status",
    "is_certified",
    "is_student_certified",
    "first_seen",
    "profile_at",
}
PROFILE = FIELDS - {"app_id", "open_id", "user_id", "union_id", "first_seen", "profile_at"}


def error(answer):
    """The error of an answer, in the one shape that all errors have."""
    assert list(answer.json) == ["error"]
    assert set(answer.json["error"]) == {"code", "message", "hint", "report"}
    assert all(isinstance(text, str) for text in answer.json["error"].values())
    assert answer.json["error"]["message"]
    return answer.json["error"]


def test_auth_answers_with_a_session_and_a_member_of_ids_only(web, auth_code, rows):
    answer = web.post("/api/auth", json={"auth_code": auth_code()})
    assert answer.status_code == 200
    assert set(answer.json) == {"session", "expires_in", "member"}
    assert re.fullmatch(r"[\w-]{43}", answer.json["session"])
    assert 2591990 <= answer.json["expires_in"] <= 2592000
    member = answer.json["member"]
    assert set(member) == FIELDS
    assert (member["app_id"], len(member["open_id"]), member["user_id"]) == ("demo-mini", 47, None)
    assert abs(member["first_seen"] - time.time()) < 60
    assert all(member[name] is None for name in (*PROFILE, "profile_at"))
    assert [row["open_id"] for row in rows("members")] == [member["open_id"]]
    assert answer.json["session"] not in str(rows("sessions"))  # only its hash is kept
    assert "access_token" not in answer.text


def test_member_answers_with_what_was_persisted(web, sign_in, rows):
    session = sign_in()
    answer = web.post("/api/member", headers=session)
    assert answer.status_code == 200
    member = answer.json["member"]
    assert (member["nick_name"], member["gender"], member["city"]) == ("完整示例", "F", "杭州市")
    assert (member["user_type"], member["user_status"]) == ("2", "T")
    assert (member["is_certified"], member["is_student_certified"]) == ("T", "F")
    assert abs(member["profile_at"] - time.time()) < 60
    (row,) = rows("members")
    assert {name: row[name] for name in FIELDS} == member
    assert web.get("/api/member", headers=session).json == {"member": member}


def test_member_is_shown_without_a_call_to_alipay(web, app, sign_in):
    session, calls = sign_in(), []
    app.extensions["alipay_member"].client.observer = calls.append
    assert web.get("/api/member", headers=session).status_code == 200
    assert calls == []
    assert web.post("/api/member", headers=session).status_code == 200
    assert [call.method for call in calls] == ["alipay.user.info.share"]


def test_member_without_nickname_or_avatar_is_no_error(web, sign_in):
    member = web.post("/api/member", headers=sign_in("company")).json["member"]
    assert (member["nick_name"], member["user_type"]) == (None, "1")
    assert web.post("/api/member", headers=sign_in("no-avatar")).json["member"]["avatar"] is None


def test_auth_code_works_once(web, auth_code, rows):
    code = auth_code()
    assert web.post("/api/auth", json={"auth_code": code}).status_code == 200
    before = rows("sessions")
    again = web.post("/api/auth", json={"auth_code": code})
    assert again.status_code == 401
    assert (error(again)["code"], error(again)["message"]) == ("isv.code-invalid", "授权码code无效")
    assert "my.getAuthCode" in error(again)["hint"]
    assert "alipay.system.oauth.token" in error(again)["report"]
    assert rows("sessions") == before


def test_auth_replaces_the_live_session(web, auth_code, sign_in, rows):
    old = sign_in()
    answer = web.post("/api/auth", json={"auth_code": auth_code()}, headers=old)
    assert web.get("/api/member", headers=old).status_code == 401
    fresh = {"Authorization": f"Bearer {answer.json['session']}"}
    assert web.get("/api/member", headers=fresh).status_code == 200
    assert (len(rows("sessions")), len(rows("members"))) == (1, 1)


def test_session_delete_logs_out_of_this_session_only(web, sign_in, rows):
    one, other = sign_in(), sign_in()
    assert web.delete("/api/session", headers=one).json == {}
    assert error(web.get("/api/member", headers=one))["code"] == "session-ended"
    assert web.get("/api/member", headers=other).status_code == 200
    assert len(rows("members")) == 1
    assert web.delete("/api/session").status_code == 200  # who is not logged in is logged out


def test_member_delete_forgets_the_person_with_all_sessions(web, sign_in, rows):
    one, other, neighbour = sign_in(), sign_in(), sign_in("company")
    web.post("/api/member", headers=one)
    assert web.delete("/api/member", headers=one).json == {}
    assert [web.get("/api/member", headers=who).status_code for who in (one, other, neighbour)] == [
        401,
        401,
        200,
    ]
    assert len(rows("members")) == len(rows("sessions")) == 1


@pytest.mark.parametrize(
    ("method", "form"),
    [
        *(("POST", None), ("GET", None), ("DELETE", None), ("POST", "Bearer never-was")),
        *(("GET", "Basic {}"), ("GET", "{}"), ("GET", "Bearer{}"), ("DELETE", "Bearer {}x")),
    ],
)
def test_member_needs_a_session_by_bearer(web, sign_in, rows, method, form):
    token = sign_in()["Authorization"].removeprefix("Bearer ")
    headers = {"Authorization": form.format(token)} if form else {}
    answer = web.open("/api/member", method=method, headers=headers)
    assert (answer.status_code, error(answer)["code"]) == (401, "session-ended")
    assert error(answer)["hint"]
    assert len(rows("members")) == 1


def test_bearer_opens_no_page(web, sign_in):
    assert web.get("/member", headers=sign_in()).status_code == 401


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("tampered", 502, "signature:tampered"),
        ("unsigned", 502, "signature:unsigned"),
        ("http-500", 502, "transport:http-status"),
        ("html", 502, "transport:not-json"),
        ("disconnect", 502, "transport:connection"),
        ("other-person", 502, "identity:other-person"),
        ("no-id", 502, "identity:no-id"),
        ("aop.auth-token-time-out", 401, "aop.auth-token-time-out"),
        ("aop.invalid-auth-token", 403, "aop.invalid-auth-token"),
        ("isv.insufficient-isv-permissions", 403, "isv.insufficient-isv-permissions"),
        ("isv.invalid-signature", 502, "isv.invalid-signature"),
        ("gbk-20000", 502, "isp.unknow-error"),
    ],
)
def test_member_refused_by_alipay_changes_nothing(web, switch, sign_in, rows, fault, status, code):
    session = sign_in()
    before = rows("members"), len(rows("sessions"))
    switch("fault", name=fault)
    answer = web.post("/api/member", headers=session)
    switch("fault", name=None)
    assert (answer.status_code, error(answer)["code"]) == (status, code)
    assert error(answer)["hint"]
    assert "alipay.user.info.share" in error(answer)["report"] or code == "identity:other-person"
    assert (rows("members"), len(rows("sessions"))) == before
    assert web.post("/api/member", headers=session).status_code == 200  # the session is still good


@pytest.mark.parametrize("fault", ["unsigned", "no-id"])
def test_auth_refused_by_alipay_stores_nothing(web, switch, auth_code, rows, fault):
    switch("fault", name=fault)
    answer = web.post("/api/auth", json={"auth_code": auth_code()})
    assert answer.status_code == 502
    assert error(answer)["hint"]
    assert rows("members") == rows("sessions") == []


def test_gateway_that_is_too_slow_is_504(settings, switch, store, auth_code):
    from alipay_member import AlipayClient
    from app import create_app

    impatient = AlipayClient(**settings.client_options(settings.app), timeout=(1, 0.2))
    switch("fault", name="slow")
    answer = (
        create_app(settings, client=impatient, store=store)
        .test_client()
        .post("/api/auth", json={"auth_code": auth_code()})
    )
    assert (answer.status_code, error(answer)["code"]) == (504, "transport:timeout")


def test_app_without_the_product_keeps_the_ids(web, switch, sign_in):
    session = sign_in()
    switch("product", bound=False)
    answer = web.post("/api/member", headers=session)
    assert (answer.status_code, error(answer)["code"]) == (403, "isv.insufficient-isv-permissions")
    assert "获取会员信息" in error(answer)["hint"]
    member = web.get("/api/member", headers=session).json["member"]
    assert member["open_id"]
    assert member["profile_at"] is None


def test_healthz_says_that_the_store_answers_and_nothing_else(web, sign_in):
    sign_in()
    assert web.get("/healthz").json == {"ok": True, "app": "alipay-member"}


def test_errors_speak_the_readers_language(web):
    for header, lang in (("zh-CN", "zh"), ("en-GB", "en")):
        answer = web.get("/api/member", headers={"Accept-Language": header})
        described = describe(SessionEnded(""), lang)
        assert error(answer)["hint"] == described.hint
        assert error(answer)["message"] == described.message


def test_gbk_arrives_in_the_database_as_it_is(emulator, serve, auth_code):
    """誠's second byte in GBK is a backslash, with which JSON escapes."""
    url, app = serve(emulator.settings() | {"ALIPAY_CHARSET": "gbk"})
    parts = app.extensions["alipay_member"]
    exchanges = []
    parts.client.observer = exchanges.append
    code = auth_code("no-avatar")
    opened = requests.post(f"{url}/api/auth", json={"auth_code": code}, timeout=10)
    headers = {"Authorization": f"Bearer {opened.json()['session']}"}
    member = requests.post(f"{url}/api/member", headers=headers, timeout=10).json()["member"]
    (kept,) = parts.store.members("demo-mini")
    assert (member["nick_name"], kept.nick_name, kept.city) == ("王誠", "王誠", "苏州市")
    assert {exchange.parameters["charset"] for exchange in exchanges} == {"GBK"}
    assert "王誠".encode("gbk") in exchanges[-1].raw_answer  # it did come in GBK
    again = requests.post(f"{url}/api/auth", json={"auth_code": code}, timeout=10)
    assert again.json()["error"]["message"] == "授权码code无效"
