"""The gateway's error codes, each switched on as a fault and seen on the wire."""

import json

import pytest

from helpers import needs_emulator
from plain_client import TOKEN

pytestmark = needs_emulator

# the rows of protocol.md's table of codes: code, msg, sub_code, sub_msg
CODES = [
    ("20000", "Service Currently Unavailable", "isp.unknow-error", "系统繁忙"),
    ("20000", "Service Currently Unavailable", "aop.unknow-error", "系统繁忙"),
    ("20001", "Insufficient Token Permissions", "aop.invalid-auth-token", "无效的访问令牌"),
    ("20001", "Insufficient Token Permissions", "aop.auth-token-time-out", "访问令牌已过期"),
    ("20001", "Insufficient Token Permissions", "aop.invalid-app-auth-token", "无效的应用授权令牌"),
    ("40001", "Missing Required Arguments", "isv.missing-method", "缺少方法名参数"),
    ("40001", "Missing Required Arguments", "isv.missing-signature", "缺少签名参数"),
    ("40001", "Missing Required Arguments", "isv.missing-signature-type", "缺少签名类型参数"),
    ("40001", "Missing Required Arguments", "isv.missing-app-id", "缺少appId参数"),
    ("40001", "Missing Required Arguments", "isv.missing-timestamp", "缺少时间戳参数"),
    ("40001", "Missing Required Arguments", "isv.missing-version", "缺少版本参数"),
    ("40002", "Invalid Arguments", "isv.code-invalid", "授权码code无效"),
    ("40002", "Invalid Arguments", "isv.refresh-token-invalid", "刷新令牌refresh_token无效"),
    ("40002", "Invalid Arguments", "isv.grant-type-invalid", "grant_type参数不正确"),
    ("40002", "Invalid Arguments", "isv.invalid-app-id", "无效的AppID参数"),
    (
        "40002",
        "Invalid Arguments",
        "isv.unmatched-app-id",
        "调用接口的应用标识(app_id)与令牌授权的应用不相符",
    ),
    (
        "40002",
        "Invalid Arguments",
        "isv.invalid-signature",
        "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，"
        "网关生成的验签字符串为：app_id=demo-mini&amp;",
    ),
    ("40002", "Invalid Arguments", "isv.invalid-method", "不存在的方法名"),
    ("40002", "Invalid Arguments", "isv.invalid-signature-type", "无效的签名类型"),
    ("40002", "Invalid Arguments", "isv.invalid-timestamp", "非法的时间戳参数"),
    ("40002", "Invalid Arguments", "isv.invalid-charset", "字符集错误"),
    (
        "40003",
        "Insufficient Conditions",
        "isv.missing-signature-config",
        "应用未配置对应签名算法的公钥或者证书",
    ),
    ("40004", "Business Failed", "SYSTEM_ERROR", None),
    ("40006", "Insufficient Permissions", "isv.insufficient-isv-permissions", "ISV权限不足"),
]
OF_TOKEN = {"isv.code-invalid", "isv.refresh-token-invalid", "isv.grant-type-invalid"}
OF_REFRESH = "isv.refresh-token-invalid"
UNSIGNED = {"isv.invalid-app-id", "isv.missing-app-id"}  # no app, no key


def refresh(plain, tokens):
    return plain.call(TOKEN, grant_type="refresh_token", refresh_token=tokens["refresh_token"])


@pytest.mark.parametrize(("code", "msg", "sub_code", "sub_msg"), CODES)
def test_each_code_of_the_table_can_be_switched_on(plain, code, msg, sub_code, sub_msg):
    tokens = plain.token()
    token = tokens["access_token"]
    plain.switch("PUT", "fault", name=sub_code, times=1)
    if sub_code == OF_REFRESH:
        node = refresh(plain, tokens)
    else:
        node = plain.token() if sub_code in OF_TOKEN else plain.share(token)
    assert (node["code"], node["msg"], node["sub_code"]) == (code, msg, sub_code)
    assert node.get("sub_msg", "").startswith(sub_msg or "")
    assert ("sub_msg" in node) == (sub_msg is not None)
    assert plain.node_name == (
        "error_response" if sub_code in OF_TOKEN else "alipay_user_info_share_response"
    )
    assert plain.is_signed == (sub_code not in UNSIGNED)
    if sub_code != OF_REFRESH:
        assert plain.share(token)["code"] == "10000"


@pytest.mark.parametrize(
    "sub_code",
    [
        "isv.code-invalid",
        "isv.refresh-token-invalid",
        "aop.invalid-app-auth-token",
        "isp.unknow-error",
        "aop.unknow-error",
    ],
)
def test_what_the_gateway_has_sent_unsigned_can_be_had_unsigned(plain, sub_code):
    tokens = plain.token()
    plain.switch("PUT", "fault", name=f"unsigned:{sub_code}")
    node = refresh(plain, tokens) if sub_code == OF_REFRESH else plain.token()
    assert node["sub_code"] == sub_code
    assert not plain.is_signed


def test_a_stray_20000_comes_in_gbk_although_utf_8_was_asked_for(spoiled):
    content = spoiled("gbk-20000").answer.content
    assert json.loads(content.decode("gbk")) == {
        "alipay_user_info_share_response": {
            "code": "20000",
            "msg": "Service Currently Unavailable",
            "sub_code": "isp.unknow-error",
            "sub_msg": "系统繁忙",
        }
    }


@pytest.mark.parametrize("name", [OF_REFRESH, f"unsigned:{OF_REFRESH}"])
def test_a_refresh_tokens_error_is_no_answer_to_a_code(plain, name):
    plain.switch("PUT", "fault", name=name)
    tokens = plain.token()
    assert "access_token" in tokens
    assert refresh(plain, tokens)["sub_code"] == OF_REFRESH


def test_a_codes_error_is_no_answer_to_a_refresh(plain):
    tokens = plain.token()
    plain.switch("PUT", "fault", name="isv.code-invalid")
    assert plain.token()["sub_code"] == "isv.code-invalid"
    assert "access_token" in refresh(plain, tokens)
