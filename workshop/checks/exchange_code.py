"""Step 4: exchange the auth_code."""

from dataclasses import replace
from typing import Any

from ..participant import Functions
from ..provided import FORM, SHARE, GatewayError, SignatureError
from ..testbed import Call, CannedSession, Lab
from .base import Attempt, Wrong, check_type

NEEDED = ("refresh_token", "expires_in", "re_expires_in", "open_id")  # by whoever serves it
OF_A_SUCCESS = ("access_token", "refresh_token", "expires_in", "open_id", "user_id")
CODE_INVALID = ("40002", "Invalid Arguments", "isv.code-invalid", "授权码code无效")


def exchange_code(yours: Functions, lab: Lab) -> None:
    """A fresh code; then the same again, and an app without the product."""
    code = lab.auth_code()
    attempt = Attempt(yours.exchange_code, lab.app, code)
    check_sent(lab, code, attempt)
    node = attempt.value()
    check_type(node, {"access_token": "…"}, "exchange_code")
    if any(name.endswith("_response") for name in node):
        raise Wrong("body-returned", came=node, function="call")
    if "access_token" not in node:
        raise Wrong("no-token", came=node)
    missing = [name for name in NEEDED if not node.get(name)]
    if missing:
        raise Wrong("parts-missing", came=node, names=", ".join(missing))
    check_used_code(yours, lab, code)
    check_token(yours, lab)
    check_tampered(yours, lab)
    check_short_error(yours, lab)
    check_other_errors(yours, lab)


def check_sent(lab: Lab, code: str, attempt: Attempt) -> None:
    """The gateway was asked, once, through the app's session, with what it needs."""
    if lab.elsewhere and not lab.calls:
        wanted, came = f"{lab.app.gateway_url}?app_id=…", f"{lab.elsewhere[0][:60]}…"
        raise Wrong("other-address", wanted, came, function="call")
    if not lab.calls:
        attempt.value()
        raise Wrong("nothing-sent")
    if not lab.session.timeouts:
        raise Wrong("other-session", function="call")
    if lab.session.timeouts[0] is None:
        raise Wrong("no-timeout", function="call")
    check_halves(lab.calls[0])
    check_business(lab.calls[0].parameters, code)
    if isinstance(attempt.error, KeyError) and attempt.error.args == ("code",):
        raise Wrong("success-has-no-code", function="call") from attempt.error
    error = attempt.error
    if isinstance(error, AttributeError) and "attribute 'decode'" in str(error):
        raise Wrong("not-raw-bytes", came=str(error), function="call") from error
    if isinstance(error, GatewayError) and error.sub_code == "isv.invalid-signature":
        raise Wrong("changed-on-the-way", came=str(error), function="call") from error
    if len(lab.calls) > 1:
        raise Wrong("asked-twice", 1, len(lab.calls), function="call")


def check_halves(call: Call) -> None:
    """Query and body arrived where they belong: an address that is built wrongly loses one."""
    if "charset" not in call.query:
        raise Wrong("query-lost", came=" ".join(call.query) or "∅", function="call")
    if not call.body:
        mistake = "body-in-query" if "grant_type" in call.query else "body-lost"
        raise Wrong(mistake, came=" ".join(call.query), function="call")
    if not call.content_type.startswith("application/x-www-form-urlencoded"):
        raise Wrong("not-a-form", FORM["Content-Type"], call.content_type or "∅", function="call")


def check_business(sent: dict[str, str], code: str) -> None:
    """grant_type and code, flat, and no refresh_token beside them."""
    if "biz_content" in sent:
        raise Wrong("biz-content-sent", came=sent["biz_content"])
    if "refresh_token" in sent:
        raise Wrong("refresh-token-beside", came=f"refresh_token={sent['refresh_token']}")
    for name in ("auth_code", "authCode", "authcode"):
        if name in sent:
            raise Wrong("code-misnamed", "code", name)
    if sent.get("grant_type") != "authorization_code":
        raise Wrong("grant-type", "authorization_code", sent.get("grant_type"))
    if sent.get("code") != code:
        raise Wrong("other-code", code, sent.get("code"))


