"""The files that the console gives in 公钥证书 mode, made in memory for the emulated Alipay.

    root (RSA) ── intermediate ─┬─ Alipay's certificate   CN=支付宝…
    root (EC)                   └─ each app's             CN=…-<app_id>

As in Alipay's sandbox, one intermediate issues both, and the root file also holds a certificate
that is not RSA, which no SN may name. Nothing of it outlives the process.
"""

import functools
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from alipay_member.certificates import Certificates, serial_number

from .keys import rsa_key

PARTNER = "2088000000000000"  # the merchant's id in the names; nobody has it
ALIPAY_NAME = f"支付宝(模拟器)网络技术有限公司-{PARTNER}"
LIFE = timedelta(days=730)
AnyPrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
AnyPublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True)
class ConsoleFiles:
    """One app's three files, as PEM text; `parameters` are what its calls must carry."""

    app: str
    alipay: str
    root: str

    @functools.cached_property
    def parameters(self) -> dict[str, str]:
        """app_cert_sn and alipay_root_cert_sn."""
        return Certificates.load(app=self.app, alipay=self.alipay, root=self.root).parameters

    @functools.cached_property
    def alipay_cert_sn(self) -> str:
        """What the answers to its calls carry."""
        return serial_number(x509.load_pem_x509_certificate(self.alipay.encode()))


@dataclass(frozen=True)
class Issuer:
    """Who issues certificates."""

    name: x509.Name
    key: AnyPrivateKey


class Authority:
    """Issues certificates for the key pairs that the emulator has."""

    def __init__(self, alipay_key: rsa.RSAPrivateKey) -> None:
        root = Issuer(authority_name("Root R1"), rsa_key())
        other_root = Issuer(authority_name("Root E1"), ec.generate_private_key(ec.SECP256R1()))
        self._root = pem(own_certificate(root), own_certificate(other_root))
        self._intermediate = Issuer(authority_name("Class 2 R1"), rsa_key())
        name, key = self._intermediate.name, self._intermediate.key
        chain = issue(name, key.public_key(), root, is_authority=True)
        alipays = issue(holder_name(ALIPAY_NAME), alipay_key.public_key(), self._intermediate)
        # The file may hold the chain, as Alipay's does; an app's holds its own certificate alone.
        self._alipay = pem(alipays, chain)

    def files(self, app_id: str, app_key: rsa.RSAPrivateKey) -> ConsoleFiles:
        """The three files of an app."""
        name = holder_name(f"{PARTNER}-{app_id}")
        certificate = issue(name, app_key.public_key(), self._intermediate)
        return ConsoleFiles(app=pem(certificate), alipay=self._alipay, root=self._root)


def own_certificate(issuer: Issuer) -> x509.Certificate:
    """A root's, which it issues itself."""
    return issue(issuer.name, issuer.key.public_key(), issuer, is_authority=True)


def issue(
    subject: x509.Name, key: AnyPublicKey, issuer: Issuer, *, is_authority: bool = False
) -> x509.Certificate:
    """A certificate that holds from yesterday on."""
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.name)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(yesterday)
        .not_valid_after(yesterday + LIFE)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    return builder.sign(issuer.key, SHA256())


def authority_name(number: str) -> x509.Name:
    """The name of one of the emulator's authorities: all four parts, as Alipay's have them."""
    return new_name("Certification Authority", f"Alipay Emulator Certification Authority {number}")


def holder_name(common_name: str) -> x509.Name:
    """The name of whom a certificate is for."""
    return new_name("Alipay", common_name)


def new_name(unit: str, common_name: str) -> x509.Name:
    """C, O, OU and CN."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Alipay Emulator"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def pem(*certificates: x509.Certificate) -> str:
    """Certificates as PEM text, with an empty line between them, as in the console's root file."""
    return "\n".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)
