"""What all of app.py's answers have in common: input, language, headers, forms, the look of errors.

Nothing here knows Alipay; app.py is where the integration is.
"""

import mimetypes
import re
import secrets
import time
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, redirect, render_template, request, session as cookie
from werkzeug.exceptions import BadHost, HTTPException

from alipay_member.explanations import Description, explain_value, fields

PAGE_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
POLICY = (
    "default-src 'self'; img-src 'self' https://*.alipayobjects.com {}; "
    "frame-ancestors 'self'; base-uri 'none'"
)
STATE_LIFE = 600  # seconds between /login and /callback
LOCAL_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}")


class RequestError(Exception):
    """Somebody sent what can't be used. `key` is explained in SENTENCES; `status` is HTTP's."""

    def __init__(self, key: str, status: int = 400) -> None:
        super().__init__(key)
        self.key = key
        self.status = status


# [what happened, what to do next], by the key of a RequestError or http-<status>
SENTENCES = {
    "zh": {
        "bad-request:json": (
            "请求正文不是 JSON 对象。",
            "用 POST 发送 JSON，并带 content-type: application/json。",
        ),
        "bad-request:auth-code": (
            "没有收到可用的 auth_code。",
            '在 JSON 正文里发送 {"auth_code": res.authCode}：字段名是 authCode，不是 authcode；'
            "不要放在 URL 里。",
        ),
        "bad-request:state": (
            "state 缺失、已用过、已超过十分钟，或不是这个浏览器发起的登录。",
            "不要刷新或收藏回调地址，请重新登录。",
        ),
        "bad-request:refused": (
            "支付宝没有带回 auth_code：多半是您拒绝了授权。",
            "什么都没有保存；需要时可以重新登录。",
        ),
        "bad-request:origin": (
            "这个表单不是从本站页面提交的。",
            "请回到本站页面再试；部署时检查 PUBLIC_URL。",
        ),
        "bad-request:no-web-app": (
            "没有配置网页登录：小程序的应用不能使用授权 URL，网页登录要用另一个网页应用。",
            "设置 ALIPAY_WEB_APP_ID、ALIPAY_WEB_APP_PRIVATE_KEY、ALIPAY_WEB_PUBLIC_KEY，"
            "见 .env.example。",
        ),
        "http-404": ("这里没有这个页面。", "检查地址是否写错。"),
        "http-405": (
            "这个地址不接受这种请求方法。",
            "auth_code 要用 POST 发送，不要放在 URL 里：URL 会留在各处的访问日志中。",
        ),
        "http-413": ("请求正文太大。", "这里的请求都不超过 16 KB。"),
        "http-415": ("请求正文不是 JSON。", "发送 JSON，并带 content-type: application/json。"),
    },
    "en": {
        "bad-request:json": (
            "The request's body is not a JSON object.",
            "POST JSON, with content-type: application/json.",
        ),
        "bad-request:auth-code": (
            "No usable auth_code arrived.",
            'Send {"auth_code": res.authCode} as JSON: the field is authCode, not authcode; '
            "never in a URL.",
        ),
        "bad-request:state": (
            "state is missing, was used, is older than ten minutes, or belongs to another browser.",
            "Do not reload or bookmark the callback; log in again.",
        ),
        "bad-request:refused": (
            "Alipay sent no auth_code back: most likely you refused.",
            "Nothing was saved; log in again whenever you like.",
        ),
        "bad-request:origin": (
            "This form was not sent from a page of this site.",
            "Go back to the page and try again; when deployed, check PUBLIC_URL.",
        ),
        "bad-request:no-web-app": (
            "The web login is not configured: a mini-program's app can't use the authorise URL, "
            "it takes a second app (网页应用).",
            "Set ALIPAY_WEB_APP_ID, ALIPAY_WEB_APP_PRIVATE_KEY and ALIPAY_WEB_PUBLIC_KEY, "
            "see .env.example.",
        ),
        "http-404": ("There is no such page.", "Check the address."),
        "http-405": (
            "This address does not take this HTTP method.",
            "Send the auth_code by POST, never in a URL: URLs stay in access logs everywhere.",
        ),
        "http-413": ("The request's body is too large.", "No request here needs more than 16 KB."),
        "http-415": (
            "The request's body is not JSON.",
            "Send JSON, with content-type: application/json.",
        ),
    },
}


def install(app: Flask, avatar_origin: str, public_url: str) -> None:
    """Give the app headers, languages and error pages.

    Avatars may also come from `avatar_origin`.
    """
    app.config.update(
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=public_url.startswith("https://"),
        MAX_CONTENT_LENGTH=16 * 1024,
        PERMANENT_SESSION_LIFETIME=30 * 86400,
        SESSION_REFRESH_EACH_REQUEST=False,  # a slow answer would overwrite another tab's cookie
    )
    # A Windows registry may say text/plain, which no browser runs.
    mimetypes.add_type("text/javascript", ".js")
    if not app.config["SESSION_COOKIE_SECURE"]:  # behind a proxy Host may well say localhost
        app.before_request(one_host_name)
    app.before_request(partial(own_forms_only, public_url))
    app.after_request(partial(with_headers, POLICY.format(avatar_origin)))
    app.register_error_handler(HTTPException, http_error)
    app.context_processor(page_values)


