# SPDX-License-Identifier: MIT-0
"""Alipay's 获取会员信息 (get member info), the whole integration in the order in which it happens.

    config       create_app: one client for each app, the store
    auth         POST /api/auth    the auth_code of my.getAuthCode → a token → a session
    member       POST /api/member  the session's token → the profile → persisted
    web login    GET /login → Alipay's page (授权URL拼接) → GET /callback → GET /member
    messages     POST /alipay/messages  Alipay says that a person has withdrawn their consent
    errors       as JSON for /api/*, as a page elsewhere, always with what to do next
    main         python app.py

alipay_member/ has the calls, server/ what stands around this file.
"""

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flask import (
    Blueprint,
    Flask,
    current_app,
    redirect,
    render_template,
    request,
    session as cookie,
    url_for,
)
from flask.typing import ResponseReturnValue

from alipay_member import AlipayClient, AlipayError, Member, Session, SessionEnded, SignatureError
from alipay_member.messages import carry_out, read_message
from alipay_member.store import MemberStore, with_live_token
from server import checkup, login_state, web
from server.settings import Settings
from server.web import RequestError

HERE = Path(__file__).resolve().parent
AUTH_CODE = re.compile(r"[A-Za-z0-9_-]{8,128}")
site = Blueprint("site", __name__)

# ── config ──


def create_app(
    settings: Settings | None = None,
    *,
    client: AlipayClient | None = None,
    web_client: AlipayClient | None = None,
    store: MemberStore | None = None,
) -> Flask:
    """The Flask app. Without settings it reads .env here, or exits saying what to set."""
    # Make a client for each app and open the store.
    settings = settings or Settings.load_or_exit(HERE)
    client = client or AlipayClient(**settings.client_options(settings.app))
    if settings.web and not web_client:
        web_client = AlipayClient(**settings.client_options(settings.web))
    store = store or MemberStore(settings.database_url)

    # Hand them to the routes below.
    app = web.Site(__name__)
    app.extensions["alipay_member"] = Parts(settings, client, web_client, store)
    app.register_blueprint(site)
    app.register_error_handler(AlipayError, show_error)
    app.register_error_handler(RequestError, show_error)

    # Configure Flask: cookies, headers, languages.
    app.config["SECRET_KEY"] = settings.secret_key
    app.config["SECRET_KEY_FALLBACKS"] = settings.secret_key_fallbacks
    app.config["PUBLIC_URL"] = settings.public_url
    app.config["AVATAR_ORIGIN"] = settings.avatar_origin
    web.init_app(app)
    return app


@dataclass
class Parts:
    """What create_app has put together; `web_client` is None without a 网页应用."""

    settings: Settings
    client: AlipayClient
    web_client: AlipayClient | None
    store: MemberStore

    @property
    def clients(self) -> list[AlipayClient]:
        """One for each app."""
        return [client for client in (self.client, self.web_client) if client]


def parts() -> Parts:
    """The parts of the app that answers this request."""
    own: Parts = current_app.extensions["alipay_member"]
    return own


# ── auth: the mini-program's auth_code becomes a session ──


@site.post("/api/auth")
def auth() -> ResponseReturnValue:
    """Log in: `{"auth_code": "…"}` → `{"session": "…", "expires_in": seconds, "member": {…}}`."""
    client = parts().client
    store = parts().store

    # Take the auth_code that my.getAuthCode gave. Read nothing else that the client sends.
    auth_code = web.json_object().get("auth_code")
    if not isinstance(auth_code, str) or not AUTH_CODE.fullmatch(auth_code):
        raise RequestError("bad-request:auth-code")

    # Exchange it for the person's ids and tokens: alipay.system.oauth.token.
    token = client.exchange_code(auth_code)

    # Write the member's row and open a session of our own; the one in use before ends.
    session_token, session = store.sign_in(client.member_app_id, token, replaces=web.bearer())

    # Give the client the session. Alipay's tokens stay here.
    expires_in = session.expires_at - int(time.time())
    return {"session": session_token, "expires_in": expires_in, "member": session.member.as_dict()}


@site.delete("/api/session")
def end_session() -> ResponseReturnValue:
    """Log out."""
    parts().store.sign_out(web.bearer())
    return {}


# ── member: the profile that Alipay signed is the one that is kept ──


@site.post("/api/member")
def save_member() -> ResponseReturnValue:
    """Fetch the profile and persist it. Reads no body: what a client claims is no evidence."""
    # Find the session by its token, and fetch with the access token that is kept in it.
    session = own_session(parts().client, web.bearer())
    return {"member": fetch_and_save(parts().client, session).as_dict()}


@site.get("/api/member")
def show_member() -> ResponseReturnValue:
    """What is persisted for this session; no call to Alipay."""
    return {"member": own_session(parts().client, web.bearer()).member.as_dict()}


@site.delete("/api/member")
def forget_member() -> ResponseReturnValue:
    """Forget me: the row and all its sessions are gone."""
    parts().store.forget(own_session(parts().client, web.bearer()))
    return {}


def fetch_and_save(client: AlipayClient, session: Session) -> Member:
    """The member, with the profile that Alipay gives for the session's token."""
    store = parts().store

    # Fetch the profile: alipay.user.info.share. A token that has ended is refreshed first.
    profile = with_live_token(session, client.fetch_profile, client=client, store=store)

    # Persist it, if it names the person that the session belongs to.
    return store.save_profile(session, profile)


