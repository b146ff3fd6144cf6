"""Each way in which the emulator can misbehave, seen on the wire."""

import base64
import json
import re
import time

import pytest
import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from helpers import needs_emulator
from plain_client import SHARE, TOKEN, PlainClient

pytestmark = needs_emulator

# the rows of protocol.md's table of codes: code, msg, sub_code, sub_msg
CODES = [
    ("20000", "Service Currently Unavailable", "isp.unknow-error", "系统繁忙"),
    ("20000", "Service Currently Unavailable", "aop.unknow-error", "系统繁忙"),
    ("20001", "Insufficient Token Permissions", "aop.invalid-auth-token", "无效的访问令牌"),
    ("20001", "Insufficient Token Permissions", "aop.auth-token-time-out", "访问令牌已过期"),
    ("20001", "Insufficient Token Permissions", "aop.invalid-app-auth-token", "无效的应用授权令牌"),
    ("40001", "Missing Required Arguments", "isv.missing-method", "缺少方法名参数"),
    ("40001", "Missing Required Arguments", "isv.missing-signature", "缺少签名参数"),
    ("40001", "Missing Required Arguments", "isv.missing-signature-type", "缺少签名类型参数"),
    ("40001", "Missing Required Arguments", "isv.missing-app-id", "缺少appId参数"),
    ("40001", "Missing Required Arguments", "isv.missing-timestamp", "缺少时间戳参数"),
    ("40001", "Missing Required Arguments", "isv.missing-version", "缺少版本参数"),
    ("40002", "Invalid Arguments", "isv.code-invalid", "授权码code无效"),
    ("40002", "Invalid Arguments", "isv.refresh-token-invalid", "刷新令牌refresh_token无效"),
    ("40002", "Invalid Arguments", "isv.grant-type-invalid", "grant_type参数不正确"),
    ("40002", "Invalid Arguments", "isv.invalid-app-id", "无效的AppID参数"),
    (
        "40002",
        "Invalid Arguments",
        "isv.unmatched-app-id",
        "调用接口的应用标识(app_id)与令牌授权的应用不相符",
    ),
    (
        "40002",
        "Invalid Arguments",
        "isv.invalid-signature",
        "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，"
        "网关生成的验签字符串为：app_id=demo-mini&amp;",
    ),
    ("40002", "Invalid Arguments", "isv.invalid-method", "不存在的方法名"),
    ("40002", "Invalid Arguments", "isv.invalid-signature-type", "无效的签名类型"),
    ("40002", "Invalid Arguments", "isv.invalid-timestamp", "非法的时间戳参数"),
    ("40002", "Invalid Arguments", "isv.invalid-charset", "字符集错误"),
    (
        "40003",
        "Insufficient Conditions",
        "isv.missing-signature-config",
        "应用未配置对应签名算法的公钥或者证书",
    ),
    ("40004", "Business Failed", "SYSTEM_ERROR", None),
    ("40006", "Insufficient Permissions", "isv.insufficient-isv-permissions", "ISV权限不足"),
]
OF_TOKEN = {"isv.code-invalid", "isv.refresh-token-invalid", "isv.grant-type-invalid"}
UNSIGNED = {"isv.invalid-app-id", "isv.missing-app-id"}  # no app, no key


@pytest.fixture
def plain(emulator):
    return PlainClient(emulator)


@pytest.fixture
def spoiled(plain):
    """spoiled(name): switch the fault on for one call, and fetch the profile; the client with that answer."""

    def fetch(name):
        access_token = plain.token()["access_token"]
        plain.switch("PUT", "fault", name=name, times=1)
        plain.answer = requests.post(
            plain.gateway, params=plain.signed(SHARE, auth_token=access_token), timeout=5
        )
        return plain

    return fetch


def parts(plain):
    """(members before sign, as bytes; the signature) of the last answer."""
    match = re.fullmatch(rb'\{(.*),"sign":"([^"]*)"\}', plain.answer.content, re.DOTALL)
    return match[1], base64.b64decode(match[2])


def node_of(member):
    return member.partition(b":")[2]


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
        assert row.keys() == {"name", "group", "zh", "en"}
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
        "white-space",
        "tricky-text",
        "gbk-20000",
        "unsigned:isv.code-invalid",
        "unsigned:isp.unknow-error",
        *(row[2] for row in CODES),
    } <= set(names)


@pytest.mark.parametrize(("code", "msg", "sub_code", "sub_msg"), CODES)
def test_each_code_of_the_table_can_be_switched_on(plain, code, msg, sub_code, sub_msg):
    token = plain.token()["access_token"]
    plain.switch("PUT", "fault", name=sub_code, times=1)
    node = plain.token() if sub_code in OF_TOKEN else plain.share(token)
    assert (node["code"], node["msg"], node["sub_code"]) == (code, msg, sub_code)
    assert node.get("sub_msg", "").startswith(sub_msg or "")
    assert ("sub_msg" in node) == (sub_msg is not None)
    assert plain.node_name == (
        "error_response" if sub_code in OF_TOKEN else "alipay_user_info_share_response"
    )
    assert plain.is_signed == (sub_code not in UNSIGNED)
    assert plain.share(token)["code"] == "10000"


@pytest.mark.parametrize(
    "sub_code",
    [
        "isv.code-invalid",
        "isv.refresh-token-invalid",
        "aop.invalid-app-auth-token",
        "isp.unknow-error",
        "aop.unknow-error",
    ],
)
def test_what_the_gateway_has_sent_unsigned_can_be_had_unsigned(plain, sub_code):
    plain.switch("PUT", "fault", name=f"unsigned:{sub_code}")
    assert plain.token()["sub_code"] == sub_code
    assert not plain.is_signed


def test_a_stray_20000_comes_in_gbk_although_utf_8_was_asked_for(spoiled):
    content = spoiled("gbk-20000").answer.content
    assert json.loads(content.decode("gbk")) == {
        "alipay_user_info_share_response": {
            "code": "20000",
            "msg": "Service Currently Unavailable",
            "sub_code": "isp.unknow-error",
            "sub_msg": "系统繁忙",
        }
    }


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


def test_another_methods_node_is_rightly_signed(spoiled):
    plain = spoiled("other-node")
    assert plain.node_name == "alipay_trade_query_response"
    assert plain.is_signed


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


def test_identities_can_be_wrong_and_rightly_signed(plain, spoiled):
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


def test_legal_answers_that_look_odd(spoiled):
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
