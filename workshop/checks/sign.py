"""Step 2: the signature."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256

from alipay_member.signing import sign as signed

from ..participant import Functions
from ..testbed import Testbed
from .base import Attempt, CheckError, Step, check_type, expect, is_text_for_bytes

Parameters = Mapping[str, str]


def check(functions: Functions, testbed: Testbed) -> None:
    """RSA2 in base64; then text beyond ASCII."""
    key = testbed.app.private_key
    for text in ("app_id=demo-mini&charset=utf-8", "app_id=demo-mini&nick_name=小二"):
        right = signed(text.encode("utf-8"), key)
        attempt = Attempt(functions.sign, text, key)
        check_arguments(attempt.error)
        expect_signature(attempt.value(), right, text, key)


def check_arguments(error: Exception | None) -> None:
    """How private_key.sign reacts to wrong arguments."""
    if is_text_for_bytes(error):
        raise CheckError("text-passed", actual=str(error)) from error
    if isinstance(error, TypeError) and "HashAlgorithm" in str(error):
        raise CheckError("classes-passed", actual=str(error)) from error
    if isinstance(error, UnicodeDecodeError):
        raise CheckError("signature-decoded", actual=str(error)[:80]) from error
    if isinstance(error, UnicodeEncodeError):
        raise CheckError("not-every-character", actual=str(error)) from error


def expect_signature(actual: object, right: str, text: str, key: RSAPrivateKey) -> None:
    """RSA2's padding is deterministic: there is one right signature."""
    if actual == right:
        return
    if is_pss(actual, text, key):
        raise CheckError("pss", right, actual)
    expect(actual, right, wrong_signatures(text, key), function="sign")


def wrong_signatures(text: str, key: RSAPrivateKey) -> Iterator[tuple[str, object]]:
    """What people send instead, by error key."""
    data = text.encode("utf-8")
    raw = key.sign(data, PKCS1v15(), SHA256())
    yield "sha1", base64.b64encode(key.sign(data, PKCS1v15(), SHA1())).decode()  # noqa: S303
    yield "md5", base64.b64encode(key.sign(data, PKCS1v15(), MD5())).decode()  # noqa: S303
    yield "bytes", base64.b64encode(raw)
    yield "not-base64", raw
    yield "not-base64", raw.decode("latin-1")
    yield "hex", raw.hex()
    yield "repr", str(base64.b64encode(raw))
    yield "line-breaks", base64.encodebytes(raw).decode()
    yield "line-breaks", base64.encodebytes(raw).decode().strip()
    yield "url-safe", base64.urlsafe_b64encode(raw).decode()
    yield "encoded-signature", quote_plus(base64.b64encode(raw).decode())
    yield "encoded-signature", quote(base64.b64encode(raw).decode())
    for digest in (hashlib.sha256(data).digest(), hashlib.sha256(data).hexdigest().encode()):
        yield "hashed-twice", base64.b64encode(key.sign(digest, PKCS1v15(), SHA256())).decode()
    gbk = key.sign(text.encode("gbk"), PKCS1v15(), SHA256())
    yield "gbk", base64.b64encode(gbk).decode()


