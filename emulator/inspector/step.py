"""A call in words: as a step for the page's trace, and its diagnosis for the log."""

import json
import re
import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from alipay_member.answer import Answer, read_answer
from alipay_member.errors import AlipayError
from alipay_member.explain import explain
from alipay_member.signing import string_to_sign, verify

from ..accounts import BEIJING, Refused
from ..call import DEFAULT_CHARSET, FORM
from .calls import Arrival
from .diagnosis import Finding

WORDS = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))
LANGUAGES = ("zh", "en")
MAX_SHOWN = 20_000  # characters of each part of a reply
LEFT_TO_CURL = ("host", "content-length", "connection", "accept-encoding")
# What a diagnosis may name in the log. Any other text may be a secret.
HARMLESS = (
    r"(app_id|method|format|charset|sign_type|timestamp|version|grant_type|code|refresh_token|"
    r"auth_token|app_auth_token|biz_content|alipay_sdk|notify_url|app_cert_sn|alipay_root_cert_sn|"
    r"demo-[a-z]+|utf-8|GBK|latin-1|SHA-1|SHA-512|MD5|sha256|sha256-hex|md5-hex|base64|"
    r"multipart/form-data|application/json|text/plain|[0-9 :TZ-]{0,20})"
)

Both = dict[str, str]  # a sentence in both languages: {"zh": …, "en": …}
Step = dict[str, Any]


def sentence(group: str, key: str, values: Mapping[str, str]) -> Both:
    """A sentence of words.json, with these values filled in."""
    return {lang: WORDS[group][key][lang].format(**values) for lang in LANGUAGES}


# ── in the log ──


def causes(arrival: Arrival) -> list[str]:
    """Why the call's signature does not verify, in English and without secrets."""
    if arrival.diagnosis is None:
        return []
    return [cause(finding) for finding in arrival.diagnosis.findings]


def cause(finding: Finding) -> str:
    values = {name: without_secret(value) for name, value in finding.values.items()}
    return sentence("findings", finding.key, values)["en"].rstrip(".")


def without_secret(value: str) -> str:
    """The value, or "..." if it may be a secret."""
    names = value.split(", ")
    return value if all(re.fullmatch(HARMLESS, name) for name in names) else "..."


# ── on the page ──


def step_of(arrival: Arrival) -> Step:
    """A call as a step of the trace, in the form that static/trace-step.js draws."""
    parameters = arrival.call.parameters
    answer = answer_in(arrival)
    return {
        "n": arrival.number,
        "at": arrival.at,
        "kind": "arrival",
        "lane": "alipay",
        "title": arrival.call.method or {"zh": "没有 method", "en": "no method"},
        "says": arrival.call.method,
        "meaning": meaning(arrival),
        "outcome": outcome(arrival),
        "error": error(arrival),
        "elapsed_ms": round(arrival.outcome.seconds * 1000, 1),
        "point": point(arrival),
        "causes": causes_in_words(arrival),
        **texts(arrival),
        "notes": notes(arrival) or None,
        "again": arrival.number if arrival.sent.is_whole else None,
        "raw": split_reply(arrival.outcome.reply, answer, arrival.call.charset or DEFAULT_CHARSET),
        "verified": is_genuine(answer, arrival),
        "parameters": parameters,
        "request": request_text(arrival),
        "curl": curl(arrival),
    }


def outcome(arrival: Arrival) -> str:
    """How the call ended, as a key of words.ui."""
    if arrival.outcome.fault:
        return "spoiled"
    return "refused" if arrival.outcome.refused else "answered"


def error(arrival: Arrival) -> dict[str, str] | None:
    """The fault that spoiled the reply, else the sub_code of a refusal, else None."""
    if arrival.outcome.fault:
        return {"code": arrival.outcome.fault}
    refused = arrival.outcome.refused
    return {"code": refused.sub_code} if refused else None


def meaning(arrival: Arrival) -> Both:
    """The row's second line: the call's number, who sent it, why it was refused."""
    agent = arrival.sent.header("user-agent") or "—"
    line = {lang: f"#{arrival.number} · {agent}" for lang in LANGUAGES}
    if arrival.outcome.refused:
        why = reason(arrival.outcome.refused)
        line = {lang: f"{line[lang]} · {why[lang]}" for lang in LANGUAGES}
    return line


def reason(refused: Refused) -> Both:
    """Why the gateway refused a call, in both languages."""
    english = refused.reason
    for pattern, chinese in WORDS["reasons"].items():
        match = re.fullmatch(re.escape(pattern).replace(r"\{\}", "(.*)"), english)
        if match:
            return {"zh": chinese.format(*match.groups()), "en": english}
    return {"zh": english, "en": english}


def point(arrival: Arrival) -> dict[str, Any]:
    """The verdict: which key was tried on how many bytes, and whether the signature verifies."""
    call = arrival.call
    data = call.data_to_sign()
    sign = call.parameters.get("sign", "")
    tried = {"key": "app-key", "sign_type": call.parameters.get("sign_type", "")}
    if call.app_key and verify(data, sign, call.app_key.public_key()):
        return tried | {"bytes": len(data), "verdict": "matches"}
    if arrival.diagnosis:
        return tried | {"bytes": len(data), "verdict": "bad-request"}
    return tried | {"bytes": 0, "verdict": "not-looked-at"}


