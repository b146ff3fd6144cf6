"""Step 6: verify, then use only what was verified."""

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from emulator.faults import forged_node, with_other_digit
from emulator.reply import Reply

from ..participant import Functions
from ..provided import SHARE, TOKEN, SignatureError
from ..testbed import Testbed
from .base import Attempt, CheckError, Step, check_type, is_text_for_bytes
from .signed_part import AVATAR, CHINESE, PLAIN

DATA = b'{"code":"10000","msg":"Success"}'
BUSY = {"code": "20000", "msg": "Service Currently Unavailable", "sub_code": "isp.unknow-error"}


def check(functions: Functions, testbed: Testbed) -> None:
    """verify with good and bad signatures; read_answer with genuine and forged answers."""
    check_verify(functions, testbed)
    check_genuine(functions, testbed)
    check_refused(functions, testbed)
    check_twice(functions, testbed)
    check_errors(functions, testbed)


# ── verify ──


def signature_of(data: bytes, key: RSAPrivateKey, algorithm: HashAlgorithm | None = None) -> str:
    """A signature in base64; RSA2 by default."""
    return base64.b64encode(key.sign(data, PKCS1v15(), algorithm or SHA256())).decode()


def check_verify(functions: Functions, testbed: Testbed) -> None:
    """True for Alipay's RSA2 over these bytes; False, without an exception, for anything else."""
    good = signature_of(DATA, testbed.alipay_key)
    attempt = Attempt(functions.verify, DATA, good, testbed.app.alipay_public_key)
    if isinstance(attempt.error, InvalidSignature):
        raise CheckError("genuine-not-verified", function="verify") from attempt.error
    if is_text_for_bytes(attempt.error):
        raise CheckError("signature-is-text", function="verify") from attempt.error
    actual = attempt.value()
    if actual is None:
        raise CheckError("verify-gives-none", True, actual, function="verify")
    if actual is False and library_accepts(functions, good, testbed):
        raise CheckError("result-of-verify", True, actual, function="verify")
    if actual is not True:
        raise CheckError("genuine-not-verified", True, actual, function="verify")
    for key, data, signature in (
        ("tampered-verified", DATA + b" ", good),
        ("stranger-verified", DATA, signature_of(DATA, testbed.stranger)),
        ("sha1-verified", DATA, signature_of(DATA, testbed.alipay_key, SHA1())),  # noqa: S303
        ("empty-verified", DATA, ""),
        ("garbage-verified", DATA, "not base64!"),
    ):
        check_not_verified(functions, testbed, key, data, signature)


class RecordingKey:
    """A public key that remembers whether its verify has accepted a signature."""

    def __init__(self, key: RSAPublicKey) -> None:
        self._key = key
        self.has_verified = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._key, name)

    def verify(self, *arguments: Any, **named: Any) -> None:
        self._key.verify(*arguments, **named)
        self.has_verified = True


def library_accepts(functions: Functions, signature: str, testbed: Testbed) -> bool:
    """Whether public_key.verify accepts the signature, whatever their verify makes of it."""
    key = RecordingKey(testbed.app.alipay_public_key)
    Attempt(functions.verify, DATA, signature, key)
    return key.has_verified


def check_not_verified(
    functions: Functions, testbed: Testbed, key: str, data: bytes, signature: str
) -> None:
    attempt = Attempt(functions.verify, data, signature, testbed.app.alipay_public_key)
    if isinstance(attempt.error, InvalidSignature | ValueError):
        actual = repr(attempt.error)
        raise CheckError("verify-raises", False, actual, function="verify") from attempt.error
    actual = attempt.value()
    if actual is None:
        raise CheckError("verify-gives-none", False, actual, function="verify")
    if actual is not False:
        raise CheckError(key, False, actual, function="verify")


# ── read_answer: what is genuine ──


def check_genuine(functions: Functions, testbed: Testbed) -> None:
    """Everything that Alipay signed is accepted, however it is written."""
    spaced = testbed.reply(PLAIN)
    spaced.comma, spaced.colon = ", ", ": "
    answers = {
        "plain": testbed.reply(PLAIN),
        "spaced": spaced,
        "chinese": testbed.reply(CHINESE),
        "slash": testbed.reply(AVATAR),
    }
    read = {
        name: Attempt(functions.read_answer, testbed.app, SHARE, each.to_bytes())
        for name, each in answers.items()
    }
    refused = [name for name, attempt in read.items() if isinstance(attempt.error, SignatureError)]
    if len(refused) == len(answers):
        raise CheckError("all-refused", answers["plain"].node, repr(read["plain"].error))
    if refused:
        raise CheckError("copy-verified", actual=answers[refused[-1]].signed_bytes())
    for name, attempt in read.items():
        check_node(attempt.value(), answers[name])


def check_node(actual: Any, answer: Reply) -> None:
    check_type(actual, answer.node, "read_answer")
    if actual == answer.node:
        return
    if answer.name in actual:
        raise CheckError("body-not-node", answer.node, actual)
    raise CheckError("other", answer.node, actual, function="read_answer")


