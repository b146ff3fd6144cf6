"""What the gateway refuses, in its order: the parameters, the signature, then the method."""

import html

import pytest
import requests

from helpers import needs_emulator
from plain_client import SHARE, TOKEN, PlainClient

INVALID_SIGNATURE = (
    "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为："
)
pytestmark = needs_emulator


@pytest.mark.parametrize("app_id", ["2021000122671080", "demo", "demo-mini "])
def test_an_unknown_app_is_refused_before_anything_else_and_unsigned(plain, app_id):
    node = plain.call(TOKEN, app_id=app_id, sign="wrong", timestamp="")
    assert node == {
        "code": "40002",
        "msg": "Invalid Arguments",
        "sub_code": "isv.invalid-app-id",
        "sub_msg": "无效的AppID参数",
    }
    assert plain.node_name == "alipay_system_oauth_token_response"
    assert not plain.is_signed


@pytest.mark.parametrize(
    ("parameter", "sub_code", "sub_msg"),
    [
        ("app_id", "isv.missing-app-id", "缺少appId参数"),
        ("method", "isv.missing-method", "缺少方法名参数"),
        ("sign", "isv.missing-signature", "缺少签名参数"),
        ("sign_type", "isv.missing-signature-type", "缺少签名类型参数"),
        ("timestamp", "isv.missing-timestamp", "缺少时间戳参数"),
        ("version", "isv.missing-version", "缺少版本参数"),
    ],
)
def test_a_missing_parameter_is_named(plain, parameter, sub_code, sub_msg):
    parameters = plain.signed(SHARE)
    del parameters[parameter]
    plain.answer = requests.post(plain.gateway, params=parameters, timeout=5)
    assert plain.node() == {
        "code": "40001",
        "msg": "Missing Required Arguments",
        "sub_code": sub_code,
        "sub_msg": sub_msg,
    }
    assert plain.is_signed == (parameter != "app_id")


def test_a_missing_parameter_is_seen_before_a_wrong_signature(plain):
    assert plain.call(SHARE, sign="wrong", version="")["sub_code"] == "isv.missing-version"


@pytest.mark.parametrize(
    ("parameter", "value", "sub_code", "sub_msg"),
    [
        ("sign_type", "RSA", "isv.invalid-signature-type", "无效的签名类型"),
        ("timestamp", "1760505561", "isv.invalid-timestamp", "非法的时间戳参数"),
        ("timestamp", "2025-10-15T13:19:21", "isv.invalid-timestamp", "非法的时间戳参数"),
        ("timestamp", "2025-2-30 13:19:21", "isv.invalid-timestamp", "非法的时间戳参数"),
        ("timestamp", "2025-1-2 3:04:05", "isv.invalid-timestamp", "非法的时间戳参数"),
        ("charset", "latin-1", "isv.invalid-charset", "字符集错误"),
        ("method", "alipay.trade.query", "isv.invalid-method", "不存在的方法名"),
        ("method", 'x":{}', "isv.invalid-method", "不存在的方法名"),
    ],
)
def test_a_wrong_parameter_is_named(plain, parameter, value, sub_code, sub_msg):
    plain.answer = requests.get(
        plain.gateway, params=plain.signed(**{"method": SHARE, parameter: value}), timeout=5
    )
    assert plain.node() == {
        "code": "40002",
        "msg": "Invalid Arguments",
        "sub_code": sub_code,
        "sub_msg": sub_msg,
    }
    assert plain.is_signed


@pytest.mark.parametrize("sign", ["", "c2lnbg==", "not base64", "王", "=" * 9])
def test_a_wrong_signature_is_answered_with_the_gateways_own_escaped_string(plain, sign):
    parameters = plain.signed(SHARE, auth_token="x", biz_content='{"a":"<b>"}', sign=sign or "AAAA")
    plain.answer = requests.post(plain.gateway, params=parameters, timeout=5)
    node = plain.node()
    assert (node["code"], node["sub_code"]) == ("40002", "isv.invalid-signature")
    assert plain.node_name == "alipay_user_info_share_response"
    text, _, own = node["sub_msg"].partition("：")
    assert text + "：" == INVALID_SIGNATURE
    assert own.startswith("app_id=demo-mini&amp;auth_token=x&amp;")
    assert "&amp;biz_content={&quot;a&quot;:&quot;&lt;b&gt;&quot;}&amp;" in own
    assert html.unescape(own).endswith(
        "&charset=utf-8&method=alipay.user.info.share&sign_type=RSA2"
        "&timestamp=2025-10-15 13:19:21&version=1.0"
    )
    assert plain.is_signed


