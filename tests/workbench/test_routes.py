"""The workbench's routes: what it passes on, whom it answers, what its page is made of."""

import json
import re

import pytest

from helpers import ROOT, needs_emulator

pytestmark = needs_emulator
READ = ("GET", "/workbench/events")
SWITCH = ("PUT", "/workbench/emulator/fault")
FORWARDED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Host": "bench.example",
    "X-Forwarded-Proto": "https",
    "Via": "1.1 tunnel",
    "Forwarded": "for=203.0.113.9",
}


@pytest.mark.parametrize("name", ["members", "faults"])
def test_passes_the_emulators_lists_on(bench, emulator, name):
    import requests

    answer = bench.get(f"/workbench/emulator/{name}").get_json()
    assert answer.pop("app_id", "demo-mini") == "demo-mini"
    assert answer == requests.get(f"{emulator.url}/emulator/{name}", timeout=5).json()


def test_passes_a_switch_and_its_refusal_on(bench, emulator):
    assert (
        bench.put("/workbench/emulator/fault", json={"name": "tampered", "times": 2}).status_code
        == 200
    )
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
    assert page.text.count('class="down" role="alert"') == 1


# ── whom it answers ──


def test_no_route_answers_another_host_name(bench):
    values = {"path": "app.json", "folder": "miniprogram", "name": "members", "filename": "x.js"}
    rules = bench.application.url_map.iter_rules()
    asked, offenders = [], []
    for rule in rules:
        if not rule.rule.startswith("/workbench/"):
            continue
        _, path = rule.build({name: values[name] for name in rule.arguments})
        method = min(rule.methods - {"HEAD", "OPTIONS"})
        asked.append(path)
        answer = bench.open(path, method=method, json={}, headers={"Host": "evil.example"})
        if answer.status_code != 403:
            offenders.append(path)
    assert len(asked) > 10
    assert offenders == []


@pytest.mark.parametrize(("method", "path"), [READ, SWITCH])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Host": "evil.example:8000"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "192.168.1.5:8000"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
def test_a_page_elsewhere_reads_and_changes_nothing(bench, emulator, method, path, headers):
    answer = bench.open(path, method=method, json={"name": "tampered"}, headers=headers)
    assert answer.status_code == 403
    assert emulator.faults.active() is None


@pytest.mark.parametrize("name", FORWARDED)
def test_a_request_through_a_tunnel_is_refused_with_its_reason(bench, name):
    answer = bench.get("/workbench/", headers={name: FORWARDED[name]})
    assert answer.status_code == 403
    assert name in answer.text


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]
)
def test_a_form_changes_nothing(bench, content_type):
    method, path = SWITCH
    answer = bench.open(path, method=method, data="{}", content_type=content_type)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://127.0.0.1:8000"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_the_page_itself_and_a_link_from_elsewhere_are_answered(bench, headers):
    assert bench.get("/workbench/", headers=headers).status_code == 200


# ── what it answers ──


def test_reset_forgets_members_sessions_steps_and_faults(bench, sign_in, emulator):
    sign_in()
    emulator.faults.set("tampered")
    emulator.accounts.identify_by("user_id")
    assert bench.post("/workbench/reset", json={}).status_code == 200
    assert bench.get("/workbench/events").get_json() == {
        "steps": [],
        "next": 0,
        "on": {"fault": None, "identity": "open_id", "unbound": []},
        "counts": {"members": 0, "sessions": 0},
    }
    assert (emulator.faults.active(), emulator.accounts.identity) == (None, "open_id")


@pytest.mark.parametrize("app_name", ["miniprogram", "mistakes"])
def test_serves_the_mini_programs_byte_for_byte(bench, app_name):
    folder = ROOT / app_name if app_name == "miniprogram" else ROOT / "workbench" / app_name
    files = [path for path in folder.rglob("*") if path.is_file()]
    types = {
        ".js": "text/javascript",
        ".json": "application/json",
        ".axml": "text/plain",
        ".acss": "text/plain",
        ".ts": "text/plain",
    }
    assert files
    for path in files:
        with bench.get(
            f"/workbench/files/{app_name}/{path.relative_to(folder).as_posix()}"
        ) as answer:
            assert (answer.data, answer.mimetype) == (path.read_bytes(), types[path.suffix])


