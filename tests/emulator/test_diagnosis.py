"""Why a signature does not verify: each usual mistake is named, and nothing unproved."""

import base64
import hashlib
import json
import random
import re
import time
from urllib.parse import quote, quote_plus, urlencode

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from helpers import ROOT, needs_emulator
from plain_client import SHARE, PlainClient

pytestmark = needs_emulator
FORM = "application/x-www-form-urlencoded"
NAME = "王誠 + 李/四 ~*"  # every mistake in encoding changes it


@pytest.fixture
def emulator(emulator_with_page):
    return emulator_with_page


@pytest.fixture
def client(plain):
    return SigningClient(plain)


@pytest.fixture
def found(newest):
    """found() → the keys of the findings about the newest call's signature."""
    from emulator.inspector.step import WORDS

    def keys():
        return [key_of(one["en"], WORDS["findings"]) for one in newest()["causes"] or []]

    return keys


def key_of(sentence, words):
    """The key of the finding with this sentence, whatever values were filled in."""
    for key, row in words.items():
        parts = re.split(r"\{\w+\}", row["en"])
        if re.fullmatch(".*".join(map(re.escape, parts)), sentence, re.DOTALL):
            return key
    raise AssertionError(f"no finding has this sentence: {sentence}")


class SigningClient:
    """A client that may sign one thing and send another."""

    def __init__(self, plain):
        self.plain = plain

    def parameters(self, **more):
        """The parameters of a correct call, unsigned, with a value of every kind."""
        named = {"charset": "utf-8", "biz_content": json.dumps({"name": NAME}, ensure_ascii=False)}
        signed = self.plain.signed(SHARE, auth_token="a+b c", **{**named, **more})
        return {name: value for name, value in signed.items() if name != "sign"}

    def text(self, parameters):
        return "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))

    def sign(self, text, charset="utf-8", key=None, algorithm=None, padded=None):
        data = text if isinstance(text, bytes) else text.encode(charset)
        made = (key or self.plain.key).sign(
            data, padded or padding.PKCS1v15(), algorithm or hashes.SHA256()
        )
        return base64.b64encode(made).decode()

    def send(self, query, body=b"", content_type=FORM):
        headers = {"Content-Type": content_type} if body else {}
        return requests.post(
            f"{self.plain.gateway}?{query}", data=body, headers=headers, timeout=10
        )


# ── what was signed ──


def test_a_correct_call_has_a_verdict_and_no_cause(client, newest):
    given = client.parameters()
    client.send(urlencode(given | {"sign": client.sign(client.text(given))}))
    step = newest()
    assert step["point"]["verdict"] == "matches"
    assert step["error"] == {"code": "aop.invalid-auth-token"}
    assert step["text_of_gateway"]["before"] == client.text(given)
    assert step["point"]["bytes"] == len(client.text(given).encode())


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda given: given | {"notify_url": ""}, "empty-signed"),
        (lambda given: leave_out(given, "sign_type"), "sign-type-left-out"),
        (lambda given: leave_out(given, "auth_token"), "left-out"),
        (lambda given: each(given, quote_plus), "url-encoded"),
        (lambda given: each(given, lambda text: quote(text, safe="")), "url-encoded"),
        (lambda given: each(given, java_quote), "url-encoded"),
        (lambda given: each(given, lambda text: quote(text, safe="!~*'()")), "url-encoded"),
        (lambda given: each(given, lambda text: text.replace(" ", "+")), "plus-for-space"),
        (lambda given: each(given, lambda text: text.replace("+", " ")), "space-for-plus"),
        (lambda given: each(given, lambda text: text.replace('"', "&quot;")), "html-escaped"),
        (lambda given: respelled(given, separators=(",", ":")), "json-respelled"),
        (lambda given: respelled(given, ensure_ascii=True), "json-respelled"),
        (lambda given: respelled(given, indent=2), "json-respelled"),
        (lambda given: each(given, lambda text: text.replace("/", "\\/")), "json-respelled"),
        (lambda given: given | {"charset": "UTF-8"}, "other-letters"),
        (lambda given: given | {"timestamp": "2025-10-15 13:19:22"}, "other-second"),
        (lambda given: given | {"timestamp": "2025-10-15 05:19:21"}, "other-zone"),
        (lambda given: given | {"timestamp": "2025-10-15T13:19:21"}, "other-time-form"),
        (lambda given: given | {"format": "JSON"}, "not-sent"),
    ],
)
def test_a_mistake_in_what_is_signed_is_named(client, found, newest, change, key):
    sent = client.parameters()
    signed = change(sent)
    sent |= {name: "" for name in signed if not signed[name]}
    client.send(urlencode(sent | {"sign": client.sign(client.text(signed))}))
    assert found() == [key]
    step = newest()
    theirs, ours = step["text_of_client"], step["text_of_gateway"]
    assert whole(theirs) == client.text(signed)
    assert whole(ours) == client.text({name: value for name, value in sent.items() if value})
    assert theirs["before"] == ours["before"]
    assert theirs["differs"] != ours["differs"]


