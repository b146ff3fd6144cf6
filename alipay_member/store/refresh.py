# SPDX-License-Identifier: MIT-0
"""Calls in a member's name: with a live access_token, refreshed when it has ended.

    profile = with_live_token(session, client.fetch_profile, client=client, store=store)

Page: https://opendocs.alipay.com/apis/api_9/alipay.system.oauth.token (grant_type refresh_token)
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from ..client import AlipayClient
from ..errors import AlipayError, GatewayError, RefreshUnderWay, SessionEnded
from ..models import Session, Token

Result = TypeVar("Result")
HAS_ENDED = "aop.auth-token-time-out"
IS_INVALID = ("aop.invalid-auth-token", "isv.invalid-token")


class TokenStore(Protocol):
    """What with_live_token asks of a store: TokenStore has it, and so can a table of your own."""

    def claim_refresh(self, session: Session, seconds: float) -> float | None:
        """When the claim to refresh this session's token ends; None if another request has it."""

    def release_refresh(self, session: Session, until: float) -> None:
        """Give up a claim that has led to no new token."""

    def renew(self, session: Session, token: Token) -> Session:
        """The session with its new token, which is kept."""

    def reload(self, session: Session) -> Session:
        """The session as it is kept now. Raises SessionEnded."""


def with_live_token(
    session: Session, call: Callable[[str], Result], *, client: AlipayClient, store: TokenStore
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
        renewed = _renewed(error, session, client, store)
        if renewed is None:
            raise
    return call(renewed.access_token)


def _renewed(
    error: GatewayError, session: Session, client: AlipayClient, store: TokenStore
) -> Session | None:
    """The session with another token, if the refused one had ended or been replaced; else None."""
    # It has ended by Alipay's clock, not yet by ours.
    if error.sub_code == HAS_ENDED:
        return _refreshed(session, client, store)
    if error.sub_code not in IS_INVALID:
        return None
    # Since the session was read another request may have refreshed the token, or be about to.
    claimed_until = store.claim_refresh(session, client.call_seconds)
    if claimed_until is None:
        return _reloaded(session, store)
    store.release_refresh(session, claimed_until)
    return None


def _refreshed(session: Session, client: AlipayClient, store: TokenStore) -> Session:
    """The session with a new token. A refresh_token works once, so one request alone uses it."""
    claimed_until = store.claim_refresh(session, client.call_seconds)
    if claimed_until is None:
        return _reloaded(session, store)
    try:
        return store.renew(session, client.refresh_token(session.refresh_token))
    except AlipayError as error:
        store.release_refresh(session, claimed_until)
        if error.key.startswith("isv.refresh"):
            raise SessionEnded("Alipay refused to refresh the token") from error
        raise


def _reloaded(session: Session, store: TokenStore) -> Session:
    """The session as another request has refreshed it; RefreshUnderWay if it has yet to."""
    latest = store.reload(session)
    if latest.access_token == session.access_token:
        raise RefreshUnderWay("another request is refreshing this session's token")
    return latest