@pytest.mark.parametrize(
    "path", ["miniprogram/../app.py", "miniprogram/%2e%2e/app.py", "phone/my.js", "x/app.js"]
)
def test_serves_no_other_file(bench, path):
    assert bench.get(f"/workbench/files/{path}").status_code == 404


def test_is_the_landing_page_and_keeps_a_deep_link(bench):
    assert bench.get("/").location == "/workbench/"
    assert bench.get("/workbench?member=company&lang=en").location.endswith(
        "/workbench/?member=company&lang=en"
    )
    assert re.search(
        r'data-member="company" aria-pressed="true"', bench.get("/workbench/?member=company").text
    )


def test_a_deep_link_arms_a_fault_that_exists(bench):
    page = bench.get("/workbench/?fault=tampered").text
    assert '<p id="active" role="status"><code>tampered</code>' in page
    assert 'data-fault="tampered" aria-pressed="true"' in page
    page = bench.get("/workbench/?fault=<b x>&member=<b x>&app=<b x>&chapter=<b x>").text
    assert '<p id="active" role="status"></p>' in page
    assert "<b x>" not in page
    assert 'data-member="complete" aria-pressed="true"' in page


def test_page_offers_every_member_and_fault_in_both_languages_with_no_inline_script_or_style(bench):
    from workbench.laboratory import FIRST, all_faults

    page = bench.get("/workbench/").text
    for member in bench.get("/workbench/emulator/members").get_json()["members"]:
        assert f'data-member="{member["id"]}"' in page
    names = [fault["name"] for fault in all_faults()]
    for fault in bench.get("/workbench/emulator/faults").get_json()["faults"]:
        assert fault["name"] in names
    for name in FIRST:
        assert f'data-fault="{name}"' in page
    assert page.count('<span class="zh"') == page.count('<span class="en"')
    assert not re.search(
        r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|(?:src|href)=\"(?:https?:)?//", page
    )


def test_words_say_everything_in_both_languages():
    def check(node):
        if isinstance(node, dict) and ("zh" in node or "en" in node):
            assert all(node[lang] for lang in ("zh", "en"))
        for child in (
            node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        ):
            check(child)

    check(json.loads((ROOT / "workbench/words.json").read_text("utf-8")))


def test_uses_the_emulator_that_the_settings_name():
    import workbench

    values = {"ALIPAY_GATEWAY_URL": "http://127.0.0.1:9/gateway.do"}
    assert workbench.start_emulator(values) == values


def test_starts_an_emulator_of_its_own_even_if_the_usual_port_is_taken():
    import requests

    import workbench

    first, second = (
        workbench.start_emulator({"PUBLIC_URL": "http://127.0.0.1:8000"}) for _ in range(2)
    )
    assert first["ALIPAY_GATEWAY_URL"] != second["ALIPAY_GATEWAY_URL"]
    for values in (first, second):
        assert values["PUBLIC_URL"] == "http://127.0.0.1:8000"
        url = values["ALIPAY_GATEWAY_URL"].replace("gateway.do", "emulator/members")
        assert requests.get(url, timeout=5).status_code == 200


@pytest.mark.parametrize("path", ["/workbench/emulator/fault", "/workbench/fault"])
@pytest.mark.parametrize("body", ["[" * 15_000, "{}" * 2, "nonsense"])
def test_invalid_json_is_refused(bench, path, body):
    answer = bench.put(path, data=body, content_type="application/json")
    assert answer.status_code == 400


def test_json_nested_too_deep_is_refused_by_the_naive_server_too(bench):
    sent = {"data": "[" * 15_000, "content_type": "application/json"}
    assert bench.post("/workbench/naive/api/auth", **sent).status_code == 400


def test_a_head_request_is_no_server_error(bench):
    assert bench.head("/workbench/emulator/members").status_code < 500
