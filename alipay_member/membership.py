# SPDX-License-Identifier: MIT-0
"""Calls in a member's name: with a live access_token, refreshed when it has ended.

    profile = with_live_token(session, client.fetch_profile, client=client, store=store)

Page: https://opendocs.alipay.com/apis/api_9/alipay.system.oauth.token (grant_type refresh_token)
"""

import time
from collections.abc import Callable
from typing import TypeVar

from .client import AlipayClient
from .errors import GatewayError, SessionEnded
from .store import MemberStore, Session

Result = TypeVar("Result")


def with_live_token(
    session: Session, call: Callable[[str], Result], *, client: AlipayClient, store: MemberStore
) -> Result:
    """`call(access_token)` with a token that lives; a new one is kept in the session.

    Raises what `call` raises, and SessionEnded if Alipay refuses to refresh: authorise again.
    """
    if session.access_expires_at <= time.time():
        session = _refresh(session, client, store)
    try:
        return call(session.access_token)
    except GatewayError as error:
        if error.sub_code != "aop.auth-token-time-out":  # Alipay's clock says so earlier than ours
            raise
    session = _refresh(session, client, store)
    return call(session.access_token)


def _refresh(session: Session, client: AlipayClient, store: MemberStore) -> Session:
    """The session with a new token.

    A refresh_token works once. If it is refused, another request may just have used it: look first.
    """
    try:
        return store.renew(session, client.refresh_token(session.refresh_token))
    except GatewayError as error:
        if not error.sub_code.startswith("isv.refresh-token"):
            raise
        for _ in range(20):
            latest = store.reload(session)
            if latest.access_token != session.access_token:
                return latest
            time.sleep(0.1)
        raise SessionEnded("Alipay refused to refresh the token") from error
