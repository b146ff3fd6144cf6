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

from .errors import CertificateError
from .keys import (
    NAMES,
    Source,
    common_name,
    load_certificate,
    load_root_certificates,
    rsa_key,
)

MOST_LOGGED = 16  # serial numbers; an answer may name any, and must not fill the log with them
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

        Raises CertificateError. Warns of a certificate that has ended or does not hold yet:
        Alipay decides what it still accepts. `check` says whether they are this app's.
        """
        loaded = cls(
            app=load_certificate(app, "app"),
            alipay=load_certificate(alipay, "alipay"),
            root=load_root_certificates(root),
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

        A certificate's subject names its owner: the app's CN ends in `-<app_id>`, Alipay's begins
        with 支付宝 (as in the test files of the official SDKs).
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
        """A sentence for each certificate, the app's or Alipay's, that is not valid now."""
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

    def other_serials(self, named: str) -> tuple[str, str] | None:
        """(the answer's serial number, ours) if the answer names another certificate, else None.

        `named` is the answer's alipay_cert_sn or "".
        """
        configured = serial_number(self.alipay)
        if not named or named.lower() == configured:
            return None
        return shown(named), configured

    def note_renewal(self, named: str) -> None:
        """Log, once each, another serial number than the configured one in a verified answer."""
        serials = self.other_serials(named)
        if serials is None:
            return
        serial, configured = serials
        with self._lock:
            is_new = serial not in self._seen and len(self._seen) < MOST_LOGGED
            if is_new:
                self._seen.add(serial)
        if is_new:
            log.warning(
                "Alipay's certificate was renewed with the same key: answers name %s, configured "
                "is %s. All works; download the new 支付宝公钥证书 at leisure.",
                serial,
                configured,
            )


def serial_number(certificate: Certificate) -> str:
    """A certificate's SN as Alipay counts it: MD5, in hex, of issuer and serial number.

    The issuer as RFC 4514 text (CN=…,OU=…,O=…,C=CN), the serial number in decimal. Page:
    https://opendocs.alipay.com/common/057k53; it gives the values of the official Node SDK's tests.
    """
    text = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def shown(serial: str) -> str:
    """The serial number in an answer, as logs and messages may show it."""
    return serial if re.fullmatch("[0-9A-Fa-f]{1,64}", serial) else "(unreadable)"


def _is_alipays(certificate: Certificate) -> bool:
    return common_name(certificate).startswith("支付宝")


def _is_apps(certificate: Certificate, app_id: str) -> bool:
    return common_name(certificate).endswith(f"-{app_id}") and not _is_alipays(certificate)


def _misplaced(reason: str, slot: str, certificate: Certificate) -> CertificateError:
    found = common_name(certificate) or "without a name"
    problem = {
        "alipays": "this is Alipay's certificate",
        "other-app": "this certificate belongs to another app",
        "other-key": "this certificate does not belong to this private key",
        "not-alipays": "this certificate is not Alipay's",
        "leaf": "this is an app's or Alipay's certificate, not the root file",
    }[reason]
    message = f"{problem} ({found}): {NAMES[slot]} belongs here"
    return CertificateError(message, reason, slot, found)
