"""A client of the gateway made of requests and cryptography, for the emulator's tests."""

import base64
import functools
import json
import re
from collections.abc import Mapping
from typing import Any

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

TOKEN, SHARE = "alipay.system.oauth.token", "alipay.user.info.share"


@functools.cache
def private_key(text: str) -> Any:
    """Parsed once: it takes longer than a call."""
    return serialization.load_der_private_key(base64.b64decode(text), None)


class PlainClient:
    """Calls an emulator as one of its apps; `answer` is the last response."""

    def __init__(self, emulator: Any, prefix: str = "ALIPAY_"):
        settings = emulator.isv_settings()
        self.emulator, self.url, self.gateway = (
            emulator,
            emulator.url,
            settings["ALIPAY_GATEWAY_URL"],
        )
        self.app_id = settings[prefix + "APP_ID"]
        self.merchant_token = settings["ALIPAY_APP_AUTH_TOKEN"]
        self.key: Any = private_key(settings[prefix + "APP_PRIVATE_KEY"])
        self.alipay_key: Any = serialization.load_der_public_key(
            base64.b64decode(settings[prefix + "PUBLIC_KEY"])
        )

    def signed(
        self, method: str, sign: str | None = None, encoding: str = "utf-8", **more: str
    ) -> dict[str, str]:
        """A call's parameters; one given as "" is left out, `sign` replaces the true signature."""
        common = {
            "app_id": self.app_id,
            "method": method,
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": "2025-10-15 13:19:21",
            "version": "1.0",
        }
        parameters = {name: value for name, value in {**common, **more}.items() if value}
        text = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))
        signature = self.key.sign(text.encode(encoding), padding.PKCS1v15(), hashes.SHA256())
        sign = base64.b64encode(signature).decode() if sign is None else sign
        return {**parameters, **({"sign": sign} if sign else {})}

    def call(self, method: str, **more: str) -> dict[str, Any]:
        """POST it with everything in the query; returns the node, unverified."""
        self.answer = requests.post(self.gateway, params=self.signed(method, **more), timeout=5)
        return self.node()

    def node(self) -> dict[str, Any]:
        """The node of the last answer."""
        return next(
            iter(json.loads(self.answer.content.decode(self.answer.encoding or "utf-8")).values())
        )

    @property
    def node_name(self) -> str:
        """The name of the last answer's node."""
        return next(iter(self.answer.json()))

    @property
    def is_signed(self) -> bool:
        """Whether the last answer is signed; if so, Alipay must have signed the node's bytes."""
        body = self.answer.content
        match = re.fullmatch(rb'\s*\{"\w+":(\{.*\})(?:,"sign":"([^"]+)")?\}\s*', body, re.DOTALL)
        assert match, f"neither a node nor a node and its sign: {body[:500]!r}"
        if match[2] is None:
            return False
        self.alipay_key.verify(
            base64.b64decode(match[2]), match[1], padding.PKCS1v15(), hashes.SHA256()
        )
        return True

    def switch(self, verb: str, route: str, /, **body: Any) -> Any:
        """Use one of the emulator's control routes."""
        response = requests.request(verb, f"{self.url}/emulator/{route}", json=body, timeout=5)
        assert response.status_code == 200, response.text
        return response.json()

    def auth_code(
        self, member: str = "complete", scopes: tuple[str, ...] = ("auth_user",), **more: str
    ) -> str:
        """A new auth code of the app."""
        body: Mapping[str, Any] = {
            "app_id": self.app_id,
            "member": member,
            "scopes": list(scopes),
            **more,
        }
        return self.switch("POST", "auth-code", **body)["auth_code"]

    def token(
        self, member: str = "complete", scopes: tuple[str, ...] = ("auth_user",), **more: str
    ) -> dict[str, Any]:
        """Tokens for a new auth code of the member."""
        return self.call(
            TOKEN, grant_type="authorization_code", code=self.auth_code(member, scopes), **more
        )

    def share(self, access_token: str, **more: str) -> dict[str, Any]:
        """The profile behind an access token."""
        return self.call(SHARE, auth_token=access_token, **more)
