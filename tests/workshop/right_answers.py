"""Right answers that differ from the solution: they must pass as well."""

import base64
import binascii
import hmac
import json
import re
import time
import uuid
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from workshop.provided import (
    FIELDS,
    FORM,
    SHARE,
    TOKEN,
    GatewayError,
    SignatureError,
    StateError,
)


def string_to_sign(parameters):
    pairs = []
    for name in sorted(parameters.keys()):
        value = parameters[name]
        if name == "sign" or value is None or value == "":
            continue
        pairs.append(name + "=" + value)
    return "&".join(pairs)


def sign(text, private_key):
    signature = private_key.sign(bytes(text, "utf8"), padding.PKCS1v15(), hashes.SHA256())
    return str(base64.standard_b64encode(signature), "ascii")


def encoded(parameters):
    return "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in parameters.items())


def build_request(app, method, business, now, auth_token=None):
    beijing = datetime.fromtimestamp(now, tz=timezone.utc) + timedelta(hours=8)
    query = {
        "timestamp": f"{beijing:%Y-%m-%d %H:%M:%S}",
        "charset": "utf-8",
        "app_id": app.app_id,
        "method": method,
        "version": "1.0",
        "sign_type": "RSA2",
        "format": "JSON",
    }
    if auth_token is not None and auth_token != "":
        query["auth_token"] = auth_token
    query["sign"] = sign(string_to_sign({**business, **query}), app.private_key)
    return encoded(query), encoded(business)


def call(app, method, business, auth_token=None):
    query, body = build_request(app, method, business, time.time(), auth_token)
    with app.session.post(
        app.gateway_url, params=query, data=body.encode(), headers=FORM, timeout=10
    ) as response:
        response.raise_for_status()
        node = read_answer(app, method, response.content)
    code = node.get("code")
    if code is not None and code != "10000":
        raise GatewayError(code, node.get("msg"), node.get("sub_code"), node.get("sub_msg"))
    return node


def exchange_code(app, auth_code):
    business = {"code": auth_code, "grant_type": "authorization_code"}
    node = call(app, TOKEN, business)
    names = ("access_token", "refresh_token", "expires_in", "re_expires_in", "open_id", "user_id")
    return {name: node.get(name) for name in names}


def signed_part(body, method, charset="utf-8"):
    try:
        text = body.decode(charset)
        whole = json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SignatureError("unreadable") from error
    for name in (method.replace(".", "_") + "_response", "error_response"):
        found = re.search(rf'"{name}"\s*:\s*', text)
        if found:
            break
    else:
        raise SignatureError("no node")
    inside, escaped, depth = False, False, 0
    for at in range(found.end(), len(text)):
        one = text[at]
        if inside:
            inside = escaped or one != '"'
            escaped = one == "\\" and not escaped
            continue
        inside = one == '"'
        depth += (one == "{") - (one == "}")
        if depth == 0:
            break
    return text[found.end() : at + 1].encode(charset), whole.get("sign") or ""


def verify(data, signature, public_key):
    try:
        raw = base64.b64decode(signature, validate=True)
        public_key.verify(raw, data, padding.PKCS1v15(), hashes.SHA256())
    except (binascii.Error, InvalidSignature):
        return False
    else:
        return True


def read_answer(app, method, body):
    if body.count(f'"{method.replace(".", "_")}_response"'.encode()) > 1:
        raise SignatureError("twice")
    data, signature = signed_part(body, method)
    if verify(data, signature, app.alipay_public_key):
        return json.loads(data)
    node = json.loads(data)
    if "code" in node and node["code"] != "10000":
        return node
    raise SignatureError("not signed by Alipay")


def fetch_profile(app, access_token):
    node = call(app, SHARE, {}, auth_token=access_token)
    profile = dict.fromkeys(("open_id", "user_id", *FIELDS))
    for name in profile:
        if node.get(name):
            profile[name] = node[name]
    gender = profile["gender"]
    return profile | {"gender": gender.upper() if gender else None}


def save_member(db, app_id, profile, body):
    row = None
    for name in ("open_id", "user_id"):
        if profile[name] and row is None:
            query = f"SELECT id, open_id, user_id FROM members WHERE app_id = ? AND {name} = ?"
            row = db.execute(query, (app_id, profile[name])).fetchone()
    if row is None:
        row = (str(uuid.uuid4()), None, None)
        db.execute(
            "INSERT INTO members (id, app_id, open_id, user_id, first_seen) VALUES (?, ?, ?, ?, ?)",
            (row[0], app_id, profile["open_id"], profile["user_id"], time.time()),
        )
    for name in FIELDS:
        db.execute(f"UPDATE members SET {name} = ? WHERE id = ?", (profile[name], row[0]))
    ids = (profile["open_id"] or row[1], profile["user_id"] or row[2], row[0])
    db.execute("UPDATE members SET open_id = ?, user_id = ? WHERE id = ?", ids)
    db.commit()


def fetch_with_refresh(app, tokens):
    for _ in range(2):
        try:
            return fetch_profile(app, tokens.access_token)
        except GatewayError as error:
            if error.sub_code != "aop.auth-token-time-out":
                raise
        node = call(
            app, TOKEN, {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        )
        tokens.access_token, tokens.refresh_token = node["access_token"], node["refresh_token"]
    raise AssertionError("a new token has expired at once")


def authorize_url(app, redirect_uri, session):
    session["alipay"] = {"state": uuid.uuid4().hex}
    query = {"app_id": app.app_id, "scope": "auth_user", "redirect_uri": redirect_uri}
    return app.authorize_endpoint + "?" + encoded(query | session["alipay"])


def read_callback(session, query):
    known = session.get("alipay", {}).get("state", "")
    if not known or not hmac.compare_digest(known.encode(), query.get("state", "").encode()):
        raise StateError("no")
    del session["alipay"]
    if "auth_code" not in query:
        return None
    return query["auth_code"]
