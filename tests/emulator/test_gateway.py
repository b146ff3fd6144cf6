"""The gateway: how calls arrive, what it refuses, what it logs, and how it replies."""

import html
import json
import re
import socket
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from helpers import needs_emulator
from plain_client import SHARE, TOKEN, PlainClient

pytestmark = needs_emulator


def test_a_code_becomes_tokens_and_the_tokens_a_profile(plain):
    token = plain.token()
    assert plain.node_name == "alipay_system_oauth_token_response"
    assert plain.is_signed
    assert plain.answer.status_code == 200
    assert plain.answer.headers["Content-Type"] == "text/html;charset=utf-8"
    assert list(token) == [
        "access_token",
        "auth_start",
        "expires_in",
        "re_expires_in",
        "refresh_token",
        "open_id",
        "union_id",
    ]
    assert re.fullmatch(r"authusrB\w+", token["access_token"])
    assert (token["expires_in"], token["re_expires_in"]) == (1296000, 2592000)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", token["auth_start"])

    profile = plain.share(token["access_token"])
    assert plain.node_name == "alipay_user_info_share_response"
    assert plain.is_signed
    assert profile == {
        "code": "10000",
        "msg": "Success",
        "avatar": f"{plain.url}/emulator/avatar/complete.svg",
        "nick_name": "完整示例",
        "gender": "F",
        "province": "浙江省",
        "city": "杭州市",
        "user_type": "2",
        "user_status": "T",
        "is_certified": "T",
        "is_student_certified": "F",
        "open_id": token["open_id"],
    }


def test_slashes_are_escaped_in_the_node_and_signed_so(plain):
    plain.share(plain.token()["access_token"])
    node = plain.answer.content.partition(b',"sign":')[0]
    assert rb"http:\/\/127.0.0.1" in node
    assert b"/" not in node.replace(rb"\/", b"")
    assert plain.is_signed


@pytest.mark.parametrize("way", ["get", "post query", "post body", "split", "empty body"])
def test_parameters_may_be_in_query_or_body_or_both(plain, way):
    parameters = plain.signed(TOKEN, grant_type="authorization_code", code=plain.auth_code())
    common = {name: parameters[name] for name in parameters if name not in ("grant_type", "code")}
    own = {name: parameters[name] for name in ("grant_type", "code")}
    charset = {"charset": "utf-8"}  # it must be in the query
    query, body = {
        "get": (parameters, None),
        "post query": (parameters, None),
        "post body": (charset, parameters),
        "split": (common, own),
        "empty body": (parameters, ""),
    }[way]
    headers = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
    method = "GET" if way == "get" else "POST"
    plain.answer = requests.request(
        method, plain.gateway, params=query, data=body, headers=headers, timeout=5
    )
    assert "access_token" in plain.node()
    assert plain.is_signed


def test_an_absolute_form_request_target_is_served(plain):
    query = urlencode(plain.signed(TOKEN, grant_type="authorization_code", code=plain.auth_code()))
    address = urlsplit(plain.gateway)
    with socket.create_connection((address.hostname, address.port), 5) as connection:
        target = f"POST {plain.gateway}?{query} HTTP/1.1\r\n"
        headers = f"Host: {address.netloc}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        connection.sendall((target + headers).encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert b'"access_token":"authusrB' in answer


def test_unknown_parameters_are_part_of_the_string_to_sign(plain):
    plain.call("alipay.user.info.share", 自定="值&=+ %/", biz_content="{}", auth_token="x")
    assert plain.node()["sub_code"] == "aop.invalid-auth-token"


def test_empty_values_are_not_part_of_the_string_to_sign(plain):
    parameters = {**plain.signed(SHARE, auth_token="x"), "notify_url": ""}
    plain.answer = requests.post(plain.gateway, params=parameters, timeout=5)
    assert plain.node()["sub_code"] == "aop.invalid-auth-token"


