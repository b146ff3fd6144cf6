"""The house rules: who may know whom, how large a file may grow, and that emulator/ can be deleted."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import production
from helpers import HAVE_EMULATOR, ROOT

OWN = {"app", "pages", "alipay_member", "emulator", "tests", "conftest"}
SOURCES = [
    path
    for path in sorted(ROOT.rglob("*"))
    if path.suffix in (".py", ".js", ".html", ".css", ".axml", ".acss")
    and not {".venv", "node_modules", "instance"} & set(path.relative_to(ROOT).parts)
    and not path.relative_to(ROOT).parts[0].startswith(".")
]


def python_files(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def imports(tree):
    """The top-level names that a module imports from elsewhere; "." for its own package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level if node.level else node.module.partition(".")[0]


def parse(path):
    return ast.parse(path.read_text("utf-8"))


@pytest.mark.parametrize("path", python_files("alipay_member"), ids=lambda path: path.name)
def test_alipay_member_imports_nothing_of_the_project_and_no_web_framework(path):
    found = set(imports(parse(path)))
    assert not found & ((OWN | {"flask", "werkzeug", "jinja2"}) - {"alipay_member"})
    assert ".." not in found
    allowed = {
        ".",
        "alipay_member",
        "requests",
        "urllib3",
        "cryptography",
        "dotenv",
        "psycopg",
        "psycopg_pool",
    }
    assert found <= allowed | sys.stdlib_module_names


def test_only_main_of_app_imports_the_emulator():
    tree = parse(ROOT / "app.py")
    others = [node for node in tree.body if getattr(node, "name", "") != "main"]
    assert "emulator" not in {name for node in others for name in imports(node)}
    assert "emulator" not in (ROOT / "pages.py").read_text("utf-8").lower()
    (create_app,) = [node for node in tree.body if getattr(node, "name", "") == "create_app"]
    assert "emulat" not in ast.unparse(create_app).lower()


@pytest.mark.parametrize("path", python_files("emulator"), ids=lambda path: path.name)
def test_emulator_never_imports_the_app(path):
    assert not {"app", "pages"} & set(imports(parse(path)))


def test_only_settings_read_the_environment():
    readers = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "app.py", ROOT / "pages.py", *python_files("alipay_member"))
        if re.search(r"\b(environ|getenv|load_dotenv|dotenv_values)\b", path.read_text("utf-8"))
    }
    assert {Path(name).name for name in readers} == {"settings.py"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_300_lines(path):
    ceiling = 250 if path == ROOT / "app.py" else 300
    assert len(path.read_text("utf-8").splitlines()) <= ceiling


def test_no_module_is_called_alipay():
    assert not [path for path in SOURCES if path.stem == "alipay" or path.parent.name == "alipay"]


def test_requirements_are_these_four_with_both_bounds():
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    names = [re.fullmatch(r"([a-z-]+)>=[\d.]+,<\d+", line)[1] for line in lines]
    assert sorted(names) == ["cryptography", "flask", "python-dotenv", "requests"]


def test_files_name_no_path_of_a_machine():
    found = [
        path
        for path in SOURCES
        if re.search(r"/home/\w|/Users/\w|/work/\w|C:\\\\Users", path.read_text("utf-8"))
    ]
    assert [path for path in found if path != Path(__file__)] == []


@pytest.fixture
def copy(tmp_path):
    """The project without emulator/ and without what is not in the repository."""
    unwanted = (
        "emulator",
        ".venv",
        ".git",
        ".env",
        ".*_cache",
        "node_modules",
        "instance",
        "__pycache__",
    )
    return shutil.copytree(ROOT, tmp_path / "project", ignore=shutil.ignore_patterns(*unwanted))


def python(folder, *arguments):
    """Run Python in `folder`; (exit status, what it said)."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_app_without_the_emulator_starts_with_production_settings(copy):
    text = "".join(f"{name}={value}\n" for name, value in production.web_values().items())
    (copy / ".env").write_text(text, encoding="utf-8")
    code = """if True:
        import sys, app
        browser = app.create_app().test_client()
        print([browser.get(path).status_code for path in ("/", "/login", "/member", "/healthz", "/api/member")])
        assert "emulator" not in sys.modules
    """
    assert python(copy, "-c", code) == (0, "[200, 302, 401, 200, 401]\n")


def test_app_without_the_emulator_and_without_settings_says_what_to_set(copy):
    sentence = "app.py: emulator/ was deleted: set ALIPAY_ENV and the rest, see .env.example\n"
    assert python(copy, "app.py") == (1, sentence)


def test_app_without_the_emulator_passes_its_own_tests(copy):
    if not HAVE_EMULATOR:
        pytest.skip("this is that run: emulator/ was deleted")
    quick = "test_settings or test_app_pages or test_web_login"  # all tests are collected, these are run
    status, said = python(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", quick)
    assert status == 0, said
    assert re.search(r"\d{2,} passed, \d{2,} skipped", said)
    assert "emulator/ was deleted" in said


def test_scripts_of_phone_and_workbench_stay_small():
    emulator = ROOT / "emulator"
    scripts = [
        path.read_bytes() for path in (*emulator.glob("phone/*.js"), *emulator.glob("static/*.js"))
    ]
    assert sum(map(len, scripts)) < 40_000
    assert sum(script.count(b"\n") for script in scripts) < 900
