"""ALIPAY_CHARSET=GBK, from the browser to the database.

誠's second byte in GBK is `\\`, which JSON escapes with.
"""

import pytest
import requests

from test_web_login import Browser


@pytest.fixture
def settings(emulator, tmp_path):
    from server.settings import Settings

    return Settings.load(tmp_path, values=emulator.settings() | {"ALIPAY_CHARSET": "GBK"})


MEMBERS = [
    ("sandbox-buyer", "买家沙箱", None),
    ("no-avatar", "王誠", "苏州市"),
    ("complete", "完整示例", "杭州市"),
]


@pytest.mark.parametrize(("member", "nick_name", "city"), MEMBERS)
def test_gbk_stores_chinese_right_through_the_api(web, app, sign_in, rows, member, nick_name, city):
    exchanges = []
    app.extensions["alipay_member"].client.observer = exchanges.append
    answer = web.post("/api/member", headers=sign_in(member))
    assert (answer.json["member"]["nick_name"], answer.json["member"]["city"]) == (nick_name, city)
    assert [(row["nick_name"], row["city"]) for row in rows("members")] == [(nick_name, city)]
    assert {exchange.parameters["charset"] for exchange in exchanges} == {"GBK"}
    assert nick_name.encode("gbk") in exchanges[-1].raw_answer  # it did come in GBK


def test_gbk_errors_are_readable(web, auth_code):
    code = auth_code()
    web.post("/api/auth", json={"auth_code": code})
    assert (
        web.post("/api/auth", json={"auth_code": code}).json["error"]["message"] == "授权码code无效"
    )


@pytest.mark.parametrize(("member", "nick_name", "city"), MEMBERS)
def test_gbk_shows_and_stores_chinese_right_in_the_browser(
    emulator, serve, member, nick_name, city
):
    url, app = serve(emulator.settings() | {"ALIPAY_CHARSET": "gbk"})
    with Browser(url) as browser:
        page = browser.log_in(member)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert f"<h1>{nick_name}</h1>" in page.content.decode("utf-8")
    (row,) = app.extensions["alipay_member"].store.members("demo-web")
    assert (row.nick_name, row.city) == (nick_name, city)


def test_gbk_is_not_guessed_where_utf_8_is_configured(emulator, serve, switch, auth_code):
    url, _ = serve(emulator.settings())
    session = requests.post(f"{url}/api/auth", json={"auth_code": auth_code()}, timeout=10).json()[
        "session"
    ]
    switch("fault", name="gbk-20000")  # an error in GBK is still read
    answer = requests.post(
        f"{url}/api/member", headers={"Authorization": f"Bearer {session}"}, timeout=10
    )
    assert (answer.status_code, answer.json()["error"]["message"]) == (502, "系统繁忙")
