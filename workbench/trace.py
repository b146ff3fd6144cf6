"""The steps of the workbench's trace, as JSON for its page: requests, exchanges with Alipay.

Each step has kind, lane, title, the key of its sentence in words.json (`says`), outcome, and the
function of our code; `frames` are the lines of source that made it happen (see source.py).
trace_store.py has the writes of the store.
"""

import json
import shlex
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from werkzeug.exceptions import HTTPException

from alipay_member.client import Exchange
from alipay_member.errors import AlipayError, Call
from alipay_member.explain import describe, explain, support_question

from .frames import Frame

FUNCTIONS = {"authorization_code": "exchange_code", "refresh_token": "refresh_token"}  # grant_type
LANGUAGES = ("zh", "en")
# Sentences that a step brings along, because few traces have them; the page has words.json's.
MEANINGS = json.loads(Path(__file__).with_name("step_words.json").read_text("utf-8"))
MAX_SHOWN = 20_000  # characters of each part of an answer
MAX_DEPTH = 50  # brackets of a body that the page shows as JSON

Step = dict[str, Any]
Both = dict[str, str]  # a sentence: {"zh": …, "en": …}


def new_step(kind: str, title: str, says: str, outcome: Any, function: str) -> Step:
    """`kind` is request, exchange, message, store or act (done in Alipay by the workbench)."""
    step = {
        "kind": kind,
        "lane": "server" if kind in ("request", "store") else "alipay",
        "title": title,
        "says": says,
        "outcome": outcome,
        "function": function,
    }
    if says in MEANINGS:
        step["meaning"] = MEANINGS[says]
    return step


# ── a request ──


def request_step(
    response: Response, elapsed: float, call: Call | None, frames: list[Frame]
) -> Step:
    """What reached the app, what it answered after `elapsed` seconds, which function did it.

    `call` is the last call to Alipay that the app made meanwhile.
    """
    text = body_text()
    body = as_json(text)
    endpoint = (request.endpoint or "").rpartition(".")[2]
    path = request.full_path.rstrip("?")
    step = new_step(
        kind="request",
        title=f"{request.method} {path}",
        says=request_sentence(body),
        outcome=response.status_code,
        function=f"app.py · {endpoint}()" if endpoint else "app.py",
    )
    answer = response.get_json(silent=True) if response.is_json else response.location
    return step | {
        "frames": frames,
        "body": body,
        "answer": answer,
        "error": told_error(answer, call),
        "curl": curl_of_request(text),
        "elapsed_ms": milliseconds(elapsed),
    }


def body_text() -> str:
    """The request's body, or "" if it was too large or broke off."""
    with suppress(HTTPException, OSError):
        return request.get_data(as_text=True)
    return ""


def request_sentence(body: Any) -> str:
    """The key of a request's sentence. What old articles teach has one of its own."""
    sent = body.keys() if isinstance(body, dict) else ()
    endpoint = f"{request.method} {request.path}"
    if endpoint == "GET /api/auth" and "authcode" in request.args:
        return "authcode-undefined"
    if endpoint == "GET /api/auth" and "auth_code" in request.args:
        return "code-in-address"
    if endpoint == "POST /api/auth":
        return sentence_of_login(body, sent)
    if endpoint == "POST /api/member" and sent:
        return "unread-body"
    return endpoint


def sentence_of_login(body: Any, sent: Collection[str]) -> str:
    """The key of what POST /api/auth is told, by its body's form and the names in it."""
    if isinstance(body, str) and "auth_code=" in body:
        return "code-as-form"
    if "auth_code" not in sent:
        return "no-code"
    if "refresh_token" in sent:
        return "unread-refresh-token"
    return "POST /api/auth"


def told_error(answer: Any, call: Call | None) -> dict[str, Any] | None:
    """The error that the app answered with, explained in both languages; None if it is none."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not error:
        return None
    key = error["code"]
    explained = {lang: explain(key, lang) for lang in LANGUAGES}
    told: dict[str, Any] = dict(error)
    if not all(explained.values()):
        return told
    told["message"] = {lang: explained[lang][0] for lang in LANGUAGES}
    told["hint"] = {lang: explained[lang][1] for lang in LANGUAGES}
    if key.startswith("identity:") and call:
        # The store refused what Alipay answered: the question is about the call that brought it.
        told["report"] = {lang: question(key, explained[lang][0], call, lang) for lang in LANGUAGES}
    return told


def question(key: str, message: str, call: Call, lang: str) -> str:
    """The question for Alipay's support about an error that came up after the call."""
    error = AlipayError(f"{key} {message}")
    error.call = call
    return support_question(error, lang)


