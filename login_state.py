"""The state of a web login: what only the browser that set out has when it comes back.

Without it, a link could log somebody in as somebody else (a forged callback).
"""

import secrets
import time

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from web import RequestError

STATE_LIFE = 600  # seconds between /login and /callback
STATE_COOKIE = "login-"  # and the state
MAX_STATES = 4  # for people with several tabs; cookies do not pile up


def new_state(next_page: str) -> str:
    """A random state that the answer to this request gives to this browser alone.

    Each is a signed cookie of its own, so that two logins at the same moment both work.
    """
    state = secrets.token_urlsafe(16)
    signed = _signer().dumps([int(time.time()) + STATE_LIFE, next_page])
    oldest = sorted(_state_cookies(), key=_expires_at)[: -(MAX_STATES - 1)]

    @after_this_request
    def give(response: Response) -> Response:
        for name in oldest:
            response.delete_cookie(name)
        response.set_cookie(
            STATE_COOKIE + state,
            str(signed),
            max_age=STATE_LIFE,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
        return response

    return state


def take_state(state: str) -> str:
    """The page to go on to, for a state that this browser was given, once. Else RequestError."""
    name = STATE_COOKIE + state
    expires_at, next_page = _state(name)
    if expires_at <= time.time():
        raise RequestError("bad-request:state")

    @after_this_request
    def forget(response: Response) -> Response:
        response.delete_cookie(name)
        return response

    return next_page


def _state_cookies() -> list[str]:
    return [name for name in request.cookies if name.startswith(STATE_COOKIE)]


def _state(name: str) -> tuple[int, str]:
    """When a state ends and where it leads; (0, "") for one that was not given to this browser."""
    try:
        expires_at, next_page = _signer().loads(request.cookies.get(name, ""))
    except BadSignature:
        return 0, ""
    return int(expires_at), str(next_page)


def _expires_at(name: str) -> int:
    return _state(name)[0]


def _signer() -> URLSafeSerializer:
    """Signs with the newest secret key, and reads what an earlier one has signed."""
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.secret_key]
    return URLSafeSerializer(keys, salt="login-state")
