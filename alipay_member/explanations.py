"""What each error and each empty field means and what to do about it, in Chinese and English.

explanations.json holds the sentences, [cause, remedy] in each language. Its keys are what people search for: Alipay's
sub_code or code, this package's own `code:reason`, or `no <field>`. A string for a value means: the same as that key.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

VALUES = {
    "user_type": {"1": ("公司账户", "company account"), "2": ("个人账户", "personal account")},
    "user_status": {
        "Q": ("快速注册用户", "quick registration"),
        "T": ("已认证用户", "certified user"),
        "B": ("被冻结账户", "frozen account"),
        "W": ("已注册，未激活的账户", "registered, not activated"),
    },
    "gender": {"F": ("女性", "female"), "M": ("男性", "male")},
    "is_certified": {
        "T": ("通过实名认证", "real name certified"),
        "F": ("没有实名认证", "not certified"),
    },
    "is_student_certified": {"T": ("是学生", "student"), "F": ("不是学生", "not a student")},
}


def explain(key: str, lang: str) -> list[str]:
    """[cause, remedy] of an error's key in "zh" or "en"; [] if nothing is known about the key."""
    row = _sentences().get(key)
    row = _sentences().get(row) if isinstance(row, str) else row
    return list(row[lang]) if row else []


def explain_value(field: str, value: str | None, lang: str) -> str:
    """What a field's code means (user_status "T": 已认证用户), or why it is empty; "" if there is nothing to say."""
    if value:
        return VALUES.get(field, {}).get(value, ("", ""))[0 if lang == "zh" else 1]
    return next(iter(explain(f"no {field}", lang)), "")


@cache
def _sentences() -> dict[str, Any]:
    sentences: dict[str, Any] = json.loads(
        Path(__file__).with_name("explanations.json").read_text("utf-8")
    )
    return sentences
