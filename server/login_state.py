"""The state of a web login: only the browser that set out has it when it comes back.

Without it, a link could log a person in as somebody else (a forged callback).
"""

import secrets

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from server.web import RequestError

STATE_LIFE = 600  # seconds between /login and /callback
MAX_STATES = 4  # for people with several tabs; cookies do not pile up


def new_state(next_page: str) -> str:
    """A random state, which the answer to this request gives to this browser alone.

    Each is a signed cookie of its own, so that two logins at the same moment both work.
    """
    state = secrets.token_urlsafe(16)
    signed = _serializer().dumps([state, next_page])
    oldest = sorted(_state_cookies(), key=_signed_at)[: -(MAX_STATES - 1)]

    @after_this_request
    def set_cookie(response: Response) -> Response:
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
    """The page to go on to, for a state that this browser was given, once.

    Raises RequestError for any other state, and for one of this browser's that is too old.
    """
    name = _prefix() + state
    try:
        signed_state, next_page = _serializer().loads(_cookie(name), max_age=STATE_LIFE)
    except (BadSignature, ValueError) as error:
        raise RequestError("bad-request:state") from error
    if signed_state != state:
        raise RequestError("bad-request:state")

    @after_this_request
    def delete_cookie(response: Response) -> Response:
        response.delete_cookie(name, secure=_is_secure())
        return response

    return str(next_page)


def _cookie(name: str) -> str:
    return request.cookies.get(name, "")


def _state_cookies() -> list[str]:
    return [name for name in request.cookies if name.startswith(_prefix())]


def _is_secure() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def _prefix() -> str:
    """What a cookie's name begins with; the state follows.

    With __Host- no other host, and no plain http, can plant a state of an attacker's own login.
    """
    return "__Host-login-" if _is_secure() else "login-"


def _signed_at(name: str) -> float:
    """When a state was made, in UTC seconds; 0 for a cookie that this app did not sign."""
    try:
        _, signed_at = _serializer().loads(_cookie(name), return_timestamp=True)
    except (BadSignature, ValueError):
        return 0.0
    return float(signed_at.timestamp())


def _serializer() -> URLSafeTimedSerializer:
    """Signs with the newest secret key, and reads what an earlier one has signed."""
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.secret_key]
    return URLSafeTimedSerializer(keys, salt="login-state")
