"""Environment → one frozen Settings object, or a SettingsError: one sentence that says what to set.

Emulator, sandbox and production differ in one table, ENVIRONMENTS. Every setting is explained in
.env.example. No other module reads the environment.
"""

import difflib
import locale
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from dotenv import dotenv_values

from alipay_member.certificates import Certificates
from alipay_member.client import GATEWAYS
from alipay_member.keys import load_private_key, load_public_key
from server import checks
from server.checks import SettingsError, require


@dataclass(frozen=True)
class Environment:
    """One Alipay: its addresses ({} where ALIPAY_GATEWAY_URL says them), and what an app id is."""

    addresses: Mapping[str, str]
    app_id_form: str
    words: str
    words_zh: str


SIXTEEN_DIGITS = ("[0-9]{16}", "have 16 digits", "是 16 位数字")
ENVIRONMENTS = {
    "production": Environment(GATEWAYS["production"], *SIXTEEN_DIGITS),
    "sandbox": Environment(GATEWAYS["sandbox"], *SIXTEEN_DIGITS),
    "emulator": Environment({}, "demo-[a-z]+", "begin with demo-", "以 demo- 开头"),
}
APP = (
    *("ALIPAY_APP_ID", "ALIPAY_APP_PRIVATE_KEY", "ALIPAY_PUBLIC_KEY"),
    *("ALIPAY_APP_CERT", "ALIPAY_CERT", "ALIPAY_ROOT_CERT"),  # or these, in 公钥证书 mode
)
WEB_APP = (
    *("ALIPAY_WEB_APP_ID", "ALIPAY_WEB_APP_PRIVATE_KEY", "ALIPAY_WEB_PUBLIC_KEY"),
    *("ALIPAY_WEB_APP_CERT", "ALIPAY_WEB_CERT", "ALIPAY_WEB_ROOT_CERT"),
)
ISV = ("ALIPAY_APP_AUTH_TOKEN", "ALIPAY_MERCHANT_APP_ID")
SWITCHES = ("ALIPAY_ENV", "ALIPAY_CHARSET", "ALIPAY_GATEWAY_URL")
SERVER = ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_URL", "PUBLIC_URL")
NAMES = (*APP, *WEB_APP, *ISV, *SWITCHES, *SERVER)


