"""Is this app set up right? The doctor's findings for both apps, and what only this app can know.

python app.py --check prints it (serve.py); the home page shows what needs no network. The calls are
alipay_member/explain/doctor.py's; this app's own words stand in sentences.json.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from alipay_member.bounded import budget
from alipay_member.client import AlipayClient
from alipay_member.errors import AlipayError
from alipay_member.explain import describe, explain, gateway_errors
from alipay_member.explain.doctor import (
    MARKS,
    Finding,
    examine_calls,
    examine_keys,
    find_break,
)
from alipay_member.store.database import has_tables, open_database
from alipay_member.store.postgresql import read_address
from alipay_member.transport import LOOPBACK, new_session
from server.checks import SettingsError
from server.sentences import sentence
from server.settings import Settings

CONFIG = Path(__file__).parent.parent / "miniprogram" / "config.js"
HEALTHY = {"ok": True, "app": "alipay-member"}  # what /healthz of this app says
SECONDS = 5.0  # for PUBLIC_URL to answer
MAX_ANSWER = 100_000  # bytes
# What breaks the way to PUBLIC_URL, whether the app runs or not.
WRONG_WAYS = ("authorities", "name", "untrusted", "no-tls", "mute")
BEHIND_A_PROXY = (502, 503, 504)  # HTTP status of a proxy whose app is down, or of our own
SHARED = ("gateway", "clock")  # the same for both apps
OWN_CODES = ("bad-request:", "http-")  # of sentences.json


@dataclass(frozen=True)
class Line:
    """One line as it is shown: ✓, ✗ or – (`ok` is None), what was found, what to do or ""."""

    section: str
    check: str
    ok: bool | None
    message: str
    remedy: str

    @property
    def mark(self) -> str:
        """✓, ✗ or –"""
        return MARKS[self.ok]


@dataclass(frozen=True)
class Checkup:
    """What was found, in one language."""

    lines: list[Line]
    lang: str

    @property
    def is_right(self) -> bool:
        """Whether nothing is known to be wrong."""
        return all(line.ok is not False for line in self.lines)

    @property
    def next_step(self) -> str:
        """What to do now: mend what is wrong first, then see to what could not be looked at."""
        wrong = [line for line in self.lines if line.ok is False]
        if wrong:
            return sentence("check:next-mend", self.lang, message=wrong[0].message)[0]
        unasked = [line.check for line in self.lines if line.ok is None]
        for check in ("network", "public-url", "no-console"):
            if check in unasked:
                return sentence(f"check:next-{check}", self.lang)[0]
        return sentence("check:next-user", self.lang)[0]

    def as_text(self) -> str:
        """The lines under their sections, as the terminal shows them."""
        return "\n".join([*self._printed(), "", self.next_step])

    def _printed(self) -> Iterator[str]:
        section = ""
        for line in self.lines:
            if line.section != section:
                section = line.section
                yield section
            yield f"  {line.mark} {line.message}"
            for remedy in line.remedy.splitlines():
                yield f"      → {remedy}"

    def as_json(self) -> str:
        """The same for a program."""
        lines = [vars(line) for line in self.lines]
        result = {"ok": self.is_right, "next": self.next_step, "lines": lines}
        return json.dumps(result, ensure_ascii=False, indent=2)


def survey(settings: Settings, lang: str) -> Checkup:
    """All that can be known without a user.

    Makes a call for each app and asks PUBLIC_URL, each within its bounds.
    """
    client = AlipayClient(**settings.client_options(settings.app))
    calls = examine_calls(client)
    lines = [
        _settings_line(settings, lang),
        _database_line(settings, lang),
        *_of_app("mini", examine_keys(client) + calls, settings.app.app_id, lang),
    ]
    if settings.web:
        web_client = AlipayClient(**settings.client_options(settings.web))
        findings = examine_keys(web_client)
        gateway, *_ = calls
        if gateway.ok:  # else it would not answer this one, either
            findings += [each for each in examine_calls(web_client) if each.check not in SHARED]
        lines += _of_app("web", findings, settings.web.app_id, lang)
    lines += [_public_url_line(settings, lang), *_console_lines(settings, lang)]
    return Checkup(lines, lang)


def at_rest(
    settings: Settings, client: AlipayClient, web_client: AlipayClient | None, lang: str
) -> Checkup:
    """The lines of survey that need no network, for a page that anybody may open."""
    lines = [
        _settings_line(settings, lang),
        *_of_app("mini", examine_keys(client), client.app_id, lang),
    ]
    if web_client:
        lines += _of_app("web", examine_keys(web_client), web_client.app_id, lang)
    lines += [_line("network", None, "network", lang), *_console_lines(settings, lang)]
    return Checkup(lines, lang)


def unusable(error: SettingsError, lang: str) -> Checkup:
    """The one line about settings that can't be used; with them nothing else can be looked at."""
    said = error.zh if lang == "zh" else str(error)
    return Checkup([Line(_section("settings", lang), "settings", False, said, "")], lang)


def meaning(code: str) -> str:
    """What a code means and what to do, in both languages; "" for one that nobody explains.

    Alipay's codes and sub_codes, the library's errors, and what this app says of a request.
    """
    rows = gateway_errors()
    as_sent = [_as_sent(row) for row in rows if code == (row.get("sub_code") or row.get("code"))]
    beneath = [row["sub_code"] for row in rows if row.get("code") == code and "sub_code" in row]
    lines = as_sent or [code]
    for lang in ("zh", "en"):
        lines += explain(code, lang)
        if code.startswith(OWN_CODES):
            lines += sentence(code, lang)
        if beneath:
            lines += sentence("check:sub-codes", lang, code=code, sub_codes=", ".join(beneath))
    return "\n".join(lines) if len(lines) > 1 else ""


