"""What all of app.py's answers have in common: input, language, headers, forms, the look of errors.

Nothing here calls Alipay; app.py is where the integration is.
"""

import mimetypes
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, redirect, render_template, request
from werkzeug.exceptions import BadHost, HTTPException

from alipay_member.errors import AlipayError, GatewayError
from alipay_member.explain import Description, describe, explain_value, fields
from alipay_member.store import SESSION_LIFE
from server.sentences import sentence

PAGE_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
POLICY = (
    "default-src 'self'; img-src 'self' https://*.alipayobjects.com {}; "
    "frame-ancestors 'self'; form-action 'self'; base-uri 'none'"
)
STATUS = {  # of what goes wrong with Alipay, by its key or the gateway's code; 502 for all else
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
NOT_MENDED_BY_LOGGING_IN = ("bad-request:no-web-app", "40006")
HOST = re.compile(r"([A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
LOCAL_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}")


class RequestError(Exception):
    """Somebody sent what can't be used: `key` of sentences.json, and the HTTP status."""

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


def install(
    app: Flask, avatar_origin: str, public_url: str, check_store: Callable[[], None]
) -> None:
    """Headers, languages, error pages and /healthz; avatars may also come from `avatar_origin`."""
    secure = public_url.startswith("https://")
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
    if not secure:  # behind a proxy Host may well say localhost
        app.before_request(one_host_name)
    app.before_request(partial(own_forms_only, public_url))
    app.after_request(partial(with_headers, POLICY.format(avatar_origin)))
    app.register_error_handler(HTTPException, http_error)
    app.context_processor(page_values)
    app.add_url_rule("/healthz", "healthz", partial(healthz, check_store))


def healthz(check_store: Callable[[], None]) -> dict[str, Any]:
    """For a load balancer: the store answers. For the doctor: it is this app that does."""
    check_store()
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
    except HTTPException:  # 400, 413, 415: said by http_error
        raise
    except Exception:  # nested too deep, cut, or a broken chunk: servers raise what they like
        body = None
    if not isinstance(body, dict):
        raise RequestError("bad-request:json")
    return body


def raw_body() -> bytes:
    """The body as it came, for a signature that covers it; b"" if it broke off."""
    try:
        return request.get_data()
    except HTTPException:  # 413: said by http_error
        raise
    except Exception:  # a broken chunk: servers raise what they like
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


def own_forms_only(public_url: str) -> None:
    """A form counts only if one of our own pages sent it.

    /api/* needs no such check, nor do messages: no browser's cookie speaks for who sends them.
    """
    has_no_cookie = request.path.startswith(("/api/", "/alipay/"))
    is_form = request.method == "POST" and request.blueprint == "site" and not has_no_cookie
    if not is_form:
        return
    own = (public_url, request.host_url.rstrip("/"))
    if request.headers.get("Origin") not in own:
        raise RequestError("bad-request:origin")


def error_answer(status: int, said: Description, again: str | None = None) -> tuple[Any, int]:
    """code, message, hint and report as JSON for /api/*, as a page elsewhere.

    `again` is the address at which a person may try once more.
    """
    if is_api():
        body = {"code": said.key, "message": said.message, "hint": said.hint, "report": said.report}
        return {"error": body}, status
    return render_template("error.html", status=status, said=said, again=again), status


def error_page(error: AlipayError | RequestError, login: str) -> tuple[Any, int]:
    """An error in the words of alipay_member, or if it is a RequestError in those of this app.

    `login` is where a person may log in again, if that can mend it.
    """
    names = [error.key]
    if isinstance(error, GatewayError):
        names.append(error.code)
    again = None if any(name in NOT_MENDED_BY_LOGGING_IN for name in names) else login
    if isinstance(error, AlipayError):
        status = next((STATUS[name] for name in names if name in STATUS), 502)
        return error_answer(status, describe(error, language()), again)
    message, hint = sentence(error.key, language())
    return error_answer(error.status, Description(error.key, message, hint, ""), again)


def http_error(error: HTTPException) -> Any:
    """Flask's own errors (404, 413, 415 …) in the same shape."""
    is_error = error.code is not None and error.code >= 400
    if not is_error or isinstance(error, BadHost):  # without a host there are no links
        return error
    key = f"http-{error.code}"
    message, hint = sentence(key, language()) or (error.name, error.description or "")
    return error_answer(error.code or 500, Description(key, message, hint, ""))


def one_host_name() -> Any:
    """localhost and 127.0.0.1 are two origins, and a session of one is lost on the other."""
    is_of_a_program = is_api() or request.path == "/healthz"
    if request.method != "GET" or is_of_a_program:
        return None
    url = urlsplit(request.url)
    if url.hostname == "localhost":
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
