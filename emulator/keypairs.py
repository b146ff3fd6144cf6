"""RSA key pairs, and the certificate files that the console gives in 公钥证书 mode, made in memory.

    root (RSA) ── intermediate ─┬─ Alipay's certificate   CN=支付宝…
    root (EC)                   └─ each app's             CN=…-<app_id>

As in Alipay's sandbox, one intermediate issues both, and the root file also holds a certificate
that is not RSA, which must not be part of alipay_root_cert_sn. All of it ends with the process.
"""

import base64
import functools
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from alipay_member.certificates import Certificates, serial_number

PARTNER = "2088000000000000"  # the merchant's id in the names; it belongs to nobody
ALIPAY_NAME = f"支付宝(模拟器)网络技术有限公司-{PARTNER}"
LIFETIME = timedelta(days=730)
AnyPrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
AnyPublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


def rsa_key() -> rsa.RSAPrivateKey:
    """A new key of 2048 bits."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def one_line(
    key: rsa.RSAPrivateKey | rsa.RSAPublicKey, form: PrivateFormat = PrivateFormat.PKCS8
) -> str:
    """The key's DER in base64, as Alipay's key tool gives it: X.509 if public, else in this form.

    Java asks for PKCS#8, PHP and the official Python SDK for PKCS#1 (TraditionalOpenSSL).
    """
    if isinstance(key, rsa.RSAPrivateKey):
        der = key.private_bytes(Encoding.DER, form, NoEncryption())
    else:
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


@dataclass(frozen=True)
class ConsoleFiles:
    """One app's three certificate files, as PEM text."""

    app: str
    alipay: str
    root: str

    @functools.cached_property
    def parameters(self) -> dict[str, str]:
        """app_cert_sn and alipay_root_cert_sn, which the app's calls must carry."""
        return Certificates.load(app=self.app, alipay=self.alipay, root=self.root).parameters

    @functools.cached_property
    def alipay_cert_sn(self) -> str:
        """What the replies to the app's calls carry."""
        return serial_number(x509.load_pem_x509_certificate(self.alipay.encode()))


@dataclass(frozen=True)
class Issuer:
    name: x509.Name
    key: AnyPrivateKey


class Authority:
    """Issues certificates for the emulator's key pairs."""

    def __init__(self, alipay_key: rsa.RSAPrivateKey) -> None:
        root = Issuer(authority_name("Root R1"), rsa_key())
        other_root = Issuer(authority_name("Root E1"), ec.generate_private_key(ec.SECP256R1()))
        self._root = pem(self_signed(root), self_signed(other_root))
        self._intermediate = Issuer(authority_name("Class 2 R1"), rsa_key())
        name, key = self._intermediate.name, self._intermediate.key
        chain = issue(name, key.public_key(), root, is_authority=True)
        alipays = issue(holder_name(ALIPAY_NAME), alipay_key.public_key(), self._intermediate)
        # Alipay's own file holds the chain, too; an app's file holds only its own certificate.
        self._alipay = pem(alipays, chain)

    def files(self, app_id: str, app_key: rsa.RSAPrivateKey) -> ConsoleFiles:
        name = holder_name(f"{PARTNER}-{app_id}")
        certificate = issue(name, app_key.public_key(), self._intermediate)
        return ConsoleFiles(app=pem(certificate), alipay=self._alipay, root=self._root)


def self_signed(issuer: Issuer) -> x509.Certificate:
    return issue(issuer.name, issuer.key.public_key(), issuer, is_authority=True)


def issue(
    subject: x509.Name, key: AnyPublicKey, issuer: Issuer, *, is_authority: bool = False
) -> x509.Certificate:
    """A certificate that is valid from yesterday on."""
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.name)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(yesterday)
        .not_valid_after(yesterday + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    return builder.sign(issuer.key, SHA256())


def authority_name(number: str) -> x509.Name:
    return new_name("Certification Authority", f"Alipay Emulator Certification Authority {number}")


def holder_name(common_name: str) -> x509.Name:
    return new_name("Alipay", common_name)


def new_name(unit: str, common_name: str) -> x509.Name:
    """C, O, OU and CN: Alipay's certificates have all four."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Alipay Emulator"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def pem(*certificates: x509.Certificate) -> str:
    """Certificates as PEM text, separated by an empty line, as in the console's root file."""
    return "\n".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)
