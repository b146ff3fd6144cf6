"""The state of a web login: what only the browser that set out has when it comes back.

Without it, a link could log somebody in as somebody else (a forged callback).
"""

import secrets
import time

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from server.web import RequestError

STATE_LIFE = 600  # seconds between /login and /callback
MAX_STATES = 4  # for people with several tabs; cookies do not pile up


def new_state(next_page: str) -> str:
    """A random state that the answer to this request gives to this browser alone.

    Each is a signed cookie of its own, so that two logins at the same moment both work.
    """
    state = secrets.token_urlsafe(16)
    signed = _signer().dumps([state, int(time.time()) + STATE_LIFE, next_page])
    oldest = sorted(_state_cookies(), key=_expires_at)[: -(MAX_STATES - 1)]

    @after_this_request
    def give(response: Response) -> Response:
        for name in oldest:
            response.delete_cookie(name, secure=_is_secure())
        response.set_cookie(
            _prefix() + state,
            str(signed),
            max_age=STATE_LIFE,
            httponly=True,
            samesite="Lax",
            secure=_is_secure(),
        )
        return response

    return state


def take_state(state: str) -> str:
    """The page to go on to, for a state that this browser was given, once. Else RequestError."""
    name = _prefix() + state
    signed_state, expires_at, next_page = _signed(name)
    if signed_state != state or expires_at <= time.time():
        raise RequestError("bad-request:state")

    @after_this_request
    def forget(response: Response) -> Response:
        response.delete_cookie(name, secure=_is_secure())
        return response

    return next_page


def _state_cookies() -> list[str]:
    return [name for name in request.cookies if name.startswith(_prefix())]


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def _prefix() -> str:
    """What a cookie's name begins with; the state follows.

    With __Host- no other host, and no plain http, can plant one of an attacker's own login.
    """
    return "__Host-login-" if _is_secure() else "login-"


def _signed(name: str) -> tuple[str, int, str]:
    """A state, when it ends and where it leads; ("", 0, "") if no such cookie is ours."""
    try:
        state, expires_at, next_page = _signer().loads(request.cookies.get(name, ""))
    except (BadSignature, ValueError):
        return "", 0, ""
    return str(state), int(expires_at), str(next_page)


def _expires_at(name: str) -> int:
    return _signed(name)[1]


def _signer() -> URLSafeSerializer:
    """Signs with the newest secret key, and reads what an earlier one has signed."""
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.secret_key]
    return URLSafeSerializer(keys, salt="login-state")
