"""WatchedStore: a MemberStore that tells a listener what each of its writes did to the members."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from alipay_member.errors import SessionEnded
from alipay_member.models import Member, Profile, Session, Token, Withdrawn

from .breakable import BreakableStore

Rows = dict[str, dict[str, Any]]  # of the members table, by their internal key
Where = tuple[str, tuple[object, ...]]  # a condition in SQL, and its values


@dataclass(frozen=True)
class Write:
    """What one method of the store did; `before` and `after` are the rows that it can touch."""

    method: str
    before: Rows
    after: Rows
    error: Exception | None = None  # what it raised; then nothing was written


Listener = Callable[[Write], None]


class WatchedStore(BreakableStore):
    """What server/cli.py gives to create_app for the workbench. Writes take place one at a time."""

    def __init__(self, database_url: str, clock: Callable[[], float] = time.time) -> None:
        """As MemberStore. Whoever wants to listen sets `listener`."""
        super().__init__(database_url, clock)
        self.listener: Listener | None = None
        self._one_at_a_time = threading.Lock()

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
        with self._watched("sign_out", *self._behind(session_token)):
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
    def _watched(self, method: str, *touched: Where) -> Iterator[None]:
        """Tell the listener what the method did to the rows that it can touch, even if it raises.

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

    def _behind(self, session_token: str) -> list[Where]:
        """The member of the session that a token opens, if it opens one."""
        try:
            return [member(self.session(session_token))]
        except SessionEnded:
            return []

    # ── what only the workbench asks, even while the app has lost its database ──

    def members(self, app_id: str) -> list[Member]:
        """Every member of one app, oldest first."""
        with self._kept.reading() as db:
            return self._members(db, "app_id = ? ORDER BY first_seen, id", app_id)

    def count_members(self, app_id: str) -> int:
        """How many members one app has."""
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
        """Forget every member of one app, and their sessions."""
        with self._kept.writing() as db:
            db.execute("DELETE FROM members WHERE app_id = ?", (app_id,))

    def _rows(self, *touched: Where) -> Rows:
        """The rows that any of the conditions names, each found by an index."""
        rows = {}
        with self._database.reading() as db:
            for condition, values in touched:
                for row in self._members(db, condition, *values):
                    rows[row.id] = row.as_dict()
        return rows


# ── the rows that a write can touch ──


def person(app_id: str, told: Token | Profile) -> Where:
    """Whoever an answer of Alipay names, by either id."""
    return "app_id = ? AND (open_id = ? OR user_id = ?)", (app_id, told.open_id, told.user_id)


def member(session: Session) -> Where:
    """The member of a session."""
    return "id = ?", (session.member.id,)
