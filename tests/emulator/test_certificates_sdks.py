"""Other people's SDKs in 公钥证书 mode, with the files that python -m emulator writes."""

from pathlib import Path

import pytest
from alipay import DCAliPay
from alipay.exceptions import AliPayException, AliPayValidationError

from helpers import needs, needs_emulator
from plain_client import SHARE, TOKEN
from test_sdks import WRONG, pem

pytestmark = needs_emulator
WRONG = [*WRONG, "other-cert"]


@pytest.fixture
def certified(emulator, plain, tmp_path):
    """The settings of demo-mini in 公钥证书 mode, with the paths of its files."""
    from emulator.__main__ import write_certificates

    emulator.accounts.certify("demo-mini", True)
    return write_certificates(tmp_path / "demo.env", emulator.settings())


@pytest.mark.filterwarnings("ignore:X509.* is deprecated:DeprecationWarning")  # pyOpenSSL's
class TestDCAliPay:
    """python-alipay-sdk's DCAliPay looks at the key of the certificate that it was given."""

    @pytest.fixture
    def sdk(self, certified):
        sdk = DCAliPay(
            appid=certified["ALIPAY_APP_ID"],
            app_private_key_string=pem("PRIVATE KEY", certified["ALIPAY_APP_PRIVATE_KEY"]),
            app_public_key_cert_string=Path(certified["ALIPAY_APP_CERT"]).read_text(),
            alipay_public_key_cert_string=Path(certified["ALIPAY_CERT"]).read_text(),
            alipay_root_cert_string=Path(certified["ALIPAY_ROOT_CERT"]).read_text(),
        )
        sdk._gateway = certified["ALIPAY_GATEWAY_URL"]
        return sdk

    def test_it_completes_the_flow(self, sdk, plain):
        token = sdk.server_api(
            TOKEN, grant_type="authorization_code", code=plain.auth_code("no-avatar")
        )
        profile = sdk.server_api(SHARE, auth_token=token["access_token"])
        assert profile["nick_name"] == "王誠"
        assert profile["open_id"] == token["open_id"]

    @pytest.mark.parametrize("fault", ["cert-sn", "no-cert-sn"])
    def test_it_accepts_another_name_of_the_same_key(self, sdk, plain, fault):
        plain.switch("PUT", "fault", name=fault)
        assert sdk.server_api(TOKEN, grant_type="authorization_code", code=plain.auth_code())

    @pytest.mark.parametrize("fault", WRONG)
    def test_it_fails_when_the_answer_is_signed_wrongly(self, sdk, plain, fault):
        plain.switch("PUT", "fault", name=fault)
        refused = AliPayException if fault == "unsigned" else AliPayValidationError
        with pytest.raises(refused):
            sdk.server_api(TOKEN, grant_type="authorization_code", code=plain.auth_code())


@needs("node", "alipay-sdk")
class TestOfficialNodeSdk:
    """The official alipay-sdk for Node with the paths of three files, told to verify."""

    @pytest.fixture
    def run(self, certified, plain, node_flow):
        def run(member="no-avatar"):
            return node_flow(
                gateway=certified["ALIPAY_GATEWAY_URL"],
                appId=certified["ALIPAY_APP_ID"],
                privateKey=certified["ALIPAY_APP_PRIVATE_KEY"],
                appCertPath=certified["ALIPAY_APP_CERT"],
                alipayPublicCertPath=certified["ALIPAY_CERT"],
                alipayRootCertPath=certified["ALIPAY_ROOT_CERT"],
                code=plain.auth_code(member),
            )

        return run

    @pytest.mark.parametrize("fault", [None, "cert-sn", "no-cert-sn"])
    def test_it_completes_the_flow(self, run, plain, fault):
        plain.switch("PUT", "fault", name=fault)
        answer = run()
        assert answer["profile"]["nickName"] == "王誠"
        assert answer["profile"]["openId"] == answer["token"]["openId"]

    @pytest.mark.parametrize("fault", WRONG)
    def test_it_fails_when_the_answer_is_signed_wrongly(self, run, plain, fault):
        plain.switch("PUT", "fault", name=fault)
        answer = run()
        assert answer.keys() == {"error"}
        if fault not in ("empty-sign", "unsigned"):  # there the SDK trips over what is missing
            assert "验签失败" in answer["error"]
