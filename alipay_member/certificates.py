# SPDX-License-Identifier: MIT-0
"""公钥证书 mode: the console's three .crt files in place of Alipay's public key.

    appCertPublicKey_<app_id>.crt  应用公钥证书    the app's public key: requests name it
    alipayCertPublicKey_RSA2.crt   支付宝公钥证书  Alipay's public key: it verifies answers
    alipayRootCert.crt             支付宝根证书    several: requests name those signed with RSA

Requests carry app_cert_sn and alipay_root_cert_sn beside the signature; answers name the
certificate of their key in alipay_cert_sn, which no signature covers. Page: 自行实现签名,
https://opendocs.alipay.com/common/057k53

No chain is built. In the sandbox every app's own certificate has the same issuer as Alipay's, so
that a merchant's certificate, whose private key this merchant holds, chains to the root as well;
files without an intermediate have no chain at all. What vouches for an answer is the key in the
configured file, whichever serial number the answer names, or none. Alipay renews its certificate
with the same key pair: the serial number changes, the key does not.

For the same reason alipay.open.app.alipaycert.download, with which the official Java SDK fetches a
certificate that it does not know, is not called: nothing but such a chain would vouch for what
comes. Whoever meets a new key downloads the new file from the console.
"""

import hashlib
import logging
import re
import threading
import warnings
from dataclasses import dataclass, field
from datetime import datetime, timezone

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509 import Certificate
from cryptography.x509.oid import NameOID

from .errors import CertificateError, SignatureError
from .pem import NAMES, load_leaf, load_roots, rsa_key
from .signing import load_public_key
from .source import Source