def curl_of_request(text: str) -> str:
    """The command that repeats the request."""
    words = ["curl", "-X", request.method, request.url]
    for name, value in request.headers:
        if name in ("Authorization", "Content-Type"):
            words.append(f"-H{name}: {value}")
    if text:
        words += ["--data-raw", text]
    return shlex.join(words)


def as_json(text: str) -> Any:
    """The JSON that a body is, if the page can take it; else the text.

    The page takes no NaN, and nothing that is nested so deep that nobody could read it.
    """
    if text.count("[") + text.count("{") >= MAX_DEPTH:
        return text
    with suppress(ValueError):
        body = json.loads(text)
        json.dumps(body, allow_nan=False)
        return body
    return text


# ── an exchange with Alipay ──


def exchange_step(exchange: Exchange, call: Call, frames: list[Frame]) -> Step:
    """One call to Alipay; its answer is cut where the signed bytes begin and end."""
    sent = exchange.parameters
    function = FUNCTIONS.get(sent.get("grant_type", ""), "fetch_profile")
    step = new_step(
        kind="exchange",
        title=exchange.method,
        says="refresh" if function == "refresh_token" else exchange.method,
        outcome="verified" if exchange.verified else "unverified",
        function=f"alipay_member/client.py · AlipayClient.{function}()",
    )
    url = f"{call.gateway_url}?{urlencode(sent, encoding=sent['charset'])}"
    return step | {
        "frames": frames,
        "point": point(exchange),
        "parameters": dict(sent),
        "string_to_sign": exchange.string_to_sign,
        "signature": sent.get("sign"),
        "raw": cut_answer(exchange),
        "verified": exchange.verified,
        "elapsed_ms": milliseconds(exchange.elapsed),
        "error": described(exchange.error) if exchange.error else None,
        "curl": shlex.join(["curl", "-X", "POST", url]),
    }


def point(exchange: Exchange) -> dict[str, Any]:
    """What a reader is to see first: how many bytes Alipay's key was tried on, and the verdict."""
    return {
        "sign_type": exchange.parameters["sign_type"],
        "bytes": len(exchange.signed_part),
        "verdict": verdict(exchange),
    }


def verdict(exchange: Exchange) -> str:
    """The key of what the page says about the answer's signature."""
    if exchange.verified:
        return "matches"
    if not exchange.raw_answer:
        return "no-answer"
    if not exchange.signed_part:
        return "no-signature"
    return "bad-signature"


def cut_answer(exchange: Exchange) -> dict[str, str]:
    """The answer's text before, within and after the signed bytes; all of it before if unsigned."""
    before, signed, after = exchange.raw_answer, b"", b""
    if exchange.signed_part:
        before, signed, after = exchange.raw_answer.partition(exchange.signed_part)
    parts = {"before": before, "signed": signed, "after": after}
    return {name: shown(part, exchange.charset) for name, part in parts.items()}


def shown(part: bytes, charset: str) -> str:
    """Bytes as text, cut where it would be too long for the page."""
    text = part.decode(charset, "replace")
    if len(text) <= MAX_SHOWN:
        return text
    return text[:MAX_SHOWN] + "…"


def described(error: AlipayError) -> dict[str, Any]:
    """An error's code, and message, hint and report in both languages."""
    descriptions = {lang: describe(error, lang) for lang in LANGUAGES}
    message: Both = {lang: said.message for lang, said in descriptions.items()}
    hint: Both = {lang: said.hint for lang, said in descriptions.items()}
    report: Both = {lang: said.report for lang, said in descriptions.items()}
    return {"code": error.key, "message": message, "hint": hint, "report": report}


def milliseconds(seconds: float) -> float:
    """Seconds as the page shows them."""
    return round(seconds * 1000, 1)
