# SPDX-License-Identifier: MIT-0
"""Is this app set up right? All that can be known before the first user comes.

    for finding in examine(client):
        print(finding.mark, finding.message("en"), finding.remedy("en"))

The decisive call redeems an auth_code that is made up on the spot (alipay.system.oauth.token). The
answer isv.code-invalid proves gateway, app id and private key: the gateway checks them first. If
that answer has a good signature, it proves Alipay's public key as well; but Alipay does not sign
every error. Where no connection comes about, `find_break` looks for the step that breaks.

The sentences are in doctor.json.
"""

import base64
import copy
import json
import os
import secrets
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import Certificate
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy

from ..client import AlipayClient, Exchange
from ..errors import AlipayError, GatewayError, TransportError
from ..keys import common_name
from ..transport import LOOPBACK, new_session
from . import describe, language

if TYPE_CHECKING:
    from ..certificates import Certificates  # can be left out

CLOCK_TOLERANCE = 300  # seconds; Alipay's own is not documented
SHORTEST_KEY = 2048  # bits
MARKS = {True: "✓", False: "✗", None: "–"}
ENDING = 16  # characters of a public key: enough to tell two apart
NO_CONNECTION = ("connection", "timeout")
STEP_PATIENCE = 4  # seconds for each step of find_break; looking up a name can take longer
PORTS = {"https": 443, "http": 80}
Texts = Mapping[str, Mapping[str, Sequence[str]]]  # {key: {lang: [message, remedy]}}


@dataclass(frozen=True)
class Finding:
    """One line of a check-up: the doctor's, or one of a program's own with texts of its own.

    `check` is what was examined: key, certificate, gateway, clock, app, merchant, alipay-key. `ok`
    is None where it can't be known now. `key` chooses the message and remedy in `texts` (those of
    doctor.json by default), `values` are filled in; a value may be {"zh": …, "en": …}. `error` is
    what was raised: its `{error}`, `{cause}` and `{hint}` are filled in, too. `section` is for
    grouping lines.
    """

    check: str
    ok: bool | None
    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    error: AlipayError | None = None
    texts: Texts | None = field(default=None, repr=False)
    section: str = ""

    @property
    def mark(self) -> str:
        """✓, ✗ or –"""
        return MARKS[self.ok]

    def message(self, lang: str) -> str:
        """What was found, in one line; in Chinese where `lang` is zh…, else in English."""
        return self._words(lang)[0]

    def remedy(self, lang: str) -> str:
        """What to do about it; "" if nothing."""
        return self._words(lang)[1]

    def _words(self, lang: str) -> tuple[str, str]:
        lang = language(lang)
        values = {name: _in_language(value, lang) for name, value in self.values.items()}
        if self.error:
            description = describe(self.error, lang)
            values |= {"error": str(self.error), "cause": description.message}
            values["hint"] = description.hint
        texts = self.texts or _doctors_texts()
        message, remedy = texts[self.key][lang]
        lines = remedy.format(**values).splitlines()
        return _harmless(message.format(**values)), "\n".join(_harmless(line) for line in lines)


def examine(client: AlipayClient) -> list[Finding]:
    """Everything that can be known without a user, by one call to Alipay within call_seconds.

    Where no connection comes about, looking for the reason takes some seconds more.
    """
    return examine_keys(client) + examine_calls(client)


def examine_keys(client: AlipayClient) -> list[Finding]:
    """What keys and certificates show without a network.

    AlipayClient has made sure that they can be read and belong to this app.
    """
    bits = client.app_public_key.key_size
    values = {"bits": bits, "own": _ending(client.app_public_key)}
    if bits < SHORTEST_KEY:
        return [Finding("key", False, "key:short", values)]
    if client.certificates:
        moment = datetime.fromtimestamp(client.clock(), timezone.utc)
        return [
            Finding("key", True, "key:with-certificates", values),
            _leaf("app", client.certificates.app, moment),
            _leaf("alipay", client.certificates.alipay, moment),
            _roots(client.certificates),
        ]
    alipays_bits = client.alipay_public_key.key_size
    if alipays_bits < SHORTEST_KEY:
        return [Finding("key", False, "key:alipays-short", {"bits": alipays_bits})]
    values["alipays"] = _ending(client.alipay_public_key)
    return [Finding("key", True, "key:pair", values)]


