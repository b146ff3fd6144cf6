"""RSA2, the way Alipay's gateway does it: keys, the string to sign, sign, verify. Pure functions.

RSA2 is RSASSA-PKCS1-v1_5 with SHA-256, written in base64.
Alipay's pages: 签名专区, https://opendocs.alipay.com/common/02kf5q (request), 自行实现验签 (answer).
"""

import base64
import binascii
import os
import re
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from .errors import KeyFormatError

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")


def string_to_sign(parameters: Mapping[str, str]) -> str:
    """The text that a request's signature covers (待签名字符串).

    Every parameter but `sign` (`sign_type` stays in), empty values left out, sorted by name, values not URL-encoded.
    """
    return "&".join(
        f"{name}={value}"
        for name, value in sorted(parameters.items())
        if name != "sign" and value != ""
    )


def sign(data: bytes, private_key: RSAPrivateKey) -> str:
    """The RSA2 signature over `data`, in base64."""
    return base64.b64encode(private_key.sign(data, PKCS1v15(), SHA256())).decode("ascii")


def verify(data: bytes, signature: str, public_key: RSAPublicKey) -> bool:
    """Whether `signature` (base64) is the RSA2 signature over exactly these bytes by the owner of `public_key`."""
    try:
        public_key.verify(base64.b64decode(signature, validate=True), data, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def signature_flaw(
    data: bytes, signature: str, alipay_key: RSAPublicKey, app_key: RSAPublicKey
) -> str | None:
    """None if Alipay signed these bytes; else what is wrong, as SignatureError names it.

    An RSA signature can be opened with its public key: what is inside tells a signature that this key made over
    other bytes ("tampered") from one that this key never made ("wrong-key").
    """
    if not signature:
        return "unsigned"
    if alipay_key.public_numbers() == app_key.public_numbers():
        return "app-key"
    if verify(data, signature, alipay_key):
        return None
    if _made_by(app_key, signature, SHA256()):
        return "app-key"
    if _made_by(alipay_key, signature, SHA256()):
        return "tampered"
    weak = _made_by(alipay_key, signature, SHA1())  # noqa: S303 (to name it, never to accept it)
    return "sha1" if weak else "wrong-key"


def _made_by(key: RSAPublicKey, signature: str, algorithm: HashAlgorithm) -> bool:
    """Whether `key` opens the signature and a digest of this algorithm is inside, whatever the bytes signed were."""
    try:
        key.recover_data_from_signature(
            base64.b64decode(signature, validate=True), PKCS1v15(), algorithm
        )
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def load_private_key(key: str | RSAPrivateKey) -> RSAPrivateKey:
    """The app's private key (应用私钥) from a file's path, PEM text or one-line base64, PKCS#1 or PKCS#8.

    Takes some 50 ms: load it once; a loaded key is returned as it is. KeyFormatError says what was found instead.
    """
    loaded = _load(key, "private") if isinstance(key, str) else key
    if not isinstance(loaded, RSAPrivateKey):
        raise KeyFormatError(
            "this is a public key, but the app's private key (应用私钥) belongs here"
        )
    return loaded


def load_public_key(key: str | RSAPublicKey) -> RSAPublicKey:
    """Alipay's public key (支付宝公钥), from the same forms. Raises KeyFormatError."""
    loaded = _load(key, "public") if isinstance(key, str) else key
    if not isinstance(loaded, RSAPublicKey):
        raise KeyFormatError(
            "this is a private key, but Alipay's public key (支付宝公钥) belongs here"
        )
    return loaded


def _load(text: str, kind: str) -> RSAPrivateKey | RSAPublicKey:
    der = _der(text, kind)
    key: object = None
    try:
        key = load_der_private_key(der, password=None)
    except TypeError:
        raise KeyFormatError(
            "this is an encrypted private key: export it without a password"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        with suppress(ValueError, UnsupportedAlgorithm):
            key = load_der_public_key(der)
    if key is None:
        raise KeyFormatError(
            f"these bytes are no RSA {kind} key: copy it from Alipay's key tool or console again"
        )
    if not isinstance(key, RSAPrivateKey | RSAPublicKey):
        raise KeyFormatError(
            f"this is a key of another kind ({type(key).__name__}): RSA2 needs an RSA key"
        )
    if key.key_size < 2048:
        warnings.warn(
            f"an RSA key of {key.key_size} bits is too short today: make one of 2048 bits",
            stacklevel=3,
        )
    return key


def _der(text: str, kind: str) -> bytes:
    """The key's bytes, out of whichever form the text has."""
    text = text.strip().lstrip("\ufeff")
    if not text:
        raise KeyFormatError(f"the {kind} key is empty")
    if "-----" not in text and "\n" not in text and os.path.isfile(text):
        text = Path(text).read_bytes().decode("utf-8-sig", errors="replace").strip()
        if "\ufffd" in text or "\0" in text:
            raise KeyFormatError(
                f"the {kind} key's file is no text (DER or UTF-16?): save it as PEM"
            )
    text = text.replace("\\n", "\n")  # only now: C:\new.pem is a path
    if pem := _PEM.search(text):
        label, text = pem.groups()
        if "CERTIFICATE" in label:
            raise KeyFormatError(
                "this is a certificate (公钥证书): this client takes the public key itself, 公钥模式"
            )
        if "ENCRYPTED" in label or "ENCRYPTED" in text:
            raise KeyFormatError("this is an encrypted private key: export it without a password")
        if label not in ("PRIVATE KEY", "RSA PRIVATE KEY", "PUBLIC KEY", "RSA PUBLIC KEY"):
            raise KeyFormatError(f"this is a key of another kind ({label}): RSA2 needs an RSA key")
    elif "-----" in text:
        raise KeyFormatError("the PEM text is cut: its BEGIN line has no END line that matches")
    elif not _BASE64.fullmatch(text):
        raise KeyFormatError(
            f"the {kind} key is neither a file that exists, nor PEM text, nor one line of base64"
        )
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise KeyFormatError(
            f"the {kind} key's base64 is cut or damaged: copy it again, whole"
        ) from None
