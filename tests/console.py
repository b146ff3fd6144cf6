"""The files that the console gives in 公钥证书 mode, made here for tests that need no gateway."""

from datetime import datetime, timedelta, timezone
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

PARTNER = "2088000000000000"
ALIPAY = f"支付宝(中国)网络技术有限公司-{PARTNER}"
TODAY = datetime.now(timezone.utc).replace(microsecond=0)


@cache
def authority(kind: str = "RSA"):
    """The key of a root: RSA, or EC."""
    if kind == "EC":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(common_name, key, *, days=(-1, 30), kind="RSA"):
    """A certificate for this public key as PEM text, valid from and to these days."""
    begins, ends = (TODAY + timedelta(days=number) for number in days)
    builder = x509.CertificateBuilder(
        issuer_name=name("Root R1"),
        subject_name=name(common_name),
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=begins,
        not_valid_after=ends,
    )
    return builder.sign(authority(kind), SHA256()).public_bytes(Encoding.PEM).decode()


def name(common_name):
    """All four parts, as Alipay's names have them."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Ant Financial"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Alipay"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def app_file(app_id, key):
    """appCertPublicKey_<app_id>.crt"""
    return certificate(f"{PARTNER}-{app_id}", key)


def alipay_file(key, **options):
    """alipayCertPublicKey_RSA2.crt"""
    return certificate(ALIPAY, key, **options)


def root_file(*kinds):
    """alipayRootCert.crt: also with roots of which no SN may speak."""
    made = [
        certificate(f"Root {kind}", authority(kind).public_key(), kind=kind)
        for kind in kinds or ("EC", "RSA")
    ]
    return "\n".join(made)
