"""The authorise page 授权页, opened by 授权URL拼接: a test member agrees or denies."""

import logging
import re
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from .accounts import APPS, MEMBERS, SCOPES
from .routes import error_as_json, only_this_machine, state

PATH = "/oauth2/publicAppAuthorize.htm"
ERRORS = {  # for the log; the page explains each of them in both languages
    "app": "the app_id is unknown",
    "mini-program": "a mini-program cannot use this page",
    "redirect-uri": "redirect_uri is not the registered one",
    "scope": "the scope is unknown",
}
CALLBACK = r"http://127\.0\.0\.1(:[0-9]{1,5})?/callback"  # the registered 授权回调地址
authorize = Blueprint("authorize", __name__)
log = logging.getLogger("emulator")


@authorize.before_request
def guard() -> None:
    """No other web page can agree on a member's behalf."""
    only_this_machine()


@dataclass(frozen=True)
class AuthorizeQuery:
    """The parameters of the address; missing ones are ""."""

    app_id: str
    scope: str
    redirect_uri: str
    state: str

    def error(self) -> str | None:
        """The first thing that is wrong, as a key of ERRORS."""
        # 1. The app exists.
        if self.app_id not in APPS:
            return "app"
        # 2. It is a 网页应用: a mini-program can't use this page.
        if "callback" not in APPS[self.app_id]:
            return "mini-program"
        # 3. redirect_uri is the registered one.
        if not re.fullmatch(CALLBACK, self.redirect_uri):
            return "redirect-uri"
        # 4. The scopes exist.
        if not set(self.scopes()) <= set(SCOPES):
            return "scope"
        return None

    def scopes(self) -> list[str]:
        return self.scope.split(",")


def read_query() -> AuthorizeQuery:
    given = request.args
    return AuthorizeQuery(
        app_id=given.get("app_id", ""),
        scope=given.get("scope", ""),
        redirect_uri=given.get("redirect_uri", ""),
        state=given.get("state", ""),
    )


@authorize.get(PATH)
def show() -> Any:
    return page(read_query())


@authorize.post(PATH)
def decide() -> Any:
    """Redirect to the app with an auth code if a member agreed, without one if they denied."""
    query = read_query()
    if query.error():
        return page(query)
    back = {"app_id": query.app_id, "source": "alipay_wallet"}
    if query.state:
        back["state"] = query.state
    member = request.form.get("member")
    if member:
        code = state().accounts.authorize(query.app_id, member, query.scopes())
        back |= {"auth_code": code, "userOutputs": query.scope, "scope": query.scope}
    return redirect(f"{query.redirect_uri}?{urlencode(back)}")


def page(query: AuthorizeQuery) -> tuple[str, int]:
    """The page, or its explanation of what is wrong with the address; and the HTTP status."""
    error = query.error()
    if error:
        log.info("the authorise page refused an address: %s", ERRORS[error])
    lang = request.args.get("lang") or request.accept_languages.best_match(["zh", "en"], "zh")
    other = "zh" if lang == "en" else "en"
    text = render_template(
        "authorize.html",
        lang=lang,
        other=urlencode({**asdict(query), "lang": other}),
        query=asdict(query),
        app=APPS.get(query.app_id),
        error=error,
        members=MEMBERS.values(),
    )
    return text, 400 if error else 200


@authorize.errorhandler(HTTPException)
@authorize.errorhandler(ValueError)
def refuse(error: Exception) -> tuple[Response, int]:
    """403 for another web page, 400 for an unknown member."""
    return error_as_json(error)
