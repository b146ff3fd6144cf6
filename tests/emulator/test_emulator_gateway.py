"""The gateway against protocol.md: how calls arrive, and how they are answered."""

import re
import socket
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from helpers import needs_emulator
from plain_client import SHARE, TOKEN

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
def test_parameters_arrive_by_query_or_body_or_both(plain, way):
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


def test_parameters_that_no_method_knows_are_part_of_the_string_to_sign(plain):
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
        "app_id=demo-mini&charset=%ff",
        "app_id=demo-mini&app_id=x&method",
        "app_id=demo-mini&method=%22%5c%ed%a0%80&charset=utf-8&sign=%E7%8E%8B&sign_type=RSA2&timestamp=%D9%A1&version=1.0",
    ],
)
def test_whatever_arrives_is_answered_in_json(plain, query):
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
