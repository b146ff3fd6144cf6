"""python -m docs.make_errors writes docs/errors.md and the READMEs' table of the commonest errors.

The words are those of the program (alipay_member/explain/*.json, ERRORS in server/web.py). A test
fails where the documents differ.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from alipay_member.explain import explain, gateway_errors
from server.web import ERRORS

ROOT = Path(__file__).resolve().parent.parent
EXPLANATIONS = ROOT / "alipay_member/explain/explanations.json"
PAGE = ROOT / "docs/errors.md"
READMES = {"en": ROOT / "README.md", "zh": ROOT / "README.zh-CN.md"}
COMMONEST = (
    "isv.invalid-signature",
    "isv.missing-signature-config",
    "isv.invalid-app-id",
    "isv.code-invalid",
    "isv.unmatched-app-id",
    "aop.invalid-auth-token",
    "aop.auth-token-time-out",
    "isv.refresh-token-invalid",
    "isv.insufficient-isv-permissions",
    "isp.unknow-error",
)
HEADINGS = {"en": "| `sub_code` | cause | what to do |", "zh": "| `sub_code` | 原因 | 怎么办 |"}
TABLE = re.compile(r"(<!-- made by docs/make_errors.py -->\n).*?(<!-- end -->)", re.DOTALL)
BEGINNING = """\
# Errors, by the text that you see · 按错误原文查找

Made by `python -m docs.make_errors` from the words that the program says; don't edit it here.
`python app.py --explain CODE` says the same for one code, and every error that the app answers
brings its own. 由程序里的同一份文字生成，请勿手改；`python app.py --explain CODE` 解释单个错误码。

A code that is not here: see Alipay's [公共错误码](https://opendocs.alipay.com/common/02km9f) and
the method's page, or send the `report` to Alipay's support.
不在这里的错误码：查上面的公共错误码与接口文档，或把 `report` 发给支付宝技术支持。
"""


def main() -> None:
    """Write what is made into its places."""
    PAGE.write_text(errors_page(), "utf-8")
    for lang, path in READMES.items():
        path.write_text(with_table(path.read_text("utf-8"), lang), "utf-8")


def errors_page() -> str:
    """docs/errors.md"""
    parts = [
        BEGINNING,
        "## What Alipay's gateway answers · 网关的应答\n",
        *_gateway_sections(),
        "## What this program finds wrong by itself · 本程序自己发现的\n",
        *_own_sections(json.loads(EXPLANATIONS.read_text("utf-8"))),
        "## What the app says of a request · 应用对请求的说明\n",
        *_own_sections(ERRORS),
    ]
    return "\n".join(parts).rstrip() + "\n"


def with_table(readme: str, lang: str) -> str:
    """A README with its table of the commonest errors made anew."""
    rows = [HEADINGS[lang], "|---|---|---|"]
    for key in COMMONEST:
        cause, remedy = explain(key, lang)
        rows.append(f"| [{key}](docs/errors.md#{anchor(key)}) | {cause} | {remedy} |")
    return TABLE.sub(lambda found: found[1] + "\n".join(rows) + "\n" + found[2], readme)


def anchor(key: str) -> str:
    """The part behind # that leads to this key's heading, as GitHub makes it."""
    heading = next(names for names in _headings() if key in names)
    return re.sub(r"[^\w -]", "", ", ".join(heading).lower()).replace(" ", "-")


def _headings() -> list[list[str]]:
    """The keys that share their words, together: first the one that has them."""
    rows: dict[str, list[str]] = {}
    for row in gateway_errors():
        key = _key(row)
        rows.setdefault(row.get("same_as", key), []).append(key)
    return [sorted(keys, key=lambda key: key != first) for first, keys in rows.items()]


def _gateway_sections() -> Iterator[str]:
    by_key = {_key(row): row for row in gateway_errors()}
    for keys in _headings():
        yield f"### {', '.join(keys)}\n"
        for key in keys:
            yield _as_sent(by_key[key])
        yield _words(by_key[keys[0]])


def _own_sections(rows: Mapping[str, Any]) -> Iterator[str]:
    for key, row in rows.items():
        yield f"### {key}\n\n{_words(row)}"


def _key(row: dict[str, str]) -> str:
    return row.get("sub_code") or row["code"]


def _as_sent(row: dict[str, str]) -> str:
    """One line: code, msg, sub_code, sub_msg as Alipay sends them, the method, the page."""
    sent = " ".join(row.get(name, "") for name in ("code", "msg", "sub_code", "sub_msg")).strip()
    parts = [f"`{re.sub(' +', ' ', sent)}`"]
    if "code" not in row:
        parts.append("only in old documents 只见于旧文档")
    elif "sub_code" not in row:
        parts.append("with any other sub_code 其他 sub_code")
    if "english" in row:
        parts.append(row["english"])
    if "method" in row:
        parts.append(row["method"])
    if "source" in row:
        page, _, note = row["source"].partition(" ")
        parts.append(f"[page 文档]({page}) {note}".strip())
    return " · ".join(parts) + "\n"


def _words(row: dict[str, Any]) -> str:
    """Cause and remedy, in both languages."""
    return f"{''.join(row['zh'])}\n\n{' '.join(row['en'])}\n"


if __name__ == "__main__":
    main()
