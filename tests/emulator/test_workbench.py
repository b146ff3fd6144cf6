"""The workbench's routes: what it records of the app, what it passes on to the emulator, and whom it answers."""

import base64
import json
import re
import sqlite3
from contextlib import closing

import flask
import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from alipay_member import MemberStore
from alipay_member.client import Token
from helpers import ROOT, at_home, needs_emulator

pytestmark = needs_emulator


@pytest.fixture
def bench(app):
    from emulator import workbench

    workbench.attach(app)
    return at_home(app)


@pytest.fixture
def steps(bench):
    """steps() → the steps since the last time."""
    seen = {"next": 0}

    def newest():
        seen.update(bench.get(f"/workbench/events?since={seen['next']}").get_json())
        return seen["events"]

    return newest


@pytest.fixture
def sign_in(bench, auth_code):
    def sign_in(member="complete", scopes=("auth_user",)):
        body = {"auth_code": auth_code(member, scopes)}
        answer = bench.post("/api/auth", json=body, headers={"X-Trace": "t1"})
        return {"Authorization": f"Bearer {answer.get_json()['session']}", "X-Trace": "t2"}

    return sign_in


def test_records_a_login_as_request_exchange_and_row_in_this_order(steps, sign_in):
    sign_in()
    request, exchange, store = steps()
    assert [step["kind"] for step in (request, exchange, store)] == ["request", "exchange", "store"]
    assert {step["trace"] for step in (request, exchange, store)} == {"t1"}
    assert request["n"] < exchange["n"] < store["n"]
    assert (request["lane"], request["title"], request["outcome"]) == (
        "server",
        "POST /api/auth",
        200,
    )
    assert request["answer"]["member"]["open_id"] == store["after"][0]["open_id"]
    assert request["function"] == "app.py · auth()"
    assert (exchange["lane"], exchange["title"]) == ("alipay", "alipay.system.oauth.token")
    assert exchange["function"] == "alipay_member/client.py · AlipayClient.exchange_code()"
    assert exchange["parameters"]["code"] == request["body"]["auth_code"]
    assert exchange["error"] is None
    assert exchange["elapsed_ms"] > 0
    assert (store["before"], store["outcome"]) == ([], "saved")
    assert store["function"] == "alipay_member/store.py · MemberStore.sign_in()"


def test_marks_exactly_the_bytes_that_alipay_signed(steps, sign_in, emulator):
    sign_in()
    exchange = steps()[1]
    signature = json.loads(
        exchange["raw"]["before"] + exchange["raw"]["signed"] + exchange["raw"]["after"]
    )["sign"]
    key = emulator.accounts.alipay_key.public_key()
    signed = exchange["raw"]["signed"].encode()
    key.verify(
        base64.b64decode(signature), signed, padding.PKCS1v15(), SHA256()
    )  # raises if it is any other byte
    assert exchange["verified"] is True
    assert json.loads(signed)["open_id"]


def test_string_to_sign_and_signature_are_those_that_were_sent(steps, sign_in, emulator):
    sign_in()
    exchange = steps()[1]
    assert exchange["signature"] == exchange["parameters"]["sign"]
    key = emulator.accounts.app_keys["demo-mini"].public_key()
    signature = base64.b64decode(exchange["signature"])
    key.verify(signature, exchange["string_to_sign"].encode(), padding.PKCS1v15(), SHA256())


def test_gives_only_the_steps_after_the_one_that_was_seen(steps, sign_in, bench):
    session = sign_in()
    assert len(steps()) == 3
    assert steps() == []
    bench.get("/api/member", headers=session)
    assert [step["title"] for step in steps()] == ["GET /api/member"]


def test_keeps_the_newest_500_steps(steps, bench):
    for number in range(501):
        bench.get(f"/api/member?{number}")
    recorded = steps()
    assert len(recorded) == 500
    assert recorded[-1]["title"] == "GET /api/member?500"


def test_members_and_sessions_are_those_of_the_database(bench, sign_in, settings):
    bench.post("/api/member", headers=sign_in())
    sign_in("company")
    told = bench.get("/workbench/events").get_json()
    with sqlite3.connect(settings.database_url.removeprefix("sqlite:///")) as database:
        rows = database.execute("SELECT open_id, nick_name FROM members").fetchall()
        sessions = database.execute("SELECT COUNT(*) FROM sessions").fetchone()[0]
    assert sorted((row["open_id"], row["nick_name"]) for row in told["members"]) == sorted(rows)
    assert len(rows) == told["sessions"] == sessions == 2


