"""A stand-in for Alipay on this machine: gateway, authorise page, switches to make them misbehave.

What it does not do: prove how the real gateway behaves (nothing here was tried against it), or know
more than alipay.system.oauth.token, alipay.user.info.share and alipay.open.auth.token.app, RSA2
with keys or certificates and v2 of the protocol: no encryption, no risk control, no rate limits.
Its people are made up, and its tokens end with the process. It listens on 127.0.0.1 only.

    with emulator.run() as alipay:    # in a test; from a shell: python -m emulator
        alipay.settings()             # what an app needs to use it, under the names of .env
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from .accounts import MERCHANT, Accounts
from .authorize import authorize
from .control import control
from .fault_switch import FaultSwitch
from .gateway import gateway
from .inspector.calls import Calls
from .inspector.page import inspector
from .keys import one_line
from .state import State

POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self' http://127.0.0.1:*"  # the authorise page's form ends at the app's callback
)
HEADERS = {  # of every answer
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Quiet(WSGIRequestHandler):
    """Logs no request: addresses contain tokens and codes. The gateway logs what it refuses."""

    def log(self, *args: object) -> None:
        """Nothing."""


def create_emulator_app(
    accounts: Accounts, faults: FaultSwitch, calls: Calls | None = None
) -> Flask:
    """The emulated Alipay as a Flask app; with `calls` it has a page at `/` that shows them."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    app.extensions["emulator"] = State(accounts, faults, calls)
    app.register_blueprint(gateway)
    app.register_blueprint(authorize)
    app.register_blueprint(control)
    if calls:
        app.register_blueprint(inspector)

    @app.after_request
    def with_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return app


class Emulator:
    """An emulator with its keys and its address; serve() lets it answer, in a thread.

    Port 0 takes a free one; OSError if the port is taken. `clock` gives UTC seconds. With
    `certificates` its apps begin in 公钥证书 mode, else in 公钥 mode. With `page` it shows the
    newest calls at `/`.
    """

    def __init__(
        self,
        port: int = 0,
        clock: Callable[[], float] = time.time,
        *,
        certificates: bool = False,
        page: bool = False,
    ) -> None:
        self.accounts = Accounts(clock)
        for app_id in self.accounts.app_keys:
            self.accounts.certify(app_id, certificates)
        self.faults = FaultSwitch()
        calls = Calls(self.accounts) if page else None
        app = create_emulator_app(self.accounts, self.faults, calls)
        # Werkzeug would end the process over a taken port: so it is handed a socket that is bound.
        with socket.socket() as bound:
            if os.name == "posix":  # elsewhere it would share a port that is taken
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(("127.0.0.1", port))
            self._server = make_server(
                "127.0.0.1", port, app, threaded=True, request_handler=Quiet, fd=bound.fileno()
            )
        self.url = f"http://127.0.0.1:{self._server.port}"
        self._serving: threading.Thread | None = None

    def serve(self) -> None:
        """Listen and answer from now on."""
        self._server.server_activate()
        self._serving = threading.Thread(
            target=self._server.serve_forever, args=(0.005,), daemon=True
        )
        self._serving.start()

    def settings(self) -> dict[str, str]:
        """The settings of an app that uses this emulator, with the keys of its two apps.

        Those of an app that is in 公钥证书 mode have its certificates, as PEM text.
        """
        return {
            "ALIPAY_ENV": "emulator",
            "ALIPAY_GATEWAY_URL": f"{self.url}/gateway.do",
            **self._app_settings("ALIPAY_", "demo-mini"),
            **self._app_settings("ALIPAY_WEB_", "demo-web"),
        }

    def _app_settings(self, prefix: str, app_id: str) -> dict[str, str]:
        """One app's: id, private key, and what verifies Alipay's answers."""
        files = self.accounts.certified.get(app_id)
        if files:
            proof = {"APP_CERT": files.app, "CERT": files.alipay, "ROOT_CERT": files.root}
        else:
            proof = {"PUBLIC_KEY": one_line(self.accounts.alipay_key.public_key())}
        key = one_line(self.accounts.app_keys[app_id])
        values = {"APP_ID": app_id, "APP_PRIVATE_KEY": key, **proof}
        return {f"{prefix}{name}": value for name, value in values.items()}

    def isv_settings(self) -> dict[str, str]:
        """The same for an ISV that calls for the demo merchant."""
        return self.settings() | {
            "ALIPAY_APP_AUTH_TOKEN": self.accounts.merchant_token,
            "ALIPAY_MERCHANT_APP_ID": MERCHANT,
        }

    def stop(self) -> None:
        """End it; a call that is being answered slowly ends too."""
        self.faults.stopping.set()
        if self._serving:
            self._server.shutdown()
        self._server.server_close()


def start(
    port: int = 0, clock: Callable[[], float] = time.time, *, certificates: bool = False
) -> Emulator:
    """An emulator that answers already."""
    emulator = Emulator(port, clock, certificates=certificates)
    emulator.serve()
    return emulator


@contextmanager
def run(port: int = 0, *, certificates: bool = False) -> Iterator[Emulator]:
    """An emulator for the length of a `with`."""
    emulator = start(port, certificates=certificates)
    try:
        yield emulator
    finally:
        emulator.stop()
