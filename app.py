"""Alipay's 获取会员信息 (get member info), the whole integration in the order in which it happens. Read this file.

config       create_app: one client for each app, the store
auth         POST /api/auth    the auth_code of my.getAuthCode → alipay.system.oauth.token → a session
member       POST /api/member  the session's token → alipay.user.info.share → persisted
web login    GET /login → Alipay's page (授权URL拼接) → GET /callback → GET /member
errors       as JSON for /api/*, as a page elsewhere, always with what to do next; then main: python app.py
"""

import argparse
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

from flask import (
    Blueprint,
    Flask,
    current_app,
    g,
    redirect,
    render_template,
    request,
    session as cookie,
    url_for,
)

import pages
from alipay_member import (
    AlipayClient,
    AlipayError,
    GatewayError,
    Member,
    MemberStore,
    Session,
    Settings,
    SettingsError,
)
from alipay_member.errors import RequestError, SessionEnded
from alipay_member.settings import environment, read_values

HERE = Path(__file__).resolve().parent
AUTH_CODE = re.compile(r"[A-Za-z0-9_-]{8,128}")
STATE_LIFE = 600  # seconds between /login and /callback
web = Blueprint("web", __name__)

# ── config ──


def create_app(settings=None, *, client=None, web_client=None, store=None):
    """The Flask app; without settings it loads the .env beside this file. Raises SettingsError."""
    settings = settings or Settings.load(HERE)
    app = Flask(__name__)
    app.secret_key = settings.secret_key
    app.extensions["alipay_member"] = SimpleNamespace(
        settings=settings,
        client=client or AlipayClient(**settings.client_options(settings.app)),
        web_client=web_client
        or (settings.web and AlipayClient(**settings.client_options(settings.web))),  # or None
        store=store or MemberStore(settings.database_url),
    )
    app.register_blueprint(web)
    app.register_error_handler(AlipayError, show_error)
    pages.install(app, settings.avatar_origin, settings.public_url)
    return app


def parts():
    """settings, client, web_client and store, as create_app put them together."""
    return current_app.extensions["alipay_member"]


# ── auth: the mini-program's auth_code becomes a session ──


@web.post("/api/auth")
def auth():
    """Redeem the auth_code of my.getAuthCode, write the member's ids, open a session; it replaces a live one."""
    client, store = parts().client, parts().store
    auth_code = pages.json_object().get("auth_code")
    if not isinstance(auth_code, str) or not AUTH_CODE.fullmatch(auth_code):
        raise RequestError("auth_code is missing or has the wrong form", "auth-code")
    token = client.exchange_code(auth_code)
    session_token, session = store.sign_in(client.member_app_id, token, replaces=pages.bearer())
    return {
        "session": session_token,
        "expires_in": session.ends - int(time.time()),
        "member": session.member.as_dict(),
    }


@web.delete("/api/session")
def end_session():
    """Log out."""
    parts().store.sign_out(pages.bearer())
    return {}


# ── member: the profile that Alipay signed is the one that is kept ──


@web.post("/api/member")
def save_member():
    """Fetch the profile and persist it. Reads nothing from the request's body: what a client claims is no evidence."""
    return {"member": fetch_and_save(parts().client, pages.bearer()).as_dict()}


@web.get("/api/member")
def show_member():
    """What is persisted for this session; no call to Alipay."""
    return {"member": own_session(parts().client, pages.bearer()).member.as_dict()}


@web.delete("/api/member")
def forget_member():
    """Forget me: the row and all its sessions are gone."""
    parts().store.forget(own_session(parts().client, pages.bearer()))
    return {}


def fetch_and_save(client: AlipayClient, session_token: str) -> Member:
    """The session's token → alipay.user.info.share → the row. A token that has ended is refreshed first."""
    session = own_session(client, session_token)
    if session.access_ends <= time.time():
        session = refreshed(client, session)
    try:
        profile = client.fetch_profile(session.access_token)
    except GatewayError as error:
        if error.sub_code != "aop.auth-token-time-out":  # Alipay's clock says so earlier than ours
            raise
        session = refreshed(client, session)
        profile = client.fetch_profile(session.access_token)
    return parts().store.save_profile(session, profile)


def own_session(client: AlipayClient, session_token: str) -> Session:
    """The live session behind the token, if it is one of this client's app; else SessionEnded."""
    session = parts().store.session(session_token)
    if session.member.app_id != client.member_app_id:
        raise SessionEnded("this session belongs to another app")
    return session


def refreshed(client: AlipayClient, session: Session) -> Session:
    """A refresh_token works once. If it is refused, another request may just have used it: look before giving up."""
    store = parts().store
    try:
        return store.renew(session, client.refresh_token(session.refresh_token))
    except GatewayError as error:
        if not error.sub_code.startswith("isv.refresh-token"):
            raise
        for _ in range(20):
            if (latest := store.reload(session)).access_token != session.access_token:
                return latest
            time.sleep(0.1)
        raise SessionEnded("Alipay refused to refresh the token") from error


