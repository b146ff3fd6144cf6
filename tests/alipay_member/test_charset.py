"""Names arrive as they were sent, or not at all: in utf-8 and GBK, named by Content-Type or not."""

import pytest

from alipay_member.answer import charset_name
from alipay_member.errors import GatewayError, TransportError
from wire import answer, answering, encoded

NAMES = [
    "王伟",
    "李娜",
    "张敏",
    "刘洋",
    "陈静",
    "杨帆",
    "赵磊",
    "黄丽",
    "周杰",
    "吴婷",
    "徐强",
    "孙悦",
    "马超",
    "朱琳",
    "胡军",
    "郭芳",
    "何勇",
    "高翔",
    "林涛",
    "罗燕",
    "联通",
]
LOST = {"code": "40002", "msg": "Invalid Arguments", "sub_code": "isv.code-invalid"}
LIKE_GBK = ("GBK", "gbk", "gb2312", "GB2312", "gb18030", "GB18030")
LIKE_UTF_8 = ("utf-8", "UTF-8", "utf8", "UTF8")


def profile(name, sent):
    return answer(encoded({"code": "10000", "open_id": "007", "nick_name": name}, sent))


def refused(client):
    with pytest.raises(TransportError) as caught:
        client.fetch_profile("authusrB0")
    return caught.value.reason


@pytest.mark.parametrize(
    ("asked", "named"),
    [("utf-8", known) for known in (None, *LIKE_UTF_8)]
    + [("GBK", known) for known in (None, *LIKE_GBK)],
)
def test_a_name_in_the_charset_that_was_asked_for_is_taken(asked, named):
    for name in NAMES:
        content_type = f"text/html;charset={named}" if named else None
        client = answering(profile(name, asked), asked, content_type=content_type)
        assert client.fetch_profile("authusrB0").nick_name == name


@pytest.mark.parametrize(
    ("asked", "sent", "named"),
    [("GBK", "utf-8", known) for known in LIKE_UTF_8]
    + [("utf-8", "gb18030", known) for known in LIKE_GBK],
)
def test_a_success_that_names_another_charset_is_refused(asked, sent, named):
    for name in NAMES:
        for sent_as in (sent, "utf-8", "gb18030"):  # whatever the bytes are
            body = profile(name, sent_as)
            client = answering(body, asked, content_type=f"text/html; charset={named}")
            assert refused(client) == "charset"


@pytest.mark.parametrize("named", [None, "utf-8"])
def test_gbk_for_utf_8_is_refused(named):
    for name in NAMES:
        body = profile(name, "gb18030")
        content_type = f"text/html;charset={named}" if named else None
        client = answering(body, content_type=content_type)
        assert refused(client) == "charset"


@pytest.mark.parametrize("named", [None, "GBK"])
def test_utf_8_for_gbk_is_refused_unless_it_reads_as_gbk(named):
    """Bytes that both charsets could have written are in the one that the answer says."""
    for name in NAMES:
        body = profile(name, "utf-8")
        content_type = f"text/html;charset={named}" if named else None
        client = answering(body, "GBK", content_type=content_type)
        try:
            body.decode("gb18030")
        except UnicodeDecodeError:
            assert refused(client) == "charset"
        else:
            assert client.fetch_profile("authusrB0").nick_name == profile_text(body, "gb18030")


def profile_text(body, charset):
    return body.decode(charset).split('"nick_name":"')[1].split('"')[0]


@pytest.mark.parametrize("named", ["latin-1", "Big5", "utf-16", "x", "utf-7", "authusrB0" * 9])
def test_a_success_in_a_charset_that_nobody_asked_for_is_refused(named):
    client = answering(profile("a", "ascii"), content_type=f"text/html;charset={named}")
    with pytest.raises(TransportError) as caught:
        client.fetch_profile("authusrB0")
    assert caught.value.reason == "charset"
    assert named not in str(caught.value)


@pytest.mark.parametrize("asked", ["utf-8", "GBK"])
@pytest.mark.parametrize("sent", ["utf-8", "gb18030"])
@pytest.mark.parametrize("signed", [True, False])
def test_an_error_stays_readable_in_the_charset_that_it_names(asked, sent, signed):
    for name in NAMES:
        node = encoded(LOST | {"sub_msg": name}, sent)
        body = answer(node, "error_response", None if signed else "")
        named = {"utf-8": "UTF-8", "gb18030": "GBK"}[sent]
        client = answering(body, asked, content_type=f"text/html;charset={named}")
        with pytest.raises(GatewayError) as caught:
            client.exchange_code("made-up")
        error = caught.value
        assert (error.sub_code, error.sub_msg, error.verified) == ("isv.code-invalid", name, signed)


@pytest.mark.parametrize("named", [None, "latin-1", "x"])
@pytest.mark.parametrize(("asked", "sent"), [("utf-8", "gb18030"), ("GBK", "gb18030")])
def test_an_error_in_gbk_stays_readable_without_a_known_name(asked, sent, named):
    node = encoded(LOST | {"sub_msg": "授权码code无效"}, sent)
    content_type = f"text/html;charset={named}" if named else None
    client = answering(answer(node, "error_response"), asked, content_type=content_type)
    with pytest.raises(GatewayError) as caught:
        client.exchange_code("made-up")
    assert caught.value.sub_msg == "授权码code无效"


def test_every_character_of_gbk_and_gb18030_is_taken():
    pairs = [
        bytes([high, low])
        for high in range(0x81, 0xFF)
        for low in (*range(0x40, 0x7F), *range(0x80, 0xFF))
    ]
    known = "".join(
        text for text in (pair.decode("gbk", "ignore") for pair in pairs) if len(text) == 1
    )
    assert len(known) > 21_000
    client = answering(profile(known + "𠮷😀é", "gb18030"), "GBK")
    assert client.fetch_profile("authusrB0").nick_name == known + "𠮷😀é"


@pytest.mark.parametrize(
    "content_type",
    ["text/html;charset=", "text/html;charset", "", "x;Charset = 'utf-8'", 'a;charset="utf-8", b'],
)
def test_a_charset_is_read_as_servers_write_it(content_type):
    client = answering(profile("王", "utf-8"), content_type=content_type)
    assert client.fetch_profile("authusrB0").nick_name == "王"


@pytest.mark.parametrize(
    ("given", "name"), [("Gb2312", "GBK"), ("UTF8", "utf-8"), ("Big5", "Big5")]
)
def test_charsets_have_one_name_each(given, name):
    assert charset_name(given) == name
