# SPDX-License-Identifier: MIT-0
"""RSA2 as Alipay's gateway does it: the string to sign, sign, verify. Pure functions.

RSA2 is RSASSA-PKCS1-v1_5 with SHA-256, written in base64.
Pages: 签名专区 (request), https://opendocs.alipay.com/common/02kf5q
       自行实现验签 (answer), https://opendocs.alipay.com/common/02mse7
"""

import base64
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm


def string_to_sign(parameters: Mapping[str, str]) -> str:
    """The text that a request's signature covers (待签名字符串).

    Every parameter except `sign` and those with empty values (`sign_type` stays in), sorted by
    name, values not URL-encoded.
    """
    signed = {name: value for name, value in parameters.items() if name != "sign" and value != ""}
    return "&".join(f"{name}={value}" for name, value in sorted(signed.items()))


def sign(data: bytes, private_key: RSAPrivateKey) -> str:
    """The RSA2 signature over `data`, in base64."""
    return base64.b64encode(private_key.sign(data, PKCS1v15(), SHA256())).decode("ascii")


def verify(data: bytes, signature: str, public_key: RSAPublicKey) -> bool:
    """Whether `signature` (base64) is RSA2 over exactly these bytes, by `public_key`'s owner."""
    try:
        public_key.verify(base64.b64decode(signature, validate=True), data, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def why_not_verified(
    data: bytes, signature: str, alipay_key: RSAPublicKey, app_key: RSAPublicKey
) -> str | None:
    """None if Alipay signed these bytes, else the SignatureError's `reason`.

    A public key opens the signatures that its private key made. So "tampered" (Alipay's key signed
    other bytes) can be told from "wrong-key" (another key signed).
    """
    if not signature:
        return "unsigned"
    if alipay_key.public_numbers() == app_key.public_numbers():
        return "app-key"
    if verify(data, signature, alipay_key):
        return None
    if not _looks_whole(signature):
        return "damaged"
    return _why_invalid(signature, alipay_key, app_key)


def _why_invalid(signature: str, alipay_key: RSAPublicKey, app_key: RSAPublicKey) -> str:
    if _made_by(app_key, signature, SHA256()):
        return "app-key"
    if _made_by(alipay_key, signature, SHA256()):
        return "tampered"
    weak = _made_by(alipay_key, signature, SHA1())  # noqa: S303 (to name it, not to accept it)
    return "sha1" if weak else "wrong-key"


def _looks_whole(signature: str) -> bool:
    """Whether this is base64 of an RSA signature's length: neither cut nor re-encoded."""
    if re.fullmatch("[0-9A-Fa-f]+", signature):
        return False
    try:
        size = len(base64.b64decode(signature, validate=True))
    except ValueError:
        return False
    return size in (128, 256, 384, 512)  # of keys with 1024 to 4096 bits


def _made_by(key: RSAPublicKey, signature: str, algorithm: HashAlgorithm) -> bool:
    """Whether `key` opens the signature and finds a digest of this algorithm, over any bytes."""
    try:
        key.recover_data_from_signature(
            base64.b64decode(signature, validate=True), PKCS1v15(), algorithm
        )
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
