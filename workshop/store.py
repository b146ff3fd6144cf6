"""WorkshopStore: a store whose profiles are written by the participant's save_member."""

from typing import Any

from flask import has_request_context, request

from alipay_member.errors import AlipayError, DatabaseError
from alipay_member.models import Member, Profile, Session
from alipay_member.store.database import update
from alipay_member.store.sqlite import SQLiteDatabase
from workbench.frames import done_in, frame_of
from workbench.watched_store import WatchedStore, member, person

from .given import FIELDS
from .load import Functions


class WorkshopStore(WatchedStore):
    """Sessions are the library's; the row gets what save_member writes, from profile and body."""

    def __init__(self, database_url: str, functions: Functions) -> None:
        """As WatchedStore. `functions` has all that member_info.py defines."""
        super().__init__(database_url)
        self._save_member = functions.save_member

    def save_profile(self, session: Session, profile: Profile) -> Member:
        """Hand their function the profile, and the body that the client sent along."""
        frame = frame_of(self._save_member)
        touched = (member(session), person(session.member.app_id, profile))
        with done_in([frame] if frame else []), self._watched("save_profile", *touched):
            return self._saved(session, profile)

    def _saved(self, session: Session, profile: Profile) -> Member:
        """The member, as their function has left the row."""
        told = {name: getattr(profile, name) for name in ("open_id", "user_id", *FIELDS)}
        assert isinstance(self._database, SQLiteDatabase)  # serve.py sees to that
        with self._database.writing() as db:
            member_id = self._same_person(db, session, profile)
            try:
                self._save_member(db, session.member.app_id, told, body())
            except AlipayError:
                raise
            except Exception as error:
                message = f"save_member raised {type(error).__name__}: {error}"
                raise DatabaseError(message).with_traceback(error.__traceback__) from error
            if not db.in_transaction:  # they have committed; the rest is written all the same
                db.execute("BEGIN IMMEDIATE")
            update(db, "members", {"profile_at": int(self._clock())}, "id = ?", member_id)
            (row,) = self._members(db, "id = ?", member_id)
        self._database.close()  # whatever they set on the connection ends with it
        return row


def body() -> dict[str, Any]:
    """The JSON object that the client sent with this request; {} if it sent none."""
    sent = request.get_json(silent=True) if has_request_context() else None
    return sent if isinstance(sent, dict) else {}
