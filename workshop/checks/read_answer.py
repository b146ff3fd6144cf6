"""Step 6: verify, then use only what was verified."""

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from emulator.forgeries import forged_node, with_other_digit
from emulator.reply import Answer

from ..participant import Functions
from ..provided import SHARE, TOKEN, SignatureError
from ..testbed import Lab
from .base import Attempt, Wrong, check_type, is_text_for_bytes
from .signed_part import AVATAR, CHINESE, PLAIN

DATA = b'{"code":"10000","msg":"Success"}'
BUSY = {"code": "20000", "msg": "Service Currently Unavailable", "sub_code": "isp.unknow-error"}


def read_answer(yours: Functions, lab: Lab) -> None:
    """verify, with good and bad signatures; read_answer, with good and forged answers."""
    check_verify(yours, lab)
    check_genuine(yours, lab)
    check_refused(yours, lab)
    check_twice(yours, lab)
    check_errors(yours, lab)


# ── verify ──


def signature_of(data: bytes, key: RSAPrivateKey, algorithm: HashAlgorithm | None = None) -> str:
    """A signature in base64; RSA2 unless another algorithm is asked for."""
    return base64.b64encode(key.sign(data, PKCS1v15(), algorithm or SHA256())).decode()


def check_verify(yours: Functions, lab: Lab) -> None:
    """True for Alipay's RSA2 over these bytes; False, and no exception, for all else."""
    good = signature_of(DATA, lab.alipay_key)
    attempt = Attempt(yours.verify, DATA, good, lab.app.alipay_public_key)
    if isinstance(attempt.error, InvalidSignature):
        raise Wrong("genuine-not-verified", function="verify") from attempt.error
    if is_text_for_bytes(attempt.error):
        raise Wrong("signature-is-text", function="verify") from attempt.error
    came = attempt.value()
    if came is None:
        raise Wrong("verify-gives-none", True, came, function="verify")
    if came is False and says_yes(yours, good, lab):
        raise Wrong("result-of-verify", True, came, function="verify")
    if came is not True:
        raise Wrong("genuine-not-verified", True, came, function="verify")
    for mistake, data, signature in (
        ("tampered-verified", DATA + b" ", good),
        ("stranger-verified", DATA, signature_of(DATA, lab.stranger)),
        ("sha1-verified", DATA, signature_of(DATA, lab.alipay_key, SHA1())),  # noqa: S303
        ("empty-verified", DATA, ""),
        ("garbage-verified", DATA, "not base64!"),
    ):
        check_not_verified(yours, lab, mistake, data, signature)


class WatchedKey:
    """A public key that remembers whether its own verify has let a signature pass."""

    def __init__(self, key: RSAPublicKey) -> None:
        self._key = key
        self.has_verified = False

    def __getattr__(self, name: str) -> Any:
        """All else is the key's."""
        return getattr(self._key, name)

    def verify(self, *arguments: Any, **named: Any) -> None:
        """As the key does it."""
        self._key.verify(*arguments, **named)
        self.has_verified = True


def says_yes(yours: Functions, signature: str, lab: Lab) -> bool:
    """Whether public_key.verify lets the signature pass, whatever their verify makes of it."""
    key = WatchedKey(lab.app.alipay_public_key)
    Attempt(yours.verify, DATA, signature, key)
    return key.has_verified


def check_not_verified(
    yours: Functions, lab: Lab, mistake: str, data: bytes, signature: str
) -> None:
    """Wrong unless verify says False."""
    attempt = Attempt(yours.verify, data, signature, lab.app.alipay_public_key)
    if isinstance(attempt.error, InvalidSignature | ValueError):
        came = repr(attempt.error)
        raise Wrong("verify-raises", False, came, function="verify") from attempt.error
    came = attempt.value()
    if came is None:
        raise Wrong("verify-gives-none", False, came, function="verify")
    if came is not False:
        raise Wrong(mistake, False, came, function="verify")


# ── read_answer: what is genuine ──


def check_genuine(yours: Functions, lab: Lab) -> None:
    """Whatever Alipay signed is accepted, however it is written."""
    spaced = lab.answer(PLAIN)
    spaced.comma, spaced.colon = ", ", ": "
    answers = {
        "plain": lab.answer(PLAIN),
        "spaced": spaced,
        "chinese": lab.answer(CHINESE),
        "slash": lab.answer(AVATAR),
    }
    read = {
        name: Attempt(yours.read_answer, lab.app, SHARE, each.to_bytes())
        for name, each in answers.items()
    }
    refused = [name for name, attempt in read.items() if isinstance(attempt.error, SignatureError)]
    if len(refused) == len(answers):
        raise Wrong("all-refused", answers["plain"].node, repr(read["plain"].error))
    if refused:
        raise Wrong("copy-verified", came=answers[refused[-1]].signed_bytes())
    for name, attempt in read.items():
        check_node(attempt.value(), answers[name])


def check_node(came: Any, answer: Answer) -> None:
    """Wrong unless this is the answer's node."""
    check_type(came, answer.node, "read_answer")
    if came == answer.node:
        return
    if answer.name in came:
        raise Wrong("body-not-node", answer.node, came)
    raise Wrong("other", answer.node, came, function="read_answer")


# ── read_answer: what is forged ──


def check_refused(yours: Functions, lab: Lab) -> None:
    """A success that no signature vouches for is refused."""
    unsigned = lab.answer(PLAIN, signed=False)
    tampered = lab.answer(PLAIN)
    tampered.sent_node = with_other_digit(tampered.signed_bytes())
    sha1 = lab.answer(PLAIN)
    sha1.sent_signature = signature_of(sha1.signed_bytes(), lab.alipay_key, SHA1())  # noqa: S303
    own_key = lab.answer(PLAIN)
    own_key.private_key = lab.app.private_key
    as_error = lab.answer(PLAIN, "error_response", signed=False)
    for mistake, answer in (
        ("unsigned-accepted", unsigned),
        ("tampered-accepted", tampered),
        ("sha1-accepted", sha1),
        ("own-key-accepted", own_key),
        ("error-node-accepted", as_error),
    ):
        attempt = Attempt(yours.read_answer, lab.app, SHARE, answer.to_bytes())
        if isinstance(attempt.error, InvalidSignature):
            raise Wrong("other-exception", "SignatureError", repr(attempt.error))
        if isinstance(attempt.error, SignatureError):
            continue
        raise Wrong(mistake, "SignatureError", attempt.value())


def check_twice(yours: Functions, lab: Lab) -> None:
    """The node twice, one of them forged: refused, or the signed one is taken."""
    for before in (False, True):
        answer = lab.answer(PLAIN)
        forged = (answer.name, forged_node(answer))
        (answer.before_node if before else answer.after_node).append(forged)
        attempt = Attempt(yours.read_answer, lab.app, SHARE, answer.to_bytes())
        if isinstance(attempt.error, SignatureError):
            continue
        came = attempt.value()
        if came == json.loads(forged[1]):
            raise Wrong("forged-twin-taken", answer.node, came)
        check_node(came, answer)


def check_errors(yours: Functions, lab: Lab) -> None:
    """An error is given as it is, signed or not: its words must not be lost."""
    for signed in (True, False):
        answer = lab.answer(BUSY, "error_response", signed=signed)
        attempt = Attempt(yours.read_answer, lab.app, TOKEN, answer.to_bytes())
        if isinstance(attempt.error, SignatureError):
            raise Wrong("error-hidden", BUSY, repr(attempt.error))
        check_node(attempt.value(), answer)
