"""What each setting's value must be: a function for each, which gives it as it is used.

They raise SettingsError: a sentence that says what to set. settings.py puts them together.
"""

import os
import re
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay_member.certificates import Certificates
from alipay_member.errors import CertificateError, DatabaseError, KeyFormatError
from alipay_member.explain import describe
from alipay_member.store.database import POSTGRESQL
from alipay_member.store.postgresql import try_to_connect
from server.sentences import sentence

Key = TypeVar("Key")
# A word of an example, written as one: random text has these letters, too, once in a while.
EXAMPLE = re.compile(
    "(^|[^A-Za-z0-9])(change|example|your|secret|CHANGE|EXAMPLE|YOUR|SECRET)",
)
SQLITE = b"SQLite format 3\0"  # how such a file begins


class SettingsError(ValueError):
    """The settings can't be used. Its text says in English what to set, `zh` in Chinese."""

    def __init__(self, key: str, **values: object) -> None:
        (english,) = sentence(f"settings:{key}", "en", **_listed(values, " and "))
        (self.zh,) = sentence(f"settings:{key}", "zh", **_listed(values, "、"))
        super().__init__(english)


def _listed(values: Mapping[str, object], link: str) -> dict[str, object]:
    """The same, with each list of names as text."""
    return {
        name: link.join(value) if isinstance(value, list) else value
        for name, value in values.items()
    }


def require(condition: object, key: str, **values: object) -> None:
    """SettingsError, unless the condition holds."""
    if not condition:
        raise SettingsError(key, **values)


def rsa_key(load: Callable[[str], Key], name: str, text: str, folder: Path) -> Key:
    """The key, loaded. A file's path is relative to the project, wherever the app is started."""
    try:
        return load(_in_folder(text, folder))
    except KeyFormatError as error:
        if error.reason == "certificate" and name.endswith("PUBLIC_KEY"):
            kinds = ("APP_CERT", "CERT", "ROOT_CERT")
            names = ", ".join(name.replace("PUBLIC_KEY", kind) for kind in kinds)
            raise SettingsError("certificate-as-key", name=name, names=names) from None
        raise _unusable(name, error) from None


def certificates(
    given: Mapping[str, str], folder: Path, app_id: str, private_key: RSAPrivateKey
) -> Certificates:
    """The console's three files, in the order of the settings, each in its place and the app's.

    One that has ended is a warning, as Certificates.load says it.
    """
    names = dict(zip(("app", "alipay", "root"), given, strict=True))
    files = {slot: _in_folder(given[name], folder) for slot, name in names.items()}
    try:
        loaded = Certificates.load(**files)
        loaded.check(app_id, private_key)
    except CertificateError as error:
        name = names[error.slot]
        if sentence(f"settings:certificate-{error.reason}", "en"):
            key = f"certificate-{error.reason}"
            raise SettingsError(key, name=name, found=error.found, app_id=app_id) from None
        raise _unusable(name, error) from None
    return loaded


def _in_folder(text: str, folder: Path) -> str:
    """What a setting names: a file's path from the project's folder on, or the text itself."""
    path = folder / text if "\0" not in text and len(text) < 1000 else folder
    return str(path) if os.path.isfile(path) else text


def _unusable(name: str, error: KeyFormatError) -> SettingsError:
    """A key or certificate can't be read, or is of another kind: the library says why."""
    problem_zh = describe(error, "zh")
    zh = f"{problem_zh.message}{problem_zh.hint}"
    return SettingsError("key", name=name, problem=error, problem_zh=zh)


def emulator_addresses(gateway_url: str) -> Mapping[str, str]:
    """gateway_url and authorize_endpoint of an emulator that answers on this machine."""
    require(gateway_url, "no-emulator")
    url = re.fullmatch(r"(http://(127\.0\.0\.1|localhost):([0-9]{1,5}))/\S*", gateway_url)
    if not url or not 0 < int(url[3]) < 65536:
        raise SettingsError("gateway-form")
    try:
        socket.create_connection((url[2], int(url[3])), timeout=3).close()
    except OSError:
        raise SettingsError("emulator-silent", url=gateway_url) from None
    return {
        "gateway_url": gateway_url,
        "authorize_endpoint": f"{url[1]}/oauth2/publicAppAuthorize.htm",
    }


