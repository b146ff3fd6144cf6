"""python -m workshop serve: whose functions are behind the app, what the trace shows of them."""

import sqlite3
from pathlib import Path

import pytest
import requests

import right_answers
from files import with_body, written_up_to
from helpers import ROOT, at_home
from workshop.checks import FUNCTIONS, STEPS
from workshop.participant import MEMBER_INFO, SOLUTION, STARTER, Source
from workshop.participant_app import check_each, functions_that_pass, make_app, serve, show_owners
from workshop.runner import Result
from workshop.terminal import Terminal
from workshop.texts import TEXTS


@pytest.fixture
def served(settings):
    """served(functions) → Flask's test client of the app with these behind it."""

    def start(functions):
        return at_home(make_app(functions, settings))

    return start


@pytest.fixture
def solution():
    return Source(SOLUTION).functions(FUNCTIONS, FUNCTIONS)


def frames(step):
    return [(frame["file"], frame["function"]) for frame in step["frames"]]


def events(browser, kind):
    steps = browser.get("/workbench/events").json["steps"]
    return [step for step in steps if step["kind"] == kind]


def signed_in(browser, auth_code):
    answer = browser.post("/api/auth", json={"auth_code": auth_code()})
    assert answer.status_code == 200, answer.json
    return {"Authorization": f"Bearer {answer.json['session']}"}


def test_the_phone_logs_in_with_their_functions_and_the_trace_shows_their_lines(
    served, solution, auth_code
):
    browser = served(solution)
    session = signed_in(browser, auth_code)
    member = browser.post("/api/member", headers=session).json["member"]
    assert (member["nick_name"], member["city"]) == ("完整示例", "杭州市")
    exchange, share = events(browser, "exchange")
    assert frames(exchange) == [
        ("workshop/solution.py", "call"),
        ("workshop/solution.py", "exchange_code"),
        ("app.py", "auth"),
    ]
    assert exchange["function"] == "workshop/solution.py · exchange_code()"
    assert (exchange["outcome"], exchange["point"]["verdict"]) == ("verified", "matches")
    assert frames(share)[:2] == [
        ("workshop/solution.py", "call"),
        ("workshop/solution.py", "fetch_profile"),
    ]
    assert frames(share)[-1] == ("app.py", "save_member")
    _, write = events(browser, "store")
    assert frames(write)[0] == ("workshop/solution.py", "save_member")
    assert write["function"] == "workshop/solution.py · save_member()"
    source = browser.get(f"/workbench/source/{frames(share)[0][0]}?line={share['frames'][0]['at']}")
    assert source.json["function"] == "call"


def test_the_trace_may_show_the_participants_file_and_the_solution_only():
    from workbench.frames import PATTERNS, short_name

    assert MEMBER_INFO.relative_to(ROOT).as_posix() in PATTERNS  # it may not exist yet
    assert short_name(str(SOLUTION)) == "workshop/solution.py"
    assert short_name(str(MEMBER_INFO.with_name("commands.py"))) is None


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("tampered", 502, "signature:tampered"),
        ("unsigned", 502, "signature:unsigned"),
        ("wrong-key", 502, "signature:wrong-key"),
        ("html", 502, "transport:not-json"),
        ("disconnect", 502, "transport:connection"),
        ("other-person", 502, "identity:other-person"),
        ("isv.insufficient-isv-permissions", 403, "isv.insufficient-isv-permissions"),
        ("isp.unknow-error", 502, "isp.unknow-error"),  # unsigned
    ],
)
def test_what_their_functions_raise_becomes_the_apps_error(
    served, solution, auth_code, emulator, fault, status, code
):
    browser = served(solution)
    session = signed_in(browser, auth_code)
    emulator.faults.set(fault, 1)
    answer = browser.post("/api/member", headers=session)
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
    assert browser.post("/api/member", headers=session).status_code == 200


def test_the_trace_shows_the_line_that_raised_an_error(served, solution, auth_code, emulator):
    browser = served(solution)
    session = signed_in(browser, auth_code)
    emulator.faults.set("tampered", 1)
    browser.post("/api/member", headers=session)
    assert frames(events(browser, "exchange")[-1])[:3] == [
        ("workshop/solution.py", "read_answer"),
        ("workshop/solution.py", "call"),
        ("workshop/solution.py", "fetch_profile"),
    ]


def test_the_app_refreshes_an_expired_token(served, solution, auth_code, emulator):
    browser = served(solution)
    session = signed_in(browser, auth_code)
    emulator.accounts.end_access_tokens("complete")
    assert browser.post("/api/member", headers=session).status_code == 200


