"""WatchedStore: a MemberStore that reports its writes, and that can be broken on purpose.

The workbench shows the writes in its trace. What it breaks is broken for real: the app meets what
sqlite3 raises for a database that cannot be opened, and rows that have ended.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alipay_member.errors import SessionEnded
from alipay_member.models import Member, Profile, Session, Token, Withdrawn
from alipay_member.store import MemberStore
from alipay_member.store.database import Database
from alipay_member.store.sqlite import SQLiteDatabase

Rows = dict[str, dict[str, Any]]  # of the members table, by their internal key
Condition = tuple[str, tuple[object, ...]]  # in SQL, and its values


@dataclass(frozen=True)
class Write:
    """What one method of the store did; `before` and `after` are the rows that it can touch."""

    method: str
    before: Rows
    after: Rows
    error: Exception | None = None  # what it raised; then nothing was written


Listener = Callable[[Write], None]


class LostDatabase(SQLiteDatabase):
    """A database that cannot be opened: its path leads through a file."""

    def __init__(self) -> None:
        super().__init__(str(Path(__file__) / "lost.db"), create=False)


class WatchedStore(MemberStore):
    """The store that the workbench needs. Writes take place one at a time."""

    def __init__(self, database_url: str, clock: Callable[[], float] = time.time) -> None:
        """As MemberStore. Set `listener` to be called after each write."""
        self.listener: Listener | None = None
        self.clock_error = 0.0  # seconds
        self._true_clock = clock
        self._one_at_a_time = threading.Lock()
        super().__init__(database_url, self.now)
        self._kept: Database = self._database

    # ── the writes ──

    def sign_in(self, app_id: str, token: Token, replaces: str = "") -> tuple[str, Session]:
        with self._watched("sign_in", person(app_id, token)):
            return super().sign_in(app_id, token, replaces)

    def renew(self, session: Session, token: Token) -> Session:
        with self._watched("renew", member(session), person(session.member.app_id, token)):
            return super().renew(session, token)

    def save_profile(self, session: Session, profile: Profile) -> Member:
        with self._watched("save_profile", member(session), person(session.member.app_id, profile)):
            return super().save_profile(session, profile)

    def sign_out(self, session_token: str) -> None:
        with self._watched("sign_out", *self._member_of(session_token)):
            super().sign_out(session_token)

    def forget(self, session: Session) -> None:
        with self._watched("forget", member(session)):
            super().forget(session)

    def withdraw_consent(
        self, app_id: str, open_id: str | None, user_id: str | None, withdrawn_at: float
    ) -> Withdrawn | None:
        with self._watched("withdraw_consent", person(app_id, Profile(open_id, user_id))):
            return super().withdraw_consent(app_id, open_id, user_id, withdrawn_at)

    @contextmanager
    def _watched(self, method: str, *touched: Condition) -> Iterator[None]:
        """Report what the method did to the rows that it can touch, even if it raises.

        However many members there are, no others are read.
        """
        if self.listener is None:
            yield
            return
        with self._one_at_a_time:
            before = self._rows(*touched)
            error = None
            try:
                yield
            except Exception as raised:
                error = raised
                raise
            finally:
                known = [("id = ?", (key,)) for key in before]
                self.listener(Write(method, before, self._rows(*touched, *known), error))

    def _member_of(self, session_token: str) -> list[Condition]:
        """The member of the session that a token opens, if it opens one."""
        try:
            return [member(self.session(session_token))]
        except SessionEnded:
            return []

    def _rows(self, *touched: Condition) -> Rows:
        """The rows that meet any of the conditions, each found by an index."""
        rows = {}
        with self._database.reading() as db:
            for condition, values in touched:
                for row in self._members(db, condition, *values):
                    rows[row.id] = row.as_dict()
        return rows

    # ── what can be broken, and mended ──

    def now(self) -> float:
        """The app's clock, which may be wrong: UTC seconds."""
        return self._true_clock() + self.clock_error

    def lose_database(self) -> None:
        """From now on no connection can be opened."""
        self._database = LostDatabase()

    def find_database(self) -> None:
        """The database is back, with everything in it."""
        self._database = self._kept

    def end_sessions(self, app_id: str) -> None:
        """End every session of one app, as if 30 days had passed."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE sessions SET expires_at = ? "
                "WHERE member_id IN (SELECT id FROM members WHERE app_id = ?)",
                (int(self.now()), app_id),
            )

    # ── for the workbench's page, also while the app has lost its database ──

    def count_members(self, app_id: str) -> int:
        with self._kept.reading() as db:
            count = db.execute("SELECT COUNT(*) FROM members WHERE app_id = ?", (app_id,))
            return int(count.fetchone()[0])

    def count_sessions(self, app_id: str) -> int:
        """How many sessions of one app are open."""
        with self._kept.reading() as db:
            count = db.execute(
                "SELECT COUNT(*) FROM sessions JOIN members ON members.id = member_id "
                "WHERE app_id = ? AND expires_at > ?",
                (app_id, int(self._clock())),
            )
            return int(count.fetchone()[0])

    def clear(self, app_id: str) -> None:
        """Delete every member of one app, and their sessions."""
        with self._kept.writing() as db:
            db.execute("DELETE FROM members WHERE app_id = ?", (app_id,))


# ── the rows that a write can touch ──


def person(app_id: str, ids: Token | Profile) -> Condition:
    """The person whom an answer of Alipay names, by either id."""
    return "app_id = ? AND (open_id = ? OR user_id = ?)", (app_id, ids.open_id, ids.user_id)


def member(session: Session) -> Condition:
    """The member of a session."""
    return "id = ?", (session.member.id,)
