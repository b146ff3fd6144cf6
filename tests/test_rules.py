"""The rules of the house: who may know whom, and how a file is written.

What holds once emulator/ is deleted stands in test_delete.py.
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from helpers import ROOT, project_files

APP = ("app.py", *(f"server/{path.name}" for path in sorted((ROOT / "server").glob("*.py"))))
PRODUCT = (
    "server",
    "alipay_member",
    "emulator",
    "workbench",
    "workshop",
    "miniprogram",
    "static",
    "templates",
)
OWN = {"app", "server", "alipay_member", "emulator", "workbench", "workshop", "tests"}
FILES = project_files()
TEXTS = [
    path
    for path in FILES
    if path.suffix in (".py", ".js", ".mjs", ".html", ".css", ".axml", ".acss", ".sql", ".md")
]
PRODUCT_FILES = [
    path
    for path in TEXTS
    if path.relative_to(ROOT).parts[0] in PRODUCT or (path.parent == ROOT and path.suffix == ".py")
]


def short(path):
    """A path as a test's name."""
    return str(path.relative_to(ROOT)) if isinstance(path, Path) else None


def python_files(folder):
    return sorted((ROOT / folder).rglob("*.py"))


def parse(path):
    return ast.parse(path.read_text("utf-8"))


def imports(tree):
    """The top-level names that a module imports from elsewhere; "." for its own package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level if node.level else node.module.partition(".")[0]


# Who may know whom


@pytest.mark.parametrize("path", python_files("alipay_member"), ids=short)
def test_alipay_member_imports_nothing_of_the_project_and_no_web_framework(path):
    found = set(imports(parse(path)))
    allowed = {".", "..", "requests", "urllib3", "cryptography", "psycopg", "psycopg_pool"}
    assert found <= allowed | sys.stdlib_module_names


IMPORT_ALONE = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"blocked: {name}", name=name)

sys.meta_path.insert(0, Blocker())
__import__(sys.argv[1])
"""
BLOCKED = {"dotenv", "flask", "werkzeug", "jinja2", "psycopg"} | (OWN - {"alipay_member"})


