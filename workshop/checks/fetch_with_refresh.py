"""Step 9: the token has ended."""

from ..participant import Functions
from ..provided import GatewayError, Tokens
from ..testbed import Lab
from .base import Attempt, Wrong, check_type


def fetch_with_refresh(yours: Functions, lab: Lab) -> None:
    """A live token, an ended one, and once more; then refusals that no refresh mends."""
    check_live(yours, lab)
    check_ended(yours, lab)
    check_other_refusal(yours, lab)
    check_kept_at_once(yours, lab)
    check_refused_refresh(yours, lab)


def new_tokens(lab: Lab) -> Tokens:
    """The tokens of a fresh login."""
    given = lab.tokens()
    return Tokens(given["access_token"], given["refresh_token"])


def refreshes(lab: Lab) -> int:
    """How many calls asked for new tokens."""
    return sum(call.parameters.get("grant_type") == "refresh_token" for call in lab.calls)


def check_live(yours: Functions, lab: Lab) -> None:
    """A live token is used as it is."""
    tokens = new_tokens(lab)
    came = Attempt(yours.fetch_with_refresh, lab.app, tokens).value()
    if any("refresh_token" in call.parameters for call in lab.calls):
        raise Wrong("always-refreshes", 0, refreshes(lab))
    check_type(came, {"nick_name": "完整示例"}, "fetch_with_refresh")
    if came.get("nick_name") != "完整示例":
        raise Wrong("other", "完整示例", came, function="fetch_with_refresh")


def check_ended(yours: Functions, lab: Lab) -> None:
    """An ended one is refreshed; the new ones are kept, so that it goes on next time, too."""
    tokens = new_tokens(lab)
    old = Tokens(tokens.access_token, tokens.refresh_token)
    lab.alipay.accounts.end_access_tokens("complete")
    lab.calls.clear()
    attempt = Attempt(yours.fetch_with_refresh, lab.app, tokens)
    check_asked(lab, old, attempt)
    came = attempt.value()
    check_type(came, {"nick_name": "完整示例"}, "fetch_with_refresh")
    if tokens.access_token == old.access_token:
        raise Wrong("access-token-not-kept", token=old.access_token[:16])
    if tokens.refresh_token == old.refresh_token:
        raise Wrong("refresh-token-not-kept", token=old.refresh_token[:16])
    lab.alipay.accounts.end_access_tokens("complete")
    Attempt(yours.fetch_with_refresh, lab.app, tokens).value()


def check_asked(lab: Lab, old: Tokens, attempt: Attempt) -> None:
    """How the new tokens were asked for, if they were."""
    asked = [call.parameters for call in lab.calls if "grant_type" in call.parameters]
    error = attempt.error
    if not asked:
        check_error(attempt)
        raise Wrong("not-refreshed") from error
    for parameters in asked[:1]:
        if parameters["grant_type"] != "refresh_token":
            raise Wrong("grant-type", "refresh_token", parameters["grant_type"])
        if parameters.get("refresh_token") != old.refresh_token:
            came = parameters.get("refresh_token") or " ".join(parameters)
            mistake = "other-token" if came == old.access_token else "no-refresh-token"
            raise Wrong(mistake, old.refresh_token, came)
    if len(asked) > 1:
        raise Wrong("refreshed-twice", 1, len(asked))
    if isinstance(error, GatewayError) and error.sub_code == "aop.invalid-auth-token":
        raise Wrong("old-token-again", came=str(error)) from error


def check_error(attempt: Attempt) -> None:
    """Whatever was raised but a GatewayError is raised again."""
    if not isinstance(attempt.error, GatewayError):
        attempt.value()


def check_other_refusal(yours: Functions, lab: Lab) -> None:
    """Without the product no token helps: nothing is refreshed, the error goes on."""
    tokens = new_tokens(lab)
    lab.alipay.accounts.bind_product(lab.app.app_id, False)
    lab.calls.clear()
    attempt = Attempt(yours.fetch_with_refresh, lab.app, tokens)
    lab.alipay.accounts.bind_product(lab.app.app_id, True)
    if refreshes(lab):
        raise Wrong("refreshes-at-any-error", 0, refreshes(lab))
    if attempt.error is None:
        raise Wrong("error-swallowed", "GatewayError", attempt.value())
    if not isinstance(attempt.error, GatewayError):
        attempt.value()


def check_kept_at_once(yours: Functions, lab: Lab) -> None:
    """The call after the refresh fails: the new tokens are kept all the same, the old are void."""
    tokens = new_tokens(lab)
    old = tokens.refresh_token
    lab.alipay.accounts.end_access_tokens("complete")
    lab.loses_product_on_refresh = True
    attempt = Attempt(yours.fetch_with_refresh, lab.app, tokens)
    lab.loses_product_on_refresh = False
    lab.alipay.accounts.bind_product(lab.app.app_id, True)
    if tokens.refresh_token == old:
        raise Wrong("kept-too-late", token=old[:16])
    if attempt.error is None:
        raise Wrong("error-swallowed", "GatewayError", attempt.value())


def check_refused_refresh(yours: Functions, lab: Lab) -> None:
    """A refresh_token that was used before: Alipay's error goes on, the person is asked again."""
    used = new_tokens(lab).refresh_token
    renewed = lab.alipay.accounts.refresh(lab.app.app_id, used).tokens
    lab.alipay.accounts.end_access_tokens("complete")
    lab.calls.clear()
    tokens = Tokens(renewed["access_token"], used)
    attempt = Attempt(yours.fetch_with_refresh, lab.app, tokens)
    if refreshes(lab) > 1:
        raise Wrong("tries-again", 1, refreshes(lab))
    if attempt.error is None:
        raise Wrong("error-swallowed", "GatewayError", attempt.value())
    if not isinstance(attempt.error, GatewayError):
        attempt.value()
