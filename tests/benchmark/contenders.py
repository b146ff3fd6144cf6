"""What login.py compares ours with: the same three routes, written straight down in bare Flask.

    gunicorn 'contenders:floor()'      signing, calling and verifying by hand, as short as it goes
    gunicorn 'contenders:python_sdk()' the same, but python-alipay-sdk calls
    gunicorn 'contenders:official()'   the same, but Alipay's own SDK calls

Gateway, keys and database come from the settings that our app takes, too. Nothing else is checked,
nothing explained, no page and no refresh is there: what stays is the work of a login.
"""

import base64
import hashlib
import json
import os
import secrets
import sqlite3
import time
from pathlib import Path
from urllib.parse import urlencode

import requests
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from flask import Flask, request

SCHEMA = Path(__file__).resolve().parents[2] / "alipay_member" / "store" / "schema.sql"
APP_ID = "demo-mini"
TOKEN, SHARE = "alipay.system.oauth.token", "alipay.user.info.share"
PROFILE = ("nick_name", "avatar", "gender", "province", "city", "user_type", "user_status")
SHOWN = ("app_id", "open_id", "user_id", "first_seen", *PROFILE, "profile_at")


def floor():
    """Calls by hand, on one connection that is kept."""
    gateway = os.environ["ALIPAY_GATEWAY_URL"]
    key = load_der_private_key(base64.b64decode(os.environ["ALIPAY_APP_PRIVATE_KEY"]), None)
    alipays = load_der_public_key(base64.b64decode(os.environ["ALIPAY_PUBLIC_KEY"]))
    session = requests.Session()

    def call(method, **parameters):
        common = {
            "app_id": APP_ID,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": time.strftime("%Y-%m-%d %H:%M:%S"),
            "version": "1.0",
        }
        if "auth_token" in parameters:
            common["auth_token"] = parameters.pop("auth_token")
        signed = "&".join(f"{k}={v}" for k, v in sorted((common | parameters).items()))
        signature = key.sign(signed.encode(), PKCS1v15(), SHA256())
        common["sign"] = base64.b64encode(signature).decode()
        url = f"{gateway}?{urlencode(common)}"
        text = session.post(url, data=parameters, timeout=(3, 10)).content.decode()
        start = text.index(":") + 1
        node = text[start : text.rindex(',"sign":')]
        signature = base64.b64decode(json.loads(text)["sign"])
        alipays.verify(signature, node.encode(), PKCS1v15(), SHA256())
        return json.loads(node)

    return make_app(
        lambda code: call(TOKEN, grant_type="authorization_code", code=code),
        lambda access_token: call(SHARE, auth_token=access_token),
    )


def python_sdk():
    """python-alipay-sdk calls; it opens a connection for each."""
    from alipay import AliPay

    sdk = AliPay(
        appid=APP_ID,
        app_private_key_string=pem("PRIVATE KEY", os.environ["ALIPAY_APP_PRIVATE_KEY"]),
        alipay_public_key_string=pem("PUBLIC KEY", os.environ["ALIPAY_PUBLIC_KEY"]),
    )
    sdk._gateway = os.environ["ALIPAY_GATEWAY_URL"]
    return make_app(
        lambda code: sdk.server_api(TOKEN, grant_type="authorization_code", code=code),
        lambda access_token: sdk.server_api(SHARE, auth_token=access_token),
    )


def official():
    """Alipay's own SDK calls."""
    from alipay.aop.api.AlipayClientConfig import AlipayClientConfig
    from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient
    from alipay.aop.api.request.AlipaySystemOauthTokenRequest import AlipaySystemOauthTokenRequest
    from alipay.aop.api.request.AlipayUserInfoShareRequest import AlipayUserInfoShareRequest

    config = AlipayClientConfig()
    config.server_url = os.environ["ALIPAY_GATEWAY_URL"]
    config.app_id = APP_ID
    config.app_private_key = os.environ["OFFICIAL_PRIVATE_KEY"]
    config.alipay_public_key = os.environ["ALIPAY_PUBLIC_KEY"]
    client = DefaultAlipayClient(alipay_client_config=config)

    def exchange(code):
        call = AlipaySystemOauthTokenRequest()
        call.grant_type = "authorization_code"
        call.code = code
        return json.loads(client.execute(call))

    def fetch(access_token):
        call = AlipayUserInfoShareRequest()
        call.udf_params = {"auth_token": access_token}
        return json.loads(client.execute(call))

    return make_app(exchange, fetch)


def pem(label, one_line):
    return f"-----BEGIN {label}-----\n{one_line}\n-----END {label}-----"


def make_app(exchange, fetch):
    """The three routes and one connection to SQLite, with as few statements as they need."""
    path = os.environ["DATABASE_URL"].removeprefix("sqlite:///")
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
    db.executescript(SCHEMA.read_text("utf-8"))
    app = Flask(__name__)

    @app.get("/healthz")
    def healthz():
        return {"ok": True}

    @app.post("/api/auth")
    def auth():
        token = exchange(request.get_json()["auth_code"])
        now = int(time.time())
        session_token = secrets.token_urlsafe(32)
        db.execute("BEGIN IMMEDIATE")
        known = "SELECT id FROM members WHERE app_id = ? AND open_id = ?"
        row = db.execute(known, (APP_ID, token["open_id"])).fetchone()
        member_id = row[0] if row else secrets.token_hex(8)
        if not row:
            db.execute(
                "INSERT INTO members (id, app_id, open_id, first_seen) VALUES (?, ?, ?, ?)",
                (member_id, APP_ID, token["open_id"], now),
            )
        ends = now + int(token["expires_in"]), now + int(token["re_expires_in"])
        tokens = token["access_token"], token["refresh_token"]
        db.execute(
            "INSERT INTO sessions (token_hash, member_id, started_at, access_token, refresh_token, "
            "access_expires_at, refresh_expires_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (hashed(session_token), member_id, now, *tokens, *ends, ends[1]),
        )
        db.execute("COMMIT")
        return {"session": session_token, "expires_in": ends[1] - now, "member": member(member_id)}

    @app.post("/api/member")
    def save():
        member_id, access_token = session()
        profile = fetch(access_token)
        db.execute("BEGIN IMMEDIATE")
        db.execute(
            f"UPDATE members SET {', '.join(f'{name} = ?' for name in PROFILE)}, profile_at = ? "
            "WHERE id = ? AND open_id = ?",
            (*map(profile.get, PROFILE), int(time.time()), member_id, profile["open_id"]),
        )
        db.execute("COMMIT")
        return {"member": member(member_id)}

    @app.get("/api/member")
    def show():
        return {"member": member(session()[0])}

    def session():
        token = request.headers["Authorization"].removeprefix("Bearer ")
        found = (
            "SELECT member_id, access_token FROM sessions WHERE token_hash = ? AND expires_at > ?"
        )
        return db.execute(found, (hashed(token), time.time())).fetchone()

    def member(member_id):
        row = db.execute(f"SELECT {', '.join(SHOWN)} FROM members WHERE id = ?", (member_id,))
        return dict(zip(SHOWN, row.fetchone(), strict=True))

    return app


def hashed(token):
    return hashlib.sha256(token.encode()).hexdigest()
