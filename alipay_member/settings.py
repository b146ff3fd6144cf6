"""Environment → one frozen Settings object, or a SettingsError: one sentence that says what is wrong and what to set.

Emulator, sandbox and production differ in one table, ENVIRONMENTS: the addresses. Every setting is explained in
.env.example. No other module reads the environment.
"""

import difflib
import os
import re
import secrets
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from dotenv import dotenv_values

from .client import LOOPBACK
from .errors import KeyFormatError
from .signing import load_private_key, load_public_key

ENVIRONMENTS = {  # name: gateway, authorise page (授权URL), what an app id looks like
    "production": (
        "https://openapi.alipay.com/gateway.do",
        "https://openauth.alipay.com/oauth2/publicAppAuthorize.htm",
        re.compile(r"[0-9]{16}"),
    ),
    "sandbox": (
        "https://openapi-sandbox.dl.alipaydev.com/gateway.do",
        "https://openauth-sandbox.dl.alipaydev.com/oauth2/publicAppAuthorize.htm",
        re.compile(r"[0-9]{16}"),
    ),
    "emulator": ("", "", re.compile(r"demo-[a-z]+")),
}
APP = ("ALIPAY_APP_ID", "ALIPAY_APP_PRIVATE_KEY", "ALIPAY_PUBLIC_KEY")
WEB_APP = ("ALIPAY_WEB_APP_ID", "ALIPAY_WEB_APP_PRIVATE_KEY", "ALIPAY_WEB_PUBLIC_KEY")
ISV = ("ALIPAY_APP_AUTH_TOKEN", "ALIPAY_MERCHANT_APP_ID")
OTHERS = ("ALIPAY_ENV", "ALIPAY_CHARSET", "ALIPAY_GATEWAY_URL", "SECRET_KEY", "DATABASE_URL", "PUBLIC_URL")
NAMES = (*APP, *WEB_APP, *ISV, *OTHERS)


class SettingsError(ValueError):
    """The settings can't be used; the text says what to set."""


@dataclass(frozen=True)
class App:
    """One app of the console: its id, its private key and Alipay's public key for it, as text."""

    app_id: str
    app_private_key: str = field(repr=False)
    alipay_public_key: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """A complete and consistent configuration; `web` is None without a 网页应用."""

    env: str
    app: App
    web: App | None
    app_auth_token: str | None = field(repr=False)
    merchant_app_id: str | None
    charset: str
    gateway_url: str
    authorize_endpoint: str
    secret_key: str = field(repr=False)
    database_url: str = field(repr=False)
    public_url: str

    @classmethod
    def load(cls, folder: Path, env_file: Path | None = None, values: Mapping[str, str] | None = None) -> "Settings":
        """Check `values`, or what read_values finds. `folder` also holds instance/. Raises SettingsError."""
        given = read_values(folder, env_file) if values is None else {k: v for k, v in values.items() if v}
        env = environment(given)
        gateway, authorize_page, id_form = ENVIRONMENTS[env]
        if env == "emulator":
            gateway, authorize_page = _emulator_addresses(given.get("ALIPAY_GATEWAY_URL", ""))
        elif "ALIPAY_GATEWAY_URL" in given:
            raise SettingsError("ALIPAY_GATEWAY_URL goes with ALIPAY_ENV=emulator only: remove it")
        app = _app(given, APP, id_form, env)
        web = _app(given, WEB_APP, id_form, env) if any(name in given for name in WEB_APP) else None
        if web and web.app_id == app.app_id:
            raise SettingsError("ALIPAY_WEB_APP_ID is the mini-program's: the web login needs a 网页应用 of its own")
        if (ISV[0] in given) != (ISV[1] in given):
            raise SettingsError(f"{ISV[0]} and {ISV[1]} belong together: set both, or neither")
        if not id_form.fullmatch(given.get(ISV[1], app.app_id)):
            raise SettingsError(f"ALIPAY_MERCHANT_APP_ID is no app id of {env}")
        charset = {"utf-8": "utf-8", "gbk": "GBK"}.get(given.get("ALIPAY_CHARSET", "utf-8").lower())
        if not charset:
            raise SettingsError("ALIPAY_CHARSET must be utf-8 or GBK")
        return cls(
            env, app, web, given.get(ISV[0]), given.get(ISV[1]), charset, gateway, authorize_page,
            _secret_key(given.get("SECRET_KEY", ""), env, folder),
            _database_url(given, env, folder),
            _public_url(given),
        )  # fmt: skip

    def client_options(self, app: App) -> dict[str, Any]:
        """What AlipayClient takes, for `self.app` or `self.web`."""
        options = asdict(app)
        for name in ("gateway_url", "authorize_endpoint", "charset", "app_auth_token", "merchant_app_id"):
            options[name] = getattr(self, name)
        return options