def page_values() -> dict[str, Any]:
    """What every template may use."""
    return {"lang": language(), "t": in_language, "explain_value": explain_value, "fields": fields}


def language() -> str:
    """ "zh" or "en": what was chosen on a page, else what the browser prefers."""
    chosen = request.args.get("lang") or request.cookies.get("lang")
    if chosen in ("zh", "en"):
        return chosen
    return request.accept_languages.best_match(["zh", "en"]) or "zh"


def in_language(zh: str, en: str) -> str:
    """The one of two sentences that this reader reads."""
    return zh if language() == "zh" else en


def json_object() -> dict[str, Any]:
    """The request's body, a JSON object.

    RequestError if it is not; HTTP 415 without a JSON type.
    """
    try:
        body = request.get_json()
    except (RecursionError, OSError):  # nested too deep, or a broken chunked body
        body = None
    if not isinstance(body, dict):
        raise RequestError("bad-request:json")
    return body


def bearer() -> str:
    """The session token, from the Authorization header only.

    No other site makes a browser send it.
    """
    kind, _, session_token = request.headers.get("Authorization", "").partition(" ")
    return session_token.strip() if kind.lower() == "bearer" else ""


def local_path(path: str, default: str) -> str:
    """`path` if it stays on this site; a link's author could send people anywhere else."""
    return path if LOCAL_PATH.fullmatch(path) else default


def new_state(next_page: str) -> str:
    """A random state, kept in the browser's cookie.

    A few at a time, for people with several tabs.
    """
    now = int(time.time())
    state = secrets.token_urlsafe(16)
    waiting = [row for row in cookie.get("states", []) if row[1] > now]
    cookie["states"] = [*waiting[-3:], [state, now + STATE_LIFE, next_page]]
    return state


def take_state(state: str) -> str:
    """Use up one of this browser's states: the page to go on to. Else RequestError."""
    waiting = cookie.get("states", [])
    cookie["states"] = [row for row in waiting if row[0] != state]
    for known, expires_at, next_page in waiting:
        if known == state and expires_at > time.time():
            return str(next_page)
    raise RequestError("bad-request:state")


def is_api() -> bool:
    """Whether the request is the mini-program's, which is answered in JSON and reads no cookie."""
    return request.path.startswith("/api/")


def own_forms_only(public_url: str) -> None:
    """A form counts only if one of our own pages sent it. /api/* needs no such check."""
    own = (public_url, request.host_url.rstrip("/"))
    is_form = request.method == "POST" and request.blueprint == "site" and not is_api()
    if is_form and request.headers.get("Origin") not in own:
        raise RequestError("bad-request:origin")


def error_answer(status: int, said: Description, again: str | None = None) -> tuple[Any, int]:
    """code, message, hint and report as JSON for /api/*, as a page elsewhere.

    `again` is the address at which a person may try once more.
    """
    if is_api():
        body = {"code": said.key, "message": said.message, "hint": said.hint, "report": said.report}
        return {"error": body}, status
    return render_template("error.html", status=status, said=said, again=again), status


def request_error(error: RequestError, again: str | None = None) -> tuple[Any, int]:
    """A RequestError in the words of SENTENCES."""
    message, hint = SENTENCES[language()][error.key]
    return error_answer(error.status, Description(error.key, message, hint, ""), again)


def http_error(error: HTTPException) -> Any:
    """Flask's own errors (404, 413, 415 …) in the same shape."""
    is_error = error.code is not None and error.code >= 400
    if not is_error or isinstance(error, BadHost):  # without a host there are no links
        return error
    key = f"http-{error.code}"
    message, hint = SENTENCES[language()].get(key, (error.name, error.description or ""))
    return error_answer(error.code or 500, Description(key, message, hint, ""))


def one_host_name() -> Any:
    """localhost and 127.0.0.1 are two origins, and a session of one is lost on the other."""
    url = urlsplit(request.url)
    if url.hostname == "localhost" and request.method == "GET" and not is_api():
        return redirect(
            url._replace(netloc=url.netloc.replace("localhost", "127.0.0.1", 1)).geturl()
        )
    return None


def with_headers(policy: str, response: Response) -> Response:
    """Security headers; no caching of what is personal; the language that the reader chose."""
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.update(PAGE_HEADERS)
    if request.path.startswith(("/api/", "/member", "/callback")):
        response.headers["Cache-Control"] = "no-store"
    if response.status_code == 503:
        response.headers["Retry-After"] = "2"  # seconds
    if request.args.get("lang") in ("zh", "en"):
        response.set_cookie("lang", request.args["lang"], max_age=365 * 86400, samesite="Lax")
    return response
