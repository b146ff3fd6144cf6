"""The steps of the trace, as JSON for the page: one row each of what happened.

A step has kind, lane, title, the key of its sentence in words.json (`says`), outcome, and the
function of our code that did it; `frames` are the lines of source that did it (see frames.py).
"""

import json
import shlex
from collections.abc import Collection
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Response, request
from werkzeug.exceptions import HTTPException

from alipay_member.answer import CHARSETS, charset_name
from alipay_member.client import Exchange
from alipay_member.errors import AlipayError, Call
from alipay_member.explain import describe, explain, support_question
from alipay_member.messages import message_string_to_sign

from .frames import Frame
from .watched_store import Write

FUNCTIONS = {"authorization_code": "exchange_code", "refresh_token": "refresh_token"}  # grant_type
STORE = "alipay_member/store/__init__.py · MemberStore"
MESSAGES = "/alipay/messages"
LANGUAGES = ("zh", "en")
MAX_SHOWN = 20_000  # characters of each part of an answer
MAX_DEPTH = 50  # brackets of a body that the page shows as JSON

Step = dict[str, Any]
Both = dict[str, str]  # a sentence: {"zh": …, "en": …}


def new_step(kind: str, title: str, says: str, outcome: Any, function: str) -> Step:
    """`kind` is request, exchange, message, store or action (done at the workbench)."""
    return {
        "kind": kind,
        "lane": "server" if kind in ("request", "store") else "alipay",
        "title": title,
        "says": says,
        "outcome": outcome,
        "function": function,
    }


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
        "error": error_in(answer, call),
        "curl": curl_of_request(text),
        "elapsed_ms": milliseconds(elapsed),
    }


def body_text() -> str:
    """The request's body, or "" if it was too large or broke off."""
    with suppress(HTTPException, OSError):
        return request.get_data(as_text=True)
    return ""


def request_sentence(body: Any) -> str:
    """The key of a request's sentence. Requests as old articles teach them have their own."""
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
    """The key of the sentence for POST /api/auth, by its body's form and the names in it."""
    if isinstance(body, str) and "auth_code=" in body:
        return "code-as-form"
    if "auth_code" not in sent:
        return "no-code"
    if "refresh_token" in sent:
        return "unread-refresh-token"
    return "POST /api/auth"


def error_in(answer: Any, call: Call | None) -> dict[str, Any] | None:
    """The error in the app's answer, explained in both languages; None if there is none."""
    error = answer.get("error") if isinstance(answer, dict) else None
    if not error:
        return None
    key = error["code"]
    explained = {lang: explain(key, lang) for lang in LANGUAGES}
    found: dict[str, Any] = dict(error)
    if not all(explained.values()):
        return found
    found["message"] = {lang: explained[lang][0] for lang in LANGUAGES}
    found["hint"] = {lang: explained[lang][1] for lang in LANGUAGES}
    if key.startswith("identity:") and call:
        # The store refused what Alipay answered: the question is about the call that brought it.
        found["report"] = {lang: report(key, explained[lang][0], call, lang) for lang in LANGUAGES}
    return found


def report(key: str, message: str, call: Call, lang: str) -> str:
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
    """A body's JSON, or its text if it is not JSON or a page could not read it.

    A page's JSON has no NaN and is not nested too deep.
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
        "point": point_of_exchange(exchange),
        "parameters": dict(sent),
        "string_to_sign": exchange.string_to_sign,
        "signature": sent.get("sign"),
        "raw": cut_answer(exchange),
        "verified": exchange.verified,
        "elapsed_ms": milliseconds(exchange.elapsed),
        "error": described(exchange.error) if exchange.error else None,
        "curl": shlex.join(["curl", "-X", "POST", url]),
    }


def point_of_exchange(exchange: Exchange) -> dict[str, Any]:
    """What a reader should see first: how many bytes Alipay's key verifies, and the verdict."""
    return {
        "sign_type": exchange.parameters["sign_type"],
        "bytes": len(exchange.signed_part),
        "verdict": verdict(exchange),
    }


def verdict(exchange: Exchange) -> str:
    """The key of the sentence about the answer's signature."""
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
    message: Both = {lang: text.message for lang, text in descriptions.items()}
    hint: Both = {lang: text.hint for lang, text in descriptions.items()}
    question: Both = {lang: text.report for lang, text in descriptions.items()}
    return {"code": error.key, "message": message, "hint": hint, "report": question}


# ── a message of Alipay ──


