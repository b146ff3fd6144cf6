# SPDX-License-Identifier: MIT-0
"""A key or certificate as it is given → the loaded one, or a KeyFormatError that says what it is.

    load_private_key(…)        应用私钥      the app's own
    load_public_key(…)         支付宝公钥    Alipay's
    load_certificate(…)        公钥证书      one of the console's .crt files
    load_root_certificates(…)  支付宝根证书

Each takes text or bytes (PEM; for a key also one line of base64), or the path of such a file.
"""

import base64
import binascii
import os
import re
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from cryptography.x509 import Certificate, InvalidVersion, load_der_x509_certificate
from cryptography.x509.oid import NameOID

from .errors import CertificateError, KeyFormatError

Source: TypeAlias = str | bytes | os.PathLike[str]  # text (also as bytes), or a file's path
NAMES = {  # by slot
    "app": "the app's certificate (应用公钥证书)",
    "alipay": "Alipay's certificate (支付宝公钥证书)",
    "root": "Alipay's root certificates (支付宝根证书)",
}
RSA_SIGNATURES = "1.2.840.113549.1.1."  # how the OIDs of signature algorithms with RSA begin
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")
_SHORTEST = 188  # characters of base64: a public key of 1024 bits


# ── keys ──


def load_private_key(key: Source | RSAPrivateKey) -> RSAPrivateKey:
    """The app's private key (应用私钥), PKCS#1 or PKCS#8; a loaded key is returned as it is.

    Takes some 50 ms: load it once. KeyFormatError says what was found instead, None included.
    """
    loaded = _load(key, "private")
    if not isinstance(loaded, RSAPrivateKey):
        message = "this is a public key, but the app's private key (应用私钥) belongs here"
        raise KeyFormatError(message, "public")
    return loaded


def load_public_key(key: Source | RSAPublicKey) -> RSAPublicKey:
    """Alipay's public key (支付宝公钥); a loaded key is returned as it is. KeyFormatError."""
    loaded = _load(key, "public")
    if not isinstance(loaded, RSAPublicKey):
        message = "this is a private key, but Alipay's public key (支付宝公钥) belongs here"
        raise KeyFormatError(message, "private")
    return loaded


def _load(source: Source | RSAPrivateKey | RSAPublicKey, kind: str) -> RSAPrivateKey | RSAPublicKey:
    if isinstance(source, RSAPrivateKey | RSAPublicKey):
        return source
    text = _text_of(source, f"the {kind} key", KeyFormatError)
    key = _key_from_der(_key_der(text, kind), kind)
    if not isinstance(key, RSAPrivateKey | RSAPublicKey):
        raise _other_kind(type(key).__name__)
    if key.key_size < 2048:
        message = f"an RSA key of {key.key_size} bits is too short today: make one of 2048 bits"
        warnings.warn(message, stacklevel=4)
    return key


def _key_der(text: str, kind: str) -> bytes:
    """The bytes of the key in PEM text or one line of base64."""
    pem = _PEM.search(text)
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
    """Whether a text that is not the name of a file was meant as a path."""
    return len(text) < _SHORTEST and ("/" in text or "\\" in text)


def _check_label(label: str, text: str) -> None:
    """Refuse a PEM block that calls itself something else than an RSA key."""
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


def _key_from_der(der: bytes, kind: str) -> object:
    try:
        return load_der_private_key(der, password=None)
    except TypeError:
        raise _encrypted() from None
    except (ValueError, UnsupportedAlgorithm):
        pass
    try:
        return load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        message = (
            f"these bytes are not an RSA {kind} key: copy it from Alipay's key tool or console"
        )
        raise KeyFormatError(message, "no-key") from None


def _encrypted() -> KeyFormatError:
    message = "this is an encrypted private key: export it without a password"
    return KeyFormatError(message, "encrypted")


def _other_kind(name: str) -> KeyFormatError:
    message = f"this is a key of another kind ({name}): RSA2 needs an RSA key"
    return KeyFormatError(message, "other-kind")


# ── certificates ──


def load_certificate(source: Source, slot: str) -> Certificate:
    """The first certificate in a file (its chain may follow); `slot` is app or alipay.

    Raises CertificateError.
    """
    certificate = _parsed(_blocks(source, slot)[0])
    if certificate is None:
        message = f"{NAMES[slot]}: these bytes can't be read as a certificate"
        raise CertificateError(message, "damaged", slot)
    rsa_key(certificate, slot)
    return certificate


