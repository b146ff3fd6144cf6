# SPDX-License-Identifier: MIT-0
"""MemberStore: who came in (members), who is logged in (sessions); see schema.sql and database.py.

`members` has one row for each person in one app, found by (app_id, open_id) or (app_id, user_id).
While Alipay moves an app from user_id to open_id both arrive, and the row known by one gains the
other. Only the fields that Profile names are kept. `sessions` holds the SHA-256 of each session's
token, never the token, and the member's access_token and refresh_token as they are: without the
app's private key, which signs every call, they open nothing. If you want more, encrypt these two
columns with a key that the database does not have.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any

from ..errors import IdentityError, SessionEnded
from ..models import (
    MEMBER_COLUMNS,
    PROFILE,
    SESSION_COLUMNS,
    Member,
    Profile,
    Session,
    Token,
    Withdrawn,
)
from .database import Connection, insert, make_tables, open_database, update
from .refresh import with_live_token

__all__ = ["SESSION_LIFE", "MemberStore", "with_live_token"]

SESSION_LIFE = 30 * 86400  # seconds
COLUMNS = ", ".join(
    [f"sessions.{name}" for name in SESSION_COLUMNS]
    + [f"members.{name}" for name in MEMBER_COLUMNS]
)
LIVE_SESSION = (
    f"SELECT {COLUMNS} FROM sessions JOIN members ON members.id = member_id "
    "WHERE token_hash = ? AND expires_at > ?"
)
PURGED = 100  # ended sessions that a login deletes at most, so that it holds nobody up


class MemberStore:
    """Members and sessions behind one database address, `sqlite:///path` or `postgresql://…`.

    Safe to share between threads, and with a forked child.
    """

    def __init__(self, database_url: str, clock: Callable[[], float] = time.time) -> None:
        """Makes the tables where they are missing. SchemaError if another version made them."""
        self._database = open_database(database_url)
        make_tables(self._database)
        self._clock = clock

    def sign_in(self, app_id: str, token: Token, replaces: str = "") -> tuple[str, Session]:
        """Write the member that `token` names and open a session: (session token, Session).

        `replaces` is the session token that was in use before: it ends. Raises IdentityError if the
        ids belong to two people who are known to differ.
        """
        started_at = self._clock()
        now = int(started_at)
        session_token = secrets.token_urlsafe(32)
        with self._database.writing(*_people(app_id, token)) as db:
            member_id = self._one_row(db, app_id, token.open_id, token.user_id)
            if token.union_id:
                values = (token.union_id, member_id)
                db.execute("UPDATE members SET union_id = ? WHERE id = ?", values)
            if replaces:
                db.execute("DELETE FROM sessions WHERE token_hash = ?", (_hash(replaces),))
            self._purge(db, now)
            tokens = _tokens(token, now)
            last_end = max(tokens["access_expires_at"], tokens["refresh_expires_at"])
            row = {
                "token_hash": _hash(session_token),
                "member_id": member_id,
                "started_at": started_at,
                "expires_at": min(now + SESSION_LIFE, last_end),
            }
            insert(db, "sessions", row | tokens)
            return session_token, self._session(db, row["token_hash"])

    def session(self, session_token: str) -> Session:
        """The session that this token opens. Raises SessionEnded if it has ended or never was."""
        with self._database.reading() as db:
            return self._session(db, _hash(session_token))

    def reload(self, session: Session) -> Session:
        """The session as it is now: another request may have renewed it. Raises SessionEnded."""
        with self._database.reading() as db:
            return self._session(db, session.token_hash)

    def claim_refresh(self, session: Session, seconds: float) -> float | None:
        """Until when (UTC seconds) the caller alone may refresh this session's token: so long.

        None if another request has claimed it, or has refreshed it since the session was read.
        """
        now = self._clock()
        until = now + seconds
        where = "token_hash = ? AND access_token = ? AND refreshing_until <= ?"
        which = (session.token_hash, session.access_token, now)
        with self._database.writing(*_people_of(session)) as db:
            claimed = update(db, "sessions", {"refreshing_until": until}, where, *which)
        return until if claimed else None

    def release_refresh(self, session: Session, until: float) -> None:
        """Give back the claim that came to nothing, so that another request may try.

        `until` is what claim_refresh gave: a claim that another has made since is left alone.
        """
        where = "token_hash = ? AND access_token = ? AND refreshing_until = ?"
        which = (session.token_hash, session.access_token, until)
        with self._database.writing(*_people_of(session)) as db:
            update(db, "sessions", {"refreshing_until": 0}, where, *which)

    def renew(self, session: Session, token: Token) -> Session:
        """Keep a refreshed token in the session, whose end stays.

        IdentityError if it names another.
        """
        tokens = _tokens(token, int(self._clock()))
        with self._database.writing(*_people_of(session, token)) as db:
            self._same_person(db, session, token)
            # A slower refresh does not undo a later one.
            where = "token_hash = ? AND access_token = ?"
            values = tokens | {"refreshing_until": 0}
            update(db, "sessions", values, where, session.token_hash, session.access_token)
            return self._session(db, session.token_hash)

    def save_profile(self, session: Session, profile: Profile) -> Member:
        """Write the profile into the session's member.

        Raises IdentityError if it names another person.
        """
        values = {name: getattr(profile, name) for name in PROFILE}
        values["profile_at"] = int(self._clock())
        with self._database.writing(*_people_of(session, profile)) as db:
            member_id = self._same_person(db, session, profile)
            update(db, "members", values, "id = ?", member_id)
            (member,) = self._members(db, "id = ?", member_id)
            return member

    def sign_out(self, session_token: str) -> None:
        """End one session."""
        with self._database.writing() as db:
            db.execute("DELETE FROM sessions WHERE token_hash = ?", (_hash(session_token),))

    def forget(self, session: Session) -> None:
        """Forget me: the member's row and all its sessions are gone."""
        with self._database.writing(*_people_of(session)) as db:
            # Since the session was read its row may have been merged into another one.
            now = "SELECT member_id FROM sessions WHERE token_hash = ?"
            keys = (session.member.id, session.token_hash)
            db.execute(f"DELETE FROM members WHERE id = ? OR id = ({now})", keys)

    def withdraw_consent(
        self, app_id: str, open_id: str | None, user_id: str | None, withdrawn_at: float
    ) -> Withdrawn | None:
        """What follows when a person has withdrawn their consent at `withdrawn_at` (UTC seconds).

        Sessions opened before it end, and with them their tokens. The profile goes if it was
        fetched before it and no session is left. The row stays, with its ids: it says who the
        person is should they consent anew. None if nobody has these ids; IdentityError if they
        belong to two people who are known to differ. Done again, it changes nothing more.
        """
        with self._database.writing(*_people(app_id, Profile(open_id, user_id))) as db:
            if not self._known(db, app_id, open_id, user_id):
                return None
            member_id = self._one_row(db, app_id, open_id, user_id)
            ended = db.execute(
                "DELETE FROM sessions WHERE member_id = ? AND started_at < ?",
                (member_id, withdrawn_at),
            ).rowcount
            nothing = dict.fromkeys((*PROFILE, "profile_at"))
            where = (
                "id = ? AND profile_at < ? "
                "AND NOT EXISTS (SELECT 1 FROM sessions WHERE member_id = members.id)"
            )
            cleared = update(db, "members", nothing, where, member_id, withdrawn_at)
            return Withdrawn(ended, cleared == 1)

    def check(self) -> None:
        """Read from the tables, for a health check; raises what the database raises."""
        with self._database.reading() as db:
            db.execute("SELECT COUNT(*) FROM schema_version").fetchone()

    def close(self) -> None:
        """Close the connections that this process keeps. They are opened again when needed."""
        self._database.close()

    def _purge(self, db: Connection, now: int) -> None:
        """Delete some ended sessions, skipping those that another write is deleting."""
        ended = (
            "SELECT token_hash FROM sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT ? "
            f"{self._database.skip_locked}"
        )
        db.execute(f"DELETE FROM sessions WHERE token_hash IN ({ended})", (now, PURGED))

    def _one_row(
        self, db: Connection, app_id: str, open_id: str | None, user_id: str | None
    ) -> str:
        """The id of the person's one row.

        Found by either id, made if there is none, two are merged.
        """
        found = self._known(db, app_id, open_id, user_id)
        if any(_differ(row.open_id, open_id) or _differ(row.user_id, user_id) for row in found):
            raise IdentityError("the ids belong to two different people", "other-person")
        if not found:
            member_id = secrets.token_hex(8)
            row = {
                "id": member_id,
                "app_id": app_id,
                "open_id": open_id,
                "user_id": user_id,
                "first_seen": int(self._clock()),
            }
            insert(db, "members", row)
            return member_id
        keep, *others = found
        for other in others:  # known by the other id, before it was known that they are one person
            _merge(db, keep, other)
        ids = {"open_id": keep.open_id or open_id, "user_id": keep.user_id or user_id}
        update(db, "members", ids, "id = ?", keep.id)
        return keep.id

    def _known(
        self, db: Connection, app_id: str, open_id: str | None, user_id: str | None
    ) -> list[Member]:
        """The rows that have either id, the one with the newest profile first."""
        where = (
            "app_id = ? AND (open_id = ? OR user_id = ?) "
            "ORDER BY COALESCE(profile_at, 0) DESC, first_seen"
        )
        return self._members(db, where, app_id, open_id, user_id)

    def _same_person(self, db: Connection, session: Session, answer: Token | Profile) -> str:
        """The id of the session's member, which gains an id that it lacks.

        IdentityError if `answer` names another.
        """
        member = self._session(db, session.token_hash).member
        pairs = ((member.open_id, answer.open_id), (member.user_id, answer.user_id))
        compared = [(known, new) for known, new in pairs if known and new]
        if not compared or any(known != new for known, new in compared):
            raise IdentityError("the answer does not name the session's member", "other-person")
        open_id = member.open_id or answer.open_id
        return self._one_row(db, member.app_id, open_id, member.user_id or answer.user_id)

    def _session(self, db: Connection, token_hash: str) -> Session:
        """The live session and its member; SessionEnded if there is none."""
        row = db.execute(LIVE_SESSION, (token_hash, int(self._clock()))).fetchone()
        if not row:
            raise SessionEnded("there is no such session, or it has ended")
        session = dict(zip(SESSION_COLUMNS, row, strict=False))
        return Session(**session, member=Member(*row[len(SESSION_COLUMNS) :]))

    def _members(self, db: Connection, where: str, *values: object) -> list[Member]:
        rows = db.execute(f"SELECT {', '.join(MEMBER_COLUMNS)} FROM members WHERE {where}", values)
        return [Member(*row) for row in rows]


