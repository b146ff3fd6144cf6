# SPDX-License-Identifier: MIT-0
"""Why no connection to a gateway comes about: the first step of the way that breaks.

    the host's name → an address → a connection → TLS → an answer

transport.py tells only that there is no answer; this goes the way once more, step by step, for the
doctor. Nothing is sent but a TLS handshake.
"""

import os
import socket
import ssl
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy

from ..transport import new_session

PATIENCE = 4  # seconds for each step; the system's look-up of a name can take longer
PORTS = {"https": 443, "http": 80}


def find_break(url: str) -> tuple[str, dict[str, object]]:
    """(what breaks, values for its words).

    authorities (the file or folder of those to trust can't be used), proxy, name, silent (nobody
    answers), closed (nobody listens), untrusted (a certificate that can't be believed), no-tls
    (something else than TLS is spoken), mute (a connection, no answer).
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
    """A connection, or why none comes about: name, silent or closed."""
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return "name"
    try:
        return socket.create_connection((host, port), timeout=PATIENCE)
    except TimeoutError:
        return "silent"
    except OSError:
        return "closed"


def _are_usable(authorities: str) -> bool:
    """Whether it is a file with certificates, or a folder; it is looked at before all else."""
    try:
        _trusting(authorities)
    except OSError:
        return False
    return True


def _trusting(authorities: str) -> ssl.SSLContext:
    """TLS that believes the certificates of a file or a folder. OSError if it can't be read."""
    if os.path.isdir(authorities):
        return ssl.create_default_context(capath=authorities)
    return ssl.create_default_context(cafile=authorities)


def _shake_hands(connection: socket.socket, host: str, authorities: str) -> tuple[str, str]:
    """What TLS says to a connection: untrusted (and why), no-tls, or nothing amiss (mute)."""
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