def examine_calls(client: AlipayClient) -> list[Finding]:
    """Gateway, clock, app id, private key and Alipay's key, by one call with a made-up code."""
    exchange = _try(client)
    return [
        _gateway(client, exchange),
        _clock(client, exchange),
        *_app(client, exchange),
        _alipays_key(exchange),
    ]


def _try(client: AlipayClient) -> Exchange:
    """Redeem an auth_code that Alipay never gave to anyone."""
    seen: list[Exchange] = []
    probe = copy.copy(client)  # with the same keys and connections, but its own observer
    probe.observer = seen.append
    with suppress(AlipayError):  # it is in the exchange
        probe.exchange_code(secrets.token_hex(16))
    return seen[0]


# ── the gateway ──


def _gateway(client: AlipayClient, exchange: Exchange) -> Finding:
    """Whether Alipay's gateway answers at the address, and if not, why."""
    address = urlsplit(client.gateway_url)
    host = address.hostname or ""
    error = exchange.error
    if address.scheme != "https" and host not in LOOPBACK:
        return Finding("gateway", False, "gateway:plain", {"host": host})
    if not isinstance(error, TransportError):
        key = "gateway:tls" if address.scheme == "https" else "gateway:here"
        return Finding("gateway", True, key, {"host": host})
    if error.reason in NO_CONNECTION:
        broken, values = find_break(client.gateway_url)
        return Finding("gateway", False, f"gateway:{broken}", values)
    return Finding("gateway", False, "gateway:other", {"host": host}, error)


def _clock(client: AlipayClient, exchange: Exchange) -> Finding:
    """This machine's time against the answer's Date; every call is stamped with Beijing time."""
    theirs = _moment(exchange.date)
    if theirs is None:
        return Finding("clock", None, "clock:unknown")
    ahead = round(client.clock() - theirs)
    values = {"seconds": abs(ahead), "minutes": round(abs(ahead) / 60)}
    if abs(ahead) <= CLOCK_TOLERANCE:
        return Finding("clock", True, "clock:right", values)
    return Finding("clock", False, "clock:fast" if ahead > 0 else "clock:slow", values)


def _moment(date: str) -> float | None:
    """A Date header in UTC seconds; None if invalid."""
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:  # the zone -0000
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


# ── the app ──


def _app(client: AlipayClient, exchange: Exchange) -> list[Finding]:
    """App id and private key, and for an ISV the merchant's token."""
    values = {"app_id": client.app_id, "own": _ending(client.app_public_key)}
    error = exchange.error
    if isinstance(error, GatewayError):
        return _refused(client, exchange, error, values)
    if isinstance(error, TransportError):
        return [Finding("app", None, "app:unasked", values)]
    if error is None:
        return [Finding("app", False, "app:believed", values)]
    return [Finding("app", False, "app:odd", values, error)]


def _refused(
    client: AlipayClient, exchange: Exchange, error: GatewayError, values: Mapping[str, object]
) -> list[Finding]:
    """What the gateway's error for a made-up code proves."""
    if error.key == "isv.code-invalid":
        return [Finding("app", True, "app:proven", values), *_merchant(client, exchange)]
    if "app-auth-token" in error.key:
        return [
            Finding("app", None, "app:behind-merchant", values),
            Finding("merchant", False, "merchant:refused", {}, error),
        ]
    if error.key == "isv.invalid-signature":
        return [Finding("app", False, "app:signature", values, error)]
    return [Finding("app", False, "app:refused", values, error)]


def _merchant(client: AlipayClient, exchange: Exchange) -> list[Finding]:
    """What is known of the merchant's token, if an ISV calls for one."""
    if "app_auth_token" not in exchange.parameters:
        return []
    if not client.merchant_app_id:
        return [Finding("merchant", False, "merchant:no-id")]
    return [Finding("merchant", None, "merchant:unproven", {"app_id": client.merchant_app_id})]


