"""workbench/naive.py, the server that old articles teach: it is fooled, as they are."""

import pytest

from helpers import needs_emulator

pytestmark = needs_emulator
NAIVE = "/workbench/naive/api"


@pytest.fixture
def victim(emulator):
    from emulator.accounts import known_ids

    return known_ids("demo-mini", "no-avatar")


def post(bench, path, **sent):
    return bench.post(f"{NAIVE}/{path}", json=sent).get_json()["signed_in_as"]


def test_naive_stores_whatever_nickname_the_client_sends(bench):
    first = post(bench, "auth", open_id="anyone", nickName="完整示例", avatar="a.svg")
    assert first["nick_name"] == "完整示例"
    lied = post(bench, "member", open_id="anyone", nickName="系统管理员")
    assert lied == {"open_id": "anyone", "nick_name": "系统管理员", "avatar": "a.svg"}
    kept = bench.get(f"{NAIVE}/member?open_id=anyone").get_json()["signed_in_as"]
    assert kept["nick_name"] == "系统管理员"


@pytest.mark.parametrize("kind", ["open_id", "user_id"])
def test_naive_signs_anybody_in_as_whom_they_claim_to_be(bench, victim, kind):
    assert post(bench, "auth", auth_code="mine", **{kind: victim[kind]})["nick_name"] == "王誠"


def test_naive_deletes_whomever_the_client_names(bench, victim):
    bench.delete(f"{NAIVE}/member?open_id={victim['open_id']}")
    assert post(bench, "auth", open_id=victim["open_id"])["nick_name"] is None  # a new row


def test_naive_needs_an_id_and_no_foreign_page_reaches_it(bench):
    assert post(bench, "auth", nickName="系统管理员") is None
    answer = bench.post(f"{NAIVE}/auth", json={}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_naive_forgets_at_a_reset_and_knows_its_victim_again(bench, victim):
    post(bench, "member", open_id=victim["open_id"], nickName="系统管理员")
    bench.post("/workbench/reset", json={})
    assert post(bench, "auth", open_id=victim["open_id"])["nick_name"] == "王誠"
