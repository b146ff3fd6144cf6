"""A test file that needs a part of alipay_member that was left out is not collected."""

import ast
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


def imports(path):
    """The modules that a file imports at its top."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def is_missing(module):
    """Whether it is a module of this project that was deleted."""
    package, *rest = module.split(".")
    if package == "alipay_member" and rest:
        name = rest[0]
        optional = name in ("store", "explain", "messages", "certificates")
        file = ROOT / package / "/".join(rest[:2])
        is_postgresql = rest[:2] == ["store", "postgresql"]
        own = ROOT / package / name
        return (optional and not own.is_dir() and not own.with_suffix(".py").exists()) or (
            is_postgresql and not file.with_suffix(".py").exists()
        )
    return package in ("server", "emulator") and not (ROOT / package).is_dir()


@cache
def lacks_something(path):
    """Whether a file, or a helper that it imports, needs a module that is missing."""
    found = set(imports(path))
    if any(is_missing(module) for module in found):
        return True
    helpers = [folder / f"{module}.py" for module in found for folder in (HERE, HERE.parent)]
    return any(lacks_something(helper) for helper in helpers if helper.exists())


collect_ignore = [
    str(path.relative_to(HERE)) for path in HERE.rglob("test_*.py") if lacks_something(path)
]
