"""The emulated Alipay's memory: apps, test members, one-time auth codes, tokens, consents and switches.

All of it ends with the process, except what is derived: a member's ids are the same after a restart. What the
gateway refuses is raised as `Refused`, what the control routes may not ask for as ValueError with a sentence.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa

DATA = json.loads(Path(__file__).with_name("accounts.json").read_text("utf-8"))
APPS = DATA["apps"]  # names; whether the console has a 授权回调地址 for it: a mini-program has none
SCOPES = DATA["scopes"]  # how tokens begin, and how many seconds access and refresh token live
MEMBERS = {
    row["id"]: row for row in DATA["members"]
}  # ids, case, has_avatar, profile as the gateway gives it
CODE_LIFE = 24 * 3600  # seconds
MERCHANT = "demo-merchant"
BEIJING = timezone(timedelta(hours=8))


class Refused(Exception):
    """The gateway refuses a call; the argument is its sub_code."""


class Grant(NamedTuple):
    """What a member granted to an app at `started` (UTC seconds), and the tokens for it as the gateway gives them."""

    app_id: str
    member: str
    scopes: list[str]
    started: float
    tokens: dict[str, Any]  # none while it is an auth code


def rsa_key() -> rsa.RSAPrivateKey:
    """A new 2048 bit key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Accounts:
    """The state of one emulator; `clock` gives UTC seconds. Who serves several threads holds `lock` for each call."""

    def __init__(self, clock: Callable[[], float] = time.time):
        self.clock, self.lock = clock, threading.Lock()
        self.alipay_key = rsa_key()
        self.app_keys = {
            "demo-mini": rsa_key(),
            "demo-web": rsa_key(),
        }  # the merchant has none: it needs an ISV
        self.merchant_token = "202501BB" + secrets.token_hex(16)
        self.reset()

    def reset(self) -> None:
        """Everything as at start, but for the keys and `merchant_token`."""
        self.identity = "open_id"
        self.without_product: set[str] = set()  # app ids
        self.consents: dict[str, list[str]] = {member: [] for member in MEMBERS}  # app ids
        self._codes: dict[str, Grant] = {}  # by auth code
        self._grants: dict[str, Grant] = {}  # by access token
        self._app_codes: set[str] = set()

    def ids(self, app_id: str, member: str, union: bool = False) -> dict[str, str]:
        """The ids by which the app knows the member, as the identity switch says; with `union` also the union_id."""
        ids = {
            "user_id": MEMBERS[member]["user_id"],
            "open_id": _letters("open_id", app_id, member),
        }
        given = ids if self.identity == "both" else {self.identity: ids[self.identity]}
        in_group = (
            union and app_id != MERCHANT and self.identity != "user_id"
        )  # the group: demo-mini and demo-web
        return given | ({"union_id": _letters("union_id", member)} if in_group else {})

    def authorize(self, app_id: str, member: str, scopes: list[str]) -> str:
        """A new auth code. One for auth_user records the member's consent."""
        choice(app_id, APPS, "app")
        choice(member, MEMBERS, "member")
        if not scopes or not isinstance(scopes, list):
            raise ValueError("scopes is a list of auth_base, auth_user, or both")
        if "auth_user" in [choice(scope, SCOPES, "scope") for scope in scopes]:
            self.consents[member] = sorted({app_id, *self.consents[member]})
        code = secrets.token_hex(16)
        self._codes[code] = Grant(app_id, member, scopes, self.clock(), {})
        return code

    def exchange(self, app_id: str, code: str) -> Grant:
        """Tokens for an auth code, which is then used up, even if it is refused."""
        grant = self._codes.pop(code, None)
        if grant is None or grant.app_id != app_id or self.clock() >= grant.started + CODE_LIFE:
            raise Refused("isv.code-invalid")
        return self._with_tokens(grant)

    def refresh(self, app_id: str, refresh_token: str) -> Grant:
        """New tokens for a refresh token; the old ones end."""
        for access_token, old in self._grants.items():
            alive = self.clock() < old.started + old.tokens["re_expires_in"]
            if old.tokens["refresh_token"] == refresh_token and old.app_id == app_id and alive:
                return self._with_tokens(self._grants.pop(access_token))
        raise Refused("isv.refresh-token-invalid")

    def _with_tokens(self, grant: Grant) -> Grant:
        scope, started = (
            SCOPES["auth_user" if "auth_user" in grant.scopes else "auth_base"],
            self.clock(),
        )
        tokens = {
            "access_token": scope["tokens_begin"] + secrets.token_hex(16),
            "auth_start": datetime.fromtimestamp(started, BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
            **scope["lives"],
            "refresh_token": scope["tokens_begin"] + secrets.token_hex(16),
        }
        self._grants[tokens["access_token"]] = grant = grant._replace(
            started=started, tokens=tokens
        )
        return grant

    def access(self, app_id: str, access_token: str) -> Grant:
        """The grant behind a live access token of this app."""
        grant = self._grants.get(access_token)
        if grant is None:
            raise Refused("aop.invalid-auth-token")
        if grant.app_id != app_id:
            raise Refused("isv.unmatched-app-id")
        if self.clock() >= grant.started + grant.tokens["expires_in"]:
            raise Refused("aop.auth-token-time-out")
        return grant

    def revoke(self, member: str) -> None:
        """What 解除授权 does on the phone, for every app: codes, tokens and consents end."""
        choice(member, MEMBERS, "member")
        for grants in (self._codes, self._grants):
            for name in [name for name, grant in grants.items() if grant.member == member]:
                del grants[name]
        self.consents[member] = []

    def identify_by(self, mode: str) -> None:
        """Switch the ids that apps get: open_id (new apps), user_id (old ones) or both (the transition)."""
        self.identity = choice(mode, ("open_id", "user_id", "both"), "mode")

    def bind_product(self, app_id: str, bound: bool) -> None:
        """Bind the product 获取会员信息 to the app, or take it away."""
        if not isinstance(bound, bool):
            raise ValueError("bound is true or false")
        change = set.discard if bound else set.add
        change(self.without_product, choice(app_id, APPS, "app"))

    def app_auth_code(self) -> str:
        """What the ISV receives when the demo merchant authorises it."""
        self._app_codes.add(code := secrets.token_hex(16))
        return code

    def exchange_app_code(self, code: str) -> dict[str, Any]:
        """The demo merchant's app_auth_token, as the gateway gives it, for an app_auth_code, which works once."""
        if code not in self._app_codes:
            raise Refused("isv.code-invalid")
        self._app_codes.remove(code)
        return {"app_auth_token": self.merchant_token, **DATA["app_auth"]}


def choice(value: object, names: Collection[str], kind: str) -> str:
    """The value if it is one of the names; ValueError with a sentence if not."""
    if value not in list(names):
        raise ValueError(f"there is no such {kind}; there are {', '.join(names)}")
    return str(value)


def _letters(*parts: str) -> str:
    digest = hashlib.sha512(":".join(("alipay-emulator", *parts)).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[
        :47
    ]  # as long as the open_ids seen in the wild
