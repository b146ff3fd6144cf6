"""Tests of a part of alipay_member are not collected where that part was left out."""

from helpers import ROOT

NEEDS = {
    "explain": ["explain"],
    "explain/test_doctor.py": ["certificates.py"],
    "store": ["store"],
    "store/test_postgresql.py": ["store/postgresql.py"],
    "test_certificates.py": ["certificates.py"],
    "test_messages.py": ["messages.py", "store"],
}
collect_ignore = [
    tests
    for tests, parts in NEEDS.items()
    if not all((ROOT / "alipay_member" / part).exists() for part in parts)
]
