"""Gateways that mean harm, the places of an answer where they do it, and a watchdog for the client.

A call to one of them that nothing bounds would run for minutes, or until the memory is full.
"""

import datetime
import gzip
import ipaddress
import queue
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from alipay_member.errors import TransportError
from wire import answer, encoded, key

TIMEOUT = (0.2, 0.2)  # seconds; a call ends after 0.4
WATCHDOG = 30  # seconds, for a machine that is busy
STAYS = 90  # seconds that a server goes on, if the client stays

GOOD = answer(encoded({"code": "10000", "open_id": "007"}))
OK = b"HTTP/1.1 200 OK\r\n"
FOUND = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
EMPTY = gzip.compress(b"", mtime=0)

# What is sent first, and what is sent again and again.
HEADS = {
    "status line": (b"", b"H"),
    "reason": (b"HTTP/1.1 200 O", b"K"),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers of 100 Continue": (b"HTTP/1.1 100 Continue\r\n", b"A: b\r\n"),
}
PLACES = {
    "header": (OK + b"A: ", b"a"),
    "headers": (OK, b"A: b\r\n"),
    "folded header": (OK + b"A: b\r\n", b" b\r\n"),
    "chunk size": (OK + CHUNKED, b"0"),
    "chunk extension": (OK + CHUNKED + b"5;", b"a"),
    "chunk": (OK + CHUNKED + b"ffffffff\r\n", b" "),
    "chunks": (OK + CHUNKED, b"1\r\n \r\n"),
    "trailer": (OK + CHUNKED + b"0\r\nA: ", b"a"),
    "trailers": (OK + CHUNKED + b"0\r\n", b"A: b\r\n"),
    "body": (OK + b"Content-Length: 1000000000000\r\n\r\n", b" "),
    "endless body": (OK + b"\r\n", b" "),
}
COMPRESSED = {
    "gzip": (OK + b"Content-Encoding: gzip\r\n\r\n", EMPTY),
    "gzip in chunks": (
        OK + b"Content-Encoding: gzip\r\n" + CHUNKED,
        b"%x\r\n%s\r\n" % (len(EMPTY), EMPTY),
    ),
    "gzip as transfer": (OK + b"Transfer-Encoding: gzip\r\n\r\n", EMPTY),
}


def on_a_redirect(places):
    """The same places of an answer that leads elsewhere."""
    return {
        f"{name} of a redirect": (before.replace(OK, FOUND), piece)
        for name, (before, piece) in places.items()
    }


EVERYWHERE = HEADS | PLACES | on_a_redirect(PLACES)


def dripping(before, piece):
    """A reply that sends one piece every 20 ms."""

    def drip(connection):
        connection.sendall(before)
        end = time.monotonic() + STAYS
        while time.monotonic() < end:
            connection.sendall(piece)
            time.sleep(0.02)
        return False

    return drip


def flooding(before, piece):
    """A reply that sends pieces as fast as they are taken."""
    many = piece * (65536 // len(piece))

    def flood(connection):
        connection.sendall(before)
        end = time.monotonic() + STAYS
        while time.monotonic() < end:
            connection.sendall(many)
        return False

    return flood


def silent(connection):
    """A reply that never comes."""
    time.sleep(STAYS)


def outcome(call, *arguments, seconds=WATCHDOG):
    """What a call returns or raises; the test fails if it does not end."""
    results = queue.SimpleQueue()

    def run():
        try:
            results.put(call(*arguments))
        except BaseException as error:
            results.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        return results.get(timeout=seconds)
    except queue.Empty:
        pytest.fail(f"the call did not end in {seconds} s")


def why(client):
    """The reason for which a call to this client's gateway fails."""
    error = outcome(client.fetch_profile, "authusrB0")
    assert isinstance(error, TransportError), repr(error)
    return error.reason


def certificate(folder, *names):
    """A PEM file with a key and its self-made certificate, for 127.0.0.1 and these names."""
    owner = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    public = key("TLS").public_key()
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    identifier = x509.SubjectKeyIdentifier.from_public_key(public)
    made = (
        x509.CertificateBuilder()
        .subject_name(owner)
        .issuer_name(owner)
        .public_key(public)
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address, *map(x509.DNSName, names)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .add_extension(identifier, False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False
        )
        .sign(key("TLS"), SHA256())
    )
    private = key("TLS").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "tls.pem"
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file


def tls(file):
    """A server's `greet` that speaks TLS with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return lambda connection: context.wrap_socket(connection, server_side=True)
