"""The workbench's routes: what it records of the app, what it passes on to the emulator, and whom it answers."""

import base64
import json
import re
import sqlite3

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from conftest import ROOT, at_home, needs_emulator

pytestmark = needs_emulator
SWITCHES = [
    ("POST", "/workbench/reset"),
    ("POST", "/workbench/emulator/auth-code"),
    ("POST", "/workbench/emulator/revoke"),
    ("PUT", "/workbench/emulator/fault"),
    ("PUT", "/workbench/emulator/identity"),
    ("PUT", "/workbench/emulator/product"),
]
PAGES = ["/workbench/", "/workbench/events", "/workbench/emulator/members", "/workbench/files/miniprogram/app.json"]


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
    assert (request["method"], request["path"], request["status"]) == ("POST", "/api/auth", 200)
    assert request["answer"]["member"]["open_id"] == store["after"][0]["open_id"]
    assert request["function"] == "app.py · auth()"
    assert exchange["method"] == "alipay.system.oauth.token"
    assert exchange["function"] == "alipay_member/client.py · AlipayClient.exchange_code()"
    assert exchange["parameters"]["code"] == request["body"]["auth_code"]
    assert exchange["error"] is None
    assert exchange["elapsed_ms"] > 0
    assert (store["before"], store["changed"]) == ([], True)


def test_marks_exactly_the_bytes_that_alipay_signed(steps, sign_in, emulator):
    sign_in()
    exchange = steps()[1]
    signature = json.loads(exchange["raw"]["before"] + exchange["raw"]["signed"] + exchange["raw"]["after"])["sign"]
    key = emulator.accounts.alipay_key.public_key()
    signed = exchange["raw"]["signed"].encode()
    key.verify(base64.b64decode(signature), signed, padding.PKCS1v15(), SHA256())  # raises if it is any other byte
    assert exchange["verified"] is True
    assert json.loads(signed)["open_id"]


def test_string_to_sign_and_signature_are_those_that_were_sent(steps, sign_in, emulator):
    sign_in()
    exchange = steps()[1]
    assert exchange["signature"] == exchange["parameters"]["sign"]
    key = emulator.accounts.apps["demo-mini"].key.public_key()
    signature = base64.b64decode(exchange["signature"])
    key.verify(signature, exchange["string_to_sign"].encode(), padding.PKCS1v15(), SHA256())


def test_gives_only_the_steps_after_the_one_that_was_seen(steps, sign_in, bench):
    session = sign_in()
    assert len(steps()) == 3
    assert steps() == []
    bench.get("/api/member", headers=session)
    assert [step["path"] for step in steps()] == ["/api/member"]


def test_keeps_the_newest_500_steps(steps, bench):
    for number in range(501):
        bench.get(f"/api/member?{number}")
    recorded = steps()
    assert len(recorded) == 500
    assert recorded[-1]["path"] == "/api/member?500"


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
    bench.post("/api/member", headers=session, json={"nick_name": "forged", "user_id": "2088000000000000"})
    request, _, store = steps()
    assert request["body"] == {"nick_name": "forged", "user_id": "2088000000000000"}
    assert store["changed"] is False
    with sqlite3.connect(settings.database_url.removeprefix("sqlite:///")) as database:
        assert database.execute("SELECT nick_name, user_id FROM members").fetchall() == [("完整示例", None)]


def test_the_first_profile_is_a_change_of_the_row(steps, sign_in, bench):
    session = sign_in("status-w", ("auth_user",))
    steps()
    bench.post("/api/member", headers=session)
    store = steps()[-1]
    assert store["changed"] is True
    assert (store["before"][0]["profile_at"], store["after"][0]["user_status"]) == (None, "W")


