"""The step of the workbench's trace that tells of a message: Alipay calls the app, for once."""

from typing import Any
from urllib.parse import parse_qsl

from flask import Response, request

from alipay_member.answer import CHARSETS, charset_name
from alipay_member.messages import message_string_to_sign

from .frames import Frame
from .trace import Step, body_text, curl_of_request, milliseconds, new_step

PATH = "/alipay/messages"


def message_step(response: Response, elapsed: float, frames: list[Frame]) -> Step:
    """What arrived at 应用网关, and what the app answered after `elapsed` seconds."""
    body = body_text()
    parameters, charset = read_form(body)
    text = message_string_to_sign(parameters)
    believed = response.get_data(as_text=True) == "success"
    step = new_step(
        kind="message",
        title=parameters.get("msg_method", PATH),
        says="message" if believed else "message-refused",
        outcome="verified" if believed else "unverified",
        function="app.py · receive_message()",
    )
    return step | {
        "frames": frames,
        "point": point(parameters, len(text.encode(charset)), believed),
        "address": f"{request.method} {request.path}",
        "parameters": parameters,
        "string_to_sign": text,
        "answer": response.get_data(as_text=True)[:200],
        "verified": believed,
        "curl": curl_of_request(body),
        "elapsed_ms": milliseconds(elapsed),
    }


def point(parameters: dict[str, str], size: int, believed: bool) -> dict[str, Any]:
    """What a reader is to see first: how many bytes Alipay's key was tried on, and the verdict."""
    if not parameters.get("sign"):
        return {"sign_type": "RSA2", "bytes": 0, "verdict": "no-signature"}
    verdict = "matches" if believed else "bad-signature"
    return {"sign_type": "RSA2", "bytes": size, "verdict": verdict}


def read_form(body: str) -> tuple[dict[str, str], str]:
    """A form's parameters in the charset that it names, as well as it can be read."""
    pairs = parse_qsl(body, encoding="latin-1")
    raw = {name: value.encode("latin-1", "replace") for name, value in pairs}
    named = raw.get("charset", b"utf-8").decode("latin-1")
    charset = CHARSETS.get(charset_name(named), "utf-8")
    return {name: value.decode(charset, "replace") for name, value in raw.items()}, charset
