"""What faults.json says of each function of faults.py, checked when the emulator is imported."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]
GROUPS = {
    "signature": {"zh": "支付宝网关：签名", "en": "Alipay's gateway: the signature"},
    "transport": {"zh": "支付宝网关：传输", "en": "Alipay's gateway: transport"},
    "code": {"zh": "支付宝网关：错误码", "en": "Alipay's gateway: error codes"},
    "identity": {"zh": "支付宝网关：身份", "en": "Alipay's gateway: identity"},
    "legal": {
        "zh": "少见但合法的应答（必须接受）",
        "en": "Rare but legal answers (must be accepted)",
    },
}


def read_rows(functions: Collection[str]) -> Rows:
    """The rows of faults.json, one for each of these functions, named as faults are.

    Raises LookupError as `check` does.
    """
    folder = Path(__file__).parent
    rows: Rows = json.loads((folder / "faults.json").read_text("utf-8"))
    check(rows, functions, GROUPS)
    return rows


def check(rows: Rows, functions: Collection[str], groups: Collection[str]) -> None:
    """LookupError names the function or the row that is missing, or the group that is none."""
    names = [row["name"] for row in rows]
    for name in names:
        if name not in functions:
            function = name.replace("-", "_")
            raise LookupError(f"faults.json has {name!r}, faults.py no @fault {function}()")
    for name in functions:
        if name not in names:
            function = name.replace("-", "_")
            raise LookupError(f"faults.py has @fault {function}(), faults.json no {name!r}")
    for row in rows:
        if row["group"] not in groups:
            known = ", ".join(groups)
            raise LookupError(f"{row['name']!r} has the group {row['group']!r}, none of {known}")
