# SPDX-License-Identifier: MIT-0
"""Reading an answer of Alipay's gateway: which bytes were signed, and what they say.

    {"alipay_user_info_share_response":{"code":"10000",…},"alipay_cert_sn":"…","sign":"…"}
                                       └── these bytes, exactly as received, are what was signed

Production writes `/` as `\\/`, values may hold braces, quotes and even `"sign":"x"`, and a GBK
character's second byte may be a backslash or a brace. So: decode strictly, let the JSON decoder say
where each member begins and ends, and use nothing but what it read between these two places. Page:
https://opendocs.alipay.com/common/02mse7 (自行实现验签)
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NoReturn
from urllib.parse import quote_plus

from .errors import OPEN_PARAMETERS, GatewayError, SignatureError, TransportError, masked

ERROR_NODE = "error_response"
_GATEWAYS_STRING = re.compile(r"(.*网关生成的验签字符串为：)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """An answer as received, nothing verified yet.

    `node` is what `signed_part` says, `sign` may be "".
    """

    name: str
    node: dict[str, Any]
    signed_part: bytes
    sign: str
    charset: str

    @property
    def code(self) -> str:
        """The gateway's code, "" where there is none.

        A good answer of alipay.system.oauth.token has none.
        """
        return str(self.node.get("code") or "")


def node_name(method: str) -> str:
    """alipay.user.info.share → alipay_user_info_share_response"""
    return method.replace(".", "_") + "_response"


def read_answer(body: bytes, method: str, charset: str) -> Answer:
    """Find the one node that answers `method` in `body`; `charset` is the one that was asked for.

    Gateways in trouble send GBK although utf-8 was asked: such an answer is read too, and says so
    in `charset`. Raises TransportError (not-json, unexpected) and SignatureError (ambiguous: more
    than one node).
    """
    text, charset = _decode(body, charset)
    try:
        members = list(_members(text))
    except (ValueError, IndexError, RecursionError):
        raise TransportError("the answer is not a JSON object", "not-json") from None
    nodes = [member for member in members if member[0] in (node_name(method), ERROR_NODE)]
    signs = [value for name, _, value in members if name == "sign"]
    if len(nodes) > 1 or len(signs) > 1:
        raise SignatureError("the answer has its node or its signature more than once", "ambiguous")
    name, signed, node = nodes[0] if nodes else ("", "", None)
    if not isinstance(node, dict) or not node:
        raise TransportError(f"the answer has no {node_name(method)}", "unexpected")
    sign = signs[0] if signs and isinstance(signs[0], str) else ""
    return Answer(name, node, signed.encode(charset), sign, charset)


def read_error(
    node: Mapping[str, object], sent: Mapping[str, str], own_string: str, *, verified: bool
) -> GatewayError:
    """The error that an answer's node carries, cleared of the request's secrets.

    `sent` are the request's parameters, `own_string` is its string to sign: isv.invalid-signature
    brings the gateway's own, and where the two first differ is what went wrong.
    """
    said = {name: whole_text(node.get(name)) for name in ("code", "msg", "sub_code", "sub_msg")}
    difference = None
    gateways = _GATEWAYS_STRING.fullmatch(said["sub_msg"])
    if gateways:
        difference = _first_difference(html.unescape(gateways[2]), own_string, sent)
        said["sub_msg"] = gateways[1] + "***"
    cleared = {name: _without_secrets(text, sent) for name, text in said.items()}
    return GatewayError(**cleared, verified=verified, difference=difference)


def whole_text(value: object) -> str:
    """A value of an answer as text that every page, log and database takes; None is "".

    No NUL, and no half of a surrogate pair.
    """
    text = "" if value is None else str(value).replace("\0", "")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _first_difference(theirs: str, ours: str, sent: Mapping[str, str]) -> tuple[str, str]:
    """The first parameter in which two strings to sign differ, secrets masked.

    ("", "") if none does.
    """
    pairs = zip_longest(theirs.split("&"), ours.split("&"), fillvalue="")
    for gateway, own in pairs:
        if gateway != own:
            return _masked_pair(gateway, sent), _masked_pair(own, sent)
    return "", ""


def _masked_pair(pair: str, sent: Mapping[str, str]) -> str:
    """`name=value` as it may be shown; what is no parameter of ours is not shown at all."""
    name, _, value = pair.partition("=")
    if not pair:
        return "∅"
    if name in OPEN_PARAMETERS or name in sent:
        return f"{name}={masked(name, value)}"
    return "***"


def _without_secrets(text: str, sent: Mapping[str, str]) -> str:
    """The gateway's words without the tokens and codes that it may echo."""
    for name, value in sent.items():
        if name in OPEN_PARAMETERS or len(value) <= 3:
            continue
        for secret in (value, quote_plus(value)):
            text = text.replace(secret, "***")
    return text


def _decode(body: bytes, charset: str) -> tuple[str, str]:
    """The body's text, in the charset asked for or, failing that, in Alipay's other one.

    The bytes must survive it.
    """
    for candidate in dict.fromkeys((charset, "utf-8", "GBK")):
        try:
            text = body.decode(candidate)
            if text.encode(candidate) == body:
                return text, candidate
        except UnicodeError:
            continue
    raise TransportError("the answer is neither utf-8 nor GBK text", "not-json")


def _members(text: str) -> Iterator[tuple[str, str, Any]]:
    """(name, value's exact text, value) of each member of a JSON object; else ValueError."""
    decoder = json.JSONDecoder(parse_constant=_refuse)
    at = _expect(text, 0, "{")
    separator = ","
    while separator == ",":
        name, at = decoder.raw_decode(text, _skip(text, at))
        start = _skip(text, _expect(text, at, ":"))
        value, end = decoder.raw_decode(text, start)
        if not isinstance(name, str):
            raise ValueError("a name is no string")
        yield name, text[start:end], value
        at = _skip(text, end)
        separator = text[at]
        at += 1
    if separator != "}" or _skip(text, at) != len(text):
        raise ValueError("there is something behind the object")


def _expect(text: str, at: int, character: str) -> int:
    at = _skip(text, at)
    if text[at] != character:
        raise ValueError(f"expected {character}")
    return at + 1


def _skip(text: str, at: int) -> int:
    """Past JSON's white space."""
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
