"""The rules of the house. Each test lists what breaks its rule.

What holds once emulator/, workbench/ and workshop/ are deleted stands in test_delete.py.
"""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from helpers import ROOT, project_files

ROOMS = ("server", "alipay_member", "emulator", "workbench", "workshop")
OWN = {"app", "tests", *ROOMS}
CODE = (".py", ".js", ".mjs")
TEXT = (*CODE, ".html", ".css", ".axml", ".acss", ".sql", ".md")
TEXTS = [path for path in project_files() if path.suffix in TEXT]
PYTHON = [
    path
    for path in TEXTS
    if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ("app.py", *ROOMS)
]


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def parse(path):
    return ast.parse(path.read_text("utf-8"))


def imports(path):
    """The top-level packages that a module imports, inside its functions too."""
    found = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.partition(".")[0])
    return found


# Who may import whom

MAY_IMPORT = {
    "alipay_member": set(),
    "emulator": {"alipay_member"},
    "workbench": {"alipay_member", "emulator"},
    "workshop": {"alipay_member", "emulator", "workbench"},
    "server": {"alipay_member"},
    "app.py": {"alipay_member", "server"},
}


def test_each_room_imports_only_what_it_may_know():
    offenders = {}
    for path in PYTHON:
        room = path.relative_to(ROOT).parts[0]
        if unknown := imports(path) & OWN - {room} - MAY_IMPORT[room]:
            offenders[name_of(path)] = unknown
    offenders.pop("server/cli.py", None)  # the one that starts the emulator: see below
    last_step = [name for name in offenders if name.startswith("workshop/")]
    if len(last_step) == 1:  # the participant's code in the real app
        assert offenders.pop(last_step[0]) <= {"app", "server"}
    assert offenders == {}


def test_cli_imports_emulator_and_workbench_and_nobody_else_of_the_app_does():
    importers = {
        name_of(path): imports(path) & {"emulator", "workbench", "workshop"} for path in PYTHON
    }
    app = {"app.py", "server"}
    found = {name: seen for name, seen in importers.items() if seen and name.split("/")[0] in app}
    assert set(found) <= {"server/cli.py"}
    assert "workshop" not in found.get("server/cli.py", ())


def test_alipay_member_imports_only_what_its_readme_promises():
    allowed = {"requests", "urllib3", "cryptography", "psycopg", "psycopg_pool"}
    offenders = {
        name_of(path): extra
        for path in PYTHON
        if name_of(path).startswith("alipay_member/")
        and (extra := imports(path) - allowed - sys.stdlib_module_names)
    }
    assert offenders == {}


IMPORT_EACH = """
import importlib, sys

class Blocker:
    blocked = set()

    def find_spec(self, name, path=None, target=None):
        parts = name.split(".")
        if any(".".join(parts[:end]) in self.blocked for end in range(1, len(parts) + 1)):
            raise ModuleNotFoundError(f"{name} was imported", name=name)

def imported(name):
    for module in [one for one in sys.modules if one.partition(".")[0] == "alipay_member"]:
        del sys.modules[module]
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(f"{name}: {error}")

sys.meta_path.insert(0, Blocker())
"""
OPTIONAL = ("store", "explain", "messages", "certificates")


def modules_of_alipay_member():
    for path in PYTHON:
        if name_of(path).startswith("alipay_member/"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts).removesuffix(".__init__")


def complaints(script):
    """What the script, which imports modules of alipay_member, prints."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EACH + script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_each_module_of_alipay_member_imports_alone():
    blocked = {"dotenv", "flask", "werkzeug", "jinja2", "psycopg"} | OWN - {"alipay_member"}
    lines = [f"Blocker.blocked = {blocked!r}"]
    lines += [f"imported({name!r})" for name in modules_of_alipay_member()]
    assert complaints("\n".join(lines)) == []


def test_core_of_alipay_member_imports_no_optional_part():
    optional = {f"alipay_member.{part}" for part in OPTIONAL}
    core = [
        name for name in modules_of_alipay_member() if ".".join(name.split(".")[:2]) not in optional
    ]
    lines = [f"Blocker.blocked = {optional!r}", *(f"imported({name!r})" for name in core)]
    assert complaints("\n".join(lines)) == []


def test_create_app_has_no_word_of_the_emulator():
    (create_app,) = [
        node
        for node in parse(ROOT / "app.py").body
        if isinstance(node, ast.FunctionDef) and node.name == "create_app"
    ]
    assert "emulat" not in ast.unparse(create_app).lower()


READS_ENVIRONMENT = re.compile(  # request.environ is WSGI's
    r"(?<!request\.)\b(environ|environb|getenv|load_dotenv|dotenv_values|dotenv)\b"
)


def test_only_settings_reads_the_environment():
    readers = [
        name_of(path) for path in PYTHON if READS_ENVIRONMENT.search(ast.unparse(parse(path)))
    ]
    app = [name for name in readers if not name.startswith("workshop/")]  # a terminal's colours
    assert app == ["server/settings.py"]


# Names


def test_app_is_the_only_python_file_at_the_top():
    assert [path.name for path in ROOT.glob("*.py")] == ["app.py"]


def test_no_module_is_called_alipay():
    """Both public Python SDKs install a package of that name."""
    assert [name_of(path) for path in TEXTS if "alipay" in (path.stem, path.parent.name)] == []


# The same thing in each room: copies of a style sheet, the routes or the sentences of a room.
SAME_MEANING = {"palette.css", "pages.css", "routes.py", "words.json"}


def test_no_name_stands_for_two_things():
    places = defaultdict(list)
    for path in project_files():
        name = name_of(path)
        ours = name.split("/")[0] in ("app.py", "static", *ROOMS)
        pages = name.startswith("workbench/mistakes/")  # Alipay names a mini-program's files
        if ours and not pages and path.suffix in (*CODE, ".css", ".json"):
            places[path.name].append(name)
    for name in {"__init__.py", "__main__.py", "index.js", *SAME_MEANING}:
        places.pop(name, None)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


# How a file is written


def test_formatters_are_not_switched_off():
    switched_off = re.compile(r"fmt: *(off|skip)|prettier-ignore|yapf: *disable")
    found = [name_of(path) for path in TEXTS if switched_off.search(path.read_text("utf-8"))]
    assert found == [name_of(Path(__file__))]


def replaced_methods(tree):
    """Where a function is assigned to another object's attribute, by `=` or by setattr()."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = {node.name for node in ast.walk(tree) if isinstance(node, definitions)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("setattr"):
            yield ast.unparse(node)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
            owner = ast.unparse(node.targets[0].value)
            function = isinstance(node.value, ast.Lambda) or (
                isinstance(node.value, ast.Name) and node.value.id in functions
            )
            if function and owner not in ("self", "cls"):
                yield ast.unparse(node)


def test_no_method_is_replaced_from_outside():
    hooks = ("session.auth = ",)  # requests documents it: a function of the request
    found = [
        f"{name_of(path)}: {statement}"
        for path in PYTHON
        for statement in replaced_methods(parse(path))
        if not statement.startswith(hooks)
    ]
    assert found == []


def test_requirements_are_these_four_with_both_bounds():
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    names = [re.fullmatch(r"([a-z-]+)>=[\d.]+,<\d+", line)[1] for line in lines]
    assert sorted(names) == ["cryptography", "flask", "python-dotenv", "requests"]


def test_files_name_no_path_of_a_machine():
    machine = re.compile(r"/home/\w|/Users/\w|/work/\w|C:\\\\Users")
    found = [name_of(path) for path in TEXTS if machine.search(path.read_text("utf-8"))]
    assert found == []
