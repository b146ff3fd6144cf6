"""Step 8: persist by (app_id, open_id), and take nothing from the client."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import alipay_member

from ..participant import Functions
from ..provided import FIELDS
from ..testbed import Testbed
from .base import Attempt, CheckError, Step

SCHEMA = Path(alipay_member.__file__).parent / "store" / "schema.sql"
OPEN_ID = "074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5"
OTHER_OPEN_ID = "081Zk3mQw7TnBfUv2YxHs9LrPdEaGc4WjKi6oNtMyRqXb5A"
USER_ID = "2088000000000101"
VICTIM = "2088000000000103"
APP, OTHER_APP = "demo-mini", "demo-web"
Row = dict[str, Any]


def check(functions: Functions, testbed: Testbed) -> None:
    """A new person, the same again, other people and apps, other ids; then a lying client."""
    for check in (
        check_new,
        check_again,
        check_nickname_gone,
        check_others,
        check_old_app,
        check_transition,
        check_liar,
        check_liar_for_missing_id,
    ):
        with table() as db:
            check(functions, db)


@contextmanager
def table() -> Iterator[sqlite3.Connection]:
    """An empty in-memory database with the tables of alipay_member/store/schema.sql."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA.read_text("utf-8"))
        yield db


def profile(
    open_id: str | None = OPEN_ID, user_id: str | None = None, nick_name: str | None = "完整示例"
) -> dict[str, str | None]:
    """What fetch_profile returns."""
    values: dict[str, str | None] = dict.fromkeys(FIELDS)
    values |= {"gender": "F", "city": "杭州市", "nick_name": nick_name}
    return {"open_id": open_id, "user_id": user_id} | values


def rows(db: sqlite3.Connection) -> list[Row]:
    """All rows, oldest first."""
    found = db.execute("SELECT * FROM members ORDER BY rowid")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]


def only(found: Sequence[Row], key: str) -> Row:
    """The only row."""
    if not found:
        raise CheckError("no-row", 1, 0)
    if len(found) > 1:
        raise CheckError(key, 1, len(found))
    return found[0]


def check_new(functions: Functions, db: sqlite3.Connection) -> None:
    save(functions, db, profile())
    row = only(rows(db), "two-rows")
    if not row["id"]:
        raise CheckError("no-id", "8c1f…", row["id"])
    wanted = {"app_id": APP, **profile()}
    for name, value in wanted.items():
        if row[name] == value:
            continue
        if row[name] is not None and value is None:
            raise CheckError("null-as-text", None, row[name], name=name)
        raise CheckError("field-not-saved", value, row[name], name=name)


def save(
    functions: Functions,
    db: sqlite3.Connection,
    person: dict[str, str | None],
    body: Row | None = None,
) -> None:
    """Save a profile; name what sqlite3 refuses."""
    attempt = Attempt(functions.save_member, db, APP, person, body or {})
    message = str(attempt.error)
    if "NOT NULL constraint failed: members." in message:
        raise CheckError("column-missing", name=message.rpartition(".")[2]) from attempt.error
    if "rror binding parameter" in message or "Cursor' object is not subscr" in message:
        raise CheckError("row-bound", actual=message) from attempt.error
    if "Incorrect number of bindings" in message:
        raise CheckError("other-count", actual=message) from attempt.error
    attempt.value()


def check_again(functions: Functions, db: sqlite3.Connection) -> None:
    """The same person again: one row, the first first_seen, the new profile."""
    save_twice(
        functions, db, profile(nick_name="完整示例"), profile(nick_name="新昵称"), "two-rows"
    )
    row = only(rows(db), "two-rows")
    if row["nick_name"] != "新昵称":
        raise CheckError("not-updated", "新昵称", row["nick_name"])


def save_twice(
    functions: Functions,
    db: sqlite3.Connection,
    first: dict[str, str | None],
    second: dict[str, str | None],
    key: str,
) -> None:
    """Save one profile, then another of the same person."""
    save(functions, db, first)
    db.execute("UPDATE members SET first_seen = 1")
    before = rows(db)
    try:
        save(functions, db, second)
    except sqlite3.IntegrityError as error:
        if "UNIQUE" not in str(error):
            raise
        raise CheckError(key, actual=f"sqlite3.IntegrityError: {error}") from error
    after = rows(db)
    if len(after) == 1 and after[0]["first_seen"] != before[0]["first_seen"]:
        raise CheckError("first-seen-lost", 1, after[0]["first_seen"])
    if len(after) == 1 and after[0]["id"] != before[0]["id"]:
        raise CheckError("id-changed", before[0]["id"], after[0]["id"])


