"""Step 8: persist by (app_id, open_id), and what is never taken from the client."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import alipay_member

from ..participant import Functions
from ..provided import FIELDS
from ..testbed import Lab
from .base import Attempt, Wrong

SCHEMA = Path(alipay_member.__file__).parent / "store" / "schema.sql"
OPEN_ID = "074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5"
OTHER_OPEN_ID = "081Zk3mQw7TnBfUv2YxHs9LrPdEaGc4WjKi6oNtMyRqXb5A"
USER_ID = "2088000000000101"
VICTIM = "2088000000000103"
APP, OTHER_APP = "demo-mini", "demo-web"
Row = dict[str, Any]


def save_member(yours: Functions, lab: Lab) -> None:
    """A new person, and again; other people and apps; the other ids; then a client that lies."""
    for check in (
        check_new,
        check_again,
        check_nickname_gone,
        check_others,
        check_old_app,
        check_transition,
        check_liar,
        check_liar_for_absent_id,
    ):
        with table() as db:
            check(yours, db)


@contextmanager
def table() -> Iterator[sqlite3.Connection]:
    """An empty database with the tables of alipay_member/store/schema.sql, in memory."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA.read_text("utf-8"))
        yield db


def profile(
    open_id: str | None = OPEN_ID, user_id: str | None = None, nick_name: str | None = "完整示例"
) -> dict[str, str | None]:
    """What fetch_profile gives."""
    told: dict[str, str | None] = dict.fromkeys(FIELDS)
    told |= {"gender": "F", "city": "杭州市", "nick_name": nick_name}
    return {"open_id": open_id, "user_id": user_id} | told


def rows(db: sqlite3.Connection) -> list[Row]:
    """The table, oldest row first."""
    found = db.execute("SELECT * FROM members ORDER BY rowid")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]


def only(found: Sequence[Row], mistake: str) -> Row:
    """The one row; Wrong if there are more, or none."""
    if not found:
        raise Wrong("no-row", 1, 0)
    if len(found) > 1:
        raise Wrong(mistake, 1, len(found))
    return found[0]


def check_new(yours: Functions, db: sqlite3.Connection) -> None:
    """A new person gets a row, with all that was told."""
    save(yours, db, profile())
    row = only(rows(db), "two-rows")
    if not row["id"]:
        raise Wrong("no-id", "8c1f…", row["id"])
    wanted = {"app_id": APP, **profile()}
    for name, value in wanted.items():
        if row[name] == value:
            continue
        if row[name] is not None and value is None:
            raise Wrong("null-as-text", None, row[name], name=name)
        raise Wrong("field-not-saved", value, row[name], name=name)


def save(
    yours: Functions,
    db: sqlite3.Connection,
    told: dict[str, str | None],
    body: Row | None = None,
) -> None:
    """Save a profile; Wrong for what sqlite3 says of a row that can't be written."""
    attempt = Attempt(yours.save_member, db, APP, told, body or {})
    said = str(attempt.error)
    if "NOT NULL constraint failed: members." in said:
        raise Wrong("column-missing", name=said.rpartition(".")[2]) from attempt.error
    if "rror binding parameter" in said or "Cursor' object is not subscr" in said:
        raise Wrong("row-bound", came=said) from attempt.error
    if "Incorrect number of bindings" in said:
        raise Wrong("other-count", came=said) from attempt.error
    attempt.value()


def check_again(yours: Functions, db: sqlite3.Connection) -> None:
    """The same person again: still one row, first seen when they were; the profile is new."""
    save_twice(yours, db, profile(nick_name="完整示例"), profile(nick_name="新昵称"), "two-rows")
    row = only(rows(db), "two-rows")
    if row["nick_name"] != "新昵称":
        raise Wrong("not-updated", "新昵称", row["nick_name"])


def save_twice(
    yours: Functions,
    db: sqlite3.Connection,
    first: dict[str, str | None],
    second: dict[str, str | None],
    mistake: str,
) -> None:
    """Save one profile, then another; Wrong where the second is taken for somebody new."""
    save(yours, db, first)
    db.execute("UPDATE members SET first_seen = 1")
    before = rows(db)
    try:
        save(yours, db, second)
    except sqlite3.IntegrityError as error:
        if "UNIQUE" not in str(error):
            raise
        raise Wrong(mistake, came=f"sqlite3.IntegrityError: {error}") from error
    after = rows(db)
    if len(after) == 1 and after[0]["first_seen"] != before[0]["first_seen"]:
        raise Wrong("first-seen-lost", 1, after[0]["first_seen"])
    if len(after) == 1 and after[0]["id"] != before[0]["id"]:
        raise Wrong("id-changed", before[0]["id"], after[0]["id"])


def check_nickname_gone(yours: Functions, db: sqlite3.Connection) -> None:
    """A nickname that Alipay no longer tells is no longer kept."""
    save_twice(yours, db, profile(), profile(nick_name=None), "two-rows")
    row = only(rows(db), "two-rows")
    if row["nick_name"] is not None:
        raise Wrong("old-kept", None, row["nick_name"])