@pytest.mark.parametrize("charset", ["GBK", "gbk"])
def test_gbk_both_ways(plain, charset):
    code = plain.auth_code("no-avatar")
    token = plain.call(TOKEN, grant_type="authorization_code", code=code, charset=charset)
    parameters = plain.signed(
        SHARE, auth_token=token["access_token"], charset=charset, note="王誠", encoding="gbk"
    )
    plain.answer = requests.post(
        f"{plain.gateway}?{urlencode(parameters, encoding='gbk')}", timeout=5
    )
    assert plain.answer.headers["Content-Type"] == "text/html;charset=GBK"
    assert '"nick_name":"王誠"'.encode("gbk") in plain.answer.content
    assert plain.is_signed


def test_without_charset_in_the_query_it_is_gbk(plain):
    parameters = plain.signed(
        SHARE, auth_token=plain.token("no-avatar")["access_token"], charset=""
    )
    plain.answer = requests.post(plain.gateway, params=parameters, timeout=5)
    assert "王誠".encode("gbk") in plain.answer.content
    # in the body it comes too late: the text has been read as GBK, which these three bytes are not
    parameters = plain.signed(SHARE, auth_token="x", note="小")
    plain.answer = requests.post(plain.gateway, data=parameters, timeout=5)
    assert plain.answer.headers["Content-Type"] == "text/html;charset=GBK"
    assert "isv.invalid-signature" in plain.answer.text


@pytest.mark.parametrize(
    "query",
    [
        "",
        "a&b&=&&",
        "%ff%fe=%00",
        "app_id=%ff",
        "app_id=demo-mini&app_id=x&method",
        "app_id=demo-mini&method=%22%5c%ed%a0%80&charset=utf-8&sign=%E7%8E%8B&sign_type=RSA2&timestamp=%D9%A1&version=1.0",
    ],
)
def test_any_request_gets_a_json_reply(plain, query):
    for verb in ("GET", "POST"):
        plain.answer = requests.request(
            verb, f"{plain.gateway}?{query}", data=b"\xff\x00=%%", timeout=5
        )
        assert plain.answer.status_code == 200
        assert re.fullmatch(r"isv\.(missing|invalid)-[a-z-]+", plain.node()["sub_code"])


def test_the_documents_sample_answer(plain):
    plain.switch("PUT", "identity", mode="user_id")
    assert plain.share(plain.token("sandbox-buyer")["access_token"]) == {
        "code": "10000",
        "msg": "Success",
        "gender": "f",
        "is_certified": "T",
        "is_student_certified": "F",
        "nick_name": "买家沙箱",
        "user_id": "2088102175794899",
        "user_status": "T",
        "user_type": "2",
    }


# ── what it refuses, in Alipay's order: the parameters, the signature, then the method ──


@pytest.mark.parametrize("app_id", ["2021000122671080", "demo-mini "])
def test_an_unknown_app_is_refused_first_and_unsigned(plain, error_node, app_id):
    node = plain.call(TOKEN, app_id=app_id, sign="wrong", timestamp="")
    assert node == error_node("isv.invalid-app-id")
    assert plain.node_name == "alipay_system_oauth_token_response"
    assert not plain.is_signed


@pytest.mark.parametrize(
    ("parameter", "sub_code"),
    [
        ("app_id", "isv.missing-app-id"),
        ("method", "isv.missing-method"),
        ("sign", "isv.missing-signature"),
        ("sign_type", "isv.missing-signature-type"),
        ("timestamp", "isv.missing-timestamp"),
        ("version", "isv.missing-version"),
    ],
)
def test_a_missing_parameter_is_named(plain, error_node, parameter, sub_code):
    parameters = plain.signed(SHARE)
    del parameters[parameter]
    plain.answer = requests.post(plain.gateway, params=parameters, timeout=5)
    assert plain.node() == error_node(sub_code)
    assert plain.is_signed == (parameter != "app_id")


