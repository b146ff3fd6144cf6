"""Step 5: which bytes were signed."""

import json
import re
from collections.abc import Iterator
from typing import Any

from ..participant import Functions
from ..provided import SHARE, TOKEN, SignatureError
from ..testbed import Lab
from .base import Attempt, Wrong, check_type, expect

PLAIN = {
    "code": "10000",
    "msg": "Success",
    "open_id": "074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5",
}
AVATAR = PLAIN | {"avatar": "https://tfs.alipayobjects.com/images/partner/T1.png"}
CHINESE = PLAIN | {"nick_name": "小二"}
BRACES = PLAIN | {"nick_name": "小}二{"}
QUOTED = PLAIN | {"nick_name": '小二","sign":"x"'}
NESTED = PLAIN | {"extra": {"sign": "x"}}
WANG = PLAIN | {"nick_name": "王誠"}  # the second byte of 誠 in GBK is a backslash


def signed_part(yours: Functions, lab: Lab) -> None:
    """The node as it came; then what else an answer may hold, and what is no answer."""
    examine(yours, lab, PLAIN)
    examine(yours, lab, AVATAR)
    examine(yours, lab, CHINESE)
    examine_error(yours, lab)
    examine_sibling(yours, lab)
    examine_white_space(yours, lab)
    examine(yours, lab, NESTED)
    examine(yours, lab, BRACES)
    examine(yours, lab, QUOTED)
    examine(yours, lab, WANG, charset="GBK")
    examine_unsigned(yours, lab)
    examine_no_answer(yours)


def examine(yours: Functions, lab: Lab, node: dict[str, Any], charset: str = "utf-8") -> None:
    """An answer with this node."""
    answer = lab.answer(node, charset=charset)
    compare(yours, answer.to_bytes(), answer.signed_bytes(), SHARE, charset)


