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
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import rsa

from .answers import Refused

# each row: id, case (zh, en), profile as the gateway gives it (absent = not set), has_avatar, maybe user_id
MEMBERS = {row["id"]: row for row in json.loads(Path(__file__).with_name("members.json").read_text("utf-8"))}
SCOPES = {  # how tokens begin, and how long access and refresh token live, in seconds
    "auth_user": ("authusrB", 1296000, 2592000),
    "auth_base": ("authbseB", 31536000, 31536000),
}
CODE_LIFE = 24 * 3600  # seconds
MERCHANT = "demo-merchant"
CALLBACK = r"http://127\.0\.0\.1(:[0-9]{1,5})?/callback"


class App(NamedTuple):
    """An app as the console knows it."""

    key: rsa.RSAPrivateKey | None  # None: no public key was uploaded, so only an ISV can call for it
    callback: str | None  # pattern of its 授权回调地址; None: a mini-program, which has none
    zh: str
    en: str


class Grant(NamedTuple):
    """What a member granted to an app, and the tokens for it; `started` in UTC seconds, lives in seconds."""

    app_id: str
    member: str
    scopes: Sequence[str]
    access_token: str
    refresh_token: str
    started: float
    expires_in: int
    re_expires_in: int


def rsa_key() -> rsa.RSAPrivateKey:
    """A new 2048 bit key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Accounts:
    """The state of one emulator; `clock` gives UTC seconds. Keys and `merchant_token` outlive a reset."""

    def __init__(self, clock: Callable[[], float] = time.time):
        self.clock = clock
        self.alipay_key = rsa_key()
        self.apps = {
            "demo-mini": App(rsa_key(), None, "示例小程序", "Demo mini-program"),
            "demo-web": App(rsa_key(), CALLBACK, "示例网页应用", "Demo web app"),
            MERCHANT: App(None, CALLBACK, "示例商家", "Demo merchant"),
        }
        self.merchant_token = "202501BB" + secrets.token_hex(16)
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Everything as at start."""
        with self._lock:
            self.identity = "open_id"
            self.without_product: set[str] = set()  # app ids
            self.consents: set[tuple[str, str]] = set()  # member, app id
            self._codes: dict[str, tuple[str, str, Sequence[str], float]] = {}  # app id, member, scopes, end
            self._grants: dict[str, Grant] = {}  # by access token
            self._app_codes: set[str] = set()
            self._merchant_tokens = {self.merchant_token}

    def ids(self, app_id: str, member: str, union: bool = False) -> dict[str, str]:
        """The ids by which the app knows the member, as the identity switch says.

        `union` adds the union_id, which only apps of one group get: here demo-mini and demo-web.
        """
        number = int.from_bytes(_digest("user_id", member)[:8], "big") % 10**12
        user_id = MEMBERS.get(member, {}).get("user_id", f"2088{number:012}")
        ids = {"user_id": user_id, "open_id": _letters("open_id", app_id, member)}
        given = ids if self.identity == "both" else {self.identity: ids[self.identity]}
        in_group = union and app_id != MERCHANT and self.identity != "user_id"
        return given | ({"union_id": _letters("union_id", member)} if in_group else {})

    def authorize(self, app_id: str, member: str, scopes: Sequence[str]) -> str:
        """A new auth code. One for auth_user records the member's consent."""
        choice(app_id, self.apps, "app"), choice(member, MEMBERS, "member")
        if not scopes or not isinstance(scopes, list):
            raise ValueError("scopes is a list of auth_base, auth_user, or both")
        scopes, code = [choice(scope, SCOPES, "scope") for scope in scopes], secrets.token_hex(16)
        with self._lock:
            self.consents |= {(member, app_id)} if "auth_user" in scopes else set()
            self._codes[code] = (app_id, member, scopes, self.clock() + CODE_LIFE)
        return code

    def exchange(self, app_id: str, code: str) -> Grant:
        """Tokens for an auth code, which is then used up, even if it is refused."""
        with self._lock:
            owner, member, scopes, end = self._codes.pop(code, ("", "", (), 0.0))
            if owner != app_id or self.clock() >= end:
                raise Refused("isv.code-invalid")
            return self._grant(app_id, member, scopes)

    def refresh(self, app_id: str, refresh_token: str) -> Grant:
        """New tokens for a refresh token; the old ones end."""
        with self._lock:
            for old in self._grants.values():
                alive = self.clock() < old.started + old.re_expires_in
                if old.refresh_token == refresh_token and old.app_id == app_id and alive:
                    del self._grants[old.access_token]
                    return self._grant(app_id, old.member, old.scopes)
        raise Refused("isv.refresh-token-invalid")

    def _grant(self, app_id: str, member: str, scopes: Sequence[str]) -> Grant:
        start, *lives = SCOPES["auth_user" if "auth_user" in scopes else "auth_base"]
        tokens = (start + secrets.token_hex(16) for _ in range(2))
        grant = Grant(app_id, member, scopes, *tokens, self.clock(), *lives)
        self._grants[grant.access_token] = grant
        return grant

    def access(self, app_id: str, access_token: str) -> Grant:
        """The grant behind a live access token of this app."""
        grant = self._grants.get(access_token)
        if grant is None:
            raise Refused("aop.invalid-auth-token")
        if grant.app_id != app_id:
            raise Refused("isv.unmatched-app-id")
        if self.clock() >= grant.started + grant.expires_in:
            raise Refused("aop.auth-token-time-out")
        return grant

    def revoke(self, member: str) -> None:
        """What 解除授权 does on the phone, for every app: codes, tokens and consents end."""
        choice(member, MEMBERS, "member")
        with self._lock:
            self._codes = {code: row for code, row in self._codes.items() if row[1] != member}
            self._grants = {token: grant for token, grant in self._grants.items() if grant.member != member}
            self.consents = {consent for consent in self.consents if consent[0] != member}

    def identify_by(self, mode: str) -> None:
        """Switch the ids that apps get: open_id (new apps), user_id (old ones) or both (the transition)."""
        self.identity = choice(mode, ("open_id", "user_id", "both"), "mode")

    def bind_product(self, app_id: str, bound: bool) -> None:
        """Bind the product 获取会员信息 to the app, or take it away."""
        if not isinstance(bound, bool):
            raise ValueError("bound is true or false")
        change = set.discard if bound else set.add
        change(self.without_product, choice(app_id, self.apps, "app"))

    def app_auth_code(self) -> str:
        """What the ISV receives when the demo merchant authorises it."""
        self._app_codes.add(code := secrets.token_hex(16))
        return code

    def exchange_app_code(self, code: str) -> str:
        """An app_auth_token of the demo merchant for an app_auth_code, which works once."""
        with self._lock:
            if code not in self._app_codes:
                raise Refused("isv.code-invalid")
            self._app_codes.remove(code)
            self._merchant_tokens.add(token := "202501BB" + secrets.token_hex(16))
            return token

    def merchant(self, app_auth_token: str) -> str:
        """The app id for which an ISV's call with this token is made."""
        if app_auth_token not in self._merchant_tokens:
            raise Refused("aop.invalid-app-auth-token")
        return MERCHANT


def choice(value: object, names: Collection[str], kind: str) -> str:
    """The value if it is one of the names; ValueError with a sentence if not."""
    if value not in list(names):
        raise ValueError(f"there is no such {kind}; there are {', '.join(names)}")
    return str(value)


def _digest(*parts: str) -> bytes:
    return hashlib.sha512(":".join(("alipay-emulator", *parts)).encode()).digest()


def _letters(*parts: str) -> str:
    return base64.urlsafe_b64encode(_digest(*parts)).decode()[:47]  # as long as the open_ids seen in the wild
