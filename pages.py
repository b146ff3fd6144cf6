"""What all of app.py's answers have in common: reading input, languages, headers, one look for errors. Flask only.

Nothing here knows Alipay; app.py is where the integration is.
"""

import mimetypes
import re
from argparse import ArgumentTypeError
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, redirect, render_template, request
from werkzeug.exceptions import BadHost, HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from alipay_member.errors import RequestError
from alipay_member.explanations import explain, explain_value

PAGE_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}
POLICY = "default-src 'self'; img-src 'self' https://*.alipayobjects.com {}; frame-ancestors 'self'; base-uri 'none'"


def install(app: Flask, avatar_origin: str, public_url: str) -> None:
    """Give the app its headers, its languages and its error pages; avatars may also come from `avatar_origin`."""
    app.config.update(
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=public_url.startswith("https://"),
        MAX_CONTENT_LENGTH=16 * 1024,
        PERMANENT_SESSION_LIFETIME=30 * 86400,
        SESSION_REFRESH_EACH_REQUEST=False,  # a slow answer would overwrite what another tab has put there
    )
    policy = POLICY.format(avatar_origin)
    mimetypes.add_type(
        "text/javascript", ".js"
    )  # a Windows registry may say text/plain, which no browser runs
    if not app.config[
        "SESSION_COOKIE_SECURE"
    ]:  # on this machine: behind a proxy Host may well say localhost
        app.before_request(one_host_name)
    app.before_request(partial(own_forms_only, public_url))
    app.after_request(lambda response: with_headers(response, policy))
    app.register_error_handler(HTTPException, http_error)
    app.context_processor(
        lambda: {"lang": language(), "t": in_language, "explain_value": explain_value}
    )


def language() -> str:
    """ "zh" or "en": what was chosen on a page, else what the browser prefers."""
    chosen = request.args.get("lang") or request.cookies.get("lang")
    return (
        chosen
        if chosen in ("zh", "en")
        else request.accept_languages.best_match(["zh", "en"]) or "zh"
    )


def in_language(zh: str, en: str) -> str:
    """The one of two sentences that this reader reads."""
    return zh if language() == "zh" else en


def json_object() -> dict[str, Any]:
    """The request's body, a JSON object; else RequestError (HTTP 415 without a JSON content type)."""
    try:
        body = request.get_json()
    except (RecursionError, OSError):  # too deep, or a broken chunked body
        body = None
    if not isinstance(body, dict):
        raise RequestError("the body is no JSON object", "json")
    return body


def bearer() -> str:
    """The session token; only from the Authorization header, which no other site can make a browser send."""
    kind, _, session_token = request.headers.get("Authorization", "").partition(" ")
    return session_token.strip() if kind.lower() == "bearer" else ""


def local_path(path: str, default: str) -> str:
    """`path` if it stays on this site; anything else would send people wherever a link's author likes."""
    return path if re.fullmatch(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}", path) else default


def own_forms_only(public_url: str) -> None:
    """A form counts only if one of our own pages sent it. /api/* needs no such check: it reads no cookie."""
    is_form = (
        request.method == "POST"
        and request.blueprint == "web"
        and not request.path.startswith("/api/")
    )
    if is_form and request.headers.get("Origin") not in (public_url, request.host_url.rstrip("/")):
        raise RequestError("the form was sent from elsewhere", "origin")


def error_answer(status: int, **said: str) -> tuple[Any, int]:
    """code, message, hint and report as JSON for /api/*, as a page elsewhere."""
    if request.path.startswith("/api/"):
        return {"error": said}, status
    return render_template("error.html", status=status, **said), status


def http_error(error: HTTPException) -> Any:
    """Flask's own errors (404, 413, 415 …) in the same shape."""
    if (
        error.code is None or error.code < 400 or isinstance(error, BadHost)
    ):  # without a host there are no links
        return error
    code = f"http-{error.code}"
    message, hint = explain(code, language()) or (error.name, error.description or "")
    return error_answer(error.code, code=code, message=message, hint=hint, report="")


def one_host_name() -> Any:
    """localhost and 127.0.0.1 are two origins, and a session of one is lost on the other."""
    url = urlsplit(request.url)
    if url.hostname == "localhost" and request.method == "GET" and not url.path.startswith("/api/"):
        return redirect(
            url._replace(netloc=url.netloc.replace("localhost", "127.0.0.1", 1)).geturl()
        )
    return None


def with_headers(response: Response, policy: str) -> Response:
    """Security headers; no caching of what is personal; the language that the reader chose."""
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.update(PAGE_HEADERS)
    if request.path.startswith(("/api/", "/member", "/callback")):
        response.headers["Cache-Control"] = "no-store"
    if request.args.get("lang") in ("zh", "en"):
        response.set_cookie("lang", request.args["lang"], max_age=365 * 86400, samesite="Lax")
    return response


class Quiet(WSGIRequestHandler):
    """No access log: the address of a callback has an auth_code in it."""

    def log(self, *_: object) -> None:
        """Nothing."""


def port(text: str) -> int:
    """A port's number, for argparse."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f"{text} is no port: choose one from 1 to 65535")
    return int(text)


def serve(app: Flask, port: int, alipay: str) -> None:
    """Serve on 127.0.0.1 until Ctrl-C. For development; deployments use gunicorn or waitress."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    print(f"Open http://127.0.0.1:{port}  (Ctrl-C ends)\nAlipay: {alipay}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
