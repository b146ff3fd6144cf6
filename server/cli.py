"""python app.py: its command line and its server. It alone imports the emulator.

    python app.py                          serve
    python app.py --check                  is everything set up right? (checkup.py)
    python app.py --explain isv.code-invalid

Deployments do without it: gunicorn 'app:create_app()'.
"""

import argparse
import io
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from alipay_member.errors import AlipayError
from alipay_member.explain import describe, explain
from server import checkup
from server.settings import (
    APP,
    ISV,
    WEB_APP,
    Sentence,
    Settings,
    SettingsError,
    environment,
    read_values,
    require,
    terminal_language,
)

HERE = Path(__file__).resolve().parent.parent
EMULATOR_DELETED = Sentence(
    "emulator/ 已删除：设置 ALIPAY_ENV 等项，见 .env.example",
    "emulator/ was deleted: set ALIPAY_ENV and the rest, see .env.example",
)
EMULATOR_MIXED = Sentence(
    "模拟器自带密钥与 app id：删掉 {names}，或用 ALIPAY_ENV 说明是沙箱还是正式环境",
    "the emulator brings its own keys and app ids: remove {names}, or say with ALIPAY_ENV which "
    "Alipay they are for",
)


def main(create_app: Callable[..., Flask], arguments: Sequence[str] | None = None) -> None:
    """Serve on 127.0.0.1, against the emulated Alipay unless the settings name another one.

    With --check or --explain print and end instead; the exit status is then 0 or 1.
    """
    options = read_options(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # not every terminal has a ✓
        sys.stdout.reconfigure(errors="replace")
    if options.explain is not None:
        raise SystemExit(explain_code(options.explain))
    if options.check:
        raise SystemExit(check(options))
    try:
        values = given_values(options)
        env = environment(values)
        app = emulated(create_app, values) if env == "emulator" else real(create_app, values)
    except SettingsError as error:
        raise SystemExit(f"app.py: {error}\n{error.zh}") from None
    except AlipayError as error:
        en, zh = describe(error, "en"), describe(error, "zh")
        sentences = f"{en.message} {en.hint}\n{zh.message}{zh.hint}"
        raise SystemExit(f"app.py: {error}\n{sentences}") from None
    serve(app, options.port, "emulated on this machine" if env == "emulator" else env)


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="app.py", description="Alipay's 获取会员信息 (get member info), end to end"
    )
    parser.add_argument(
        "--env-file", type=Path, metavar="FILE", help="take the settings from FILE, not from .env"
    )
    parser.add_argument("--port", type=port, default=8000, help="default 8000")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--check", action="store_true", help="print what is set up right and what is not, and end"
    )
    instead.add_argument("--explain", metavar="CODE", help="print what an error means, and end")
    parser.add_argument("--json", action="store_true", help="with --check: for programs")
    parser.add_argument(
        "--lang", choices=("zh", "en"), default=terminal_language(), help="the language of --check"
    )
    return parser.parse_args(arguments)


def given_values(options: argparse.Namespace) -> dict[str, str]:
    """The settings as given, with an address for browsers. Raises SettingsError."""
    default = {"PUBLIC_URL": f"http://127.0.0.1:{options.port}"}
    return default | read_values(HERE, options.env_file)


def real(create_app: Callable[..., Flask], values: dict[str, str]) -> Flask:
    """The app for Alipay's sandbox or production."""
    return create_app(Settings.load(HERE, values=values))


def emulated(create_app: Callable[..., Flask], values: dict[str, str]) -> Flask:
    """The app with an emulated Alipay and the workbench that watches them.

    SettingsError without emulator/.
    """
    settings = Settings.load(HERE, values=with_emulator(values))
    import workbench
    from workbench.watched_store import WatchedStore

    app = create_app(settings, store=WatchedStore(settings.database_url))
    workbench.attach(app)
    return app


def with_emulator(values: dict[str, str]) -> dict[str, str]:
    """The settings with an emulator that runs: the one they name, or one of this process.

    SettingsError without emulator/.
    """
    if not (HERE / "emulator").is_dir():
        raise SettingsError(EMULATOR_DELETED)
    if "ALIPAY_GATEWAY_URL" not in values:
        own = [name for name in (*APP, *WEB_APP, *ISV) if name in values]
        require(not own, EMULATOR_MIXED, names=own)
    import workbench

    completed: dict[str, str] = workbench.start_emulator(values)
    return completed


# ── instead of serving ──


def check(options: argparse.Namespace) -> int:
    """Print what is set up right and what is not; the exit status: 1 if something is wrong."""
    lang = options.lang
    try:
        values = given_values(options)
        if environment(values) == "emulator":
            values = with_emulator(values)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a line of the check-up says it
            result = checkup.survey(Settings.load(HERE, values=values), lang)
    except SettingsError as error:
        result = checkup.unusable(error, lang)
    print(result.as_json() if options.json else result.as_text())
    return 0 if result.is_right else 1


def explain_code(code: str) -> int:
    """Print what a code means, Alipay's or ours; the exit status: 1 for an unknown one."""
    meaning = checkup.meaning(code.strip())
    if meaning:
        print(meaning)
        return 0
    for lang in ("zh", "en"):
        print(" ".join(explain("unexplained", lang)))
    return 1


# ── the server ──


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