def test_a_broken_function_of_theirs_is_not_a_500(served, solution, auth_code):
    def save_member(db, app_id, profile, body):
        db.execute("UPDATE nowhere SET x = 1")

    def fetch_profile(app, access_token):
        raise ZeroDivisionError("oh")

    solution.save_member = save_member
    browser = served(solution)
    session = signed_in(browser, auth_code)
    assert browser.post("/api/member", headers=session).json["error"]["code"] == "database"
    solution.fetch_profile = fetch_profile
    answer = browser.post("/api/member", headers=session)
    assert (answer.status_code, answer.json["error"]["code"]) == (502, "transport:unexpected")


def test_a_lost_database_is_the_apps_error_too(served, solution, auth_code):
    browser = served(solution)
    session = signed_in(browser, auth_code)
    store = browser.application.extensions["alipay_member"].store
    store.lose_database()
    answer = browser.post("/api/member", headers=session)
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "database")
    store.find_database()
    assert browser.post("/api/member", headers=session).status_code == 200


def test_their_save_member_may_commit(served, auth_code):
    path = Path(right_answers.__file__)
    browser = served(Source(path).functions(FUNCTIONS, FUNCTIONS))
    session = signed_in(browser, auth_code)
    answer = browser.post("/api/member", headers=session)
    assert (answer.status_code, answer.json["member"]["city"]) == (200, "杭州市")
    assert answer.json["member"]["profile_at"]


def test_the_connection_that_their_save_member_was_given_is_not_used_again(
    served, solution, auth_code
):
    """Whatever it has set there ends with it."""
    save_member = solution.save_member
    given = []

    def noted(db, *rest):
        given.append(db)
        return save_member(db, *rest)

    solution.save_member = noted
    browser = served(solution)
    session = signed_in(browser, auth_code)
    assert browser.post("/api/member", headers=session).status_code == 200
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        given[0].execute("SELECT 1")


def test_their_save_member_gets_the_clients_body(served, solution, auth_code):
    bodies = []

    def save_member(db, app_id, profile, body):
        bodies.append(body)

    solution.save_member = save_member
    browser = served(solution)
    session = signed_in(browser, auth_code)
    browser.post("/api/member", headers=session, json={"nickName": "财神爷"})
    browser.post("/api/member", headers=session, json=["no", "object"])
    assert bodies == [{"nickName": "财神爷"}, {}]


# ── whose functions ──


def results(**errors):
    return {step.number: Result(step.name, errors.get(step.name)) for step in STEPS}


def files_of(functions):
    return {name: getattr(functions, name).__code__.co_filename for name in FUNCTIONS}


def test_only_what_passes_is_theirs_and_refresh_and_state_never_are(tmp_path):
    path = tmp_path / "theirs.py"
    path.write_text(SOLUTION.read_text("utf-8"), encoding="utf-8")
    functions = functions_that_pass(path, results(verify="copy-verified", sign="todo"))
    theirs = {name for name, file in files_of(functions).items() if file == str(path)}
    lent = {"sign", "verify", "read_answer"}
    lent |= {"fetch_with_refresh", "authorize_url", "read_callback"}
    assert theirs == set(FUNCTIONS) - lent
    # the solution's functions call theirs
    assert functions.sign.__globals__ is functions.build_request.__globals__


def test_a_file_that_cannot_be_read_serves_the_solution(tmp_path):
    path = tmp_path / "theirs.py"
    path.write_text("def sign(", encoding="utf-8")
    functions = functions_that_pass(path, {1: Result("string-to-sign", "syntax")})
    assert set(files_of(functions).values()) == {str(SOLUTION)}


def test_each_step_is_checked_even_if_others_fail(tmp_path):
    path = tmp_path / "theirs.py"
    text = with_body(written_up_to(5), "string_to_sign", "return ''")
    text = with_body(text, "build_request", "import os\nos._exit(1)")
    path.write_text(text, encoding="utf-8")
    found = {number: result.error for number, result in check_each(path).items()}
    passing = {number for number, error in found.items() if error is None}
    assert passing == {2, 4, 5}
    assert found[3] == "process-ended"
    assert found[6] == "todo"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_owner_of_each_function_is_shown(capsys, lang):
    show_owners(Terminal(lang), results(verify="copy-verified", sign="todo"))
    lines = capsys.readouterr().out.splitlines()
    owners = {1: "yours", 2: "lent", 6: "lent-failing", 8: "yours", 9: "app-own", 10: "app-own"}
    for number, key in owners.items():
        assert lines[number - 1].endswith(f": {TEXTS[key][lang]}")


def test_a_taken_port_is_an_error_that_names_another(emulator, capsys):
    port = int(emulator.url.rpartition(":")[2])
    assert serve(Terminal("en"), STARTER, port) == 1
    assert f"--port {port + 1}" in capsys.readouterr().out
    assert requests.get(f"http://127.0.0.1:{port}/emulator/members", timeout=10).ok
