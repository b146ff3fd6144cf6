"""Environment → one frozen Settings object, or a SettingsError: one sentence that says what to set.

Each value has a function that reads it, below the sentences with which it is refused. Emulator,
sandbox and production differ in one table, ENVIRONMENTS. Every setting is explained in
.env.example. No other module reads the environment.
"""

import difflib
import locale
import os
import re
import secrets
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from dotenv import dotenv_values

from alipay_member.certificates import Certificates
from alipay_member.client import GATEWAYS
from alipay_member.errors import CertificateError, DatabaseError, KeyFormatError
from alipay_member.explain import describe
from alipay_member.keys import load_private_key, load_public_key
from alipay_member.store.database import POSTGRESQL

Key = TypeVar("Key")


class Sentence(NamedTuple):
    """The same in Chinese and English, with {places} for values."""

    zh: str
    en: str

    def in_language(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en


class SettingsError(ValueError):
    """The settings can't be used. str(error) says in English what to set, `zh` in Chinese."""

    def __init__(self, sentence: Sentence, **values: object) -> None:
        super().__init__(filled(sentence.en, values, "en"))
        self.zh = filled(sentence.zh, values, "zh")
        self.sentence = sentence
        self.values = values


def filled(text: str, values: Mapping[str, object], lang: str) -> str:
    """The text with its values in `lang`: of a Sentence its half, of a list its items."""
    return text.format(**{name: _in_language(value, lang) for name, value in values.items()})


def _in_language(value: object, lang: str) -> object:
    if isinstance(value, Sentence):
        return value.in_language(lang)
    if not isinstance(value, list):
        return value
    if lang == "zh":
        return "、".join(value)
    *others, last = value
    return f"{', '.join(others)} and {last}" if others else last


def require(condition: object, sentence: Sentence, **values: object) -> None:
    """Raise SettingsError unless the condition holds."""
    if not condition:
        raise SettingsError(sentence, **values)


# ── the settings ──


@dataclass(frozen=True)
class Environment:
    """One Alipay: its name, its addresses ({} where ALIPAY_GATEWAY_URL has them), its app ids."""

    title: Sentence
    addresses: Mapping[str, str]
    app_id_pattern: str
    app_id_form: Sentence


SIXTEEN_DIGITS = Sentence("应当是 16 位数字", "it has 16 digits")
ENVIRONMENTS = {
    "production": Environment(
        Sentence("支付宝正式环境", "Alipay, production"),
        GATEWAYS["production"],
        "[0-9]{16}",
        SIXTEEN_DIGITS,
    ),
    "sandbox": Environment(
        Sentence("支付宝沙箱", "Alipay's sandbox"),
        GATEWAYS["sandbox"],
        "[0-9]{16}",
        SIXTEEN_DIGITS,
    ),
    "emulator": Environment(
        Sentence("本机模拟的支付宝", "Alipay, emulated on this machine"),
        {},
        "demo-[a-z]+",
        Sentence("应当以 demo- 开头", "it begins with demo-"),
    ),
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
        addresses = read_addresses(given.get("ALIPAY_GATEWAY_URL", ""), env)
        app, web = read_apps(given, env, folder)
        default_database = f"sqlite:///instance/{env}.db"
        return cls(
            env=env,
            app=app,
            web=web,
            app_auth_token=given.get("ALIPAY_APP_AUTH_TOKEN"),
            merchant_app_id=given.get("ALIPAY_MERCHANT_APP_ID"),
            charset=read_charset(given.get("ALIPAY_CHARSET", "utf-8")),
            gateway_url=addresses["gateway_url"],
            authorize_endpoint=addresses["authorize_endpoint"],
            secret_key=read_secret_key(given.get("SECRET_KEY", ""), env, folder),
            secret_key_fallbacks=read_fallbacks(given.get("SECRET_KEY_FALLBACKS", "")),
            database_url=read_database_url(given.get("DATABASE_URL", default_database), folder),
            public_url=read_public_url(given.get("PUBLIC_URL", "http://127.0.0.1:8000")),
        )

    @classmethod
    def load_or_exit(cls, folder: Path) -> "Settings":
        """load(folder), or end the process with the error's sentence on stderr.

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
    def title(self) -> Sentence:
        """Which Alipay this is, for people."""
        return ENVIRONMENTS[self.env].title

    @property
    def avatar_origin(self) -> str:
        """Where avatars come from besides Alipay's hosts: the emulator draws its own; else ""."""
        return self.gateway_url.removesuffix("/gateway.do") if self.env == "emulator" else ""


# ── where they come from: a .env file, and the environment, which overrides it ──

NO_FILE = Sentence("没有文件 {path}", "there is no file {path}")
NOT_UTF_8 = Sentence(
    "{path} 不是 UTF-8 文本：请另存为 UTF-8",
    "{path} is not UTF-8 text: save it as UTF-8",
)
NO_ENV_IN_FILE = Sentence("{path} 里没有设置 ALIPAY_ENV", "{path} does not set ALIPAY_ENV")
TWO_ENVIRONMENTS = Sentence(
    "环境变量里 ALIPAY_ENV 是 {outside}，{path} 里是 {inside}："
    "模拟器与真实的支付宝不能混用，请删掉其中一个",
    "ALIPAY_ENV is {outside} in the environment but {inside} in {path}: the emulator does not mix "
    "with the real Alipay, so remove one of them",
)


def read_values(folder: Path, env_file: Path | None = None) -> dict[str, str]:
    """The settings in `env_file` (default: folder/.env, if any); the environment overrides them.

    Raises SettingsError for a file that is missing, unreadable or does not set ALIPAY_ENV.
    """
    path = env_file or folder / ".env"
    require(path.is_file() if env_file else not path.is_dir(), NO_FILE, path=path)
    try:
        found = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(NOT_UTF_8, path=path) from None
    inside = found.get("ALIPAY_ENV")
    # A .env without any ALIPAY_ENV may still hold other settings; a file of another kind may not.
    needs_env = env_file or "ALIPAY_ENV" in found
    usable = inside if needs_env else found or not path.exists()
    require(usable, NO_ENV_IN_FILE, path=path)
    # The emulator over a real Alipay's file would put made-up people into its database.
    outside = os.environ.get("ALIPAY_ENV")
    mixed = outside and inside and outside != inside and "emulator" in (outside, inside)
    require(not mixed, TWO_ENVIRONMENTS, outside=outside, inside=inside, path=path)
    for name, value in os.environ.items():
        if name in NAMES or name.startswith("ALIPAY_"):
            found[name] = value
    return {name: value.strip() for name, value in found.items() if value and value.strip()}


def terminal_language() -> str:
    """ "zh" or "en": what a terminal here speaks, as its environment (or Windows) says."""
    chosen = [os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    spoken = next(filter(None, chosen), None) or locale.getlocale()[0] or ""
    return "zh" if spoken.lower().startswith(("zh", "chinese")) else "en"


# ── ALIPAY_ENV ──

UNKNOWN_ENV = Sentence(
    "把 ALIPAY_ENV 设为 emulator、sandbox 或 production（现在是 {env}）",
    "set ALIPAY_ENV to emulator, sandbox or production (it is {env})",
)
MISSPELT = Sentence(
    "没有 {name} 这个设置：是不是 {near}？",
    "{name} is not a setting: did you mean {near}?",
)


def environment(values: Mapping[str, str]) -> str:
    """emulator, sandbox or production. Unset means emulator if no other of our ALIPAY_… is set.

    Raises SettingsError, also for a name that is almost one of ours. Other integrations have
    ALIPAY_… names of their own (ALIPAY_NOTIFY_URL), which are left alone.
    """
    for name in values:
        _refuse_misspelt(name)
    ours = [name for name in values if name.startswith("ALIPAY_") and name in NAMES]
    env = values.get("ALIPAY_ENV", "") if ours else "emulator"
    unset = Sentence("空的", "not set")
    require(env in ENVIRONMENTS, UNKNOWN_ENV, env=env or unset)
    return env


def _refuse_misspelt(name: str) -> None:
    """Refuse ALIPAY_APPID for ALIPAY_APP_ID; only what follows ALIPAY_ is compared."""
    if name in NAMES or "ALIPAY" not in name.upper():
        return
    known = {other.removeprefix("ALIPAY_"): other for other in NAMES if "ALIPAY" in other}
    near = difflib.get_close_matches(name.upper().removeprefix("ALIPAY_"), known, 1, cutoff=0.75)
    if near:
        raise SettingsError(MISSPELT, name=name, near=known[near[0]])


# ── ALIPAY_GATEWAY_URL: the emulator's address; the others are known ──

GATEWAY_WITHOUT_EMULATOR = Sentence(
    "ALIPAY_GATEWAY_URL 只与 ALIPAY_ENV=emulator 一起用：请删掉",
    "ALIPAY_GATEWAY_URL goes with ALIPAY_ENV=emulator only: remove it",
)
NO_EMULATOR = Sentence(
    "没有模拟器在运行：运行 python app.py，或 python -m emulator --env-file FILE",
    "no emulator is running: start python app.py, or python -m emulator --env-file FILE",
)
NOT_THE_EMULATOR = Sentence(
    "ALIPAY_GATEWAY_URL 必须是本机模拟器的地址，http://127.0.0.1:PORT/…",
    "ALIPAY_GATEWAY_URL must be the emulator's address on this machine, http://127.0.0.1:PORT/…",
)
EMULATOR_SILENT = Sentence(
    "{url} 没有模拟器应答：先运行 python app.py 或 python -m emulator --env-file FILE，"
    "再启动本应用",
    "no emulator answers at {url}: start python app.py, or python -m emulator --env-file FILE, "
    "then this app",
)


def read_addresses(given: str, env: str) -> Mapping[str, str]:
    """gateway_url and authorize_endpoint."""
    if env != "emulator":
        require(not given, GATEWAY_WITHOUT_EMULATOR)
        return ENVIRONMENTS[env].addresses
    require(given, NO_EMULATOR)
    url = re.fullmatch(r"(http://(127\.0\.0\.1|localhost):([0-9]{1,5}))/\S*", given)
    if not url or not 0 < int(url[3]) < 65536:
        raise SettingsError(NOT_THE_EMULATOR)
    try:
        socket.create_connection((url[2], int(url[3])), timeout=3).close()
    except OSError:
        raise SettingsError(EMULATOR_SILENT, url=given) from None
    return {
        "gateway_url": given,
        "authorize_endpoint": f"{url[1]}/oauth2/publicAppAuthorize.htm",
    }


# ── ALIPAY_APP_…, ALIPAY_WEB_…: each app's id, its private key, Alipay's key or the certificates ──

MISSING = Sentence("{names} 没有设置：见 .env.example", "set {names}: see .env.example")
NOT_AN_APP_ID = Sentence(
    "{name} 不是 {env} 的 app id：{form}",
    "{name} is not an app id of {env}: {form}",
)
SAME_APP = Sentence(
    "{name} 是小程序的应用，不是网页应用",
    "{name} is the mini-program's app, not a 网页应用",
)
ISV_TOGETHER = Sentence(
    "{names} 要么都设置，要么都不设置",
    "{names} belong together: set both, or neither",
)
NOT_A_MERCHANT = Sentence("{name} 不是 {env} 的 app id", "{name} is not an app id of {env}")
OWN_KEY = Sentence(
    "{name} 是应用自己的公钥（应用公钥）：应当放支付宝公钥",
    "{name} is your own app's public key (应用公钥): put Alipay's (支付宝公钥) there",
)
OTHER_APPS_KEY = Sentence(
    "{name} 是另一个应用的应用公钥：应当放支付宝公钥",
    "{name} is the public key of your other app (应用公钥): put Alipay's (支付宝公钥) there",
)


def read_apps(values: Mapping[str, str], env: str, folder: Path) -> tuple[App, App | None]:
    """The mini-program's app, and the 网页应用 if one is set."""
    app = _read_app(values, APP, env, folder)
    web = None
    if any(name in values for name in WEB_APP):
        web = _read_app(values, WEB_APP, env, folder)
    _check_isv(values, env, app, web)
    if web:  # the keys of two apps are easily mixed up
        mixed_up = _is_pair(web.app_private_key, app.alipay_public_key)
        require(not mixed_up, OTHER_APPS_KEY, name=APP[2])
        mixed_up = _is_pair(app.app_private_key, web.alipay_public_key)
        require(not mixed_up, OTHER_APPS_KEY, name=WEB_APP[2])
    return app, web


def _read_app(values: Mapping[str, str], names: Sequence[str], env: str, folder: Path) -> App:
    id_name, private_name, public_name, *certificate_names = names
    in_certificate_mode = any(name in values for name in certificate_names)
    both = in_certificate_mode and public_name in values
    require(not both, BOTH_MODES, name=public_name, names=certificate_names)
    alipays_names = certificate_names if in_certificate_mode else [public_name]
    missing = [name for name in (id_name, private_name, *alipays_names) if name not in values]
    require(not missing, MISSING, names=missing)
    app_id = values[id_name]
    expected = ENVIRONMENTS[env]
    is_app_id = re.fullmatch(expected.app_id_pattern, app_id)
    require(is_app_id, NOT_AN_APP_ID, name=id_name, env=env, form=expected.app_id_form)
    private_key = _read_key(load_private_key, private_name, values[private_name], folder)
    if in_certificate_mode:
        given = {name: values[name] for name in certificate_names}
        certificates = _read_certificates(given, folder, app_id, private_key)
        return App(app_id, private_key, certificates.alipay_public_key, certificates)
    public_key = _read_key(load_public_key, public_name, values[public_name], folder)
    require(not _is_pair(private_key, public_key), OWN_KEY, name=public_name)
    return App(app_id, private_key, public_key)


def _check_isv(values: Mapping[str, str], env: str, app: App, web: App | None) -> None:
    """An ISV calls for one merchant, and its one app serves all that the merchant has."""
    given = [name for name in ISV if name in values]
    require(len(given) != 1, ISV_TOGETHER, names=list(ISV))
    if not given:
        require(web is None or web.app_id != app.app_id, SAME_APP, name=WEB_APP[0])
        return
    is_app_id = re.fullmatch(ENVIRONMENTS[env].app_id_pattern, values[ISV[1]])
    require(is_app_id, NOT_A_MERCHANT, name=ISV[1], env=env)


def _is_pair(private_key: RSAPrivateKey, public_key: RSAPublicKey) -> bool:
    return private_key.public_key().public_numbers() == public_key.public_numbers()


# ── keys and certificates: a file's path, or the text itself ──

BAD_KEY = Sentence("{name}：{problem}", "{name}: {problem}")
BOTH_MODES = Sentence(
    "{name}（公钥）与 {names}（公钥证书）只能设置一种：看控制台里接口加签方式是哪一种，删掉另一种",
    "{name} (公钥) and {names} (公钥证书) are two modes: keep those of the mode that the console "
    "shows (接口加签方式), and remove the others",
)
CERTIFICATE_AS_KEY = Sentence(
    "{name} 里是证书，应当放公钥：控制台用公钥证书模式时，删掉 {name}，"
    "改为设置 {names}（下载的三个 .crt 文件）",
    "{name} holds a certificate, but the key itself belongs there: if the console shows 公钥证书 "
    "mode, remove {name} and set {names} to the three .crt files",
)
CERTIFICATE = {  # by the reason of a CertificateError; any other is a BAD_KEY
    "alipays": Sentence(
        "{name} 里是支付宝公钥证书（{found}）：应当放应用公钥证书 appCertPublicKey_{app_id}.crt",
        "{name} holds Alipay's certificate ({found}): put the app's there, "
        "appCertPublicKey_{app_id}.crt",
    ),
    "other-app": Sentence(
        "{name} 里是别人的证书（{found}），不是 {app_id} 的：应当放 appCertPublicKey_{app_id}.crt",
        "{name} holds a certificate of {found}, not of {app_id}: "
        "put appCertPublicKey_{app_id}.crt there",
    ),
    "other-key": Sentence(
        "{name}（{found}）与设置的应用私钥不成对："
        "重新下载应用公钥证书，或换上做证书申请时的那把私钥",
        "{name} ({found}) does not belong to the private key that is set: download the certificate "
        "again, or set the private key that it was requested with",
    ),
    "not-alipays": Sentence(
        "{name} 里不是支付宝的证书（{found}）：应当放 alipayCertPublicKey_RSA2.crt",
        "{name} does not hold Alipay's certificate but that of {found}: "
        "put alipayCertPublicKey_RSA2.crt there",
    ),
    "leaf": Sentence(
        "{name} 里不是根证书，而是 {found} 的证书：应当放 alipayRootCert.crt",
        "{name} holds no root certificates but that of {found}: put alipayRootCert.crt there",
    ),
    "no-root": Sentence(
        "{name} 里没有一张 RSA 证书：应当放完整的 alipayRootCert.crt",
        "{name} does not contain a single RSA certificate: put the whole alipayRootCert.crt there",
    ),
}


def _read_key(load: Callable[[str], Key], name: str, text: str, folder: Path) -> Key:
    try:
        return load(_path_or_text(text, folder))
    except KeyFormatError as error:
        if error.reason == "certificate" and name.endswith("PUBLIC_KEY"):
            kinds = ("APP_CERT", "CERT", "ROOT_CERT")
            names = [name.replace("PUBLIC_KEY", kind) for kind in kinds]
            raise SettingsError(CERTIFICATE_AS_KEY, name=name, names=names) from None
        raise _bad_key(name, error) from None


def _read_certificates(
    given: Mapping[str, str], folder: Path, app_id: str, private_key: RSAPrivateKey
) -> Certificates:
    """The console's three files, in the order of the settings, each in its place and the app's.

    Certificates.load warns of one that has ended.
    """
    names = dict(zip(("app", "alipay", "root"), given, strict=True))
    files = {slot: _path_or_text(given[name], folder) for slot, name in names.items()}
    try:
        loaded = Certificates.load(**files)
        loaded.check(app_id, private_key)
    except CertificateError as error:
        name = names[error.slot]
        if error.reason in CERTIFICATE:
            sentence = CERTIFICATE[error.reason]
            raise SettingsError(sentence, name=name, found=error.found, app_id=app_id) from None
        raise _bad_key(name, error) from None
    return loaded


def _path_or_text(text: str, folder: Path) -> str:
    """A file's whole path, if the text names one in `folder`; else the text as it is."""
    path = folder / text if "\0" not in text and len(text) < 1000 else folder
    return str(path) if os.path.isfile(path) else text


def _bad_key(name: str, error: KeyFormatError) -> SettingsError:
    described = describe(error, "zh")
    problem = Sentence(f"{described.message}{described.hint}", str(error))
    return SettingsError(BAD_KEY, name=name, problem=problem)


# ── ALIPAY_CHARSET ──

BAD_CHARSET = Sentence("ALIPAY_CHARSET 必须是 utf-8 或 GBK", "ALIPAY_CHARSET must be utf-8 or GBK")


def read_charset(given: str) -> str:
    """utf-8 or GBK, as Alipay writes them."""
    known = {"utf-8": "utf-8", "gbk": "GBK"}
    require(given.lower() in known, BAD_CHARSET)
    return known[given.lower()]


# ── SECRET_KEY, SECRET_KEY_FALLBACKS: they sign the web session's cookie ──

WEAK_SECRET = Sentence(
    "SECRET_KEY 必须是一段长的随机文本；生成一个：{command}",
    "SECRET_KEY must be a long random text; make one: {command}",
)
WEAK_FALLBACK = Sentence(
    "SECRET_KEY_FALLBACKS 里的每一个都必须是一段长的随机文本，用逗号分开；"
    "弱的删去，用它签过名的会话就此失效",
    "each of SECRET_KEY_FALLBACKS must be a long random text, separated by commas; "
    "remove a weak one, which ends the sessions signed with it",
)
SECRET_COMMAND = 'python -c "import secrets; print(secrets.token_hex(32))"'  # noqa: S105
# Only as a word of its own: random text, too, has these letters once in a while.
EXAMPLE = re.compile("(^|[^A-Za-z0-9])(change|example|your|secret|CHANGE|EXAMPLE|YOUR|SECRET)")


def read_secret_key(given: str, env: str, folder: Path) -> str:
    """A long random text. For the emulator it need not be set: one is made and kept."""
    if not given and env == "emulator":
        return make_secret_key(folder)
    require(is_strong(given), WEAK_SECRET, command=SECRET_COMMAND)
    return given


def read_fallbacks(given: str) -> Sequence[str]:
    """Earlier secret keys, separated by commas: a cookie signed with one is still good."""
    earlier = [secret.strip() for secret in given.split(",") if secret.strip()]
    require(all(is_strong(secret) for secret in earlier), WEAK_FALLBACK)
    return tuple(earlier)


def is_strong(secret: str) -> bool:
    """Whether it is long, random and no example."""
    strong = len(secret) >= 32 and len(set(secret)) >= 8 and not EXAMPLE.search(secret)
    return strong and not _has_a_pattern(secret)


def _has_a_pattern(secret: str) -> bool:
    """Whether it repeats itself or runs through an alphabet: long, but easily guessed."""
    for period in range(1, len(secret) // 2 + 1):
        if secret[period:] == secret[:-period]:
            return True
    steps = [ord(after) - ord(before) for before, after in pairwise(secret)]
    return steps.count(max(steps, key=steps.count)) > len(steps) / 2


def make_secret_key(folder: Path) -> str:
    """The emulator's secret, made once and kept in instance/; two starts at once share one."""
    path = _make_folder(folder / "instance") / "secret_key"
    if path.is_file() and len(path.read_text()) < 32:  # of a start that was interrupted
        path.unlink(missing_ok=True)
    whole = path.with_name(f"secret_key.{secrets.token_hex(8)}")
    with open(os.open(whole, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    try:
        os.link(whole, path)  # whole or not at all, and only if no other start was faster
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        if not path.exists():
            whole.replace(path)
    whole.unlink(missing_ok=True)
    return path.read_text()


# ── DATABASE_URL ──

BAD_DATABASE_URL = Sentence(
    "DATABASE_URL 必须写成 sqlite:///path/to/file.db 或 postgresql://user:password@host/name",
    "DATABASE_URL must be sqlite:///path/to/file.db or postgresql://user:password@host/name",
)
DATABASE_IN_MEMORY = Sentence(
    "DATABASE_URL 不能是 sqlite:///:memory:：每个连接会各有一个数据库；"
    "试用时写临时文件夹里的一个文件",
    "DATABASE_URL can't be sqlite:///:memory:, where each connection would have a database of its "
    "own; to try things out, name a file in a temporary folder",
)
NO_FOLDER = Sentence("不能建立文件夹 {path}：{why}", "can't make the folder {path}: {why}")
BAD_PATH = Sentence("不能使用 {path}：{why}", "can't use {path}: {why}")
NOT_WRITABLE = Sentence("不能写入 {path}", "can't write to {path}")
NOT_SQLITE = Sentence(
    "{path} 不是 SQLite 数据库：换一个文件",
    "{path} is not an SQLite database: name another file",
)
NO_DRIVER = Sentence(
    "DATABASE_URL 是 PostgreSQL，还没有安装它的驱动：pip install 'psycopg[binary,pool]'",
    "DATABASE_URL is PostgreSQL, and its driver is not installed: "
    "pip install 'psycopg[binary,pool]'",
)
BAD_POSTGRESQL_URL = Sentence(
    "DATABASE_URL 的 PostgreSQL 地址读不懂：它写成 postgresql://user:password@host/name，"
    "密码里的特殊字符用百分号编码（@ 写成 %40，: 写成 %3A，/ 写成 %2F，% 写成 %25）",
    "the PostgreSQL address in DATABASE_URL can't be read: write "
    "postgresql://user:password@host/name, with special characters in the password "
    "percent-encoded (@ as %40, : as %3A, / as %2F, % as %25)",
)
NO_SERVER = Sentence(
    "连接不上 DATABASE_URL 的 PostgreSQL：{why}",
    "can't connect to the PostgreSQL of DATABASE_URL: {why}",
)
SQLITE = b"SQLite format 3\0"  # how such a file begins


def read_database_url(given: str, folder: Path) -> str:
    """A database that can be used: sqlite:///path, relative to `folder`, or postgresql://…"""
    if given.startswith(POSTGRESQL):
        return _read_postgresql_url(given)
    kind, _, name = given.partition(":///")
    require(kind == "sqlite" and name and "\0" not in name, BAD_DATABASE_URL)
    require(name != ":memory:", DATABASE_IN_MEMORY)
    path = _make_folder((folder / name).parent) / Path(name).name
    try:
        exists = path.exists()
        writable = os.access(path if exists else path.parent, os.W_OK) and not path.is_dir()
        usable = not exists or (path.is_file() and _begins_as(path, SQLITE))
    except OSError as error:  # a name of 300 letters, for one
        raise SettingsError(BAD_PATH, path=path, why=error.strerror) from None
    require(writable, NOT_WRITABLE, path=path)
    require(usable, NOT_SQLITE, path=path)
    return f"sqlite:///{path}"


def _read_postgresql_url(given: str) -> str:
    from alipay_member.store.postgresql import try_to_connect  # a part that can be left out

    try:
        try_to_connect(given)
    except ImportError:
        raise SettingsError(NO_DRIVER) from None
    except ValueError:
        raise SettingsError(BAD_POSTGRESQL_URL) from None
    except DatabaseError as error:
        raise SettingsError(NO_SERVER, why=error.message) from None
    return given


def _begins_as(path: Path, beginning: bytes) -> bool:
    with path.open("rb") as file:
        found = file.read(len(beginning))
    return found in (b"", beginning)  # an empty file becomes a database


def _make_folder(path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(NO_FOLDER, path=path, why=error.strerror) from None
    return path


# ── PUBLIC_URL ──

BAD_PUBLIC_URL = Sentence(
    "PUBLIC_URL 应当写成 https://www.example.com，主机名后面什么都没有；只有本机可以用 http://",
    "PUBLIC_URL must look like https://www.example.com, with nothing after the host; "
    "http:// is for this machine only",
)


def read_public_url(given: str) -> str:
    """Where browsers reach the app, as they write it in an Origin: lower case, no default port."""
    url = given.rstrip("/").lower()
    form = r"(https://[a-z0-9.-]+|http://(?:127\.0\.0\.1|localhost))(?::([0-9]{1,5}))?"
    match = re.fullmatch(form, url)
    require(match and 0 < int(match[2] or 1) < 65536, BAD_PUBLIC_URL)
    return url.removesuffix(":443" if url.startswith("https") else ":80")