def _alipays_key(exchange: Exchange) -> Finding:
    """Whether Alipay's public key is the right one, as far as the answer shows it."""
    if exchange.verified:
        return Finding("alipay-key", True, "alipay-key:proven")
    if exchange.signature_error is None:
        return Finding("alipay-key", None, "alipay-key:unasked")
    if exchange.signature_error.reason == "unsigned":
        return Finding("alipay-key", None, "alipay-key:unsigned")
    return Finding("alipay-key", False, "alipay-key:wrong", {}, exchange.signature_error)


# ── why no connection comes about ──


def find_break(url: str) -> tuple[str, dict[str, object]]:
    """The first step to a URL that breaks, and the values for its sentence.

    The host's name → an address → a connection → TLS → an answer. Nothing but a TLS handshake is
    sent. The step is authorities (the file or folder of trusted CAs can't be used), proxy, name,
    silent (no answer), closed (no listener), untrusted (the certificate), no-tls (the server
    speaks something else) or mute (a connection, but no answer).
    """
    address = urlsplit(url)
    host = address.hostname or ""
    port = address.port or PORTS.get(address.scheme, 443)
    values: dict[str, object] = {"host": host, "port": port}
    # What requests takes from the environment: a company's proxy, and its own authorities.
    session = new_session(url)
    options = session.merge_environment_settings(url, {}, False, None, None)
    own = options["verify"]
    authorities = own if isinstance(own, str) else DEFAULT_CA_BUNDLE_PATH
    if address.scheme == "https" and not _are_usable(authorities):
        return "authorities", values | {"path": authorities}
    proxy = select_proxy(url, options["proxies"])
    if proxy:
        return "proxy", values | {"proxy": urlsplit(proxy).hostname or ""}
    connection = _connect(host, port)
    if isinstance(connection, str):
        return connection, values
    with connection:
        if address.scheme != "https":
            return "mute", values
        broken, why = _shake_hands(connection, host, authorities)
        return broken, values | {"why": why}


def _connect(host: str, port: int) -> socket.socket | str:
    """A connection, or why there is none: name, silent or closed."""
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return "name"
    try:
        return socket.create_connection((host, port), timeout=STEP_PATIENCE)
    except TimeoutError:
        return "silent"
    except OSError:
        return "closed"


def _are_usable(authorities: str) -> bool:
    try:
        _trusting(authorities)
    except OSError:
        return False
    return True


def _trusting(authorities: str) -> ssl.SSLContext:
    """TLS that trusts the certificates of a file or a folder. OSError if they can't be read."""
    if os.path.isdir(authorities):
        return ssl.create_default_context(capath=authorities)
    return ssl.create_default_context(cafile=authorities)


def _shake_hands(connection: socket.socket, host: str, authorities: str) -> tuple[str, str]:
    """(result, reason) of a TLS handshake: untrusted, no-tls, or mute if it succeeds."""
    context = _trusting(authorities)
    try:
        context.wrap_socket(connection, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        return "untrusted", error.verify_message
    except TimeoutError:
        return "mute", ""
    except OSError:
        return "no-tls", ""
    return "mute", ""


# ── keys and certificates ──


def _leaf(slot: str, certificate: Certificate, moment: datetime) -> Finding:
    """The app's or Alipay's certificate: whose it is, and whether it holds at this moment."""
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    values = {
        "owner": common_name(certificate),
        "begins": f"{begins:%Y-%m-%d}",
        "ends": f"{ends:%Y-%m-%d}",
    }
    if moment > ends:
        return Finding("certificate", False, f"certificate:{slot}-ended", values)
    if moment < begins:
        return Finding("certificate", False, f"certificate:{slot}-early", values)
    return Finding("certificate", True, f"certificate:{slot}", values)


def _roots(certificates: "Certificates") -> Finding:
    return Finding("certificate", True, "certificate:root", {"count": len(certificates.root)})


def _ending(key: RSAPublicKey) -> str:
    """How the key ends as the console shows it: public keys of one length all begin alike."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode("ascii")[-ENDING:]


def _harmless(text: str) -> str:
    """One line without control characters: a gateway's text may be in it."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split())


def _in_language(value: object, lang: str) -> object:
    return value[lang] if isinstance(value, Mapping) else value


@cache
def _doctors_texts() -> dict[str, Any]:
    texts: dict[str, Any] = json.loads(Path(__file__).with_name("doctor.json").read_text("utf-8"))
    return texts
