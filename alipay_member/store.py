"""MemberStore: who came in (members) and who is logged in (sessions), in SQLite.

`members` has one row for each person in one app, found by (app_id, open_id) or (app_id, user_id); while Alipay moves an
app from user_id to open_id both arrive, and the row known by one gains the other. Only the profile's fields that
Profile names are kept. `sessions` holds the SHA-256 of each session's token, never the token, and the member's
access_token and refresh_token as they are: without the app's private key, which signs every call, they open nothing.
Who wants more encrypts these two columns with a key that the database does not have.
"""

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from .client import Profile, Token
from .errors import IdentityError, SessionEnded

SESSION_LIFE = 30 * 86400  # seconds
IDS = ("open_id", "user_id")
PROFILE = tuple(f.name for f in fields(Profile) if f.name not in IDS)
_NEWER_FIRST = "ORDER BY COALESCE(profile_at, 0) DESC, first_seen"
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS members (
    id TEXT PRIMARY KEY, app_id TEXT NOT NULL, open_id TEXT, user_id TEXT, union_id TEXT,
    {", ".join(f"{name} TEXT" for name in PROFILE)},
    first_seen BIGINT NOT NULL, profile_at BIGINT,
    UNIQUE (app_id, open_id), UNIQUE (app_id, user_id), CHECK (open_id IS NOT NULL OR user_id IS NOT NULL));