def check_used_code(yours: Functions, lab: Lab, code: str) -> None:
    """A code works once: the second time Alipay's error is told, in its own words."""
    lab.calls.clear()
    attempt = Attempt(yours.exchange_code, lab.app, code)
    if len(lab.calls) > 1:
        raise Wrong("retried", 1, len(lab.calls))
    check_told(attempt, CODE_INVALID)


def check_token(yours: Functions, lab: Lab) -> None:
    """An auth_token that is passed to call goes along, in the query."""
    token = lab.tokens()["access_token"]
    lab.calls.clear()
    attempt = Attempt(yours.call, lab.app, SHARE, {}, token)
    if not lab.calls:
        attempt.value()
        raise Wrong("nothing-sent", function="call")
    if lab.calls[0].query.get("auth_token") != token:
        came = " ".join(lab.calls[0].parameters)
        raise Wrong("token-dropped", f"auth_token={token[:16]}…", came, function="call")


def check_short_error(yours: Functions, lab: Lab) -> None:
    """Some errors have code and msg alone."""
    busy = {"code": "20000", "msg": "Service Currently Unavailable"}
    body = lab.answer(busy, "error_response").to_bytes()
    app = replace(lab.app, session=CannedSession(body))
    attempt = Attempt(yours.call, app, SHARE, {}, "authusrB1234567890")
    if isinstance(attempt.error, KeyError) and attempt.error.args[0] in ("sub_code", "sub_msg"):
        raise Wrong("words-absent", came=busy, function="call") from attempt.error
    if attempt.error is None:
        raise Wrong("other-error-passed", "GatewayError", attempt.value(), function="call")
    if not isinstance(attempt.error, GatewayError):
        attempt.value()


def check_tampered(yours: Functions, lab: Lab) -> None:
    """Whatever call gives has been through read_answer, which refuses what was changed."""
    lab.alipay.faults.set("tampered")
    attempt = Attempt(yours.call, lab.app, SHARE, {}, lab.tokens()["access_token"])
    lab.alipay.faults.set(None)
    if attempt.error is None:
        raise Wrong("answer-unread", "SignatureError", attempt.value(), function="call")
    if not isinstance(attempt.error, SignatureError):
        attempt.value()


def check_other_errors(yours: Functions, lab: Lab) -> None:
    """An error of another method is told in the same way."""
    lab.alipay.accounts.bind_product(lab.app.app_id, False)
    attempt = Attempt(yours.call, lab.app, SHARE, {}, lab.tokens()["access_token"])
    words = ("40006", "Insufficient Permissions", "isv.insufficient-isv-permissions", "ISV权限不足")
    if not attempt.error:
        raise Wrong("other-error-passed", words, attempt.value(), function="call")
    check_told(attempt, words)


def check_told(attempt: Attempt, words: tuple[str, str, str, str]) -> None:
    """Wrong unless a GatewayError says just this."""
    error = attempt.error
    if error is None:
        check_not_given(attempt.value(), words)
    if isinstance(error, KeyError) and error.args[0] in OF_A_SUCCESS:
        raise Wrong("key-error", came=f"KeyError: {error}") from error
    if isinstance(error, TypeError) and "GatewayError" in str(error):
        raise Wrong("other-arguments", came=str(error), function="call") from error
    if not isinstance(error, GatewayError):
        attempt.value()
        return
    came = (error.code, error.msg, error.sub_code, error.sub_msg)
    if came == words:
        return
    if sorted(map(str, came)) == sorted(words):
        raise Wrong("words-swapped", words, came, function="call")
    if not error.sub_code:
        raise Wrong("sub-code-lost", words, came, function="call")
    raise Wrong("other-words", words, came, function="call")


def check_not_given(came: Any, words: tuple[str, str, str, str]) -> None:
    """What was given in place of an error."""
    if isinstance(came, dict) and came.get("code") == words[0]:
        raise Wrong("error-returned", f"GatewayError{words}", came, function="call")
    raise Wrong("error-swallowed", f"GatewayError{words}", came)