def test_shows_forged_fields_on_the_wire_and_the_row_unchanged(steps, sign_in, bench, settings):
    session = sign_in()
    bench.post("/api/member", headers=session)
    steps()
    bench.post(
        "/api/member", headers=session, json={"nick_name": "forged", "user_id": "2088000000000000"}
    )
    request, _, store = steps()
    assert request["body"] == {"nick_name": "forged", "user_id": "2088000000000000"}
    assert store["outcome"] == "same"
    with sqlite3.connect(settings.database_url.removeprefix("sqlite:///")) as database:
        assert database.execute("SELECT nick_name, user_id FROM members").fetchall() == [
            ("完整示例", None)
        ]


def test_the_first_profile_is_a_change_of_the_row(steps, sign_in, bench):
    session = sign_in("status-w", ("auth_user",))
    steps()
    bench.post("/api/member", headers=session)
    store = steps()[-1]
    assert store["outcome"] == "saved"
    assert (store["before"][0]["profile_at"], store["after"][0]["user_status"]) == (None, "W")


@pytest.mark.parametrize("fault", ["tampered", "unsigned", "isv.code-invalid"])
def test_an_error_carries_hint_and_report_in_both_languages(steps, bench, auth_code, fault):
    bench.put("/workbench/failure", json={"name": fault})
    code = auth_code()
    assert bench.post("/api/auth", json={"auth_code": code}).status_code in (401, 502)
    _, exchange, store = steps()
    error = exchange["error"]
    assert re.search("[一-鿿]", error["hint"]["zh"])
    assert re.search("[a-z]{3}", error["hint"]["en"])
    assert "alipay.system.oauth.token" in error["report"]["zh"]
    assert "alipay.system.oauth.token" in error["report"]["en"]
    assert code not in json.dumps(error)
    assert store["outcome"] == "same"


def test_a_stray_gbk_answer_is_shown_readable(steps, bench, auth_code):
    bench.put("/workbench/emulator/fault", json={"name": "gbk-20000", "times": 1})
    bench.post("/api/auth", json={"auth_code": auth_code()})
    raw = steps()[1]["raw"]
    assert "系统繁忙" in "".join(raw.values())


def test_a_huge_answer_is_cut_for_the_page(steps, bench, auth_code):
    bench.put("/workbench/emulator/fault", json={"name": "huge", "times": 1})
    bench.post("/api/auth", json={"auth_code": auth_code()})
    exchange = steps()[1]
    assert exchange["error"]["code"] == "transport:too-large"
    assert len("".join(exchange["raw"].values())) <= 60_000


def test_records_what_the_app_refuses(steps, bench):
    bench.get("/api/auth?auth_code=0123456789abcdef")
    bench.post("/api/auth", data="[" * 15_000, content_type="application/json")
    bench.post("/api/auth", data="x" * 20_000, content_type="application/json")
    wrong_method, too_deep, _, too_large, store = steps()
    assert (wrong_method["outcome"], wrong_method["title"]) == (
        405,
        "GET /api/auth?auth_code=0123456789abcdef",
    )
    assert (too_deep["outcome"], too_deep["body"]) == (400, "[" * 15_000)
    assert (too_large["outcome"], too_large["body"], store["outcome"]) == (413, "", "same")


def test_records_the_web_login_but_not_itself(steps, bench):
    location = bench.get("/login").location
    bench.get("/workbench/")
    bench.get("/static/app.css")
    (login,) = steps()
    assert (login["title"], login["answer"], login["trace"]) == ("GET /login", location, None)


def test_curl_of_a_request_repeats_it(steps, bench, sign_in):
    session = sign_in()
    bench.post("/api/member", headers=session, json={"it's": 1})
    curl = steps()[3]["curl"]
    assert curl.startswith("curl -X POST http://127.0.0.1:8000/api/member ")
    assert f"'-HAuthorization: {session['Authorization']}'" in curl
    assert "-HContent-Type: application/json" in curl
    assert """--data-raw '{"it'"'"'s": 1}'""" in curl


@pytest.mark.parametrize(
    "body", ['{"auth_code": NaN}', '{"auth_code": ' + "[" * 900 + "]" * 900 + "}"]
)
def test_a_body_that_a_page_can_not_read_is_shown_as_text(steps, bench, body):
    assert bench.post("/api/auth", data=body, content_type="application/json").status_code == 400
    assert steps()[0]["body"] == body
    json.loads(bench.get("/workbench/events").text, parse_constant=pytest.fail)


def test_the_store_names_the_methods_that_were_called(steps, sign_in, bench, end_access_tokens):
    session = sign_in()
    end_access_tokens()
    bench.post("/api/member", headers=session)
    bench.delete("/api/session", headers=session)
    bench.post("/api/auth", json={})
    functions = [step["function"] for step in steps() if step["kind"] == "store"]
    store = "alipay_member/store.py · MemberStore"
    methods = ("sign_in", "renew", "save_profile", "sign_out")
    assert functions == [*[f"{store}.{method}()" for method in methods], store]


