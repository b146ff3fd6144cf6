"""What a client claims about itself is no evidence: only what Alipay signed reaches the database.

Over real HTTP: each test sees the forged field arrive at the server and reads the database
through a connection of its own.
"""

import json
import sqlite3
from contextlib import closing

import pytest
import requests
from flask import request

FORGED = {
    "nick_name": "伪造的昵称",
    "avatar": "https://forged.example/face.png",
    "user_id": "2088000000000666",
    "open_id": "forged-open-id-forged-open-id-forged-open-id-fo",
    "union_id": "forged-union",
    "app_id": "demo-web",
    "gender": "M",
    "user_type": "1",
    "user_status": "B",
    "is_certified": "F",
    "profile_at": 1,
    "first_seen": 1,
}
FORGERIES = [
    *({name: value} for name, value in FORGED.items()),
    FORGED,
    {"member": FORGED},
    {"profile": FORGED, "response": json.dumps(FORGED)},
]


@pytest.fixture
def site(emulator, serve):
    """(address, what reached the server as (query, body), rows()) of a server on real HTTP."""
    url, app = serve(emulator.settings())
    arrived = []
    app.before_request(lambda: arrived.append((request.query_string, request.get_data())))
    path = app.extensions["alipay_member"].settings.database_url.removeprefix("sqlite:///")

    def rows():
        with closing(sqlite3.connect(path)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute("SELECT * FROM members")]

    return url, arrived, rows


@pytest.fixture
def honest(site, auth_code):
    """A session, opened and with its profile fetched, and the row that this made."""
    url, _, rows = site
    session = requests.post(f"{url}/api/auth", json={"auth_code": auth_code()}, timeout=10).json()[
        "session"
    ]
    headers = {"Authorization": f"Bearer {session}"}
    requests.post(f"{url}/api/member", headers=headers, timeout=10).raise_for_status()
    (row,) = rows()
    assert (row["nick_name"], row["gender"]) == ("完整示例", "F")
    return headers, row


def without_time(row):
    """The row but for when its profile was fetched, which every fetch renews."""
    return {name: value for name, value in row.items() if name != "profile_at"}


def test_member_ignores_every_forged_body(site, honest):
    url, arrived, rows = site
    headers, row = honest
    for forged in FORGERIES:
        answer = requests.post(f"{url}/api/member", json=forged, headers=headers, timeout=10)
        assert json.loads(arrived[-1][1]) == forged  # it was on the wire
        (after,) = rows()
        assert without_time(after) == without_time(row)
        assert after["profile_at"] >= row["profile_at"]
        assert answer.json()["member"] == {
            name: value for name, value in after.items() if name != "id"
        }


def test_auth_ignores_every_forged_body(site, honest, auth_code):
    url, arrived, rows = site
    _, row = honest
    for forged in FORGERIES:
        body = forged | {"auth_code": auth_code()}
        requests.post(f"{url}/api/auth", json=body, timeout=10).raise_for_status()
        assert json.loads(arrived[-1][1]) == body
        assert rows() == [row]


def test_auth_of_a_new_member_ignores_a_forged_body(site, auth_code):
    url, arrived, rows = site
    body = FORGED | {"auth_code": auth_code("company")}
    answer = requests.post(f"{url}/api/auth", json=body, timeout=10)
    headers = {"Authorization": f"Bearer {answer.json()['session']}"}
    requests.post(f"{url}/api/member", json=FORGED, headers=headers, timeout=10).raise_for_status()
    assert json.loads(arrived[-1][1]) == FORGED
    (row,) = rows()
    assert (row["app_id"], row["nick_name"], row["user_type"], row["user_id"]) == (
        "demo-mini",
        None,
        "1",
        None,
    )
    assert row["open_id"] != FORGED["open_id"]


@pytest.mark.parametrize(
    "sent", [{"params": FORGED}, {"data": FORGED}, {"headers": {"X-Nick-Name": "forged"}}]
)
def test_member_ignores_forgeries_in_query_form_and_headers(site, honest, sent):
    url, arrived, rows = site
    headers, row = honest
    sent = sent | {"headers": headers | sent.get("headers", {})}
    requests.post(f"{url}/api/member", timeout=10, **sent).raise_for_status()
    assert b"2088000000000666" in b"".join(arrived[-1]) or "X-Nick-Name" in sent["headers"]
    (after,) = rows()
    assert without_time(after) == without_time(row)


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_member_of_another_person_is_out_of_reach(site, honest, auth_code, method):
    url, arrived, rows = site
    _, row = honest
    other = requests.post(
        f"{url}/api/auth", json={"auth_code": auth_code("company")}, timeout=10
    ).json()
    claim = {"open_id": row["open_id"]}
    headers = {"Authorization": f"Bearer {other['session']}"}
    requests.request(
        method, f"{url}/api/member", json=claim, params=claim, headers=headers, timeout=10
    )
    assert json.loads(arrived[-1][1]) == claim
    assert row in rows()


def test_web_callback_ignores_forged_parameters(site, emulator):
    url, arrived, rows = site
    with requests.Session() as browser:
        page = browser.get(f"{url}/login", timeout=10).url
        back = browser.post(
            page,
            data={"member": "complete"},
            headers={"Origin": emulator.url},
            timeout=10,
            allow_redirects=False,
        ).headers["Location"]
        browser.get(back, params=FORGED, timeout=10).raise_for_status()
        browser.post(
            f"{url}/member", data=FORGED, headers={"Origin": url}, timeout=10
        ).raise_for_status()
    assert any(b"2088000000000666" in query for query, _ in arrived)
    assert any(b"2088000000000666" in body for _, body in arrived)
    (row,) = rows()
    assert (row["app_id"], row["nick_name"], row["gender"], row["user_id"]) == (
        "demo-web",
        "完整示例",
        "F",
        None,
    )
