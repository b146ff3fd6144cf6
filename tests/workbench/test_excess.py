"""Sandbox answers carry more than production's, cert_no and address among it: none of it is kept.

Recorded in 2023; and `gender` arrives in upper case or in lower case.
"""

import json

import pytest
import requests

from alipay_member.models import PROFILE
from helpers import HAVE_EMULATOR, needs_emulator

pytestmark = needs_emulator
OURS = {*PROFILE, "open_id", "user_id", "union_id", "app_id", "first_seen", "profile_at"}
GIVEN = {}
if HAVE_EMULATOR:
    from emulator.accounts import MEMBERS

    GIVEN = MEMBERS["sandbox-excess"]["profile"]
EXCESS = {name: value for name, value in GIVEN.items() if name not in OURS and len(value) > 1}


@pytest.fixture
def kept(tmp_path):
    """kept() → all that the database has written to its files."""

    def read():
        folder = tmp_path / "instance"
        return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())

    return read


def test_the_member_gives_more_than_we_keep(plain):
    answer = plain.share(plain.token("sandbox-excess")["access_token"])
    assert set(EXCESS) >= {"cert_no", "address", "user_name", "mobile"}
    assert set(EXCESS) <= set(answer)


def test_nothing_beyond_our_fields_is_stored_or_answered(app, bench, sign_in, rows, kept, caplog):
    session = sign_in("sandbox-excess")
    answer = bench.post("/api/member", headers=session)
    member = answer.get_json()["member"]
    assert set(member) == OURS
    assert (member["nick_name"], member["gender"], member["city"]) == ("多给示例", "M", "南京市")
    again = bench.get("/api/member", headers=session)
    (row,) = rows("members")
    assert set(row) == OURS | {"id"}
    written = kept()
    assert "多给示例".encode() in written  # so the others would be found, too
    for name, value in EXCESS.items():
        assert value.encode() not in written
        answers = json.dumps([answer.get_json(), again.get_json(), row], ensure_ascii=False)
        assert value not in answers
        assert name not in answers
        assert value not in caplog.text


def test_nothing_beyond_our_fields_is_shown_on_the_web(emulator, serve):
    url, _ = serve(emulator.settings())
    browser = requests.Session()
    page = browser.get(f"{url}/login", timeout=10).url
    browser.post(
        page, data={"member": "sandbox-excess"}, headers={"Origin": emulator.url}, timeout=10
    )
    for lang in ("zh", "en"):
        shown = browser.get(f"{url}/member?lang={lang}", timeout=10).text
        assert "多给示例" in shown
        assert not [value for value in EXCESS.values() if value in shown]
    browser.close()


@pytest.mark.parametrize(
    ("member", "given", "kept_as"),
    [("complete", "F", "F"), ("sandbox-buyer", "f", "F"), ("sandbox-excess", "m", "M")],
)
def test_gender_is_kept_in_upper_case(bench, sign_in, member, given, kept_as):
    assert MEMBERS[member]["profile"]["gender"] == given
    answer = bench.post("/api/member", headers=sign_in(member))
    assert answer.get_json()["member"]["gender"] == kept_as
