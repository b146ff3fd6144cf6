"""What the documents say in words: each file, function, route, setting and number is there.

Commands and snippets are run by test_readme.py and test_examples.py, links and languages held by
test_translations.py, docs/workshop.md by workshop/test_docs.py.
"""

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

from documents import PAIRS, code, read
from helpers import ROOT, needs_emulator
from server import settings

pytestmark = needs_emulator  # who deletes it, deletes what half of the documents are about
ENGLISH = [name for name in PAIRS if name != "docs/workshop.md"]
OURS = [*ENGLISH, *(PAIRS[name] for name in ENGLISH), "docs/CONTRIBUTING.md"]
METHODS = ("GET", "POST", "PUT", "DELETE")


@cache
def functions(path):
    """The names of a file's functions and methods."""
    text = (ROOT / path).read_text("utf-8")
    if path.endswith(".py"):
        kinds = (ast.FunctionDef, ast.ClassDef)
        return {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)}
    return set(
        re.findall(r"(?:function |^  (?:async )?|^const )(\w+)(?:\(| = )", text, re.MULTILINE)
    )


def calls(names):
    return re.findall(r"`(\w+)\(.*?\)`", names)


def named_functions(text):
    """(function, file), as in `f()`, `g()` in [a.py](a.py), or [a.py](a.py) 的 `f()`、`g()`."""
    several = r"`\w+\([^`]*\)`(?:(?:, |、)`\w+\([^`]*\)`)*"
    for names, path in re.findall(rf"({several}) in \[[^\]]+\]\(([^)]+)\)", text):
        yield from ((name, path) for name in calls(names))
    for path, names in re.findall(rf"\[[^\]]+\]\(([^)]+)\) 的 ({several})", text):
        yield from ((name, path) for name in calls(names))


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_functions_are_in_the_files_that_the_tables_name(name):
    found = list(named_functions(read(name)))
    assert len(found) >= 35
    assert [pair for pair in found if pair[0] not in functions(pair[1])] == []


def test_both_readmes_name_the_same_functions():
    english, chinese = (
        sorted(named_functions(read(name))) for name in ("README.md", PAIRS["README.md"])
    )
    assert english == chinese


# ── names ──


@pytest.mark.parametrize("name", OURS)
def test_settings_are_those_that_settings_py_knows(name):
    named = set(
        re.findall(r"\b(?:ALIPAY_[A-Z_]+[A-Z]|SECRET_KEY\w*|DATABASE_URL|PUBLIC_URL)\b", read(name))
    )
    assert named <= set(settings.NAMES)


def test_env_example_explains_every_setting_but_the_emulator_s():
    lines = re.findall(r"^#?([A-Z_]+)=", read(".env.example"), re.MULTILINE)
    assert set(lines) == set(settings.NAMES) - {"ALIPAY_GATEWAY_URL"}


@pytest.mark.parametrize("name", OURS)
def test_routes_exist(name, app, emulator):
    from emulator.control import control

    own = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods}
    other = (ROOT / "emulator/control.py").read_text("utf-8")
    for said in code(read(name)):
        method, _, path = said.partition(" ")
        if method not in METHODS:
            continue
        if path.startswith("/emulator/"):
            part = path.removeprefix(control.url_prefix)
            assert f'@control.{method.lower()}("{part}")' in other, said
        else:
            assert (method, path) in own, said


def test_contributing_names_files_that_are_there():
    for word in code(read("docs/CONTRIBUTING.md")):
        if re.fullmatch(r"[\w./-]+\.\w{2,4}|[\w./-]+/", word):
            places = (
                "",
                "server/",
                "alipay_member/",
                "alipay_member/explain/",
                "alipay_member/store/",
                "workshop/",
            )
            assert any((ROOT / place / word).exists() for place in places), word


# ── what is seen ──


def test_what_is_to_be_tapped_is_on_the_screens():
    screens = "".join(path.read_text("utf-8") for path in (ROOT / "miniprogram").rglob("*.axml"))
    phone = "".join(path.read_text("utf-8") for path in (ROOT / "workbench/phone").rglob("*.js"))
    desk = "".join(path.read_text("utf-8") for path in (ROOT / "workbench/page").glob("*.html"))
    for name in ("README.md", PAIRS["README.md"]):
        lines = read(name).splitlines()
        told = [one for one in lines if "**会员中心** →" in one or "fault=tampered" in one]
        names = re.findall(r"\*\*(.+?)\*\*", "\n".join(told))
        assert len(names) == 7
        for said in names:
            assert said in screens + phone + desk, said


def test_check_s_line_is_quoted_as_it_is_said():
    words = json.loads((ROOT / "alipay_member/explain/doctor.json").read_text("utf-8"))[
        "app:proven"
    ]
    assert words["en"][0].partition(":")[0] in read("docs/real-account.md")
    assert words["zh"][0].partition("：")[0] in read("docs/real-account.zh-CN.md")