# ── web login: the same in a browser, with a 网页应用 of its own ──


@web.get("/")
def home():
    """What this is and whether the set-up is complete, or on to another page that main() chose."""
    page = current_app.config.get("LANDING_PAGE")
    return redirect(page) if page else render_template("home.html", settings=parts().settings)


@web.get("/login")
def login():
    """Send the browser to Alipay for consent. Who is logged in goes straight on, unless they ask for it `again`."""
    client, next_page = (
        web_client(),
        pages.local_path(request.args.get("next", ""), url_for("web.member_page")),
    )
    with suppress(SessionEnded):
        if "again" not in request.args and own_session(client, cookie.get("session", "")):
            return redirect(next_page)
    # A state that only this browser knows; a few at a time, for people with several tabs.
    now, state = int(time.time()), secrets.token_urlsafe(16)
    waiting = [row for row in cookie.get("states", []) if row[1] > now]
    cookie["states"] = [*waiting[-3:], [state, now + STATE_LIFE, next_page]]
    redirect_uri = parts().settings.public_url + url_for("web.callback")
    return redirect(
        client.authorize_url(redirect_uri=redirect_uri, scopes=["auth_user"], state=state)
    )


@web.get("/callback")
def callback():
    """Back from Alipay: check the state, redeem the auth_code, open a new session, persist the profile."""
    client, store = web_client(), parts().store
    states = {state: (ends, page) for state, ends, page in cookie.get("states", [])}
    ends, g.next_page = states.pop(request.args.get("state", ""), (0, None))
    cookie["states"] = [[state, *row] for state, row in states.items()]
    if not AUTH_CODE.fullmatch(auth_code := request.args.get("auth_code", "")):
        raise RequestError("Alipay sent no usable auth_code back", "refused")
    if ends <= time.time():
        raise RequestError("this state was not given to this browser, or has ended", "state")
    token = client.exchange_code(auth_code)
    cookie["session"], _ = store.sign_in(
        client.member_app_id, token, replaces=cookie.get("session")
    )
    cookie.permanent = True  # it outlives the browser, as the store's session does
    fetch_and_save(client, cookie["session"])
    return redirect(g.next_page)


@web.get("/member")
def member_page():
    """The persisted row, and why it can be trusted."""
    session = own_session(web_client(), cookie.get("session", ""))
    return render_template("member.html", member=session.member.as_dict())


@web.post("/member")
def fetch_again():
    """Fetch the profile again. (pages.py lets forms in only from our own pages.)"""
    fetch_and_save(web_client(), cookie.get("session", ""))
    return redirect(url_for("web.member_page"), 303)


@web.post("/logout")
def logout():
    """Log out."""
    parts().store.sign_out(cookie.pop("session", ""))
    return redirect(url_for("web.home"), 303)


@web.post("/forget")
def forget():
    """Forget me."""
    parts().store.forget(own_session(web_client(), cookie.pop("session", "")))
    return redirect(url_for("web.home"), 303)


@web.get("/healthz")
def healthz():
    """For a load balancer: the store answers."""
    return {"ok": parts().store.members("") == []}


def web_client() -> AlipayClient:
    if (client := parts().web_client) is None:
        raise RequestError("the web login is not configured", "no-web-app")
    return client


# ── errors ──

STATUS = {
    "session-ended": 401,
    "isv.code-invalid": 401,
    "aop.auth-token-time-out": 401,
    "aop.invalid-auth-token": 403,
    "isv.invalid-token": 403,
    "isv.insufficient-isv-permissions": 403,
    "40006": 403,
    "transport:timeout": 504,
    "bad-request:no-web-app": 404,
}


def show_error(error: AlipayError):
    """Alipay's own code and words where it has said any, ours else; then cause, remedy and the support question."""
    said = error.as_dict(pages.language())
    return pages.error_answer(
        STATUS.get(said["code"], 400 if isinstance(error, RequestError) else 502), **said
    )


# ── main ──


def main():
    """Serve on 127.0.0.1, against the emulated Alipay unless the settings name another."""
    parser = argparse.ArgumentParser(description="Alipay's 获取会员信息, end to end")
    parser.add_argument(
        "--env-file", type=Path, help="take the settings from this file, not from .env"
    )
    parser.add_argument("--port", type=pages.port, default=8000)
    options = parser.parse_args()
    try:
        values = {"PUBLIC_URL": f"http://127.0.0.1:{options.port}"} | read_values(
            HERE, options.env_file
        )
        if emulated := environment(values) == "emulator":
            from emulator import workbench

            values = workbench.start_emulator(values)
        app = create_app(Settings.load(HERE, values=values))
    except SettingsError as error:
        raise SystemExit(f"app.py: {error}") from None
    except ModuleNotFoundError:
        raise SystemExit(
            "app.py: emulator/ was deleted: set ALIPAY_ENV and the rest, see .env.example"
        ) from None
    if emulated:
        workbench.attach(app)
    pages.serve(app, options.port, "emulated on this machine" if emulated else values["ALIPAY_ENV"])


if __name__ == "__main__":
    main()