def message_step(response: Response, elapsed: float, frames: list[Frame]) -> Step:
    """A message at 应用网关, and what the app answered after `elapsed` seconds."""
    body = body_text()
    parameters, charset = read_form(body)
    text = message_string_to_sign(parameters)
    verified = response.get_data(as_text=True) == "success"
    step = new_step(
        kind="message",
        title=parameters.get("msg_method", MESSAGES),
        says="message" if verified else "message-refused",
        outcome="verified" if verified else "unverified",
        function="app.py · receive_message()",
    )
    return step | {
        "frames": frames,
        "point": point_of_message(parameters, len(text.encode(charset)), verified),
        "address": f"{request.method} {request.path}",
        "parameters": parameters,
        "string_to_sign": text,
        "answer": response.get_data(as_text=True)[:200],
        "verified": verified,
        "curl": curl_of_request(body),
        "elapsed_ms": milliseconds(elapsed),
    }


def point_of_message(parameters: dict[str, str], size: int, verified: bool) -> dict[str, Any]:
    """What a reader should see first: how many bytes Alipay's key verifies, and the verdict."""
    if not parameters.get("sign"):
        return {"sign_type": "RSA2", "bytes": 0, "verdict": "no-signature"}
    verdict = "matches" if verified else "bad-signature"
    return {"sign_type": "RSA2", "bytes": size, "verdict": verdict}


def read_form(body: str) -> tuple[dict[str, str], str]:
    """A form's parameters and the charset that it names; what cannot be decoded is replaced."""
    pairs = parse_qsl(body, encoding="latin-1")
    raw = {name: value.encode("latin-1", "replace") for name, value in pairs}
    named = raw.get("charset", b"utf-8").decode("latin-1")
    charset = CHARSETS.get(charset_name(named), "utf-8")
    return {name: value.decode(charset, "replace") for name, value in raw.items()}, charset


# ── a write of the store ──

# The sentences of methods that changed no member.
WITHOUT_CHANGE = {
    "sign_in": "session-opened",
    "renew": "renewed",
    "sign_out": "signed-out",
    "withdraw_consent": "consent-ended",
}
# How a write ended, by its sentence; all other sentences mean that nothing changed.
STORE_OUTCOMES = {"changed": "saved", "removed": "removed", "profile-withdrawn": "withdrawn"}


def no_write_step() -> Step:
    """A request that could have written called no method of the store."""
    return new_step("store", "members", "unchanged", "same", STORE)


def store_step(write: Write, frames: list[Frame]) -> Step:
    """What one method of the store did to the members: the rows that changed, field by field."""
    changed = [key for key in keys(write) if write.before.get(key) != write.after.get(key)]
    before = [write.before[key] for key in changed if key in write.before]
    after = [write.after[key] for key in changed if key in write.after]
    says = write_sentence(write, before, after)
    step = new_step(
        kind="store",
        title="members",
        says=says,
        outcome=STORE_OUTCOMES.get(says, "same"),
        function=f"{STORE}.{write.method}()",
    )
    step["frames"] = frames
    if changed:
        step |= {"before": before, "after": after, "diff": difference(write, changed)}
    return step


def keys(write: Write) -> list[str]:
    """The internal keys of all rows of a write, those that were there before first."""
    return list(write.before | write.after)


def write_sentence(write: Write, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> str:
    """The key of a write's sentence. A newer profile_at of the same profile is no change."""
    if write.error:
        return "not-written"
    if not before and not after:
        return WITHOUT_CHANGE.get(write.method, "unchanged")
    if without_moment(before) == without_moment(after):
        return "refreshed"
    if not after:
        return "removed"
    return "profile-withdrawn" if write.method == "withdraw_consent" else "changed"


def without_moment(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with only whether, not when, a profile was fetched."""
    return [row | {"profile_at": bool(row["profile_at"])} for row in rows]


def difference(write: Write, changed: list[str]) -> list[tuple[str, str, Any]]:
    """The lines of a diff: "-" or "+", the field, its value; none for a missing value."""
    lines: list[tuple[str, str, Any]] = []
    for key in changed:
        old = write.before.get(key, {})
        new = write.after.get(key, {})
        for name in old | new:
            if old.get(name) != new.get(name):
                lines += [("-", name, old.get(name)), ("+", name, new.get(name))]
    return [line for line in lines if line[2] is not None]


def milliseconds(seconds: float) -> float:
    """Seconds as the page shows them."""
    return round(seconds * 1000, 1)
