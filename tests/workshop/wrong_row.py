"""How people write the row instead, and refresh: what sqlite3 refuses, whom they believe."""

import time
import uuid

from workshop.provided import TOKEN, GatewayError
from workshop.solution import call, fetch_profile, save_member
from wrong import wrong

# ── step 8 ──

FIND = "SELECT id FROM members WHERE app_id = ? AND (open_id = ? OR user_id = ?)"


def keys(app_id, profile):
    return app_id, profile["open_id"], profile["user_id"]


@wrong("persist", "column-missing", "save_member")
def save_without_the_app(db, app_id, profile, body):
    row = (str(uuid.uuid4()), profile["open_id"], int(time.time()))
    db.execute("INSERT INTO members (id, open_id, first_seen) VALUES (?, ?, ?)", row)


@wrong("persist", "row-bound", "save_member")
def save_where_the_row_is(db, app_id, profile, body):
    save_member(db, app_id, profile, {})
    found = db.execute(FIND, keys(app_id, profile)).fetchone()
    db.execute("UPDATE members SET city = ? WHERE id = ?", (profile["city"], found))


@wrong("persist", "row-bound", "save_member")
def save_where_the_cursor_is(db, app_id, profile, body):
    save_member(db, app_id, profile, {})
    found = db.execute(FIND, keys(app_id, profile))
    db.execute("UPDATE members SET city = ? WHERE id = ?", (profile["city"], found[0]))


@wrong("persist", "row-bound", "save_member")
def save_a_list_of_fields(db, app_id, profile, body):
    save_member(db, app_id, profile, {})
    db.execute("UPDATE members SET city = ? WHERE open_id = ?", ([], profile["open_id"]))


@wrong("persist", "other-count", "save_member")
def save_by_a_text_of_values(db, app_id, profile, body):
    db.execute("SELECT id FROM members WHERE open_id = ?", (profile["open_id"] or ""))


@wrong("persist", "client-id", "save_member")
def save_for_the_clients_open_id(db, app_id, profile, body):
    told = {**profile, "open_id": body.get("open_id") or profile["open_id"]}
    save_member(db, app_id, told, {})


@wrong("persist", "client-id", "save_member")
def save_the_clients_id_where_there_is_none(db, app_id, profile, body):
    told = {**profile, "open_id": profile["open_id"] or body.get("open_id")}
    save_member(db, app_id, told, {})


@wrong("persist", "client-id", "save_member")
def save_the_clients_union_id(db, app_id, profile, body):
    save_member(db, app_id, profile, {})
    where = "app_id = ? AND open_id = ?"
    values = (body.get("union_id"), app_id, profile["open_id"])
    db.execute(f"UPDATE members SET union_id = ? WHERE {where}", values)


@wrong("persist", "client-id", "save_member")
def save_an_id_that_is_somebodys_already(db, app_id, profile, body):
    save_member(db, app_id, profile, {})
    if body.get("user_id"):
        where = "app_id = ? AND open_id = ?"
        values = (body["user_id"], app_id, profile["open_id"])
        db.execute(f"UPDATE members SET user_id = ? WHERE {where}", values)


@wrong("persist", "client-field", "save_member")
def save_the_clients_avatar(db, app_id, profile, body):
    save_member(db, app_id, {**profile, "avatar": body.get("avatar")}, {})


# ── step 9 ──


@wrong("refresh", "not-refreshed", "fetch_with_refresh")
def refresh_by_code(app, tokens):
    try:
        return fetch_profile(app, tokens.access_token)
    except GatewayError as error:
        if error.code == "aop.auth-token-time-out":
            grant = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
            node = call(app, TOKEN, grant)
            tokens.access_token = node["access_token"]
            tokens.refresh_token = node["refresh_token"]
            return fetch_profile(app, tokens.access_token)
