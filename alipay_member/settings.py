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

from dotenv import dotenv_values

from .errors import KeyFormatError
from .signing import load_private_key, load_public_key

ENVIRONMENTS = {  # name: gateway, authorise page (授权URL), what an app id looks like
    "production": (
        "https://openapi.alipay.com/gateway.do",
        "https://openauth.alipay.com/oauth2/publicAppAuthorize.htm",
        "[0-9]{16}",
    ),
    "sandbox": (
        "https://openapi-sandbox.dl.alipaydev.com/gateway.do",
        "https://openauth-sandbox.dl.alipaydev.com/oauth2/publicAppAuthorize.htm",
        "[0-9]{16}",
    ),
    "emulator": ("", "", "demo-[a-z]+"),
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
        own_gateway = given.get("ALIPAY_GATEWAY_URL", "")
        _require(env == "emulator" or not own_gateway, "ALIPAY_GATEWAY_URL goes with ALIPAY_ENV=emulator: remove it")
        if env == "emulator":
            gateway, authorize_page = _emulator_addresses(own_gateway)
        app = _app(given, APP, id_form, env)
        web = _app(given, WEB_APP, id_form, env) if any(name in given for name in WEB_APP) else None
        _require(web is None or web.app_id != app.app_id, f"{WEB_APP[0]} is the mini-program's: it takes a 网页应用")
        _require((ISV[0] in given) == (ISV[1] in given), f"{' and '.join(ISV)} belong together: set both, or neither")
        _require(re.fullmatch(id_form, given.get(ISV[1], app.app_id)), f"{ISV[1]} is no app id of {env}")
        charset = {"utf-8": "utf-8", "gbk": "GBK"}.get(given.get("ALIPAY_CHARSET", "utf-8").lower(), "")
        _require(charset, "ALIPAY_CHARSET must be utf-8 or GBK")
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
    _require(env_file is None or env_file.is_file(), f"there is no file {env_file}")
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
        near = difflib.get_close_matches(name, NAMES, 1)
        _require(name in NAMES, f"{name} is no setting: " + (f"did you mean {near[0]}?" if near else "remove it"))
    env = values.get("ALIPAY_ENV", "") if ours else "emulator"
    _require(env in ENVIRONMENTS, f"set ALIPAY_ENV to emulator, sandbox or production (it is {env or 'not set'})")
    return env


def _require(condition: object, sentence: str) -> None:
    if not condition:
        raise SettingsError(sentence)


def _app(values: Mapping[str, str], names: tuple[str, str, str], id_form: str, env: str) -> App:
    missing = [name for name in names if name not in values]
    _require(not missing, f"{' and '.join(missing)} {'are' if missing[1:] else 'is'} not set: see .env.example")
    app_id, private_key, public_key = (values[name] for name in names)
    form = "begin with demo-" if env == "emulator" else "have 16 digits"
    _require(re.fullmatch(id_form, app_id), f"{names[0]} is no app id of {env}: there they {form}")
    name = names[1]
    try:
        own = load_private_key(private_key)
        name = names[2]
        alipays = load_public_key(public_key)
    except KeyFormatError as error:
        raise SettingsError(f"{name}: {error}") from None
    own_too = own.public_key().public_numbers() == alipays.public_numbers()
    _require(not own_too, f"{name} is your own app's public key (应用公钥): put Alipay's (支付宝公钥) there")
    return App(app_id, private_key, public_key)


def _emulator_addresses(gateway_url: str) -> tuple[str, str]:
    started = "start python app.py, or python -m emulator --env-file FILE"
    _require(gateway_url, f"no emulator is running: {started}")
    url = re.fullmatch(r"(http://(127\.0\.0\.1|localhost):([0-9]{1,5}))/\S*", gateway_url)
    if not url or not 0 < int(url[3]) < 65536:
        raise SettingsError("ALIPAY_GATEWAY_URL must be the emulator's address on this machine, http://127.0.0.1:PORT/…")
    try:
        socket.create_connection((url[2], int(url[3])), timeout=3).close()
    except OSError:
        raise SettingsError(f"no emulator answers at {gateway_url}: {started}, then this app") from None
    return gateway_url, f"{url[1]}/oauth2/publicAppAuthorize.htm"


def _secret_key(secret: str, env: str, folder: Path) -> str:
    if not secret and env == "emulator":
        path = _folder(folder / "instance") / "secret_key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32))
        return path.read_text()
    weak = len(secret) < 32 or len(set(secret)) < 8 or re.search("change|example|your|secret", secret, re.IGNORECASE)
    make = 'python -c "import secrets; print(secrets.token_hex(32))"'
    _require(not weak, f"SECRET_KEY must be a long random text; make one: {make}")
    return secret


def _database_url(values: Mapping[str, str], env: str, folder: Path) -> str:
    """The database's address; a relative SQLite path is relative to the project's folder, wherever it is started."""
    kind, _, name = values.get("DATABASE_URL", f"sqlite:///instance/{env}.db").partition(":///")
    _require(kind == "sqlite" and name, "DATABASE_URL must be sqlite:///path/to/file.db")
    return f"sqlite:///{_folder((folder / name).parent) / Path(name).name}"


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _public_url(values: Mapping[str, str]) -> str:
    url = values.get("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/").lower()  # as browsers write an Origin
    form = re.fullmatch(r"(https://[a-z0-9.-]+|http://(127\.0\.0\.1|localhost))(:[0-9]{1,5})?", url)
    _require(
        form and int((form[3] or ":1")[1:]) < 65536,
        "PUBLIC_URL must look like https://www.example.com, with nothing behind the host; http:// only on this machine",
    )
    return url
