"""Why a call's signature does not verify, found by trying. What can't be proved is not said.

An RSA signature can be opened with the public key of whoever made it, and the digest of the text
that was signed lies inside. So it is certain whether a known key made it; and a text that has this
digest is certain to be the one that was signed.
"""

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from urllib.parse import unquote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from alipay_member.signing import string_to_sign

from ..call import GatewayCall
from .draft import Draft
from .mistakes import Mistake, gateways_draft, mistakes
from .sent import Sent

# How a digest of each kind begins inside a signature (DigestInfo of RFC 8017).
DIGESTS = {
    "SHA-256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "SHA-1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "SHA-512": bytes.fromhex("3051300d060960864801650304020305000440"),
    "MD5": bytes.fromhex("3020300c06082a864886f70d020505000410"),
}
Matches = Callable[[Draft], bool]


@dataclass(frozen=True)
class Finding:
    """The key of a sentence in words.json, and what is put into it."""

    key: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong, and the text that was signed, if it was found."""

    findings: list[Finding]
    signed: str | None = None


@dataclass(frozen=True)
class Opened:
    """A signature that the app's key opens: the kind of digest inside ("" for none), the digest."""

    findings: list[Finding]
    kind: str
    digest: bytes

    def matches(self, draft: Draft) -> bool:
        """Whether this is the text that was signed."""
        return self.covers(draft.data())

    def covers(self, data: bytes) -> bool:
        """Whether these are the bytes that were signed."""
        if not self.kind:
            return data == self.digest
        algorithm = self.kind.replace("-", "").lower()
        return hashlib.new(algorithm, data, usedforsecurity=False).digest() == self.digest


def diagnose(
    sent: Sent,
    call: GatewayCall,
    keys: Mapping[str, RSAPublicKey],
    earlier: Mapping[int, bytes],
) -> Diagnosis:
    """Why `sign` does not verify.

    `keys` are those of the emulator's apps, by app id; `earlier` is what earlier calls had to sign,
    by their numbers.
    """
    signature = call.parameters["sign"]
    draft = gateways_draft(sent)
    if draft.text() != string_to_sign(call.parameters):  # the body was too long to be kept
        return Diagnosis([Finding("not-kept")])
    own = keys[call.parameters["app_id"]]
    opened = open_signature(signature, call.parameters["app_id"], keys)
    if opened is None:
        return without_key(signature, draft, sent, own)
    found = search(draft, sent, opened.matches)
    if found is None:
        return Diagnosis([*opened.findings, unexplained(opened, earlier)])
    named, signed = found
    return Diagnosis([*opened.findings, *named], signed.text())


def unexplained(opened: Opened, earlier: Mapping[int, bytes]) -> Finding:
    """What to say of a text that no mistake leads to: it may be that of an earlier call."""
    for number, data in earlier.items():
        if opened.covers(data):
            return Finding("of-earlier", {"number": str(number)})
    return Finding("other-text")


# ── whose signature it is ──


def open_signature(signature: str, app_id: str, keys: Mapping[str, RSAPublicKey]) -> Opened | None:
    """The signature, opened with the key that made it, the app's own first; None for no key."""
    known = {app_id: keys[app_id], **keys}
    for reading, data in readings(signature):
        for owner, key in known.items():
            inside = recover(data, key)
            if inside is not None:
                return opened_by(owner, inside, reading, app_id)
    return None


def opened_by(owner: str, inside: bytes, reading: list[Finding], app_id: str) -> Opened:
    """What the owner's key found inside a signature that was read so."""
    findings = list(reading)
    if owner != app_id:
        findings.append(Finding("other-app", {"owner": owner}))
    for kind, beginning in DIGESTS.items():
        if inside.startswith(beginning):
            if kind != "SHA-256":
                findings.append(Finding("other-digest", {"kind": kind}))
            return Opened(findings, kind, inside.removeprefix(beginning))
    findings.append(Finding("no-digest"))
    return Opened(findings, "", inside)


def recover(signature: bytes, key: RSAPublicKey) -> bytes | None:
    """What the key finds inside; None if its owner did not make the signature."""
    try:
        return key.recover_data_from_signature(signature, PKCS1v15(), None)
    except (InvalidSignature, ValueError):
        return None


def readings(signature: str) -> Iterator[tuple[list[Finding], bytes]]:
    """The ways in which `sign` may have been meant: as it is; then what it may have suffered."""
    texts = {
        "": signature,
        "sign-plus": signature.replace(" ", "+"),
        "sign-encoded-twice": unquote(signature),
        "sign-url-safe": signature.replace("-", "+").replace("_", "/"),
        "sign-lines": signature.replace("\r", "").replace("\n", ""),
    }
    for key, text in texts.items():
        for padding in ("", "=", "=="):
            data = decoded(text + padding)
            if data is not None:
                named = [key] if key else []
                if padding:
                    named.append("sign-not-padded")
                yield [Finding(one) for one in named], data
    try:
        yield [Finding("sign-hex")], bytes.fromhex(signature)
    except ValueError:
        return


def decoded(text: str) -> bytes | None:
    """Base64, taken strictly; None if it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def without_key(signature: str, draft: Draft, sent: Sent, own: RSAPublicKey) -> Diagnosis:
    """What to say of a signature that no known key opens."""
    data = decoded(signature)
    if data is None:
        return Diagnosis([Finding("sign-no-base64")])
    size = own.key_size // 8
    if len(data) in (128, 384, 512):
        bits = {"bits": str(len(data) * 8), "own": str(own.key_size)}
        return Diagnosis([Finding("sign-other-size", bits)])
    if len(data) != size:
        lengths = {"bytes": str(len(data)), "size": str(size)}
        return Diagnosis([Finding("sign-cut", lengths)])

    def matches(variant: Draft) -> bool:
        return is_pss(data, variant.data(), own)

    found = search(draft, sent, matches, together=False)
    if found is None:
        return Diagnosis([Finding("unknown-key")])
    named, signed = found
    return Diagnosis([Finding("pss"), *named], signed.text())


def is_pss(signature: bytes, data: bytes, key: RSAPublicKey) -> bool:
    """Whether it is a signature of the other kind, RSASSA-PSS."""
    try:
        key.verify(signature, data, PSS(MGF1(SHA256()), PSS.AUTO), SHA256())
    except InvalidSignature:
        return False
    return True


# ── what was signed ──


def search(
    draft: Draft, sent: Sent, matches: Matches, *, together: bool = True
) -> tuple[list[Finding], Draft] | None:
    """The mistakes with which the draft matches: none, one, or two together."""
    if matches(draft):
        return [], draft
    tried = {b"", draft.data()}
    common = []
    for one in mistakes(draft, sent):
        changed = one.change(draft)
        data = changed.data()
        if data in tried:  # it changes nothing here, or the same as one before
            continue
        if matches(changed):
            return findings(one), changed
        tried.add(data)
        if together and not one.is_rare:
            common.append(one)
    for first, second in combinations(common, 2):
        changed = second.change(first.change(draft))
        if matches(changed):
            return findings(first, second), changed
    return None


def findings(*made: Mistake) -> list[Finding]:
    """The mistakes, as they are told."""
    return [Finding(one.key, one.values) for one in made]
