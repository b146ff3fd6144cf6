"""How people go to Alipay's page and come back instead."""

import random
import secrets
from urllib.parse import urlencode

from workshop.provided import StateError
from workshop.solution import authorize_url, read_callback
from wrong import wrong

# ── step 10 ──


def url_with(app, redirect_uri, session, state, **more):
    session["state"] = state
    query = {"app_id": app.app_id, "scope": "auth_user", "redirect_uri": redirect_uri}
    return f"{app.authorize_endpoint}?{urlencode(query | {'state': state} | more)}"


@wrong("state", "same-state", "authorize_url")
def url_with_a_constant(app, redirect_uri, session):
    return url_with(app, redirect_uri, session, "alipay-login-state-1")


@wrong("state", "guessable-state", "authorize_url")
def url_with_a_number(app, redirect_uri, session):
    return url_with(app, redirect_uri, session, str(random.random()))


@wrong("state", "no-state", "authorize_url")
def url_without_state(app, redirect_uri, session):
    return url_with(app, redirect_uri, session, "")


@wrong("state", "state-not-kept", "authorize_url")
def url_with_a_forgotten_state(app, redirect_uri, session):
    return authorize_url(app, redirect_uri, {})


@wrong("state", "redirect-not-encoded", "authorize_url")
def url_by_hand(app, redirect_uri, session):
    session["state"] = secrets.token_urlsafe(32)
    query = f"app_id={app.app_id}&scope=auth_user&redirect_uri={redirect_uri}"
    return f"{app.authorize_endpoint}?{query}&state={session['state']}"


@wrong("state", "missing-parameter", "authorize_url")
def url_without_scope(app, redirect_uri, session):
    return authorize_url(app, redirect_uri, session).replace("scope=auth_user&", "")


@wrong("state", "code-misnamed", "read_callback")
def back_with_a_code(session, query):
    read_callback(session, query)
    return query["code"]


@wrong("state", "none-is-none", "read_callback")
def back_with_none(session, query):
    if session.pop("state", None) != query.get("state"):
        raise StateError("state")
    return query.get("auth_code")


@wrong("state", "state-used-again", "read_callback")
def back_again(session, query):
    if not session.get("state") or session["state"] != query.get("state"):
        raise StateError("state")
    return query.get("auth_code")


@wrong("state", "state-key-error", "read_callback")
def back_to_a_key_error(session, query):
    if session.pop("state") != query["state"]:
        raise StateError("state")
    return query.get("auth_code")


@wrong("state", "state-foreign", "read_callback")
def back_with_any_state(session, query):
    if not session.pop("state", None) or not query.get("state"):
        raise StateError("state")
    return query.get("auth_code")


@wrong("state", "state-used-again", "read_callback")
def back_without_looking(session, query):
    return query.get("auth_code")


@wrong("state", "refusal-raises", "read_callback")
def back_without_a_code(session, query):
    read_callback(session, query)
    return query["auth_code"]


@wrong("state", "state-returned", "read_callback")
def back_with_the_state(session, query):
    read_callback(session, query)
    return query["state"]
