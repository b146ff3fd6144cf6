"""The emulator's own routes: ISV calls, the switches under /emulator/, and the authorise page."""

import json
import re
from urllib.parse import quote, urlencode

import pytest
import requests

from helpers import needs_emulator
from plain_client import TOKEN, PlainClient

pytestmark = needs_emulator


class TestIsv:
    """Calls for the demo merchant carry its app_auth_token."""

    def test_members_and_codes_are_the_merchants(self, plain):
        token = {"app_auth_token": plain.merchant_token}
        code = plain.auth_code(app_id="demo-merchant")
        tokens = plain.call(TOKEN, grant_type="authorization_code", code=code, **token)
        assert plain.share(tokens["access_token"], **token)["open_id"] == tokens["open_id"]
        assert tokens["open_id"] != plain.token()["open_id"]
        assert plain.share(tokens["access_token"])["sub_code"] == "isv.unmatched-app-id"

    def test_a_code_of_the_isvs_own_app_is_refused(self, plain):
        assert plain.token(app_auth_token=plain.merchant_token)["sub_code"] == "isv.code-invalid"

    def test_a_bad_app_auth_token_is_refused(self, plain):
        expected = {
            "code": "20001",
            "msg": "Insufficient Token Permissions",
            "sub_code": "aop.invalid-app-auth-token",
            "sub_msg": "无效的应用授权令牌",
        }
        assert plain.token(app_auth_token="x") == expected
        assert plain.node_name == "error_response"
        assert plain.share("x", app_auth_token="x") == expected

    def test_an_app_auth_code_becomes_an_app_auth_token_once(self, plain):
        code = plain.switch("POST", "app-auth-code")["app_auth_code"]
        content = json.dumps({"grant_type": "authorization_code", "code": code})
        answer = plain.call("alipay.open.auth.token.app", biz_content=content)
        assert plain.node_name == "alipay_open_auth_token_app_response"
        assert plain.is_signed
        assert (answer["code"], answer["auth_app_id"]) == ("10000", "demo-merchant")
        tokens = plain.call(
            TOKEN,
            grant_type="authorization_code",
            code=plain.auth_code(app_id="demo-merchant"),
            app_auth_token=answer["app_auth_token"],
        )
        assert "access_token" in tokens
        assert (
            plain.call("alipay.open.auth.token.app", biz_content=content)["sub_code"]
            == "isv.code-invalid"
        )

    @pytest.mark.parametrize("content", ["", "x", "[]", '{"code":"x"}', "[" * 90_000])
    def test_an_exchange_without_its_biz_content_is_refused(self, plain, content):
        parameters = plain.signed("alipay.open.auth.token.app", biz_content=content)
        body = {"biz_content": parameters.pop("biz_content", "")}
        plain.answer = requests.post(plain.gateway, params=parameters, data=body, timeout=5)
        assert plain.node()["sub_code"] == "isv.grant-type-invalid"


