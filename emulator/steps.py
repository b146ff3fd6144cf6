"""The steps of the workbench's trace: what a request, an exchange and a store did, as JSON for the page.

Each has kind, lane, title, the key of its sentence in words.json (`says`), outcome, and the function of our code.
"""

import json
import shlex
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from alipay_member.client import Exchange
from alipay_member.errors import AlipayError, Call
from alipay_member.explanations import explain

FUNCTIONS = {
    "authorization_code": "exchange_code",
    "refresh_token": "refresh_token",
}  # by grant_type
MAX_SHOWN = 20_000  # characters of each part of an answer

Step = dict[str, Any]
Rows = list[dict[str, Any]]  # of the members table


def new_step(kind: str, title: str, says: str, outcome: Any, function: str) -> Step:
    """`kind` is request, exchange, store or act (the workbench's own); the others are as above."""
    lane = "alipay" if kind in ("exchange", "act") else "server"
    return {
        "kind": kind,
        "lane": lane,
        "title": title,
        "says": says,
        "outcome": outcome,
        "function": function,
    }


def request_step(response: Response) -> Step:
    """What reached the app, what it answered, and which function did it."""
    text = ""
    with suppress(RequestEntityTooLarge, OSError):
        text = request.get_data(as_text=True)
    function = (request.endpoint or "").rpartition(".")[2]
    options = [
        f"-H{name}: {value}"
        for name, value in request.headers
        if name in ("Authorization", "Content-Type")
    ]
    curl = ["curl", "-X", request.method, request.url, *options, *["--data-raw", text] * bool(text)]
    answer = response.get_json(silent=True) if response.is_json else response.location
    error = answer.get("error") if isinstance(answer, dict) else None
    path, body = request.full_path.rstrip("?"), as_json(text)
    function = f"app.py · {function}()" if function else "app.py"
    return new_step(
        "request", f"{request.method} {path}", _sentence(body), response.status_code, function
    ) | {
        "body": body,
        "answer": answer,
        "error": error and error | _both(lambda lang: _explained(error["code"], lang)),
        "curl": shlex.join(curl),
        "elapsed_ms": round((time.perf_counter() - g.began) * 1000, 1),
    }


def _sentence(body: Any) -> str:
    """The key of a request's sentence; what old articles teach has one of its own, with the right line."""
    sent = body.keys() if isinstance(body, dict) else ()
    endpoint = f"{request.method} {request.path}"
    mistakes = {
        "GET /api/auth": "code-in-address" if "auth_code" in request.args else "",
        "POST /api/auth": "" if "auth_code" in sent else "no-code",
        "POST /api/member": "unread-body" if sent else "",
    }
    return mistakes.get(endpoint) or endpoint


def _explained(code: str, lang: str) -> dict[str, Any]:
    """What is known about a code; what the store refused also gets its question, about the call that answered it."""
    said = dict(zip(("message", "hint"), explain(code, lang), strict=False))
    if code.startswith("identity:"):
        refused = AlipayError(f"{code} {said['message']}")
        refused.call = g.call
        said["report"] = refused.report(lang)
    return said


def _both(say: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """What `say` says, each value in both languages."""
    zh, en = say("zh"), say("en")
    return {name: {"zh": zh[name], "en": en[name]} for name in zh}


def as_json(text: str) -> Any:
    """The JSON that a body is, if the page can take it: no NaN, and not nested so deep that nobody could read it."""
    with suppress(ValueError):
        if text.count("[") + text.count("{") < 50:
            return json.loads(json.dumps(json.loads(text), allow_nan=False))
    return text


def exchange_step(exchange: Exchange, call: Call) -> Step:
    """One call to Alipay, its answer cut where the signed bytes begin and end."""
    raw, signed, sent, error = (
        exchange.raw_answer,
        exchange.signed_part,
        exchange.parameters,
        exchange.error,
    )
    cut = zip(
        ("before", "signed", "after"),
        raw.partition(signed) if signed else (raw, b"", b""),
        strict=True,
    )
    function = f"alipay_member/client.py · AlipayClient.{FUNCTIONS.get(sent.get('grant_type'), 'fetch_profile')}()"
    verdict = "verified" if exchange.verified else "unverified"
    why = "no-answer" if not raw else "no-signature" if not signed else "bad-signature"
    url = f"{call.gateway_url}?{urlencode(sent, encoding=sent['charset'])}"
    return new_step("exchange", exchange.method, exchange.method, verdict, function) | {
        "verdict": verdict if exchange.verified else why,
        "parameters": dict(sent),
        "string_to_sign": exchange.string_to_sign,
        "signature": sent.get("sign"),
        "raw": {name: _shown(part.decode(exchange.charset, "replace")) for name, part in cut},
        "verified": exchange.verified,
        "elapsed_ms": round(exchange.elapsed * 1000, 1),
        "error": error and _both(error.as_dict) | {"code": error.as_dict()["code"]},
        "curl": shlex.join(["curl", "-X", "POST", url]),
    }


def _shown(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def store_step(before: Rows, after: Rows, method: str = "") -> Step:
    """What one method of the store did to the members; a new profile_at alone, for the same profile, is no change."""
    was, now = ([row for row in a if row not in b] for a, b in ((before, after), (after, before)))
    plain = [[row | {"profile_at": bool(row["profile_at"])} for row in rows] for rows in (was, now)]
    says = (
        "unchanged"
        if was == now
        else "refreshed"
        if plain[0] == plain[1]
        else "changed"
        if now
        else "removed"
    )
    outcome = {"changed": "saved", "removed": "removed"}.get(says, "same")
    function = f"alipay_member/store.py · MemberStore{method and f'.{method}()'}"
    rows = {"before": was, "after": now} if was != now else {}
    return new_step("store", "members", says, outcome, function) | rows
