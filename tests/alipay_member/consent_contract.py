"""What every backend of MemberStore must do when a person has withdrawn their consent."""

import pytest

from alipay_member import IdentityError, Profile
from alipay_member.errors import SessionEnded
from alipay_member.models import PROFILE, Withdrawn
from session_contract import SessionContract, token


class ConsentContract(SessionContract):
    """Sessions opened before that moment end; the profile goes when none is left."""

    def sign_in_with_profile(self, store, open_id="o1", app_id="app"):
        session_token, session = store.sign_in(app_id, token(open_id))
        store.save_profile(session, Profile(open_id, nick_name="王誠", gender="F"))
        return session_token

    def test_withdrawn_consent_ends_every_session_and_the_profile_goes(self, store, clock):
        before = [self.sign_in_with_profile(store) for _ in range(2)]
        first_seen = self.only(store).first_seen
        clock.now += 60
        assert store.withdraw_consent("app", "o1", None, clock.now) == Withdrawn(2, True)
        for session_token in before:
            with pytest.raises(SessionEnded):
                store.session(session_token)
        member = self.only(store)
        assert {getattr(member, name) for name in (*PROFILE, "profile_at")} == {None}
        assert (member.open_id, member.first_seen) == ("o1", first_seen)
        assert store.withdraw_consent("app", "o1", None, clock.now) == Withdrawn(0, False)
        assert self.only(store) == member

    def test_session_opened_after_it_stays_and_so_does_the_profile(self, store, clock):
        old = self.sign_in_with_profile(store)
        clock.now += 0.5
        withdrawn_at = clock.now
        new = store.sign_in("app", token("o1"))[0]
        assert store.withdraw_consent("app", "o1", None, withdrawn_at) == Withdrawn(1, False)
        with pytest.raises(SessionEnded):
            store.session(old)
        assert store.session(new).member.nick_name == "王誠"

    def test_an_old_message_leaves_the_profile_of_a_new_consent_even_without_a_session(
        self, store, clock
    ):
        withdrawn_at = clock.now
        clock.now += 60
        store.sign_out(self.sign_in_with_profile(store))
        assert store.withdraw_consent("app", "o1", None, withdrawn_at) == Withdrawn(0, False)
        assert self.only(store).nick_name == "王誠"

    def test_renewing_does_not_make_a_session_younger(self, store, clock):
        session_token, session = store.sign_in("app", token("o1"))
        clock.now += 60
        withdrawn_at = clock.now
        clock.now += 60
        assert store.renew(session, token("o1", name="2")).started_at == session.started_at
        assert store.withdraw_consent("app", "o1", None, withdrawn_at) == Withdrawn(1, False)
        with pytest.raises(SessionEnded):
            store.session(session_token)

    def test_nobody_else_is_touched(self, store, clock):
        kept = [self.sign_in_with_profile(store, *who) for who in (("o2",), ("o1", "web"))]
        self.sign_in_with_profile(store)
        clock.now += 60
        store.withdraw_consent("app", "o1", None, clock.now)
        assert [store.session(one).member.nick_name for one in kept] == ["王誠"] * 2

    def test_unknown_person_makes_no_row(self, store, clock):
        assert store.withdraw_consent("app", "o1", "2088", clock.now) is None
        assert store.members("app") == []

    def test_ids_of_two_people_change_nothing(self, store, clock):
        sessions = [store.sign_in("app", token(*ids))[0] for ids in (("o1", "1"), ("o2", "2"))]
        before = store.members("app")
        with pytest.raises(IdentityError):
            store.withdraw_consent("app", "o1", "2", clock.now + 60)
        assert store.members("app") == before
        assert all(store.session(one) for one in sessions)

    def test_both_ids_name_one_person_from_now_on(self, store, clock):
        for ids in ({"open_id": "o1"}, {"user_id": "2088"}):
            store.sign_in("app", token(**ids))
        clock.now += 60
        assert store.withdraw_consent("app", "o1", "2088", clock.now) == Withdrawn(2, False)
        assert (self.only(store).open_id, self.only(store).user_id) == ("o1", "2088")
