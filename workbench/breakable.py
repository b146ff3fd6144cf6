"""BreakableStore: a MemberStore whose database can be lost and whose clock can be wrong.

The workbench breaks it on purpose, for real: what the app meets then is what sqlite3 raises, and
what its own rows say.
"""

import time
from collections.abc import Callable
from pathlib import Path

from alipay_member.store import MemberStore
from alipay_member.store.database import Database
from alipay_member.store.sqlite import SQLiteDatabase


class LostDatabase(SQLiteDatabase):
    """A database that nobody can open: its file would have to lie inside another file."""

    def __init__(self) -> None:
        super().__init__(str(Path(__file__) / "lost.db"), create=False)


class BreakableStore(MemberStore):
    """A MemberStore that can be broken, and mended again."""

    def __init__(self, database_url: str, clock: Callable[[], float] = time.time) -> None:
        """As MemberStore."""
        self.clock_error = 0.0  # seconds
        self._true_clock = clock
        super().__init__(database_url, self.now)
        self._kept: Database = self._database

    def now(self) -> float:
        """The app's clock, which may be wrong: UTC seconds."""
        return self._true_clock() + self.clock_error

    def lose_database(self) -> None:
        """From now on no connection can be opened."""
        self._database = LostDatabase()

    def find_database(self) -> None:
        """The database is back, with all that was in it."""
        self._database = self._kept

    def end_sessions(self, app_id: str) -> None:
        """Let every session of one app have ended, as after 30 days."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE sessions SET expires_at = ? "
                "WHERE member_id IN (SELECT id FROM members WHERE app_id = ?)",
                (int(self.now()), app_id),
            )
