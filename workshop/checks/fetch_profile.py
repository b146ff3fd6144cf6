"""Step 7: the profile."""

from typing import Any

from emulator.accounts import MEMBERS

from ..participant import Functions
from ..provided import FIELDS, GatewayError
from ..testbed import Lab
from .base import Attempt, Wrong, check_type

NAMES = ("open_id", "user_id", *FIELDS)
MORE = {"cert_no": "110101199001011234", "address": "西湖区"}  # as the sandbox may give


def fetch_profile(yours: Functions, lab: Lab) -> None:
    """A complete profile; then one without a nickname, one with more, one that is refused."""
    check_profile(yours, lab, "complete")
    check_profile(yours, lab, "company")
    check_profile(yours, lab, "sandbox-buyer")
    check_minimal(yours, lab)
    check_silent_token(yours, lab)


def check_profile(yours: Functions, lab: Lab, member: str) -> None:
    """Wrong unless just this member's profile comes."""
    token = lab.tokens(member)["access_token"]
    lab.calls.clear()
    attempt = Attempt(yours.fetch_profile, lab.app, token)
    check_sent(lab, token, attempt)
    if isinstance(attempt.error, KeyError) and attempt.error.args[0] in NAMES:
        raise Wrong("absent-raises", None, f"KeyError: {attempt.error}") from attempt.error
    if isinstance(attempt.error, AttributeError) and "'NoneType'" in str(attempt.error):
        raise Wrong("absent-used", came=str(attempt.error)) from attempt.error
    compare(attempt.value(), told(lab, member))


def check_sent(lab: Lab, token: str, attempt: Attempt) -> None:
    """The access_token went along as auth_token."""
    if not lab.calls:
        attempt.value()
        raise Wrong("nothing-sent")
    if "auth_token" in lab.calls[-1].body:
        raise Wrong("token-in-body", "call(app, SHARE, {}, access_token)")
    sent = lab.calls[-1].parameters
    if sent.get("auth_token") == token:
        return
    if "access_token" in sent:
        raise Wrong("token-misnamed", "auth_token", "access_token")
    raise Wrong("token-missing", f"auth_token={token[:12]}…", " ".join(sent))


def told(lab: Lab, member: str) -> dict[str, str | None]:
    """What is to be kept of what Alipay tells of a member."""
    row = MEMBERS[member]
    profile = {name: lab.ids(member).get(name) or row["profile"].get(name) for name in NAMES}
    if row["has_avatar"]:
        profile["avatar"] = f"{lab.alipay.url}/emulator/avatar/{member}.svg"
    if profile["gender"]:
        profile["gender"] = profile["gender"].upper()
    return profile


def compare(came: Any, wanted: dict[str, str | None]) -> None:
    """Wrong unless these are the names and values; what differs is named."""
    check_type(came, wanted, "fetch_profile")
    missing = [name for name in wanted if name not in came]
    if missing:
        mistake = "ids-missing" if {"open_id", "user_id"} <= set(missing) else "names-missing"
        raise Wrong(mistake, wanted, came, names=", ".join(missing))
    if came.get("gender") in ("f", "m"):
        raise Wrong("small-gender", came["gender"].upper(), came["gender"])
    for name, value in wanted.items():
        if value is None and came[name] is not None:
            raise Wrong("absent-filled", None, came[name], name=name)
        if came[name] != value:
            raise Wrong("other-field", value, came[name], name=name)
    more = sorted(came.keys() - wanted.keys())
    if more:
        raise Wrong("kept-more", ", ".join(wanted), ", ".join(more))


def check_minimal(yours: Functions, lab: Lab) -> None:
    """Of what the gateway may say besides, nothing is kept."""
    profile = MEMBERS["complete"]["profile"]
    profile.update(MORE)
    try:
        came = yours.fetch_profile(lab.app, lab.tokens()["access_token"])
    finally:
        for name in MORE:
            del profile[name]
    compare(came, told(lab, "complete"))


def check_silent_token(yours: Functions, lab: Lab) -> None:
    """A token of a silent login (auth_base) has no profile behind it: Alipay's error goes on."""
    token = lab.tokens(scope="auth_base")["access_token"]
    attempt = Attempt(yours.fetch_profile, lab.app, token)
    if attempt.error is None:
        raise Wrong("refusal-swallowed", "GatewayError", attempt.value())
    if not isinstance(attempt.error, GatewayError):
        attempt.value()
