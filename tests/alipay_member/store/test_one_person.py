"""One person, any order of ids: whatever answers and messages name whom, by whichever ids.

Alipay gives an app open_id (new apps), user_id (old ones) or both (while it moves the app): logins,
refreshes, profiles and messages of several people in two apps come in any order, each by its ids.
"""

import itertools

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alipay_member import IdentityError, Profile, SessionEnded, Token
from reading import ReadingStore

PEOPLE = ("li", "王誠", "zhao")
APPS = ("mini", "web")
ANSWERS = st.sampled_from(["open_id", "user_id", "both"])
people = st.sampled_from(PEOPLE)
apps = st.sampled_from(APPS)
numbers = itertools.count()


def ids(person, app_id, named):
    """The ids by which Alipay names a person: an open_id is one app's, a user_id all apps'."""
    number = PEOPLE.index(person)
    both = {"open_id": f"{app_id}-{number}", "user_id": f"2088{number}"}
    return both if named == "both" else {named: both[named]}


class People(RuleBasedStateMachine):
    """What the store makes of them, beside what is known to be so."""

    folder = None  # of the databases, one for each run

    def __init__(self):
        super().__init__()
        self.now = 1_760_505_561.0
        path = self.folder / f"people-{next(numbers)}.db"
        self.store = ReadingStore(f"sqlite:///{path}", clock=lambda: self.now)
        self.sessions = []  # (person, app, named, Session) of all that were opened
        self.linked = set()  # (person, app) whom an answer has named by both ids
        self.known = {}  # (person, app) → by which ids they have been named

    def named(self, person, app_id, how):
        """The store knows the person by these ids."""
        self.known.setdefault((person, app_id), set()).update(ids(person, app_id, how))
        if how == "both":
            self.linked.add((person, app_id))

    @rule(person=people, app_id=apps, how=ANSWERS)
    def log_in(self, person, app_id, how):
        self.now += 1
        token = Token("access", "refresh", 10**6, 10**6, **no_other(ids(person, app_id, how)))
        _, session = self.store.sign_in(app_id, token)
        self.named(person, app_id, how)
        self.sessions.append((person, app_id, session))

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), how=ANSWERS, by=st.sampled_from(["profile", "refresh"]))
    def answer(self, data, how, by):
        """An answer for a session names its own person, perhaps by an id not heard before."""
        self.now += 1
        person, app_id, session = data.draw(st.sampled_from(self.sessions))
        try:
            self.tell(by, session, ids(person, app_id, how), person)
        except (IdentityError, SessionEnded):
            return  # by no id that is known, or the session has ended: nothing may be learnt of it
        self.named(person, app_id, how)

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), other=people, how=ANSWERS, by=st.sampled_from(["profile", "refresh"]))
    def answer_for_another(self, data, other, how, by):
        """An answer that names somebody else is refused, and nothing changes."""
        person, app_id, session = data.draw(st.sampled_from(self.sessions))
        if person == other:
            return
        before = self.rows()
        try:
            self.tell(by, session, ids(other, app_id, how), other)
        except (IdentityError, SessionEnded):
            assert self.rows() == before
            return
        raise AssertionError(f"{other}'s answer was taken for {person}'s")

    def tell(self, by, session, named, person):
        if by == "profile":
            self.store.save_profile(session, Profile(**named, nick_name=person))
        else:
            self.store.renew(session, Token("new", "new", 10**6, 10**6, **no_other(named)))

    @rule(person=people, app_id=apps, how=ANSWERS)
    def withdraw(self, person, app_id, how):
        """A message of Alipay's ends their sessions, in this app and by whichever id."""
        self.now += 1
        named = no_other(ids(person, app_id, how))
        done = self.store.withdraw_consent(app_id, **named, withdrawn_at=self.now)
        heard_of = self.known.get((person, app_id), set())
        assert (done is not None) == bool(heard_of & set(ids(person, app_id, how)))
        if done:
            self.named(person, app_id, how)

    @rule(person=people, app_id=apps)
    def mix_up(self, person, app_id):
        """One's open_id beside another's user_id, both known: never taken for one person."""
        other = PEOPLE[PEOPLE.index(person) - 1]
        if not {(person, app_id), (other, app_id)} <= self.linked:
            return
        open_id = ids(person, app_id, "open_id")
        mixed = Token("a", "r", 10**6, 10**6, **open_id, **ids(other, app_id, "user_id"))
        before = self.rows()
        try:
            self.store.sign_in(app_id, mixed)
        except IdentityError:
            assert self.rows() == before
            return
        raise AssertionError("two people were taken for one")

    def rows(self):
        return [self.store.members(app_id) for app_id in APPS]

    @invariant()
    def two_people_never_share_a_row(self):
        for app_id, members in zip(APPS, self.rows(), strict=True):
            for member in members:
                owners = {
                    person
                    for person in PEOPLE
                    for name, value in ids(person, app_id, "both").items()
                    if getattr(member, name) == value
                }
                assert len(owners) == 1
                assert {member.nick_name} <= owners | {None}

    @invariant()
    def a_person_named_by_both_ids_has_one_row(self):
        for person, app_id in self.linked:
            own = ids(person, app_id, "both")
            (row,) = [
                member
                for member in self.store.members(app_id)
                if own["open_id"] == member.open_id or own["user_id"] == member.user_id
            ]
            assert {"open_id": row.open_id, "user_id": row.user_id} == own

    @invariant()
    def sessions_lead_to_their_own_person(self):
        for person, app_id, session in self.sessions:
            try:
                member = self.store.reload(session).member
            except SessionEnded:
                continue
            own = ids(person, app_id, "both")
            assert member.app_id == app_id
            assert member.open_id in (None, own["open_id"])
            assert member.user_id in (None, own["user_id"])


def no_other(named):
    return {"open_id": None, "user_id": None} | named


@pytest.mark.long
def test_one_person_any_order_of_ids(tmp_path):
    People.folder = tmp_path
    case = People.TestCase()
    case.settings = settings(
        max_examples=40,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    case.runTest()
