"""store/, explain/, messages.py, certificates.py and postgresql.py can be left out."""

import os
import shutil
import subprocess
import sys

import pytest

from helpers import ROOT

PARTS = ("store", "explain", "messages.py", "certificates.py", "store/postgresql.py")
DELETED = [*((part,) for part in PARTS), PARTS]
each_and_all = pytest.mark.parametrize("parts", DELETED, ids=["-".join(parts) for parts in DELETED])
IMPORT_EACH = """
import importlib, pathlib, subprocess, sys
names = {
    ".".join(path.with_suffix("").parts).removesuffix(".__init__")
    for path in pathlib.Path("alipay_member").rglob("*.py")
}
for name in sorted(names):
    for loaded in [each for each in sys.modules if each.startswith("alipay_member")]:
        del sys.modules[loaded]
    importlib.import_module(name)
"""


def copy_without(folder, parts):
    """A copy of alipay_member without these parts."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "alipay_member", folder / "alipay_member", ignore=ignore)
    for part in parts:
        path = folder / "alipay_member" / part
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def run(folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@each_and_all
def test_each_module_that_remains_imports_alone(tmp_path, parts):
    copy_without(tmp_path, parts)
    run(tmp_path, "-c", IMPORT_EACH)


def test_the_core_loads_no_part():
    loaded = run(
        ROOT, "-c", "import sys, alipay_member; print(*(n for n in sys.modules if 'alipay_' in n))"
    )
    names = {name.removeprefix("alipay_member.") for name in loaded.split()}
    assert "client" in names
    assert not names & {"store", "explain", "messages", "certificates"}


def test_a_missing_postgresql_is_named(tmp_path):
    copy_without(tmp_path, ["store/postgresql.py"])
    script = (
        "from alipay_member.store import MemberStore\n"
        "try:\n    MemberStore('postgresql://127.0.0.1/x')\n"
        "except ImportError as error:\n    print(error)"
    )
    assert "postgresql.py" in run(tmp_path, "-c", script)


@pytest.mark.long
@each_and_all
def test_the_remaining_tests_pass(tmp_path, parts):
    copy_without(tmp_path, parts)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    # what a gateway does to the transport has nothing to do with a part, and takes long
    ignore = shutil.ignore_patterns("__pycache__", "test_parts.py", "test_hostile_*")
    shutil.copytree(
        ROOT / "tests" / "alipay_member", tmp_path / "tests" / "alipay_member", ignore=ignore
    )
    for helper in (ROOT / "tests").glob("*.py"):
        if not helper.name.startswith("test_"):
            shutil.copy(helper, tmp_path / "tests")
    summary = run(tmp_path, "-m", "pytest", "-q", "-n", "2", "tests/alipay_member")
    assert " passed" in summary
