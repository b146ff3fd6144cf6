"""The testbed of the checks: an emulated Alipay, fresh keys, made-up answers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from flask import Flask, request
from flask.signals import request_started

import emulator
from emulator.reply import Reply

from .provided import App

APP_ID = "demo-mini"


@dataclass(frozen=True)
class Call:
    """One request that reached the gateway."""

    query: dict[str, str]
    body: dict[str, str]
    content_type: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """Query and body together, as the gateway sees them."""
        return self.query | self.body


class RecordingSession(requests.Session):
    """Records the timeout of each request."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False  # a company's proxy can't reach this machine
        self.timeouts: list[Any] = []

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        self.timeouts.append(options.get("timeout"))
        return super().send(request, **options)


class CannedSession(requests.Session):
    """Returns the same body for every request, and sends nothing."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._body = body

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = 200
        response.url = request.url or ""
        response.raw = BytesIO(self._body)
        return response


class Testbed:
    """An app at an emulated Alipay, and the calls that reached its gateway, oldest first."""

    __test__ = False  # pytest: not a test class

    def __init__(self, alipay: emulator.Emulator) -> None:
        self.alipay = alipay
        self.alipay_key: RSAPrivateKey = alipay.accounts.alipay_key
        self.session = RecordingSession()
        self.calls: list[Call] = []
        self.elsewhere: list[str] = []  # URLs of requests that missed the gateway
        self.loses_product_on_refresh = False  # so that the call after a refresh fails
        self.app = App(
            app_id=APP_ID,
            private_key=alipay.accounts.app_keys[APP_ID],
            alipay_public_key=self.alipay_key.public_key(),
            gateway_url=f"{alipay.url}/gateway.do",
            authorize_endpoint=f"{alipay.url}/oauth2/publicAppAuthorize.htm",
            session=self.session,
        )
        request_started.connect(self._record, sender=alipay.app)

    @cached_property
    def stranger(self) -> RSAPrivateKey:
        """A key that belongs neither to the app nor to Alipay."""
        return generate_private_key(public_exponent=65537, key_size=2048)

    def reset(self) -> None:
        """Everything as at the start, except the keys."""
        self.alipay.accounts.reset()
        self.alipay.faults.set(None)
        self.calls.clear()
        self.elsewhere.clear()
        self.loses_product_on_refresh = False
        self.session.timeouts.clear()

    def auth_code(self, member: str = "complete", scope: str = "auth_user") -> str:
        """What my.getAuthCode returns on this member's phone."""
        return self.alipay.accounts.authorize(APP_ID, member, [scope])

    def tokens(self, member: str = "complete", scope: str = "auth_user") -> dict[str, Any]:
        """What alipay.system.oauth.token answers for such a code."""
        return self.alipay.accounts.exchange(APP_ID, self.auth_code(member, scope)).tokens

    def ids(self, member: str = "complete") -> dict[str, str]:
        """The ids by which the app knows a member."""
        return self.alipay.accounts.ids(APP_ID, member)

    def reply(
        self,
        node: Mapping[str, Any],
        name: str = "alipay_user_info_share_response",
        *,
        signed: bool = True,
        charset: str = "utf-8",
    ) -> Reply:
        """A reply as Alipay writes it; change its attributes before to_bytes()."""
        return Reply(name, dict(node), self.alipay_key if signed else None, charset)

    def _record(self, sender: Flask, **_: Any) -> None:
        if request.path != "/gateway.do":
            self.elsewhere.append(request.url)
            return
        query = request.query_string.decode("ascii", "replace")
        body = request.get_data().decode("ascii", "replace")
        call = Call(dict(parse_qsl(query)), dict(parse_qsl(body)), request.content_type or "")
        self.calls.append(call)
        if self.loses_product_on_refresh and "refresh_token" in call.parameters:
            self.alipay.accounts.bind_product(APP_ID, False)


@contextmanager
def open_testbed() -> Iterator[Testbed]:
    with emulator.run() as alipay:
        yield Testbed(alipay)