MOST_LOGGED = 16  # an answer may name any serial number: nobody shall fill the log with them
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Certificates:
    """One app's certificates. `root` has those of the root file that are signed with RSA."""

    app: Certificate
    alipay: Certificate
    root: tuple[Certificate, ...]
    _seen: set[str] = field(default_factory=set, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @classmethod
    def load(cls, *, app: Source, alipay: Source, root: Source) -> "Certificates":
        """The console's three files as they are: each a path (str or pathlib.Path), or PEM text.

        Raises CertificateError. One that has ended, or does not hold yet, is a warning: Alipay
        decides what it still accepts. Whether they are this app's, `check` says.
        """
        loaded = cls(
            app=load_leaf(app, "app"),
            alipay=load_leaf(alipay, "alipay"),
            root=load_roots(root),
        )
        for sentence in loaded.outdated(datetime.now(timezone.utc)):
            warnings.warn(sentence, stacklevel=2)
        return loaded

    @property
    def alipay_public_key(self) -> RSAPublicKey:
        """The key that verifies answers."""
        return rsa_key(self.alipay, "alipay")

    @property
    def parameters(self) -> dict[str, str]:
        """The common parameters that name the certificates in each request."""
        return {
            "app_cert_sn": serial_number(self.app),
            "alipay_root_cert_sn": "_".join(serial_number(each) for each in self.root),
        }

    def check(self, app_id: str, private_key: RSAPrivateKey) -> None:
        """Raise CertificateError unless they belong to this app and stand each in its own place.

        Whose a file is stands in its subject: the app's CN ends in `-<app_id>`, Alipay's begins
        支付宝 (as in the test files of the official SDKs).
        """
        self._check_app(app_id, private_key)
        self._check_alipay(app_id)
        strangers = [each for each in self.root if _is_alipays(each) or _is_apps(each, app_id)]
        if strangers:
            raise _misplaced("leaf", "root", strangers[0])

    def _check_app(self, app_id: str, private_key: RSAPrivateKey) -> None:
        if _is_alipays(self.app):
            raise _misplaced("alipays", "app", self.app)
        key = rsa_key(self.app, "app")
        is_pair = key.public_numbers() == private_key.public_key().public_numbers()
        names_another = re.search(r"-[0-9]{16}$", common_name(self.app))
        if not _is_apps(self.app, app_id) and (names_another or not is_pair):
            raise _misplaced("other-app", "app", self.app)
        if not is_pair:
            raise _misplaced("other-key", "app", self.app)

    def _check_alipay(self, app_id: str) -> None:
        same_key = rsa_key(self.app, "app") == self.alipay_public_key
        if same_key or _is_apps(self.alipay, app_id) or not _is_alipays(self.alipay):
            raise _misplaced("not-alipays", "alipay", self.alipay)

    def outdated(self, moment: datetime) -> list[str]:
        """A sentence for the app's and Alipay's certificate, if it does not hold at this moment."""
        sentences = []
        for slot, certificate in (("app", self.app), ("alipay", self.alipay)):
            begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            if moment > ends:
                sentences.append(
                    f"{NAMES[slot]} ended on {ends:%Y-%m-%d}: download the new one from the "
                    "console (已过期，请从控制台重新下载)"
                )
            elif moment < begins:
                sentences.append(
                    f"{NAMES[slot]} begins on {begins:%Y-%m-%d}: is this machine's clock right? "
                    "(尚未生效，请检查本机时钟)"
                )
        return sentences

    def is_other(self, named: str) -> bool:
        """Whether an answer names another certificate of Alipay's than the configured one."""
        return bool(named) and named.lower() != serial_number(self.alipay)

    def note_renewal(self, named: str) -> None:
        """Log, once for each, the serial number of a verified answer that is not the configured."""
        if not self.is_other(named):
            return
        serial = shown(named)
        with self._lock:
            is_new = serial not in self._seen and len(self._seen) < MOST_LOGGED
            if is_new:
                self._seen.add(serial)
        if is_new:
            log.warning(
                "Alipay's certificate was renewed with the same key: answers name %s, configured "
                "is %s. All works; download the new 支付宝公钥证书 at leisure.",
                serial,
                serial_number(self.alipay),
            )


def alipays_key(
    public_key: Source | RSAPublicKey | None, certificates: Certificates | None
) -> RSAPublicKey:
    """The key that verifies answers, in 公钥 or in 公钥证书 mode.

    ValueError unless exactly one of them is given; KeyFormatError.
    """
    if certificates is not None and public_key is None:
        return certificates.alipay_public_key
    if public_key is None or certificates is not None:
        raise ValueError("give alipay_public_key (公钥) or certificates (公钥证书), one of them")
    return load_public_key(public_key)


def refusal(flaw: str, named: str, certificates: Certificates | None) -> SignatureError:
    """The error for an answer that claims success without a good signature.

    Both serial numbers are in it where the answer names another certificate: the remedy is then the
    new file from the console.
    """
    message = f"the answer claims success, but its signature is not good: {flaw}"
    if certificates is None or not certificates.is_other(named):
        return SignatureError(message, flaw)
    serials = (shown(named), serial_number(certificates.alipay))
    message += f"; it names Alipay's certificate {serials[0]}, configured is {serials[1]}"
    return SignatureError(message, flaw, serials)


def serial_number(certificate: Certificate) -> str:
    """A certificate's SN as Alipay counts it: MD5, in hex, of issuer and serial number.

    The issuer as RFC 4514 text (CN=…,OU=…,O=…,C=CN), the serial number in decimal. Page:
    https://opendocs.alipay.com/common/057k53; it gives the values of the official Node SDK's tests.
    """
    text = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def common_name(certificate: Certificate) -> str:
    """Whose it is: the last CN of its subject, as it may be shown; "" without one."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if not names:
        return ""
    text = names[-1].value
    return text if isinstance(text, str) and text.isprintable() else "?"


def shown(serial: str) -> str:
    """A serial number that an answer names, as logs and messages may show it."""
    return serial if re.fullmatch("[0-9A-Fa-f]{1,64}", serial) else "(unreadable)"


def _is_alipays(certificate: Certificate) -> bool:
    return common_name(certificate).startswith("支付宝")


def _is_apps(certificate: Certificate, app_id: str) -> bool:
    return common_name(certificate).endswith(f"-{app_id}") and not _is_alipays(certificate)


def _misplaced(reason: str, slot: str, certificate: Certificate) -> CertificateError:
    found = common_name(certificate) or "nobody named"
    problem = {
        "alipays": "this is Alipay's certificate",
        "other-app": "this certificate is of another app",
        "other-key": "this certificate is not of this private key",
        "not-alipays": "this certificate is not Alipay's",
        "leaf": "this is no root file, but one app's or Alipay's certificate",
    }[reason]
    message = f"{problem} ({found}): {NAMES[slot]} belongs here"
    return CertificateError(message, reason, slot, found)