def _as_sent(row: dict[str, str]) -> str:
    """code, msg, sub_code and sub_msg, as Alipay sends them."""
    parts = [row.get(name, "") for name in ("code", "msg", "sub_code", "sub_msg")]
    return " ".join(part for part in parts if part)


# ── the lines ──


def _section(name: str, lang: str, **values: object) -> str:
    return sentence(f"check:section-{name}", lang, **values)[0]


def _line(check: str, ok: bool | None, key: str, lang: str, **values: object) -> Line:
    """A line of this app's own, with the words of `check:<key>`."""
    message, remedy = sentence(f"check:{key}", lang, **values)
    return Line(_section(check, lang), check, ok, message, remedy)


def _of_app(name: str, findings: Iterable[Finding], app_id: str, lang: str) -> list[Line]:
    section = _section(name, lang, app_id=app_id)
    return [
        Line(section, each.check, each.ok, each.message(lang), each.remedy(lang))
        for each in findings
    ]


def _settings_line(settings: Settings, lang: str) -> Line:
    words = sentence(f"check:env-{settings.env}", lang)
    return _line("settings", True, "settings", lang, env=words[0])


def _database_line(settings: Settings, lang: str) -> Line:
    """Whether the database can be used. One that is not there yet is not made."""
    section = _section("settings", lang)
    try:
        key = "database" if _has_tables(settings.database_url) else "database-new"
    except AlipayError as error:
        told = describe(error, lang)
        return Line(section, "database", False, told.message, told.hint)
    path = _without_password(settings.database_url)
    message, remedy = sentence(f"check:{key}", lang, path=path)
    return Line(section, "database", True, message, remedy)


def _has_tables(database_url: str) -> bool:
    """Whether the tables are there; no file is made to find out."""
    path = database_url.removeprefix("sqlite:///")
    if path != database_url and not Path(path).exists():
        return False
    database = open_database(database_url)
    try:
        return has_tables(database)
    finally:
        database.close()


def _without_password(database_url: str) -> str:
    """The database's place as it may be shown."""
    if database_url.startswith("sqlite:///"):
        return database_url.removeprefix("sqlite:///")
    parts = read_address(database_url)
    return f"PostgreSQL {parts.get('host', '')}/{parts.get('dbname', '')}"


def _public_url_line(settings: Settings, lang: str) -> Line:
    """Whether PUBLIC_URL leads to this app: what answers there at /healthz."""
    url = settings.public_url
    status, said = _ask(f"{url}/healthz")
    if (status, said) == (200, HEALTHY):
        return _line("public-url", True, "public-url", lang, url=url)
    if status in BEHIND_A_PROXY:
        return _line("public-url", None, "public-url-down", lang, url=url, status=status)
    if status:
        return _line("public-url", False, "public-url-other", lang, url=url, status=status)
    broken, values = find_break(url)
    if broken in WRONG_WAYS:
        return _line("public-url", False, f"public-url-{broken}", lang, url=url, **values)
    return _line("public-url", None, "public-url-silent", lang, url=url)


def _ask(url: str) -> tuple[int, object]:
    """(HTTP status, JSON) of a GET; (0, None) without an answer. It ends within SECONDS."""
    try:
        with budget(SECONDS, SECONDS, MAX_ANSWER), new_session(url) as session:
            answer = session.get(url, timeout=SECONDS, allow_redirects=False)
    except Exception:  # broken servers make requests raise what it doesn't document
        return 0, None
    try:
        return answer.status_code, answer.json()
    except (ValueError, RecursionError):
        return answer.status_code, None


def _console_lines(settings: Settings, lang: str) -> Iterator[Line]:
    """What the console must say, word for word. Nobody can ask it from here."""
    if settings.env == "emulator":
        yield _line("no-console", None, "console-none", lang)
        return
    url = settings.public_url
    host = urlsplit(url).hostname or ""
    is_wrong = False if settings.env == "production" else None
    if host in LOOPBACK:
        yield _line("console", is_wrong, "console-loopback", lang, url=url)
        return
    if _is_address(host):
        yield _line("console", is_wrong, "console-address", lang, url=url)
        return
    yield _line("console", None, "console-domain", lang, host=host)
    if settings.web:
        values = {"app_id": settings.web.app_id, "url": f"{url}/callback"}
        yield _line("console", None, "console-callback", lang, **values)
    yield _line("console", None, "console-messages", lang, url=f"{url}/alipay/messages")
    yield from _api_base_lines(url, lang)


def _api_base_lines(url: str, lang: str) -> Iterator[Line]:
    """Whether the mini-program here calls PUBLIC_URL. The one that phones have may be another."""
    if not CONFIG.is_file():
        return
    found = re.search("API_BASE = '(.*)'", CONFIG.read_text("utf-8", "replace"))
    base = found[1].rstrip("/") if found else ""
    if base == url:
        yield _line("api-base", True, "api-base", lang, url=url)
    else:
        yield _line("api-base", None, "api-base-other", lang, url=url, base=base)


def _is_address(host: str) -> bool:
    """Whether it is an IP address, which no phone may call."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
