# SPDX-License-Identifier: MIT-0
"""What MemberStore hands out: a member, a session, what a withdrawn consent changed."""

from dataclasses import dataclass, field, fields
from typing import Any

from .models import Profile

IDS = ("open_id", "user_id")
PROFILE = tuple(f.name for f in fields(Profile) if f.name not in IDS)


@dataclass(frozen=True)
class Member(Profile):
    """One row: a profile and whose it is.

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


MEMBER_COLUMNS = tuple(f.name for f in fields(Member))
SESSION_COLUMNS = tuple(f.name for f in fields(Session) if f.name != "member")
