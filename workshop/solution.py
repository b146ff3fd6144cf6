"""The solution, from the string to sign to the row. docs/workshop.md: what alipay_member/ adds."""

import base64
import json
import secrets
import sqlite3
import time
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from workshop.provided import (
    BEIJING,
    FIELDS,
    FORM,
    SHARE,
    TOKEN,
    App,
    GatewayError,
    SignatureError,
    StateError,
    Tokens,
    says_error,
)

# ── step 1: the string to sign ──


def string_to_sign(parameters: dict[str, str]) -> str:
    """The text that a request's signature covers (待签名字符串)."""
    signed = {name: value for name, value in parameters.items() if name != "sign" and value}
    return "&".join(f"{name}={value}" for name, value in sorted(signed.items()))


# ── step 2: sign it ──


def sign(text: str, private_key: RSAPrivateKey) -> str:
    """The RSA2 signature of a text, in base64."""
    signature = private_key.sign(text.encode("utf-8"), PKCS1v15(), SHA256())
    return base64.b64encode(signature).decode("ascii")


# ── step 3: the request ──


def build_request(
    app: App, method: str, business: dict[str, str], now: float, auth_token: str | None = None
) -> tuple[str, str]:
    """The query (common parameters) and the body (the method's own) of one call."""
    common = {
        "app_id": app.app_id,
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": datetime.fromtimestamp(now, BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
        "version": "1.0",
    }
    if auth_token:
        common["auth_token"] = auth_token
    common["sign"] = sign(string_to_sign(common | business), app.private_key)
    return urlencode(common), urlencode(business)


# ── step 4: exchange the auth_code ──


def call(
    app: App, method: str, business: dict[str, str], auth_token: str | None = None
) -> dict[str, Any]:
    """Make one call; the node of its answer, or GatewayError with Alipay's own words."""
    query, body = build_request(app, method, business, time.time(), auth_token)
    url = f"{app.gateway_url}?{query}"
    response = app.session.post(url, data=body, headers=FORM, timeout=(3.05, 10))
    node = read_answer(app, method, response.content)
    if says_error(node):
        words = [node.get(name, "") for name in ("code", "msg", "sub_code", "sub_msg")]
        raise GatewayError(*words)
    return node


def exchange_code(app: App, auth_code: str) -> dict[str, Any]:
    """Redeem the auth_code that my.getAuthCode gave."""
    return call(app, TOKEN, {"grant_type": "authorization_code", "code": auth_code})


# ── step 5: which bytes were signed ──


def signed_part(body: bytes, method: str, charset: str = "utf-8") -> tuple[bytes, str]:
    """The bytes of an answer that were signed, exactly as they came, and the signature."""
    try:
        text = body.decode(charset)
        name = method.replace(".", "_") + "_response"
        if f'"{name}"' not in text:
            name = "error_response"
        start = text.index("{", text.index(f'"{name}"'))
        _, end = json.JSONDecoder().raw_decode(text, start)
        signature = json.loads(text).get("sign", "")
    except ValueError:
        raise SignatureError(f"this is not an answer to {method}") from None
    return text[start:end].encode(charset), signature


# ── step 6: verify, then use only what was verified ──


def verify(data: bytes, signature: str, public_key: RSAPublicKey) -> bool:
    """Whether the signature is RSA2 over exactly these bytes, by the key's owner."""
    try:
        public_key.verify(base64.b64decode(signature), data, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def read_answer(app: App, method: str, body: bytes) -> dict[str, Any]:
    """The node of an answer, parsed from the signed bytes alone."""
    data, signature = signed_part(body, method)
    node: dict[str, Any] = json.loads(data)
    if not says_error(node) and not verify(data, signature, app.alipay_public_key):
        raise SignatureError("Alipay did not sign this answer")
    return node


# ── step 7: the profile ──


def fetch_profile(app: App, access_token: str) -> dict[str, str | None]:
    """The profile of the person who granted the token; what Alipay does not report is None."""
    node = call(app, SHARE, {}, access_token)
    profile = {name: node.get(name) for name in ("open_id", "user_id", *FIELDS)}
    if profile["gender"]:
        profile["gender"] = profile["gender"].upper()
    return profile


# ── step 8: persist it ──


def save_member(
    db: sqlite3.Connection, app_id: str, profile: dict[str, str | None], body: dict[str, Any]
) -> None:
    """Write the person's one row, from what Alipay says; nothing from the client's body."""
    ids = (profile["open_id"], profile["user_id"])
    same_person = "app_id = ? AND (open_id = ? OR user_id = ?)"
    found = db.execute(f"SELECT id FROM members WHERE {same_person}", (app_id, *ids)).fetchone()
    member_id = found[0] if found else secrets.token_hex(8)
    if not found:
        row = (member_id, app_id, *ids, int(time.time()))
        columns = "id, app_id, open_id, user_id, first_seen"
        db.execute(f"INSERT INTO members ({columns}) VALUES (?, ?, ?, ?, ?)", row)
    changes = ["open_id = COALESCE(?, open_id)", "user_id = COALESCE(?, user_id)"]
    changes += [f"{name} = ?" for name in FIELDS]
    values = (*ids, *[profile[name] for name in FIELDS], member_id)
    db.execute(f"UPDATE members SET {', '.join(changes)} WHERE id = ?", values)


# ── step 9: the token has expired ──


def fetch_with_refresh(app: App, tokens: Tokens) -> dict[str, str | None]:
    """The profile, with new tokens if the access_token has expired."""
    try:
        return fetch_profile(app, tokens.access_token)
    except GatewayError as error:
        if error.sub_code != "aop.auth-token-time-out":
            raise
    business = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    renewed = call(app, TOKEN, business)
    tokens.access_token = renewed["access_token"]
    tokens.refresh_token = renewed["refresh_token"]
    return fetch_profile(app, tokens.access_token)


# ── step 10: on the web ──


def authorize_url(app: App, redirect_uri: str, session: dict[str, Any]) -> str:
    """Where to send a browser for consent (授权URL拼接), with a state that only it knows."""
    session["state"] = secrets.token_urlsafe(32)
    query = {"app_id": app.app_id, "scope": "auth_user", "redirect_uri": redirect_uri}
    return f"{app.authorize_endpoint}?{urlencode(query | {'state': session['state']})}"


def read_callback(session: dict[str, Any], query: dict[str, str]) -> str | None:
    """The auth_code with which this browser comes back; None if the person refused."""
    expected = session.pop("state", None)
    if not expected or query.get("state") != expected:
        raise StateError("the state is missing, foreign or used")
    return query.get("auth_code")
