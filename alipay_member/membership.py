# SPDX-License-Identifier: MIT-0
"""Calls in a member's name: with a live access_token, refreshed when it has ended.

    profile = with_live_token(session, client.fetch_profile, client=client, store=store)

Page: https://opendocs.alipay.com/apis/api_9/alipay.system.oauth.token (grant_type refresh_token)
"""

from collections.abc import Callable
from typing import TypeVar

from .client import AlipayClient
from .errors import AlipayError, GatewayError, RefreshUnderWay, SessionEnded
from .records import Session
from .store import MemberStore

Result = TypeVar("Result")


def with_live_token(
    session: Session, call: Callable[[str], Result], *, client: AlipayClient, store: MemberStore
) -> Result:
    """`call(access_token)` with a token that lives; a new one is kept in the session.

    Raises what `call` raises; RefreshUnderWay if another request is refreshing: try again soon;
    SessionEnded if Alipay refuses to refresh: authorise again.
    """
    if session.access_expires_at <= client.clock():
        session = _refreshed(session, client, store)
    try:
        return call(session.access_token)
    except GatewayError as error:
        if error.sub_code != "aop.auth-token-time-out":  # Alipay's clock says so earlier than ours
            raise
    session = _refreshed(session, client, store)
    return call(session.access_token)


def _refreshed(session: Session, client: AlipayClient, store: MemberStore) -> Session:
    """The session with a new token. A refresh_token works once, so one request alone uses it."""
    claimed_until = store.claim_refresh(session, client.call_seconds)
    if claimed_until is None:
        latest = store.reload(session)
        if latest.access_token == session.access_token:
            raise RefreshUnderWay("another request is refreshing this session's token")
        return latest
    try:
        return store.renew(session, client.refresh_token(session.refresh_token))
    except AlipayError as error:
        store.release_refresh(session, claimed_until)
        if error.key.startswith("isv.refresh"):
            raise SessionEnded("Alipay refused to refresh the token") from error
        raise
