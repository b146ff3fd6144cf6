"""A stand-in for Alipay on this machine: the gateway, the authorise page, and switches to make them misbehave.

What it does not do: prove how the real gateway behaves (nothing here was tried against it), or know more than
alipay.system.oauth.token, alipay.user.info.share and alipay.open.auth.token.app, plain RSA2 and v2 of the protocol:
no certificates, no encryption, no risk control, no limits. Its people are made up, its tokens end with the process.
It listens on 127.0.0.1 only.

    emulator = emulator.start()       # from a shell: python -m emulator
    emulator.settings()               # what an app needs to use it, under the names of .env
    emulator.stop()
"""

import base64
import socket
import threading
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from werkzeug.serving import WSGIRequestHandler, make_server

from .accounts import MERCHANT, Accounts
from .faults import Faults
from .gateway import create_gateway_app


class Quiet(WSGIRequestHandler):
    """Logs no request: addresses hold tokens and codes."""

    def log(self, *args: object) -> None:
        """Nothing."""


class Emulator:
    """An emulator that runs in a thread; port 0 takes a free one, OSError if it is taken. `clock` gives UTC seconds."""

    def __init__(self, port: int = 0, clock: Callable[[], float] = time.time):
        self.accounts, self.faults = Accounts(clock), Faults()
        app = create_gateway_app(self.accounts, self.faults)
        with socket.create_server(
            ("127.0.0.1", port)
        ) as listener:  # Werkzeug would exit on a taken port
            self._server = make_server(
                "127.0.0.1", port, app, True, request_handler=Quiet, fd=listener.fileno()
            )
        self.url = f"http://127.0.0.1:{self._server.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def settings(self) -> dict[str, str]:
        """The settings of an app that uses this emulator, with the keys of demo-mini and demo-web."""
        public = self.accounts.alipay_key.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        values = {"ALIPAY_ENV": "emulator", "ALIPAY_GATEWAY_URL": f"{self.url}/gateway.do"}
        for app_id, prefix in (("demo-mini", "ALIPAY_"), ("demo-web", "ALIPAY_WEB_")):
            private = self.accounts.app_keys[app_id].private_bytes(
                Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
            )
            values[f"{prefix}APP_ID"] = app_id
            values[f"{prefix}APP_PRIVATE_KEY"] = base64.b64encode(private).decode()
            values[f"{prefix}PUBLIC_KEY"] = base64.b64encode(public).decode()
        return values

    def isv_settings(self) -> dict[str, str]:
        """The same for an ISV that calls for the demo merchant."""
        token = self.accounts.merchant_token
        return self.settings() | {
            "ALIPAY_APP_AUTH_TOKEN": token,
            "ALIPAY_MERCHANT_APP_ID": MERCHANT,
        }

    def stop(self) -> None:
        """End it; a call that is being answered slowly ends too."""
        self.faults.stopping.set()
        self._server.shutdown()
        self._server.server_close()


start = Emulator
