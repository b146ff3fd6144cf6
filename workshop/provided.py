"""What the workshop provides: the app, the errors, a few names. Read it; there is nothing to write.

member_info.py and solution.py import from here.
"""

from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

TOKEN = "alipay.system.oauth.token"  # noqa: S105 (a method's name: 换取授权访问令牌)
SHARE = "alipay.user.info.share"  # 支付宝会员授权信息查询
BEIJING = timezone(timedelta(hours=8))
FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
FIELDS = (  # of a profile, the fields that you keep
    "nick_name",
    "avatar",
    "gender",
    "province",
    "city",
    "user_type",
    "user_status",
    "is_certified",
    "is_student_certified",
)


@dataclass(frozen=True)
class App:
    """Your app as Alipay's console knows it. Its keys are made anew for each run."""

    app_id: str
    private_key: RSAPrivateKey  # 应用私钥: signs what you send
    alipay_public_key: RSAPublicKey  # 支付宝公钥: verifies what you receive
    gateway_url: str
    authorize_endpoint: str
    session: requests.Session  # calls go through it: app.session.post(…)


@dataclass
class Tokens:
    """What you keep of alipay.system.oauth.token for one person; both change when refreshed."""

    access_token: str
    refresh_token: str


class GatewayError(Exception):
    """Alipay refused a call, in its own words: 40002, Invalid Arguments, isv.code-invalid, …"""

    def __init__(self, code: str, msg: str, sub_code: str = "", sub_msg: str = "") -> None:
        super().__init__(f"{code} {msg}: {sub_code} {sub_msg}")
        self.code = code
        self.msg = msg
        self.sub_code = sub_code
        self.sub_msg = sub_msg


class SignatureError(Exception):
    """Alipay did not sign these bytes."""


class StateError(Exception):
    """The browser at the callback is not the one that was sent to Alipay."""


def says_error(node: dict[str, Any]) -> bool:
    """Whether a node is an error. alipay.system.oauth.token's success has no code at all."""
    return str(node.get("code", "10000")) != "10000"
