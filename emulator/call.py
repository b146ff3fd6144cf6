"""One call to the emulated gateway, as it arrived."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from flask import Request

from alipay_member.signing import string_to_sign

from .accounts import APPS, Accounts
from .certificates import ConsoleFiles

DEFAULT_CHARSET = "GBK"
CHARSETS = {"utf-8": "utf-8", "gbk": "GBK", "gb2312": "GBK"}


@dataclass(frozen=True)
class GatewayCall:
    """What a caller sent: the parameters of query and form together, and what they refer to."""

    parameters: dict[str, str]
    method: str  # need not exist
    charset: str | None  # None: the call asks for one that there is not
    app_id: str | None  # None: there is no such app
    app_key: RSAPrivateKey | None  # None: the console has none for this app
    files: ConsoleFiles | None  # None: the app is in 公钥 mode

    def data_to_sign(self) -> bytes:
        """The bytes that `sign` has to cover: the string to sign, in the call's charset."""
        text = string_to_sign(self.parameters)
        return text.encode(self.charset or DEFAULT_CHARSET, "replace")

    def __str__(self) -> str:
        """Method and app id for the log; anything that does not look like one may be a secret."""
        method = self.method
        if not re.fullmatch(r"[a-z]+(\.[a-z]+){1,6}", method):
            method = "a call without a method" if not method else "a call of no known method"
        app_id = self.parameters.get("app_id", "")
        if not re.fullmatch(r"[a-z0-9-]{1,20}", app_id):
            app_id = "nobody" if not app_id else "an unreadable app_id"
        return f"{method} from {app_id}"


def read_call(request: Request, accounts: Accounts) -> GatewayCall:
    """What is not empty in query and form. The query's value wins, and only it may set charset."""
    charset = CHARSETS.get(request.args.get("charset", DEFAULT_CHARSET).lower())
    halves = [request.query_string]
    if request.mimetype == "application/x-www-form-urlencoded":
        halves.append(request.get_data())
    parameters: dict[str, str] = {}
    for half in halves:
        text = half.decode("ascii", "replace")
        for name, value in parse_qsl(text, encoding=charset or DEFAULT_CHARSET):
            parameters.setdefault(name, value)
    app_id = parameters.get("app_id", "")
    return GatewayCall(
        parameters=parameters,
        method=parameters.get("method", ""),
        charset=charset,
        app_id=app_id if app_id in APPS else None,
        app_key=accounts.app_keys.get(app_id),
        files=accounts.certified.get(app_id),
    )