def test_a_wrong_signature_is_seen_before_a_wrong_method(plain):
    assert plain.call("alipay.trade.query", sign="AAAA")["sub_code"] == "isv.invalid-signature"


def test_a_signature_of_another_app_is_wrong(plain, emulator):
    other = PlainClient(emulator, "ALIPAY_WEB_")
    assert other.call(SHARE, app_id="demo-mini")["sub_code"] == "isv.invalid-signature"


def test_an_app_without_an_uploaded_key_is_told_so(plain):
    assert plain.call(SHARE, app_id="demo-merchant") == {
        "code": "40003",
        "msg": "Insufficient Conditions",
        "sub_code": "isv.missing-signature-config",
        "sub_msg": "应用未配置对应签名算法的公钥或者证书",
    }


def test_a_failed_exchange_is_a_signed_error_response(plain):
    node = plain.call(
        TOKEN, grant_type="authorization_code", code="4b203fe6c11548bcabd8da5bb087a83b"
    )
    assert (
        plain.answer.json()["error_response"]
        == node
        == {
            "code": "40002",
            "msg": "Invalid Arguments",
            "sub_code": "isv.code-invalid",
            "sub_msg": "授权码code无效",
        }
    )
    assert plain.is_signed


@pytest.mark.parametrize(
    ("parameters", "sub_code", "sub_msg"),
    [
        ({}, "isv.grant-type-invalid", "grant_type参数不正确"),
        ({"grant_type": "password"}, "isv.grant-type-invalid", "grant_type参数不正确"),
        ({"grant_type": "authorization_code"}, "isv.code-invalid", "授权码code无效"),
        (
            {"grant_type": "refresh_token", "refresh_token": "x"},
            "isv.refresh-token-invalid",
            "刷新令牌refresh_token无效",
        ),
    ],
)
def test_what_an_exchange_lacks_is_named(plain, parameters, sub_code, sub_msg):
    assert plain.call(TOKEN, **parameters) == {
        "code": "40002",
        "msg": "Invalid Arguments",
        "sub_code": sub_code,
        "sub_msg": sub_msg,
    }


def test_the_profile_needs_the_scope_auth_user(plain):
    token = plain.token(scopes=("auth_base",))
    assert token["access_token"].startswith("authbseB")
    assert token["expires_in"] == 31536000
    for refused in (token["access_token"], "made-up", ""):
        assert plain.share(refused) == {
            "code": "20001",
            "msg": "Insufficient Token Permissions",
            "sub_code": "aop.invalid-auth-token",
            "sub_msg": "无效的访问令牌",
        }
        assert plain.node_name == "alipay_user_info_share_response"
        assert plain.is_signed


def test_a_token_of_another_app_is_unmatched(plain, emulator):
    token = PlainClient(emulator, "ALIPAY_WEB_").token()
    node = plain.share(token["access_token"])
    assert (node["code"], node["sub_code"]) == ("40002", "isv.unmatched-app-id")
    assert node["sub_msg"] == "调用接口的应用标识(app_id)与令牌授权的应用不相符"


def test_an_app_without_the_product_gets_40006(plain):
    token = plain.token()["access_token"]
    plain.switch("PUT", "product", bound=False)
    assert plain.share(token) == {
        "code": "40006",
        "msg": "Insufficient Permissions",
        "sub_code": "isv.insufficient-isv-permissions",
        "sub_msg": "ISV权限不足",
    }
    plain.switch("PUT", "product", app_id="demo-mini", bound=True)
    assert plain.share(token)["code"] == "10000"
