"""Why a call's signature does not verify, found by trying. It claims only what it can prove.

A public key opens the RSA signatures of its private key; inside lies the digest of the signed text.
So it is certain which known key made a signature, and a candidate with this digest is certainly the
text that was signed.
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

from ..call import GatewayCall, SentRequest
from .candidates import Candidate, Variation, gateways_candidate, variations

# What precedes a digest of each kind inside a signature (DigestInfo of RFC 8017).
DIGESTS = {
    "SHA-256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "SHA-1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "SHA-512": bytes.fromhex("3051300d060960864801650304020305000440"),
    "MD5": bytes.fromhex("3020300c06082a864886f70d020505000410"),
}
Matches = Callable[[Candidate], bool]


@dataclass(frozen=True)
class Finding:
    """The key of a sentence in words.json, and the values for it."""

    key: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong, and the text that was signed if a candidate matched."""

    findings: list[Finding]
    signed: str | None = None


@dataclass(frozen=True)
class Opened:
    """A signature that a known key opens: the digest inside and its kind ("" if unknown)."""

    findings: list[Finding]
    kind: str
    digest: bytes

    def matches(self, candidate: Candidate) -> bool:
        """Whether this text was signed."""
        return self.covers(candidate.data())

    def covers(self, data: bytes) -> bool:
        """Whether these bytes were signed."""
        if not self.kind:
            return data == self.digest
        algorithm = self.kind.replace("-", "").lower()
        return hashlib.new(algorithm, data, usedforsecurity=False).digest() == self.digest


def diagnose(
    sent: SentRequest,
    call: GatewayCall,
    keys: Mapping[str, RSAPublicKey],
    earlier: Mapping[int, bytes],
) -> Diagnosis:
    """Why `sign` does not verify.

    `keys` are the public keys of the emulator's apps by app id, `earlier` the strings to sign of
    earlier calls by number.
    """
    signature = call.parameters["sign"]
    candidate = gateways_candidate(sent)
    if candidate.text() != string_to_sign(call.parameters):  # the body was not kept
        return Diagnosis([Finding("not-kept")])
    own = keys[call.parameters["app_id"]]
    opened = open_signature(signature, call.parameters["app_id"], keys)
    if opened is None:
        return without_key(signature, candidate, sent, own)
    found = search(candidate, sent, opened.matches)
    if found is None:
        return Diagnosis([*opened.findings, unexplained(opened, earlier)])
    named, signed = found
    return Diagnosis([*opened.findings, *named], signed.text())


def unexplained(opened: Opened, earlier: Mapping[int, bytes]) -> Finding:
    """The finding when no candidate matches: the text may be an earlier call's."""
    for number, data in earlier.items():
        if opened.covers(data):
            return Finding("of-earlier", {"number": str(number)})
    return Finding("other-text")


# ── whose signature it is ──


def open_signature(signature: str, app_id: str, keys: Mapping[str, RSAPublicKey]) -> Opened | None:
    """Open the signature with the key that made it; None if no known key did."""
    known = {app_id: keys[app_id], **keys}
    for reading, data in readings(signature):
        for owner, key in known.items():
            inside = recover(data, key)
            if inside is not None:
                return opened_by(owner, inside, reading, app_id)
    return None


def opened_by(owner: str, inside: bytes, reading: list[Finding], app_id: str) -> Opened:
    """What `owner`'s key found `inside` a signature after this `reading`."""
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
    """What is inside a signature of this key; None if another key made it."""
    try:
        return key.recover_data_from_signature(signature, PKCS1v15(), None)
    except (InvalidSignature, ValueError):
        return None


def readings(signature: str) -> Iterator[tuple[list[Finding], bytes]]:
    """Decode `sign` as it is, then as if it had been damaged in a typical way."""
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
    """Decode strict base64; None if invalid."""
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def without_key(
    signature: str, candidate: Candidate, sent: SentRequest, own: RSAPublicKey
) -> Diagnosis:
    """The findings for a signature that no known key opens."""
    data = decoded(signature)
    if data is None:
        return Diagnosis([Finding("sign-not-base64")])
    size = own.key_size // 8
    if len(data) in (128, 384, 512):
        bits = {"bits": str(len(data) * 8), "own": str(own.key_size)}
        return Diagnosis([Finding("sign-other-size", bits)])
    if len(data) != size:
        lengths = {"bytes": str(len(data)), "size": str(size)}
        return Diagnosis([Finding("sign-cut", lengths)])

    def matches(other: Candidate) -> bool:
        return is_pss(data, other.data(), own)

    found = search(candidate, sent, matches, together=False)
    if found is None:
        return Diagnosis([Finding("unknown-key")])
    named, signed = found
    return Diagnosis([Finding("pss"), *named], signed.text())


def is_pss(signature: bytes, data: bytes, key: RSAPublicKey) -> bool:
    """Whether it is a valid RSASSA-PSS signature."""
    try:
        key.verify(signature, data, PSS(MGF1(SHA256()), PSS.AUTO), SHA256())
    except InvalidSignature:
        return False
    return True


# ── what was signed ──


def search(
    candidate: Candidate, sent: SentRequest, matches: Matches, *, together: bool = True
) -> tuple[list[Finding], Candidate] | None:
    """The first candidate that matches, and its findings: with no variation, one, or two."""
    if matches(candidate):
        return [], candidate
    tried = {b"", candidate.data()}
    common = []
    for variation in variations(candidate, sent):
        changed = variation.change(candidate)
        data = changed.data()
        if data in tried:  # the variation makes no difference here
            continue
        if matches(changed):
            return findings(variation), changed
        tried.add(data)
        if together and not variation.is_rare:
            common.append(variation)
    for first, second in combinations(common, 2):
        changed = second.change(first.change(candidate))
        if matches(changed):
            return findings(first, second), changed
    return None


def findings(*made: Variation) -> list[Finding]:
    return [Finding(one.key, one.values) for one in made]
