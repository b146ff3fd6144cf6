"""The message that the emulated Alipay pushes when a consent was withdrawn: 用户授权取消消息.

It goes to one message URL (应用网关) for all apps, which a control route sets; without one, nothing
is sent. Alipay repeats a message for hours until the app answers `success`; here each is sent once.
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
TIMEOUT = 3  # seconds
log = logging.getLogger("emulator")

Delivery = dict[str, Any]  # {"app_id", "answer"}: the app's answer, "" for none


def loopback_url(url: object) -> str | None:
    """The URL if it is on this machine or None. Raises ValueError for any other."""
    if url is None or (isinstance(url, str) and LOOPBACK.fullmatch(url)):
        return url
    raise ValueError("url must be an http URL of this machine, or null")


def withdrawals(accounts: Accounts, member: str, app_ids: list[str]) -> list[Delivery]:
    """Push to each of these apps that the member has withdrawn their consent."""
    return [_send(accounts, app_id, member, accounts.alipay_key) for app_id in app_ids]


def forgery(accounts: Accounts, app_id: str, member: str) -> list[Delivery]:
    """Push a withdrawal that did not happen, signed with a key that is not Alipay's."""
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
    text = string_to_sign(parameters)  # without sign_type, which only a call signs
    signature = sign(text.encode(accounts.message_charset), private_key)
    return parameters | {"sign": signature, "sign_type": "RSA2"}


def _send(accounts: Accounts, app_id: str, member: str, private_key: RSAPrivateKey) -> Delivery:
    parameters = message(accounts, app_id, member, private_key)
    try:
        answer = post(str(accounts.message_url), parameters)
    except requests.RequestException:
        answer = ""
    log.info("message to %s: answered %r", app_id, answer[:20])
    return {"app_id": app_id, "answer": answer[:200]}


def post(url: str, parameters: Mapping[str, str]) -> str:
    """Send the parameters as a form and return the answer's text. Raises RequestException."""
    charset = parameters["charset"]
    content_type = f"application/x-www-form-urlencoded; charset={charset}"
    with requests.Session() as session:
        session.trust_env = False  # a company's proxy can't reach this machine
        answer = session.post(
            url,
            urlencode(parameters, encoding=charset).encode("ascii"),
            headers={"Content-Type": content_type},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    return answer.text


def message_charset(charset: object) -> str:
    """The charset if it is utf-8 or GBK. Raises ValueError for any other."""
    return choice(charset, CHARSETS, "charset")