@pytest.mark.parametrize(
    ("parameter", "value", "sub_code"),
    [
        ("sign_type", "RSA", "isv.invalid-signature-type"),
        ("timestamp", "2025-10-15T13:19:21", "isv.invalid-timestamp"),
        ("timestamp", "2025-1-2 3:04:05", "isv.invalid-timestamp"),
        ("charset", "latin-1", "isv.invalid-charset"),
        ("method", "alipay.trade.query", "isv.invalid-method"),
        ("method", 'x":{}', "isv.invalid-method"),
    ],
)
def test_an_invalid_parameter_is_named(plain, error_node, parameter, value, sub_code):
    query = plain.signed(**{"method": SHARE, parameter: value})
    plain.answer = requests.get(plain.gateway, params=query, timeout=5)
    assert plain.node() == error_node(sub_code)
    assert plain.is_signed


@pytest.mark.parametrize(
    ("changes", "sub_code"),
    [
        ({"sign": "wrong", "version": ""}, "isv.missing-version"),
        ({"method": "alipay.trade.query", "sign": "AAAA"}, "isv.invalid-signature"),
    ],
)
def test_the_first_of_two_errors_is_reported(plain, changes, sub_code):
    assert plain.call(**{"method": SHARE} | changes)["sub_code"] == sub_code


@pytest.mark.parametrize("sign", ["c2lnbg==", "not base64", "王"])
def test_a_wrong_signature_gets_the_gateways_own_string_html_escaped(plain, error_node, sign):
    parameters = plain.signed(SHARE, auth_token="x", biz_content='{"a":"<b>"}', sign=sign)
    plain.answer = requests.post(plain.gateway, params=parameters, timeout=5)
    node = plain.node()
    assert plain.node_name == "alipay_user_info_share_response"
    assert plain.is_signed
    parts = error_node("isv.invalid-signature")["sub_msg"].partition("{string_to_sign}")
    own = node["sub_msg"].removeprefix(parts[0]).removesuffix(parts[2])
    assert "&amp;biz_content={&quot;a&quot;:&quot;&lt;b&gt;&quot;}&amp;" in own
    assert html.unescape(own) == (
        'app_id=demo-mini&auth_token=x&biz_content={"a":"<b>"}&charset=utf-8'
        f"&method={SHARE}&sign_type=RSA2&timestamp=2025-10-15 13:19:21&version=1.0"
    )


def test_the_signature_of_another_app_is_wrong(plain, emulator):
    other = PlainClient(emulator, "ALIPAY_WEB_")
    assert other.call(SHARE, app_id="demo-mini")["sub_code"] == "isv.invalid-signature"


def test_an_app_without_a_public_key_cannot_call(plain, error_node):
    node = plain.call(SHARE, app_id="demo-merchant")
    assert node == error_node("isv.missing-signature-config")


@pytest.mark.parametrize(
    ("parameters", "sub_code"),
    [
        ({}, "isv.grant-type-invalid"),
        ({"grant_type": "password"}, "isv.grant-type-invalid"),
        ({"grant_type": "authorization_code"}, "isv.code-invalid"),
        ({"grant_type": "authorization_code", "code": "made-up"}, "isv.code-invalid"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "isv.refresh-token-invalid"),
    ],
)
def test_a_refused_exchange_is_a_signed_error_response(plain, error_node, parameters, sub_code):
    assert plain.call(TOKEN, **parameters) == error_node(sub_code)
    assert plain.node_name == "error_response"
    assert plain.is_signed


def test_the_profile_needs_the_scope_auth_user(plain, error_node):
    token = plain.token(scopes=("auth_base",))
    assert token["access_token"].startswith("authbseB")
    for refused in (token["access_token"], "made-up", ""):
        assert plain.share(refused) == error_node("aop.invalid-auth-token")
        assert plain.node_name == "alipay_user_info_share_response"
        assert plain.is_signed


def test_the_profile_needs_a_token_of_the_same_app(plain, emulator, error_node):
    token = PlainClient(emulator, "ALIPAY_WEB_").token()
    assert plain.share(token["access_token"]) == error_node("isv.unmatched-app-id")


def test_the_profile_needs_the_product(plain, error_node):
    token = plain.token()["access_token"]
    plain.switch("PUT", "product", bound=False)
    assert plain.share(token) == error_node("isv.insufficient-isv-permissions")
    plain.switch("PUT", "product", app_id="demo-mini", bound=True)
    assert plain.share(token)["code"] == "10000"