def check_nickname_gone(functions: Functions, db: sqlite3.Connection) -> None:
    """A nickname that Alipay no longer reports is erased."""
    save_twice(functions, db, profile(), profile(nick_name=None), "two-rows")
    row = only(rows(db), "two-rows")
    if row["nick_name"] is not None:
        raise CheckError("old-kept", None, row["nick_name"])


def check_others(functions: Functions, db: sqlite3.Connection) -> None:
    """Another person, and the same open_id in another app."""
    save(functions, db, profile())
    save(functions, db, profile(OTHER_OPEN_ID, nick_name="另一个人"))
    found = rows(db)
    if len(found) != 2 or found[0]["nick_name"] != "完整示例":
        raise CheckError("others-overwritten", 2, len(found))
    try:
        functions.save_member(db, OTHER_APP, profile(nick_name="别的应用"), {})
    except sqlite3.IntegrityError as error:
        if "UNIQUE" not in str(error):
            raise
        raise CheckError("app-ignored", actual=f"sqlite3.IntegrityError: {error}") from error
    found = rows(db)
    if len(found) != 3 or found[0]["nick_name"] != "完整示例":
        raise CheckError("app-ignored", 3, len(found))


def check_old_app(functions: Functions, db: sqlite3.Connection) -> None:
    """Old apps get only a user_id: two people without an open_id are still two."""
    person = profile(None, USER_ID)
    save_twice(functions, db, person, person, "no-open-id")
    only(rows(db), "no-open-id")
    save(functions, db, profile(None, VICTIM, "王誠"))
    found = rows(db)
    if len(found) != 2 or found[0]["nick_name"] != "完整示例":
        raise CheckError("no-open-id-merged", 2, len(found))
    if found[0]["open_id"] is not None:
        raise CheckError("null-as-text", None, found[0]["open_id"], name="open_id")
    functions.save_member(db, OTHER_APP, profile(None, USER_ID, "别的应用"), {})
    found = rows(db)
    if len(found) != 3 or found[0]["nick_name"] != "完整示例":
        raise CheckError("user-id-elsewhere", 3, len(found))


def check_transition(functions: Functions, db: sqlite3.Connection) -> None:
    """While Alipay moves an app to open_id, both ids arrive: the known row gains the other id."""
    save_twice(functions, db, profile(None, USER_ID), profile(OPEN_ID, USER_ID), "known-by-user-id")
    row = only(rows(db), "known-by-user-id")
    if row["open_id"] != OPEN_ID:
        raise CheckError("open-id-not-gained", OPEN_ID, row["open_id"])
    save(functions, db, profile(OPEN_ID, None))
    row = only(rows(db), "known-by-user-id")
    if row["user_id"] != USER_ID:
        raise CheckError("user-id-lost", USER_ID, row["user_id"])


def check_liar(functions: Functions, db: sqlite3.Connection) -> None:
    """The client sends a nickname and somebody else's id."""
    save(functions, db, profile(None, VICTIM, "王誠"))
    for _ in ("first", "again"):  # a repeated lie must not be believed either
        save_beside_lies(functions, db, profile(nick_name=None))
    found = rows(db)
    if "财神爷" in (row["nick_name"] for row in found):
        raise CheckError("client-nickname", None, "财神爷")
    if len(found) != 2 or found[0]["nick_name"] != "王誠":
        raise CheckError("client-id", 2, len(found))
    liar = found[1]
    if liar["user_id"] is not None or liar["open_id"] != OPEN_ID:
        raise CheckError("client-id", OPEN_ID, liar["user_id"] or liar["open_id"])
    for name, value in profile(nick_name=None).items():
        if liar[name] != value:
            raise CheckError("client-field", value, liar[name], name=name)
    if liar["union_id"] is not None:
        raise CheckError("client-id", None, liar["union_id"])


def check_liar_for_missing_id(functions: Functions, db: sqlite3.Connection) -> None:
    """An id that Alipay does not report stays absent, whatever the client sends."""
    save_beside_lies(functions, db, profile(None, USER_ID))
    found = rows(db)
    if len(found) != 1 or found[0]["open_id"] is not None or found[0]["user_id"] != USER_ID:
        raise CheckError("client-id", None, found[0]["open_id"] if found else None)


