"""What all of app.py's answers have in common: input, language, headers, forms, the look of errors.

`init_app(app)` installs it. Nothing here calls Alipay; app.py is where the integration is.
"""

import mimetypes
import re
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, redirect, render_template, request
from werkzeug.exceptions import BadHost, HTTPException

from alipay_member.errors import AlipayError, GatewayError
from alipay_member.explain import Description, describe, explain_value, fields
from alipay_member.store import SESSION_LIFE

PAGE_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
POLICY = (
    "default-src 'self'; img-src 'self' https://*.alipayobjects.com {}; "
    "frame-ancestors 'self'; form-action 'self'; base-uri 'none'"
)
STATUS = {  # HTTP status by an AlipayError's key or the gateway's code; 502 for all others
    "session-ended": 401,
    "isv.code-invalid": 401,
    "aop.auth-token-time-out": 401,
    "aop.invalid-auth-token": 403,
    "isv.invalid-token": 403,
    "40006": 403,  # the app lacks a permission, whichever the sub_code says
    "database": 503,
    "refresh-under-way": 503,
    "transport:timeout": 504,
}
LOGIN_DOES_NOT_HELP = ("bad-request:no-web-app", "40006")
HOST = re.compile(r"([A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
LOCAL_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}")


# The app's own errors: what happened and what to do next, in both languages. What Alipay's errors
# mean stands in alipay_member/explain/.
ERRORS: dict[str, dict[str, tuple[str, str]]] = {
    "bad-request:json": {
        "zh": (
            "请求正文不是 JSON 对象。",
            "用 POST 发送 JSON，并带 content-type: application/json。",
        ),
        "en": (
            "The request's body is not a JSON object.",
            "POST JSON, with content-type: application/json.",
        ),
    },
    "bad-request:auth-code": {
        "zh": (
            "没有收到可用的 auth_code。",
            '在 JSON 正文里发送 {"auth_code": res.authCode}：字段名是 authCode，不是 '
            "authcode；不要放在 URL 里。",
        ),
        "en": (
            "No usable auth_code arrived.",
            'Send {"auth_code": res.authCode} as JSON: the field is authCode, not authcode; '
            "never in a URL.",
        ),
    },
    "bad-request:state": {
        "zh": (
            "state 缺失、已用过、已超过十分钟，或不是这个浏览器发起的登录。",
            "不要刷新或收藏回调地址，请重新登录。",
        ),
        "en": (
            "state is missing, was used, is older than ten minutes, or belongs to another browser.",
            "Do not reload or bookmark the callback; log in again.",
        ),
    },
    "bad-request:refused": {
        "zh": (
            "支付宝没有带回 auth_code：多半是您拒绝了授权。",
            "什么都没有保存；需要时可以重新登录。",
        ),
        "en": (
            "Alipay sent no auth_code back: most likely you refused.",
            "Nothing was saved; log in again whenever you like.",
        ),
    },
    "bad-request:origin": {
        "zh": (
            "这个表单不是从本站页面提交的。",
            "请回到本站页面再试；部署时检查 PUBLIC_URL。",
        ),
        "en": (
            "This form was not sent from a page of this site.",
            "Go back to the page and try again; when deployed, check PUBLIC_URL.",
        ),
    },
    "bad-request:no-web-app": {
        "zh": (
            "没有配置网页登录：小程序的应用不能使用授权 URL，网页登录要用另一个网页应用。",
            "设置 ALIPAY_WEB_APP_ID、ALIPAY_WEB_APP_PRIVATE_KEY、ALIPAY_WEB_PUBLIC_KEY，见 "
            ".env.example。",
        ),
        "en": (
            "The web login is not configured: a mini-program's app can't use the authorise "
            "URL, it takes a second app (网页应用).",
            "Set ALIPAY_WEB_APP_ID, ALIPAY_WEB_APP_PRIVATE_KEY and ALIPAY_WEB_PUBLIC_KEY, see "
            ".env.example.",
        ),
    },
    "http-404": {
        "zh": (
            "这里没有这个页面。",
            "检查地址是否写错。",
        ),
        "en": (
            "There is no such page.",
            "Check the address.",
        ),
    },
    "http-405": {
        "zh": (
            "这个地址不接受这种请求方法。",
            "auth_code 要用 POST 发送，不要放在 URL 里：URL 会留在各处的访问日志中。",
        ),
        "en": (
            "This address does not take this HTTP method.",
            "Send the auth_code by POST, never in a URL: URLs stay in access logs everywhere.",
        ),
    },
    "http-413": {
        "zh": (
            "请求正文太大。",
            "这里的请求都不超过 16 KB。",
        ),
        "en": (
            "The request's body is too large.",
            "No request here needs more than 16 KB.",
        ),
    },
    "http-415": {
        "zh": (
            "请求正文不是 JSON。",
            "发送 JSON，并带 content-type: application/json。",
        ),
        "en": (
            "The request's body is not JSON.",
            "Send JSON, with content-type: application/json.",
        ),
    },
    "http-400": {
        "zh": (
            "这个请求无法读懂。",
            "检查地址、Host 头与请求正文。",
        ),
        "en": (
            "This request can't be read.",
            "Check the address, the Host header and the body.",
        ),
    },
}