@pytest.mark.parametrize("fault", ["tampered", "unsigned", "isv.code-invalid"])
def test_an_error_carries_hint_and_report_in_both_languages(steps, bench, auth_code, fault):
    bench.put("/workbench/emulator/fault", json={"name": fault, "times": 1})
    code = auth_code()
    assert bench.post("/api/auth", json={"auth_code": code}).status_code in (401, 502)
    _, exchange, store = steps()
    error = exchange["error"]
    assert re.search("[一-鿿]", error["hint"]["zh"])
    assert re.search("[a-z]{3}", error["hint"]["en"])
    assert "alipay.system.oauth.token" in error["report"]["zh"]
    assert "alipay.system.oauth.token" in error["report"]["en"]
    assert code not in json.dumps(error)
    assert store["changed"] is False


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
    assert (wrong_method["status"], wrong_method["path"]) == (405, "/api/auth?auth_code=0123456789abcdef")
    assert (too_deep["status"], too_deep["body"]) == (400, "[" * 15_000)
    assert (too_large["status"], too_large["body"], store["changed"]) == (413, "", False)


def test_records_the_web_login_but_not_itself(steps, bench):
    location = bench.get("/login").location
    bench.get("/workbench/")
    bench.get("/static/app.css")
    (login,) = steps()
    assert (login["path"], login["answer"], login["trace"]) == ("/login", location, None)


def test_curl_of_a_request_repeats_it(steps, bench, sign_in):
    session = sign_in()
    bench.post("/api/member", headers=session, json={"it's": 1})
    curl = steps()[3]["curl"]
    assert curl.startswith("curl -X POST http://127.0.0.1:8000/api/member ")
    assert f"'-HAuthorization: {session['Authorization']}'" in curl
    assert "-HContent-Type: application/json" in curl
    assert """'-d{"it'"'"'s": 1}'""" in curl


@pytest.mark.parametrize("name", ["members", "faults"])
def test_passes_the_emulators_lists_on(bench, emulator, name):
    import requests

    answer = bench.get(f"/workbench/emulator/{name}").get_json()
    assert answer.pop("app_id", "demo-mini") == "demo-mini"
    assert answer == requests.get(f"{emulator.url}/emulator/{name}", timeout=5).json()


def test_passes_a_switch_and_its_refusal_on(bench, emulator):
    assert bench.put("/workbench/emulator/fault", json={"name": "tampered", "times": 2}).status_code == 200
    assert emulator.faults.active() == {"name": "tampered", "times": 2}
    refused = bench.put("/workbench/emulator/fault", json={"name": "no such fault"})
    assert (refused.status_code, bool(refused.get_json()["error"])) == (400, True)


@pytest.mark.parametrize("name", ["reset", "avatar", "nonsense", "..%2fgateway.do", "members/x"])
def test_passes_nothing_else_on(bench, name):
    assert bench.get(f"/workbench/emulator/{name}").status_code == 404
    assert bench.post(f"/workbench/emulator/{name}", json={}).status_code == 404


def test_says_so_if_the_emulator_is_not_running(bench, emulator):
    emulator.stop()
    answer = bench.get("/workbench/emulator/members")
    assert (answer.status_code, answer.get_json()["error"]) == (502, "the emulator is not running")
    page = bench.get("/workbench/")
    assert page.status_code == 200
    assert "The emulator is not running." in page.text