def load_root_certificates(source: Source) -> tuple[Certificate, ...]:
    """The certificates in the root file that are signed with RSA, in their order.

    The file has others, some of which `cryptography` can't read (SM2): each is parsed alone.
    Raises CertificateError.
    """
    parsed = [each for each in map(_parsed, _blocks(source, "root")) if each]
    signed = [
        each
        for each in parsed
        if each.signature_algorithm_oid.dotted_string.startswith(RSA_SIGNATURES)
    ]
    if not signed:
        message = f"{NAMES['root']}: there is not one RSA certificate in this file"
        raise CertificateError(message, "no-root", "root")
    return tuple(signed)


def rsa_key(certificate: Certificate, slot: str) -> RSAPublicKey:
    """A certificate's public key. CertificateError if it is not an RSA key."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        message = f"this is a certificate of another kind than RSA: {NAMES[slot]} belongs here"
        raise CertificateError(message, "not-rsa", slot)
    return key


def _blocks(source: Source, slot: str) -> list[bytes]:
    """The certificates in a file or PEM text, as DER."""
    text = _text_of(source, NAMES[slot], partial(CertificateError, slot=slot))
    labelled = [(match[1], match[2]) for match in _PEM.finditer(text)]
    blocks = [block for label, block in labelled if label in ("CERTIFICATE", "X509 CERTIFICATE")]
    if blocks:
        return [_certificate_der(block, slot) for block in blocks]
    if labelled:
        message = f"this is a key ({labelled[0][0]}), but {NAMES[slot]} belongs here"
        raise CertificateError(message, "key", slot)
    if "-----BEGIN" in text:
        message = f"the PEM text of {NAMES[slot]} is cut: its BEGIN line has no END line"
        raise CertificateError(message, "cut", slot)
    message = f"{NAMES[slot]}: this is neither a file that exists nor a certificate as PEM text"
    raise CertificateError(message, "unknown", slot)


def _certificate_der(block: str, slot: str) -> bytes:
    try:
        return base64.b64decode("".join(block.split()), validate=True)
    except binascii.Error:
        message = f"{NAMES[slot]}: its base64 is cut or damaged; download it again"
        raise CertificateError(message, "damaged", slot) from None


def _parsed(der: bytes) -> Certificate | None:
    try:
        certificate = load_der_x509_certificate(der)
        _ = (certificate.issuer, certificate.subject)  # these are parsed when they are asked for
    except (ValueError, InvalidVersion, UnsupportedAlgorithm):
        return None
    return certificate


def common_name(certificate: Certificate) -> str:
    """The last CN of the subject, as it may be shown; "" without one."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not names:
        return ""
    text = names[-1].value
    return text if isinstance(text, str) and text.isprintable() else "?"


# ── text ──


def _text_of(source: object, name: str, error: Callable[[str, str], KeyFormatError]) -> str:
    """The text that is given, or the text of the file whose path is given.

    Raises error(message, reason), where reason is empty (also for None), type, no-file or binary.
    The message calls it `name` and quotes nothing of it.
    """
    if isinstance(source, bytes):
        source = _decoded(source, name, error)
    if isinstance(source, os.PathLike):
        if not os.path.isfile(source):
            raise error(f"{name}: there is no such file", "no-file")
        text = _decoded(Path(source).read_bytes(), name, error)
    elif isinstance(source, str):
        text = source.strip().lstrip("\ufeff")
        if "-----" not in text and "\n" not in text and os.path.isfile(text):
            text = _decoded(Path(text).read_bytes(), name, error)
    elif source is None:  # os.environ.get of what is not set
        text = ""
    else:
        message = f"{name} is given as {type(source).__name__}: give text, bytes or a file's path"
        raise error(message, "type")
    if not text.strip():
        raise error(f"{name} is empty: nothing is given", "empty")
    return text.replace("\\n", "\n").strip()  # only now: C:\new.pem is a path


def _decoded(data: bytes, name: str, error: Callable[[str, str], KeyFormatError]) -> str:
    """Decode utf-8; comments beside a PEM block may be in any charset."""
    text = data.decode("utf-8-sig", errors="replace")
    is_text = "\ufffd" not in text or "-----BEGIN" in text
    if "\0" in text or not is_text:
        raise error(f"{name} is not text (DER or UTF-16?): save it as PEM", "binary")
    return text
