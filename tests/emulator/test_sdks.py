"""Other people's SDKs, unmodified but for the address, complete the flow with the emulator."""

from pathlib import Path

import pytest
from alipay import AliPay, DCAliPay
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
    """The official alipay-sdk for Node, set to verify (validateSign)."""

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


# ── 公钥证书 mode ──


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

    @pytest.mark.parametrize("fault", ["tampered", "unsigned", "other-cert"])
    def test_it_fails_when_the_answer_is_signed_wrongly(self, sdk, plain, fault):
        plain.switch("PUT", "fault", name=fault)
        refused = AliPayException if fault == "unsigned" else AliPayValidationError
        with pytest.raises(refused):
            sdk.server_api(TOKEN, grant_type="authorization_code", code=plain.auth_code())


@needs("node", "alipay-sdk")
class TestOfficialNodeSdkWithCertificates:
    """The official alipay-sdk for Node with the paths of three files, set to verify."""

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

    @pytest.mark.parametrize("fault", ["tampered", "unsigned", "other-cert"])
    def test_it_fails_when_the_answer_is_signed_wrongly(self, run, plain, fault):
        plain.switch("PUT", "fault", name=fault)
        answer = run()
        assert answer.keys() == {"error"}
        if fault != "unsigned":  # there the SDK trips over what is missing
            assert "验签失败" in answer["error"]