@pytest.mark.parametrize("path", python_files("alipay_member"), ids=short)
def test_each_module_of_alipay_member_imports_alone(path):
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    code = f"BLOCKED = {BLOCKED!r}\n{IMPORT_ALONE}"
    done = subprocess.run(
        [sys.executable, "-c", code, module],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", APP)
def test_only_cli_imports_the_workbench(name):
    assert ("workbench" in set(imports(parse(ROOT / name)))) == (name == "server/cli.py")


def test_app_and_pages_have_no_word_of_the_emulator():
    (create_app,) = [
        node
        for node in parse(ROOT / "app.py").body
        if isinstance(node, ast.FunctionDef) and node.name == "create_app"
    ]
    assert "emulat" not in ast.unparse(create_app).lower()
    assert "emulat" not in (ROOT / "server/web.py").read_text("utf-8").lower()


@pytest.mark.parametrize("path", python_files("emulator"), ids=short)
def test_emulator_never_imports_the_app(path):
    assert not {"app", "server", "workbench"} & set(imports(parse(path)))


READS_ENVIRONMENT = re.compile(  # request.environ is WSGI's
    r"(?<!request\.)\b(environ|environb|getenv|load_dotenv|dotenv_values|dotenv)\b"
)


def test_only_settings_reads_the_environment():
    sources = [ROOT / name for name in APP]
    for folder in ("alipay_member", "emulator"):
        sources += python_files(folder)
    readers = [path for path in sources if READS_ENVIRONMENT.search(ast.unparse(parse(path)))]
    assert readers == [ROOT / "server/settings.py"]


def test_no_module_is_called_alipay():
    assert not [path for path in TEXTS if path.stem == "alipay" or path.parent.name == "alipay"]


# How a file is written


@pytest.mark.parametrize("path", PRODUCT_FILES, ids=short)
def test_formatters_are_not_switched_off(path):
    switched_off = r"fmt: *(off|skip)|prettier-ignore|yapf: *disable"
    assert not re.search(switched_off, path.read_text("utf-8"))


def is_wrapper(node):
    """Whether this defines something that makes a new callable: a function within, or __call__."""
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    if isinstance(node, ast.ClassDef):
        return any(isinstance(one, inner) and one.name == "__call__" for one in node.body)
    return any(isinstance(one, inner) for one in ast.walk(node) if one is not node)


class Patches(ast.NodeVisitor):
    """Finds where another object's method is replaced: by setattr, or by assigning a callable.

    A callable is a lambda, a function of this file, or what a wrapper (partial, one of this file)
    makes. `self.name = …` is an object's own affair, and so is what a library documents as a hook.
    """

    HOOKS = ("session.auth",)  # requests: a function of the request

    def __init__(self):
        self.found = []
        self.functions = set()
        self.wrappers = {"partial", "partialmethod", "wraps", "MethodType"}

    def visit_Module(self, node):
        defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        definitions = [one for one in ast.walk(node) if isinstance(one, defined)]
        self.functions = {one.name for one in definitions if not isinstance(one, ast.ClassDef)}
        self.wrappers |= {one.name for one in definitions if is_wrapper(one)}
        self.generic_visit(node)

    def visit_Call(self, node):
        if ast.unparse(node.func) in ("setattr", "delattr", "object.__setattr__"):
            self.found.append(ast.unparse(node))
        self.generic_visit(node)

    def visit_Assign(self, node):
        for target in node.targets:
            if self.is_foreign(target) and self.is_callable(node.value):
                self.found.append(ast.unparse(node))
        self.generic_visit(node)

    def is_foreign(self, target):
        if not isinstance(target, ast.Attribute):
            return False
        own = isinstance(target.value, ast.Name) and target.value.id in ("self", "cls")
        return not own and ast.unparse(target) not in self.HOOKS

    def is_callable(self, value):
        match value:
            case ast.Lambda():
                return True
            case ast.Name(id=name):
                return name in self.functions
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                return name in self.wrappers
            case ast.Call(func=ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name))):
                return name in self.wrappers  # functools.wraps(call)(wrapped)
        return False


def patches(source):
    visitor = Patches()
    visitor.visit(ast.parse(source))
    return visitor.found


@pytest.mark.parametrize(
    "path", [path for path in PRODUCT_FILES if path.suffix == ".py"], ids=short
)
def test_no_method_is_patched_from_outside(path):
    assert patches(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "store.save = lambda *_: None",
        "def save(): pass\nstore.save = save",
        "def watch(call):\n    return lambda: call()\nstore.save = watch(store.save)",
        "class Middleware:\n    def __call__(self): pass\napp.wsgi_app = Middleware(app.wsgi_app)",
        "store.save = functools.partial(note, store.save)",
        "store.save = functools.wraps(store.save)(note)",
        "setattr(store, name, wrapper)",
        "object.__setattr__(settings, 'env', 'sandbox')",
    ],
)
def test_a_patched_method_would_be_found(source):
    assert len(patches(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "self.clock = lambda: 0",
        "app.secret_key = settings.secret_key",
        "def f(x): return x\nnode.value = f(node.value)",
        "room.longest = max(room.longest, length)",
    ],
)
def test_what_is_no_patch_is_left_alone(source):
    assert patches(source) == []


def test_requirements_are_these_four_with_both_bounds():
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    names = [re.fullmatch(r"([a-z-]+)>=[\d.]+,<\d+", line)[1] for line in lines]
    assert sorted(names) == ["cryptography", "flask", "python-dotenv", "requests"]


def test_files_name_no_path_of_a_machine():
    machine = re.compile(r"/home/\w|/Users/\w|/work/\w|C:\\\\Users")
    found = [path for path in TEXTS if machine.search(path.read_text("utf-8"))]
    assert [path for path in found if path != Path(__file__)] == []