class RequestError(Exception):
    """A request that can't be used: the `key` of its ERRORS, and the HTTP status."""

    def __init__(self, key: str, status: int = 400) -> None:
        super().__init__(key)
        self.key = key
        self.status = status


class Site(Flask):
    """Flask, but 400 where nobody can read the Host or the query, before anything trips over it."""

    def wsgi_app(self, request_values: Any, start_response: Any) -> Any:
        if is_readable(request_values.get("HTTP_HOST", ""), request_values.get("QUERY_STRING", "")):
            return super().wsgi_app(request_values, start_response)
        start_response("400 Bad Request", [("Content-Type", "text/plain; charset=utf-8")])
        return ["This request can't be read. 这个请求无法读懂。\n".encode()]


def is_readable(host: str, query: str) -> bool:
    """Whether the Host is a name or an address, and the query is UTF-8; both as WSGI has them."""
    found = HOST.fullmatch(host)
    if not found or int(found[2] or 0) > 65535:
        return False
    try:
        found[1].encode().decode("idna")
        query.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return False
    return True


def init_app(app: Flask) -> None:
    """Add headers, languages, error pages and /healthz to the app.

    Reads PUBLIC_URL and AVATAR_ORIGIN (whence avatars come besides Alipay's hosts) of app.config.
    """
    secure = app.config["PUBLIC_URL"].startswith("https://")
    app.config.update(
        # A name of its own, since all ports of a host share its cookies. A browser takes one with
        # __Host- from no other host and from no plain http.
        SESSION_COOKIE_NAME="__Host-member" if secure else "member",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        MAX_CONTENT_LENGTH=16 * 1024,
        PERMANENT_SESSION_LIFETIME=SESSION_LIFE,
        SESSION_REFRESH_EACH_REQUEST=False,  # a slow answer would overwrite another tab's cookie
    )
    # A Windows registry may say text/plain, which no browser runs.
    mimetypes.add_type("text/javascript", ".js")
    app.before_request(one_host_name)
    app.before_request(own_forms_only)
    app.after_request(with_headers)
    app.register_error_handler(HTTPException, http_error)
    app.context_processor(page_values)
    app.add_url_rule("/healthz", view_func=healthz)


def healthz() -> dict[str, Any]:
    """For a load balancer: the store answers. For --check: it is this app that answers."""
    current_app.extensions["alipay_member"].store.check()
    return {"ok": True, "app": "alipay-member"}


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
    """The body, a JSON object. RequestError if it is not one; HTTP 415 without a JSON type."""
    try:
        body = request.get_json()
    except HTTPException:  # 400, 413, 415: http_error answers
        raise
    except Exception:  # nested too deep, cut, or a broken chunk: servers raise different errors
        body = None
    if not isinstance(body, dict):
        raise RequestError("bad-request:json")
    return body


def raw_body() -> bytes:
    """The body as it came, for a signature that covers it; b"" if it broke off."""
    try:
        return request.get_data()
    except HTTPException:  # 413: http_error answers
        raise
    except Exception:  # a broken chunk: servers raise different errors
        return b""