def whole(parts):
    return parts["before"] + parts["differs"] + parts["after"]


def leave_out(given, name):
    return {known: value for known, value in given.items() if known != name}


def each(given, function):
    return {name: function(value) for name, value in given.items()}


def java_quote(text):
    """Like Java's URLEncoder."""
    return quote_plus(text, safe="*").replace("~", "%7E")


def respelled(given, **options):
    content = json.loads(given["biz_content"])
    return given | {"biz_content": json.dumps(content, **{"ensure_ascii": False} | options)}


@pytest.mark.parametrize(
    ("query", "body", "key"),
    [
        ("app_id method", "charset", "charset-in-body"),
        ("app_id method", "", "charset-missing"),
    ],
)
def test_a_charset_that_is_not_in_the_query_is_named(client, found, query, body, key):
    given = client.parameters()
    if not body:
        del given["charset"]
    sign = client.sign(client.text(given))
    in_query = {name: given[name] for name in query.split()}
    in_body = {name: value for name, value in given.items() if name not in in_query}
    client.send(urlencode(in_query), urlencode(in_body | {"sign": sign}).encode())
    assert found() == [key]


@pytest.mark.parametrize(
    ("named", "sent_in", "signed_in", "key"),
    [
        ("GBK", "utf-8", "utf-8", "other-charset"),
        ("utf-8", "gbk", "gbk", "other-charset"),
        ("utf-8", "gbk", "utf-8", "sent-in-other-charset"),
        ("utf-8", "utf-8", "gbk", "signed-in-other-charset"),
    ],
)
def test_a_wrong_charset_is_named(client, found, named, sent_in, signed_in, key):
    given = client.parameters(charset=named)
    sign = client.sign(client.text(given), signed_in)
    client.send(urlencode(given | {"sign": sign}, encoding=sent_in))
    assert found() == [key]


def test_a_default_charset_that_cannot_hold_the_text_is_named(client, found):
    given = client.parameters()
    sign = client.sign(client.text(given).encode("latin-1", "replace"))
    client.send(urlencode(given | {"sign": sign}))
    assert found() == ["signed-in-other-charset"]


def test_a_plus_that_is_not_encoded_is_named(client, found):
    given = client.parameters()
    sign = client.sign(client.text(given))
    query = urlencode(given | {"sign": sign}, quote_via=quote)
    client.send(query.replace("a%2Bb", "a+b"))
    assert found() == ["plus-not-encoded"]


def test_values_that_are_encoded_twice_are_named(client, found):
    given = client.parameters()
    sign = client.sign(client.text(given))
    given |= {name: quote(given[name]) for name in ("auth_token", "biz_content")}
    client.send(urlencode(given | {"sign": sign}))
    assert found() == ["sent-encoded-twice"]


def test_half_of_the_parameters_signed_is_named(client, found):
    given = client.parameters()
    in_query = {name: value for name, value in given.items() if name not in ("auth_token",)}
    in_query = {name: value for name, value in in_query.items() if name != "biz_content"}
    in_body = {name: given[name] for name in ("auth_token", "biz_content")}
    sign = client.sign(client.text(in_query))
    client.send(urlencode(in_query | {"sign": sign}), urlencode(in_body).encode())
    assert found() == ["query-only"]


