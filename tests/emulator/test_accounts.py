"""Accounts: codes work once, tokens end, ids survive a restart."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from helpers import needs_emulator
from plain_client import SHARE, TOKEN, PlainClient

pytestmark = needs_emulator
DAY = 86400  # seconds


class Clock:
    """A clock that is set by hand."""

    now = 1_760_505_561.0  # 2025-10-15 13:19:21 in Beijing

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def emulator(clock, make_emulator):
    return make_emulator(clock=clock)


def exchange(plain, code):
    return plain.call(TOKEN, grant_type="authorization_code", code=code)


def refresh(plain, refresh_token):
    return plain.call(TOKEN, grant_type="refresh_token", refresh_token=refresh_token)


def ids_after_a_restart(app_id, member, mode):
    from emulator.accounts import Accounts

    accounts = Accounts()
    accounts.identify_by(mode)
    return accounts.ids(app_id, member)


def test_an_auth_code_has_32_characters_and_works_once(plain):
    code = plain.auth_code()
    assert re.fullmatch(r"[0-9a-z]{32}", code)
    assert "access_token" in exchange(plain, code)
    assert exchange(plain, code)["sub_code"] == "isv.code-invalid"


def test_of_many_exchanges_at_once_one_succeeds(plain):
    code = plain.auth_code()
    with ThreadPoolExecutor(8) as pool:
        clients = [
            pool.submit(lambda: exchange(PlainClient(plain.emulator), code)) for _ in range(8)
        ]
        answers = [client.result() for client in clients]
    assert sum("access_token" in answer for answer in answers) == 1


def test_an_auth_code_is_used_up_by_a_call_that_fails(plain, emulator):
    code = plain.auth_code()
    assert exchange(PlainClient(emulator, "ALIPAY_WEB_"), code)["sub_code"] == "isv.code-invalid"
    assert exchange(plain, code)["sub_code"] == "isv.code-invalid"


def test_an_auth_code_lives_a_day(plain, clock):
    early, late = plain.auth_code(), plain.auth_code()
    clock.now += DAY - 1
    assert "access_token" in exchange(plain, early)
    clock.now += 1
    assert exchange(plain, late)["sub_code"] == "isv.code-invalid"


def test_the_grant_begins_in_beijing_time(plain):
    assert plain.token()["auth_start"] == "2025-10-15 13:19:21"


def test_an_access_token_ends_and_is_refreshed(plain, clock, error_node):
    old = plain.token()
    clock.now += 1296000 - 1
    assert plain.share(old["access_token"])["code"] == "10000"
    clock.now += 1
    assert plain.share(old["access_token"]) == error_node("aop.auth-token-time-out")
    new = refresh(plain, old["refresh_token"])
    assert plain.share(new["access_token"])["code"] == "10000"
    assert new["open_id"] == old["open_id"]
    assert {new["access_token"], new["refresh_token"]}.isdisjoint(old.values())


def test_refreshing_ends_the_old_tokens(plain):
    old = plain.token()
    refresh(plain, old["refresh_token"])
    assert plain.share(old["access_token"])["sub_code"] == "aop.invalid-auth-token"
    assert refresh(plain, old["refresh_token"])["sub_code"] == "isv.refresh-token-invalid"


def test_a_refresh_token_ends_and_belongs_to_its_app(plain, emulator, clock):
    token = plain.token()["refresh_token"]
    web = PlainClient(emulator, "ALIPAY_WEB_")
    assert refresh(web, token)["sub_code"] == "isv.refresh-token-invalid"
    clock.now += 2592000
    assert refresh(plain, token)["sub_code"] == "isv.refresh-token-invalid"


def test_access_tokens_can_be_ended_early_for_one_member(plain):
    ended, other = plain.token(), plain.token("company")
    plain.switch("POST", "expire", member="complete")
    assert plain.share(ended["access_token"])["sub_code"] == "aop.auth-token-time-out"
    assert plain.share(other["access_token"])["code"] == "10000"
    assert "access_token" in refresh(plain, ended["refresh_token"])


def test_auth_base_tokens_live_a_year(plain, clock):
    token = plain.token(scopes=("auth_base",))
    clock.now += 31536000 - 1
    assert "access_token" in refresh(plain, token["refresh_token"])


def test_revoking_ends_codes_tokens_and_consents_of_that_member_alone(plain):
    token, code, other = plain.token(), plain.auth_code(), plain.token("company")
    plain.switch("POST", "revoke", member="complete")
    assert plain.share(token["access_token"])["sub_code"] == "aop.invalid-auth-token"
    assert refresh(plain, token["refresh_token"])["sub_code"] == "isv.refresh-token-invalid"
    assert exchange(plain, code)["sub_code"] == "isv.code-invalid"
    assert plain.share(other["access_token"])["code"] == "10000"
    consented = {row["id"]: row["consented"] for row in plain.switch("GET", "members")["members"]}
    assert (consented["complete"], consented["company"]) == ([], ["demo-mini"])


def test_only_auth_user_is_a_consent(plain):
    plain.auth_code(scopes=("auth_base",))
    assert plain.switch("GET", "members")["members"][0]["consented"] == []
    plain.auth_code(scopes=("auth_base", "auth_user"))
    assert plain.switch("GET", "members")["members"][0]["consented"] == ["demo-mini"]


@pytest.mark.parametrize(
    ("mode", "names"),
    [("open_id", {"open_id"}), ("user_id", {"user_id"}), ("both", {"open_id", "user_id"})],
)
def test_the_identity_switch_decides_which_ids_apps_get(plain, mode, names):
    plain.switch("PUT", "identity", mode=mode)
    token = plain.token()
    profile = plain.share(token["access_token"])
    ids = {name: token[name] for name in token if name in ("open_id", "user_id")}
    assert ids.keys() == names
    assert ids == {name: profile[name] for name in profile if name in ("open_id", "user_id")}
    assert re.fullmatch(r"[A-Za-z0-9_-]{47}", ids.get("open_id", "x" * 47))
    assert re.fullmatch(r"2088\d{12}", ids.get("user_id", "2088" + "0" * 12))
    assert ids == ids_after_a_restart("demo-mini", "complete", mode)


def test_one_person_has_an_open_id_in_each_app_and_one_user_id_and_union_id(plain, emulator):
    plain.switch("PUT", "identity", mode="both")
    mini, web = plain.token(), PlainClient(emulator, "ALIPAY_WEB_").token()
    assert mini["open_id"] != web["open_id"]
    assert (mini["user_id"], mini["union_id"]) == (web["user_id"], web["union_id"])
    plain.switch("PUT", "identity", mode="user_id")
    assert "union_id" not in plain.token()


def test_members_differ_in_every_id(plain):
    plain.switch("PUT", "identity", mode="both")
    members = [row["id"] for row in plain.switch("GET", "members")["members"]]
    tokens = [plain.token(member) for member in members]
    for name in ("open_id", "user_id", "union_id"):
        assert len({token[name] for token in tokens}) == len(members)


@pytest.mark.parametrize(
    ("member", "absent", "given"),
    [
        ("no-nickname", "nick_name", {"user_type": "2", "user_status": "T"}),
        ("no-avatar", "avatar", {"nick_name": "王誠"}),
        ("company", "nick_name", {"user_type": "1"}),
        ("status-q", "gender", {"user_status": "Q"}),
        ("status-b", None, {"user_status": "B"}),
        ("status-w", "gender", {"user_status": "W", "is_certified": "F"}),
        ("sandbox-buyer", "avatar", {"gender": "f", "nick_name": "买家沙箱"}),
    ],
)
def test_each_member_stands_for_a_case(plain, member, absent, given):
    profile = plain.share(plain.token(member)["access_token"])
    assert absent not in profile
    assert given.items() <= profile.items()
    shown = next(row for row in plain.switch("GET", "members")["members"] if row["id"] == member)
    assert given.items() <= shown.items()
    assert shown["case"].keys() == {"zh", "en"}


def test_a_restart_makes_new_keys_and_forgets_tokens(plain, emulator):
    import emulator as package

    token, before = plain.token()["access_token"], emulator.settings()
    port = int(emulator.url.rpartition(":")[2])
    emulator.stop()
    again = package.start(port)
    try:
        assert again.url == emulator.url
        after = again.settings()
        assert before["ALIPAY_PUBLIC_KEY"] != after["ALIPAY_PUBLIC_KEY"]
        assert before["ALIPAY_APP_PRIVATE_KEY"] != after["ALIPAY_APP_PRIVATE_KEY"]
        assert plain.call(SHARE)["sub_code"] == "isv.invalid-signature"
        assert PlainClient(again).share(token)["sub_code"] == "aop.invalid-auth-token"
    finally:
        again.stop()


def test_the_keys_of_apps_and_of_alipay_all_differ(emulator):
    settings = emulator.settings()
    assert settings["ALIPAY_APP_PRIVATE_KEY"] != settings["ALIPAY_WEB_APP_PRIVATE_KEY"]
    plain = PlainClient(emulator)
    assert plain.key.public_key().public_numbers() != plain.alipay_key.public_numbers()
    assert plain.key.key_size == 2048