def plain_text(text: str) -> Response:
    """An answer for a program that reads these words only."""
    return Response(text, mimetype="text/plain")


def bearer() -> str:
    """The session token, from the Authorization header only.

    No other site makes a browser send it.
    """
    kind, _, session_token = request.headers.get("Authorization", "").partition(" ")
    return session_token.strip() if kind.lower() == "bearer" else ""


def local_path(path: str, default: str) -> str:
    """`path` if it stays on this site; a link's author could send people anywhere else."""
    return path if LOCAL_PATH.fullmatch(path) else default


def is_api() -> bool:
    """Whether the request is the mini-program's, which is answered in JSON and reads no cookie."""
    return request.path.startswith("/api/")


def own_forms_only() -> None:
    """Accept a form only from one of our own pages.

    /api/* needs no such check, nor do messages: they read no cookie.
    """
    has_no_cookie = request.path.startswith(("/api/", "/alipay/"))
    is_form = request.method == "POST" and request.blueprint == "site" and not has_no_cookie
    if not is_form:
        return
    own = (current_app.config["PUBLIC_URL"], request.host_url.rstrip("/"))
    if request.headers.get("Origin") not in own:
        raise RequestError("bad-request:origin")


def error_answer(status: int, error: Description, again: str | None = None) -> tuple[Any, int]:
    """An error as JSON for /api/*, as a page elsewhere, and the HTTP status.

    `again` is the address at which a person may try once more.
    """
    if is_api():
        names = {"code": error.key, "message": error.message, "hint": error.hint}
        return {"error": names | {"report": error.report}}, status
    return render_template("error.html", status=status, error=error, again=again), status


def error_page(error: AlipayError | RequestError, login: str) -> tuple[Any, int]:
    """The answer to an error, in the words of alipay_member or in ERRORS.

    `login` is where a person may log in again, if that can help.
    """
    names = [error.key]
    if isinstance(error, GatewayError):
        names.append(error.code)
    again = None if any(name in LOGIN_DOES_NOT_HELP for name in names) else login
    if isinstance(error, AlipayError):
        status = next((STATUS[name] for name in names if name in STATUS), 502)
        return error_answer(status, describe(error, language()), again)
    return error_answer(error.status, own_description(error.key), again)


def own_description(key: str) -> Description:
    """One of this app's own errors, in the reader's language."""
    message, hint = ERRORS[key][language()]
    return Description(key, message, hint, "")


def http_error(error: HTTPException) -> Any:
    """Flask's own errors (404, 413, 415 …) in the same shape."""
    is_error = error.code is not None and error.code >= 400
    if not is_error or isinstance(error, BadHost):  # without a host there are no links
        return error
    key = f"http-{error.code}"
    if key in ERRORS:
        description = own_description(key)
    else:
        description = Description(key, error.name, error.description or "", "")
    return error_answer(error.code or 500, description)


def one_host_name() -> Any:
    """Redirect localhost to 127.0.0.1: a session of one is lost on the other, another origin.

    Behind a proxy (https) the Host may well be localhost.
    """
    is_from_a_program = is_api() or request.path == "/healthz"
    is_secure = current_app.config["SESSION_COOKIE_SECURE"]
    if is_secure or request.method != "GET" or is_from_a_program:
        return None
    url = urlsplit(request.url)
    if url.hostname == "localhost":
        return redirect(
            url._replace(netloc=url.netloc.replace("localhost", "127.0.0.1", 1)).geturl()
        )
    return None


def with_headers(response: Response) -> Response:
    """Security headers; no caching of personal data; the language that the reader chose."""
    policy = POLICY.format(current_app.config["AVATAR_ORIGIN"])
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.update(PAGE_HEADERS)
    if request.path.startswith(("/api/", "/member", "/callback")):
        response.headers["Cache-Control"] = "no-store"
    if response.status_code == 503:
        response.headers["Retry-After"] = "2"  # seconds
    if request.args.get("lang") in ("zh", "en"):
        response.set_cookie("lang", request.args["lang"], max_age=365 * 86400, samesite="Lax")
    return response