def test_keys_that_the_guide_speaks_of_stay_out_of_git():
    guide = read("docs/real-account.md")
    made = re.findall(r"`openssl [^`]*-out ([^ `]+)", guide)
    downloaded = re.findall(r"`([\w<>]+\.crt)`", guide)
    assert made
    assert downloaded
    ignored = read(".gitignore").splitlines()
    for name in made + downloaded:
        assert f"/*{Path(name).suffix}" in ignored


# ── numbers ──


def test_numbers_are_those_of_the_code(client):
    from alipay_member.store import SESSION_LIFE
    from server import checks

    seconds = round(client.call_seconds)
    assert SESSION_LIFE == 30 * 86400
    for name, about in (("README.md", "14 seconds"), (PAIRS["README.md"], "14 秒")):
        text = read(name)
        assert f"{seconds} " in about
        assert about in text
        assert re.search("SECRET_KEY_FALLBACKS`[^.。]* 30 (days|天)", text)
        assert re.search("32 (characters|个字符)", text)
    assert checks._is_strong("9c1d7ae84260b35f0c6d21f4a97be385")
    assert not checks._is_strong("9c1d7ae84260b35f0c6d21f4a97be38")


@pytest.mark.parametrize("name", ["README.md", PAIRS["README.md"]])
def test_readme_tells_each_status_that_an_error_of_alipay_s_can_have(name):
    from server.web import STATUS

    (line,) = [one for one in read(name).splitlines() if one.count(" · 50") == 3]
    assert {int(number) for number in re.findall(r"\b\d{3}\b", line)} == {502, *STATUS.values()}


def test_the_folder_to_copy_is_as_small_as_it_is_said_to_be():
    files = (ROOT / "alipay_member").glob("*.*")
    assert sum(path.stat().st_size for path in files) < 210_000
    assert "`alipay_member/` is some 0.2 MB" in read("README.md")


def test_postgresql_is_installed_by_the_line_that_its_module_gives():
    needed = re.search(r"pip install '[^']+'", read("alipay_member/store/postgresql.py"))[0]
    for name in ("README.md", PAIRS["README.md"]):
        assert f"`{needed}`" in read(name)
    assert "DATABASE_URL=postgresql://" in read(".env.example")


def test_contributing_names_scripts_that_are_there():
    scripts = json.loads(read("tests/package.json"))["scripts"]
    named = re.findall(r"npm run --prefix tests (\w+)", read("docs/CONTRIBUTING.md"))
    assert set(named) == set(scripts)


def test_oldest_python_is_the_same_everywhere():
    tools = read("pyproject.toml")
    assert 'target-version = "py310"' in tools
    assert 'python_version = "3.10"' in tools
    for name in ("README.md", PAIRS["README.md"], ".github/workflows/checks.yml"):
        assert "3.10" in read(name)


def test_both_readmes_say_how_long_the_tests_take():
    assert "some three minutes on two cores" in read("README.md")
    assert "在两个核上约需三分钟" in read(PAIRS["README.md"])


# ── errors ──


def test_page_of_errors_says_what_the_program_says():
    from docs import make_errors

    assert read("docs/errors.md") == make_errors.errors_page(), "run python -m docs.make_errors"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_readme_s_table_of_errors_says_what_the_program_says(lang):
    from docs import make_errors

    text = make_errors.READMES[lang].read_text("utf-8")
    assert text == make_errors.with_table(text, lang), "run python -m docs.make_errors"
    assert all(f"[{key}](docs/errors.md#" in text for key in make_errors.COMMONEST)
    assert len(make_errors.COMMONEST) == 10


def test_page_of_errors_has_every_key_that_is_explained():
    from alipay_member.explain import _explanations

    headings = ", ".join(re.findall("^### (.*)$", read("docs/errors.md"), re.MULTILINE)).split(", ")
    assert set(_explanations()) <= set(headings)


# ── other machines ──


def test_workflow_calls_ci_weekly_on_the_oldest_and_the_newest_python():
    text = read(".github/workflows/checks.yml")
    assert "- run: bash .ci/run" in text
    assert (ROOT / ".ci/run").exists()
    assert re.search(r'python: \["3\.10", "3\.\d+"\]', text)
    assert re.search(r'cron: "\d+ \d+ \* \* [0-6]"', text)
    assert "not run" in text


def test_what_people_copy_says_its_licence():
    copied = [
        ROOT / "app.py",
        *(ROOT / "alipay_member").glob("*.py"),
        *(ROOT / "miniprogram").rglob("*.js"),
        *(ROOT / "docs/examples").glob("*.py"),
    ]
    without = [
        path
        for path in copied
        if "SPDX-License-Identifier: MIT-0" not in path.read_text("utf-8")[:60]
    ]
    assert without == []
