"""Your file: the integration of 获取会员信息 (get member info), in thirteen functions.

    python -m workshop        checks it, again at each save, and says what to do next

Write the functions from the top to the bottom; each says what goes in and out. Those that you
have not written yet are lent to you from solution.py, so you may call them. Helpers of your own
are welcome.
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

    Every parameter but `sign`, those with an empty value left out, sorted by name, as name=value
    joined by &. Values are as they are, not URL-encoded.
    """
    raise NotImplementedError


# ── step 2: sign it ──


def sign(text: str, private_key: RSAPrivateKey) -> str:
    """The RSA2 signature of a text, in base64.

    RSA2 is Alipay's name for RSASSA-PKCS1-v1_5 with SHA-256. What is signed is the text in UTF-8.
    """
    raise NotImplementedError


# ── step 3: the request ──


def build_request(
    app: App, method: str, business: dict[str, str], now: float, auth_token: str | None = None
) -> tuple[str, str]:
    """The query and the body of one call, both URL-encoded.

    In the query: app_id, method, format (JSON), charset (utf-8), sign_type (RSA2), version (1.0),
    timestamp (yyyy-MM-dd HH:mm:ss in Beijing), auth_token where there is one, and sign. In the
    body: `business`, the method's own parameters. The signature covers both. `now` is UTC seconds.
    """
    raise NotImplementedError


# ── step 4: exchange the auth_code ──


def call(
    app: App, method: str, business: dict[str, str], auth_token: str | None = None
) -> dict[str, Any]:
    """Make one call with app.session.post, and give the node that read_answer finds in the answer.

    GatewayError, with Alipay's code, msg, sub_code and sub_msg, where the node says_error. The body
    is a form (FORM), and nobody waits for ever: timeout=(3.05, 10).
    """
    raise NotImplementedError


def exchange_code(app: App, auth_code: str) -> dict[str, Any]:
    """Redeem the auth_code that my.getAuthCode gave (TOKEN): access_token, open_id and the rest.

    Its parameters: grant_type (authorization_code) and code. A code works once.
    """
    raise NotImplementedError


# ── step 5: which bytes were signed ──


def signed_part(body: bytes, method: str, charset: str = "utf-8") -> tuple[bytes, str]:
    """The bytes of an answer that were signed, exactly as they came, and the signature ("": none).

    They reach from the { of the node to its }. The node is called alipay_user_info_share_response
    if the method is alipay.user.info.share, and so on; error_response if that is absent.
    SignatureError if there is no node to be found.
    """
    raise NotImplementedError


# ── step 6: verify, then use only what was verified ──


def verify(data: bytes, signature: str, public_key: RSAPublicKey) -> bool:
    """Whether `signature` (base64) is RSA2 over exactly these bytes, by the key's owner."""
    raise NotImplementedError


def read_answer(app: App, method: str, body: bytes) -> dict[str, Any]:
    """The node of an answer, parsed from the signed bytes alone.

    SignatureError unless Alipay signed them. An error may come unsigned: it is given as it is, for
    call to raise, because "bad signature" would hide what Alipay said.
    """
    raise NotImplementedError


# ── step 7: the profile ──


def fetch_profile(app: App, access_token: str) -> dict[str, str | None]:
    """The profile of the person who granted the token (SHARE): open_id, user_id and FIELDS.

    SHARE has no parameters of its own: the access_token goes along as auth_token. All the names are
    there, None where Alipay says nothing, which is normal; nothing else is kept. gender is F or M,
    in capitals: older answers have f and m.
    """
    raise NotImplementedError


# ── step 8: persist it ──


def save_member(
    db: sqlite3.Connection, app_id: str, profile: dict[str, str | None], body: dict[str, Any]
) -> None:
    """Write the row of `members` of the person whom `profile`, made by fetch_profile, names.

    One row per person and app, found by open_id or by user_id: either may be None, and a row known
    by one gains the other; an id that is not told stays. All of FIELDS are written, None included.
    A new row has id (a random text), app_id, open_id, user_id and first_seen (UTC seconds). The
    caller commits. `body` is the JSON that the client sent along. What of it may go into the row?
    """
    raise NotImplementedError


# ── step 9: the token has ended ──


def fetch_with_refresh(app: App, tokens: Tokens) -> dict[str, str | None]:
    """fetch_profile with tokens.access_token; if that has ended, with a new one.

    Alipay says aop.auth-token-time-out then: only then refresh (TOKEN with grant_type refresh_token
    and refresh_token) and keep both new tokens in `tokens`, at once: a refresh_token works once.
    """
    raise NotImplementedError


# ── step 10: on the web ──


def authorize_url(app: App, redirect_uri: str, session: dict[str, Any]) -> str:
    """Where to send a browser for consent (授权URL拼接): app.authorize_endpoint with a query.

    Its parameters: app_id, scope (auth_user), redirect_uri and state, URL-encoded. `state` is a new
    random text, kept in `session`, which belongs to this browser alone.
    """
    raise NotImplementedError


def read_callback(session: dict[str, Any], query: dict[str, str]) -> str | None:
    """The auth_code with which a browser comes back; None if the person refused.

    `query` is the callback's: auth_code, state and more. StateError unless it brings the state that
    this browser's session holds, which works once.
    """
    raise NotImplementedError
