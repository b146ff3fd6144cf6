"""The authorise page 授权页, where 授权URL拼接 leads: who agrees, and what the app asked for."""

import logging
import re
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from .accounts import APPS, MEMBERS, SCOPES
from .guard import only_this_machine, sentence
from .state import state

PATH = "/oauth2/publicAppAuthorize.htm"
PROBLEMS = {  # for the log; the page explains each of them in both languages
    "app": "there is no such app",
    "mini-program": "a mini-program's app cannot use it",
    "redirect-uri": "redirect_uri is not the registered one",
    "scope": "there is no such scope",
}
CALLBACK = r"http://127\.0\.0\.1(:[0-9]{1,5})?/callback"  # the 授权回调地址 of apps that have one
authorize = Blueprint("authorize", __name__)
log = logging.getLogger("emulator")


@authorize.before_request
def guard() -> None:
    """No other page can agree in a member's name."""
    only_this_machine()


@dataclass(frozen=True)
class Asked:
    """What the app put into the address."""

    app_id: str
    scope: str
    redirect_uri: str
    state: str

    def problem(self) -> str | None:
        """What is wrong with it, in the order in which it is checked."""
        # 1. The app exists.
        if self.app_id not in APPS:
            return "app"
        # 2. It is a 网页应用: a mini-program's app can't use this page.
        if "callback" not in APPS[self.app_id]:
            return "mini-program"
        # 3. redirect_uri is the one that is registered in the console.
        if not re.fullmatch(CALLBACK, self.redirect_uri):
            return "redirect-uri"
        # 4. The scopes exist.
        if not set(self.scopes()) <= set(SCOPES):
            return "scope"
        return None

    def scopes(self) -> list[str]:
        """The scopes one by one."""
        return self.scope.split(",")


def read_asked() -> Asked:
    """What this request's address asks for; what it lacks is ""."""
    query = request.args
    return Asked(
        app_id=query.get("app_id", ""),
        scope=query.get("scope", ""),
        redirect_uri=query.get("redirect_uri", ""),
        state=query.get("state", ""),
    )


@authorize.get(PATH)
def show() -> Any:
    """The page, or what is wrong with the address that led here."""
    return page(read_asked())


@authorize.post(PATH)
def decide() -> Any:
    """Somebody agreed, as the member that the form names, or denied: back to the app."""
    asked = read_asked()
    if asked.problem():
        return page(asked)
    back = {"app_id": asked.app_id, "source": "alipay_wallet"}
    if asked.state:
        back["state"] = asked.state
    member = request.form.get("member")
    if member:
        code = state().accounts.authorize(asked.app_id, member, asked.scopes())
        back |= {"auth_code": code, "userOutputs": asked.scope, "scope": asked.scope}
    return redirect(f"{asked.redirect_uri}?{urlencode(back)}")


def page(asked: Asked) -> tuple[str, int]:
    """The page as text, and its HTTP status."""
    problem = asked.problem()
    if problem:
        log.info("the authorise page refused an address: %s", PROBLEMS[problem])
    lang = request.args.get("lang") or request.accept_languages.best_match(["zh", "en"], "zh")
    other = "zh" if lang == "en" else "en"
    text = render_template(
        "authorize.html",
        lang=lang,
        other=urlencode({**asdict(asked), "lang": other}),
        asked=asdict(asked),
        app=APPS.get(asked.app_id),
        problem=problem,
        members=MEMBERS.values(),
    )
    return text, 400 if problem else 200


@authorize.errorhandler(HTTPException)
@authorize.errorhandler(ValueError)
def refuse(error: Exception) -> tuple[Response, int]:
    """One sentence for a foreign page, or for a member that there is not."""
    return sentence(error)
