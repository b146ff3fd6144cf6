# SPDX-License-Identifier: MIT-0
"""The two methods of 获取会员信息 (get member info), and what their verified answers say.

    alipay.system.oauth.token   换取授权访问令牌: a Token
    alipay.user.info.share      支付宝会员授权信息查询: a Profile

Pages: https://opendocs.alipay.com/apis/api_9/alipay.system.oauth.token
       https://opendocs.alipay.com/apis/api_2/alipay.user.info.share
"""

from dataclasses import dataclass, field, fields
from typing import Any

from .answer import whole_text
from .errors import IdentityError, TransportError

TOKEN = "alipay.system.oauth.token"  # noqa: S105 (a method's name)
SHARE = "alipay.user.info.share"
MAX_LIFE = 10 * 365 * 86400  # seconds; what claims to live longer is taken to live this long


@dataclass(frozen=True)
class Token:
    """What alipay.system.oauth.token grants.

    Lives are in seconds; open_id or user_id is set, or both.
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
    """What alipay.user.info.share tells, of the fields that are kept.

    Absent is None, and normal.
    """

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


def read_token(node: dict[str, Any]) -> Token:
    """alipay.system.oauth.token: success is an access_token, and an id that says whose it is."""
    access_token = _text(node.get("access_token"))
    if not access_token or not access_token.isascii():
        raise TransportError("the answer is signed, but says neither success nor error", "unexpected")
    refresh_token = _text(node.get("refresh_token")) or ""
    token = Token(
        access_token=access_token,
        refresh_token=refresh_token.encode("ascii", "ignore").decode(),
        expires_in=_seconds(node.get("expires_in")),
        re_expires_in=_seconds(node.get("re_expires_in")),
        open_id=_text(node.get("open_id")),
        user_id=_text(node.get("user_id")),
        union_id=_text(node.get("union_id")),
    )
    _require_an_id(token)
    return token


def read_profile(node: dict[str, Any]) -> Profile:
    """alipay.user.info.share: of some sixty fields those that Profile names."""
    values = {f.name: _text(node.get(f.name)) for f in fields(Profile)}
    if values["gender"]:
        values["gender"] = values["gender"].upper()  # older answers have f and m
    profile = Profile(**values)
    _require_an_id(profile)
    return profile


def _require_an_id(person: Token | Profile) -> None:
    if not person.open_id and not person.user_id:
        raise IdentityError("the answer has neither open_id nor user_id", "no-id")


def _text(value: object) -> str | None:
    """A field's text; empty is None."""
    return whole_text(value) or None


def _seconds(value: object) -> int:
    """A life in seconds, which arrives as a number or as a string."""
    try:
        return min(max(int(str(value)), 0), MAX_LIFE)
    except ValueError:
        return 0
