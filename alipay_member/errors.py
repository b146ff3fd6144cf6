# SPDX-License-Identifier: MIT-0
"""What can go wrong with a call to Alipay. Classes with data; explain/ has the sentences.

    AlipayError                what all of them have: key, message, reason, call
    ├── GatewayError           Alipay answered with an error: code, msg, sub_code, sub_msg, verified
    ├── SignatureError         no signature of Alipay's vouches for a success, or for a message
    ├── TransportError         no answer, or none that can be read
    ├── IdentityError          a verified answer has no id, or ids of two people
    ├── SessionEnded           our own session has ended or never was
    ├── MessageError           a verified message (应用网关) asks nothing of us
    ├── RefreshUnderWay        another request is refreshing the session's token
    ├── DatabaseError          the database can't be read or written just now
    ├── SchemaError            the database was made by another version of schema.sql
    └── KeyFormatError         a key is not what it should be
        └── CertificateError   the same of a certificate (公钥证书 mode)

Access tokens, auth codes, keys and signatures are masked: no text of these errors contains them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

OPEN_PARAMETERS = (
    "app_id",
    "method",
    "charset",
    "sign_type",
    "timestamp",
    "version",
    "format",
    "grant_type",
    "app_cert_sn",
    "alipay_root_cert_sn",
)
_ALIPAYS_KEY = re.compile(r"[A-Za-z]+(\.[A-Za-z0-9_-]+)+|[A-Z0-9_]+")  # isv.code-invalid, 40004


@dataclass(frozen=True)
class Call:
    """Which call failed: its method, the gateway's address, its parameters with secrets masked."""

    method: str
    gateway_url: str
    parameters: Mapping[str, str]


def mask(parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters as a log or a support question may show them: of a secret only its length."""
    return {name: masked(name, value) for name, value in parameters.items()}


def masked(name: str, value: str) -> str:
    """One parameter's value as it may be shown."""
    return value if name in OPEN_PARAMETERS else f"***({len(value)})"


class AlipayError(Exception):
    """Base of all.

    `reason` tells the cases of one kind apart; `call` is None if nothing was sent.
    """

    kind = "alipay-error"

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.call: Call | None = None

    @property
    def key(self) -> str:
        """The name by which clients and explain/ know it, such as `signature:tampered`."""
        return f"{self.kind}:{self.reason}" if self.reason else self.kind

    def __reduce__(self) -> tuple[object, ...]:
        """For copy and pickle (another process raised it), which would call the class with args."""
        return _restored, (type(self), self.args), self.__dict__


def _restored(kind: type[AlipayError], args: tuple[object, ...]) -> AlipayError:
    """An error without its attributes: these follow."""
    return kind.__new__(kind, *args)


class GatewayError(AlipayError):
    """Alipay answered with an error, in its own words.

    `code` is the gateway's (40002), `sub_code` the exact reason (isv.code-invalid). `verified`
    tells whether the answer's signature was good: many errors come unsigned. `difference` is, for
    isv.invalid-signature, the first parameter in which the gateway's string to sign differs from
    ours, as (theirs, ours) with secrets masked; both "" if the strings are the same; else None.
    """

    kind = "gateway-error"

    def __init__(
        self,
        code: str,
        msg: str,
        sub_code: str,
        sub_msg: str,
        *,
        verified: bool,
        difference: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code} {msg}: {sub_code} {sub_msg}".strip(": "))
        self.code = code
        self.msg = msg
        self.sub_code = sub_code
        self.sub_msg = sub_msg
        self.verified = verified
        self.difference = difference

    def __str__(self) -> str:
        return self.message if self.verified else f"{self.message} [unverified: 未验签]"

    @property
    def key(self) -> str:
        """The sub_code, or the code without one; gateway-error if it does not look like either."""
        name = self.sub_code or self.code
        return name if _ALIPAYS_KEY.fullmatch(name) else self.kind


class SignatureError(AlipayError):
    """`reason` says what is wrong with the signature.

    unsigned, damaged (not a signature), wrong-key, tampered (it is over other bytes), sha1, app-key
    (the app's own key made it), ambiguous (a name is there twice). It is the signature of an answer
    that claims success, or of a message (应用网关), where `call` is None. `serials` is, in
    公钥证书 mode, (the answer's, ours): the serial numbers of Alipay's certificate where the answer
    names another one than the configured; else None.
    """

    kind = "signature"

    def __init__(
        self, message: str, reason: str = "", serials: tuple[str, str] | None = None
    ) -> None:
        super().__init__(message, reason)
        self.serials = serials


class TransportError(AlipayError):
    """`reason` says why there is no answer that can be used.

    timeout, connection (nothing came), cut (not all of it came), too-large, encoded (compressed),
    http-status, not-json, charset, unexpected (not what this method answers).
    """

    kind = "transport"


class IdentityError(AlipayError):
    """`reason` is no-id (the answer has none) or other-person (the ids are of two people)."""

    kind = "identity"


class SessionEnded(AlipayError):
    """There is no live session behind the session token: log in again."""

    kind = "session-ended"


class MessageError(AlipayError):
    """A message that Alipay signed asks nothing of us; `reason` says why.

    method (another kind of message), app (another app's), old, content (it can't be read), nobody
    (no member has these ids).
    """

    kind = "message"


class RefreshUnderWay(AlipayError):
    """Another request is refreshing the session's token: try again in a moment."""

    kind = "refresh-under-way"


class DatabaseError(AlipayError):
    """The database can't be read or written just now: gone, full, locked or damaged."""

    kind = "database"


class SchemaError(AlipayError):
    """The database can't be used by this version of schema.sql.

    `reason` is foreign (tables of another program have the names of ours) or "" (another version of
    this one made them).
    """

    kind = "schema"


class KeyFormatError(AlipayError):
    """A key is not the key that belongs there; the message says what it is.

    It never quotes the key. `reason` is empty, type, no-file, unknown, binary, cut, damaged,
    no-key, encrypted, other-kind, certificate (it can't be read as an RSA key), public, private,
    app-key (it is another key than belongs there).
    """

    kind = "key-format"


class CertificateError(KeyFormatError):
    """A certificate is not the one that belongs there.

    `slot` is where: app, alipay or root, as Certificates.load calls them; `found` whose it is
    instead, as its subject says (CN), or "". `reason` is empty, type, no-file, unknown, binary,
    key, cut, damaged, not-rsa (it can't be read), alipays, other-app, other-key, not-alipays, leaf
    (it is another one than belongs there), no-root (a root file without one RSA certificate).
    """

    kind = "certificate"

    def __init__(self, message: str, reason: str, slot: str, found: str = "") -> None:
        super().__init__(message, reason)
        self.slot = slot
        self.found = found