def check_others(yours: Functions, db: sqlite3.Connection) -> None:
    """Another person, and the same open_id in another app, are others."""
    save(yours, db, profile())
    save(yours, db, profile(OTHER_OPEN_ID, nick_name="另一个人"))
    found = rows(db)
    if len(found) != 2 or found[0]["nick_name"] != "完整示例":
        raise Wrong("others-overwritten", 2, len(found))
    try:
        yours.save_member(db, OTHER_APP, profile(nick_name="别的应用"), {})
    except sqlite3.IntegrityError as error:
        if "UNIQUE" not in str(error):
            raise
        raise Wrong("app-ignored", came=f"sqlite3.IntegrityError: {error}") from error
    found = rows(db)
    if len(found) != 3 or found[0]["nick_name"] != "完整示例":
        raise Wrong("app-ignored", 3, len(found))


def check_old_app(yours: Functions, db: sqlite3.Connection) -> None:
    """Old apps get user_id only: two people without an open_id are still two."""
    told = profile(None, USER_ID)
    save_twice(yours, db, told, told, "no-open-id")
    only(rows(db), "no-open-id")
    save(yours, db, profile(None, VICTIM, "王誠"))
    found = rows(db)
    if len(found) != 2 or found[0]["nick_name"] != "完整示例":
        raise Wrong("no-open-id-merged", 2, len(found))
    if found[0]["open_id"] is not None:
        raise Wrong("null-as-text", None, found[0]["open_id"], name="open_id")
    yours.save_member(db, OTHER_APP, profile(None, USER_ID, "别的应用"), {})
    found = rows(db)
    if len(found) != 3 or found[0]["nick_name"] != "完整示例":
        raise Wrong("user-id-elsewhere", 3, len(found))


def check_transition(yours: Functions, db: sqlite3.Connection) -> None:
    """While Alipay moves an app to open_id both arrive: the known row gains the other id."""
    save_twice(yours, db, profile(None, USER_ID), profile(OPEN_ID, USER_ID), "known-by-user-id")
    row = only(rows(db), "known-by-user-id")
    if row["open_id"] != OPEN_ID:
        raise Wrong("open-id-not-gained", OPEN_ID, row["open_id"])
    save(yours, db, profile(OPEN_ID, None))
    row = only(rows(db), "known-by-user-id")
    if row["user_id"] != USER_ID:
        raise Wrong("user-id-lost", USER_ID, row["user_id"])


def check_liar(yours: Functions, db: sqlite3.Connection) -> None:
    """The client sends a nickname and somebody else's id: nothing of it may be believed."""
    save(yours, db, profile(None, VICTIM, "王誠"))
    for _ in ("first", "again"):  # a lie told once more must not be believed, either
        save_with_lies(yours, db, profile(nick_name=None))
    found = rows(db)
    if "财神爷" in (row["nick_name"] for row in found):
        raise Wrong("client-nickname", None, "财神爷")
    if len(found) != 2 or found[0]["nick_name"] != "王誠":
        raise Wrong("client-id", 2, len(found))
    liar = found[1]
    if liar["user_id"] is not None or liar["open_id"] != OPEN_ID:
        raise Wrong("client-id", OPEN_ID, liar["user_id"] or liar["open_id"])
    for name, value in profile(nick_name=None).items():
        if liar[name] != value:
            raise Wrong("client-field", value, liar[name], name=name)
    if liar["union_id"] is not None:
        raise Wrong("client-id", None, liar["union_id"])


def check_liar_for_absent_id(yours: Functions, db: sqlite3.Connection) -> None:
    """An id that Alipay does not tell stays absent, whatever the client offers for it."""
    save_with_lies(yours, db, profile(None, USER_ID))
    found = rows(db)
    if len(found) != 1 or found[0]["open_id"] is not None or found[0]["user_id"] != USER_ID:
        raise Wrong("client-id", None, found[0]["open_id"] if found else None)


def save_with_lies(yours: Functions, db: sqlite3.Connection, told: dict[str, str | None]) -> None:
    """Save a profile with such a body; an id of the client's may be somebody's already."""
    try:
        save(yours, db, told, lies())
    except sqlite3.IntegrityError as error:
        if "UNIQUE" not in str(error):
            raise
        raise Wrong("client-id", came=f"sqlite3.IntegrityError: {error}") from error


def lies() -> Row:
    """What a client can claim: a nickname, and ids of somebody else."""
    names = {"nick_name": "财神爷", "nickName": "财神爷"}
    ids = {"user_id": VICTIM, "userId": VICTIM, "openId": OTHER_OPEN_ID}
    ids |= {"open_id": OTHER_OPEN_ID, "union_id": "union-of-somebody-else"}
    return names | ids | dict.fromkeys(FIELDS[1:], "天庭")
