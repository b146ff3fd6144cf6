"""python -m workshop serve: the app and the workbench with the participant's functions.

ParticipantClient   an AlipayClient that exchanges the code and fetches the profile with them
ParticipantStore    a store whose profiles their save_member writes
serve()             checks every step, and puts both behind the app
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import requests
from flask import Flask, has_request_context, request

import workbench
from alipay_member.answer import read_answer
from alipay_member.client import AlipayClient, Exchange
from alipay_member.errors import (
    AlipayError,
    Call,
    DatabaseError,
    GatewayError,
    SchemaError,
    SignatureError,
    TransportError,
    mask,
)
from alipay_member.models import (
    SHARE,
    TOKEN,
    Member,
    Profile,
    Session,
    Token,
    read_profile,
    read_token,
)
from alipay_member.signing import why_not_verified
from alipay_member.store.database import update
from alipay_member.store.sqlite import SQLiteDatabase
from server.settings import Settings
from workbench import frames
from workbench.frames import Frame, done_in, frame_of, frames_here
from workbench.watched_store import WatchedStore, member, person

from . import provided
from .checks import FUNCTIONS, STEPS, find_step
from .participant import SOLUTION, Functions, Source
from .ready import is_free
from .runner import ROOT, UNFINISHED, Result, run_checks
from .terminal import Terminal

SERVED = 8  # the steps that `serve` uses: refresh and state belong to the app
FILES = ("workshop/member_info.py", "workshop/solution.py")  # the trace shows their lines
Read = TypeVar("Read")

# ── serve ──


def serve(terminal: Terminal, path: Path, port: int) -> int:
    """Serve until Ctrl-C; return the exit status."""
    from server.cli import serve as serve_app

    if not is_free(port):
        terminal.show("port-taken", port=port, other=port + 1)
        return 1
    terminal.show("checking-all")
    results = check_each(path)
    show_owners(terminal, results)
    functions = functions_that_pass(path, results)
    database = "sqlite:///instance/workshop.db"
    values = {"PUBLIC_URL": f"http://127.0.0.1:{port}", "DATABASE_URL": database}
    settings = Settings.load(ROOT, values=workbench.start_emulator(values))
    try:
        app = make_app(functions, settings)
    except SchemaError:
        terminal.show("old-database")
        return 1
    own_steps = [n for n, result in results.items() if not result.error and n <= SERVED]
    terminal.show("serving" if own_steps else "serving-lent")
    serve_app(app, port, "emulated on this machine")
    return 0


def check_each(path: Path) -> dict[int, Result]:
    """The result of each step by its number, even if others fail or hang."""
    results: dict[int, Result] = {}
    unfinished: set[int] = set()
    while True:
        last = None
        for result in run_checks(path, unfinished, to_the_end=True):
            step = find_step(result.step)
            if step:
                results[step.number] = last = result
        if last is None or last.error not in UNFINISHED:
            return results
        unfinished |= {step.number for step in STEPS if step.name == last.step}


def functions_that_pass(path: Path, results: Mapping[int, Result]) -> Functions:
    """The participant's functions of served steps that pass; the solution's for all others."""
    own = [
        name
        for step in STEPS[:SERVED]
        if step.number in results and not results[step.number].error
        for name in step.functions
    ]
    file = Source(path if own else SOLUTION)  # nothing passes in an unreadable file
    name = frames.short_name(str(path))
    if name:
        frames.python_lines(name)  # remembers its lines as they are now; later edits do not run
    return file.functions(own, FUNCTIONS)


def show_owners(terminal: Terminal, results: Mapping[int, Result]) -> None:
    """Print whose functions each step uses."""
    for step in STEPS:
        result = results.get(step.number)
        owner = "yours"
        if step.number > SERVED:
            owner = "app-own"
        elif not result or result.error in ("todo", "todo-next", "function-missing"):
            owner = "lent"
        elif result.error:
            owner = "lent-failing"
        symbol = terminal.symbol("good") if owner == "yours" else terminal.symbol("skipped")
        title = step.title[terminal.lang]
        terminal.print(f"{symbol} {step.number:2} {title}: {terminal.text(owner)}")
    terminal.print()


def make_app(functions: Functions, settings: Settings) -> Flask:
    """The app with the participant's client and store, and the workbench."""
    from app import create_app

    client = ParticipantClient(functions, **settings.client_options(settings.app))
    store = ParticipantStore(settings.database_url, functions)
    app: Flask = create_app(settings, client=client, store=store)
    workbench.attach(app)
    return app


# ── the client ──


