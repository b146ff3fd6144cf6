"""Other people's SDKs, unmodified but for the address, complete the flow with the emulator."""

import pytest
from alipay import AliPay
from alipay.exceptions import AliPayException, AliPayValidationError

from helpers import needs, needs_emulator
from plain_client import SHARE, TOKEN

pytestmark = needs_emulator
WRONG = ["tampered", "wrong-key", "sha1", "app-key", "replayed", "empty-sign", "unsigned"]


def pem(label, one_line):
    return f"-----BEGIN {label}-----\n{one_line}\n-----END {label}-----"


class TestPythonAlipaySdk:
    """python-alipay-sdk verifies each answer by itself, unless it holds an error or no sign."""

    @pytest.fixture
    def sdk(self, emulator):
        settings = emulator.settings()
        sdk = AliPay(
            appid=settings["ALIPAY_APP_ID"],
            app_private_key_string=pem("PRIVATE KEY", settings["ALIPAY_APP_PRIVATE_KEY"]),
            alipay_public_key_string=pem("PUBLIC KEY", settings["ALIPAY_PUBLIC_KEY"]),
        )
        sdk._gateway = settings["ALIPAY_GATEWAY_URL"]
        return sdk

    def test_it_completes_the_flow(self, sdk, plain):
        token = sdk.server_api(
            TOKEN, grant_type="authorization_code", code=plain.auth_code("no-avatar")
        )
        assert token["access_token"].startswith("authusrB")
        profile = sdk.server_api(SHARE, auth_token=token["access_token"])
        assert profile["nick_name"] == "王誠"
        assert profile["open_id"] == token["open_id"]
        again = sdk.server_api(
            TOKEN, grant_type="refresh_token", refresh_token=token["refresh_token"]
        )
        assert again["open_id"] == token["open_id"]

    def test_it_sees_an_error_as_an_error(self, sdk):
        with pytest.raises(AliPayException, match=r"isv\.code-invalid"):
            sdk.server_api(TOKEN, grant_type="authorization_code", code="x")

    @pytest.mark.parametrize("fault", WRONG)
    def test_it_fails_when_the_answer_is_signed_wrongly(self, sdk, plain, fault):
        plain.switch("PUT", "fault", name=fault)
        refused = AliPayException if fault == "unsigned" else AliPayValidationError
        with pytest.raises(refused):
            sdk.server_api(TOKEN, grant_type="authorization_code", code=plain.auth_code())


@needs("node", "alipay-sdk")
class TestOfficialNodeSdk:
    """The official alipay-sdk for Node, told to verify (validateSign)."""

    @pytest.fixture
    def run(self, emulator, plain, node_flow):
        settings = emulator.settings()

        def run(member="no-avatar"):
            return node_flow(
                gateway=settings["ALIPAY_GATEWAY_URL"],
                appId=settings["ALIPAY_APP_ID"],
                privateKey=settings["ALIPAY_APP_PRIVATE_KEY"],
                alipayPublicKey=settings["ALIPAY_PUBLIC_KEY"],
                code=plain.auth_code(member),
            )

        return run

    def test_it_completes_the_flow(self, run):
        answer = run()
        assert answer["token"]["accessToken"].startswith("authusrB")
        assert answer["token"]["expiresIn"] == 1296000
        assert answer["profile"]["nickName"] == "王誠"
        assert answer["profile"]["openId"] == answer["token"]["openId"]

    @pytest.mark.parametrize("fault", WRONG)
    def test_it_fails_when_the_answer_is_signed_wrongly(self, run, plain, fault):
        plain.switch("PUT", "fault", name=fault)
        answer = run()
        assert answer.keys() == {"error"}
        if fault not in ("empty-sign", "unsigned"):  # there the SDK trips over what is missing
            assert "验签失败" in answer["error"]