@dataclass(frozen=True)
class App:
    """One app of the console: its id, its private key and Alipay's public key for it, loaded.

    In 公钥证书 mode the public key is the one in `certificates`; else `certificates` is None.
    """

    app_id: str
    app_private_key: RSAPrivateKey = field(repr=False)
    alipay_public_key: RSAPublicKey = field(repr=False)
    certificates: Certificates | None = field(default=None, repr=False)


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
    secret_key_fallbacks: Sequence[str] = field(repr=False)  # earlier ones, still good to read with
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
        _check_keys_of_both(app, web)
        default_database = f"sqlite:///instance/{env}.db"
        return cls(
            env=env,
            app=app,
            web=web,
            app_auth_token=given.get("ALIPAY_APP_AUTH_TOKEN"),
            merchant_app_id=given.get("ALIPAY_MERCHANT_APP_ID"),
            charset=checks.charset(given.get("ALIPAY_CHARSET", "utf-8")),
            gateway_url=addresses["gateway_url"],
            authorize_endpoint=addresses["authorize_endpoint"],
            secret_key=_secret_key(given.get("SECRET_KEY", ""), env, folder),
            secret_key_fallbacks=checks.fallbacks(given.get("SECRET_KEY_FALLBACKS", "")),
            database_url=checks.database_url(given.get("DATABASE_URL", default_database), folder),
            public_url=checks.public_url(given.get("PUBLIC_URL", "http://127.0.0.1:8000")),
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
            print(f"Settings: {error}\n设置：{error.zh}", file=sys.stderr)  # noqa: T201
            raise SystemExit(4) from None

    def client_options(self, app: App) -> dict[str, Any]:
        """What AlipayClient takes, for `self.app` or `self.web`."""
        return {
            "app_id": app.app_id,
            "app_private_key": app.app_private_key,
            "alipay_public_key": None if app.certificates else app.alipay_public_key,
            "certificates": app.certificates,
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
    require(path.is_file() if env_file else not path.is_dir(), "no-file", path=path)
    try:
        found = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError("not-utf-8", path=path) from None
    # A file must say which Alipay it is for, at least where it is named or begins to say it.
    must_say = env_file or "ALIPAY_ENV" in found
    said = found.get("ALIPAY_ENV") if must_say else found or not path.exists()
    require(said, "no-env-in-file", path=path)
    _refuse_to_mix(os.environ.get("ALIPAY_ENV"), found.get("ALIPAY_ENV"), path)
    for name, value in os.environ.items():
        if name in NAMES or name.startswith("ALIPAY_"):
            found[name] = value
    return {name: value.strip() for name, value in found.items() if value and value.strip()}


def terminal_language() -> str:
    """ "zh" or "en": what a terminal here speaks, as its environment (or Windows) says."""
    chosen = [os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    spoken = next(filter(None, chosen), None) or locale.getlocale()[0] or ""
    return "zh" if spoken.lower().startswith(("zh", "chinese")) else "en"


def environment(values: Mapping[str, str]) -> str:
    """emulator, sandbox or production. Unset means emulator if no other of our ALIPAY_… is set.

    Raises SettingsError, also for a name that is almost one of ours. Other integrations have
    ALIPAY_… names of their own (ALIPAY_NOTIFY_URL): these are left alone.
    """
    for name in values:
        _refuse_misspelt(name)
    ours = [name for name in values if name.startswith("ALIPAY_") and name in NAMES]
    env = values.get("ALIPAY_ENV", "") if ours else "emulator"
    require(env in ENVIRONMENTS, "env", env=env or "not set")
    return env


def _refuse_misspelt(name: str) -> None:
    """ALIPAY_APPID is a slip of ALIPAY_APP_ID; what follows ALIPAY_ is compared."""
    if name in NAMES or "ALIPAY" not in name.upper():
        return
    known = {other.removeprefix("ALIPAY_"): other for other in NAMES if "ALIPAY" in other}
    near = difflib.get_close_matches(name.upper().removeprefix("ALIPAY_"), known, 1, cutoff=0.75)
    if near:
        raise SettingsError("misspelt", name=name, near=known[near[0]])


def _refuse_to_mix(told: str | None, found: str | None, path: Path) -> None:
    """The emulator over a real Alipay's file would put made-up people into its database."""
    mixed = told and found and told != found and "emulator" in (told, found)
    require(not mixed, "two-envs", told=told, found=found, path=path)


def _app(values: Mapping[str, str], names: Sequence[str], env: str, folder: Path) -> App:
    id_name, private_name, public_name, *certificate_names = names
    in_certificate_mode = any(name in values for name in certificate_names)
    both = in_certificate_mode and public_name in values
    require(not both, "certificate-and-key", name=public_name, names=", ".join(certificate_names))
    proof = certificate_names if in_certificate_mode else [public_name]
    missing = [name for name in (id_name, private_name, *proof) if name not in values]
    verb = "are" if len(missing) > 1 else "is"
    require(not missing, "missing", names=missing, verb=verb)
    app_id = values[id_name]
    form = ENVIRONMENTS[env]
    require(
        re.fullmatch(form.app_id_form, app_id),
        "app-id",
        name=id_name,
        env=env,
        words=form.words,
        words_zh=form.words_zh,
    )
    own = checks.rsa_key(load_private_key, private_name, values[private_name], folder)
    if in_certificate_mode:
        given = {name: values[name] for name in certificate_names}
        certificates = checks.certificates(given, folder, app_id, own)
        return App(app_id, own, certificates.alipay_public_key, certificates)
    alipays = checks.rsa_key(load_public_key, public_name, values[public_name], folder)
    require(not _same(own, alipays), "own-key", name=public_name)
    return App(app_id, own, alipays)


def _same(private_key: RSAPrivateKey, public_key: RSAPublicKey) -> bool:
    return private_key.public_key().public_numbers() == public_key.public_numbers()


def _check_keys_of_both(app: App, web: App | None) -> None:
    """Whoever has two apps mixes up their keys, too."""
    if web is None:
        return
    mixed_up = _same(web.app_private_key, app.alipay_public_key)
    require(not mixed_up, "other-apps-key", name=APP[2])
    mixed_up = _same(app.app_private_key, web.alipay_public_key)
    require(not mixed_up, "other-apps-key", name=WEB_APP[2])


def _check_isv(values: Mapping[str, str], env: str, app: App, web: App | None) -> None:
    """An ISV calls for one merchant, and its one app serves all that the merchant has."""
    given = [name for name in ISV if name in values]
    require(len(given) != 1, "isv-both", names=list(ISV))
    if not given:
        require(web is None or web.app_id != app.app_id, "same-app", name=WEB_APP[0])
        return
    form = ENVIRONMENTS[env].app_id_form
    require(re.fullmatch(form, values[ISV[1]]), "merchant", name=ISV[1], env=env)


def _secret_key(secret: str, env: str, folder: Path) -> str:
    if not secret and env == "emulator":
        return checks.made_secret_key(folder)
    return checks.secret_key(secret)


def _addresses(values: Mapping[str, str], env: str) -> Mapping[str, str]:
    """gateway_url and authorize_endpoint."""
    gateway_url = values.get("ALIPAY_GATEWAY_URL", "")
    if env == "emulator":
        return checks.emulator_addresses(gateway_url)
    require(not gateway_url, "gateway-not-here")
    return ENVIRONMENTS[env].addresses
