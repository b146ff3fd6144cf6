"""Answers that a fault has spoiled: what is signed, by whom, and whom they name."""

import base64
import json
import re

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from helpers import needs_emulator

pytestmark = needs_emulator


def parts(plain):
    """(members before sign, as bytes; the signature) of the last answer."""
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


def test_another_methods_node_is_rightly_signed(spoiled):
    plain = spoiled("other-node")
    assert plain.node_name == "alipay_trade_query_response"
    assert plain.is_signed


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
