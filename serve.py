"""python app.py: its command line and its server. The only file that knows the emulator.

Deployments do without it: gunicorn 'app:create_app()'.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from alipay_member.errors import SchemaError
from alipay_member.explanations import explain
from checks import SettingsError, require
from settings import APP, ISV, WEB_APP, Settings, environment, read_values

HERE = Path(__file__).resolve().parent


def main(create_app: Callable[..., Flask], arguments: Sequence[str] | None = None) -> None:
    """Serve on 127.0.0.1, against the emulated Alipay unless the settings name another one."""
    parser = argparse.ArgumentParser(
        prog="app.py", description="Alipay's 获取会员信息 (get member info), end to end"
    )
    parser.add_argument(
        "--env-file", type=Path, metavar="FILE", help="take the settings from FILE, not from .env"
    )
    parser.add_argument("--port", type=port, default=8000, help="default 8000")
    options = parser.parse_args(arguments)
    try:
        values = {"PUBLIC_URL": f"http://127.0.0.1:{options.port}"}
        values |= read_values(HERE, options.env_file)
        env = environment(values)
        app = emulated(create_app, values) if env == "emulator" else real(create_app, values)
    except SettingsError as error:
        raise SystemExit(f"app.py: {error}\n{error.zh}") from None
    except SchemaError as error:
        zh = "".join(explain(error.key, "zh"))
        raise SystemExit(f"app.py: {error}\n{zh}") from None
    serve(app, options.port, "emulated on this machine" if env == "emulator" else env)


def real(create_app: Callable[..., Flask], values: dict[str, str]) -> Flask:
    """The app for Alipay's sandbox or production."""
    return create_app(Settings.load(HERE, values=values))


def emulated(create_app: Callable[..., Flask], values: dict[str, str]) -> Flask:
    """The app with an emulated Alipay and the workbench that watches them.

    SettingsError without emulator/.
    """
    if not (HERE / "emulator").is_dir():
        raise SettingsError("emulator-deleted")
    if "ALIPAY_GATEWAY_URL" not in values:
        own = [name for name in (*APP, *WEB_APP, *ISV) if name in values]
        require(not own, "emulator-mixed", names=", ".join(own))
    from emulator import workbench
    from emulator.watched import WatchedStore

    settings = Settings.load(HERE, values=workbench.start_emulator(values))
    app = create_app(settings, store=WatchedStore(settings.database_url))
    workbench.attach(app)
    return app


def port(text: str) -> int:
    """A port's number, for argparse."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port: choose one from 1 to 65535")
    return int(text)


class Quiet(WSGIRequestHandler):
    """No access log: the address of a callback has an auth_code in it."""

    def log(self, *_: object) -> None:
        """Nothing."""


def serve(app: Flask, port: int, alipay: str) -> None:
    """Serve on 127.0.0.1 until Ctrl-C.

    A taken port is explained by Werkzeug: choose another one.
    """
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    print(f"Open http://127.0.0.1:{port}  (Ctrl-C ends)\nAlipay: {alipay}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
