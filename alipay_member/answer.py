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
CHARSETS = {"utf-8": "utf-8", "GBK": "gb18030"}  # Alipay's name: Python's; GB18030 extends GBK
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)  # or one that lacks its end
_GATEWAYS_STRING = re.compile(r"(.*网关生成的验签字符串为：)(.*)", re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """An answer as received, nothing verified yet: `node` is what `signed_part` says.

    `sign` may be "". `charset` is the one in which the body was read, `named` the one that
    Content-Type named ("" if none), both as CHARSETS writes them. `cert_sn` names the certificate
    of Alipay's key in 公钥证书 mode, else it is "": no signature covers it.
    """

    name: str
    node: dict[str, Any]
    signed_part: bytes
    sign: str
    charset: str
    named: str
    cert_sn: str = ""

    @property
    def code(self) -> str:
        """The gateway's code; "" where there is none, as in alipay.system.oauth.token's success."""
        return whole_text(self.node.get("code") or None)


def node_name(method: str) -> str:
    """alipay.user.info.share → alipay_user_info_share_response"""
    return method.replace(".", "_") + "_response"


def read_answer(body: bytes, method: str, asked: str, named: str = "") -> Answer:
    """Find the one node that answers `method` in `body`.

    `asked` is the charset that was asked for, `named` the one of the Content-Type. A broken gateway
    may answer in another one than it names: the answer is read nevertheless, for its error; the
    caller refuses a success. Raises TransportError (not-json, cut, unexpected) and SignatureError
    (ambiguous: it has a name more than once).
    """
    named = charset_name(named)
    text, charset = _decode(body, named or asked, asked)
    try:
        members = list(_members(text))
    except _TwiceError:
        raise _ambiguous() from None
    except (ValueError, IndexError, RecursionError):
        raise _unreadable(text) from None
    values = {name: value for name, _, value in members}
    if len(values) < len(members):
        raise _ambiguous()
    nodes = [member for member in members if member[0] in (node_name(method), ERROR_NODE)]
    if len(nodes) > 1:
        raise SignatureError("the answer has more than one node", "ambiguous")
    name, signed, node = nodes[0] if nodes else ("", "", None)
    if not isinstance(node, dict) or not node:
        raise TransportError(f"the answer has no {node_name(method)}", "unexpected")
    sign = values.get("sign")
    return Answer(
        name=name,
        node=node,
        signed_part=signed.encode(CHARSETS[charset]),
        sign=sign if isinstance(sign, str) else "",
        charset=charset,
        named=named,
        cert_sn=whole_text(values.get("alipay_cert_sn")),
    )


def charset_name(charset: str) -> str:
    """A charset as CHARSETS writes it, GB2312 and GB18030 as GBK; any other as it is."""
    known = {"utf8": "utf-8", "utf-8": "utf-8", "gbk": "GBK", "gb2312": "GBK", "gb18030": "GBK"}
    return known.get(charset.lower(), charset)


def read_error(
    node: Mapping[str, object], sent: Mapping[str, str], own_string: str, *, verified: bool
) -> GatewayError:
    """The error that an answer's node carries, cleared of the request's secrets.

    `sent` are the request's parameters, `own_string` is its string to sign: isv.invalid-signature
    brings the gateway's own, and where the two first differ is what went wrong.
    """
    texts = {name: whole_text(node.get(name)) for name in ("code", "msg", "sub_code", "sub_msg")}
    difference = None
    gateways = _GATEWAYS_STRING.fullmatch(texts["sub_msg"])
    if gateways:
        difference = _first_difference(_unescaped(gateways[2]), own_string, sent)
        texts["sub_msg"] = gateways[1] + "***"
    cleared = {name: _without_secrets(text, sent) for name, text in texts.items()}
    return GatewayError(**cleared, verified=verified, difference=difference)


def whole_text(value: object) -> str:
    """A value of an answer as text that every page, log and database takes.

    No NUL, and no half of a surrogate pair. What is neither text nor a number is "".
    """
    text = str(value).replace("\0", "") if isinstance(value, str | int | float) else ""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unescaped(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # &# and more digits than Python makes a number of
        return text


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
        return _without_secrets(f"{name}={masked(name, value)}", sent)
    return "***"


def _without_secrets(text: str, sent: Mapping[str, str]) -> str:
    """The gateway's words without the tokens and codes that it may echo."""
    for name, value in sent.items():
        if name in OPEN_PARAMETERS or len(value) <= 3:
            continue
        for secret in (value, quote_plus(value)):
            text = text.replace(secret, "***")
    return text


def _decode(body: bytes, *likely: str) -> tuple[str, str]:
    """The body's text and its charset: the first of the likely ones, or Alipay's two, that fits.

    It fits if the text encodes to the very same bytes again.
    """
    for charset in (*likely, *CHARSETS):
        codec = CHARSETS.get(charset)
        if codec is None:
            continue
        try:
            text = body.decode(codec)
            if text.encode(codec) == body:
                return text, charset
        except UnicodeError:
            continue
    raise _unreadable(body.decode("ascii", "replace"))  # neither utf-8 nor GBK text


def _ambiguous() -> SignatureError:
    return SignatureError("the answer has a name more than once", "ambiguous")


def _unreadable(text: str) -> TransportError:
    """An answer that is no JSON object, or one whose end is missing."""
    outside = _STRING.sub("", text.strip())
    if outside.startswith("{") and outside.count("{") > outside.count("}"):
        return TransportError("the answer broke off", "cut")
    return TransportError("the answer is not a JSON object", "not-json")


def _members(text: str) -> Iterator[tuple[str, str, Any]]:
    """(name, value's exact text, value) of each member of a JSON object; else ValueError."""
    decoder = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_without_twins)
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


class _TwiceError(ValueError):
    """One object has a name twice, so its value is ambiguous."""


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise _TwiceError
        members[name] = value
    return members


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
