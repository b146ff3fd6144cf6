"""What the library says about a code, a field and a value: the questions of Alipay's own FAQ."""

import pytest

from alipay_member.explanations import explain, explain_value

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
