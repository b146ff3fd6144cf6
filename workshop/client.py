"""WorkshopClient: an AlipayClient that calls with the participant's functions."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import requests

from alipay_member.answer import read_answer
from alipay_member.client import AlipayClient, Exchange
from alipay_member.errors import (
    AlipayError,
    Call,
    GatewayError,
    SignatureError,
    TransportError,
    mask,
)
from alipay_member.models import SHARE, TOKEN, Profile, Token, read_profile, read_token
from alipay_member.signing import signature_flaw
from workbench.frames import Frame, done_in, frames_here

from . import given
from .load import Functions

PARTICIPANTS = ("workshop/member_info.py", "workshop/solution.py")  # whose lines the trace shows
Read = TypeVar("Read")


class SeenSession(requests.Session):
    """A session for one call, which keeps what was sent, from which lines, and the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # a company's proxy can't reach this machine
        self.parameters: dict[str, str] = {}
        self.frames: list[Frame] = []
        self.answer = b""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """As requests does it."""
        body = request.body or ""
        text = body.decode() if isinstance(body, bytes) else body
        query = urlsplit(request.url or "").query
        self.parameters = dict(parse_qsl(query) + parse_qsl(text))
        self.frames = [frame for frame in frames_here() if frame["file"] in PARTICIPANTS]
        response = super().send(request, **options)
        self.answer = response.content
        return response


class WorkshopClient(AlipayClient):
    """exchange_code and fetch_profile are the participant's; refreshing stays the library's."""

    def __init__(self, functions: Functions, **options: Any) -> None:
        """As AlipayClient. `functions` has all that member_info.py defines."""
        super().__init__(**options)
        self._functions = functions
        self._app = given.App(
            app_id=self.app_id,
            private_key=self._private_key,
            alipay_public_key=self.alipay_public_key,
            gateway_url=self.gateway_url,
            authorize_endpoint=self.authorize_endpoint or "",
            session=requests.Session(),
        )

    def exchange_code(self, auth_code: str) -> Token:
        """Redeem an auth_code with the participant's exchange_code."""
        return self._call_theirs(TOKEN, self._functions.exchange_code, auth_code, read_token)

    def fetch_profile(self, access_token: str) -> Profile:
        """Fetch the profile with the participant's fetch_profile."""
        return self._call_theirs(SHARE, self._functions.fetch_profile, access_token, read_profile)

    def _call_theirs(
        self,
        method: str,
        function: Callable[[given.App, str], dict[str, Any]],
        argument: str,
        read: Callable[[dict[str, Any]], Read],
    ) -> Read:
        """What `read` makes of what their function gives; any exception becomes an AlipayError."""
        session = SeenSession()
        error: AlipayError | None = None
        began = time.monotonic()
        try:
            return read(function(replace(self._app, session=session), argument))
        except Exception as raised:
            error = self._as_alipay_error(raised, method, session)
            error.call = Call(method, self.gateway_url, mask(session.parameters))
            raise error.with_traceback(raised.__traceback__) from raised
        finally:
            self._tell(method, session, error, time.monotonic() - began)

    def _tell(
        self, method: str, session: SeenSession, error: AlipayError | None, elapsed: float
    ) -> None:
        """Let the workbench see the call, if one was made, as their own functions see it."""
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
        with suppress(Exception):  # what their functions make of a broken answer
            data, signature = self._functions.signed_part(session.answer, method)
            exchange.signed_part = data if signature else b""
            key = self._app.alipay_public_key
            exchange.verified = self._functions.verify(data, signature, key)
        # The lines that raised an error are told with it, in the place of this one.
        with done_in(session.frames[-1:] if error else session.frames):
            self.observer(exchange)

    def _as_alipay_error(self, raised: Exception, method: str, session: SeenSession) -> AlipayError:
        """What the app understands, in the place of what their function raised."""
        if isinstance(raised, AlipayError):
            return raised
        if isinstance(raised, given.GatewayError):
            said = (raised.code, raised.msg, raised.sub_code, raised.sub_msg)
            words = [str(word or "") for word in said]
            return GatewayError(*words, verified=self._is_verified(method, session))
        if isinstance(raised, given.SignatureError):
            return self._refused(raised, method, session)
        return transport_error(raised)

    def _refused(
        self, raised: given.SignatureError, method: str, session: SeenSession
    ) -> AlipayError:
        """Why their function took the answer for unsigned, as exactly as the library can say it."""
        try:
            return SignatureError(str(raised), self._flaw(method, session) or "")
        except AlipayError as more_exactly:
            return more_exactly

    def _is_verified(self, method: str, session: SeenSession) -> bool:
        """Whether the library would take the answer for signed."""
        try:
            return self._flaw(method, session) is None
        except AlipayError:
            return False

    def _flaw(self, method: str, session: SeenSession) -> str | None:
        """What is wrong with the answer's signature, as the library names it; None if nothing."""
        answer = read_answer(session.answer, method, "utf-8")
        return signature_flaw(
            answer.signed_part, answer.sign, self.alipay_public_key, self.app_public_key
        )


def transport_error(raised: Exception) -> TransportError:
    """No answer, or a function that broke over it."""
    if isinstance(raised, requests.Timeout):
        return TransportError("the gateway did not answer in time", "timeout")
    if isinstance(raised, requests.RequestException):
        return TransportError(f"no answer ({type(raised).__name__})", "connection")
    message = f"member_info.py raised {type(raised).__name__}: {raised}"
    return TransportError(message, "unexpected")