# ── read_answer: what is forged ──


def check_refused(functions: Functions, testbed: Testbed) -> None:
    """A success without a valid signature of Alipay's is refused."""
    unsigned = testbed.reply(PLAIN, signed=False)
    tampered = testbed.reply(PLAIN)
    tampered.sent_node = with_other_digit(tampered.signed_bytes())
    sha1 = testbed.reply(PLAIN)
    sha1.sent_signature = signature_of(sha1.signed_bytes(), testbed.alipay_key, SHA1())  # noqa: S303
    own_key = testbed.reply(PLAIN)
    own_key.private_key = testbed.app.private_key
    as_error = testbed.reply(PLAIN, "error_response", signed=False)
    for key, answer in (
        ("unsigned-accepted", unsigned),
        ("tampered-accepted", tampered),
        ("sha1-accepted", sha1),
        ("own-key-accepted", own_key),
        ("error-node-accepted", as_error),
    ):
        attempt = Attempt(functions.read_answer, testbed.app, SHARE, answer.to_bytes())
        if isinstance(attempt.error, InvalidSignature):
            raise CheckError("other-exception", "SignatureError", repr(attempt.error))
        if isinstance(attempt.error, SignatureError):
            continue
        raise CheckError(key, "SignatureError", attempt.value())


def check_twice(functions: Functions, testbed: Testbed) -> None:
    """The node twice, once forged: refused, or the signed one is returned."""
    for before in (False, True):
        answer = testbed.reply(PLAIN)
        forged = (answer.name, forged_node(answer))
        (answer.before_node if before else answer.after_node).append(forged)
        attempt = Attempt(functions.read_answer, testbed.app, SHARE, answer.to_bytes())
        if isinstance(attempt.error, SignatureError):
            continue
        actual = attempt.value()
        if actual == json.loads(forged[1]):
            raise CheckError("forged-twin-taken", answer.node, actual)
        check_node(actual, answer)


def check_errors(functions: Functions, testbed: Testbed) -> None:
    """An error is returned as it is, signed or not, so that Alipay's words reach the caller."""
    for signed in (True, False):
        answer = testbed.reply(BUSY, "error_response", signed=signed)
        attempt = Attempt(functions.read_answer, testbed.app, TOKEN, answer.to_bytes())
        if isinstance(attempt.error, SignatureError):
            raise CheckError("error-hidden", BUSY, repr(attempt.error))
        check_node(attempt.value(), answer)


