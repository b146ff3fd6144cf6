"""Whom the store believes: an answer must name the session's member by an id known already."""

import pytest

from alipay_member import AlipayClient, IdentityError, Profile, Token
from reading import ReadingStore
from wire import client_options


def token(**ids):
    return Token("authusrB1", "authusrB2", 100, 200, **{"open_id": None, "user_id": None} | ids)


@pytest.fixture
def store(tmp_path):
    return ReadingStore(f"sqlite:///{tmp_path}/members.db")


@pytest.mark.parametrize(
    "ids", [{"user_id": "2088000000000002"}, {"open_id": "b"}, {"open_id": "b", "user_id": "c"}]
)
def test_a_profile_that_shares_no_id_with_the_session_is_refused(store, ids):
    _, victim = store.sign_in("demo-mini", token(**ids))
    _, session = store.sign_in("demo-mini", token(open_id="a"))
    with pytest.raises(IdentityError, match="session's member"):
        store.save_profile(session, Profile(**ids, nick_name="x"))
    with pytest.raises(IdentityError, match="session's member"):
        store.renew(session, token(**ids))
    assert len(store.members("demo-mini")) == 2
    assert store.reload(victim).member == victim.member


def test_a_slower_refresh_does_not_undo_a_later_one(store):
    _, first = store.sign_in("demo-mini", token(open_id="a"))
    store.renew(first, Token("later", "later-refresh", 100, 200, "a", None))
    assert (
        store.renew(first, Token("slower", "slower-refresh", 100, 200, "a", None)).access_token
        == "later"
    )


def test_members_are_never_filed_under_the_isv(store):
    isv = AlipayClient(**client_options(), app_auth_token="202501BB0")
    with pytest.raises(ValueError, match="the merchant's app id, too"):
        store.sign_in(isv.member_app_id, token(open_id="a"))