class TestControlRoutes:
    """Closed to other web pages; open to this machine's programs."""

    def test_what_is_not_json_is_refused(self, emulator):
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            answer = requests.post(
                f"{emulator.url}/emulator/revoke",
                '{"member":"complete"}',
                timeout=5,
                headers={"Content-Type": kind},
            )
            assert answer.status_code == 415
            assert "application/json" in answer.json()["error"]

    @pytest.mark.parametrize(
        "headers",
        [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
    )
    @pytest.mark.parametrize("path", ["/emulator/members", "/oauth2/publicAppAuthorize.htm"])
    def test_another_host_or_origin_is_refused(self, emulator, headers, path):
        answer = requests.get(emulator.url + path, headers=headers, timeout=5)
        assert answer.status_code == 403
        assert answer.json().keys() == {"error"}

    @pytest.mark.parametrize(
        ("verb", "name", "body"),
        [
            ("POST", "auth-code", {"member": "nobody", "scopes": ["auth_user"]}),
            ("POST", "auth-code", {"member": "complete", "scopes": []}),
            ("POST", "auth-code", {"member": "complete", "scopes": "auth_user"}),
            ("POST", "auth-code", {"member": "complete", "scopes": [{}]}),
            ("POST", "auth-code", {"member": ["complete"], "scopes": ["auth_user"]}),
            (
                "POST",
                "auth-code",
                {"member": "complete", "scopes": ["auth_user"], "app_id": "2021000122671080"},
            ),
            ("POST", "revoke", {}),
            ("PUT", "identity", {"mode": "union_id"}),
            ("PUT", "product", {"bound": "no"}),
            ("PUT", "fault", {"name": "nonsense"}),
            ("PUT", "fault", {"name": ["tampered"]}),
            ("PUT", "fault", {"name": "tampered", "times": 0}),
            ("PUT", "fault", {"name": "tampered", "times": True}),
        ],
    )
    def test_nonsense_is_answered_with_a_sentence(self, emulator, verb, name, body):
        answer = requests.request(verb, f"{emulator.url}/emulator/{name}", json=body, timeout=5)
        assert answer.status_code == 400
        assert len(answer.json()["error"]) > 10

    def test_a_route_that_there_is_not(self, emulator):
        answer = requests.put(f"{emulator.url}/emulator/members", json={}, timeout=5)
        assert (answer.status_code, answer.json().keys()) == (404, {"error"})

    def test_reset_brings_everything_back(self, plain):
        code = plain.auth_code()
        plain.switch("PUT", "identity", mode="both")
        plain.switch("PUT", "product", bound=False)
        plain.switch("PUT", "fault", name="unsigned")
        plain.switch("POST", "reset")
        members = plain.switch("GET", "members")
        assert members["identity"] == "open_id"
        assert members["apps"]["demo-mini"] == {"product": True}
        assert not any(member["consented"] for member in members["members"])
        assert plain.switch("GET", "faults")["active"] is None
        assert (
            plain.call(TOKEN, grant_type="authorization_code", code=code)["sub_code"]
            == "isv.code-invalid"
        )

    def test_avatars_are_drawn(self, emulator):
        answer = requests.get(f"{emulator.url}/emulator/avatar/complete.svg", timeout=5)
        assert answer.headers["Content-Type"].startswith("image/svg+xml")
        assert answer.text.startswith("<svg ")
        assert (
            requests.get(f"{emulator.url}/emulator/avatar/nobody.svg", timeout=5).status_code == 400
        )


class TestAuthorizePage:
    """授权页: who agrees, what the app asked for, and what is wrong with the address."""

    back = "http://127.0.0.1:8000/callback"

    def url(self, emulator, **asked):
        asked = {
            "app_id": "demo-web",
            "scope": "auth_user",
            "redirect_uri": self.back,
            "state": "s&1",
            **asked,
        }
        return f"{emulator.url}/oauth2/publicAppAuthorize.htm?{urlencode(asked)}"

    def agree(self, emulator, form, headers=None, **asked):
        return requests.post(
            self.url(emulator, **asked), form, headers=headers, allow_redirects=False, timeout=5
        )

    def test_it_shows_what_the_app_asked_for_in_both_languages(self, emulator):
        said = {
            "zh": ["模拟器", "示例网页应用", "同意", "拒绝"],
            "en": ["Emulator", "Demo web app", "Agree", "Deny"],
        }
        for lang, words in said.items():
            answer = requests.get(self.url(emulator, lang=lang), timeout=5)
            assert answer.status_code == 200
            for text in [*words, "demo-web", self.back, "s&amp;1", "王誠", 'value="company"']:
                assert text in answer.text
            assert "<script" not in answer.text
            assert "style=" not in answer.text
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]

    def test_agreeing_leads_back_with_an_auth_code(self, emulator):
        answer = self.agree(emulator, {"member": "company"}, scope="auth_user,auth_base")
        address, _, query = answer.headers["Location"].partition("?")
        code = re.search(r"auth_code=([0-9a-f]{32})(&|$)", query)[1]
        assert address == self.back
        for pair in (
            "state=s%261",
            "app_id=demo-web",
            "source=alipay_wallet",
            f"scope={quote('auth_user,auth_base')}",
        ):
            assert pair in query.split("&")
        web = PlainClient(emulator, "ALIPAY_WEB_")
        assert "access_token" in web.call(TOKEN, grant_type="authorization_code", code=code)
        assert web.switch("GET", "members")["members"][3]["consented"] == ["demo-web"]

    def test_denying_leads_back_without_one(self, emulator):
        location = self.agree(emulator, {}).headers["Location"]
        assert location.startswith(self.back + "?")
        assert "state=s%261" in location
        assert "auth_code" not in location

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
    def test_no_other_page_can_agree(self, emulator, origin):
        assert self.agree(emulator, {"member": "company"}, {"Origin": origin}).status_code == 403

    def test_the_merchants_app_has_the_page_as_well(self, emulator):
        assert (
            self.agree(emulator, {"member": "complete"}, app_id="demo-merchant").status_code == 302
        )

    @pytest.mark.parametrize(
        ("asked", "zh", "en"),
        [
            ({"app_id": "2021000122671080"}, "真实应用", "real app"),
            (
                {"app_id": "demo-mini"},
                "小程序不支持使用拼接授权链接进行授权",
                "cannot use the authorise URL",
            ),
            (
                {"redirect_uri": "https://example.com/callback"},
                "授权回调地址",
                "redirect_uri is not",
            ),
            (
                {"redirect_uri": "http://localhost:8000/callback"},
                "授权回调地址",
                "redirect_uri is not",
            ),
            (
                {"redirect_uri": "http://127.0.0.1:8000/callback?x=1"},
                "授权回调地址",
                "redirect_uri is not",
            ),
            (
                {"redirect_uri": "http://127.0.0.1:８０００/callback"},
                "授权回调地址",
                "redirect_uri is not",
            ),
            (
                {"redirect_uri": "http://127.0.0.1:8000/callback\n"},
                "授权回调地址",
                "redirect_uri is not",
            ),
            ({"scope": "auth_userinfo"}, "scope 只能是", "scope must be"),
            ({"scope": ""}, "scope 只能是", "scope must be"),
        ],
    )
    def test_a_wrong_address_is_explained_and_leads_nowhere(self, emulator, asked, zh, en):
        for lang, text in (("zh", zh), ("en", en)):
            answer = requests.get(self.url(emulator, lang=lang, **asked), timeout=5)
            assert answer.status_code == 400
            assert text in answer.text
            assert "<form" not in answer.text
        assert self.agree(emulator, {"member": "complete"}, **asked).status_code == 400
