"""RSA keys: new ones, and as one line of base64, the form in which Alipay's key tool gives them."""

import base64

from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


def rsa_key() -> RSAPrivateKey:
    """A new key of 2048 bits."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def one_line(key: RSAPrivateKey | RSAPublicKey, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    """The key's DER in base64: X.509 if it is public, else in this form.

    Java asks for PKCS#8, PHP and the official Python SDK for PKCS#1 (TraditionalOpenSSL).
    """
    if isinstance(key, RSAPrivateKey):
        der = key.private_bytes(Encoding.DER, form, NoEncryption())
    else:
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()
