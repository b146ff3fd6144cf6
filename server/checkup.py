"""Is this app set up right? The doctor's findings for both apps, and what only this app can know.

`python app.py --check` prints them; the home page shows those that need no network. The calls are
alipay_member/explain/doctor.py's; TEXTS has the sentences of this app's own findings.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from alipay_member.bounded import budget
from alipay_member.client import AlipayClient
from alipay_member.errors import AlipayError
from alipay_member.explain import explain, gateway_errors
from alipay_member.explain.doctor import Finding, Texts, examine_calls, examine_keys, find_break
from alipay_member.store.database import has_tables, open_database
from alipay_member.transport import LOOPBACK, new_session
from server.settings import Sentence, Settings, SettingsError
from server.web import ERRORS

CONFIG = Path(__file__).parent.parent / "miniprogram" / "config.js"
HEALTHY = {"ok": True, "app": "alipay-member"}  # what /healthz of this app says
SECONDS = 5.0  # for PUBLIC_URL to answer
MAX_ANSWER = 100_000  # bytes
# Breaks on the way to PUBLIC_URL that are errors whether the app runs or not.
WRONG_WAYS = ("authorities", "name", "untrusted", "no-tls", "mute")
BEHIND_A_PROXY = (502, 503, 504)  # HTTP status of a proxy whose app is down, or of our own
SHARED = ("gateway", "clock")  # the same for both apps

SECTIONS = {
    "settings": Sentence("设置", "Settings"),
    "mini": Sentence("小程序应用 {app_id}", "Mini-program's app {app_id}"),
    "web": Sentence("网页应用 {app_id}", "Web app (网页应用) {app_id}"),
    "network": Sentence("网络", "Network"),
    "public-url": Sentence("PUBLIC_URL", "PUBLIC_URL"),
    "console": Sentence("控制台", "Console"),
    "no-console": Sentence("控制台", "Console"),
    "api-base": Sentence("小程序", "Mini-program"),
}
TEXTS: Texts = {  # [message, remedy]; a {place} is filled in
    "settings": {
        "zh": (
            "设置完整，各项一致：{env}。",
            "",
        ),
        "en": (
            "Complete and consistent: {env}.",
            "",
        ),
    },
    "settings-error": {"zh": ("{error}", ""), "en": ("{error}", "")},
    "database-error": {"zh": ("{cause}", "{hint}"), "en": ("{cause}", "{hint}")},
    "database": {
        "zh": (
            "数据库可用：{path}",
            "",
        ),
        "en": (
            "The database can be used: {path}",
            "",
        ),
    },
    "database-new": {
        "zh": (
            "数据库还没有，启动时会建立：{path}",
            "",
        ),
        "en": (
            "There is no database yet, the first start makes it: {path}",
            "",
        ),
    },
    "network": {
        "zh": (
            "网关、时钟、app id、支付宝公钥与 PUBLIC_URL：本页不向外发请求，没有检查。",
            "在服务器上运行 python app.py --check（启动时用了 --env-file 的，也带上它）。",
        ),
        "en": (
            "Gateway, clock, app id, Alipay's key and PUBLIC_URL: not checked, this page asks "
            "nobody.",
            "Run python app.py --check on the server (with the same --env-file, if it was "
            "started with one).",
        ),
    },
    "public-url": {
        "zh": (
            "{url}/healthz 是本应用在应答。",
            "",
        ),
        "en": (
            "It is this app that answers at {url}/healthz.",
            "",
        ),
    },
    "public-url-silent": {
        "zh": (
            "{url} 没有应答，没有检查。",
            "启动本应用后再检查；已经启动的，看这台机器能不能访问自己的公网地址。",
        ),
        "en": (
            "Nothing answers at {url}: not checked.",
            "Start the app to check this; if it runs, see whether this machine can reach its "
            "own public address.",
        ),
    },
    "public-url-down": {
        "zh": (
            "{url} 那里的代理答 HTTP {status}，没有检查。",
            "启动代理后面的应用后再检查；已经启动的，看它的日志。",
        ),
        "en": (
            "A proxy at {url} answers with HTTP {status}: not checked.",
            "Start the app behind it to check this; if it runs, look in its log.",
        ),
    },
    "public-url-other": {
        "zh": (
            "{url}/healthz 有应答（HTTP {status}），但不是本应用：那里是另一个服务器。",
            "核对 PUBLIC_URL，以及代理把它转发到了哪里。",
        ),
        "en": (
            "Something answers at {url}/healthz (HTTP {status}), but not this app: another "
            "server is there.",
            "Check PUBLIC_URL, and where the proxy there forwards to.",
        ),
    },
    "public-url-authorities": {
        "zh": (
            "{path} 里没有可读的根证书，无法验证 {host} 的 TLS 证书。",
            "REQUESTS_CA_BUNDLE（或 CURL_CA_BUNDLE）应当指向可读的 PEM 文件或文件夹，"
            "不需要时删掉。",
        ),
        "en": (
            "{path} has no authorities' certificates to be read: the TLS certificate of {host} "
            "can't be verified.",
            "Let REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) name a PEM file or a folder that can "
            "be read, or remove it.",
        ),
    },
    "public-url-name": {
        "zh": (
            "PUBLIC_URL 的域名 {host} 查不到（DNS）。",
            "核对 PUBLIC_URL 有没有写错，或为它添加 DNS 记录。",
        ),
        "en": (
            "PUBLIC_URL's host name {host} is not found (DNS).",
            "Check PUBLIC_URL for a slip, or add the name to your DNS.",
        ),
    },
    "public-url-untrusted": {
        "zh": (
            "{host} 的 TLS 证书不可信（{why}）：手机会拒绝连接。",
            "换上有效的证书，并配齐整条证书链。",
        ),
        "en": (
            "The TLS certificate of {host} can't be trusted ({why}): phones will refuse it.",
            "Install a valid one, with its whole chain.",
        ),
    },
    "public-url-mute": {
        "zh": (
            "{host}:{port} 接受连接，却没有可用的应答：那里是另一种服务器，或本应用卡住了。",
            "核对 PUBLIC_URL 的端口，看本应用的日志。",
        ),
        "en": (
            "{host}:{port} takes connections, but gives no answer that can be used: it is "
            "another kind of server, or this app hangs.",
            "Check PUBLIC_URL's port, and look in this app's log.",
        ),
    },
    "public-url-no-tls": {
        "zh": (
            "PUBLIC_URL 是 https://，但 {host}:{port} 不说 TLS。",
            "让本应用前面的代理说 HTTPS，或核对端口。",
        ),
        "en": (
            "PUBLIC_URL begins with https://, but {host}:{port} does not speak TLS.",
            "Let the proxy in front of this app speak HTTPS, or check the port.",
        ),
    },
    "console-none": {
        "zh": (
            "模拟器没有控制台：什么都不用登记。",
            "",
        ),
        "en": (
            "The emulator has no console: there is nothing to register.",
            "",
        ),
    },
    "console-loopback": {
        "zh": (
            "PUBLIC_URL 是本机地址 {url}：手机连不到，正式环境的控制台也不接受。",
            "把 PUBLIC_URL 设为公网的 https 域名；只在 IDE 里试时，可以勾选 详情 > 域名信息 > "
            "忽略 httpRequest 域名合法性检查。",
        ),
        "en": (
            "PUBLIC_URL is this machine, {url}: no phone reaches it, and the production "
            "console does not take it.",
            "Set PUBLIC_URL to a public https name; in the IDE alone, 详情 > 域名信息 > 忽略 "
            "httpRequest 域名合法性检查 will do.",
        ),
    },
    "console-address": {
        "zh": (
            "PUBLIC_URL 是 IP 地址 {url}：小程序只能访问域名。",
            "把 PUBLIC_URL 设为公网的 https 域名。",
        ),
        "en": (
            "PUBLIC_URL is an IP address, {url}: a mini-program may only call names.",
            "Set PUBLIC_URL to a public https name.",
        ),
    },
    "console-domain": {
        "zh": (
            "小程序 > 开发设置 > 服务器域名白名单 应当有：{host}",
            "按一级域名匹配，写一级域名也可以；改过之后要重新上传小程序才生效。",
        ),
        "en": (
            "Mini-program > 开发设置 > 服务器域名白名单 must have: {host}",
            "Its first-level domain will do as well, Alipay matches by that; upload the "
            "mini-program again after a change.",
        ),
    },
    "console-callback": {
        "zh": (
            "网页应用 {app_id} > 开发设置 > 授权回调地址 应当是：{url}",
            "逐字一致，末尾没有斜杠。",
        ),
        "en": (
            "Web app {app_id} > 开发设置 > 授权回调地址 must be: {url}",
            "To the letter, with no slash at the end.",
        ),
    },
    "console-messages": {
        "zh": (
            "要收到用户取消授权的消息，开发设置 > 应用网关 应当是：{url}",
            "",
        ),
        "en": (
            "To receive the message of a withdrawn consent, 开发设置 > 应用网关 must be: {url}",
            "",
        ),
    },
    "api-base": {
        "zh": (
            "miniprogram/config.js 的 API_BASE 就是 PUBLIC_URL。",
            "",
        ),
        "en": (
            "API_BASE in miniprogram/config.js is PUBLIC_URL.",
            "",
        ),
    },
    "api-base-other": {
        "zh": (
            "这里的 miniprogram/config.js 中 API_BASE 是 {base}，不是 PUBLIC_URL。",
            "上传的就是这一份时，改为 {url}，再重新上传。",
        ),
        "en": (
            "API_BASE in miniprogram/config.js here is {base}, not PUBLIC_URL.",
            "If this copy is the one that is uploaded, set it to {url} and upload it again.",
        ),
    },
}
NEXT = {  # what to do now, by the check that could not be made
    "network": Sentence(
        "下一步：在服务器上运行 python app.py --check。",
        "Next: run python app.py --check on the server.",
    ),
    "public-url": Sentence(
        "下一步：启动本应用，再检查一次，让 PUBLIC_URL 也得到检查。",
        "Next: start the app and check once more, for PUBLIC_URL.",
    ),
    "no-console": Sentence(
        "下一步：打开首页登录。要用真实账号时，把 .env.example 复制为 .env 并填好，再检查一次。",
        "Next: open the home page and log in. For a real account copy .env.example to .env, "
        "fill it in, and check once more.",
    ),
}
NEXT_ERROR = Sentence("下一步：先解决 ✗ {message}", "Next: fix what has an ✗, first: {message}")
NEXT_LOGIN = Sentence(
    "下一步：按“控制台”几行登记，然后用手机打开小程序登录；其余的要有用户才能知道。",
    "Next: register what the lines under “Console” say, then log in with a phone; the rest can "
    "only be known with a user.",
)
SUB_CODES = Sentence(
    "{code} 的原因写在 sub_code 里，可以逐个解释：{sub_codes}",
    "The reason for a {code} is its sub_code; each of these can be explained: {sub_codes}",
)


@dataclass(frozen=True)
class Checkup:
    """All findings, to be shown in one language."""

    findings: list[Finding]
    lang: str

    @property
    def is_right(self) -> bool:
        """Whether no error was found."""
        return all(finding.ok is not False for finding in self.findings)

    @property
    def next_step(self) -> str:
        """Fix the first error; without one, what has not been checked yet."""
        wrong = [finding for finding in self.findings if finding.ok is False]
        if wrong:
            return self._said(NEXT_ERROR).format(message=wrong[0].message(self.lang))
        unchecked = [finding.check for finding in self.findings if finding.ok is None]
        for check, sentence in NEXT.items():
            if check in unchecked:
                return self._said(sentence)
        return self._said(NEXT_LOGIN)

    def as_text(self) -> str:
        """The lines under their sections, as the terminal shows them."""
        return "\n".join([*self._lines(), "", self.next_step])

    def _lines(self) -> Iterator[str]:
        section = ""
        for finding in self.findings:
            if finding.section != section:
                section = finding.section
                yield section
            yield f"  {finding.mark} {finding.message(self.lang)}"
            for remedy in finding.remedy(self.lang).splitlines():
                yield f"      → {remedy}"

    def as_json(self) -> str:
        """The same for a program."""
        lines = [
            {
                "section": finding.section,
                "check": finding.check,
                "ok": finding.ok,
                "message": finding.message(self.lang),
                "remedy": finding.remedy(self.lang),
            }
            for finding in self.findings
        ]
        result = {"ok": self.is_right, "next": self.next_step, "lines": lines}
        return json.dumps(result, ensure_ascii=False, indent=2)

    def _said(self, sentence: Sentence) -> str:
        return sentence.in_language(self.lang)


def survey(settings: Settings, lang: str) -> Checkup:
    """All that can be known without a user.

    Makes a call for each app and asks PUBLIC_URL, each within its bounds.
    """
    client = AlipayClient(**settings.client_options(settings.app))
    calls = examine_calls(client)
    findings = [
        _settings_finding(settings, lang),
        _database_finding(settings, lang),
        *_of_app("mini", examine_keys(client) + calls, settings.app.app_id, lang),
    ]
    if settings.web:
        web_client = AlipayClient(**settings.client_options(settings.web))
        of_web = examine_keys(web_client)
        gateway, *_ = calls
        if gateway.ok:  # else it would not answer this one, either
            of_web += [one for one in examine_calls(web_client) if one.check not in SHARED]
        findings += _of_app("web", of_web, settings.web.app_id, lang)
    findings += [_public_url_finding(settings, lang), *_console_findings(settings, lang)]
    return Checkup(findings, lang)


def at_rest(
    settings: Settings, client: AlipayClient, web_client: AlipayClient | None, lang: str
) -> Checkup:
    """The findings of survey that need no network, for a page that anybody may open."""
    findings = [
        _settings_finding(settings, lang),
        *_of_app("mini", examine_keys(client), client.app_id, lang),
    ]
    if web_client:
        findings += _of_app("web", examine_keys(web_client), web_client.app_id, lang)
    findings += [_finding("network", None, "network", lang), *_console_findings(settings, lang)]
    return Checkup(findings, lang)


def unusable(error: SettingsError, lang: str) -> Checkup:
    """The one finding about settings that can't be used: without them nothing can be checked."""
    section = SECTIONS["settings"].in_language(lang)
    values = {"error": {"zh": error.zh, "en": str(error)}}
    finding = Finding("settings", False, "settings-error", values, texts=TEXTS, section=section)
    return Checkup([finding], lang)


