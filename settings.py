"""Environment → one frozen Settings object, or a SettingsError: one sentence that says what to set.

Emulator, sandbox and production differ in one table, ENVIRONMENTS. Every setting is explained in
.env.example. No other module reads the environment.
"""

import difflib
import os
import re
import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from dotenv import dotenv_values

from alipay_member.client import GATEWAYS
from alipay_member.errors import KeyFormatError
from alipay_member.signing import load_private_key, load_public_key


@dataclass(frozen=True)
class Environment:
    """One Alipay: its addresses ({} where ALIPAY_GATEWAY_URL says them), and what an app id is."""

    addresses: Mapping[str, str]
    app_id_form: str
    app_id_words: str


SIXTEEN_DIGITS = ("[0-9]{16}", "have 16 digits")
ENVIRONMENTS = {
    "production": Environment(GATEWAYS["production"], *SIXTEEN_DIGITS),
    "sandbox": Environment(GATEWAYS["sandbox"], *SIXTEEN_DIGITS),
    "emulator": Environment({}, "demo-[a-z]+", "begin with demo-"),
}
APP = ("ALIPAY_APP_ID", "ALIPAY_APP_PRIVATE_KEY", "ALIPAY_PUBLIC_KEY")
WEB_APP = ("ALIPAY_WEB_APP_ID", "ALIPAY_WEB_APP_PRIVATE_KEY", "ALIPAY_WEB_PUBLIC_KEY")
ISV = ("ALIPAY_APP_AUTH_TOKEN", "ALIPAY_MERCHANT_APP_ID")
SWITCHES = ("ALIPAY_ENV", "ALIPAY_CHARSET", "ALIPAY_GATEWAY_URL")
SERVER = ("SECRET_KEY", "DATABASE_URL", "PUBLIC_URL")
NAMES = (*APP, *WEB_APP, *ISV, *SWITCHES, *SERVER)
START_AN_EMULATOR = "start python app.py, or python -m emulator --env-file FILE"


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
        """Check `values`, or what read_values(folder) finds. Raises SettingsError.

        `folder` is the project's: relative paths start there, and instance/ is in it.
        """
        given = dict(values) if values is not None else read_values(folder)
        given = {name: value for name, value in given.items() if value}
        env = environment(given)
        addresses = _addresses(given, env)
        app = _app(given, APP, env, folder)
        web = None
        if any(name in given for name in WEB_APP):
            web = _app(given, WEB_APP, env, folder)
        _check_isv(given, env, app, web)
        return cls(
            env=env,
            app=app,
            web=web,
            app_auth_token=given.get("ALIPAY_APP_AUTH_TOKEN"),
            merchant_app_id=given.get("ALIPAY_MERCHANT_APP_ID"),
            charset=_charset(given),
            gateway_url=addresses["gateway_url"],
            authorize_endpoint=addresses["authorize_endpoint"],
            secret_key=_secret_key(given.get("SECRET_KEY", ""), env, folder),
            database_url=_database_url(given, env, folder),
            public_url=_public_url(given),
        )

    @classmethod
    def load_or_exit(cls, folder: Path) -> "Settings":
        """load(folder); what is wrong is said on stderr, and the process ends.

        Status 4 is what gunicorn takes as "this app can't be loaded": it stops instead of starting
        worker after worker.
        """
        try:
            return cls.load(folder)
        except SettingsError as error:
            print(f"Settings: {error}", file=sys.stderr)  # noqa: T201
            raise SystemExit(4) from None

    def client_options(self, app: App) -> dict[str, Any]:
        """What AlipayClient takes, for `self.app` or `self.web`."""
        return {
            "app_id": app.app_id,
            "app_private_key": app.app_private_key,
            "alipay_public_key": app.alipay_public_key,
            "gateway_url": self.gateway_url,
            "authorize_endpoint": self.authorize_endpoint,
            "charset": self.charset,
            "app_auth_token": self.app_auth_token,
            "merchant_app_id": self.merchant_app_id,
        }

    @property
    def avatar_origin(self) -> str:
        """Where avatars come from besides Alipay's hosts: the emulator draws its own; else ""."""
        return self.gateway_url.removesuffix("/gateway.do") if self.env == "emulator" else ""


