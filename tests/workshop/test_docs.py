"""docs/workshop.md and its Chinese twin: what they name exists, and both show the same code."""

import re

import pytest

from helpers import ROOT
from workshop.checks import STEPS
from workshop.checks.base import COMMON_ERRORS
from workshop.commands import COMMANDS
from workshop.texts import TEXTS

DOCS = {
    lang: ROOT / "docs" / name
    for lang, name in {"en": "workshop.md", "zh": "workshop.zh-CN.md"}.items()
}


@pytest.fixture(params=DOCS)
def lang(request):
    return request.param


@pytest.fixture
def text(lang):
    return DOCS[lang].read_text("utf-8")


def table(text, first_cell):
    """The cells of the rows from the one whose first cell matches, to the table's end."""
    lines = text.splitlines()
    begin = next(at for at, line in enumerate(lines) if re.match(rf"\| {first_cell}", line))
    rows = "\n".join(lines[begin:]).partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in rows]


def test_both_languages_have_the_same_code():
    blocks = r"```sh\n.*?```"
    english, chinese = (
        re.findall(blocks, DOCS[name].read_text("utf-8"), re.DOTALL) for name in ("en", "zh")
    )
    assert english == chinese


def test_the_commands_exist(text):
    named = set(re.findall(r"-m workshop ([a-z]+)", text)) | set(re.findall(r"`… ([a-z]+)", text))
    assert named
    assert named <= set(COMMANDS)


def test_the_table_of_steps_names_what_exists(text, lang):
    rows = table(text, f"1 {STEPS[0].title[lang]}")
    assert len(rows) == len(STEPS)
    for step, cells in zip(STEPS, rows, strict=True):
        assert cells[0] == f"{step.number} {step.title[lang]}"
        assert tuple(re.findall(r"`(\w+)`", cells[1])) == step.functions
        files = re.findall(r"`([\w/]+\.py)`", cells[2])
        assert files
        paths = [ROOT / ("" if file == "app.py" else "alipay_member") / file for file in files]
        source = "".join(path.read_text("utf-8") for path in paths)
        names = [name for name in re.findall(r"`([\w.]+)`", cells[2]) if not name.endswith(".py")]
        for name in names:
            assert f"def {name.rpartition('.')[2]}(" in source


def test_what_the_stuck_see_is_what_the_terminal_shows(text, lang):
    main = (ROOT / "workshop/__main__.py").read_text("utf-8")
    shown = [main, *(sentence[lang] for sentence in (*TEXTS.values(), *COMMON_ERRORS.values()))]
    quoted = [row[0].strip("`") for row in table(text, "`The package") if row[0].startswith("`")]
    assert quoted
    for quote in quoted:
        pattern = re.sub("…|8000", ".*", re.escape(quote))
        assert any(re.search(pattern, sentence) for sentence in shown), quote


def test_the_links_lead_somewhere(text):
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / "docs" / link).exists(), link