def charset(given: str) -> str:
    """utf-8 or GBK, as Alipay writes them."""
    known = {"utf-8": "utf-8", "gbk": "GBK"}
    require(given.lower() in known, "charset")
    return known[given.lower()]


def secret_key(secret: str) -> str:
    """What signs the web session's cookie: long, random, and no example."""
    make = 'python -c "import secrets; print(secrets.token_hex(32))"'
    require(_is_strong(secret), "secret-key", make=make)
    return secret


def fallbacks(given: str) -> Sequence[str]:
    """Earlier secret keys, with commas between them: a cookie signed with one is still good."""
    secrets_before = [secret.strip() for secret in given.split(",") if secret.strip()]
    require(all(_is_strong(secret) for secret in secrets_before), "secret-key-fallbacks")
    return tuple(secrets_before)


def _is_strong(secret: str) -> bool:
    strong = len(secret) >= 32 and len(set(secret)) >= 8 and not EXAMPLE.search(secret)
    return strong and not _has_a_pattern(secret)


def made_secret_key(folder: Path) -> str:
    """The emulator's secret, made once and kept in instance/; two that start at once have one."""
    path = _folder(folder / "instance") / "secret_key"
    if path.is_file() and len(path.read_text()) < 32:  # of a start that was interrupted
        path.unlink(missing_ok=True)
    whole = path.with_name(f"secret_key.{secrets.token_hex(8)}")
    with open(os.open(whole, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(secrets.token_hex(32))
    try:
        os.link(whole, path)  # whole or not at all, and only if nobody was faster
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        if not path.exists():
            whole.replace(path)
    whole.unlink(missing_ok=True)
    return path.read_text()


def database_url(given: str, folder: Path) -> str:
    """A database that can be used: sqlite:///path, which starts at `folder`, or postgresql://…"""
    if given.startswith(POSTGRESQL):
        return _postgresql_url(given)
    kind, _, name = given.partition(":///")
    require(kind == "sqlite" and name and "\0" not in name, "database-url")
    require(name != ":memory:", "database-memory")
    path = _folder((folder / name).parent) / Path(name).name
    try:
        is_there = path.exists()
        writable = os.access(path if is_there else path.parent, os.W_OK) and not path.is_dir()
        usable = not is_there or (path.is_file() and _begins_as(path, SQLITE))
    except OSError as error:  # a name of 300 letters, for one
        raise SettingsError("no-folder", path=path, why=error.strerror) from None
    require(writable, "not-writable", path=path)
    require(usable, "no-database", path=path)
    return f"sqlite:///{path}"


def _postgresql_url(given: str) -> str:
    try:
        try_to_connect(given)
    except ImportError:
        raise SettingsError("no-driver") from None
    except ValueError:
        raise SettingsError("database-address") from None
    except DatabaseError as error:
        raise SettingsError("no-server", why=error.message) from None
    return given


def public_url(given: str) -> str:
    """Where browsers reach the app, as they write it in an Origin: lower case, no default port."""
    url = given.rstrip("/").lower()
    form = r"(https://[a-z0-9.-]+|http://(?:127\.0\.0\.1|localhost))(?::([0-9]{1,5}))?"
    match = re.fullmatch(form, url)
    require(match and 0 < int(match[2] or 1) < 65536, "public-url")
    return url.removesuffix(":443" if url.startswith("https") else ":80")


def _has_a_pattern(secret: str) -> bool:
    """Whether it repeats itself, or goes through an alphabet: long, but easily guessed."""
    for period in range(1, len(secret) // 2 + 1):
        if secret[period:] == secret[:-period]:
            return True
    steps = [ord(after) - ord(before) for before, after in pairwise(secret)]
    return steps.count(max(steps, key=steps.count)) > len(steps) / 2


def _begins_as(path: Path, beginning: bytes) -> bool:
    with path.open("rb") as file:
        found = file.read(len(beginning))
    return found in (b"", beginning)  # an empty file becomes a database


def _folder(path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError("no-folder", path=path, why=error.strerror) from None
    return path
