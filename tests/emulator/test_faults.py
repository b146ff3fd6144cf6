"""Faults: their list, the calls that they fit, and the bytes of the replies that they spoil."""

import base64
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from helpers import needs_emulator
from plain_client import SHARE, TOKEN, PlainClient

pytestmark = needs_emulator
REFRESH_INVALID = "isv.refresh-token-invalid"


# ── the list and the switch ──


def test_the_list_is_ready_for_a_page(plain):
    from emulator.faults import GROUPS

    listed = plain.switch("GET", "faults")
    assert listed["active"] is None
    names = [row["name"] for row in listed["faults"]]
    assert len(names) == len(set(names))
    assert {row["group"] for row in listed["faults"]} == GROUPS.keys()
    keys = {"name", "group", "where", "zh", "en", "expect", "once", "recovers", "needs", "method"}
    for row in listed["faults"]:
        assert row.keys() == keys
        assert row["where"] == "gateway"
        assert row["zh"]
        assert row["en"]


def test_a_fault_is_named_after_its_function_and_carries_its_words():
    from emulator.faults import FAULTS

    fault = FAULTS["empty-sign"]
    assert (fault.group, fault.expect, fault.method) == ("signature", "signature:unsigned", None)
    assert fault.zh != fault.en
    assert FAULTS["other-person"].method == SHARE


def test_an_unknown_group_is_named():
    from emulator.faults import FAULTS, fault

    with pytest.raises(LookupError, match="'late': unknown group 'time', expected one of"):

        @fault("time", zh="迟到。", en="Late.")
        def late(reply, call):
            pass

    assert "late" not in FAULTS


def test_each_error_code_is_a_fault():
    from alipay_member.explain import gateway_errors
    from emulator import faults

    sub_codes = {row["sub_code"] for row in gateway_errors() if "code" in row and "sub_code" in row}
    assert sub_codes <= faults.FAULTS.keys()


def test_a_fault_counts_only_calls_that_it_fits(plain):
    plain.switch("PUT", "fault", name="aop.auth-token-time-out", times=2)
    token = plain.token()["access_token"]  # another method, not counted
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


def test_faults_at_once_are_counted_one_by_one(plain, emulator):
    token = plain.token()["access_token"]
    plain.switch("PUT", "fault", name="SYSTEM_ERROR", times=5)
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(PlainClient(emulator).share, token) for _ in range(12)]
        codes = [call.result()["code"] for call in calls]
    assert sorted(codes) == ["10000"] * 7 + ["40004"] * 5


# ── signature ──


def parts(plain):
    """(the bytes before sign, the signature) of the last reply."""
    body = plain.answer.content
    match = re.fullmatch(rb'\s*\{(.*),"sign":"([^"]*)"\}\s*', body, re.DOTALL)
    assert match, f"not a node and its sign: {body[:500]!r}"
    return match[1], base64.b64decode(match[2])


def node_of(member):
    return member.partition(b":")[2]


@pytest.mark.parametrize("name", ["tampered", "wrong-key", "sha1", "app-key", "replayed"])
def test_a_bad_signature_does_not_verify(spoiled, name):
    plain = spoiled(name)
    member, signature = parts(plain)
    key, data, v15 = plain.alipay_key, node_of(member), padding.PKCS1v15()
    with pytest.raises(InvalidSignature):
        key.verify(signature, data, v15, hashes.SHA256())
    assert plain.node()["code"] == "10000"
    if name == "sha1":
        key.verify(signature, data, v15, hashes.SHA1())
    if name == "app-key":
        plain.key.public_key().verify(signature, data, v15, hashes.SHA256())
    if name == "replayed":
        numbers = key.public_numbers()
        digest = pow(int.from_bytes(signature, "big"), numbers.e, numbers.n).to_bytes(256, "big")
        assert digest.startswith(b"\x00\x01\xff\xff")  # Alipay's key did sign something


def test_tampering_changes_one_bit(spoiled, plain):
    member, _ = parts(spoiled("tampered"))
    token = plain.token()["access_token"]
    plain.share(token)
    honest, _ = parts(plain)
    assert len(member) == len(honest)
    assert sum((a ^ b).bit_count() for a, b in zip(member, honest, strict=True)) == 1


@pytest.mark.parametrize(("name", "sign"), [("unsigned", None), ("empty-sign", "")])
def test_a_signature_can_be_missing_or_empty(spoiled, name, sign):
    assert spoiled(name).answer.json().get("sign") == sign


@pytest.mark.parametrize(("name", "genuine"), [("node-twice-first", 1), ("node-twice-last", 0)])
def test_the_node_twice(spoiled, name, genuine):
    plain = spoiled(name)
    members, signature = parts(plain)
    nodes = re.split(rb',(?="alipay_user_info_share_response")', members)
    assert len(nodes) == 2
    plain.alipay_key.verify(signature, node_of(nodes[genuine]), padding.PKCS1v15(), hashes.SHA256())
    real, forged = json.loads(node_of(nodes[genuine])), json.loads(node_of(nodes[1 - genuine]))
    assert forged["code"] == "10000"
    assert forged["open_id"] != real["open_id"]


def test_another_methods_node_is_signed_correctly(spoiled):
    plain = spoiled("other-node")
    assert plain.node_name == "alipay_trade_query_response"
    assert plain.is_signed