class RecordingSession(requests.Session):
    """A session for one call; records the parameters, the calling lines and the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # a company's proxy can't reach this machine
        self.parameters: dict[str, str] = {}
        self.frames: list[Frame] = []
        self.answer = b""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        body = request.body or ""
        text = body.decode() if isinstance(body, bytes) else body
        query = urlsplit(request.url or "").query
        self.parameters = dict(parse_qsl(query) + parse_qsl(text))
        self.frames = [frame for frame in frames_here() if frame["file"] in FILES]
        response = super().send(request, **options)
        self.answer = response.content
        return response


class ParticipantClient(AlipayClient):
    """exchange_code and fetch_profile are the participant's; refreshing is the library's."""

    def __init__(self, functions: Functions, **options: Any) -> None:
        super().__init__(**options)
        self._functions = functions
        self._app = provided.App(
            app_id=self.app_id,
            private_key=self._private_key,
            alipay_public_key=self.alipay_public_key,
            gateway_url=self.gateway_url,
            authorize_endpoint=self.authorize_endpoint or "",
            session=requests.Session(),
        )

    def exchange_code(self, auth_code: str) -> Token:
        return self._call_participant(TOKEN, self._functions.exchange_code, auth_code, read_token)

    def fetch_profile(self, access_token: str) -> Profile:
        return self._call_participant(
            SHARE, self._functions.fetch_profile, access_token, read_profile
        )

    def _call_participant(
        self,
        method: str,
        function: Callable[[provided.App, str], dict[str, Any]],
        argument: str,
        read: Callable[[dict[str, Any]], Read],
    ) -> Read:
        """`read` the function's result. Any exception becomes an AlipayError."""
        session = RecordingSession()
        error: AlipayError | None = None
        began = time.monotonic()
        try:
            return read(function(replace(self._app, session=session), argument))
        except Exception as raised:
            error = self._as_alipay_error(raised, method, session)
            error.call = Call(method, self.gateway_url, mask(session.parameters))
            raise error.with_traceback(raised.__traceback__) from raised
        finally:
            self._observe(method, session, error, time.monotonic() - began)

    def _observe(
        self, method: str, session: RecordingSession, error: AlipayError | None, elapsed: float
    ) -> None:
        """Show the observer the call, if one was made, as the participant's functions see it."""
        if not self.observer or not session.parameters:
            return
        exchange = Exchange(
            method,
            session.parameters,
            self._functions.string_to_sign(session.parameters),
            "utf-8",
            raw_answer=session.answer,
            elapsed=elapsed,
            error=error,
        )
        with suppress(Exception):  # their functions may fail on a broken answer
            data, signature = self._functions.signed_part(session.answer, method)
            exchange.signed_part = data if signature else b""
            key = self._app.alipay_public_key
            exchange.verified = self._functions.verify(data, signature, key)
        # An error brings the lines that raised it.
        with done_in(session.frames[-1:] if error else session.frames):
            self.observer(exchange)

    def _as_alipay_error(
        self, raised: Exception, method: str, session: RecordingSession
    ) -> AlipayError:
        """What the participant's function raised, as an error that the app understands."""
        if isinstance(raised, AlipayError):
            return raised
        if isinstance(raised, provided.GatewayError):
            words = (raised.code, raised.msg, raised.sub_code, raised.sub_msg)
            texts = [str(word or "") for word in words]
            return GatewayError(*texts, verified=self._is_verified(method, session))
        if isinstance(raised, provided.SignatureError):
            return self._as_signature_error(raised, method, session)
        return transport_error(raised)

    def _as_signature_error(
        self, raised: provided.SignatureError, method: str, session: RecordingSession
    ) -> AlipayError:
        """Why the signature is invalid, as exactly as the library can say it."""
        try:
            return SignatureError(str(raised), self._signature_reason(method, session) or "")
        except AlipayError as error:
            return error

    def _is_verified(self, method: str, session: RecordingSession) -> bool:
        try:
            return self._signature_reason(method, session) is None
        except AlipayError:
            return False

    def _signature_reason(self, method: str, session: RecordingSession) -> str | None:
        """What is wrong with the answer's signature, as the library names it; None if nothing."""
        answer = read_answer(session.answer, method, "utf-8")
        return why_not_verified(
            answer.signed_part, answer.sign, self.alipay_public_key, self.app_public_key
        )


def transport_error(raised: Exception) -> TransportError:
    """The error for a missing answer, or for a function that broke."""
    if isinstance(raised, requests.Timeout):
        return TransportError("the gateway did not answer in time", "timeout")
    if isinstance(raised, requests.RequestException):
        return TransportError(f"no answer ({type(raised).__name__})", "connection")
    message = f"member_info.py raised {type(raised).__name__}: {raised}"
    return TransportError(message, "unexpected")


# ── the store ──


class ParticipantStore(WatchedStore):
    """Sessions are the library's; save_member writes the row from profile and body."""

    def __init__(self, database_url: str, functions: Functions) -> None:
        super().__init__(database_url)
        self._save_member = functions.save_member

    def save_profile(self, session: Session, profile: Profile) -> Member:
        frame = frame_of(self._save_member)
        touched = (member(session), person(session.member.app_id, profile))
        with done_in([frame] if frame else []), self._watched("save_profile", *touched):
            return self._saved(session, profile)

    def _saved(self, session: Session, profile: Profile) -> Member:
        """The member as save_member left the row."""
        values = {name: getattr(profile, name) for name in ("open_id", "user_id", *provided.FIELDS)}
        assert isinstance(self._database, SQLiteDatabase)  # serve() sees to that
        with self._database.writing() as db:
            member_id = self._same_person(db, session, profile)
            try:
                self._save_member(db, session.member.app_id, values, client_body())
            except AlipayError:
                raise
            except Exception as error:
                message = f"save_member raised {type(error).__name__}: {error}"
                raise DatabaseError(message).with_traceback(error.__traceback__) from error
            if not db.in_transaction:  # save_member has committed
                db.execute("BEGIN IMMEDIATE")
            update(db, "members", {"profile_at": int(self._clock())}, "id = ?", member_id)
            (row,) = self._members(db, "id = ?", member_id)
        self._database.close()  # and with it whatever save_member set on the connection
        return row


def client_body() -> dict[str, Any]:
    """The JSON object in this request; {} if there is none."""
    sent = request.get_json(silent=True) if has_request_context() else None
    return sent if isinstance(sent, dict) else {}
