"""A stand-in for Alipay on this machine: gateway, authorise page, and faults to switch on.

What it does not do: prove how the real gateway behaves (nothing here was tried against it), or know
more than alipay.system.oauth.token, alipay.user.info.share and alipay.open.auth.token.app, RSA2
with keys or certificates and v2 of the protocol: no encryption, no risk control, no rate limits.
Its people are made up, and its tokens end with the process. It listens on 127.0.0.1 only.

    with emulator.run() as alipay:    # in a test; from a shell: python -m emulator
        alipay.settings()             # what an app needs to use it, under the names of .env

    gateway.py   /gateway.do: checks a call, carries it out, signs the reply
    call.py      a call that arrived; reply.py: the reply, byte for byte
    accounts.py  apps, test members, codes, tokens, consents; keypairs.py: keys and certificates
    faults.py    every fault, and the switch that turns one on
    authorize.py the authorise page 授权页
    control.py   the JSON routes under /emulator/; push.py: messages to 应用网关
    routes.py    what these routes share: whom they answer, and the emulator behind them
    inspector/   the page at `/`: what arrived, and why a signature does not verify
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
from .faults import FaultSwitch
from .gateway import gateway
from .inspector.calls import Calls
from .inspector.page import inspector
from .keypairs import one_line
from .routes import State

POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self' http://127.0.0.1:*"  # the authorise page's form ends at the app's callback
)
HEADERS = {  # of every response
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Quiet(WSGIRequestHandler):
    """Logs no requests: their addresses contain tokens and codes. The gateway has its own log."""

    def log(self, *args: object) -> None:
        pass


def create_emulator_app(
    accounts: Accounts, faults: FaultSwitch, calls: Calls | None = None
) -> Flask:
    """The emulated Alipay as a Flask app. With `calls` it has a page at `/` that shows them."""
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
    """An emulator with its keys and its address. serve() starts it in a thread.

    Port 0 takes a free one. Raises OSError if the port is taken. `clock` gives UTC seconds. With
    `certificates` its apps start in 公钥证书 mode, else in 公钥 mode. With `page` it shows the
    newest calls at `/`. `app` is the Flask app that it serves.
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
        self.app = create_emulator_app(self.accounts, self.faults, calls)
        # Werkzeug would exit the process over a taken port, so it gets a socket that is bound.
        with socket.socket() as bound:
            if os.name == "posix":  # on Windows this would share a taken port
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(("127.0.0.1", port))
            self._server = make_server(
                "127.0.0.1",
                port,
                self.app,
                threaded=True,
                request_handler=Quiet,
                fd=bound.fileno(),
            )
        self.url = f"http://127.0.0.1:{self._server.port}"
        self._serving: threading.Thread | None = None

    def serve(self) -> None:
        """Start to listen and answer, in a thread."""
        self._server.server_activate()
        self._serving = threading.Thread(
            target=self._server.serve_forever, args=(0.005,), daemon=True
        )
        self._serving.start()

    def settings(self) -> dict[str, str]:
        """The settings that an app needs to use this emulator, under the names of .env.

        An app in 公钥证书 mode gets its certificates as PEM text in place of Alipay's public key.
        """
        return {
            "ALIPAY_ENV": "emulator",
            "ALIPAY_GATEWAY_URL": f"{self.url}/gateway.do",
            **self._app_settings("ALIPAY_", "demo-mini"),
            **self._app_settings("ALIPAY_WEB_", "demo-web"),
        }

    def _app_settings(self, prefix: str, app_id: str) -> dict[str, str]:
        """One app's id, its private key, and the key or certificates that verify replies."""
        files = self.accounts.certified.get(app_id)
        if files:
            proof = {"APP_CERT": files.app, "CERT": files.alipay, "ROOT_CERT": files.root}
        else:
            proof = {"PUBLIC_KEY": one_line(self.accounts.alipay_key.public_key())}
        key = one_line(self.accounts.app_keys[app_id])
        values = {"APP_ID": app_id, "APP_PRIVATE_KEY": key, **proof}
        return {f"{prefix}{name}": value for name, value in values.items()}

    def isv_settings(self) -> dict[str, str]:
        """settings() of an ISV that calls for the demo merchant."""
        return self.settings() | {
            "ALIPAY_APP_AUTH_TOKEN": self.accounts.merchant_token,
            "ALIPAY_MERCHANT_APP_ID": MERCHANT,
        }

    def stop(self) -> None:
        """Stop serving, also where a fault delays a reply."""
        self.faults.stopping.set()
        if self._serving:
            self._server.shutdown()
        self._server.server_close()


def start(
    port: int = 0, clock: Callable[[], float] = time.time, *, certificates: bool = False
) -> Emulator:
    """A running emulator. The caller stops it."""
    emulator = Emulator(port, clock, certificates=certificates)
    emulator.serve()
    return emulator


@contextmanager
def run(port: int = 0, *, certificates: bool = False) -> Iterator[Emulator]:
    """A running emulator for the length of a `with` block."""
    emulator = start(port, certificates=certificates)
    try:
        yield emulator
    finally:
        emulator.stop()
