# SPDX-License-Identifier: MIT-0
"""Alipay's 获取会员信息 (get member info) for any Python server: copy this folder.

    client.py        AlipayClient: the calls
    options.py       what it is made with; GATEWAYS, where sandbox and production are
    methods.py       what the two methods say: Token, Profile
    signing.py       keys, string to sign, sign, verify
    certificates.py  公钥证书 mode: serial numbers, whose a file is; pem.py reads the files
    source.py        a key or certificate as it is given: text, bytes or a file's path
    answer.py        an answer's bytes → its node and exactly the bytes that were signed
    transport.py     one POST, bounded in time and size; bounded.py has its sockets
    messages.py      what Alipay pushes to 应用网关: a consent withdrawn
    errors.py        what can go wrong; explanations.py says what to do about it, in two languages
    store.py         MemberStore: members and sessions; schema.sql has the tables
    records.py       what it hands out: Member, Session
    membership.py    with_live_token: a token that has ended is refreshed
    doctor.py        examine: is this app set up right? reach.py: where the way to Alipay breaks

It needs `requests` and `cryptography`, no web framework. No setting is read from the environment;
only the way out is: `requests` takes HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE and the like, except
for a gateway on this machine.
"""

from .certificates import Certificates
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
from .explain import Description, describe
from .explain.doctor import Finding, examine
from .messages import carry_out, read_message
from .models import Profile, Token
from .records import Member, Session
from .store import MemberStore
from .store.refresh import with_live_token

__all__ = [
    "GATEWAYS",
    "AlipayClient",
    "AlipayError",
    "CertificateError",
    "Certificates",
    "DatabaseError",
    "Description",
    "Exchange",
    "Finding",
    "GatewayError",
    "IdentityError",
    "KeyFormatError",
    "Member",
    "MemberStore",
    "MessageError",
    "Profile",
    "RefreshUnderWay",
    "SchemaError",
    "Session",
    "SessionEnded",
    "SignatureError",
    "Token",
    "TransportError",
    "carry_out",
    "describe",
    "examine",
    "read_message",
    "with_live_token",
]
