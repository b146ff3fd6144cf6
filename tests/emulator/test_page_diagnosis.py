"""Why a signature does not verify: each usual mistake in what is signed is named."""

import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
import requests

from helpers import needs_emulator
from mistaken_client import MistakenClient

pytestmark = needs_emulator


@pytest.fixture
def emulator(emulator_with_page):
    return emulator_with_page


@pytest.fixture
def client(plain):
    return MistakenClient(plain)


def test_a_right_call_has_no_cause_but_a_verdict(client, newest):
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
        (lambda given: each(given, lambda text: quote(text, safe="!~*'()")), "url-encoded"),
        (lambda given: each(given, lambda text: text.replace(" ", "+")), "plus-for-space"),
        (lambda given: each(given, lambda text: text.replace("+", " ")), "space-for-plus"),
        (lambda given: each(given, lambda text: text.replace('"', "&quot;")), "html-escaped"),
        (lambda given: respelled(given, separators=(",", ":")), "json-respelled"),
        (lambda given: respelled(given, ensure_ascii=True), "json-respelled"),
        (lambda given: respelled(given, indent=2), "json-respelled"),
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
def test_a_body_that_is_no_form_is_named(client, found, content_type):
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