# ── identity, and rare but legal replies ──


def test_ids_can_be_wrong_and_signed_correctly(plain, spoiled):
    honest = plain.share(plain.token()["access_token"])
    other = spoiled("other-person")
    assert other.node()["open_id"] != honest["open_id"]
    assert other.is_signed
    nobody = spoiled("no-id")
    assert not [name for name in nobody.node() if name.endswith("_id")]
    assert nobody.is_signed
    plain.switch("PUT", "fault", name="no-id")
    token = plain.token()
    assert "access_token" in token
    assert not [name for name in token if name.endswith("_id")]


def test_rare_but_legal_replies_verify(spoiled):
    plain = spoiled("cert-sn")
    assert list(plain.answer.json()) == [
        "alipay_user_info_share_response",
        "alipay_cert_sn",
        "sign",
    ]
    members, signature = parts(plain)
    plain.alipay_key.verify(
        signature,
        node_of(members[: members.index(b',"alipay_cert_sn"')]),
        padding.PKCS1v15(),
        hashes.SHA256(),
    )

    plain = spoiled("white-space")
    match = re.fullmatch(
        rb'\{"\w+"\s+:\s+(\{.*\})\s+,\s+"sign"\s+:\s+"(.+)"\}', plain.answer.content, re.DOTALL
    )
    plain.alipay_key.verify(
        base64.b64decode(match[2]), match[1], padding.PKCS1v15(), hashes.SHA256()
    )
    assert re.search(rb'"code"\s+:\s+"10000"\s+,', match[1])

    plain = spoiled("tricky-text")
    for text in ("小}二", "{", '"', "\\", '"sign":"x"'):
        assert text in plain.node()["nick_name"]
    assert plain.is_signed


# ── transport ──


def test_broken_transport(spoiled):
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


def test_a_call_is_carried_out_although_its_reply_is_lost(plain):
    code = plain.auth_code()
    plain.switch("PUT", "fault", name="disconnect", times=1)
    with pytest.raises(requests.ConnectionError):
        plain.call(TOKEN, grant_type="authorization_code", code=code)
    again = plain.call(TOKEN, grant_type="authorization_code", code=code)
    assert again["sub_code"] == "isv.code-invalid"


def test_a_slow_reply_comes_late_and_does_not_delay_the_end(plain, emulator, monkeypatch):
    import emulator.faults as faults

    plain.switch("PUT", "fault", name="slow")
    with pytest.raises(requests.ReadTimeout):
        requests.post(plain.gateway, params=plain.signed(SHARE), timeout=0.2)
    monkeypatch.setattr(faults, "SLOW", 0.3)
    started = time.monotonic()
    plain.share("x")
    assert 0.3 <= time.monotonic() - started < 5


# ── error codes; tests/alipay_member/test_errors.py has all of them ──


def refresh(plain, tokens):
    return plain.call(TOKEN, grant_type="refresh_token", refresh_token=tokens["refresh_token"])


@pytest.mark.parametrize(
    ("sub_code", "is_signed"),
    [
        ("aop.invalid-auth-token", True),
        ("isv.missing-app-id", False),  # the gateway never signs it
        ("SYSTEM_ERROR", True),  # without sub_msg
        ("isp.unknow-error", True),
        ("unsigned:isp.unknow-error", False),
    ],
)
def test_an_error_code_replaces_a_profile(plain, error_node, sub_code, is_signed):
    token = plain.token()["access_token"]
    plain.switch("PUT", "fault", name=sub_code, times=1)
    assert plain.share(token) == error_node(sub_code.removeprefix("unsigned:"))
    assert plain.node_name == "alipay_user_info_share_response"
    assert plain.is_signed == is_signed
    assert plain.share(token)["code"] == "10000"


@pytest.mark.parametrize("sub_code", ["isv.code-invalid", "isv.grant-type-invalid"])
def test_an_error_code_of_the_exchange_is_an_error_response(plain, error_node, sub_code):
    plain.switch("PUT", "fault", name=sub_code, times=1)
    assert plain.token() == error_node(sub_code)
    assert plain.node_name == "error_response"
    assert plain.is_signed
    assert "access_token" in plain.token()


def test_a_20000_comes_unsigned_in_gbk_although_utf_8_was_asked_for(spoiled, error_node):
    content = spoiled("gbk-20000").answer.content
    node = error_node("isp.unknow-error")
    assert json.loads(content.decode("gbk")) == {"alipay_user_info_share_response": node}


@pytest.mark.parametrize("name", [REFRESH_INVALID, f"unsigned:{REFRESH_INVALID}"])
def test_an_error_of_the_refresh_never_answers_a_code(plain, error_node, name):
    plain.switch("PUT", "fault", name=name)
    tokens = plain.token()
    assert "access_token" in tokens
    assert refresh(plain, tokens) == error_node(REFRESH_INVALID)
    assert plain.is_signed == (name == REFRESH_INVALID)


def test_an_error_of_a_code_never_answers_a_refresh(plain):
    tokens = plain.token()
    plain.switch("PUT", "fault", name="isv.code-invalid")
    assert plain.token()["sub_code"] == "isv.code-invalid"
    assert "access_token" in refresh(plain, tokens)
