"""What the documents name is there: files, functions, routes, settings, buttons.

Commands and snippets are run by test_readme.py and test_examples.py, links and languages compared
by test_translations.py; docs/workshop.md has a test beside the workshop's.
"""

import ast
import json
import re
from functools import cache
from pathlib import Path

from documents import ALL, PAIRS, code, prose, read
from helpers import ROOT, needs_emulator
from server import settings

pytestmark = needs_emulator  # half of what the documents name is deleted with it
READMES = ("README.md", PAIRS["README.md"])
METHODS = ("GET", "POST", "PUT", "DELETE")


@cache
def functions(path):
    """The names of a file's functions, methods and classes."""
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


def test_functions_are_in_the_files_that_the_tables_name():
    found = [(readme, *pair) for readme in READMES for pair in named_functions(read(readme))]
    assert found
    assert [one for one in found if one[1] not in functions(one[2])] == []


def test_both_readmes_name_the_same_functions():
    english, chinese = (sorted(named_functions(read(name))) for name in READMES)
    assert english == chinese


def test_the_layout_names_what_is_there():
    for name in READMES:
        (block,) = re.findall(r"^```\n(app\.py .*?)```", read(name), re.DOTALL | re.MULTILINE)
        folder, missing = "", []
        for line in block.splitlines():
            first = line.split()[0]
            if not line.startswith(" "):
                folder = first if first.endswith("/") else ""
                missing += [first] if not (ROOT / first).exists() else []
            elif not (ROOT / folder / first).exists():
                missing.append(folder + first)
        assert missing == [], name


def test_folders_that_people_see_are_in_the_layout():
    layout = read("README.md").partition("\napp.py ")[2].partition("```")[0]
    hidden = (".", "__pycache__", "instance", "node_modules")
    folders = [path.name for path in ROOT.iterdir() if path.is_dir()]
    shown = [name for name in folders if not name.startswith(hidden)]
    assert [name for name in shown if f"{name}/" not in layout] == []


def test_settings_are_those_that_settings_py_knows():
    pattern = r"\b(?:ALIPAY_[A-Z_]+[A-Z]|SECRET_KEY\w*|DATABASE_URL|PUBLIC_URL)\b"
    named = {(name, word) for name in ALL for word in re.findall(pattern, read(name))}
    assert named
    assert [one for one in named if one[1] not in settings.NAMES] == []


def test_env_example_explains_every_setting_but_the_emulators():
    lines = re.findall(r"^#?([A-Z_]+)=", read(".env.example"), re.MULTILINE)
    assert set(lines) == set(settings.NAMES) - {"ALIPAY_GATEWAY_URL"}


def test_routes_exist(app, emulator):
    from emulator.control import control

    known = {f"{method} {rule}" for rule in app.url_map.iter_rules() for method in rule.methods}
    source = (ROOT / "emulator/control.py").read_text("utf-8")
    for method, path in re.findall(r'@control\.(\w+)\("([^"]+)"\)', source):
        known.add(f"{method.upper()} {control.url_prefix}{path}")
    named = {(name, word) for name in ALL for word in code(read(name)) if word.startswith(METHODS)}
    routes = {one for one in named if re.fullmatch(r"[A-Z]+ /\S*", one[1])}
    assert routes
    assert [one for one in routes if one[1] not in known] == []


def test_contributing_names_files_that_are_there():
    words = [
        word
        for word in code(read("docs/CONTRIBUTING.md"))
        if re.fullmatch(r"[\w./-]+\.\w{2,4}|[\w./-]+/", word)
    ]
    places = (ROOT, ROOT / "alipay_member")
    assert words
    assert [word for word in words if not any((at / word).exists() for at in places)] == []


def test_contributing_names_each_script_of_npm():
    scripts = json.loads(read("tests/package.json"))["scripts"]
    named = re.findall(r"npm run --prefix tests (\w+)", read("docs/CONTRIBUTING.md"))
    assert set(named) == set(scripts)


def texts(folder, *suffixes):
    files = [path for path in (ROOT / folder).rglob("*.*") if path.suffix in suffixes]
    return "".join(path.read_text("utf-8") for path in files)


def test_buttons_that_readme_names_are_on_the_screens():
    phone = texts("miniprogram", ".axml")
    page = texts("workbench", ".html", ".js", ".json")
    lines = ("**会员中心** →", "fault=tampered")
    english, chinese = (
        {
            button
            for line in prose(read(name)).splitlines()
            if any(part in line for part in lines)
            for button in re.findall(r"\*\*(.+?)\*\*", line)
        }
        for name in READMES
    )
    of_phone = {button for button in english if not button.isascii()}  # it speaks Chinese only
    assert of_phone
    assert [button for button in of_phone if button not in phone] == []
    assert [button for button in english - of_phone if button not in page] == []
    assert of_phone <= chinese
    assert [button for button in chinese - of_phone if button not in page] == []


def test_keys_that_the_guide_speaks_of_stay_out_of_git():
    guide = read("docs/real-account.md")
    made = re.findall(r"`openssl [^`]*-out ([^ `]+)", guide)
    downloaded = re.findall(r"`([\w<>]+\.crt)`", guide)
    assert made
    assert downloaded
    ignored = read(".gitignore").splitlines()
    assert [name for name in made + downloaded if f"/*{Path(name).suffix}" not in ignored] == []


def test_postgresql_is_installed_by_the_line_that_its_module_gives():
    needed = re.search(r"pip install '[^']+'", read("alipay_member/store/postgresql.py"))[0]
    for name in ("docs/production.md", PAIRS["docs/production.md"]):
        assert needed in code(read(name))


def test_errors_are_explained_in_the_words_of_the_program():
    from docs import make_errors

    assert read("docs/errors.md") == make_errors.errors_page(), "run python -m docs.make_errors"
    for lang, path in make_errors.READMES.items():
        text = path.read_text("utf-8")
        assert text == make_errors.with_table(text, lang), "run python -m docs.make_errors"


def test_page_of_errors_has_every_key_that_is_explained():
    from alipay_member.explain import _explanations

    headings = ", ".join(re.findall("^### (.*)$", read("docs/errors.md"), re.MULTILINE)).split(", ")
    assert set(_explanations()) <= set(headings)


def test_workflow_runs_the_script_of_ci_on_the_oldest_python():
    text = read(".github/workflows/checks.yml")
    (command,) = re.findall(r"- run: bash (\S+)", text)
    assert (ROOT / command).exists()
    oldest = re.search(r'python_version = "([\d.]+)"', read("pyproject.toml"))[1]
    assert f'python: ["{oldest}"' in text
    assert f'target-version = "py{oldest.replace(".", "")}"' in read("pyproject.toml")


def test_what_people_copy_says_its_licence():
    copied = [
        ROOT / "app.py",
        *(ROOT / "alipay_member").rglob("*.py"),
        *(ROOT / "miniprogram").rglob("*.js"),
        *(ROOT / "docs/examples").glob("*.py"),
    ]
    licence = "SPDX-License-Identifier: MIT-0"
    without = [path for path in copied if licence not in path.read_text("utf-8")[:60]]
    assert without == []