def own_session(client: AlipayClient, session_token: str) -> Session:
    """The live session behind the token, if it belongs to this client's app; else SessionEnded."""
    session = parts().store.session(session_token)
    if session.member.app_id != client.member_app_id:
        raise SessionEnded("this session belongs to another app")
    return session


# ── web login: the same in a browser, with a 网页应用 of its own ──


@site.get("/")
def home() -> ResponseReturnValue:
    """Show what this is and whether the set-up is complete, or redirect to LANDING_PAGE."""
    if "LANDING_PAGE" in current_app.config:
        return redirect(current_app.config["LANDING_PAGE"])
    own = parts()
    found = checkup.at_rest(own.settings, own.client, own.web_client, web.language())
    return render_template("home.html", settings=own.settings, checkup=found)


@site.get("/login")
def login() -> ResponseReturnValue:
    """Send the browser to Alipay for consent; a browser that is logged in goes straight on."""
    client = web_client()
    next_page = web.local_path(request.args.get("next", ""), url_for("site.member_page"))

    # Go straight on if the browser is logged in, unless the person wants to log in `again`.
    if "again" not in request.args:
        with suppress(SessionEnded):
            own_session(client, cookie.get("session", ""))
            return redirect(next_page)

    # Make a state that only this browser knows.
    state = login_state.new_state(next_page)

    # Send the browser to Alipay's page (授权URL拼接), which sends it back to /callback.
    redirect_uri = parts().settings.public_url + url_for("site.callback")
    url = client.authorize_url(redirect_uri=redirect_uri, scopes=["auth_user"], state=state)
    return redirect(url)


@site.get("/callback")
def callback() -> ResponseReturnValue:
    """Back from Alipay: `?auth_code=…&state=…`; without auth_code the person refused."""
    client = web_client()

    # Check the state: only the browser that asked may come back, once.
    next_page = login_state.take_state(request.args.get("state", ""))

    # Log in. An error offers to try again, and then to go on to the same page.
    try:
        log_in(client, request.args.get("auth_code", ""))
    except (AlipayError, RequestError) as error:
        return show_error(error, next_page)
    return redirect(next_page)


def log_in(client: AlipayClient, auth_code: str) -> None:
    """Open the browser's session and persist the profile."""
    if not AUTH_CODE.fullmatch(auth_code):
        raise RequestError("bad-request:refused")

    # Exchange the auth_code for the person's ids and tokens: alipay.system.oauth.token.
    token = client.exchange_code(auth_code)

    # Write the member's row and open a new session; the one in use before ends.
    old = cookie.get("session", "")
    cookie["session"], session = parts().store.sign_in(client.member_app_id, token, replaces=old)
    cookie.permanent = True  # it outlives the browser, as the store's session does

    # Fetch the profile, and persist what Alipay signed.
    fetch_and_save(client, session)


@site.get("/member")
def member_page() -> ResponseReturnValue:
    """The persisted row, and why it can be trusted."""
    session = own_session(web_client(), cookie.get("session", ""))
    return render_template("member.html", member=session.member.as_dict())


@site.post("/member")
def fetch_again() -> ResponseReturnValue:
    """Fetch the profile again. (server/web.py lets in forms of our own pages only.)"""
    client = web_client()
    fetch_and_save(client, own_session(client, cookie.get("session", "")))
    return redirect(url_for("site.member_page"), 303)


@site.post("/logout")
def logout() -> ResponseReturnValue:
    """Log out."""
    parts().store.sign_out(cookie.get("session", ""))
    cookie.clear()  # only now: if the database failed, one can try again
    return redirect(url_for("site.home"), 303)


@site.post("/forget")
def forget() -> ResponseReturnValue:
    """Forget me."""
    parts().store.forget(own_session(web_client(), cookie.get("session", "")))
    cookie.clear()
    return redirect(url_for("site.home"), 303)


def web_client() -> AlipayClient:
    """The client of the 网页应用; RequestError without one."""
    client = parts().web_client
    if client is None:
        raise RequestError("bad-request:no-web-app", 404)
    return client


# ── messages: what Alipay pushes to the app's 应用网关 ──


@site.post("/alipay/messages")
def receive_message() -> ResponseReturnValue:
    """A person has withdrawn their consent (用户授权取消消息): what it allowed ends here."""
    # Verify that Alipay signed the message: nothing else tells who sent it.
    try:
        message = read_message(web.raw_body(), parts().clients)
    except SignatureError:
        return web.plain_text("fail")

    # End the person's sessions opened before, and their tokens; the profile goes with the last.
    carry_out(message, parts().store)

    # Confirm that it has arrived, or Alipay sends it again for hours.
    return web.plain_text("success")


# ── errors ──


def show_error(
    error: AlipayError | RequestError, next_page: str | None = None
) -> ResponseReturnValue:
    """Answer with code, message, what to do, and the question for Alipay's support."""
    return web.error_page(error, login=url_for("site.login", again=1, next=next_page))


# ── main ──


def main() -> None:
    """Serve on this machine; see server/cli.py."""
    from server import cli

    cli.main(create_app)


if __name__ == "__main__":
    main()
