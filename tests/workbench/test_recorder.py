"""The recorder: which requests become steps, in which order, and which do not."""

import io

import flask

from helpers import at_home, needs_emulator

pytestmark = needs_emulator


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
    assert store["function"] == "alipay_member/store/__init__.py · MemberStore.sign_in()"


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


def test_records_a_request_whose_body_broke_off(steps, bench, sign_in):
    session = sign_in()
    steps()
    cut = {"CONTENT_LENGTH": "100", "wsgi.input": io.BytesIO(b"{")}
    answer = bench.delete("/api/member", headers=session, environ_overrides=cut)
    assert answer.status_code == 200  # it reads no body
    request, _ = steps()
    assert (request["title"], request["outcome"], request["body"]) == (
        "DELETE /api/member",
        200,
        "",
    )


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


def test_what_was_under_way_at_a_reset_is_of_before(bench):
    def reset():
        if flask.request.path == "/api/member":
            bench.post("/workbench/reset", json={})

    bench.application.before_request_funcs[None].append(reset)
    bench.get("/api/member")
    assert bench.get("/workbench/events").get_json()["steps"] == []


def test_records_what_a_hook_refuses_and_the_answer_as_it_left(steps, bench):
    def refuse():
        if flask.request.path == "/api/member":
            flask.abort(418)

    def change(response):
        if response.status_code == 418:
            response.status_code = 451
        return response

    bench.application.before_request_funcs[None].insert(0, refuse)
    bench.application.after_request_funcs[None].insert(0, change)
    assert bench.get("/api/member").status_code == 451
    (refused,) = steps()
    assert (refused["title"], refused["outcome"]) == ("GET /api/member", 451)


def test_two_apps_in_one_process_are_recorded_apart(settings, emulator, steps, bench):
    import workbench
    from app import create_app
    from workbench.watched_store import WatchedStore

    other = create_app(settings, store=WatchedStore(settings.database_url))
    workbench.attach(other)
    at_home(other).get("/api/member")
    assert steps() == []
