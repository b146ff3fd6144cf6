"""docs/workshop.md and its Chinese twin: commands, tables, and what the program really says."""

import re

import pytest

from helpers import ROOT
from workshop.commands import COMMANDS
from workshop.steps import STEPS, told, words
from workshop.terminal import terminal_words

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


def rows(text, beginning):
    """The cells of each row of a table below the heading row that begins so."""
    table = text.partition(beginning)[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_both_have_the_same_commands_and_tables():
    english, chinese = (DOCS[name].read_text("utf-8") for name in ("en", "zh"))
    blocks = r"```sh\n.*?```"
    assert re.findall(blocks, english, re.DOTALL) == re.findall(blocks, chinese, re.DOTALL)
    assert english.count("\n|") == chinese.count("\n|")
    assert english.count("\n#") == chinese.count("\n#")
    assert english.count("\n- ") == chinese.count("\n- ")


def test_the_commands_exist(text):
    named = set(re.findall(r"-m workshop ([a-z]+)", text))
    named |= set(re.findall(r"`… ([a-z]+)", text))
    assert named
    assert named <= set(COMMANDS)


def test_the_table_of_steps_names_what_is_there(text, lang):
    table = rows(text, "| step | you write" if lang == "en" else "| 步骤 | 你写")
    assert len(table) == len(STEPS)
    for step, cells in zip(STEPS, table, strict=True):
        assert cells[0] == f"{step.number} {told(step.name, 'title', lang)}"
        assert tuple(re.findall(r"`(\w+)`", cells[1])) == step.functions
        modules = re.findall(r"`([\w/]+\.py)`", cells[2])
        names = [name.rpartition(".")[2] for name in re.findall(r"`([\w.]+)`", cells[2])]
        assert modules
        files = [
            ROOT / name if name == "app.py" else ROOT / "alipay_member" / name for name in modules
        ]
        source = "".join(file.read_text("utf-8") for file in files)
        for name in names:
            assert name == "py" or f"def {name}(" in source


def test_the_ninety_minutes_are_ninety(text, lang):
    table = rows(text, "| from | minutes" if lang == "en" else "| 时间 | 分钟")
    clock = 0
    for begins, minutes, _ in table:
        hours, past = begins.split(":")
        assert 60 * int(hours) + int(past) == clock
        clock += int(minutes)
    assert clock == 90


def test_what_one_sees_when_stuck_is_what_is_said(text, lang):
    table = rows(text, "| what you see" if lang == "en" else "| 看到")
    said = [sentence[lang] for sentence in terminal_words().values()]
    said += [mistake[lang] for mistake in words("any")["mistakes"].values()]
    said.append((ROOT / "workshop/__main__.py").read_text("utf-8"))
    quoted = [row[0].strip("`") for row in table if row[0].startswith("`")]
    assert len(quoted) == 6
    for text_there in quoted:
        pattern = re.sub("…|8000", ".*", re.escape(text_there))
        assert any(re.search(pattern, sentence) for sentence in said), text_there


def test_the_links_lead_somewhere(text):
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / "docs" / link).exists(), link