def meaning(code: str) -> str:
    """What a code means and what to do, in both languages; "" for an unknown one.

    Alipay's codes and sub_codes, the library's errors, and this app's own.
    """
    rows = gateway_errors()
    as_sent = [_as_sent(row) for row in rows if code == (row.get("sub_code") or row.get("code"))]
    sub_codes = [row["sub_code"] for row in rows if row.get("code") == code and "sub_code" in row]
    lines = as_sent or [code]
    for lang in ("zh", "en"):
        lines += explain(code, lang)
        if code in ERRORS:
            lines += ERRORS[code][lang]
        if sub_codes:
            sentence = SUB_CODES.in_language(lang)
            lines.append(sentence.format(code=code, sub_codes=", ".join(sub_codes)))
    return "\n".join(lines) if len(lines) > 1 else ""


def _as_sent(row: dict[str, str]) -> str:
    """code, msg, sub_code and sub_msg, as Alipay sends them."""
    parts = [row.get(name, "") for name in ("code", "msg", "sub_code", "sub_msg")]
    return " ".join(part for part in parts if part)


# ── the findings ──


def _finding(check: str, ok: bool | None, key: str, lang: str, **values: object) -> Finding:
    """A finding of this app's own, with the sentences of TEXTS[key]."""
    section = SECTIONS[check].in_language(lang)
    return Finding(check, ok, key, values, texts=TEXTS, section=section)