def _merge(db: Connection, keep: Member, other: Member) -> None:
    """`keep` takes over the other's sessions, a union_id that it lacks, and the earlier first_seen.

    Its profile stays as Alipay gave it: it is the newer one, and what it lacks was not given.
    """
    db.execute("UPDATE sessions SET member_id = ? WHERE member_id = ?", (keep.id, other.id))
    db.execute("DELETE FROM members WHERE id = ?", (other.id,))
    values = {
        "union_id": keep.union_id or other.union_id,
        "first_seen": min(keep.first_seen, other.first_seen),
    }
    update(db, "members", values, "id = ?", keep.id)


def _people(app_id: str, *named: Token | Profile) -> set[str]:
    """The locks of a write: it waits for other writes about a person with one of these ids."""
    ids = {one for each in named for one in (each.open_id, each.user_id) if one}
    return {f"{app_id} {one}" for one in ids}


def _people_of(session: Session, *named: Token | Profile) -> set[str]:
    """The same for a session's member and the person whom an answer names."""
    return _people(session.member.app_id, session.member, *named)


def _tokens(token: Token, now: int) -> dict[str, Any]:
    """The tokens and when each of them ends, as columns of `sessions`."""
    access_expires_at = now + token.expires_in
    refresh_expires_at = now + token.re_expires_in if token.refresh_token else access_expires_at
    return {
        "access_token": token.access_token,
        "refresh_token": token.refresh_token,
        "access_expires_at": access_expires_at,
        "refresh_expires_at": refresh_expires_at,
    }


def _differ(known: str | None, new: str | None) -> bool:
    return known is not None and new is not None and known != new


def _hash(session_token: str) -> str:
    return hashlib.sha256(session_token.encode("utf-8", "replace")).hexdigest()
