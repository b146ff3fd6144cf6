"""Step 10: on the web, state."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..participant import Functions
from ..provided import StateError
from ..testbed import Lab
from .base import Attempt, Wrong, check_type

REDIRECT_URI = "https://shop.example/callback?from=alipay&lang=zh"
MIN_STATE = 16  # characters; token_urlsafe(16) gives 22


def read_callback(yours: Functions, lab: Lab) -> None:
    """There and back; then a state that is missing, foreign, or used again."""
    session: dict[str, Any] = {}
    state = check_url(yours, lab, session)
    check_state(yours, lab, state, session)
    check_back(yours, session, state)
    check_used_again(yours, session, state)
    check_missing(yours, lab)
    check_foreign(yours, lab)
    check_refusal(yours, lab)


def sent_away(yours: Functions, lab: Lab) -> tuple[dict[str, Any], str]:
    """A browser that was sent to Alipay: its session, and the state in the address."""
    session: dict[str, Any] = {}
    url = yours.authorize_url(lab.app, REDIRECT_URI, session)
    return session, dict(parse_qsl(urlsplit(url).query)).get("state", "")


def check_url(yours: Functions, lab: Lab, session: dict[str, Any]) -> str:
    """The address has all that Alipay wants; its state."""
    url = yours.authorize_url(lab.app, REDIRECT_URI, session)
    check_type(url, "https://…", "authorize_url")
    if not url.startswith(lab.app.authorize_endpoint + "?"):
        raise Wrong(
            "other-address", lab.app.authorize_endpoint + "?…", url, function="authorize_url"
        )
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    wanted = {"app_id": lab.app.app_id, "scope": "auth_user", "redirect_uri": REDIRECT_URI}
    for name, value in wanted.items():
        if name not in query:
            raise Wrong("missing-parameter", came=url, name=name, function="authorize_url")
        if name == "redirect_uri" and query[name] == REDIRECT_URI.partition("&")[0]:
            raise Wrong("redirect-not-encoded", value, query[name], function="authorize_url")
        if query[name] != value:
            raise Wrong("other-value", value, query[name], name=name, function="authorize_url")
    if not query.get("state"):
        raise Wrong("no-state", came=url, function="authorize_url")
    return str(query["state"])


def check_state(yours: Functions, lab: Lab, state: str, session: dict[str, Any]) -> None:
    """The state is random, long enough, and kept in the session."""
    if not session:
        raise Wrong("state-not-kept", {"state": state}, session, function="authorize_url")
    _, other = sent_away(yours, lab)
    if other == state:
        raise Wrong("same-state", None, state, function="authorize_url")
    if len(state) < MIN_STATE or state.replace(".", "").isdecimal():
        raise Wrong("guessable-state", None, state, function="authorize_url")


def check_back(yours: Functions, session: dict[str, Any], state: str) -> None:
    """The browser comes back with its own state, and the auth_code is found."""
    query = {"auth_code": "4b203fe6c11548bcabd8da5bb087a83b", "state": state, "app_id": "demo-web"}
    attempt = Attempt(yours.read_callback, session, query | {"source": "alipay_wallet"})
    if isinstance(attempt.error, KeyError) and attempt.error.args == ("code",):
        raise Wrong("code-misnamed", "auth_code", "code") from attempt.error
    came = attempt.value()
    if came == query["auth_code"]:
        return
    if came == state:
        raise Wrong("state-returned", query["auth_code"], came)
    if came is None:
        raise Wrong("no-code", query["auth_code"], came)
    raise Wrong("other", query["auth_code"], came, function="read_callback")


def check_used_again(yours: Functions, session: dict[str, Any], state: str) -> None:
    """A state works once."""
    query = {"auth_code": "1" * 32, "state": state}
    refused(yours, session, query, "state-used-again")


def check_missing(yours: Functions, lab: Lab) -> None:
    """No state in the address; neither there nor in the session, where None equals None."""
    session, _ = sent_away(yours, lab)
    refused(yours, session, {"auth_code": "1" * 32}, "state-missing")
    refused(yours, {}, {"auth_code": "1" * 32}, "none-is-none")
    refused(yours, {}, {"auth_code": "1" * 32, "state": ""}, "none-is-none")


def check_foreign(yours: Functions, lab: Lab) -> None:
    """The attacker's own state, in the victim's browser."""
    _, foreign = sent_away(yours, lab)
    session, _ = sent_away(yours, lab)
    refused(yours, session, {"auth_code": "1" * 32, "state": foreign}, "state-foreign")
    refused(yours, {}, {"auth_code": "1" * 32, "state": foreign}, "state-foreign")


def check_refusal(yours: Functions, lab: Lab) -> None:
    """A person who refused comes back without auth_code."""
    session, state = sent_away(yours, lab)
    attempt = Attempt(yours.read_callback, session, {"state": state})
    if isinstance(attempt.error, StateError) or str(attempt.error) == "'auth_code'":
        raise Wrong("refusal-raises", None, repr(attempt.error)) from attempt.error
    came = attempt.value()
    if came is not None:
        raise Wrong("other", None, came, function="read_callback")


def refused(yours: Functions, session: dict[str, Any], query: dict[str, str], mistake: str) -> None:
    """Wrong unless StateError is raised."""
    attempt = Attempt(yours.read_callback, session, query)
    if isinstance(attempt.error, StateError):
        return
    if isinstance(attempt.error, KeyError):
        raise Wrong("state-key-error", "StateError", repr(attempt.error)) from attempt.error
    raise Wrong(mistake, "StateError", attempt.value())