def _of_app(name: str, findings: Iterable[Finding], app_id: str, lang: str) -> list[Finding]:
    section = SECTIONS[name].in_language(lang).format(app_id=app_id)
    return [replace(finding, section=section) for finding in findings]


def _settings_finding(settings: Settings, lang: str) -> Finding:
    title = settings.title.in_language(lang)
    return _finding("settings", True, "settings", lang, env=title)


def _database_finding(settings: Settings, lang: str) -> Finding:
    """Whether the database can be used. One that does not exist yet is not made."""
    section = SECTIONS["settings"].in_language(lang)
    try:
        key = "database" if _has_tables(settings.database_url) else "database-new"
    except AlipayError as error:
        return Finding("database", False, "database-error", {}, error, TEXTS, section)
    values = {"path": _without_password(settings.database_url)}
    return Finding("database", True, key, values, texts=TEXTS, section=section)


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
    from alipay_member.store.postgresql import read_address  # a part that can be left out

    parts = read_address(database_url)
    return f"PostgreSQL {parts.get('host', '')}/{parts.get('dbname', '')}"


def _public_url_finding(settings: Settings, lang: str) -> Finding:
    """Whether PUBLIC_URL leads to this app: what answers there at /healthz."""
    url = settings.public_url
    status, answer = _ask(f"{url}/healthz")
    if (status, answer) == (200, HEALTHY):
        return _finding("public-url", True, "public-url", lang, url=url)
    if status in BEHIND_A_PROXY:
        return _finding("public-url", None, "public-url-down", lang, url=url, status=status)
    if status:
        return _finding("public-url", False, "public-url-other", lang, url=url, status=status)
    broken, values = find_break(url)
    if broken in WRONG_WAYS:
        return _finding("public-url", False, f"public-url-{broken}", lang, url=url, **values)
    return _finding("public-url", None, "public-url-silent", lang, url=url)


