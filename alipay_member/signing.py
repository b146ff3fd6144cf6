# SPDX-License-Identifier: MIT-0
"""RSA2, the way Alipay's gateway does it: keys, the string to sign, sign, verify. Pure functions.

RSA2 is RSASSA-PKCS1-v1_5 with SHA-256, written in base64.
Pages: 签名专区 (request), https://opendocs.alipay.com/common/02kf5q
       自行实现验签 (answer), https://opendocs.alipay.com/common/02mse7
"""

import base64
import binascii
import re
import warnings
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from .errors import KeyFormatError
from .source import PEM, Source, text_of

_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")
_SHORTEST = 188  # characters of base64: a public key of 1024 bits


def string_to_sign(parameters: Mapping[str, str]) -> str:
    """The text that a request's signature covers (待签名字符串).

    Every parameter but `sign` (`sign_type` stays in), empty values left out, sorted by name, values
    not URL-encoded.
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


def signature_flaw(
    data: bytes, signature: str, alipay_key: RSAPublicKey, app_key: RSAPublicKey
) -> str | None:
    """None if Alipay signed these bytes; else what is wrong, as SignatureError names it.

    An RSA signature can be opened with its public key: what is inside tells a signature that this
    key made over other bytes ("tampered") from one that this key never made ("wrong-key").
    """
    if not signature:
        return "unsigned"
    if alipay_key.public_numbers() == app_key.public_numbers():
        return "app-key"
    if verify(data, signature, alipay_key):
        return None
    if not _looks_whole(signature):
        return "damaged"
    return _whose(signature, alipay_key, app_key)


def _whose(signature: str, alipay_key: RSAPublicKey, app_key: RSAPublicKey) -> str:
    """Why a signature does not verify: by whom, and how, it was made."""
    if _made_by(app_key, signature, SHA256()):
        return "app-key"
    if _made_by(alipay_key, signature, SHA256()):
        return "tampered"
    weak = _made_by(alipay_key, signature, SHA1())  # noqa: S303 (to name it, never to accept it)
    return "sha1" if weak else "wrong-key"


def _looks_whole(signature: str) -> bool:
    """Whether this can be an RSA signature in base64: neither cut, re-encoded nor reformatted."""
    if re.fullmatch("[0-9A-Fa-f]+", signature):
        return False
    try:
        size = len(base64.b64decode(signature, validate=True))
    except ValueError:
        return False
    return size in (128, 256, 384, 512)  # of keys with 1024 to 4096 bits


def _made_by(key: RSAPublicKey, signature: str, algorithm: HashAlgorithm) -> bool:
    """Whether `key` opens the signature and finds a digest of this algorithm inside.

    Over which bytes it was made does not matter here.
    """
    try:
        key.recover_data_from_signature(
            base64.b64decode(signature, validate=True), PKCS1v15(), algorithm
        )
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def load_private_key(key: Source | RSAPrivateKey) -> RSAPrivateKey:
    """The app's private key (应用私钥), PKCS#1 or PKCS#8.

    Taken are PEM or one line of base64, as str or bytes; the path of a file with either, as str or
    pathlib.Path; or a loaded key, which is returned as it is. Takes some 50 ms: load it once.
    KeyFormatError says what was found instead, None included.
    """
    loaded = _load(key, "private")
    if not isinstance(loaded, RSAPrivateKey):
        message = "this is a public key, but the app's private key (应用私钥) belongs here"
        raise KeyFormatError(message, "public")
    return loaded


def load_public_key(key: Source | RSAPublicKey) -> RSAPublicKey:
    """Alipay's public key (支付宝公钥), in the same forms. Raises KeyFormatError."""
    loaded = _load(key, "public")
    if not isinstance(loaded, RSAPublicKey):
        message = "this is a private key, but Alipay's public key (支付宝公钥) belongs here"
        raise KeyFormatError(message, "private")
    return loaded


def _load(source: Source | RSAPrivateKey | RSAPublicKey, kind: str) -> RSAPrivateKey | RSAPublicKey:
    if isinstance(source, RSAPrivateKey | RSAPublicKey):
        return source
    text = text_of(source, f"the {kind} key", KeyFormatError)
    key = _from_der(_der(text, kind), kind)
    if not isinstance(key, RSAPrivateKey | RSAPublicKey):
        raise _other_kind(type(key).__name__)
    if key.key_size < 2048:
        message = f"an RSA key of {key.key_size} bits is too short today: make one of 2048 bits"
        warnings.warn(message, stacklevel=4)
    return key


def _der(text: str, kind: str) -> bytes:
    """The key's bytes, out of PEM or one line of base64."""
    pem = PEM.search(text)
    if pem:
        label, text = pem.groups()
        _check_label(label, text)
    elif "-----" in text:
        message = "the PEM text is cut: its BEGIN line has no END line that matches"
        raise KeyFormatError(message, "cut")
    elif _is_path(text):
        message = f"the {kind} key: there is no such file, and for a key itself this is too short"
        raise KeyFormatError(message, "no-file")
    elif not _BASE64.fullmatch(text):
        message = f"the {kind} key is neither a file that exists, nor PEM, nor one line of base64"
        raise KeyFormatError(message, "unknown")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        message = f"the {kind} key's base64 is cut or damaged: copy it again, whole"
        raise KeyFormatError(message, "damaged") from None


def _is_path(text: str) -> bool:
    """Whether this is meant as a path; that no file is there is known."""
    return len(text) < _SHORTEST and ("/" in text or "\\" in text)


def _check_label(label: str, text: str) -> None:
    """What a PEM block calls itself tells the commonest mistakes apart."""
    if "CERTIFICATE" in label:
        message = (
            "this is a certificate (公钥证书): the key itself belongs here; with all three "
            "certificates, use Certificates.load instead"
        )
        raise KeyFormatError(message, "certificate")
    if "ENCRYPTED" in label or "ENCRYPTED" in text:
        raise _encrypted()
    if label not in ("PRIVATE KEY", "RSA PRIVATE KEY", "PUBLIC KEY", "RSA PUBLIC KEY"):
        raise _other_kind(label)


def _from_der(der: bytes, kind: str) -> object:
    try:
        return load_der_private_key(der, password=None)
    except TypeError:
        raise _encrypted() from None
    except (ValueError, UnsupportedAlgorithm):
        pass
    try:
        return load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        message = f"these bytes are no RSA {kind} key: copy it from Alipay's key tool or console"
        raise KeyFormatError(message, "no-key") from None


def _encrypted() -> KeyFormatError:
    message = "this is an encrypted private key: export it without a password"
    return KeyFormatError(message, "encrypted")


def _other_kind(name: str) -> KeyFormatError:
    message = f"this is a key of another kind ({name}): RSA2 needs an RSA key"
    return KeyFormatError(message, "other-kind")