def read_values(folder: Path, env_file: Path | None = None) -> dict[str, str]:
    """The settings in `env_file` (default: folder/.env, if any); the environment overrides them.

    Raises SettingsError for a file that is missing, unreadable or names no ALIPAY_ENV.
    """
    path = env_file or folder / ".env"
    _require(path.is_file() if env_file else not path.is_dir(), f"there is no file {path}")
    try:
        found = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text: save it as UTF-8") from None
    # A file must say which Alipay it is for, at least where it is named or begins to say it.
    must_say = env_file or "ALIPAY_ENV" in found
    said = found.get("ALIPAY_ENV") if must_say else found or not path.exists()
    _require(said, f"{path} sets no ALIPAY_ENV")
    for name, value in os.environ.items():
        if name in NAMES or name.startswith("ALIPAY_"):
            found[name] = value
    return {name: value.strip() for name, value in found.items() if value and value.strip()}


def environment(values: Mapping[str, str]) -> str:
    """emulator, sandbox or production. Unset means emulator only if nothing else of ours is set.

    Raises SettingsError, also for a name that is almost one of ours. Other integrations have
    ALIPAY_… names of their own (ALIPAY_NOTIFY_URL): these are left alone.
    """
    for name in values:
        _refuse_misspelt(name)
    ours = [name for name in values if name.startswith("ALIPAY_") and name in NAMES]
    env = values.get("ALIPAY_ENV", "") if ours else "emulator"
    sentence = "set ALIPAY_ENV to emulator, sandbox or production"
    _require(env in ENVIRONMENTS, f"{sentence} (it is {env or 'not set'})")
    return env


def _require(condition: object, sentence: str) -> None:
    if not condition:
        raise SettingsError(sentence)


def _refuse_misspelt(name: str) -> None:
    """ALIPAY_APPID is a slip of ALIPAY_APP_ID; what follows ALIPAY_ is compared."""
    if name in NAMES or "ALIPAY" not in name.upper():
        return
    known = {other.removeprefix("ALIPAY_"): other for other in NAMES if "ALIPAY" in other}
    near = difflib.get_close_matches(name.upper().removeprefix("ALIPAY_"), known, 1, cutoff=0.75)
    if near:
        raise SettingsError(f"{name} is not a setting: did you mean {known[near[0]]}?")


def _app(values: Mapping[str, str], names: tuple[str, str, str], env: str, folder: Path) -> App:
    missing = [name for name in names if name not in values]
    verb = "are" if len(missing) > 1 else "is"
    _require(not missing, f"{' and '.join(missing)} {verb} not set: see .env.example")
    app_id, private_key, public_key = (values[name] for name in names)
    form, words = ENVIRONMENTS[env].app_id_form, ENVIRONMENTS[env].app_id_words
    sentence = f"{names[0]} is not an app id of {env}: there they {words}"
    _require(re.fullmatch(form, app_id), sentence)
    own = _key(load_private_key, names[1], private_key, folder)
    alipays = _key(load_public_key, names[2], public_key, folder)
    same = own.public_key().public_numbers() == alipays.public_numbers()
    sentence = (
        f"{names[2]} is your own app's public key (应用公钥): put Alipay's (支付宝公钥) there"
    )
    _require(not same, sentence)
    return App(app_id, own, alipays)


def _key(load: Any, name: str, text: str, folder: Path) -> Any:
    """The key, loaded. A file's path is relative to the project, wherever the app is started."""
    path = folder / text
    try:
        return load(str(path) if os.path.isfile(path) else text)
    except KeyFormatError as error:
        raise SettingsError(f"{name}: {error}") from None


