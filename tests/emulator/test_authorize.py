"""The authorise page 授权页: who agrees, what the app asked for, and errors in the address."""

import re
from urllib.parse import quote, urlencode

import pytest
import requests

from helpers import needs_emulator
from plain_client import TOKEN, PlainClient

pytestmark = needs_emulator
BACK = "http://127.0.0.1:8000/callback"


def url(emulator, **asked):
    common = {"app_id": "demo-web", "scope": "auth_user", "redirect_uri": BACK, "state": "s&1"}
    return f"{emulator.url}/oauth2/publicAppAuthorize.htm?{urlencode(common | asked)}"


def agree(emulator, form, headers=None, **asked):
    address = url(emulator, **asked)
    return requests.post(address, form, headers=headers, allow_redirects=False, timeout=5)


@pytest.mark.parametrize(("lang", "app"), [("zh", "示例网页应用"), ("en", "Demo web app")])
def test_it_shows_what_the_app_asked_for(emulator, lang, app):
    answer = requests.get(url(emulator, lang=lang), timeout=5)
    assert answer.status_code == 200
    for text in [app, "demo-web", BACK, "s&amp;1", "王誠", 'value="company"']:
        assert text in answer.text
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_agreeing_leads_back_with_an_auth_code(emulator):
    answer = agree(emulator, {"member": "company"}, scope="auth_user,auth_base")
    address, _, query = answer.headers["Location"].partition("?")
    code = re.search(r"auth_code=([0-9a-f]{32})(&|$)", query)[1]
    assert address == BACK
    scope = f"scope={quote('auth_user,auth_base')}"
    assert {"state=s%261", "app_id=demo-web", "source=alipay_wallet", scope} <= set(
        query.split("&")
    )
    web = PlainClient(emulator, "ALIPAY_WEB_")
    assert "access_token" in web.call(TOKEN, grant_type="authorization_code", code=code)
    members = {row["id"]: row for row in web.switch("GET", "members")["members"]}
    assert members["company"]["consented"] == ["demo-web"]


def test_denying_leads_back_without_one(emulator):
    location = agree(emulator, {}).headers["Location"]
    assert location.startswith(BACK + "?")
    assert "state=s%261" in location
    assert "auth_code" not in location


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1"])
def test_no_other_page_can_agree(emulator, origin):
    assert agree(emulator, {"member": "company"}, {"Origin": origin}).status_code == 403


def test_an_unknown_member_cannot_agree(emulator):
    answer = agree(emulator, {"member": "nobody"})
    assert (answer.status_code, answer.json().keys()) == (400, {"error"})


def test_the_merchants_app_has_the_page_as_well(emulator):
    assert agree(emulator, {"member": "complete"}, app_id="demo-merchant").status_code == 302


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"app_id": "2021000122671080"}, "app_id"),
        ({"app_id": "demo-mini"}, "ALIPAY_WEB_APP_ID"),
        ({"redirect_uri": "https://example.com/callback"}, "redirect_uri"),
        ({"redirect_uri": "http://localhost:8000/callback"}, "redirect_uri"),
        ({"redirect_uri": "http://127.0.0.1:8000/callback?x=1"}, "redirect_uri"),
        ({"redirect_uri": "http://127.0.0.1:８０００/callback"}, "redirect_uri"),
        ({"redirect_uri": "http://127.0.0.1:8000/callback\n"}, "redirect_uri"),
        ({"scope": "auth_userinfo"}, "auth_base"),
        ({"scope": ""}, "auth_base"),
    ],
)
def test_an_invalid_address_is_explained_logged_and_leads_nowhere(emulator, lines, asked, named):
    explained = set()
    for lang in ("zh", "en"):
        answer = requests.get(url(emulator, lang=lang, **asked), timeout=5)
        assert answer.status_code == 400
        error = re.search(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)[1]
        assert named in error
        explained.add(error)
        assert "<form" not in answer.text
    assert len(explained) == 2
    assert agree(emulator, {"member": "complete"}, **asked).status_code == 400
    assert len(lines()) == 3
