"""Steps 1 and 2: the string to sign, and its signature."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256

from alipay_member.signing import sign as signed, string_to_sign as right_string

from ..participant import Functions
from ..testbed import Lab
from .base import Attempt, Wrong, check_type, expect, is_text_for_bytes

Parameters = Mapping[str, str]

# ── step 1 ──


def string_to_sign(yours: Functions, lab: Lab) -> None:
    """Sorted pairs; then `sign`, characters that a URL would encode, an empty value."""
    for given in (
        {"version": "1.0", "method": "alipay.user.info.share", "app_id": "demo-mini"},
        {"app_id": "demo-mini", "sign": "b2xk", "sign_type": "RSA2"},
        {"app_id": "demo-mini", "timestamp": "2026-11-24 09:30:00"},
        {"app_id": "demo-mini", "code": "a+b/c=&小二"},
        {"app_id": "demo-mini", "auth_token": "", "version": "1.0"},
        {"app_id": "demo-mini", "state": " 小二 "},
    ):
        passed = dict(given)
        came = yours.string_to_sign(passed)
        expect(came, right_string(given), wrong_strings(given), function="string_to_sign")
        if passed != given:
            raise Wrong("changed-parameters", given, passed)


def wrong_strings(parameters: Parameters) -> Iterator[tuple[str, str]]:
    """What people sign instead, by the name of the mistake."""
    right = {name: value for name, value in parameters.items() if name != "sign" and value}
    yield "unsorted", pairs(right)
    in_order = dict(sorted(right.items()))
    yield "values-only", "&".join(in_order.values())
    yield "glued", "".join(f"{name}={value}" for name, value in in_order.items())
    yield "no-names", "".join(in_order.values())
    yield "trailing", pairs(in_order) + "&"
    for encode in (quote, quote_plus, quote_all):
        encoded = {name: encode(value) for name, value in in_order.items()}
        yield "url-encoded", pairs(encoded)
    everything = dict(sorted(parameters.items()))
    yield "sign-kept", pairs({name: value for name, value in everything.items() if value})
    yield "empty-kept", pairs({n: v for n, v in everything.items() if n != "sign"})
    yield "stripped", pairs({name: value.strip() for name, value in in_order.items()})
    dropped = {name: value for name, value in in_order.items() if name != "sign_type"}
    yield "sign-type-dropped", pairs(dropped)


def pairs(parameters: Parameters) -> str:
    """name=value joined by &, in the order given."""
    return "&".join(f"{name}={value}" for name, value in parameters.items())


def quote_all(text: str) -> str:
    """URL-encoded as urlencode(quote_via=quote) does it."""
    return quote(text, safe="")


# ── step 2 ──


def sign(yours: Functions, lab: Lab) -> None:
    """RSA2 in base64; then text that is not ASCII."""
    key = lab.app.private_key
    for text in ("app_id=demo-mini&charset=utf-8", "app_id=demo-mini&nick_name=小二"):
        right = signed(text.encode("utf-8"), key)
        attempt = Attempt(yours.sign, text, key)
        check_arguments(attempt.error)
        expect_signature(attempt.value(), right, text, key)


def check_arguments(error: Exception | None) -> None:
    """What private_key.sign says of arguments that are none."""
    if is_text_for_bytes(error):
        raise Wrong("text-passed", came=str(error)) from error
    if isinstance(error, TypeError) and "HashAlgorithm" in str(error):
        raise Wrong("classes-passed", came=str(error)) from error
    if isinstance(error, UnicodeDecodeError):
        raise Wrong("signature-decoded", came=str(error)[:80]) from error
    if isinstance(error, UnicodeEncodeError):
        raise Wrong("not-every-character", came=str(error)) from error


def expect_signature(came: object, right: str, text: str, key: RSAPrivateKey) -> None:
    """Wrong unless it is the one RSA2 signature of the text: this padding leaves nothing open."""
    if came == right:
        return
    if is_pss(came, text, key):
        raise Wrong("pss", right, came)
    expect(came, right, wrong_signatures(text, key), function="sign")


def wrong_signatures(text: str, key: RSAPrivateKey) -> Iterator[tuple[str, object]]:
    """What people send instead, by the name of the mistake."""
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


def is_pss(came: object, text: str, key: RSAPrivateKey) -> bool:
    """Whether this is a signature with PSS padding, which is another one each time."""
    check_type(came, "" if not isinstance(came, bytes) else b"", "sign")
    try:
        padding = PSS(MGF1(SHA256()), PSS.AUTO)
        signature = base64.b64decode(came)  # type: ignore[arg-type] # text or bytes by now
        key.public_key().verify(signature, text.encode("utf-8"), padding, SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True