@pytest.mark.parametrize(("method", "path"), SWITCHES)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8000"])
def test_a_foreign_page_changes_nothing(bench, emulator, method, path, origin):
    answer = bench.open(path, method=method, json={"name": "tampered"}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert emulator.faults.active() is None


@pytest.mark.parametrize(("method", "path"), SWITCHES)
def test_a_form_changes_nothing(bench, method, path):
    for content_type in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
        assert bench.open(path, method=method, data="{}", content_type=content_type).status_code == 415


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "192.168.1.5:8000"])
def test_a_rebound_name_sees_nothing(bench, path, host):
    assert bench.get(path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("path", PAGES)
def test_the_page_itself_sees_everything(bench, path):
    with bench.get(path, headers={"Origin": "http://127.0.0.1:8000"}) as answer:
        assert answer.status_code == 200


def test_reset_forgets_members_sessions_steps_and_faults(bench, sign_in, emulator):
    sign_in()
    emulator.faults.set("tampered")
    emulator.accounts.identify_by("user_id")
    assert bench.post("/workbench/reset", json={}).status_code == 200
    assert bench.get("/workbench/events").get_json() == {"events": [], "members": [], "next": 0, "sessions": 0}
    assert (emulator.faults.active(), emulator.accounts.identity) == (None, "open_id")


@pytest.mark.parametrize("app_name", ["miniprogram", "mistakes"])
def test_serves_the_mini_programs_byte_for_byte(bench, app_name):
    folder = ROOT / app_name if app_name == "miniprogram" else ROOT / "emulator" / app_name
    files = [path for path in folder.rglob("*") if path.is_file()]
    types = {".js": "text/javascript", ".json": "application/json", ".axml": "text/plain", ".acss": "text/plain"}
    assert files
    for path in files:
        with bench.get(f"/workbench/files/{app_name}/{path.relative_to(folder).as_posix()}") as answer:
            assert (answer.data, answer.mimetype) == (path.read_bytes(), types[path.suffix])


@pytest.mark.parametrize("path", ["miniprogram/../app.py", "miniprogram/%2e%2e/app.py", "phone/my.js", "x/app.js"])
def test_serves_no_other_file(bench, path):
    assert bench.get(f"/workbench/files/{path}").status_code == 404


def test_is_the_landing_page_and_keeps_a_deep_link(bench):
    assert bench.get("/").location == "/workbench/"
    assert bench.get("/workbench?member=company&lang=en").location.endswith("/workbench/?member=company&lang=en")
    assert re.search(r'data-member="company" aria-pressed="true"', bench.get("/workbench/?member=company").text)


def test_a_deep_link_arms_a_fault_that_exists(bench):
    page = bench.get("/workbench/?fault=tampered").text
    assert '<p id="active" role="status"><code>tampered</code>' in page
    assert 'data-fault="tampered" aria-pressed="true"' in page
    page = bench.get("/workbench/?fault=<b>&member=<b>&app=<b>").text
    assert '<p id="active" role="status"></p>' in page
    assert "<b>" not in page
    assert 'data-member="complete" aria-pressed="true"' in page


def test_page_offers_every_member_and_fault_in_both_languages_with_no_inline_script_or_style(bench):
    page = bench.get("/workbench/").text
    for member in bench.get("/workbench/emulator/members").get_json()["members"]:
        assert f'data-member="{member["id"]}"' in page
    for fault in bench.get("/workbench/emulator/faults").get_json()["faults"]:
        assert f'data-fault="{fault["name"]}"' in page
    assert page.count('<span class="zh"') == page.count('<span class="en"')
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|(?:src|href)=\"(?:https?:)?//", page)


def test_words_say_everything_in_both_languages(bench):
    words = json.loads((ROOT / "emulator" / "words.json").read_text("utf-8"))

    def check(node):
        if isinstance(node, dict) and ("zh" in node or "en" in node):
            assert all(node[lang] for lang in ("zh", "en"))
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            check(child)

    check(words)
    faults = bench.get("/workbench/emulator/faults").get_json()["faults"]
    assert {fault["group"] for fault in [*faults, *words["failures"]]} == words["groups"].keys()


def test_uses_the_emulator_that_the_settings_name():
    from emulator import workbench

    values = {"ALIPAY_GATEWAY_URL": "http://127.0.0.1:9/gateway.do"}
    assert workbench.start_emulator(values) == values


def test_starts_an_emulator_of_its_own_even_if_the_usual_port_is_taken():
    import requests

    from emulator import workbench

    first, second = (workbench.start_emulator({"PUBLIC_URL": "http://127.0.0.1:8000"}) for _ in range(2))
    assert first["ALIPAY_GATEWAY_URL"] != second["ALIPAY_GATEWAY_URL"]
    for values in (first, second):
        assert values["PUBLIC_URL"] == "http://127.0.0.1:8000"
        url = values["ALIPAY_GATEWAY_URL"].replace("gateway.do", "emulator/members")
        assert requests.get(url, timeout=5).status_code == 200
