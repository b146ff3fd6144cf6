"""What the emulated Alipay pushes to an app's 应用网关: 用户授权取消消息 (a consent was withdrawn).

One address for all of its apps, a switch; while there is none, nothing is sent. Alipay sends a
message again, for hours, until the answer is `success`; here each is sent once.
"""

import json
import logging
import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from alipay_member.signing import sign, string_to_sign

from .accounts import Accounts, choice
from .faults import stranger_key

WITHDRAWN = "alipay.open.auth.userauth.cancelled"
LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?/\S*")
CHARSETS = ("utf-8", "GBK")
PATIENCE = 3  # seconds for an answer
log = logging.getLogger("emulator")

Sent = dict[str, Any]  # what was sent, and how the app answered


def loopback_address(url: object) -> str | None:
    """An address on this machine, or None for none. ValueError with a sentence for any other."""
    if url is None or (isinstance(url, str) and LOOPBACK.fullmatch(url)):
        return url
    raise ValueError("url must be an http address of this machine, or null")


def withdrawals(accounts: Accounts, member: str, app_ids: list[str]) -> list[Sent]:
    """Tell each of these apps that the member has withdrawn their consent."""
    return [_send(accounts, app_id, member, accounts.alipay_key) for app_id in app_ids]


def forgery(accounts: Accounts, app_id: str, member: str) -> list[Sent]:
    """Tell the app the same, although it is not so: signed by somebody who is not Alipay."""
    return [_send(accounts, app_id, member, stranger_key())]


def message(
    accounts: Accounts, app_id: str, member: str, private_key: RSAPrivateKey
) -> dict[str, str]:
    """The parameters of 用户授权取消消息, version 1.1, signed."""
    now = str(int(accounts.clock() * 1000))  # milliseconds
    ids = accounts.ids(app_id, member)
    content = {"cancel_time": int(now), **ids, "app_id": app_id}
    parameters = {
        "app_id": app_id,
        "biz_content": json.dumps(content, separators=(",", ":")),
        "charset": accounts.message_charset,
        "msg_method": WITHDRAWN,
        "notify_id": now + secrets.token_hex(12),
        "utc_timestamp": now,
        "version": "1.1",
    }
    text = string_to_sign(parameters)  # of a message sign_type is not signed, unlike a call's
    signature = sign(text.encode(accounts.message_charset), private_key)
    return parameters | {"sign": signature, "sign_type": "RSA2"}


def _send(accounts: Accounts, app_id: str, member: str, private_key: RSAPrivateKey) -> Sent:
    """POST the message; the answer is what the app says, or "" if it says nothing."""
    parameters = message(accounts, app_id, member, private_key)
    try:
        answer = post(str(accounts.message_url), parameters)
    except requests.RequestException:
        answer = ""
    log.info("message to %s: answered %r", app_id, answer[:20])
    return {"app_id": app_id, "answer": answer[:200]}


def post(url: str, parameters: Mapping[str, str]) -> str:
    """The answer to a form. Raises RequestException."""
    charset = parameters["charset"]
    content_type = f"application/x-www-form-urlencoded; charset={charset}"
    with requests.Session() as session:
        session.trust_env = False  # a company's proxy can't reach this machine
        answer = session.post(
            url,
            urlencode(parameters, encoding=charset).encode("ascii"),
            headers={"Content-Type": content_type},
            timeout=PATIENCE,
            allow_redirects=False,
        )
    return answer.text


def message_charset(charset: object) -> str:
    """utf-8 or GBK. ValueError with a sentence for any other."""
    return choice(charset, CHARSETS, "charset")
