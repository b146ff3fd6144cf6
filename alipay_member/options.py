# SPDX-License-Identifier: MIT-0
"""What AlipayClient is made with: what can't work is a ValueError that says what to do."""

import math
from typing import TypeAlias

from .answer import CHARSETS, charset_name

GATEWAYS = {
    "production": {
        "gateway_url": "https://openapi.alipay.com/gateway.do",
        "authorize_endpoint": "https://openauth.alipay.com/oauth2/publicAppAuthorize.htm",
    },
    "sandbox": {
        "gateway_url": "https://openapi-sandbox.dl.alipaydev.com/gateway.do",
        "authorize_endpoint": (
            "https://openauth-sandbox.dl.alipaydev.com/oauth2/publicAppAuthorize.htm"
        ),
    },
}
Timeout: TypeAlias = float | tuple[float, float]


def known_charset(named: str) -> str:
    """utf-8 or GBK as Alipay writes them, however the case is; ValueError."""
    charset = charset_name(str(named))
    if charset not in CHARSETS:
        raise ValueError(f"charset is {named!r}, which Alipay does not take: give utf-8 or GBK")
    return charset


def both_timeouts(timeout: Timeout) -> tuple[float, float]:
    """(connect, read) in seconds; one number is both, as `requests` has it; ValueError."""
    given = timeout if isinstance(timeout, tuple | list) else (timeout, timeout)
    if len(given) != 2 or not all(_is_seconds(each) for each in given):
        raise ValueError(
            f"timeout is {timeout!r}: give seconds, one number or (connect, read), each above 0; "
            "no call waits without end"
        )
    connect, read = given
    return connect, read


def _is_seconds(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 < value < math.inf


def check_merchant(app_auth_token: str | None, merchant_app_id: str | None) -> None:
    """ValueError for a merchant's app id without its token: every call would be the ISV's own."""
    if merchant_app_id and not app_auth_token:
        raise ValueError(
            "merchant_app_id was given without app_auth_token: give the merchant's token "
            "(alipay.open.auth.token.app brings both), or neither"
        )


def members_app_id(app_id: str, app_auth_token: str | None, merchant_app_id: str | None) -> str:
    """The id of the app whose members log in: the merchant's, if one is called for.

    ValueError for a merchant's token without its app id, which no answer of
    alipay.system.oauth.token names: the members would be filed under the ISV's.
    """
    if app_auth_token and not merchant_app_id:
        raise ValueError(
            "app_auth_token was given without merchant_app_id, whose members these are: give "
            "AlipayClient the merchant's app id, too (auth_app_id of alipay.open.auth.token.app)"
        )
    return merchant_app_id or app_id