def _ask(url: str) -> tuple[int, object]:
    """(HTTP status, JSON) of a GET; (0, None) without an answer. It ends within SECONDS."""
    try:
        with budget(SECONDS, SECONDS, MAX_ANSWER), new_session(url) as session:
            answer = session.get(url, timeout=SECONDS, allow_redirects=False)
    except Exception:  # broken servers make requests raise undocumented errors
        return 0, None
    try:
        return answer.status_code, answer.json()
    except (ValueError, RecursionError):
        return answer.status_code, None


def _console_findings(settings: Settings, lang: str) -> Iterator[Finding]:
    """What the console must say, word for word: it can't be asked from here."""
    if settings.env == "emulator":
        yield _finding("no-console", None, "console-none", lang)
        return
    url = settings.public_url
    host = urlsplit(url).hostname or ""
    is_wrong = False if settings.env == "production" else None
    if host in LOOPBACK:
        yield _finding("console", is_wrong, "console-loopback", lang, url=url)
        return
    if _is_address(host):
        yield _finding("console", is_wrong, "console-address", lang, url=url)
        return
    yield _finding("console", None, "console-domain", lang, host=host)
    if settings.web:
        values = {"app_id": settings.web.app_id, "url": f"{url}/callback"}
        yield _finding("console", None, "console-callback", lang, **values)
    yield _finding("console", None, "console-messages", lang, url=f"{url}/alipay/messages")
    yield from _api_base_findings(url, lang)


def _api_base_findings(url: str, lang: str) -> Iterator[Finding]:
    """Whether the mini-program here calls PUBLIC_URL. Phones may have another copy."""
    if not CONFIG.is_file():
        return
    found = re.search("API_BASE = '(.*)'", CONFIG.read_text("utf-8", "replace"))
    base = found[1].rstrip("/") if found else ""
    if base == url:
        yield _finding("api-base", True, "api-base", lang, url=url)
    else:
        yield _finding("api-base", None, "api-base-other", lang, url=url, base=base)


def _is_address(host: str) -> bool:
    """Whether it is an IP address, which a phone may not call."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
