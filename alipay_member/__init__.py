"""Alipay's 获取会员信息 (get member info) for any Python server: copy this folder into your project.

    settings.py      environment → one frozen Settings object, or one sentence that says what is wrong
    signing.py       keys, string to sign, sign, verify
    answer.py        an answer's bytes → its node and exactly the bytes that were signed
    client.py        AlipayClient: the calls
    errors.py        what can go wrong; explanations.py says what to do about it, in Chinese and English
    store.py         MemberStore: members and sessions

It needs `requests`, `cryptography` and `python-dotenv` (settings.py alone), no web framework.
"""

from .client import AlipayClient, Exchange, Profile, Token
from .errors import (
    AlipayError,
    GatewayError,
    IdentityError,
    KeyFormatError,
    SignatureError,
    TransportError,
)
from .settings import Settings, SettingsError
from .store import Member, MemberStore, Session

__all__ = [
    "AlipayClient",
    "AlipayError",
    "Exchange",
    "GatewayError",
    "IdentityError",
    "KeyFormatError",
    "Member",
    "MemberStore",
    "Profile",
    "Session",
    "Settings",
    "SettingsError",
    "SignatureError",
    "Token",
    "TransportError",
]
