"""Your file: the integration of 获取会员信息 (get member info), in thirteen functions.

    python -m workshop        checks it after each save, and says what to do next

Write the functions from top to bottom; each docstring says what goes in and what comes out. Until
you have written a function, you may call it all the same: solution.py lends it to you. Helpers of
your own are welcome.
"""

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
    """The text that a request's signature covers (待签名字符串).

    All parameters except `sign` and those with an empty value, sorted by name, as name=value joined
    by &. Values stay as they are, not URL-encoded.
    """
    raise NotImplementedError


# ── step 2: sign it ──


def sign(text: str, private_key: RSAPrivateKey) -> str:
    """The RSA2 signature of a text, in base64.

    RSA2 is Alipay's name for RSASSA-PKCS1-v1_5 with SHA-256. Sign the text in UTF-8.
    """
    raise NotImplementedError


# ── step 3: the request ──


def build_request(
    app: App, method: str, business: dict[str, str], now: float, auth_token: str | None = None
) -> tuple[str, str]:
    """The query and the body of one call, both URL-encoded.

    In the query: app_id, method, format (JSON), charset (utf-8), sign_type (RSA2), version (1.0),
    timestamp (yyyy-MM-dd HH:mm:ss in Beijing), auth_token if there is one, and sign. In the body:
    `business`, the method's own parameters. The signature covers both. `now` is in UTC seconds.
    """
    raise NotImplementedError


# ── step 4: exchange the auth_code ──


def call(
    app: App, method: str, business: dict[str, str], auth_token: str | None = None
) -> dict[str, Any]:
    """Make one call with app.session.post; return the node that read_answer finds in the answer.

    Raise GatewayError, with Alipay's code, msg, sub_code and sub_msg, if says_error(node). The body
    is a form (FORM). Never wait forever: timeout=(3.05, 10).
    """
    raise NotImplementedError


def exchange_code(app: App, auth_code: str) -> dict[str, Any]:
    """Redeem the auth_code of my.getAuthCode (TOKEN): access_token, open_id and the rest.

    Its parameters: grant_type (authorization_code) and code. A code works once.
    """
    raise NotImplementedError


# ── step 5: which bytes were signed ──


def signed_part(body: bytes, method: str, charset: str = "utf-8") -> tuple[bytes, str]:
    """The signed bytes of an answer, exactly as received, and the signature ("" if there is none).

    They reach from the { of the node to its }. The node is called alipay_user_info_share_response
    if the method is alipay.user.info.share, and so on; if that is missing, error_response. Raise
    SignatureError if neither is there.
    """
    raise NotImplementedError


# ── step 6: verify, then use only what was verified ──


def verify(data: bytes, signature: str, public_key: RSAPublicKey) -> bool:
    """Whether `signature` (base64) is RSA2 over exactly these bytes, by the key's owner."""
    raise NotImplementedError


def read_answer(app: App, method: str, body: bytes) -> dict[str, Any]:
    """The node of an answer, parsed from the signed bytes alone.

    Raise SignatureError unless Alipay signed them. An error may come unsigned: return it as it is
    and let call raise it, because "bad signature" would hide what Alipay says.
    """
    raise NotImplementedError


# ── step 7: the profile ──


def fetch_profile(app: App, access_token: str) -> dict[str, str | None]:
    """The profile of the person who granted the token (SHARE): open_id, user_id and FIELDS.

    SHARE has no parameters of its own: pass the access_token as auth_token. Return all these names
    and no others, with None where Alipay reports nothing, which is normal. gender is F or M, in
    capitals: older answers have f and m.
    """
    raise NotImplementedError


# ── step 8: persist it ──


def save_member(
    db: sqlite3.Connection, app_id: str, profile: dict[str, str | None], body: dict[str, Any]
) -> None:
    """Write a person's row in the table `members`. `profile` comes from fetch_profile.

    One row per person and app, found by open_id or user_id. Either may be None: a row known by one
    gains the other, and a None never erases an id. Write all of FIELDS, None included. A new row
    has id (random text), app_id, open_id, user_id and first_seen (UTC seconds). The caller commits.
    `body` is the JSON that the client sent along. How much of it may go into the row?
    """
    raise NotImplementedError


# ── step 9: the token has expired ──


def fetch_with_refresh(app: App, tokens: Tokens) -> dict[str, str | None]:
    """fetch_profile with tokens.access_token; if it has expired, with a new one.

    Alipay then says aop.auth-token-time-out. Only then refresh (TOKEN with grant_type refresh_token
    and refresh_token), and store both new tokens in `tokens` at once: a refresh_token works once.
    """
    raise NotImplementedError


# ── step 10: on the web ──


def authorize_url(app: App, redirect_uri: str, session: dict[str, Any]) -> str:
    """Where to send a browser for consent (授权URL拼接): app.authorize_endpoint with a query.

    Its parameters: app_id, scope (auth_user), redirect_uri and state, URL-encoded. `state` is a new
    random text; store it in `session`, which belongs to this browser alone.
    """
    raise NotImplementedError


def read_callback(session: dict[str, Any], query: dict[str, str]) -> str | None:
    """The auth_code with which a browser comes back; None if the person refused.

    `query` is the callback's: auth_code, state and more. Raise StateError unless its state is the
    one in this browser's session, which works once.
    """
    raise NotImplementedError
