"""How people exchange a code instead, and which bytes they take for the signed ones."""

import json
import re
import time

import requests

from workshop.provided import FORM, TOKEN, GatewayError, SignatureError, says_error
from workshop.solution import build_request, call, read_answer, signed_part
from wrong import wrong

# ── step 4 ──


def post(app, query, body, **options):
    url = f"{app.gateway_url}?{query}"
    return app.session.post(url, data=body, headers=FORM, **({"timeout": 5} | options))


def raise_error(node):
    said = [node.get(name, "") for name in ("code", "msg", "sub_code", "sub_msg")]
    raise GatewayError(*said)


def answer_of(app, method, business, auth_token=None):
    query, body = build_request(app, method, business, time.time(), auth_token)
    return read_answer(app, method, post(app, query, body).content)


@wrong("exchange", "other-session", "call")
def call_by_requests(app, method, business, auth_token=None):
    query, body = build_request(app, method, business, time.time(), auth_token)
    url = f"{app.gateway_url}?{query}"
    answer = requests.post(url, data=body, headers=FORM, timeout=5)
    return read_answer(app, method, answer.content)


@wrong("exchange", "no-timeout", "call")
def call_for_ever(app, method, business, auth_token=None):
    query, body = build_request(app, method, business, time.time(), auth_token)
    return read_answer(app, method, post(app, query, body, timeout=None).content)


@wrong("exchange", "answer-unread", "call")
def call_reads_by_itself(app, method, business, auth_token=None):
    query, body = build_request(app, method, business, time.time(), auth_token)
    answer = post(app, query, body).json()
    node = answer.get(method.replace(".", "_") + "_response") or answer["error_response"]
    if says_error(node):
        raise_error(node)
    return node


@wrong("exchange", "success-has-no-code", "call")
def call_wants_a_code(app, method, business, auth_token=None):
    node = answer_of(app, method, business, auth_token)
    if node["code"] != "10000":
        raise_error(node)
    return node


@wrong("exchange", "error-returned", "call")
def call_without_errors(app, method, business, auth_token=None):
    return answer_of(app, method, business, auth_token)


@wrong("exchange", "other-error-passed", "call")
def call_knows_one_error(app, method, business, auth_token=None):
    node = answer_of(app, method, business, auth_token)
    if node.get("sub_code") == "isv.code-invalid":
        raise_error(node)
    return node


@wrong("exchange", "sub-code-lost", "call")
def call_without_sub_code(app, method, business, auth_token=None):
    node = answer_of(app, method, business, auth_token)
    if says_error(node):
        raise GatewayError(node["code"], node["msg"])
    return node


@wrong("exchange", "words-swapped", "call")
def call_swaps_words(app, method, business, auth_token=None):
    node = answer_of(app, method, business, auth_token)
    if says_error(node):
        raise GatewayError(node["sub_code"], node["sub_msg"], node["code"], node["msg"])
    return node


@wrong("exchange", "query-lost", "call")
def call_without_a_question_mark(app, method, business, auth_token=None):
    query, body = build_request(app, method, business, time.time(), auth_token)
    answer = app.session.post(app.gateway_url, data=f"{query}&{body}", headers=FORM, timeout=5)
    return read_answer(app, method, answer.content)


@wrong("exchange", "not-a-form", "call")
def call_without_a_content_type(app, method, business, auth_token=None):
    query, body = build_request(app, method, business, time.time(), auth_token)
    answer = app.session.post(f"{app.gateway_url}?{query}", data=body, timeout=5)
    return read_answer(app, method, answer.content)


@wrong("exchange", "body-lost", "call")
def call_by_get(app, method, business, auth_token=None):
    query, _ = build_request(app, method, business, time.time(), auth_token)
    answer = app.session.get(app.gateway_url, params=query, timeout=5)
    return read_answer(app, method, answer.content)


@wrong("exchange", "body-returned", "call")
def call_for_json(app, method, business, auth_token=None):
    query, body = build_request(app, method, business, time.time(), auth_token)
    return post(app, query, body).json()


@wrong("exchange", "biz-content-sent", "exchange_code")
def exchange_in_biz_content(app, auth_code):
    content = json.dumps({"grant_type": "authorization_code", "code": auth_code})
    return answer_of(app, TOKEN, {"biz_content": content})


@wrong("exchange", "code-misnamed", "exchange_code")
def exchange_an_auth_code(app, auth_code):
    return answer_of(app, TOKEN, {"grant_type": "authorization_code", "auth_code": auth_code})


@wrong("exchange", "refresh-token-beside", "exchange_code")
def exchange_as_the_java_sample(app, auth_code):
    business = {"grant_type": "authorization_code", "code": auth_code, "refresh_token": "2012…"}
    return answer_of(app, TOKEN, business)


@wrong("exchange", "grant-type", "exchange_code")
def exchange_with_another_grant(app, auth_code):
    return answer_of(app, TOKEN, {"grant_type": "auth_code", "code": auth_code})


