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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
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
OTHERS = (
    "ALIPAY_ENV",
    "ALIPAY_CHARSET",
    "ALIPAY_GATEWAY_URL",
    "SECRET_KEY",
    "DATABASE_URL",
    "PUBLIC_URL",
)
NAMES = (*APP, *WEB_APP, *ISV, *OTHERS)


class SettingsError(ValueError):
    """The settings can't be used; the text says what to set."""


@dataclass(frozen=True)
class App:
    """One app of the console: its id, its private key and Alipay's public key for it, loaded."""

    app_id: str
    app_private_key: RSAPrivateKey = field(repr=False)
    alipay_public_key: RSAPublicKey = field(repr=False)


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
    def load(cls, folder: Path, values: Mapping[str, str] | None = None) -> "Settings":
        """Check `values`, or what read_values(folder) finds. `folder` also holds instance/. Raises SettingsError."""
        given = read_values(folder) if values is None else {k: v for k, v in values.items() if v}
        env = environment(given)
        gateway, authorize_page, id_form = ENVIRONMENTS[env]
        own_gateway = given.get("ALIPAY_GATEWAY_URL", "")
        _require(
            env == "emulator" or not own_gateway,
            "ALIPAY_GATEWAY_URL goes with ALIPAY_ENV=emulator: remove it",
        )
        if env == "emulator":
            gateway, authorize_page = _emulator_addresses(own_gateway)
        app = _app(given, APP, id_form, env, folder)
        web = (
            _app(given, WEB_APP, id_form, env, folder)
            if any(name in given for name in WEB_APP)
            else None
        )
        isv = ISV[0] in given  # whose one app serves all that its merchants have
        _require(
            web is None or isv or web.app_id != app.app_id,
            f"{WEB_APP[0]} is the mini-program's, not a 网页应用",
        )
        _require(
            isv == (ISV[1] in given), f"{' and '.join(ISV)} belong together: set both, or neither"
        )
        _require(
            re.fullmatch(id_form, given.get(ISV[1], app.app_id)), f"{ISV[1]} is no app id of {env}"
        )
        charset = {"utf-8": "utf-8", "gbk": "GBK"}.get(
            given.get("ALIPAY_CHARSET", "utf-8").lower(), ""
        )
        _require(charset, "ALIPAY_CHARSET must be utf-8 or GBK")
        return cls(
            env,
            app,
            web,
            given.get(ISV[0]),
            given.get(ISV[1]),
            charset,
            gateway,
            authorize_page,
            _secret_key(given.get("SECRET_KEY", ""), env, folder),
            _database_url(given, env, folder),
            _public_url(given),
        )

    def client_options(self, app: App) -> dict[str, Any]:
        """What AlipayClient takes, for `self.app` or `self.web`."""
        shared = (
            "gateway_url",
            "authorize_endpoint",
            "charset",
            "app_auth_token",
            "merchant_app_id",
        )
        return vars(app) | {name: getattr(self, name) for name in shared}

    @property
    def avatar_origin(self) -> str:
        """Where avatars come from besides Alipay's own hosts: the emulator draws its own; "" elsewhere."""
        return self.gateway_url.removesuffix("/gateway.do") if self.env == "emulator" else ""


def read_values(folder: Path, env_file: Path | None = None) -> dict[str, str]:
    """The settings in `env_file` (default: folder/.env, if it is there), overridden by the process's environment."""
    path = env_file or folder / ".env"
    _require(path.is_file() if env_file else not path.is_dir(), f"there is no file {path}")
    try:
        found = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text: save it as UTF-8") from None
    named = env_file or "ALIPAY_ENV" in found
    _require(
        found.get("ALIPAY_ENV") if named else found or not path.exists(),
        f"{path} sets no ALIPAY_ENV",
    )
    found |= {k: v for k, v in os.environ.items() if k in NAMES or k.startswith("ALIPAY_")}
    return {name: value.strip() for name, value in found.items() if value and value.strip()}


def environment(values: Mapping[str, str]) -> str:
    """emulator, sandbox or production. Unset means emulator only if nothing else of Alipay's is set."""
    ours = [name for name in values if "ALIPAY" in name.upper()]
    for name in ours:
        near = difflib.get_close_matches(name.upper(), NAMES, 1)
        _require(
            name in NAMES,
            f"{name} is no setting: " + (f"did you mean {near[0]}?" if near else "remove it"),
        )
    env = values.get("ALIPAY_ENV", "") if ours else "emulator"
    _require(
        env in ENVIRONMENTS,
        f"set ALIPAY_ENV to emulator, sandbox or production (it is {env or 'not set'})",
    )
    return env