# ── an ISV calls for a merchant ──


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

    def test_an_invalid_app_auth_token_is_refused(self, plain, error_node):
        expected = error_node("aop.invalid-app-auth-token")
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


# ── what it logs ──


def test_a_call_that_succeeds_is_not_logged(plain, lines):
    plain.share(plain.token()["access_token"])
    assert lines() == []


@pytest.mark.parametrize(
    ("changes", "caller", "sub_code"),
    [
        ({"app_id": "2021000122671080"}, "2021000122671080", "isv.invalid-app-id"),
        ({"app_id": ""}, "no app_id", "isv.missing-app-id"),
        ({"sign": "AAAA"}, "demo-mini", "isv.invalid-signature"),
        ({"auth_token": "x"}, "demo-mini", "aop.invalid-auth-token"),
    ],
)
def test_each_refusal_is_one_line_with_the_reason(plain, lines, changes, caller, sub_code):
    parameters = plain.signed(**{"method": SHARE} | changes)
    requests.post(plain.gateway, params=parameters, timeout=5)
    (line,) = lines()
    beginning = f"{SHARE} from {caller}: refused, {sub_code}: "
    assert line.startswith(beginning)
    assert len(line) > len(beginning)


def test_the_log_says_which_rule_an_auth_code_broke(plain, lines):
    code = plain.auth_code()
    for used in (code, code, plain.auth_code(app_id="demo-web")):
        plain.call(TOKEN, grant_type="authorization_code", code=used)
    again, foreign = lines()
    assert "used" in again
    assert "demo-web" in foreign


def test_a_fault_is_logged_apart_from_a_refusal(plain, lines):
    plain.switch("PUT", "fault", name="isv.code-invalid", times=1)
    plain.token()
    (line,) = lines()
    assert "fault isv.code-invalid" in line
    assert "refused" not in line


def secrets_of(plain):
    """Everything that must never be logged, from one flow with every kind of secret in it."""
    code = plain.auth_code()
    token = plain.call(TOKEN, grant_type="authorization_code", code=code)
    app_code = plain.switch("POST", "app-auth-code")["app_auth_code"]
    return {
        "code": code,
        "auth_token": token["access_token"],
        "refresh_token": token["refresh_token"],
        "app_auth_token": plain.merchant_token,
        "app_auth_code": app_code,
        "sign": plain.signed(SHARE)["sign"],
    }


def test_no_line_has_a_secret_wherever_a_caller_puts_it(plain, lines):
    secrets = secrets_of(plain)
    lines()
    calls = [
        {"method": TOKEN, "grant_type": "authorization_code", "code": secrets["code"]},
        {"method": TOKEN, "grant_type": "refresh_token", "refresh_token": secrets["auth_token"]},
        {"method": SHARE, "auth_token": secrets["refresh_token"]},
        {"method": SHARE, "auth_token": "x", "app_auth_token": secrets["code"]},
        {"method": SHARE, "sign": secrets["sign"], "auth_token": secrets["auth_token"]},
        {
            "method": "alipay.open.auth.token.app",
            "biz_content": json.dumps({"code": secrets["app_auth_code"]}),
        },
    ]
    for secret in secrets.values():
        for name in ("app_id", "method", "timestamp", "charset", "sign_type", "grant_type"):
            calls.append({"method": TOKEN, "grant_type": "x"} | {name: secret})
    for parameters in calls:
        requests.get(plain.gateway, params=plain.signed(**parameters), timeout=5)
    logged = lines()
    assert len(logged) == len(calls)
    for secret in secrets.values():
        for line in logged:
            assert secret not in line
            assert secret[:12] not in line


@pytest.mark.parametrize("text", ["a\r\nb", "王" * 30, "x" * 5000, "\x1b[31m"])
def test_a_line_stays_a_line_whatever_a_caller_sends(plain, lines, text):
    for name in ("app_id", "method"):
        requests.get(plain.gateway, params=plain.signed(**{"method": SHARE, name: text}), timeout=5)
    logged = lines()
    assert len(logged) == 2
    for line in logged:
        assert re.fullmatch(r"[ -~]{1,200}", line)