def causes_in_words(arrival: Arrival) -> list[Both] | None:
    """Why the call was refused: the diagnosis of its signature, or the error explained."""
    if arrival.diagnosis:
        found = arrival.diagnosis.findings
        return [sentence("findings", one.key, one.values) for one in found]
    refused = arrival.outcome.refused
    if refused is None:
        return None
    why = [reason(refused)]
    explained = {lang: explain(refused.sub_code, lang) for lang in LANGUAGES}
    if all(explained.values()):
        why.append({lang: " ".join(explained[lang]) for lang in LANGUAGES})
    return why


def texts(arrival: Arrival) -> Step:
    """The gateway's string to sign, and the client's if it is known, split where they differ."""
    ours = string_to_sign(arrival.call.parameters)
    theirs = arrival.diagnosis.signed if arrival.diagnosis else None
    if theirs is None or theirs == ours:
        return {"text_of_gateway": {"before": ours, "differs": "", "after": ""}}
    return {"text_of_client": split_at(theirs, ours), "text_of_gateway": split_at(ours, theirs)}


def split_at(text: str, other: str) -> dict[str, str]:
    """The text in three parts, of which the middle one differs from the other text."""
    shorter = min(len(text), len(other))
    start = 0
    while start < shorter and text[start] == other[start]:
        start += 1
    end = 0
    while end < shorter - start and text[-1 - end] == other[-1 - end]:
        end += 1
    stop = len(text) - end
    return {"before": text[:start], "differs": text[start:stop], "after": text[stop:]}


def notes(arrival: Arrival) -> list[Both]:
    """Warnings about a call, whether it was answered or refused."""
    sent = arrival.sent
    found = []
    if not re.search(rb"(^|&)charset=[^&]", sent.query):
        found.append(sentence("notes", "no-charset", {}))
    if sent.body and sent.mimetype != FORM:
        found.append(sentence("notes", "no-form", {"type": sent.mimetype or "—"}))
    hours = hours_off(arrival)
    if hours:
        found.append(sentence("notes", "time", {"hours": hours}))
    if arrival.same_bytes:
        found.append(sentence("notes", "same-bytes", {"number": str(arrival.same_bytes)}))
    elif arrival.same_code:
        found.append(sentence("notes", "same-code", {"number": str(arrival.same_code)}))
    if arrival.outcome.fault:
        found.append(sentence("notes", "fault", {"fault": arrival.outcome.fault}))
    return found


def hours_off(arrival: Arrival) -> str:
    """How many hours the timestamp is off Beijing time; "" if less than ten minutes."""
    text = arrival.call.parameters.get("timestamp", "")
    try:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    except ValueError:
        return ""
    seconds = moment.timestamp() - arrival.at
    return f"{seconds / 3600:+.1f}" if abs(seconds) > 600 else ""


# ── the reply and the request ──


def answer_in(arrival: Arrival) -> Answer | None:
    """The reply, read as a client reads it; None if that fails."""
    charset = arrival.call.charset or DEFAULT_CHARSET
    try:
        return read_answer(arrival.outcome.reply, arrival.call.method, charset)
    except AlipayError:
        return None


def is_genuine(answer: Answer | None, arrival: Arrival) -> bool:
    """Whether the emulator's Alipay key signed the answer's node."""
    if answer is None:
        return False
    return verify(answer.signed_part, answer.sign, arrival.alipay_key)


def split_reply(body: bytes, answer: Answer | None, charset: str) -> dict[str, str]:
    """The reply's text before, within and after the signed bytes. Unsigned: all of it before."""
    parts = (body, b"", b"")
    if answer and answer.signed_part and answer.sign:
        parts = body.partition(answer.signed_part)
    texts = [part.decode(charset, "replace") for part in parts]
    shown = [text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…" for text in texts]
    return dict(zip(("before", "signed", "after"), shown, strict=True))


def address(arrival: Arrival) -> str:
    """The path and query of the request."""
    query = arrival.sent.query.decode("ascii", "replace")
    return f"/gateway.do?{query}" if query else "/gateway.do"


def request_text(arrival: Arrival) -> str:
    headers = "\n".join(f"{name}: {value}" for name, value in arrival.sent.headers)
    body = arrival.sent.body.decode("utf-8", "replace")
    return f"{arrival.sent.verb} {address(arrival)}\n{headers}\n\n{body}"[:MAX_SHOWN]


def curl(arrival: Arrival) -> str | None:
    """The curl command that repeats the request; None if its body is cut or not utf-8."""
    sent = arrival.sent
    try:
        body = sent.body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not sent.is_whole:
        return None
    words = ["curl", "-g", "-X", sent.verb, f"http://{sent.header('host')}{address(arrival)}"]
    for name, value in sent.headers:
        if name.lower() not in LEFT_TO_CURL:
            words.append(f"-H{name}: {value}")
    if body:
        words += ["--data-raw", body]
    return shlex.join(words)
