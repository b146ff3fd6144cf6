"""MemberStoreContract, the test class that a new backend of MemberStore subclasses.

class TestMyStore(MemberStoreContract):
    @pytest.fixture
    def make_store(self):
        return lambda clock: MyStore(…, clock=clock)  # each time on the same database
"""

import pytest

from alipay_member import IdentityError, Profile
from consent_contract import ConsentContract
from session_contract import DAY, token


class MemberStoreContract(ConsentContract):
    """One row for each person in one app, through all that Alipay's move to open_id can bring."""

    def test_member_is_one_row_from_user_id_to_both_to_open_id(self, store, clock):
        began = int(clock.now)
        old, session = store.sign_in("app", token(user_id="2088"))
        store.save_profile(session, Profile(user_id="2088", nick_name="王誠"))
        for ids in ({"user_id": "2088", "open_id": "o1"}, {"open_id": "o1"}):
            clock.now += DAY
            _, session = store.sign_in("app", token(**ids))
            store.save_profile(session, Profile(**ids, nick_name="王誠"))
            member = self.only(store)
            assert (member.user_id, member.open_id, member.first_seen) == ("2088", "o1", began)
        assert store.session(old).member == self.only(store)

    def test_session_of_the_old_id_stays_good_after_the_switch(self, store):
        old, session = store.sign_in("app", token(user_id="2088"))
        store.sign_in("app", token("o1", "2088"))
        member = store.save_profile(session, Profile(open_id="o1", nick_name="王誠"))
        assert (member.user_id, member.open_id, member.nick_name) == ("2088", "o1", "王誠")
        assert store.session(old).member == member

    @pytest.mark.parametrize("by", ["token", "profile", "refresh"])
    def test_two_rows_that_turn_out_to_be_one_are_merged(self, store, clock, by):
        began = int(clock.now)
        known_by_user_id, first = store.sign_in("app", token(user_id="2088", union_id="un1"))
        store.save_profile(first, Profile(user_id="2088", nick_name="old", city="杭州市"))
        clock.now += DAY
        known_by_open_id, second = store.sign_in("app", token("o1"))
        store.save_profile(second, Profile("o1", nick_name="new"))
        assert len(store.members("app")) == 2
        if by == "token":
            store.sign_in("app", token("o1", "2088"))
        elif by == "refresh":
            store.renew(first, token("o1", "2088"))
        else:
            store.save_profile(second, Profile("o1", "2088", nick_name="new"))
        member = self.only(store)
        assert (member.open_id, member.user_id, member.union_id) == ("o1", "2088", "un1")
        assert (member.first_seen, member.nick_name) == (began, "new")
        assert member.city is None  # the newer profile has none, and stays as Alipay gave it
        assert [store.session(known).member for known in (known_by_user_id, known_by_open_id)] == [
            member
        ] * 2

    def test_merging_keeps_the_profile_where_only_the_older_row_has_one(self, store, clock):
        _, session = store.sign_in("app", token(user_id="2088"))
        before = store.save_profile(session, Profile(user_id="2088", nick_name="王誠"))
        clock.now += DAY
        store.sign_in("app", token("o1"))
        store.sign_in("app", token("o1", "2088"))
        member = self.only(store)
        assert (member.nick_name, member.profile_at) == ("王誠", before.profile_at)

    def test_two_apps_keep_two_rows_of_one_union(self, store):
        _, web = store.sign_in("web", token("o-web", "2088", "un1"))
        store.sign_in("mini", token("o-mini", "2088", "un1"))
        store.sign_in("mini", token("o-mini", "2088"))  # an answer without union_id takes none away
        assert [self.only(store, app).open_id for app in ("web", "mini")] == ["o-web", "o-mini"]
        assert {self.only(store, app).union_id for app in ("web", "mini")} == {"un1"}
        store.save_profile(web, Profile("o-web", nick_name="web only"))
        assert self.only(store, "mini").nick_name is None

    @pytest.mark.parametrize(
        ("known", "told"),
        [
            ({"open_id": "o1"}, {"open_id": "o2"}),
            ({"user_id": "1"}, {"user_id": "2"}),
            ({"open_id": "o1", "user_id": "1"}, {"open_id": "o2"}),
            ({"open_id": "o1", "user_id": "1"}, {"open_id": "o1", "user_id": "2"}),
            ({"open_id": "o1", "user_id": "1"}, {"open_id": "o2", "user_id": "1"}),
        ],
    )
    def test_profile_of_somebody_else_is_refused(self, store, known, told):
        _, session = store.sign_in("app", token(**known))
        before = store.members("app")
        with pytest.raises(IdentityError) as caught:
            store.save_profile(session, Profile(**told, nick_name="x"))
        assert caught.value.reason == "other-person"
        assert store.members("app") == before

    def test_profile_of_another_known_member_is_refused(self, store):
        _, session = store.sign_in("app", token("o1"))
        store.sign_in("app", token("o2", "2"))
        before = store.members("app")
        with pytest.raises(IdentityError):
            store.save_profile(session, Profile(user_id="2", nick_name="x"))
        assert store.members("app") == before

    @pytest.mark.parametrize("told", [("o1", "2"), ("o2", "1"), ("o3", "1"), ("o1", "3")])
    def test_sign_in_with_ids_of_two_people_is_refused(self, store, told):
        store.sign_in("app", token("o1", "1"))
        store.sign_in("app", token("o2", "2"))
        before = store.members("app"), store.count_sessions("app")
        with pytest.raises(IdentityError) as caught:
            store.sign_in("app", token(*told))
        assert caught.value.reason == "other-person"
        assert (store.members("app"), store.count_sessions("app")) == before