def _check_isv(values: Mapping[str, str], env: str, app: App, web: App | None) -> None:
    """An ISV calls for one merchant, and its one app serves all that the merchant has."""
    given = [name for name in ISV if name in values]
    _require(len(given) != 1, f"{' and '.join(ISV)} belong together: set both, or neither")
    if not given:
        same = web is not None and web.app_id == app.app_id
        _require(not same, f"{WEB_APP[0]} is the mini-program's app, not a 网页应用")
        return
    form = ENVIRONMENTS[env].app_id_form
    _require(re.fullmatch(form, values[ISV[1]]), f"{ISV[1]} is not an app id of {env}")


def _addresses(values: Mapping[str, str], env: str) -> Mapping[str, str]:
    """gateway_url and authorize_endpoint; the emulator's are checked to answer."""
    gateway_url = values.get("ALIPAY_GATEWAY_URL", "")
    if env != "emulator":
        _require(not gateway_url, "ALIPAY_GATEWAY_URL goes with ALIPAY_ENV=emulator: remove it")
        return ENVIRONMENTS[env].addresses
    _require(gateway_url, f"no emulator is running: {START_AN_EMULATOR}")
    url = re.fullmatch(r"(http://(127\.0\.0\.1|localhost):([0-9]{1,5}))/\S*", gateway_url)
    if not url or not 0 < int(url[3]) < 65536:
        address = "the emulator's address on this machine, http://127.0.0.1:PORT/…"
        raise SettingsError(f"ALIPAY_GATEWAY_URL must be {address}")
    try:
        socket.create_connection((url[2], int(url[3])), timeout=3).close()
    except OSError:
        sentence = f"no emulator answers at {gateway_url}: {START_AN_EMULATOR}, then this app"
        raise SettingsError(sentence) from None
    return {
        "gateway_url": gateway_url,
        "authorize_endpoint": f"{url[1]}/oauth2/publicAppAuthorize.htm",
    }


def _charset(values: Mapping[str, str]) -> str:
    charset = values.get("ALIPAY_CHARSET", "utf-8").lower()
    _require(charset in ("utf-8", "gbk"), "ALIPAY_CHARSET must be utf-8 or GBK")
    return "GBK" if charset == "gbk" else charset


def _secret_key(secret: str, env: str, folder: Path) -> str:
    """What signs the web session's cookie; with the emulator one is made, once."""
    if not secret and env == "emulator":
        path = _folder(folder / "instance") / "secret_key"
        path.touch(mode=0o600)
        if len(path.read_text()) < 32:
            path.write_text(secrets.token_hex(32))
        return path.read_text()
    is_example = re.search("change|example|your|secret", secret, re.IGNORECASE)
    strong = len(secret) >= 32 and len(set(secret)) >= 8 and not is_example
    make = 'python -c "import secrets; print(secrets.token_hex(32))"'
    _require(strong, f"SECRET_KEY must be a long random text; make one: {make}")
    return secret


def _database_url(values: Mapping[str, str], env: str, folder: Path) -> str:
    """The database's address; a relative path starts at the project's folder."""
    kind, _, name = values.get("DATABASE_URL", f"sqlite:///instance/{env}.db").partition(":///")
    _require(kind == "sqlite" and name, "DATABASE_URL must be sqlite:///path/to/file.db")
    path = _folder((folder / name).parent) / Path(name).name
    writable = os.access(path if path.exists() else path.parent, os.W_OK)
    _require(writable and not path.is_dir(), f"can't write to {path}")
    return f"sqlite:///{path}"


def _folder(path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"can't make the folder {path}: {error.strerror}") from None
    return path


def _public_url(values: Mapping[str, str]) -> str:
    url = values.get("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/").lower()  # as in an Origin
    form = r"(https://[a-z0-9.-]+|http://(127\.0\.0\.1|localhost))(:[0-9]{1,5})?"
    match = re.fullmatch(form, url)
    port = int((match[3] or ":443").removeprefix(":")) if match else 0
    sentence = "PUBLIC_URL must look like https://www.example.com, with nothing behind the host"
    _require(match and port < 65536, f"{sentence}; http:// only on this machine")
    return url