CREATE TABLE IF NOT EXISTS sessions (
    token_hash TEXT PRIMARY KEY, member_id TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    access_token TEXT NOT NULL, refresh_token TEXT NOT NULL,
    access_ends BIGINT NOT NULL, refresh_ends BIGINT NOT NULL, ends BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS sessions_member ON sessions (member_id);
"""


@dataclass(frozen=True)
class Member(Profile):
    """One row: a profile and whose it is. Times are UTC seconds; profile_at is None until a profile was fetched."""

    id: str = ""
    app_id: str = ""
    union_id: str | None = None
    first_seen: int = 0
    profile_at: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON, without its internal key."""
        return {name: value for name, value in asdict(self).items() if name != "id"}


@dataclass(frozen=True)
class Session:
    """One login: the member and Alipay's tokens; ends are UTC seconds."""

    token_hash: str = field(repr=False)
    member: Member
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_ends: int
    refresh_ends: int
    ends: int


class MemberStore:
    """Members and sessions behind one database address, `sqlite:///path`. Safe to share between threads."""

    def __init__(self, database_url: str, clock: Callable[[], float] = time.time) -> None:
        self._path = database_url.removeprefix("sqlite:///")
        self._clock = clock
        with self._connection() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_SCHEMA)

    def sign_in(
        self, app_id: str, token: Token, replaces: str | None = None
    ) -> tuple[str, Session]:
        """Write the member that `token` names and open a session: (the session's secret token, Session).

        `replaces` is the session token that was in use before: it ends. Raises IdentityError if the ids belong to
        two people who are known to differ.
        """
        now = int(self._clock())
        session_token = secrets.token_urlsafe(32)
        with self._write() as db:
            member_id = self._one_row(db, app_id, token.open_id, token.user_id, now)
            db.execute(
                "UPDATE members SET union_id = COALESCE(?, union_id) WHERE id = ?",
                (token.union_id, member_id),
            )
            db.execute(
                "DELETE FROM sessions WHERE ends <= ? OR token_hash = ?",
                (now, _hash(replaces or "")),
            )
            db.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)",
                (_hash(session_token), member_id, *_tokens(token, now)),
            )
            return session_token, self._session(db, _hash(session_token))

    def session(self, session_token: str) -> Session:
        """The session that this token opens. Raises SessionEnded if it has ended or never was."""
        with self._connection() as db:
            return self._session(db, _hash(session_token))

    def reload(self, session: Session) -> Session:
        """The session as it is now: another request may have renewed it. Raises SessionEnded."""
        with self._connection() as db:
            return self._session(db, session.token_hash)

    def renew(self, session: Session, token: Token) -> Session:
        """Keep a refreshed token in the session, whose end stays. Raises IdentityError if it names somebody else."""
        now = int(self._clock())
        with self._write() as db:
            self._same_person(db, session, token.open_id, token.user_id, now)
            db.execute(
                "UPDATE sessions SET access_token = ?, refresh_token = ?, access_ends = ?, refresh_ends = ? "
                "WHERE token_hash = ? AND access_token = ?",  # a slower refresh does not undo a later one
                (*_tokens(token, now)[:4], session.token_hash, session.access_token),
            )
            return self._session(db, session.token_hash)

    def save_profile(self, session: Session, profile: Profile) -> Member:
        """Write the profile into the session's member. Raises IdentityError if it names somebody else."""
        now = int(self._clock())
        with self._write() as db:
            member_id = self._same_person(db, session, profile.open_id, profile.user_id, now)
            values = [getattr(profile, name) for name in PROFILE]
            changes = ", ".join(f"{name} = ?" for name in (*PROFILE, "profile_at"))
            db.execute(f"UPDATE members SET {changes} WHERE id = ?", (*values, now, member_id))
            return self._member(db, "id = ?", member_id)[0]

    def sign_out(self, session_token: str) -> None:
        """End one session."""
        with self._write() as db:
            db.execute("DELETE FROM sessions WHERE token_hash = ?", (_hash(session_token),))

    def forget(self, session: Session) -> None:
        """Forget me: the member's row and all its sessions are gone."""
        with self._write() as db:
            db.execute("DELETE FROM members WHERE id = ?", (session.member.id,))

    def members(self, app_id: str) -> list[Member]:
        """Every member of one app, oldest first."""
        with self._connection() as db:
            return self._member(db, "app_id = ? ORDER BY first_seen, id", app_id)

    def count_sessions(self, app_id: str) -> int:
        """How many sessions of one app are open."""
        joined = "sessions JOIN members ON members.id = member_id WHERE app_id = ? AND ends > ?"
        with self._connection() as db:
            return int(
                db.execute(
                    f"SELECT COUNT(*) FROM {joined}", (app_id, int(self._clock()))
                ).fetchone()[0]
            )

    def clear(self, app_id: str) -> None:
        """Forget every member of one app."""
        with self._write() as db:
            db.execute("DELETE FROM members WHERE app_id = ?", (app_id,))

    def _one_row(
        self,
        db: sqlite3.Connection,
        app_id: str,
        open_id: str | None,
        user_id: str | None,
        now: int,
    ) -> str:
        """The id of the one row for this person: found by either id, made if there is none, two are merged."""
        either = f"app_id = ? AND (open_id = ? OR user_id = ?) {_NEWER_FIRST}"
        found = self._member(db, either, app_id, open_id, user_id)
        if any(_differ(row.open_id, open_id) or _differ(row.user_id, user_id) for row in found):
            raise IdentityError("the ids belong to two different people", "other-person")
        if not found:
            member_id = secrets.token_hex(8)
            new = "INSERT INTO members (id, app_id, open_id, user_id, first_seen) VALUES (?, ?, ?, ?, ?)"
            db.execute(new, (member_id, app_id, open_id, user_id, now))
            return member_id
        keep, *others = found
        for other in (
            others
        ):  # one by open_id, one by user_id, from before it was known that they are one person
            db.execute("UPDATE sessions SET member_id = ? WHERE member_id = ?", (keep.id, other.id))
            db.execute("DELETE FROM members WHERE id = ?", (other.id,))
            names = ("union_id", *PROFILE, "profile_at")
            filled = ", ".join(f"{name} = COALESCE({name}, ?)" for name in names)
            values = [getattr(other, name) for name in names]
            first_seen = min(keep.first_seen, other.first_seen)
            db.execute(
                f"UPDATE members SET {filled}, first_seen = ? WHERE id = ?",
                (*values, first_seen, keep.id),
            )
        filled = "open_id = COALESCE(open_id, ?), user_id = COALESCE(user_id, ?)"
        db.execute(f"UPDATE members SET {filled} WHERE id = ?", (open_id, user_id, keep.id))
        return keep.id

    def _same_person(
        self,
        db: sqlite3.Connection,
        session: Session,
        open_id: str | None,
        user_id: str | None,
        now: int,
    ) -> str:
        """The id of the session's member, which gains an id that it lacks; IdentityError if they are another's."""
        member = self._session(db, session.token_hash).member
        known = [
            (was, told)
            for was, told in ((member.open_id, open_id), (member.user_id, user_id))
            if was and told
        ]
        if not known or any(was != told for was, told in known):
            raise IdentityError("the answer does not name the session's member", "other-person")
        return self._one_row(
            db, member.app_id, member.open_id or open_id, member.user_id or user_id, now
        )

    def _session(self, db: sqlite3.Connection, token_hash: str) -> Session:
        """The live session; SessionEnded if there is none."""
        row = db.execute(
            "SELECT member_id, access_token, refresh_token, access_ends, refresh_ends, ends "
            "FROM sessions WHERE token_hash = ? AND ends > ?",
            (token_hash, int(self._clock())),
        ).fetchone()
        if not row:
            raise SessionEnded("there is no such session, or it has ended")
        return Session(token_hash, self._member(db, "id = ?", row[0])[0], *row[1:])

    def _member(self, db: sqlite3.Connection, where: str, *values: object) -> list[Member]:
        columns = ", ".join(f.name for f in fields(Member))
        return [
            Member(*row)
            for row in db.execute(f"SELECT {columns} FROM members WHERE {where}", values)
        ]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=15, isolation_level=None)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            yield db
        finally:
            db.close()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """One transaction that takes the write lock at once: a deferred one fails when two turn into writers."""
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def _tokens(token: Token, now: int) -> tuple[str, str, int, int, int]:
    """The tokens, when each ends, and when the session does."""
    access_ends = now + token.expires_in
    refresh_ends = now + token.re_expires_in if token.refresh_token else access_ends
    ends = min(now + SESSION_LIFE, max(access_ends, refresh_ends))
    return token.access_token, token.refresh_token, access_ends, refresh_ends, ends


def _differ(known: str | None, told: str | None) -> bool:
    return known is not None and told is not None and known != told


def _hash(session_token: str) -> str:
    return hashlib.sha256(session_token.encode("utf-8", "replace")).hexdigest()
