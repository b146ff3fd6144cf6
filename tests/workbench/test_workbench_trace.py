"""The trace: what each step says of a request or of a call to Alipay."""

import base64
import json
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from helpers import needs_emulator

pytestmark = needs_emulator


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


@pytest.mark.parametrize("fault", ["tampered", "unsigned", "isv.code-invalid"])
def test_an_error_carries_hint_and_report_in_both_languages(steps, bench, auth_code, fault):
    bench.put("/workbench/fault", json={"name": fault})
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


def test_what_old_articles_teach_has_the_right_line_beside_it(steps, sign_in, bench):
    from workbench.routes import WORDS

    session = sign_in()
    bench.post("/api/member", headers=session)
    bench.get("/api/auth?auth_code=0123456789abcdef")
    bench.post("/api/auth", json={"authcode": "0123456789abcdef"})
    bench.post("/api/member", headers=session, json={"nick_name": "forged"})
    requests = [step for step in steps() if step["kind"] == "request"]
    assert [step["says"] for step in requests] == [
        "POST /api/auth",
        "POST /api/member",
        "code-in-address",
        "no-code",
        "unread-body",
    ]
    for step in requests[2:]:
        for sentence in WORDS["steps"][step["says"]].values():
            assert "✓" in sentence


def test_what_the_store_refuses_has_a_question_for_the_support_too(steps, sign_in, bench):
    session = sign_in()
    steps()
    bench.put("/workbench/fault", json={"name": "other-person"})
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
