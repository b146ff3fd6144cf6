"""A store that tests can look into."""

from alipay_member import Member
from alipay_member.store import MemberStore


class ReadingStore(MemberStore):
    """The store under test, with the questions that only tests ask of it."""

    def members(self, app_id: str) -> list[Member]:
        """Every member of one app, oldest first."""
        with self._database.reading() as db:
            return self._members(db, "app_id = ? ORDER BY first_seen, id", app_id)

    def count_sessions(self, app_id: str) -> int:
        """How many sessions of one app are open."""
        query = (
            "SELECT COUNT(*) FROM sessions JOIN members ON members.id = member_id "
            "WHERE app_id = ? AND expires_at > ?"
        )
        with self._database.reading() as db:
            return db.execute(query, (app_id, int(self._clock()))).fetchone()[0]

    def clear(self, app_id: str) -> None:
        """Forget every member of one app, and their sessions."""
        with self._database.writing() as db:
            db.execute("DELETE FROM members WHERE app_id = ?", (app_id,))