def examine_error(yours: Functions, lab: Lab) -> None:
    """An error that comes as error_response."""
    node = {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.code-invalid"}
    answer = lab.answer(node, "error_response")
    attempt = Attempt(yours.signed_part, answer.to_bytes(), TOKEN)
    if isinstance(attempt.error, KeyError | ValueError | SignatureError):
        raise Wrong("error-response", came=answer.to_bytes()) from attempt.error
    compare(yours, answer.to_bytes(), answer.signed_bytes(), TOKEN)


def examine_sibling(yours: Functions, lab: Lab) -> None:
    """An app with certificates gets alipay_cert_sn between node and sign: it is not signed."""
    answer = lab.answer(PLAIN)
    answer.cert_sn = "0123456789abcdef0123456789abcdef"
    compare(yours, answer.to_bytes(), answer.signed_bytes(), SHARE)


def examine_white_space(yours: Functions, lab: Lab) -> None:
    """White space around the separators is legal JSON."""
    answer = lab.answer(PLAIN)
    answer.comma = " , "
    answer.colon = " : "
    attempt = Attempt(yours.signed_part, answer.to_bytes(), SHARE)
    if isinstance(attempt.error, ValueError | SignatureError):
        came = answer.to_bytes().decode()
        raise Wrong("white-space", came=came) from attempt.error
    try:
        compare(yours, answer.to_bytes(), answer.signed_bytes(), SHARE)
    except Wrong as wrong:
        if wrong.mistake != "other-cut":
            raise
        raise Wrong("white-space", wrong.expected, wrong.came) from None


def examine_unsigned(yours: Functions, lab: Lab) -> None:
    """Without sign, the signature is "": whether that matters is the next step's question."""
    body = lab.answer(PLAIN, signed=False).to_bytes()
    attempt = Attempt(yours.signed_part, body, SHARE)
    if isinstance(attempt.error, KeyError) and attempt.error.args == ("sign",):
        raise Wrong("unsigned-raises", (b"{...}", ""), f"KeyError: {attempt.error}")
    _, signature = attempt.value()
    expect(signature, "", [("unsigned-none", None)], function="signed_part")


def examine_no_answer(yours: Functions) -> None:
    """A web page of somebody in between, an answer to another method, one that breaks off."""
    for body in (
        b"<!doctype html><title>502</title>",
        b'{"alipay_trade_query_response":{}}',
        b'{"alipay_user_info_share_response":{"code":"10000","msg":"Succ',
    ):
        attempt = Attempt(yours.signed_part, body, SHARE)
        if not isinstance(attempt.error, SignatureError):
            came = attempt.error and repr(attempt.error)
            value = came or attempt.value()
            raise Wrong("no-answer", "SignatureError", value, body=body.decode())


def compare(
    yours: Functions, body: bytes, signed: bytes, method: str, charset: str = "utf-8"
) -> None:
    """Wrong unless these bytes and this body's signature are found."""
    attempt = Attempt(yours.signed_part, body, method, charset)
    if isinstance(attempt.error, ValueError | SignatureError) and charset == "GBK":
        raise Wrong("charset-ignored", came=repr(attempt.error)) from attempt.error
    if attempt.error:
        error = repr(attempt.error)
        raise Wrong("answer-raises", came=body.decode(charset), error=error) from attempt.error
    came = attempt.value()
    check_type(came, (b"", ""), "signed_part")
    if len(came) != 2:
        raise Wrong("not-two", (signed, "…"), came)
    data, signature = came
    expect_cut(data, signed, body, charset)
    right = json.loads(body.decode(charset))["sign"]
    named = [("sign-from-nickname", "x"), ("signature-bytes", right.encode())]
    expect(signature, right, named, function="signed_part")


def expect_cut(came: object, signed: bytes, body: bytes, charset: str) -> None:
    """Wrong unless these are the signed bytes; where nothing is recognised, the answer is shown."""
    try:
        expect(came, signed, wrong_cuts(body, signed, charset), function="signed_part")
    except Wrong as wrong:
        if wrong.mistake != "other":
            raise
        text = re.sub(r'("sign" ?: ?"\w{8})[^"]+', r"\1…", body.decode(charset))
        raise Wrong("other-cut", signed, came, body=text) from None


def wrong_cuts(body: bytes, signed: bytes, charset: str) -> Iterator[tuple[str, object]]:
    """What people verify instead, by the name of the mistake."""
    yield "white-space", b" " + signed
    if charset != "utf-8":
        yield "charset-ignored", signed.decode(charset).encode("utf-8")
    yield "text-not-bytes", signed.decode(charset)
    yield "whole-body", body
    text, node = body.decode(charset), signed.decode(charset)
    for copy in reserialised(json.loads(node)):
        yield "reserialised", copy.encode(charset)
        yield "reserialised", copy.encode("utf-8")
    begin = text.index(node)
    yield "with-name", f"{text[1:begin]}{node}".encode(charset)
    yield "brace-count", counted(text, begin).encode(charset)
    yield "first-brace", text[begin : text.index("}", begin) + 1].encode(charset)
    for mark in ('"sign"', ',"sign"', ', "sign"', ' , "sign"'):
        for at in (text.find(mark, begin), text.rfind(mark)):
            yield "up-to-sign", text[begin:at].encode(charset)
            yield "up-to-sign", text[begin:at].rstrip(" ,").encode(charset)
    yield "to-last-brace", text[begin:-1].encode(charset)
    yield "to-last-brace", text[begin : text.rindex("}") + 1].encode(charset)
    yield "inner", signed[1:-1]


def reserialised(node: Any) -> Iterator[str]:
    """A node, parsed and written again, in the ways of json.dumps."""
    for ascii_only in (True, False):
        yield json.dumps(node, ensure_ascii=ascii_only)
        yield json.dumps(node, ensure_ascii=ascii_only, separators=(",", ":"))
        yield json.dumps(node, ensure_ascii=ascii_only, separators=(",", ":"), sort_keys=True)


def counted(text: str, begin: int) -> str:
    """From a brace to the one that closes it, if braces in strings are counted along."""
    depth = 0
    for at in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[begin : at + 1]
    return text[begin:]