@wrong("exchange", "retried", "exchange_code")
def exchange_until_it_works(app, auth_code):
    business = {"grant_type": "authorization_code", "code": auth_code}
    for _ in range(3):
        node = answer_of(app, TOKEN, business)
        if not says_error(node):
            return node
    return raise_error(node)


@wrong("exchange", "key-error", "exchange_code")
def exchange_to_a_key_error(app, auth_code):
    node = answer_of(app, TOKEN, {"grant_type": "authorization_code", "code": auth_code})
    return node | {"access_token": node["access_token"]}


@wrong("exchange", "parts-missing", "exchange_code")
def exchange_and_keep_little(app, auth_code):
    node = call(app, TOKEN, {"grant_type": "authorization_code", "code": auth_code})
    return {"access_token": node["access_token"], "open_id": node["open_id"]}


@wrong("exchange", "nothing-sent", "exchange_code")
def exchange_nothing(app, auth_code):
    return {"access_token": "x"}


# ── step 5 ──


def text_and_start(body, method, charset="utf-8"):
    text = body.decode(charset)
    name = method.replace(".", "_") + "_response"
    if f'"{name}"' not in text:
        name = "error_response"
    return text, text.index("{", text.index(name)), name


def sign_of(body, charset="utf-8"):
    return json.loads(body.decode(charset)).get("sign", "")


@wrong("signed-part", "reserialised", "signed_part")
def cut_a_copy(body, method, charset="utf-8"):
    _, _, name = text_and_start(body, method, charset)
    node = json.loads(body.decode(charset))[name]
    return json.dumps(node).encode(charset), sign_of(body, charset)


@wrong("signed-part", "reserialised", "signed_part")
def cut_a_careful_copy(body, method, charset="utf-8"):
    _, _, name = text_and_start(body, method, charset)
    node = json.loads(body.decode(charset))[name]
    text = json.dumps(node, ensure_ascii=False, separators=(",", ":"))
    return text.encode(charset), sign_of(body, charset)


@wrong("signed-part", "text-not-bytes", "signed_part")
def cut_text(body, method, charset="utf-8"):
    data, signature = signed_part(body, method, charset)
    return data.decode(charset), signature


@wrong("signed-part", "whole-body", "signed_part")
def cut_nothing(body, method, charset="utf-8"):
    return body, sign_of(body, charset)


@wrong("signed-part", "with-name", "signed_part")
def cut_with_the_name(body, method, charset="utf-8"):
    text, start, name = text_and_start(body, method, charset)
    _, end = json.JSONDecoder().raw_decode(text, start)
    begin = text.index(f'"{name}"')
    return text[begin:end].encode(charset), sign_of(body, charset)


@wrong("signed-part", "up-to-sign", "signed_part")
def cut_before_sign(body, method, charset="utf-8"):
    text, start, _ = text_and_start(body, method, charset)
    return text[start : text.rindex(',"sign"')].encode(charset), sign_of(body, charset)


@wrong("signed-part", "first-brace", "signed_part")
def cut_at_the_first_brace(body, method, charset="utf-8"):
    text, start, _ = text_and_start(body, method, charset)
    return text[start : text.index("}", start) + 1].encode(charset), sign_of(body, charset)


@wrong("signed-part", "brace-count", "signed_part")
def cut_where_braces_balance(body, method, charset="utf-8"):
    text, start, _ = text_and_start(body, method, charset)
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            break
    return text[start : at + 1].encode(charset), sign_of(body, charset)


@wrong("signed-part", "white-space", "signed_part")
def cut_right_behind_the_name(body, method, charset="utf-8"):
    text, start, name = text_and_start(body, method, charset)
    start = text.index(name) + len(name) + 2
    _, end = json.JSONDecoder().raw_decode(text, start)
    return text[start:end].encode(charset), sign_of(body, charset)


@wrong("signed-part", "answer-raises", "signed_part")
def cut_with_a_pattern(body, method, charset="utf-8"):
    found = re.search(rb'_response":({[^\\]*}),"sign":"(.*?)"', body)
    return found[1], found[2].decode()


@wrong("signed-part", "charset-ignored", "signed_part")
def cut_in_utf_8(body, method, charset="utf-8"):
    return signed_part(body, method)


@wrong("signed-part", "error-response", "signed_part")
def cut_known_nodes_only(body, method, charset="utf-8"):
    text = body.decode(charset)
    node = method.replace(".", "_") + "_response"
    if node not in text:
        raise SignatureError("no node")
    return signed_part(body, method, charset)


@wrong("signed-part", "unsigned-raises", "signed_part")
def cut_signed_answers_only(body, method, charset="utf-8"):
    data, _ = signed_part(body, method, charset)
    return data, json.loads(body.decode(charset))["sign"]


@wrong("signed-part", "no-answer", "signed_part")
def cut_with_any_error(body, method, charset="utf-8"):
    text, start, _ = text_and_start(body, method, charset)
    _, end = json.JSONDecoder().raw_decode(text, start)
    return text[start:end].encode(charset), sign_of(body, charset)