def test_unsorted_parameters_are_named(client, found):
    given = dict(sorted(client.parameters().items(), reverse=True))
    sign = client.sign("&".join(f"{name}={value}" for name, value in given.items()))
    client.send(urlencode(given | {"sign": sign}))
    assert found() == ["not-sorted"]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_a_body_that_is_not_a_form_is_named(client, found, content_type):
    given = client.parameters()
    in_body = {"auth_token": given["auth_token"], "biz_content": given["biz_content"]}
    in_query = {name: value for name, value in given.items() if name not in in_body}
    sign = client.sign(client.text(given))
    body = json.dumps(in_body) if content_type.endswith("json") else urlencode(in_body)
    client.send(urlencode(in_query | {"sign": sign}), body.encode(), content_type)
    assert found() == ["body-not-form"]


def test_a_multipart_body_is_named(client, plain, found):
    given = client.parameters()
    in_query = {name: value for name, value in given.items() if name != "auth_token"}
    sign = client.sign(client.text(given))
    parts = {"auth_token": (None, given["auth_token"])}
    requests.post(plain.gateway, params=in_query | {"sign": sign}, files=parts, timeout=10)
    assert found() == ["body-not-form"]


def test_two_mistakes_at_once_are_both_named(client, found):
    sent = client.parameters()
    signed = leave_out(each(sent, quote_plus), "sign_type")
    client.send(urlencode(sent | {"sign": client.sign(client.text(signed))}))
    assert found() == ["sign-type-left-out", "url-encoded"]


# ── the signature itself ──


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
def test_a_damaged_signature_is_named(client, found, change, key):
    given = client.parameters()
    sign = client.sign(client.text(given))
    assert "+" in sign or "/" in sign
    client.send(urlencode(given | {"sign": change(sign)}))
    assert found() == [key]


def test_a_strangers_key_is_not_explained_away(client, found, newest):
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


def test_the_other_apps_key_and_a_mistake_are_both_named(client, emulator, found):
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


def test_a_text_that_was_hashed_first_is_named(client, found):
    given = client.parameters()
    digest = hashlib.sha256(client.text(given).encode()).hexdigest()
    client.send(urlencode(given | {"sign": client.sign(digest)}))
    assert found() == ["packed"]


@pytest.mark.parametrize("text", ["something else", ""])
def test_another_text_signed_by_the_right_key_is_just_that(client, found, newest, text):
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


# ── nothing unproved ──


def test_no_diagnosis_names_a_text_that_was_not_signed(emulator, plain):
    """Random texts signed by the right key, random bytes as signatures: nothing is made up."""
    from emulator.call import SentRequest
    from emulator.inspector.diagnosis import diagnose

    keys = {name: key.public_key() for name, key in emulator.accounts.app_keys.items()}
    client = SigningClient(plain)
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
            diagnosis = diagnose(sent, OnlyParameters(given | {"sign": sign}), keys, {})
            assert [one.key for one in diagnosis.findings] == [expected]
            assert diagnosis.signed is None


class OnlyParameters:
    def __init__(self, parameters):
        self.parameters = parameters


def test_the_first_candidate_is_the_gateways_own_string(plain):
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


def test_a_diagnosis_in_vain_takes_less_than_three_seconds(client):
    """The worst case: two mistakes are tried together, in vain."""
    given = client.parameters()
    sign = client.sign("something else")
    began = time.perf_counter()
    client.send(urlencode(given | {"sign": sign}))
    assert time.perf_counter() - began < 3


def test_each_finding_in_the_source_has_its_sentence_and_each_sentence_its_finding():
    from emulator.inspector.step import WORDS

    used = set()
    for name in ("candidates", "diagnosis"):
        source = (ROOT / f"emulator/inspector/{name}.py").read_text("utf-8")
        used |= set(re.findall(r'(?:Variation|Finding)\(\s*"([a-z0-9-]+)"', source))
        used |= set(re.findall(r'"((?:sign|charset|other)-[a-z0-9-]+)"', source))
    assert used == WORDS["findings"].keys()
    for row in WORDS["findings"].values():
        assert row["zh"]
        assert sorted(re.findall(r"\{\w+\}", row["zh"])) == sorted(
            re.findall(r"\{\w+\}", row["en"])
        )
