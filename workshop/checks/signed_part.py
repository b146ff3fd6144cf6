"""Step 5: which bytes were signed."""

import json
import re
from collections.abc import Iterator
from typing import Any

from ..participant import Functions
from ..provided import SHARE, TOKEN, SignatureError
from ..testbed import Testbed
from .base import Attempt, CheckError, Step, check_type, expect

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


def check(functions: Functions, testbed: Testbed) -> None:
    """Plain nodes, then everything else that an answer may contain, then what is not an answer."""
    check_node(functions, testbed, PLAIN)
    check_node(functions, testbed, AVATAR)
    check_node(functions, testbed, CHINESE)
    check_error_response(functions, testbed)
    check_sibling(functions, testbed)
    check_white_space(functions, testbed)
    check_node(functions, testbed, NESTED)
    check_node(functions, testbed, BRACES)
    check_node(functions, testbed, QUOTED)
    check_node(functions, testbed, WANG, charset="GBK")
    check_unsigned(functions, testbed)
    check_no_answer(functions)


def check_node(
    functions: Functions, testbed: Testbed, node: dict[str, Any], charset: str = "utf-8"
) -> None:
    answer = testbed.reply(node, charset=charset)
    compare(functions, answer.to_bytes(), answer.signed_bytes(), SHARE, charset)


