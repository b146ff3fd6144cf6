"""The oldest versions that requirements.txt allows are enough: in an environment of their own."""

import os
import re
import subprocess
import sys
import venv

import pytest

from helpers import ROOT

# What requirements.txt asks for brings others along; of urllib3, which matters most, an old one.
ALSO = ("urllib3==1.26.18",)
TOOLS = (
    *("pytest", "pytest-xdist", "hypothesis", "python-alipay-sdk", "gunicorn", "waitress"),
    "psycopg[binary,pool]",
)


def floors():
    """requirements.txt with each lower bound as the very version: flask==3.0.0."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    bounds = [re.fullmatch(r"([a-z0-9-]+)>=([0-9.]+),<.*", line).groups() for line in lines]
    return [f"{name}=={version}" for name, version in bounds]


def tools():
    """What tests/requirements.txt says of the tools that these tests need."""
    lines = (ROOT / "tests" / "requirements.txt").read_text("utf-8").splitlines()
    return [line for line in lines if re.split("[><=]", line)[0] in TOOLS]


@pytest.mark.oldest
def test_the_oldest_versions_that_are_allowed_do(tmp_path):
    venv.create(tmp_path, with_pip=True)
    python = tmp_path / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, *floors(), *ALSO, *tools()], check=True, timeout=300)
    # one worker a core and no browser
    options = ["-x", "-q", "-p", "no:cacheprovider", "--numprocesses=2"]
    done = subprocess.run(
        [python, "-m", "pytest", *options, "tests/alipay_member", "tests/app"],
        cwd=ROOT,
        env=os.environ | {"HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path / "hypothesis")},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-1000:]
