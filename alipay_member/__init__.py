# SPDX-License-Identifier: MIT-0
"""Alipay's 获取会员信息 (get member info) for any Python server: copy this folder.

    client.py        AlipayClient: the calls, and what it is made with; GATEWAYS
    models.py        what the two methods answer: Token, Profile; Member, Session
    signing.py       string to sign, sign, verify
    keys.py          a key or certificate as it is given: text, bytes or a file's path
    answer.py        an answer's bytes → its node and exactly the bytes that were signed
    transport.py     one POST, bounded in time and size; bounded.py has its sockets
    errors.py        AlipayError and its kinds

What follows can be left out: delete it if you do not need it. Import it by its name.

    store/           MemberStore: members and sessions in SQLite or PostgreSQL; with_live_token
    explain/         what each error, field and value means, in two languages; doctor.py: a check-up
    messages.py      what Alipay pushes to 应用网关: a consent withdrawn
    certificates.py  公钥证书 mode

It needs `requests` and `cryptography`, no web framework. No setting is read from the environment;
only the way out is: `requests` takes HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE and the like, except
for a gateway on this machine.
"""

from .client import GATEWAYS, AlipayClient, Exchange
from .errors import (
    AlipayError,
    CertificateError,
    DatabaseError,
    GatewayError,
    IdentityError,
    KeyFormatError,
    MessageError,
    RefreshUnderWay,
    SchemaError,
    SessionEnded,
    SignatureError,
    TransportError,
)
from .models import Member, Profile, Session, Token

__all__ = [
    "GATEWAYS",
    "AlipayClient",
    "AlipayError",
    "CertificateError",
    "DatabaseError",
    "Exchange",
    "GatewayError",
    "IdentityError",
    "KeyFormatError",
    "Member",
    "MessageError",
    "Profile",
    "RefreshUnderWay",
    "SchemaError",
    "Session",
    "SessionEnded",
    "SignatureError",
    "Token",
    "TransportError",
]