def read_values(folder: Path, env_file: Path | None = None) -> dict[str, str]:
    """The settings in `env_file` (default: folder/.env, if it is there), overridden by the process's environment."""
    if env_file and not env_file.is_file():
        raise SettingsError(f"there is no file {env_file}")
    try:
        found = dotenv_values(env_file or folder / ".env", interpolate=False, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{env_file or folder / '.env'} is not UTF-8 text: save it as UTF-8") from None
    found |= {k: v for k, v in os.environ.items() if k in NAMES or k.startswith("ALIPAY_")}
    return {name: value.strip() for name, value in found.items() if value and value.strip()}


def environment(values: Mapping[str, str]) -> str:
    """emulator, sandbox or production. Unset means emulator only if nothing else of Alipay's is set."""
    ours = [name for name in values if name.startswith("ALIPAY_")]
    for name in ours:
        if name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, 1)
            raise SettingsError(f"{name} is no setting" + (f": did you mean {near[0]}?" if near else ": remove it"))
    if not ours:
        return "emulator"
    if (env := values.get("ALIPAY_ENV", "")) not in ENVIRONMENTS:
        raise SettingsError(f"set ALIPAY_ENV to emulator, sandbox or production (it is {env or 'not set'})")
    return env


def _app(values: Mapping[str, str], names: tuple[str, str, str], id_form: re.Pattern[str], env: str) -> App:
    missing = [name for name in names if name not in values]
    if missing:
        raise SettingsError(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set: see .env.example")
    app_id, private_key, public_key = (values[name] for name in names)
    if not id_form.fullmatch(app_id):
        form = "begin with demo-" if env == "emulator" else "have 16 digits"
        raise SettingsError(f"{names[0]} is no app id of {env}: there they {form}")
    name = names[1]
    try:
        own = load_private_key(private_key)
        name = names[2]
        alipays = load_public_key(public_key)
    except KeyFormatError as error:
        raise SettingsError(f"{name}: {error}") from None
    if own.public_key().public_numbers() == alipays.public_numbers():
        raise SettingsError(f"{names[2]} is your own app's public key (应用公钥): put Alipay's (支付宝公钥) there")
    return App(app_id, private_key, public_key)


def _emulator_addresses(gateway_url: str) -> tuple[str, str]:
    if not gateway_url:
        raise SettingsError("no emulator is running: start with python app.py, or python -m emulator --env-file FILE")
    url = _address("ALIPAY_GATEWAY_URL", gateway_url)
    if url.hostname not in LOOPBACK or url.scheme != "http" or not url.port:
        raise SettingsError("ALIPAY_GATEWAY_URL must be the emulator's address on this machine, http://127.0.0.1:PORT/…")
    try:
        socket.create_connection((url.hostname, url.port), timeout=3).close()
    except OSError:
        raise SettingsError(f"no emulator answers at {gateway_url}: start python -m emulator, then this app") from None
    return gateway_url, f"{url.scheme}://{url.netloc}/oauth2/publicAppAuthorize.htm"


def _secret_key(secret: str, env: str, folder: Path) -> str:
    if not secret and env == "emulator":
        return _made_once(folder / "instance" / "secret_key")
    if len(secret) < 32 or len(set(secret)) < 8 or re.search("change|example|your|secret", secret, re.IGNORECASE):
        raise SettingsError(
            'SECRET_KEY must be a long random text; make one: python -c "import secrets; print(secrets.token_hex(32))"'
        )
    return secret


def _made_once(path: Path) -> str:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text()


def _database_url(values: Mapping[str, str], env: str, folder: Path) -> str:
    """The database's address; a relative SQLite path is relative to the project's folder, wherever it is started."""
    url = values.get("DATABASE_URL", f"sqlite:///instance/{env}.db")
    if not url.startswith("sqlite:///") or url == "sqlite:///":
        raise SettingsError("DATABASE_URL must be sqlite:///path/to/file.db")
    path = folder / url.removeprefix("sqlite:///")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return f"sqlite:///{path}"


def _public_url(values: Mapping[str, str]) -> str:
    text = values.get("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/").lower()  # as browsers write an Origin
    url = _address("PUBLIC_URL", text)
    if url.scheme not in ("http", "https") or not url.hostname or "@" in text or text != f"{url.scheme}://{url.netloc}":
        raise SettingsError("PUBLIC_URL must look like https://www.example.com, with nothing behind the host")
    if url.scheme == "http" and url.hostname not in LOOPBACK:
        raise SettingsError("PUBLIC_URL must begin with https:// unless it is on this machine")
    return text


def _address(name: str, text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        _ = url.port  # reading it checks it
    except ValueError as error:
        raise SettingsError(f"{name} is no address: {error}") from None
    return url