def _require(condition: object, sentence: str) -> None:
    if not condition:
        raise SettingsError(sentence)


def _path_in(folder: Path, key: str) -> str:
    """A key file's path is relative to the project's folder, wherever the app is started; other text stays."""
    return str(folder / key) if os.path.isfile(folder / key) else key


def _app(
    values: Mapping[str, str], names: tuple[str, str, str], id_form: str, env: str, folder: Path
) -> App:
    missing = [name for name in names if name not in values]
    _require(
        not missing,
        f"{' and '.join(missing)} {'are' if missing[1:] else 'is'} not set: see .env.example",
    )
    app_id, private_key, public_key = (values[name] for name in names)
    form = "begin with demo-" if env == "emulator" else "have 16 digits"
    _require(re.fullmatch(id_form, app_id), f"{names[0]} is no app id of {env}: there they {form}")
    name = names[1]
    try:
        own = load_private_key(_path_in(folder, private_key))
        name = names[2]
        alipays = load_public_key(_path_in(folder, public_key))
    except KeyFormatError as error:
        raise SettingsError(f"{name}: {error}") from None
    own_too = own.public_key().public_numbers() == alipays.public_numbers()
    _require(
        not own_too,
        f"{name} is your own app's public key (应用公钥): put Alipay's (支付宝公钥) there",
    )
    return App(app_id, own, alipays)


def _emulator_addresses(gateway_url: str) -> tuple[str, str]:
    started = "start python app.py, or python -m emulator --env-file FILE"
    _require(gateway_url, f"no emulator is running: {started}")
    url = re.fullmatch(r"(http://(127\.0\.0\.1|localhost):([0-9]{1,5}))/\S*", gateway_url)
    if not url or not 0 < int(url[3]) < 65536:
        raise SettingsError(
            "ALIPAY_GATEWAY_URL must be the emulator's address on this machine, http://127.0.0.1:PORT/…"
        )
    try:
        socket.create_connection((url[2], int(url[3])), timeout=3).close()
    except OSError:
        raise SettingsError(
            f"no emulator answers at {gateway_url}: {started}, then this app"
        ) from None
    return gateway_url, f"{url[1]}/oauth2/publicAppAuthorize.htm"


def _secret_key(secret: str, env: str, folder: Path) -> str:
    if not secret and env == "emulator":
        path = _folder(folder / "instance") / "secret_key"
        path.touch(mode=0o600)
        if len(path.read_text()) < 32:
            path.write_text(secrets.token_hex(32))
        return path.read_text()
    weak = (
        len(secret) < 32
        or len(set(secret)) < 8
        or re.search("change|example|your|secret", secret, re.IGNORECASE)
    )
    make = 'python -c "import secrets; print(secrets.token_hex(32))"'
    _require(not weak, f"SECRET_KEY must be a long random text; make one: {make}")
    return secret


def _database_url(values: Mapping[str, str], env: str, folder: Path) -> str:
    """The database's address; a relative SQLite path is relative to the project's folder, wherever it is started."""
    kind, _, name = values.get("DATABASE_URL", f"sqlite:///instance/{env}.db").partition(":///")
    _require(kind == "sqlite" and name, "DATABASE_URL must be sqlite:///path/to/file.db")
    path = _folder((folder / name).parent) / Path(name).name
    _require(
        os.access(path if path.exists() else path.parent, os.W_OK) and not path.is_dir(),
        f"can't write to {path}",
    )
    return f"sqlite:///{path}"


def _folder(path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"can't make the folder {path}: {error.strerror}") from None
    return path


def _public_url(values: Mapping[str, str]) -> str:
    url = (
        values.get("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/").lower()
    )  # as browsers write an Origin
    form = re.fullmatch(r"(https://[a-z0-9.-]+|http://(127\.0\.0\.1|localhost))(:[0-9]{1,5})?", url)
    _require(
        form and int((form[3] or ":1")[1:]) < 65536,
        "PUBLIC_URL must look like https://www.example.com, with nothing behind the host; http:// only on this machine",
    )
    return url
