"""The emulated Alipay's memory: apps, test members, auth codes, tokens, consents, switches.

All of it ends with the process, but a member's ids are derived and so survive a restart. Raises
`Refused` where the gateway refuses a call, ValueError where a control route gets an invalid value.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from .keypairs import Authority, ConsoleFiles, rsa_key

DATA = json.loads(Path(__file__).with_name("accounts.json").read_text("utf-8"))
# By app id: its names; `callback` if it has a 授权回调地址 (a mini-program has none).
APPS: dict[str, Any] = DATA["apps"]
# How tokens begin, and the lifetimes of access and refresh token in seconds.
SCOPES: dict[str, Any] = DATA["scopes"]
# By member: case, user_id, has_avatar, and the profile as the gateway returns it.
MEMBERS: dict[str, Any] = {row["id"]: row for row in DATA["members"]}
CODE_LIFETIME = 24 * 3600  # seconds
OPEN_ID_LENGTH = 47  # as seen in the wild
MERCHANT = "demo-merchant"
BEIJING = timezone(timedelta(hours=8))


class Refused(Exception):
    """The gateway refuses a call with this sub_code. `reason` is for the log: without secrets."""

    def __init__(self, sub_code: str, reason: str) -> None:
        super().__init__(f"{sub_code}: {reason}")
        self.sub_code = sub_code
        self.reason = reason


@dataclass(frozen=True)
class Grant:
    """What a member granted to an app at `started` (UTC seconds).

    `tokens` is what alipay.system.oauth.token returns for it: empty while it is an auth code.
    """

    app_id: str
    member: str
    scopes: list[str]
    started: float
    tokens: dict[str, Any]


class Accounts:
    """The state of one emulator. `clock` gives UTC seconds. Safe to share between threads."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.alipay_key = rsa_key()
        # The merchant's app has no key: an ISV calls for it.
        self.app_keys = {"demo-mini": rsa_key(), "demo-web": rsa_key()}
        self.merchant_token = "202501BB" + secrets.token_hex(16)
        self.message_url: str | None = None  # 应用网关, one for all apps
        self.message_charset = "utf-8"
        self.certified: dict[str, ConsoleFiles] = {}  # by app id: apps in 公钥证书 mode
        self._authority: Authority | None = None  # created on first use
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Back to the start, except for keys, certificates, `merchant_token` and `message_url`."""
        with self._lock:
            self.identity = "open_id"
            self.without_product: set[str] = set()  # app ids
            self.consents: dict[str, list[str]] = {member: [] for member in MEMBERS}  # app ids
            self._codes: dict[str, Grant] = {}  # by auth code
            self._grants: dict[str, Grant] = {}  # by access token
            self._ended: set[str] = set()  # access tokens that end_access_tokens() ended early
            self._app_codes: set[str] = set()

    def ids(self, app_id: str, member: str, with_union_id: bool = False) -> dict[str, str]:
        """The ids that the app gets for the member, according to the identity switch."""
        ids: dict[str, str] = {}
        if self.identity in ("user_id", "both"):
            ids["user_id"] = MEMBERS[member]["user_id"]
        if self.identity in ("open_id", "both"):
            ids["open_id"] = _derived("open_id", app_id, member)
            # demo-mini and demo-web are in one group of apps; the merchant's is in none.
            if with_union_id and app_id != MERCHANT:
                ids["union_id"] = _derived("union_id", member)
        return ids

    def authorize(self, app_id: object, member: object, scopes: object) -> str:
        """A new auth code. The scope auth_user records the member's consent."""
        app_id = choice(app_id, APPS, "app")
        member = choice(member, MEMBERS, "member")
        if not isinstance(scopes, list) or not scopes:
            raise ValueError("scopes must be a list of auth_base, auth_user, or both")
        scopes = [choice(scope, SCOPES, "scope") for scope in scopes]
        code = secrets.token_hex(16)
        with self._lock:
            if "auth_user" in scopes:
                self.consents[member] = sorted({app_id, *self.consents[member]})
            self._codes[code] = Grant(app_id, member, scopes, self.clock(), {})
        return code

    def exchange(self, app_id: str, code: str) -> Grant:
        """Tokens for an auth code. The code is used up even if the call is refused."""
        with self._lock:
            grant = self._codes.pop(code, None)
            if grant is None:
                raise Refused("isv.code-invalid", "the code is unknown, used or revoked")
            if grant.app_id != app_id:
                raise Refused("isv.code-invalid", f"the code was given to {grant.app_id}")
            if self.clock() >= grant.started + CODE_LIFETIME:
                raise Refused("isv.code-invalid", "the code has expired")
            return self._with_tokens(grant)

    def refresh(self, app_id: str, refresh_token: str) -> Grant:
        """New tokens for a refresh token; the old ones end."""
        with self._lock:
            access_token = self._access_token_beside(refresh_token)
            if access_token is None:
                reason = "the refresh_token is unknown, used or revoked"
                raise Refused("isv.refresh-token-invalid", reason)
            grant = self._grants[access_token]
            if grant.app_id != app_id:
                reason = f"the refresh_token was given to {grant.app_id}"
                raise Refused("isv.refresh-token-invalid", reason)
            if self.clock() >= grant.started + grant.tokens["re_expires_in"]:
                raise Refused("isv.refresh-token-invalid", "the refresh_token has expired")
            del self._grants[access_token]
            return self._with_tokens(grant)

    def _access_token_beside(self, refresh_token: str) -> str | None:
        for access_token, grant in self._grants.items():
            if grant.tokens["refresh_token"] == refresh_token:
                return access_token
        return None

    def _with_tokens(self, grant: Grant) -> Grant:
        """Issue new tokens for the grant and keep them."""
        scope = SCOPES["auth_user" if "auth_user" in grant.scopes else "auth_base"]
        now = self.clock()
        tokens = {
            "access_token": scope["tokens_begin"] + secrets.token_hex(16),
            "auth_start": datetime.fromtimestamp(now, BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
            "expires_in": scope["expires_in"],
            "re_expires_in": scope["re_expires_in"],
            "refresh_token": scope["tokens_begin"] + secrets.token_hex(16),
        }
        granted = Grant(grant.app_id, grant.member, grant.scopes, now, tokens)
        self._grants[tokens["access_token"]] = granted
        return granted

    def access(self, app_id: str, access_token: str) -> Grant:
        """The grant behind a live access token of this app."""
        grant = self._grants.get(access_token)
        if grant is None:
            raise Refused("aop.invalid-auth-token", "auth_token is unknown, refreshed or revoked")
        if grant.app_id != app_id:
            raise Refused("isv.unmatched-app-id", f"auth_token was given to {grant.app_id}")
        ends = grant.started + grant.tokens["expires_in"]
        if access_token in self._ended or self.clock() >= ends:
            raise Refused("aop.auth-token-time-out", "auth_token has expired")
        return grant

    def revoke(self, member: object) -> list[str]:
        """解除授权 for every app: the member's codes, tokens and consents end.

        Returns the ids of the apps that had the consent.
        """
        member = choice(member, MEMBERS, "member")
        with self._lock:
            self._codes = _without(member, self._codes)
            self._grants = _without(member, self._grants)
            app_ids = self.consents[member]
            self.consents[member] = []
        return app_ids

    def end_access_tokens(self, member: object) -> None:
        """End the member's access tokens, as after 15 days. They can still be refreshed."""
        member = choice(member, MEMBERS, "member")
        with self._lock:
            self._ended |= {
                token for token, grant in self._grants.items() if grant.member == member
            }

    def identify_by(self, mode: object) -> None:
        """Choose the ids that apps get: open_id (new apps), user_id (old), both (transition)."""
        self.identity = choice(mode, ("open_id", "user_id", "both"), "mode")

    def bind_product(self, app_id: object, bound: object) -> None:
        """Bind the product 获取会员信息 to the app, or unbind it."""
        if not isinstance(bound, bool):
            raise ValueError("bound must be true or false")
        app_id = choice(app_id, APPS, "app")
        if bound:
            self.without_product.discard(app_id)
        else:
            self.without_product.add(app_id)

    def certify(self, app_id: object, certified: object) -> None:
        """Switch the app to 公钥证书 mode, or back to 公钥 mode (接口加签方式 in the console)."""
        if not isinstance(certified, bool):
            raise ValueError("certificates must be true or false")
        app_id = choice(app_id, self.app_keys, "app with a key")
        with self._lock:
            if not certified:
                self.certified.pop(app_id, None)
            elif app_id not in self.certified:
                self._authority = self._authority or Authority(self.alipay_key)
                self.certified[app_id] = self._authority.files(app_id, self.app_keys[app_id])

    def app_auth_code(self) -> str:
        """The app_auth_code that the ISV receives when the demo merchant authorises it."""
        code = secrets.token_hex(16)
        self._app_codes.add(code)
        return code

    def exchange_app_code(self, code: str) -> dict[str, Any]:
        """The demo merchant's app_auth_token for an app_auth_code, which works once."""
        with self._lock:
            if code not in self._app_codes:
                raise Refused("isv.code-invalid", "the app_auth_code is unknown or used")
            self._app_codes.remove(code)
        return {"app_auth_token": self.merchant_token, **DATA["app_auth"]}


def known_ids(app_id: str, member: str) -> dict[str, str]:
    """Both ids of the member in this app, whatever the identity switch says."""
    return {
        "open_id": _derived("open_id", app_id, member),
        "user_id": MEMBERS[member]["user_id"],
    }


def profile(member: str, origin: str) -> dict[str, str]:
    """A member's profile as the gateway returns it. `origin` is the emulator's, for the avatar."""
    row = MEMBERS[member]
    shown: dict[str, str] = {}
    if row["has_avatar"]:
        shown["avatar"] = f"{origin.rstrip('/')}/emulator/avatar/{member}.svg"
    shown.update(row["profile"])
    return shown


def choice(value: object, names: Collection[str], kind: str) -> str:
    """Return the value if it is one of the names, else raise a ValueError that lists them."""
    for name in names:
        if value == name:
            return name
    raise ValueError(f"unknown {kind}; choose one of: {', '.join(names)}")


def _without(member: str, grants: dict[str, Grant]) -> dict[str, Grant]:
    return {name: grant for name, grant in grants.items() if grant.member != member}


def _derived(*parts: str) -> str:
    """An id that looks like Alipay's and is the same in every run."""
    digest = hashlib.sha512(":".join(("alipay-emulator", *parts)).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:OPEN_ID_LENGTH]