def is_pss(actual: object, text: str, key: RSAPrivateKey) -> bool:
    """PSS signatures differ each time, so they are verified, not compared."""
    check_type(actual, "" if not isinstance(actual, bytes) else b"", "sign")
    try:
        padding = PSS(MGF1(SHA256()), PSS.AUTO)
        signature = base64.b64decode(actual)  # type: ignore[arg-type] # text or bytes by now
        key.public_key().verify(signature, text.encode("utf-8"), padding, SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


STEP = Step(
    number=2,
    name="sign",
    functions=("sign",),
    check=check,
    title={"zh": "签名（RSA2）", "en": "Sign it (RSA2)"},
    task={
        "zh": "写 sign：用应用私钥给文字签名，结果是 base64 文本。",
        "en": "Write sign: sign the text with the app's private key; the result is base64 text.",
    },
    why={
        "zh": "私钥只有你有，支付宝用你上传的应用公钥验证。RSA2 是支付宝的叫法，就是 PKCS#1 v1.5 "
        "加 SHA-256。",
        "en": "Only you have the private key; Alipay verifies with the public key that you "
        "uploaded. RSA2 is Alipay's name for PKCS#1 v1.5 with SHA-256.",
    },
    look={
        "zh": "https://opendocs.alipay.com/common/02kf5q ，以及 cryptography 的 RSAPrivateKey.sign",
        "en": "https://opendocs.alipay.com/common/02kf5q and RSAPrivateKey.sign in the docs of "
        "cryptography",
    },
    hints=(
        {
            "zh": "private_key.sign(字节, 填充, 哈希)：填充和哈希已经 import 在文件开头。"
            "它自己会算哈希。",
            "en": "private_key.sign(bytes, padding, hash): padding and hash are already imported "
            "at the top. It computes the hash itself.",
        },
        {
            "zh": '填充是 PKCS1v15()，哈希是 SHA256()；字节是 text.encode("utf-8")。',
            "en": "The padding is PKCS1v15(), the hash is SHA256(), the bytes are "
            'text.encode("utf-8").',
        },
        {
            "zh": 'base64.b64encode(…) 给的是 bytes，再 .decode("ascii") 成文本。',
            "en": 'base64.b64encode(…) returns bytes; .decode("ascii") turns them into text.',
        },
    ),
    compare="alipay_member/signing.py · sign",
    errors={
        "text-passed": {
            "zh": 'private_key.sign 要的是字节，不是文本：text.encode("utf-8")。',
            "en": 'private_key.sign takes bytes, not text: text.encode("utf-8").',
        },
        "classes-passed": {
            "zh": "填充和哈希要各传一个对象：PKCS1v15() 和 SHA256()，带括号，先填充后哈希。",
            "en": "Pass padding and hash as objects: PKCS1v15() and SHA256(), with parentheses, "
            "padding first.",
        },
        "sha1": {
            "zh": "你用的是 SHA-1：那是旧的 RSA。RSA2 是 SHA-256。",
            "en": "You signed with SHA-1: that is the old RSA. RSA2 is SHA-256.",
        },
        "md5": {
            "zh": "你用的是 MD5。RSA2 是 SHA-256。",
            "en": "You signed with MD5. RSA2 is SHA-256.",
        },
        "pss": {
            "zh": "你用的是 PSS 填充。RSA2 是 PKCS#1 v1.5：PKCS1v15()。",
            "en": "You used PSS padding. RSA2 is PKCS#1 v1.5: PKCS1v15().",
        },
        "bytes": {
            "zh": '签名是对的，但类型是 bytes：请 .decode("ascii") 成文本。',
            "en": "The signature is right, but its type is bytes: turn it into text with "
            '.decode("ascii").',
        },
        "not-base64": {
            "zh": "这是签名的原始字节：还要做 base64。",
            "en": "These are the raw bytes of the signature: encode them as base64.",
        },
        "hex": {
            "zh": "签名写成了十六进制；支付宝要 base64。",
            "en": "The signature is in hex; Alipay expects base64.",
        },
        "repr": {
            "zh": "结果里有 b'…'：对 bytes 用了 str()。请用 .decode(\"ascii\")。",
            "en": "The result contains b'…': you called str() on bytes. Use .decode(\"ascii\").",
        },
        "line-breaks": {
            "zh": "base64 里有换行：encodebytes 会折行，请用 b64encode。",
            "en": "The base64 contains line breaks: encodebytes folds lines, b64encode does not.",
        },
        "url-safe": {
            "zh": "这是 URL 安全的 base64（- 和 _）；支付宝用标准的（+ 和 /）。",
            "en": "This is URL-safe base64 (- and _); Alipay uses the standard one (+ and /).",
        },
        "encoded-signature": {
            "zh": "签名已经做了 URL 编码：那是发送时的事，第 3 步会做。",
            "en": "The signature is already URL-encoded. That belongs to sending, in step 3.",
        },
        "hashed-twice": {
            "zh": "你先自己算了摘要再签：private_key.sign 自己会算 SHA-256，直接交给它原文。",
            "en": "You computed a digest first and signed that. private_key.sign hashes by "
            "itself: pass it the bytes of the text.",
        },
        "gbk": {
            "zh": "文本按 GBK 编码后签名；charset 是 utf-8。",
            "en": "You signed the text in GBK; the charset is utf-8.",
        },
        "signature-decoded": {
            "zh": '签名是字节，不是文字，不能直接 decode：先做 base64，再 .decode("ascii")。',
            "en": "A signature is bytes, not text, and can't be decoded: base64 first, then "
            '.decode("ascii").',
        },
        "not-every-character": {
            "zh": '这个编码写不出文本里的汉字：text.encode("utf-8")。',
            "en": "This encoding can't represent all of the text's characters: use "
            'text.encode("utf-8").',
        },
    },
)
