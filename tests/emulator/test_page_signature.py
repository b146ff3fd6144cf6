"""Why a signature does not verify: what is wrong with it, whose it is, and nothing unproved."""

import base64
import hashlib
import random
import time
from urllib.parse import quote, urlencode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from helpers import needs_emulator
from mistaken_client import FORM, MistakenClient
from plain_client import PlainClient

pytestmark = needs_emulator


@pytest.fixture
def emulator(emulator_with_page):
    return emulator_with_page


@pytest.fixture
def client(plain):
    return MistakenClient(plain)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda sign: sign.replace("+", " "), "sign-plus"),
        (lambda sign: quote(sign, safe=""), "sign-encoded-twice"),
        (lambda sign: sign.replace("+", "-").replace("/", "_"), "sign-url-safe"),
        (lambda sign: f"{sign[:76]}\r\n{sign[76:]}", "sign-lines"),
        (lambda sign: sign.rstrip("="), "sign-not-padded"),
        (lambda sign: base64.b64decode(sign).hex(), "sign-hex"),
        (lambda sign: sign[:200], "sign-cut"),
        (lambda sign: "no base64!", "sign-not-base64"),
    ],
)
def test_a_signature_that_suffered_is_named(client, found, change, key):
    given = client.parameters()
    sign = client.sign(client.text(given))
    assert "+" in sign or "/" in sign
    client.send(urlencode(given | {"sign": change(sign)}))
    assert found() == [key]


def test_a_stranger_s_key_is_not_explained_away(client, found, newest):
    from emulator.accounts import rsa_key

    given = client.parameters()
    client.send(urlencode(given | {"sign": client.sign(client.text(given), key=rsa_key())}))
    assert found() == ["unknown-key"]
    assert "text_of_client" not in newest()


def test_the_key_of_the_other_app_is_named(client, emulator, found, newest):
    other = PlainClient(emulator, "ALIPAY_WEB_")
    given = client.parameters()
    client.send(urlencode(given | {"sign": client.sign(client.text(given), key=other.key)}))
    assert found() == ["other-app"]
    assert "demo-web" in newest()["causes"][0]["en"]


def test_the_other_app_s_key_and_a_mistake_are_both_named(client, emulator, found):
    other = PlainClient(emulator, "ALIPAY_WEB_")
    given = client.parameters()
    text = client.text({name: given[name] for name in given if name != "sign_type"})
    client.send(urlencode(given | {"sign": client.sign(text, key=other.key)}))
    assert found() == ["other-app", "sign-type-left-out"]


def test_a_key_of_another_size_is_named(client, found):
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    given = client.parameters()
    small = generate_private_key(65537, 1024)
    client.send(urlencode(given | {"sign": client.sign(client.text(given), key=small)}))
    assert found() == ["sign-other-size"]


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"algorithm": hashes.SHA1()}, "other-digest"),
        ({"algorithm": hashes.SHA512()}, "other-digest"),
        ({"padded": padding.PSS(padding.MGF1(hashes.SHA256()), 32)}, "pss"),
    ],
)
def test_another_kind_of_signature_is_named(client, found, options, key):
    given = client.parameters()
    client.send(urlencode(given | {"sign": client.sign(client.text(given), **options)}))
    assert found() == [key]


def test_a_text_that_was_hashed_before_is_named(client, found):
    given = client.parameters()
    digest = hashlib.sha256(client.text(given).encode()).hexdigest()
    client.send(urlencode(given | {"sign": client.sign(digest)}))
    assert found() == ["packed"]


@pytest.mark.parametrize("text", ["something else", ""])
def test_another_text_signed_by_the_right_key_is_said_to_be_just_that(client, found, newest, text):
    given = client.parameters()
    client.send(urlencode(given | {"sign": client.sign(text)}))
    assert found() == ["other-text"]
    assert "text_of_client" not in newest()


def test_a_signature_of_an_earlier_call_is_traced_to_it(client, found, newest):
    given = client.parameters()
    sign = client.sign(client.text(given))
    client.send(urlencode(given | {"sign": sign}))
    client.send(urlencode(given | {"auth_token": "another", "sign": sign}))
    assert found() == ["of-earlier"]
    assert "call 1" in newest()["causes"][0]["en"]


# ── never a wrong one ──


def test_no_diagnosis_names_a_text_that_was_not_signed(emulator, plain):
    """Random texts signed by the right key, random bytes as signatures: nothing is made up."""
    from emulator.call import SentRequest
    from emulator.inspector.diagnosis import diagnose

    keys = {name: key.public_key() for name, key in emulator.accounts.app_keys.items()}
    client = MistakenClient(plain)
    chance = random.Random(7)
    for _ in range(12):
        given = client.parameters(code=chance.randbytes(16).hex())
        letters = list(client.text(given))
        at = chance.randrange(len(letters))
        letters[at] = "#"
        made = [client.sign("".join(letters)), base64.b64encode(chance.randbytes(256)).decode()]
        for sign, expected in zip(made, ["other-text", "unknown-key"], strict=True):
            query = urlencode(given | {"sign": sign}).encode()
            sent = SentRequest("POST", query, b"", "", [], True)
            told = diagnose(sent, OnlyParameters(given | {"sign": sign}), keys, {})
            assert [one.key for one in told.findings] == [expected]
            assert told.signed is None


class OnlyParameters:
    def __init__(self, parameters):
        self.parameters = parameters


def test_the_gateway_s_own_draft_is_the_gateway_s_string(plain):
    """However a call is sent: GET, both halves, empty values, GBK, a parameter twice."""
    from werkzeug.test import EnvironBuilder
    from werkzeug.wrappers import Request

    from alipay_member.signing import string_to_sign
    from emulator.call import SentRequest, read_call
    from emulator.inspector.candidates import gateways_candidate

    for query, body in [
        ("charset=GBK&a=%CD%F5+x&b=&c", "a=2&d=%"),
        ("a=1&a=2&=3&&b=%E7%8E%8B", "charset=utf-8&b=1"),
        ("charset=utf-8&a=%E7%8E%8B%FF", "%E7%8E%8B=1&sign=x&z=+%2B"),
        ("charset=nonsense&a=1", ""),
    ]:
        environ = EnvironBuilder(
            method="POST", query_string=query, data=body.encode(), content_type=FORM
        ).get_environ()
        call = read_call(Request(environ), plain.emulator.accounts)
        sent = SentRequest("POST", query.encode(), body.encode(), FORM, [], True)
        assert gateways_candidate(sent).text() == string_to_sign(call.parameters)


def test_finding_out_takes_no_time_that_anybody_notices(client):
    """The worst case: two mistakes are tried together, in vain."""
    given = client.parameters()
    sign = client.sign("something else")
    began = time.perf_counter()
    client.send(urlencode(given | {"sign": sign}))
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize("key", ["zh", "en"])
def test_each_finding_can_be_told_in_both_languages(key):
    from emulator.inspector.step import WORDS

    for row in WORDS["findings"].values():
        assert row[key]
        assert row["zh"].count("{") == row["en"].count("{")
