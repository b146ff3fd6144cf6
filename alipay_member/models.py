# SPDX-License-Identifier: MIT-0
"""What the two methods of 获取会员信息 (get member info) answer, and what the store keeps of it.

    alipay.system.oauth.token   换取授权访问令牌: a Token
    alipay.user.info.share      支付宝会员授权信息查询: a Profile

Pages: https://opendocs.alipay.com/apis/api_9/alipay.system.oauth.token
       https://opendocs.alipay.com/apis/api_2/alipay.user.info.share
"""

import re
from dataclasses import dataclass, field, fields
from typing import Any

from .answer import whole_text
from .errors import IdentityError, TransportError

TOKEN = "alipay.system.oauth.token"  # noqa: S105 (a method's name)
SHARE = "alipay.user.info.share"
MAX_LIFE = 10 * 365 * 86400  # seconds; a longer lifetime is cut to this
_WORD = re.compile(r"[!-~]{1,512}")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,40}")


@dataclass(frozen=True)
class Token:
    """What alipay.system.oauth.token grants.

    Lifetimes are in seconds; open_id or user_id is set, or both.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    re_expires_in: int
    open_id: str | None
    user_id: str | None
    union_id: str | None = None


@dataclass(frozen=True)
class Profile:
    """The fields of alipay.user.info.share that are kept; any may be absent (None)."""

    open_id: str | None = None
    user_id: str | None = None
    nick_name: str | None = None
    avatar: str | None = None
    gender: str | None = None  # F, M
    province: str | None = None
    city: str | None = None
    user_type: str | None = None  # 1 company, 2 person
    user_status: str | None = None  # Q, T, B, W
    is_certified: str | None = None  # T, F
    is_student_certified: str | None = None  # T, F


@dataclass(frozen=True)
class Member(Profile):
    """One row of `members`: a profile and the person whose it is.

    Times are UTC seconds; profile_at is None until one is fetched.
    """

    id: str = ""
    app_id: str = ""
    union_id: str | None = None
    first_seen: int = 0
    profile_at: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON, without its internal key."""
        return {name: getattr(self, name) for name in MEMBER_COLUMNS if name != "id"}


@dataclass(frozen=True)
class Session:
    """One login: the member, Alipay's tokens, when it began and each of them ends, UTC seconds."""

    token_hash: str = field(repr=False)
    member: Member
    started_at: float  # to the millisecond: it is compared with the moment of a withdrawn consent
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: int
    refresh_expires_at: int
    expires_at: int


@dataclass(frozen=True)
class Withdrawn:
    """What withdraw_consent did: how many sessions ended, and whether the profile went."""

    sessions: int
    profile: bool


IDS = ("open_id", "user_id")
PROFILE = tuple(f.name for f in fields(Profile) if f.name not in IDS)
MEMBER_COLUMNS = tuple(f.name for f in fields(Member))
SESSION_COLUMNS = tuple(f.name for f in fields(Session) if f.name != "member")


# ── reading them from a verified node ──


def read_token(node: dict[str, Any]) -> Token:
    """What a verified answer of alipay.system.oauth.token grants.

    Raises TransportError (unexpected) if access_token or a lifetime is missing or invalid,
    IdentityError (no-id) without an id.
    """
    access_token = _word(node, "access_token")
    if access_token is None:
        raise _unexpected("says neither success nor error")
    open_id, user_id = read_ids(node)
    refresh_token = _word(node, "refresh_token")
    return Token(
        access_token=access_token,
        refresh_token=refresh_token or "",
        expires_in=_seconds(node, "expires_in"),
        re_expires_in=_seconds(node, "re_expires_in") if refresh_token else 0,
        open_id=open_id,
        user_id=user_id,
        union_id=_word(node, "union_id"),
    )


def read_profile(node: dict[str, Any]) -> Profile:
    """The fields of a verified answer of alipay.user.info.share that are kept.

    Raises TransportError (unexpected) for an invalid id, IdentityError (no-id) without one.
    """
    values = {f.name: _text(node.get(f.name)) for f in fields(Profile)}
    values["open_id"], values["user_id"] = read_ids(node)
    if values["gender"]:
        values["gender"] = values["gender"].upper()  # older answers have f and m
    return Profile(**values)


def read_ids(node: dict[str, Any]) -> tuple[str | None, str | None]:
    """open_id and user_id; IdentityError if neither is there."""
    open_id = _word(node, "open_id")
    user_id = _word(node, "user_id")
    if not open_id and not user_id:
        raise IdentityError("the answer has neither open_id nor user_id", "no-id")
    return open_id, user_id


def _text(value: object) -> str | None:
    """A field's text; None if it is empty or not text."""
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    return whole_text(value) or None if is_text else None


def _word(node: dict[str, Any], name: str) -> str | None:
    """An id or a token, exactly as it came; None if it is absent or empty.

    Anything but visible ASCII is refused: two ids must not become one on their way to the database.
    """
    value = node.get(name)
    if value is None or value == "":
        return None
    word = str(value)
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    if not is_text or not _WORD.fullmatch(word):
        raise _unexpected(f"has no usable {name}")
    return word


def _seconds(node: dict[str, Any], name: str) -> int:
    """A lifetime in whole seconds, which arrives as a number or as a string."""
    value = str(node.get(name))
    if not _WHOLE_NUMBER.fullmatch(value):
        raise _unexpected(f"has no usable {name}")
    return min(int(value), MAX_LIFE)


def _unexpected(what: str) -> TransportError:
    return TransportError(f"the answer is signed, but {what}", "unexpected")