STEP = Step(
    number=6,
    name="verify",
    functions=("verify", "read_answer"),
    check=check,
    title={"zh": "验签，只用验过的", "en": "Verify, then use only what was verified"},
    task={
        "zh": "写 verify 和 read_answer：成功的应答没有支付宝的签名就拒绝；"
        "返回的节点只从验过的字节里解析。",
        "en": "Write verify and read_answer: refuse a success without Alipay's signature, and "
        "parse the node from the verified bytes alone.",
    },
    why={
        "zh": "这是整件事的核心：验过的才可信。攻击者会去掉签名、改一个数字，或把节点放两遍。",
        "en": "This is the heart of it: you can trust only what you verified. Attackers drop the "
        "signature, change a digit, or send the node twice.",
    },
    look={
        "zh": "工作台第 5 章「弄坏它」：tampered、unsigned。 "
        "https://opendocs.alipay.com/common/02mse7",
        "en": "Workbench, chapter 5, “Break it”: tampered, unsigned. "
        "https://opendocs.alipay.com/common/02mse7",
    },
    hints=(
        {
            "zh": "public_key.verify(签名的字节, 数据, PKCS1v15(), SHA256()) 成功时什么都不返回，"
            "失败时抛出 InvalidSignature；base64 坏了是 ValueError。",
            "en": "public_key.verify(signature bytes, data, PKCS1v15(), SHA256()) returns nothing "
            "on success and raises InvalidSignature on failure; broken base64 raises ValueError.",
        },
        {
            "zh": "read_answer：data, signature = signed_part(body, method)，然后 node = "
            "json.loads(data)：解析 data，不是 body。",
            "en": "read_answer: data, signature = signed_part(body, method), then node = "
            "json.loads(data): parse data, not body.",
        },
        {
            "zh": "if not says_error(node) and not verify(data, signature, "
            "app.alipay_public_key): raise SignatureError(…)",
            "en": "if not says_error(node) and not verify(data, signature, "
            "app.alipay_public_key): raise SignatureError(…)",
        },
    ),
    compare="alipay_member/client.py · AlipayClient._accept",
    errors={
        "genuine-not-verified": {
            "zh": "真的签名没有通过：base64 解码签名，再用 PKCS1v15() 和 SHA256() 验证这些字节。",
            "en": "A genuine signature did not verify: base64-decode the signature, then verify "
            "these bytes with PKCS1v15() and SHA256().",
        },
        "signature-is-text": {
            "zh": "签名是 base64 文本，public_key.verify 要的是字节：先 base64.b64decode。",
            "en": "The signature is base64 text, but public_key.verify takes bytes: call "
            "base64.b64decode first.",
        },
        "verify-gives-none": {
            "zh": "verify 返回了 None：public_key.verify 成功时什么都不返回，失败时抛出 "
            "InvalidSignature。返回 True 或 False。",
            "en": "verify returned None: public_key.verify returns nothing on success and raises "
            "InvalidSignature on failure. Return True or False.",
        },
        "verify-raises": {
            "zh": "verify 对坏签名抛出了异常：请返回 False（不是 base64 的也一样）。",
            "en": "verify raised an exception for a bad signature: return False, also if it is "
            "not base64.",
        },
        "tampered-verified": {
            "zh": "改动过的字节也通过了验签。",
            "en": "verify accepted bytes that were changed.",
        },
        "stranger-verified": {
            "zh": "陌生人的签名也通过了。",
            "en": "verify accepted a stranger's signature.",
        },
        "sha1-verified": {
            "zh": "SHA-1 的签名也通过了：SHA-1 可以伪造，RSA2 只认 SHA-256。",
            "en": "verify accepted SHA-1, which can be forged: RSA2 is SHA-256 only.",
        },
        "empty-verified": {
            "zh": "空签名也通过了：没有签名就是没有验过。",
            "en": "verify accepted an empty signature: without a signature nothing is verified.",
        },
        "garbage-verified": {
            "zh": "乱写的签名也通过了。",
            "en": "verify accepted a signature that is not even base64.",
        },
        "copy-verified": {
            "zh": "你验的是重新序列化的副本：生产环境把 / 写成 \\/，汉字、空白也各有写法。"
            "验收到的那些字节（signed_part）。这个真的节点被拒绝了：",
            "en": "You verified a re-serialised copy. Production writes / as \\/, and Chinese and "
            "white space in its own way. Verify the bytes as received (signed_part). This genuine "
            "node was refused:",
        },
        "all-refused": {
            "zh": "真的应答也被拒绝了：用 signed_part 给的字节和 app.alipay_public_key 验签。",
            "en": "Genuine answers are refused too: verify the bytes from signed_part with "
            "app.alipay_public_key.",
        },
        "body-not-node": {
            "zh": "返回了整个应答；要的是节点。",
            "en": "You returned the whole answer. Return the node.",
        },
        "unsigned-accepted": {
            "zh": "没有签名的成功应答被接受了：「有签名才验」等于不验，攻击者去掉 sign 就行。",
            "en": "You accepted a success without a signature. “Verify if there is one” verifies "
            "nothing: an attacker just drops sign.",
        },
        "tampered-accepted": {
            "zh": "改动过的应答被接受了：verify 说 False 时要抛出 SignatureError。",
            "en": "You accepted a changed answer: raise SignatureError when verify returns False.",
        },
        "sha1-accepted": {
            "zh": "用 SHA-1 签名的应答被接受了。",
            "en": "You accepted an answer signed with SHA-1.",
        },
        "own-key-accepted": {
            "zh": "用你自己的密钥签名的应答被接受了：验签要用支付宝公钥，不是应用公钥。",
            "en": "You accepted an answer signed with your own key: verify with Alipay's public "
            "key (支付宝公钥), not the app's (应用公钥).",
        },
        "error-node-accepted": {
            "zh": "名叫 error_response、内容却是成功的应答没有签名也被接受了："
            "看内容（says_error），不看名字。",
            "en": "You accepted an unsigned success under the name error_response: go by the "
            "content (says_error), not by the name.",
        },
        "other-exception": {
            "zh": "应抛出 SignatureError，而不是 cryptography 的 InvalidSignature。",
            "en": "Raise SignatureError, not cryptography's InvalidSignature.",
        },
        "forged-twin-taken": {
            "zh": "节点出现了两次，你验了真的，用了假的："
            "只解析验过的那些字节（json.loads(data)），不解析整个应答。",
            "en": "The answer contained the node twice: you verified the genuine one and used the "
            "forged one. Parse only the bytes that you verified (json.loads(data)), not the whole "
            "body.",
        },
        "error-hidden": {
            "zh": "支付宝的错误变成了「验签失败」：错误可能没有签名，原样返回，让 call "
            "抛出它的原话。",
            "en": "Alipay's error became “bad signature”. An error may come unsigned: return it "
            "as it is, so that call can raise Alipay's own words.",
        },
        "result-of-verify": {
            "zh": "public_key.verify 说这个签名没问题，你的 verify 却返回 False：它成功时返回 "
            "None，失败时才抛出异常。别用它的返回值（if、==），没有抛出就 return True。",
            "en": "public_key.verify accepted the signature, but your verify returned False: it "
            "returns None on success and raises on failure. Don't test its result (if, ==); if it "
            "does not raise, return True.",
        },
    },
)
