"""How people persist and refresh instead."""

import secrets
import time

from workshop.provided import FIELDS, TOKEN, GatewayError
from workshop.solution import call, fetch_profile, save_member
from wrong import wrong

# ── step 8 ──

COLUMNS = ("id", "app_id", "open_id", "user_id", "first_seen", *FIELDS)
MARKS = ", ".join("?" * len(COLUMNS))
SETS = ", ".join(f"{name} = ?" for name in FIELDS)


def insert(db, app_id, profile, verb="INSERT", **more):
    row = {"id": secrets.token_hex(8), "app_id": app_id, "first_seen": int(time.time())}
    row |= profile | more
    values = [row[name] for name in COLUMNS]
    db.execute(f"{verb} INTO members ({', '.join(COLUMNS)}) VALUES ({MARKS})", values)


def update(db, profile, where, *values):
    fields = [profile[name] for name in FIELDS]
    return db.execute(f"UPDATE members SET {SETS} WHERE {where}", (*fields, *values)).rowcount


@wrong("persist", "two-rows", "save_member")
def save_and_always_insert(db, app_id, profile, body):
    insert(db, app_id, profile)


@wrong("persist", "first-seen-lost", "save_member")
def save_by_replacing(db, app_id, profile, body):
    insert(db, app_id, profile, "INSERT OR REPLACE")


@wrong("persist", "id-changed", "save_member")
def save_by_deleting(db, app_id, profile, body):
    key = (app_id, profile["open_id"])
    where = "app_id = ? AND open_id IS ?"
    found = db.execute(f"SELECT first_seen FROM members WHERE {where}", key).fetchone()
    db.execute(f"DELETE FROM members WHERE {where}", key)
    insert(db, app_id, profile, **({"first_seen": found[0]} if found else {}))


@wrong("persist", "not-updated", "save_member")
def save_the_first_time_only(db, app_id, profile, body):
    insert(db, app_id, profile, "INSERT OR IGNORE")


@wrong("persist", "no-row", "save_member")
def save_nothing(db, app_id, profile, body):
    update(db, profile, "app_id = ? AND open_id = ?", app_id, profile["open_id"])


@wrong("persist", "no-id", "save_member")
def save_without_an_id(db, app_id, profile, body):
    insert(db, app_id, profile, id=None)


@wrong("persist", "no-open-id", "save_member")
def save_by_open_id_only(db, app_id, profile, body):
    if not update(db, profile, "app_id = ? AND open_id = ?", app_id, profile["open_id"]):
        insert(db, app_id, profile)


@wrong("persist", "no-open-id-merged", "save_member")
def save_all_without_one_together(db, app_id, profile, body):
    if not update(db, profile, "app_id = ? AND open_id IS ?", app_id, profile["open_id"]):
        insert(db, app_id, profile)


@wrong("persist", "null-as-text", "save_member")
def save_none_as_text(db, app_id, profile, body):
    save_member(db, app_id, profile | {"user_id": str(profile["user_id"])}, body)


@wrong("persist", "app-ignored", "save_member")
def save_in_any_app(db, app_id, profile, body):
    if not update(db, profile, "open_id = ?", profile["open_id"]):
        insert(db, app_id, profile)


@wrong("persist", "user-id-elsewhere", "save_member")
def save_without_parentheses(db, app_id, profile, body):
    where = "app_id = ? AND open_id = ? OR user_id = ?"
    keys = (app_id, profile["open_id"], profile["user_id"])
    found = db.execute(f"SELECT app_id FROM members WHERE {where}", keys).fetchone()
    save_member(db, found[0] if found else app_id, profile, {})


@wrong("persist", "client-nickname", "save_member")
def save_the_clients_nickname_the_second_time(db, app_id, profile, body):
    known = "SELECT 1 FROM members WHERE open_id = ?"
    if db.execute(known, (profile["open_id"],)).fetchone():
        profile = profile | {name: body.get(name) or profile[name] for name in FIELDS}
    save_member(db, app_id, profile, {})


@wrong("persist", "others-overwritten", "save_member")
def save_one_person_an_app(db, app_id, profile, body):
    if not update(db, profile, "app_id = ?", app_id):
        insert(db, app_id, profile)


@wrong("persist", "open-id-not-gained", "save_member")
def save_without_the_ids(db, app_id, profile, body):
    ids = (profile["open_id"], profile["user_id"])
    if not update(db, profile, "app_id = ? AND (open_id = ? OR user_id = ?)", app_id, *ids):
        insert(db, app_id, profile)


@wrong("persist", "user-id-lost", "save_member")
def save_the_ids_as_they_come(db, app_id, profile, body):
    save_member(db, app_id, profile, body)
    where = "app_id = ? AND open_id = ?"
    values = (profile["user_id"], app_id, profile["open_id"])
    db.execute(f"UPDATE members SET user_id = ? WHERE {where}", values)


