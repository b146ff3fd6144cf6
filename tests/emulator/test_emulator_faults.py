"""Faults: which there are, for which calls they hold, and how they spoil the transport."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from helpers import needs_emulator
from plain_client import SHARE, TOKEN, PlainClient
from test_emulator_codes import CODES

pytestmark = needs_emulator


def test_the_list_is_ready_for_a_page(plain):
    listed = plain.switch("GET", "faults")
    assert listed["active"] is None
    names = [row["name"] for row in listed["faults"]]
    assert len(names) == len(set(names))
    assert {row["group"] for row in listed["faults"]} == {
        "signature",
        "transport",
        "code",
        "identity",
        "legal",
    }
    for row in listed["faults"]:
        assert row.keys() == {
            *("name", "group", "where", "zh", "en"),
            *("expect", "once", "recovers", "needs", "method"),
        }
        assert re.search("[一-鿿]", row["zh"]) or row["name"] == "SYSTEM_ERROR"
        assert len(row["en"]) > 10
    assert {
        "tampered",
        "wrong-key",
        "unsigned",
        "empty-sign",
        "sha1",
        "app-key",
        "replayed",
        "node-twice-first",
        "node-twice-last",
        "other-node",
        "http-500",
        "html",
        "truncated",
        "huge",
        "deep",
        "slow",
        "disconnect",
        "other-person",
        "no-id",
        "cert-sn",
        "no-cert-sn",
        "other-cert",
        "white-space",
        "tricky-text",
        "gbk-20000",
        "unsigned:isv.code-invalid",
        "unsigned:isp.unknow-error",
        *(row[2] for row in CODES),
    } <= set(names)


def test_a_fault_applies_to_so_many_calls_of_the_methods_that_it_fits(plain):
    plain.switch("PUT", "fault", name="aop.auth-token-time-out", times=2)
    token = plain.token()["access_token"]  # another method: not counted
    assert plain.switch("GET", "faults")["active"] == {
        "name": "aop.auth-token-time-out",
        "times": 2,
    }
    assert [plain.share(token)["code"] for _ in range(3)] == ["20001", "20001", "10000"]
    assert plain.switch("GET", "faults")["active"] is None


def test_without_times_a_fault_lasts_until_it_is_cleared(plain):
    token = plain.token()["access_token"]
    plain.switch("PUT", "fault", name="SYSTEM_ERROR", times=None)
    assert [plain.share(token)["code"] for _ in range(3)] == ["40004"] * 3
    plain.switch("PUT", "fault", name=None)
    assert plain.share(token)["code"] == "10000"


def test_a_call_is_carried_out_although_its_answer_is_lost(plain):
    code = plain.auth_code()
    plain.switch("PUT", "fault", name="disconnect", times=1)
    with pytest.raises(requests.ConnectionError):
        plain.call(TOKEN, grant_type="authorization_code", code=code)
    assert (
        plain.call(TOKEN, grant_type="authorization_code", code=code)["sub_code"]
        == "isv.code-invalid"
    )


def test_a_slow_answer_comes_late_and_does_not_hold_up_the_end(plain, emulator, monkeypatch):
    import emulator.faults as faults

    assert faults.SLOW == 15
    plain.switch("PUT", "fault", name="slow")
    with pytest.raises(requests.ReadTimeout):
        requests.post(plain.gateway, params=plain.signed(SHARE), timeout=0.2)
    monkeypatch.setattr(faults, "SLOW", 0.3)
    started = time.monotonic()
    plain.share("x")
    assert 0.3 <= time.monotonic() - started < 5


def test_transport(spoiled):
    assert spoiled("http-500").answer.status_code == 500
    assert spoiled("html").answer.text.startswith("<!doctype html>")
    with pytest.raises(ValueError):  # noqa: PT011
        spoiled("truncated").answer.json()
    assert spoiled("truncated").answer.text.startswith('{"alipay_user_info_share_response":{')
    assert len(spoiled("huge").answer.content) > 10_000_000
    assert spoiled("huge").is_signed
    with pytest.raises(RecursionError):
        spoiled("deep").answer.json()
    assert spoiled("deep").is_signed
    with pytest.raises(requests.ConnectionError):
        spoiled("disconnect")


def test_an_unknown_group_is_named():
    from emulator.faults import FAULTS, fault

    with pytest.raises(LookupError, match="'late': unknown group 'time', expected one of"):

        @fault("time", zh="迟到。", en="Late.")
        def late(reply, call):
            pass

    assert "late" not in FAULTS


def test_each_error_of_the_one_table_is_a_fault():
    from alipay_member.explain import gateway_errors
    from emulator import faults

    sub_codes = {row["sub_code"] for row in gateway_errors() if "code" in row and "sub_code" in row}
    assert sub_codes <= faults.FAULTS.keys()


def test_faults_at_once_are_counted_one_by_one(plain, emulator):
    token = plain.token()["access_token"]
    plain.switch("PUT", "fault", name="SYSTEM_ERROR", times=5)
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(PlainClient(emulator).share, token) for _ in range(12)]
        codes = [call.result()["code"] for call in calls]
    assert sorted(codes) == ["10000"] * 7 + ["40004"] * 5
