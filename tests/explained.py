"""What explain/ says of an error; where that folder was left out, the test ends here as skipped."""

import pytest

from alipay_member import AlipayError


def describe(error: AlipayError, lang: str):
    return _explain().describe(error, lang)


def explain(key: str, lang: str):
    return _explain().explain(key, lang)


def support_question(error: AlipayError, lang: str) -> str:
    return _explain().support_question(error, lang)


def full_text(error: AlipayError, lang: str) -> str:
    """What happened, cause and remedy, as one text."""
    description = describe(error, lang)
    return f"{description.message}\n{description.hint}"


def _explain():
    return pytest.importorskip("alipay_member.explain")
