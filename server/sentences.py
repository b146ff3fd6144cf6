"""The sentences of this app itself, in Chinese and English: what a page or the terminal says.

sentences.json has them, [what happened, what to do next], by key. What Alipay's errors mean stands
in alipay_member/.
"""

import json
from functools import cache
from pathlib import Path


def sentence(key: str, lang: str, /, **values: object) -> list[str]:
    """The sentences of `key` with `values` put in; [] if there are none."""
    texts = _sentences().get(key, {}).get(lang, [])
    return [text.format(**values) for text in texts] if values else list(texts)


@cache
def _sentences() -> dict[str, dict[str, list[str]]]:
    path = Path(__file__).with_name("sentences.json")
    sentences: dict[str, dict[str, list[str]]] = json.loads(path.read_text("utf-8"))
    return sentences
