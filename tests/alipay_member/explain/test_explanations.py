"""What the library says about a code, a field and a value: the questions of Alipay's own FAQ."""

import pytest

from alipay_member.errors import Call, GatewayError, SignatureError
from alipay_member.explain import (
    describe,
    explain,
    explain_value,
    gateway_errors,
    support_question,
)
from alipay_member.explain.doctor import Finding

# What the source document's FAQ answers: a key that people search for → words of the answer
# in Chinese and in English.
FAQ = {
    "isv.invalid-token": ("scope 不是 auth_user", "without scope auth_user"),
}
EMPTY_FIELDS = {
    "nick_name": ("企业账户", "company account"),
    "avatar": ("没有设置", "set none"),
    "user_status": (
        "T 已认证，Q 快速注册，B 被冻结，W 已注册未激活",
        "T certified, Q quick registration, B frozen, W not activated",
    ),
}


@pytest.mark.parametrize("key", FAQ)
def test_explain_answers_the_faq(key):
    for lang, words in zip(("zh", "en"), FAQ[key], strict=True):
        cause, remedy = explain(key, lang)
        assert words in cause
        assert remedy


@pytest.mark.parametrize("field", EMPTY_FIELDS)
def test_empty_field_says_why(field):
    for lang, words in zip(("zh", "en"), EMPTY_FIELDS[field], strict=True):
        assert words in explain_value(field, None, lang)


def test_explain_gives_both_codes_of_a_token_without_scope_the_same_answer():
    assert explain("isv.invalid-token", "zh") == explain("aop.invalid-auth-token", "zh")
    assert explain("isv.unheard-of", "zh") == []


@pytest.mark.parametrize(
    ("field", "value", "zh", "en"),
    [
        ("user_status", "T", "已认证", "certified"),
        ("user_status", "Q", "快速注册", "quick registration"),
        ("user_status", "B", "冻结", "frozen"),
        ("user_status", "W", "未激活", "not activated"),
        ("user_type", "1", "公司", "company"),
        ("user_type", "2", "个人", "personal"),
        ("nick_name", None, "没有昵称", "No nickname"),
        ("avatar", None, "没有头像", "No avatar"),
    ],
)
def test_explain_value_says_what_a_field_means(field, value, zh, en):
    assert zh in explain_value(field, value, "zh")
    assert en in explain_value(field, value, "en")
    assert explain_value(field, "?", "zh") == ""


WILD = [
    "aop.app-auth-token-time-out",
    "aop.invalid-app-auth-token-no-api",
    "aop.no-product-reg-by-partner",
    "isv.refresh-token-time-out",
    "isv.refreshed-token-invalid",
    "isv.missing-signature-key",
    "isv.not-support-app-auth",
    "isv.app-call-limited",
    "isv.method-call-limited",
    "isv.invalid-parameter",
    "isv.app-cert-not-exist",
    "isv.missing-encrypt-key",
    "isv.missing-default-signature-type",
    "isv.invalid-alipay-root-cert-sn",
    "isv.insufficient-user-permissions",
]


@pytest.mark.parametrize("sub_code", WILD)
def test_codes_met_in_the_wild_are_explained_with_their_source(sub_code):
    (row,) = [row for row in gateway_errors() if row.get("sub_code") == sub_code]
    assert row["source"].startswith("https://opendocs.alipay.com/")
    assert row["msg"]
    assert all(len(explain(sub_code, lang)) == 2 for lang in ("zh", "en"))


def test_every_row_has_a_cause_and_a_remedy_in_both_languages():
    names = {row.get("sub_code") or row["code"] for row in gateway_errors()}
    for row in gateway_errors():
        if "same_as" in row:
            assert row["same_as"] in names
            assert not {"zh", "en"} & row.keys()
        else:
            assert [len(row[lang]) for lang in ("zh", "en")] == [2, 2]
            assert all(text.strip() for lang in ("zh", "en") for text in row[lang])


def test_no_two_rows_contradict():
    """One row a name; one msg a code; no explanation stands under two names without saying so."""
    names = [row.get("sub_code") or row["code"] for row in gateway_errors()]
    assert len(names) == len(set(names))
    messages = {}
    for row in gateway_errors():
        if "msg" in row:
            assert messages.setdefault(row["code"], row["msg"]) == row["msg"]
    causes = [row["en"][0] for row in gateway_errors() if "en" in row]
    assert len(causes) == len(set(causes))


def test_a_code_without_explanation_borrows_no_other():
    error = GatewayError("40006", "Insufficient Permissions", "isv.new-one", "新", verified=True)
    assert "获取会员信息" not in describe(error, "zh").hint
    assert explain("isv.insufficient-user-permissions", "en") != explain(
        "isv.insufficient-isv-permissions", "en"
    )


ALIKE = {  # as Django, browsers and systems name languages
    "zh": ("zh", "zh-hans", "zh-Hant", "zh_CN", "zh_CN.UTF-8", "ZH-cn", "zh-CN,zh;q=0.9,en;q=0.8"),
    "en": ("en", "en-US", "en-us", "en_GB", "fr", "de-AT", "", "*", None, "en-US,zh;q=0.5"),
}


@pytest.mark.parametrize(("ours", "theirs"), [(ours, one) for ours in ALIKE for one in ALIKE[ours]])
def test_any_name_of_a_language_is_one_of_the_two(ours, theirs):
    error = GatewayError(
        *("40002", "Invalid Arguments", "isv.invalid-signature", "验签出错"),
        verified=True,
        difference=("charset=utf-8", "charset=GBK"),
    )
    error.call = Call("alipay.user.info.share", "http://127.0.0.1:8001/gateway.do", {})
    assert describe(error, theirs) == describe(error, ours)
    serials = SignatureError("not good", "wrong-key", ("aa", "bb"))
    assert describe(serials, theirs) == describe(serials, ours)
    assert support_question(error, theirs) == support_question(error, ours)
    assert explain("isv.code-invalid", theirs) == explain("isv.code-invalid", ours)
    assert explain_value("avatar", None, theirs) == explain_value("avatar", None, ours) != ""
    finding = Finding("app", False, "app:odd", {}, error)
    assert finding.message(theirs) == finding.message(ours)
    assert finding.remedy(theirs) == finding.remedy(ours)


def test_the_two_languages_differ():
    assert describe(SignatureError("", "sha1"), "zh") != describe(SignatureError("", "sha1"), "en")