def check_error_response(functions: Functions, testbed: Testbed) -> None:
    node = {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.code-invalid"}
    answer = testbed.reply(node, "error_response")
    attempt = Attempt(functions.signed_part, answer.to_bytes(), TOKEN)
    if isinstance(attempt.error, KeyError | ValueError | SignatureError):
        raise CheckError("error-response", actual=answer.to_bytes()) from attempt.error
    compare(functions, answer.to_bytes(), answer.signed_bytes(), TOKEN)


def check_sibling(functions: Functions, testbed: Testbed) -> None:
    """With certificates, alipay_cert_sn stands between node and sign, unsigned."""
    answer = testbed.reply(PLAIN)
    answer.cert_sn = "0123456789abcdef0123456789abcdef"
    compare(functions, answer.to_bytes(), answer.signed_bytes(), SHARE)


def check_white_space(functions: Functions, testbed: Testbed) -> None:
    """White space around separators is valid JSON."""
    answer = testbed.reply(PLAIN)
    answer.comma = " , "
    answer.colon = " : "
    attempt = Attempt(functions.signed_part, answer.to_bytes(), SHARE)
    if isinstance(attempt.error, ValueError | SignatureError):
        actual = answer.to_bytes().decode()
        raise CheckError("white-space", actual=actual) from attempt.error
    try:
        compare(functions, answer.to_bytes(), answer.signed_bytes(), SHARE)
    except CheckError as error:
        if error.key != "other-cut":
            raise
        raise CheckError("white-space", error.expected, error.actual) from None


def check_unsigned(functions: Functions, testbed: Testbed) -> None:
    """Without sign the signature is "": the next step decides whether that matters."""
    body = testbed.reply(PLAIN, signed=False).to_bytes()
    attempt = Attempt(functions.signed_part, body, SHARE)
    if isinstance(attempt.error, KeyError) and attempt.error.args == ("sign",):
        raise CheckError("unsigned-raises", (b"{...}", ""), f"KeyError: {attempt.error}")
    _, signature = attempt.value()
    expect(signature, "", [("unsigned-none", None)], function="signed_part")


def check_no_answer(functions: Functions) -> None:
    """A proxy's web page, an answer to another method, a truncated answer."""
    for body in (
        b"<!doctype html><title>502</title>",
        b'{"alipay_trade_query_response":{}}',
        b'{"alipay_user_info_share_response":{"code":"10000","msg":"Succ',
    ):
        attempt = Attempt(functions.signed_part, body, SHARE)
        if not isinstance(attempt.error, SignatureError):
            actual = attempt.error and repr(attempt.error)
            value = actual or attempt.value()
            raise CheckError("no-answer", "SignatureError", value, body=body.decode())


def compare(
    functions: Functions, body: bytes, signed: bytes, method: str, charset: str = "utf-8"
) -> None:
    attempt = Attempt(functions.signed_part, body, method, charset)
    if isinstance(attempt.error, ValueError | SignatureError) and charset == "GBK":
        raise CheckError("charset-ignored", actual=repr(attempt.error)) from attempt.error
    if attempt.error:
        error = repr(attempt.error)
        raise CheckError(
            "answer-raises", actual=body.decode(charset), error=error
        ) from attempt.error
    actual = attempt.value()
    check_type(actual, (b"", ""), "signed_part")
    if len(actual) != 2:
        raise CheckError("not-two", (signed, "…"), actual)
    data, signature = actual
    expect_cut(data, signed, body, charset)
    right = json.loads(body.decode(charset))["sign"]
    named = [("sign-from-nickname", "x"), ("signature-bytes", right.encode())]
    expect(signature, right, named, function="signed_part")


def expect_cut(actual: object, signed: bytes, body: bytes, charset: str) -> None:
    """If no known error matches, show the answer."""
    try:
        expect(actual, signed, wrong_cuts(body, signed, charset), function="signed_part")
    except CheckError as error:
        if error.key != "other":
            raise
        text = re.sub(r'("sign" ?: ?"\w{8})[^"]+', r"\1…", body.decode(charset))
        raise CheckError("other-cut", signed, actual, body=text) from None


def wrong_cuts(body: bytes, signed: bytes, charset: str) -> Iterator[tuple[str, object]]:
    """What people cut out instead, by error key."""
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
    """A node, parsed and written again in the ways of json.dumps."""
    for ascii_only in (True, False):
        yield json.dumps(node, ensure_ascii=ascii_only)
        yield json.dumps(node, ensure_ascii=ascii_only, separators=(",", ":"))
        yield json.dumps(node, ensure_ascii=ascii_only, separators=(",", ":"), sort_keys=True)


def counted(text: str, begin: int) -> str:
    """From a brace to the matching one, if braces in strings are counted as well."""
    depth = 0
    for at in range(begin, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[begin : at + 1]
    return text[begin:]


STEP = Step(
    number=5,
    name="signed-part",
    functions=("signed_part",),
    check=check,
    title={"zh": "签的是哪些字节", "en": "Which bytes were signed"},
    task={
        "zh": "写 signed_part：从原始应答里切出签了名的字节，一个不改，还有签名。",
        "en": "Write signed_part: cut the signed bytes out of the raw answer, unchanged, and find "
        "the signature.",
    },
    why={
        "zh": "签名覆盖的是收到的字节。解析再写一遍，/、汉字、空白都会变样，真的应答也就验不过了。",
        "en": "The signature covers the bytes as received. Once parsed and written again, "
        "slashes, Chinese characters and white space differ, and a genuine answer no longer "
        "verifies.",
    },
    look={
        "zh": "工作台第 3 章「签了什么」：标出的就是这些字节。 "
        "https://opendocs.alipay.com/common/02mse7",
        "en": "Workbench, chapter 3, “What was signed”: it marks these bytes. "
        "https://opendocs.alipay.com/common/02mse7",
    },
    hints=(
        {
            "zh": "先按 charset 解码，找到节点的名字，再找它后面的 {。名字不在，就是 "
            "error_response。",
            "en": "Decode with charset, find the node's name, then the { after it. If the name is "
            "missing, look for error_response.",
        },
        {
            "zh": "节点在哪里结束？别数花括号：json.JSONDecoder().raw_decode(text, start) 返回 "
            "(值, 结束位置)。",
            "en": "Where does the node end? Don't count braces: "
            "json.JSONDecoder().raw_decode(text, start) returns (value, end).",
        },
        {
            "zh": "text[start:end].encode(charset) 就是签名的字节；签名是 "
            'json.loads(text).get("sign", "")。找不到和读不懂都是 ValueError：换成 '
            "SignatureError。",
            "en": "text[start:end].encode(charset) are the signed bytes; the signature is "
            'json.loads(text).get("sign", ""). Not found and not parsable both raise ValueError: '
            "turn it into SignatureError.",
        },
    ),
    compare="alipay_member/answer.py · read_answer",
    errors={
        "reserialised": {
            "zh": "这是重新序列化的副本（json.loads 再 json.dumps）：生产环境把 / 写成 \\/，"
            "签名的是收到的那些字节。从原文里切出来。",
            "en": "This is a re-serialised copy (json.loads, then json.dumps). Production writes "
            "/ as \\/ and signs exactly the bytes that you received. Cut them out of the text.",
        },
        "answer-raises": {
            "zh": "对下面这个真的应答，你的代码抛出了 {error}。",
            "en": "Your code raised {error} for this genuine answer.",
        },
        "white-space": {
            "zh": "冒号和逗号两边可以有空白，这是合法的 JSON：别数字符，从名字后面找到节点自己的 "
            "{，从它开始。",
            "en": "There may be white space around colons and commas; that is valid JSON. Don't "
            "count characters: find the node's own { after its name, and begin there.",
        },
        "text-not-bytes": {
            "zh": "切对了，但这是文本：验签要字节，请 .encode(charset)。",
            "en": "The cut is right, but it is text. A signature covers bytes: .encode(charset).",
        },
        "whole-body": {
            "zh": "这是整个应答：签名不可能覆盖它自己。只签了节点。",
            "en": "This is the whole answer. A signature can't cover itself: only the node is "
            "signed.",
        },
        "with-name": {
            "zh": "节点的名字也切进来了：只签从 { 到 } 的部分。",
            "en": "You cut out the node's name as well: the signed part goes from its { to its }.",
        },
        "inner": {
            "zh": "两端的花括号丢了：它们也签了名。",
            "en": "The braces at both ends are missing: they are signed too.",
        },
        "first-brace": {
            "zh": "切到了第一个 }：昵称里可以有花括号。让 JSON 解析器告诉你节点在哪里结束。",
            "en": "You cut at the first }, but a nickname may contain braces. Let the JSON "
            "decoder find the end of the node.",
        },
        "brace-count": {
            "zh": "你数了花括号，连昵称里的也数了（小}二{）：字符串里的不算。让 JSON "
            "解析器告诉你节点在哪里结束。",
            "en": "You counted braces, even those in the nickname (小}二{). Braces inside strings "
            "don't count. Let the JSON decoder find the end of the node.",
        },
        "up-to-sign": {
            "zh": '一直切到了 "sign"：中间可能有 alipay_cert_sn、空白，昵称或子对象里也可能有 '
            "sign。节点在它自己的 } 结束。",
            "en": 'You cut up to "sign", but alipay_cert_sn or white space may come in between, '
            "and a value may contain sign too. The node ends at its own }.",
        },
        "to-last-brace": {
            "zh": "切到了整个应答的末尾：节点在它自己的 } 结束，sign 在外面。",
            "en": "You cut up to the end of the answer. The node ends at its own }; sign is "
            "outside.",
        },
        "charset-ignored": {
            "zh": "应答是 GBK（王誠）：按 charset 解码，切完再按 charset 编码。",
            "en": "The answer is in GBK (王誠): decode it with charset, and encode the cut with "
            "charset again.",
        },
        "error-response": {
            "zh": "没有接口自己的节点时，节点叫 error_response：失败的兑换就是这样回答的。",
            "en": "If the method's own node is missing, the node is called error_response: a "
            "failed exchange is answered like this.",
        },
        "unsigned-raises": {
            "zh": '没有 sign 时抛出了 KeyError：签名应为 ""，由下一步来拒绝。',
            "en": 'Without sign your code raises KeyError. Return "" as the signature; the next '
            "step refuses it.",
        },
        "unsigned-none": {
            "zh": '没有 sign 时，签名应为 ""，不是 None。',
            "en": 'Without sign, return "" as the signature, not None.',
        },
        "no-answer": {
            "zh": "这不是对这个接口的应答（网页、别的节点，或断在中间的）：应抛出 SignatureError。"
            "json 和 index 抛出的是 ValueError。收到的是：{body}",
            "en": "This is not an answer to this method (a web page, another node, or one that "
            "breaks off): raise SignatureError. json and index raise ValueError. Received: {body}",
        },
        "not-two": {
            "zh": "要返回两样：签名的字节，和签名。",
            "en": "Return two things: the signed bytes and the signature.",
        },
        "sign-from-nickname": {
            "zh": "这个 sign 在节点里面，是用户写的：真正的签名在节点外面。",
            "en": "This sign is inside the node, where a user can write it. The real signature is "
            "outside the node.",
        },
        "signature-bytes": {
            "zh": "签名应是文本，不是 bytes。",
            "en": "Return the signature as text, not bytes.",
        },
        "other-cut": {
            "zh": "切出来的不是签了名的那些字节。应答是：{body}",
            "en": "These are not the signed bytes. The answer was: {body}",
        },
    },
)
