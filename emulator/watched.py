"""WatchedStore: a MemberStore that tells a listener what each of its writes did to the members."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alipay_member.methods import Profile, Token
from alipay_member.store import Member, MemberStore, Session

Rows = list[dict[str, Any]]  # of the members table
Listener = Callable[[str, Rows, Rows], None]  # the method's name, the rows before and after


class WatchedStore(MemberStore):
    """What serve.py gives to create_app for the workbench. Writes take place one at a time."""

    def __init__(self, database_url: str, clock: Callable[[], float] = time.time) -> None:
        """As MemberStore. Whoever wants to listen sets `listener`."""
        super().__init__(database_url, clock)
        self.listener: Listener | None = None
        self._one_at_a_time = threading.Lock()

    def sign_in(self, app_id: str, token: Token, replaces: str = "") -> tuple[str, Session]:
        with self._watched("sign_in"):
            return super().sign_in(app_id, token, replaces)

    def renew(self, session: Session, token: Token) -> Session:
        with self._watched("renew"):
            return super().renew(session, token)

    def save_profile(self, session: Session, profile: Profile) -> Member:
        with self._watched("save_profile"):
            return super().save_profile(session, profile)

    def sign_out(self, session_token: str) -> None:
        with self._watched("sign_out"):
            super().sign_out(session_token)

    def forget(self, session: Session) -> None:
        with self._watched("forget"):
            super().forget(session)

    @contextmanager
    def _watched(self, method: str) -> Iterator[None]:
        """Tell the listener what the method did, even if it raises."""
        if self.listener is None:
            yield
            return
        with self._one_at_a_time:
            before = self._rows()
            try:
                yield
            finally:
                self.listener(method, before, self._rows())

    # ── what only the workbench asks ──

    def members(self, app_id: str) -> list[Member]:
        """Every member of one app, oldest first."""
        with self._database.reading() as db:
            return self._members(db, "app_id = ? ORDER BY first_seen, id", app_id)

    def count_sessions(self, app_id: str) -> int:
        """How many sessions of one app are open."""
        with self._database.reading() as db:
            count = db.execute(
                "SELECT COUNT(*) FROM sessions JOIN members ON members.id = member_id "
                "WHERE app_id = ? AND expires_at > ?",
                (app_id, int(self._clock())),
            )
            return int(count.fetchone()[0])

    def clear(self, app_id: str) -> None:
        """Forget every member of one app, and their sessions."""
        with self._database.writing() as db:
            db.execute("DELETE FROM members WHERE app_id = ?", (app_id,))

    def _rows(self) -> Rows:
        with self._database.reading() as db:
            return [
                member.as_dict() for member in self._members(db, "true ORDER BY first_seen, id")
            ]