def save_beside_lies(
    functions: Functions, db: sqlite3.Connection, person: dict[str, str | None]
) -> None:
    """Save a profile beside a lying body; the client's id may already be in the table."""
    try:
        save(functions, db, person, lies())
    except sqlite3.IntegrityError as error:
        if "UNIQUE" not in str(error):
            raise
        raise CheckError("client-id", actual=f"sqlite3.IntegrityError: {error}") from error


def lies() -> Row:
    """A body that claims a nickname and somebody else's ids."""
    names = {"nick_name": "财神爷", "nickName": "财神爷"}
    ids = {"user_id": VICTIM, "userId": VICTIM, "openId": OTHER_OPEN_ID}
    ids |= {"open_id": OTHER_OPEN_ID, "union_id": "union-of-somebody-else"}
    return names | ids | dict.fromkeys(FIELDS[1:], "天庭")


STEP = Step(
    number=8,
    name="persist",
    functions=("save_member",),
    check=check,
    title={"zh": "落库", "en": "Persist it"},
    task={
        "zh": "写 save_member：一个人在一个应用里一行，身份和资料只来自 profile。body "
        "是客户端送来的。",
        "en": "Write save_member: one row per person and app. Ids and profile come from `profile` "
        "alone; `body` is what the client sent.",
    },
    why={
        "zh": "客户端的话没有签名，谁都能写。信了昵称，就存了谎言；信了 id，就打开了别人的账户。",
        "en": "What the client says is not signed; anybody can write it. Believe its nickname and "
        "you store a lie; believe its id and you open somebody else's account.",
    },
    look={
        "zh": "工作台第 4 章「让客户端撒谎」；表结构在 alipay_member/store/schema.sql。",
        "en": "Workbench, chapter 4, “Let the client lie”; the table is in "
        "alipay_member/store/schema.sql.",
    },
    hints=(
        {
            "zh": "先找：SELECT id FROM members WHERE app_id = ? AND (open_id = ? OR user_id = "
            "?)，再 .fetchone()：一行或 None，id 是 row[0]。SQL 里 NULL 等于什么都不成立，"
            "缺的那个 id 就不会误配。",
            "en": "Look first: SELECT id FROM members WHERE app_id = ? AND (open_id = ? OR "
            "user_id = ?), then .fetchone(): a row or None; the id is row[0]. In SQL nothing "
            "equals NULL, so a missing id matches nobody.",
        },
        {
            "zh": "没有就 INSERT（id、app_id、open_id、user_id、first_seen）：id 用 "
            "secrets.token_hex(8)，first_seen 用 int(time.time())。",
            "en": "No row? INSERT id, app_id, open_id, user_id and first_seen, with "
            "secrets.token_hex(8) as id and int(time.time()) as first_seen.",
        },
        {
            "zh": "然后 UPDATE … WHERE id = ?：FIELDS 逐个写；open_id = COALESCE(?, open_id) "
            "只补不抹。body 一个字也不用。",
            "en": "Then UPDATE … WHERE id = ?: set each of FIELDS; open_id = COALESCE(?, open_id) "
            "adds an id but never erases one. Use nothing from `body`.",
        },
    ),
    compare="alipay_member/store/__init__.py · MemberStore.save_profile",
    errors={
        "no-row": {"zh": "members 里一行都没有。", "en": "The table members is empty."},
        "no-id": {
            "zh": "新的一行没有 id：用 secrets.token_hex(8)，sessions 表靠它指着这一行。",
            "en": "The new row has no id. Use secrets.token_hex(8); the table sessions refers to "
            "the row by it.",
        },
        "two-rows": {
            "zh": "同一个人再来一次，没有更新他的那一行：先按 app_id 和 open_id 找。",
            "en": "The same person came back, but you did not update their row: look it up by "
            "app_id and open_id first.",
        },
        "field-not-saved": {"zh": "{name} 没有存对。", "en": "{name} was not saved correctly."},
        "null-as-text": {
            "zh": '{name} 没有值，应存 NULL，不是文字：空串或 "None" '
            "会让所有没有它的人变成同一个人。",
            "en": '{name} is absent: store NULL, not text. With "" or "None", everybody without '
            "one becomes the same person.",
        },
        "not-updated": {
            "zh": "再来一次时，资料没有更新。",
            "en": "The profile was not updated when the person came back.",
        },
        "old-kept": {
            "zh": "用户去掉了昵称，旧昵称还留着：支付宝不再返回的，就不再保留。",
            "en": "The person removed their nickname, but the old one is still stored. Keep "
            "nothing that Alipay no longer reports.",
        },
        "first-seen-lost": {
            "zh": "first_seen 变了：它是第一次见到的时间，更新时别动（INSERT OR REPLACE "
            "会重写整行）。",
            "en": "first_seen changed. It is the time of the first visit: leave it alone in an "
            "update (INSERT OR REPLACE rewrites the whole row).",
        },
        "id-changed": {
            "zh": "id 变了：别的表用它指着这一行。更新，不要删了再写。",
            "en": "id changed. Other tables refer to the row by it: update the row, don't delete "
            "and insert it.",
        },
        "others-overwritten": {
            "zh": "另一个人覆盖了前一个人：WHERE 里要有 open_id。",
            "en": "A second person overwrote the first: the WHERE needs open_id.",
        },
        "user-id-elsewhere": {
            "zh": "同一个 user_id 在另一个应用里有自己的一行。AND 比 OR 先算：app_id = ? AND "
            "(open_id = ? OR user_id = ?)。",
            "en": "The same user_id has a row of its own in another app. AND binds tighter than "
            "OR: app_id = ? AND (open_id = ? OR user_id = ?).",
        },
        "app-ignored": {
            "zh": "同一个 open_id 在另一个应用里是另一个人：键是 (app_id, open_id)。",
            "en": "The same open_id in another app is another person: the key is (app_id, "
            "open_id).",
        },
        "no-open-id": {
            "zh": "老应用只给 user_id：没有 open_id 时，要按 user_id 找。",
            "en": "Old apps get only a user_id: without an open_id, look the person up by user_id.",
        },
        "no-open-id-merged": {
            "zh": "两个没有 open_id 的人合成了一个：空的 open_id 不能当作身份。",
            "en": "Two people without an open_id became one: a missing open_id identifies nobody.",
        },
        "known-by-user-id": {
            "zh": "迁移期两个 id 一起到来：按 user_id 已认识的人，被当成了新人。",
            "en": "During the transition both ids arrive, and a person already known by user_id "
            "was taken for a new one.",
        },
        "open-id-not-gained": {
            "zh": "按 user_id 认识的那一行没有得到 open_id：迁移之后就认不出他了。",
            "en": "The row known by user_id did not get its open_id: after the transition you "
            "will not recognise the person.",
        },
        "user-id-lost": {
            "zh": "这次没有给 user_id，原来存的就被抹掉了：没给不等于没有（COALESCE）。",
            "en": "This profile had no user_id, and you erased the stored one. Not reported does "
            "not mean gone (COALESCE).",
        },
        "client-nickname": {
            "zh": "客户端说的被存下来了：那没有签名，谁都能写「财神爷」。只存 profile 里的。",
            "en": "You stored what the client claims. Nobody signed it, and anybody can write "
            "财神爷. Store only what is in `profile`.",
        },
        "client-id": {
            "zh": "客户端报了别人的 id，你信了：别人的账户就这样被打开。身份只来自 profile。",
            "en": "The client sent somebody else's id, and you believed it: that opens other "
            "people's accounts. Take ids from `profile` alone.",
        },
        "client-field": {
            "zh": "{name} 来自客户端：那没有签名，谁都能写。只存 profile 里的。",
            "en": "{name} comes from the client, and nobody signed that. Store only what is in "
            "`profile`.",
        },
        "column-missing": {
            "zh": "新的一行缺了 {name}：INSERT 时要给 id、app_id、open_id、user_id 和 first_seen。",
            "en": "The new row lacks {name}: the INSERT needs id, app_id, open_id, user_id and "
            "first_seen.",
        },
        "row-bound": {
            "zh": "绑定到 ? 的应是文字、数字或 None：execute(…).fetchone() 给的是一行（元组），取 "
            "row[0]；没有 .fetchone() 的是游标。",
            "en": "Bind text, a number or None to a ?. execute(…).fetchone() returns a row, which "
            "is a tuple (take row[0]); without .fetchone() you have a cursor.",
        },
        "other-count": {
            "zh": "? 的个数和值的个数不同：值放在元组里，只有一个时要写逗号 (value,)。",
            "en": "The number of ? differs from the number of values. Values go into a tuple, and "
            "a single one needs its comma: (value,).",
        },
    },
)
