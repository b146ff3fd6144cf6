# SPDX-License-Identifier: MIT-0
"""The console's .crt files → certificates: what is in them, not yet whose (see certificates.py)."""

import base64
import binascii
from functools import partial

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate, InvalidVersion, load_der_x509_certificate

from .errors import CertificateError
from .source import PEM, Source, text_of

RSA_SIGNATURES = "1.2.840.113549.1.1."  # how the OIDs of signature algorithms with RSA begin
NAMES = {  # by slot
    "app": "the app's certificate (应用公钥证书)",
    "alipay": "Alipay's certificate (支付宝公钥证书)",
    "root": "Alipay's root certificates (支付宝根证书)",
}


def load_leaf(source: Source, slot: str) -> Certificate:
    """The certificate that a file is about: its first; what follows would be the chain.

    `source` is a path, PEM text or bytes, `slot` app or alipay. Raises CertificateError.
    """
    certificate = _parsed(_blocks(source, slot)[0])
    if certificate is None:
        message = f"{NAMES[slot]}: these bytes are no certificate that can be read"
        raise CertificateError(message, "damaged", slot)
    rsa_key(certificate, slot)
    return certificate


def load_roots(source: Source) -> tuple[Certificate, ...]:
    """Those of the root file whose signature algorithm is RSA, in their order.

    It has others, some of which `cryptography` can't read (SM2): so each is parsed alone. Raises
    CertificateError.
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
    """Its public key. Raises CertificateError if that is of another kind."""
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        message = f"this is a certificate of another kind than RSA: {NAMES[slot]} belongs here"
        raise CertificateError(message, "not-rsa", slot)
    return key


def _blocks(source: Source, slot: str) -> list[bytes]:
    """The certificates in a file or PEM text, as DER, in their order."""
    text = text_of(source, NAMES[slot], partial(CertificateError, slot=slot))
    labelled = [(match[1], match[2]) for match in PEM.finditer(text)]
    blocks = [block for label, block in labelled if label in ("CERTIFICATE", "X509 CERTIFICATE")]
    if blocks:
        return [_der(block, slot) for block in blocks]
    if labelled:
        message = f"this is a key ({labelled[0][0]}), but {NAMES[slot]} belongs here"
        raise CertificateError(message, "key", slot)
    if "-----BEGIN" in text:
        message = f"the PEM text of {NAMES[slot]} is cut: its BEGIN line has no END line"
        raise CertificateError(message, "cut", slot)
    message = f"{NAMES[slot]}: this is neither a file that exists nor a certificate as PEM text"
    raise CertificateError(message, "unknown", slot)


def _der(block: str, slot: str) -> bytes:
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
