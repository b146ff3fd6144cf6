"""How people call the gateway instead: half of what call is for, and what it must bear."""

import time

from workshop.provided import FORM, GatewayError, says_error
from workshop.solution import build_request, read_answer
from wrong import wrong


def sent(app, method, business, auth_token=None):
    """What the gateway answered, asked as it should be."""
    query, body = build_request(app, method, business, time.time(), auth_token)
    return app.session.post(f"{app.gateway_url}?{query}", data=body, headers=FORM, timeout=5)


def words_of(node):
    return [node.get(name, "") for name in ("code", "msg", "sub_code", "sub_msg")]


@wrong("exchange", "token-dropped", "call")
def call_without_the_token(app, method, business, auth_token=None):
    node = read_answer(app, method, sent(app, method, business).content)
    if says_error(node):
        raise GatewayError(*words_of(node))
    return node


@wrong("exchange", "other-address", "call")
def call_without_the_question_mark(app, method, business, auth_token=None):
    query, body = build_request(app, method, business, time.time(), auth_token)
    url = f"{app.gateway_url}{query}"
    answer = app.session.post(url, data=body, headers=FORM, timeout=5)
    return read_answer(app, method, answer.content)


@wrong("exchange", "not-raw-bytes", "call")
def call_reads_text(app, method, business, auth_token=None):
    return read_answer(app, method, sent(app, method, business, auth_token).text)


@wrong("exchange", "not-raw-bytes", "call")
def call_reads_json(app, method, business, auth_token=None):
    return read_answer(app, method, sent(app, method, business, auth_token).json())


@wrong("exchange", "not-raw-bytes", "call")
def call_reads_the_response(app, method, business, auth_token=None):
    return read_answer(app, method, sent(app, method, business, auth_token))


@wrong("exchange", "other-arguments", "call")
def call_raises_the_node(app, method, business, auth_token=None):
    node = read_answer(app, method, sent(app, method, business, auth_token).content)
    if says_error(node):
        raise GatewayError(node)
    return node


@wrong("exchange", "other-arguments", "call")
def call_raises_the_class(app, method, business, auth_token=None):
    node = read_answer(app, method, sent(app, method, business, auth_token).content)
    if says_error(node):
        raise GatewayError
    return node


@wrong("exchange", "words-absent", "call")
def call_takes_every_word(app, method, business, auth_token=None):
    node = read_answer(app, method, sent(app, method, business, auth_token).content)
    if says_error(node):
        raise GatewayError(node["code"], node["msg"], node["sub_code"], node["sub_msg"])
    return node


@wrong("exchange", "other-error-passed", "call")
def call_looks_for_a_sub_code(app, method, business, auth_token=None):
    node = read_answer(app, method, sent(app, method, business, auth_token).content)
    if "sub_code" in node:
        raise GatewayError(*words_of(node))
    return node