@wrong("persist", "old-kept", "save_member")
def save_what_is_told(db, app_id, profile, body):
    ids = ("open_id", "user_id")
    key = (app_id, *[profile[name] for name in ids])
    query = "SELECT nick_name FROM members WHERE app_id = ? AND (open_id = ? OR user_id = ?)"
    old = db.execute(query, key).fetchone()
    name = profile["nick_name"] or (old[0] if old else None)
    save_member(db, app_id, profile | {"nick_name": name}, body)


@wrong("persist", "client-nickname", "save_member")
def save_the_clients_nickname(db, app_id, profile, body):
    save_member(db, app_id, profile | {"nick_name": body.get("nickName", profile["nick_name"])}, {})


@wrong("persist", "client-nickname", "save_member")
def save_the_clients_nickname_where_there_is_none(db, app_id, profile, body):
    save_member(
        db, app_id, profile | {"nick_name": profile["nick_name"] or body.get("nick_name")}, {}
    )


@wrong("persist", "client-id", "save_member")
def save_for_the_clients_id(db, app_id, profile, body):
    save_member(db, app_id, profile | {"user_id": body.get("user_id", profile["user_id"])}, {})


# ── step 9 ──


def refreshed(app, tokens):
    business = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    return call(app, TOKEN, business)


def has_ended(error):
    return error.sub_code == "aop.auth-token-time-out"


def keep(tokens, renewed):
    tokens.access_token = renewed["access_token"]
    tokens.refresh_token = renewed["refresh_token"]


@wrong("refresh", "not-refreshed", "fetch_with_refresh")
def fetch_only(app, tokens):
    return fetch_profile(app, tokens.access_token)


@wrong("refresh", "always-refreshes", "fetch_with_refresh")
def refresh_first(app, tokens):
    keep(tokens, refreshed(app, tokens))
    return fetch_profile(app, tokens.access_token)


@wrong("refresh", "access-token-not-kept", "fetch_with_refresh")
def refresh_and_keep_nothing(app, tokens):
    try:
        return fetch_profile(app, tokens.access_token)
    except GatewayError as error:
        if not has_ended(error):
            raise
        return fetch_profile(app, refreshed(app, tokens)["access_token"])


@wrong("refresh", "refresh-token-not-kept", "fetch_with_refresh")
def refresh_and_keep_one(app, tokens):
    try:
        return fetch_profile(app, tokens.access_token)
    except GatewayError as error:
        if not has_ended(error):
            raise
        tokens.access_token = refreshed(app, tokens)["access_token"]
        return fetch_profile(app, tokens.access_token)


@wrong("refresh", "kept-too-late", "fetch_with_refresh")
def refresh_and_keep_in_the_end(app, tokens):
    try:
        return fetch_profile(app, tokens.access_token)
    except GatewayError as error:
        if not has_ended(error):
            raise
        renewed = refreshed(app, tokens)
        profile = fetch_profile(app, renewed["access_token"])
        keep(tokens, renewed)
        return profile


@wrong("refresh", "refreshes-at-any-error", "fetch_with_refresh")
def refresh_at_any_error(app, tokens):
    try:
        return fetch_profile(app, tokens.access_token)
    except GatewayError:
        keep(tokens, refreshed(app, tokens))
        return fetch_profile(app, tokens.access_token)


@wrong("refresh", "other-token", "fetch_with_refresh")
def refresh_with_the_access_token(app, tokens):
    try:
        return fetch_profile(app, tokens.access_token)
    except GatewayError:
        business = {"grant_type": "refresh_token", "refresh_token": tokens.access_token}
        keep(tokens, call(app, TOKEN, business))
        return fetch_profile(app, tokens.access_token)


@wrong("refresh", "grant-type", "fetch_with_refresh")
def refresh_as_a_code(app, tokens):
    try:
        return fetch_profile(app, tokens.access_token)
    except GatewayError:
        business = {"grant_type": "authorization_code", "code": tokens.refresh_token}
        keep(tokens, call(app, TOKEN, business))
        return fetch_profile(app, tokens.access_token)


@wrong("refresh", "old-token-again", "fetch_with_refresh")
def refresh_and_use_the_old_one(app, tokens):
    old = tokens.access_token
    try:
        return fetch_profile(app, old)
    except GatewayError as error:
        if not has_ended(error):
            raise
        keep(tokens, refreshed(app, tokens))
        return fetch_profile(app, old)


@wrong("refresh", "error-swallowed", "fetch_with_refresh")
def refresh_and_swallow(app, tokens):
    try:
        return fetch_profile(app, tokens.access_token)
    except GatewayError as error:
        if not has_ended(error):
            return None
        keep(tokens, refreshed(app, tokens))
        return fetch_profile(app, tokens.access_token)


@wrong("refresh", "tries-again", "fetch_with_refresh")
def refresh_thrice(app, tokens):
    try:
        return fetch_profile(app, tokens.access_token)
    except GatewayError as error:
        if not has_ended(error):
            raise
    for _ in range(3):
        try:
            keep(tokens, refreshed(app, tokens))
            break
        except GatewayError:
            continue
    return fetch_profile(app, tokens.access_token)
