"""What every backend of MemberStore must do with sessions and profiles."""

import pytest

from alipay_member import IdentityError, Profile, Token
from alipay_member.errors import SessionEnded

DAY = 86400
NAMES = ("nick_name", "gender", "user_type", "user_status", "is_certified", "is_student_certified")


class Clock:
    """A clock that is set by hand."""

    now = 1_760_505_561.0

    def __call__(self):
        return self.now


def token(
    open_id=None, user_id=None, union_id=None, name="1", expires_in=15 * DAY, re_expires_in=30 * DAY
):
    return Token(
        f"access-{name}", f"refresh-{name}", expires_in, re_expires_in, open_id, user_id, union_id
    )


class SessionContract:
    """Sessions and profiles. A subclass gives `make_store(clock)`: a store on the same database."""

    @pytest.fixture
    def clock(self):
        return Clock()

    @pytest.fixture
    def store(self, make_store, clock):
        return make_store(clock)

    def only(self, store, app_id="app"):
        (member,) = store.members(app_id)
        return member

    # a session

    def test_sign_in_opens_a_session_that_its_token_finds(self, store, clock):
        session_token, session = store.sign_in("app", token("o1", union_id="un1"))
        assert store.session(session_token) == session
        assert (session.access_token, session.refresh_token) == ("access-1", "refresh-1")
        assert (session.access_expires_at, session.refresh_expires_at, session.expires_at) == tuple(
            clock.now + days * DAY for days in (15, 30, 30)
        )
        member = session.member
        assert (member.app_id, member.open_id, member.user_id, member.union_id) == (
            "app",
            "o1",
            None,
            "un1",
        )
        assert (member.first_seen, member.profile_at) == (int(clock.now), None)
        assert session_token not in repr(session)
        assert "access-1" not in repr(session)

    @pytest.mark.parametrize("wrong", ["", "x", "1' OR '1'='1", "\0", "王誠", "\ud800"])
    def test_session_refuses_what_is_no_token(self, store, wrong):
        store.sign_in("app", token("o1"))
        with pytest.raises(SessionEnded):
            store.session(wrong)

    def test_replaced_session_ends_and_no_other(self, store):
        old, other = store.sign_in("app", token("o1"))[0], store.sign_in("app", token("o1"))[0]
        new, _ = store.sign_in("app", token("o1"), replaces=old)
        with pytest.raises(SessionEnded):
            store.session(old)
        assert store.session(other).member == store.session(new).member

    @pytest.mark.parametrize(
        ("lives", "ends"),
        [
            ((365 * DAY, 365 * DAY), 30 * DAY),
            ((15 * DAY, 30 * DAY), 30 * DAY),
            ((DAY, 2 * DAY), 2 * DAY),
            ((60, 0), 60),
        ],
    )
    def test_session_ends_with_its_tokens_and_after_thirty_days(self, store, clock, lives, ends):
        session_token, session = store.sign_in(
            "app", token("o1", expires_in=lives[0], re_expires_in=lives[1])
        )
        assert session.expires_at == clock.now + ends
        clock.now += ends - 1
        assert store.session(session_token)
        assert store.count_sessions("app") == 1
        clock.now += 1
        assert store.count_sessions("app") == 0
        with pytest.raises(SessionEnded):
            store.session(session_token)

    def test_session_without_refresh_token_ends_with_the_access_token(self, store, clock):
        alone = Token("access", "", DAY, 30 * DAY, "o1", None)
        assert store.sign_in("app", alone)[1].expires_at == clock.now + DAY

    def test_renew_keeps_the_session_and_its_end(self, store, clock):
        session_token, before = store.sign_in("app", token("o1"))
        clock.now += 20 * DAY
        after = store.renew(before, token("o1", name="2"))
        assert (after.access_token, after.refresh_token, after.expires_at) == (
            "access-2",
            "refresh-2",
            before.expires_at,
        )
        assert after.access_expires_at == clock.now + 15 * DAY
        assert store.session(session_token) == store.reload(before) == after

    def test_renew_refuses_somebody_else(self, store):
        session_token, session = store.sign_in("app", token("o1"))
        with pytest.raises(IdentityError) as caught:
            store.renew(session, token("o2", name="2"))
        assert caught.value.reason == "other-person"
        assert store.session(session_token) == session
        assert len(store.members("app")) == 1

    @pytest.mark.parametrize("act", ["save_profile", "renew", "reload"])
    def test_ended_session_writes_nothing(self, store, act):
        session_token, session = store.sign_in("app", token("o1"))
        store.sign_out(session_token)
        arguments = {
            "save_profile": [Profile("o1", nick_name="x")],
            "renew": [token("o1")],
            "reload": [],
        }[act]
        with pytest.raises(SessionEnded):
            getattr(store, act)(session, *arguments)
        assert self.only(store).nick_name is None

    def test_sign_out_ends_one_session(self, store):
        one, other = store.sign_in("app", token("o1"))[0], store.sign_in("app", token("o1"))[0]
        assert store.count_sessions("app") == 2
        store.sign_out(one)
        with pytest.raises(SessionEnded):
            store.session(one)
        assert store.session(other)

    def test_forget_removes_the_member_with_all_sessions(self, store):
        one, session = store.sign_in("app", token("o1"))
        two, _ = store.sign_in("app", token("o1"))
        kept, _ = store.sign_in("app", token("o2"))
        store.forget(session)
        for gone in (one, two):
            with pytest.raises(SessionEnded):
                store.session(gone)
        assert self.only(store).open_id == "o2"
        assert store.session(kept)
        store.forget(session)  # twice is no error

    def test_a_late_release_leaves_the_claim_of_another(self, store, clock):
        _, session = store.sign_in("app", token("o1"))
        late = store.claim_refresh(session, 10)
        clock.now += 11
        assert store.claim_refresh(session, 10) is not None
        store.release_refresh(session, late)
        assert store.claim_refresh(session, 10) is None

    def test_a_claim_given_back_may_be_taken_by_another(self, store):
        _, session = store.sign_in("app", token("o1"))
        store.release_refresh(session, store.claim_refresh(session, 10))
        assert store.claim_refresh(session, 10) is not None

    def test_forget_finds_a_row_that_was_merged_since(self, store):
        _, kept = store.sign_in("app", token("o1"))
        _, moved = store.sign_in("app", token(user_id="2088"))
        _, both = store.sign_in("app", token("o1", "2088"))
        (gone,) = [each for each in (kept, moved) if each.member.id != both.member.id]
        store.forget(gone)
        assert store.members("app") == []

    def test_everything_outlives_the_store_object(self, store, make_store, clock):
        session_token, session = store.sign_in("app", token("o1"))
        member = store.save_profile(session, Profile("o1", nick_name="王誠"))
        assert make_store(clock).session(session_token).member == member

    # a profile

    def test_profile_is_kept_whole_and_replaced_whole(self, store, clock):
        _, session = store.sign_in("app", token("o1"))
        given = dict(zip(NAMES, ("买家沙箱", "F", "2", "T", "T", "F"), strict=True))
        clock.now += 60
        member = store.save_profile(
            session, Profile("o1", **given, avatar="https://x/y.png", city="杭州市")
        )
        assert {name: getattr(member, name) for name in NAMES} == given
        assert (member.avatar, member.city, member.province) == ("https://x/y.png", "杭州市", None)
        assert member.profile_at == int(clock.now) == member.first_seen + 60
        assert self.only(store) == member
        member = store.save_profile(
            session, Profile("o1", gender="M")
        )  # what they took away is gone here too
        assert (member.gender, member.nick_name, member.avatar, member.city) == (
            "M",
            None,
            None,
            None,
        )

    @pytest.mark.parametrize(
        "text", ["'; DROP TABLE members; --", '小}二{"\\', "😀", "a" * 10_000, "<b>&"]
    )
    def test_profile_keeps_any_text(self, store, text):
        _, session = store.sign_in("app", token("o1"))
        assert store.save_profile(session, Profile("o1", nick_name=text)).nick_name == text
        assert self.only(store).nick_name == text