def test_the_store_is_not_credited_with_what_others_did_meanwhile(
    steps, sign_in, bench, settings, emulator
):
    bench.post("/api/member", headers=sign_in())
    steps()
    others = MemberStore(settings.database_url)
    meanwhile = [Token("t", "r", 9, 9, "somebody-else", None)]
    session = sign_in()
    hooks = bench.application.before_request_funcs[None]
    hooks.append(
        lambda: others.sign_in("demo-mini", meanwhile.pop()) and None if meanwhile else None
    )
    bench.post("/api/member", headers=session)
    assert len(others.members("demo-mini")) == 2
    assert [step["outcome"] for step in steps() if step["kind"] == "store"] == ["same", "same"]


def test_the_store_tells_refreshed_from_changed_and_removed(steps, sign_in, bench, settings):
    session = sign_in()
    bench.post("/api/member", headers=session)
    with (
        closing(sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))) as database,
        database,
    ):
        database.execute("UPDATE members SET profile_at = 1")  # long ago
    bench.post("/api/member", headers=session)
    bench.post("/api/member", headers=session, json={})
    bench.delete("/api/member", headers=session)
    *_, refreshed, unchanged, removed = [step for step in steps() if step["kind"] == "store"]
    assert (refreshed["says"], refreshed["outcome"], refreshed["before"][0]["profile_at"]) == (
        "refreshed",
        "same",
        1,
    )
    assert (removed["says"], removed["outcome"], removed["after"]) == ("removed", "removed", [])
    assert unchanged["says"] in ("unchanged", "refreshed")  # the clock may have ticked
    assert ("before" in unchanged) == (unchanged["says"] == "refreshed")


def test_what_was_under_way_at_a_reset_is_of_before(bench):
    def reset():
        if flask.request.path == "/api/member":
            bench.post("/workbench/reset", json={})

    bench.application.before_request_funcs[None].append(reset)
    bench.get("/api/member")
    assert bench.get("/workbench/events").get_json()["events"] == []


def test_what_old_articles_teach_has_the_right_line_beside_it(steps, sign_in, bench):
    session = sign_in()
    bench.post("/api/member", headers=session)
    bench.get("/api/auth?auth_code=0123456789abcdef")
    bench.post("/api/auth", json={"authcode": "0123456789abcdef"})
    bench.post("/api/member", headers=session, json={"nick_name": "forged"})
    says = [step["says"] for step in steps() if step["kind"] == "request"]
    assert says == [
        "POST /api/auth",
        "POST /api/member",
        "code-in-address",
        "no-code",
        "unread-body",
    ]
    sentences = json.loads((ROOT / "emulator" / "words.json").read_text("utf-8"))["steps"]
    assert all("✓" in sentences[key][lang] for key in says[2:] for lang in ("zh", "en"))


def test_what_the_store_refuses_has_a_question_for_the_support_too(steps, sign_in, bench):
    session = sign_in()
    steps()
    bench.put("/workbench/failure", json={"name": "other-person"})
    assert bench.post("/api/member", headers=session).status_code == 502
    request, exchange, store = steps()
    assert (exchange["error"], store["outcome"]) == (None, "same")
    for lang, environment in (("zh", "使用环境"), ("en", "Environment")):
        report = request["error"]["report"][lang]
        assert all(
            word in report
            for word in (environment, "alipay.user.info.share", "identity:other-person")
        )
        assert not re.search("authusrB.{8}", report)


def test_a_failure_is_made_and_mended_by_its_name(steps, sign_in, bench, emulator):
    session = sign_in()

    def fail(name, **more):
        assert bench.put("/workbench/failure", json={"name": name, **more}).status_code == 200

    fail("tampered")
    assert emulator.faults.active()["name"] == "tampered"
    fail("product-unbound")
    assert (emulator.faults.active(), emulator.accounts.without_product) == (None, {"demo-mini"})
    assert (
        bench.post("/api/member", headers=session).get_json()["error"]["code"]
        == "isv.insufficient-isv-permissions"
    )
    fail("consent-revoked", member="complete")
    assert emulator.accounts.without_product == set()
    revoked = steps()[-1]
    assert (revoked["kind"], revoked["lane"], revoked["says"]) == (
        "act",
        "alipay",
        "consent-revoked",
    )
    assert (
        bench.post("/api/member", headers=session).get_json()["error"]["code"]
        == "aop.invalid-auth-token"
    )
    fail("sha1")
    fail(None)
    assert emulator.faults.active() is None


@pytest.mark.parametrize(
    "body", [{"name": "no-such"}, {"name": "consent-revoked"}, [], {"name": ["tampered"]}]
)
def test_a_failure_that_is_none_is_refused(steps, bench, body):
    assert bench.put("/workbench/failure", json=body).status_code == 400
    assert steps() == []
