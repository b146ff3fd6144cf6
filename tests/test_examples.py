"""docs/examples/: short, quoted by README, and working with the copied folders alone."""

import re
import shutil

import pytest

from alipay_member.explain import explain
from documents import read, run_in
from helpers import ROOT, needs_emulator

EXAMPLES = ROOT / "docs/examples"
pytestmark = needs_emulator


@pytest.fixture
def project(tmp_path):
    """A project of one's own with the copied folders and the examples in it, and no more."""
    for folder in ("alipay_member", "emulator"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pyc*"))
    for file in EXAMPLES.glob("*.py"):
        shutil.copy(file, tmp_path)
    return tmp_path


@pytest.mark.parametrize("language", ["README.md", "README.zh-CN.md"])
def test_readme_quotes_the_examples_as_they_are(language):
    quoted = re.findall(
        r"<!-- docs/examples/(\w+\.py) -->\n```python\n(.*?)```", read(language), re.DOTALL
    )
    assert {name for name, _ in quoted} == {file.name for file in EXAMPLES.glob("*.py")}
    for name, text in quoted:
        _, _, after_docstring = (EXAMPLES / name).read_text("utf-8").partition('."""\n\n')
        assert text == after_docstring, name


def test_example_script_prints_a_profile_or_an_error_with_its_remedy(project, emulator, auth_code):
    shutil.rmtree(project / "emulator")  # the script does without
    once = auth_code()
    status, output = run_in(project, "fetch_member.py", typed=once, **emulator.settings())
    assert (status, "nick_name='完整示例'" in output) == (0, True), output
    status, output = run_in(project, "fetch_member.py", typed=once, **emulator.settings())
    assert status == 1
    assert explain("isv.code-invalid", "en")[1] in output
    assert "alipay.system.oauth.token" in output  # the question for Alipay's support
    assert "Traceback" not in output
    assert once not in output


def test_example_script_says_which_settings_are_missing(project):
    status, output = run_in(project, "fetch_member.py", typed="0" * 32, ALIPAY_ENV="sandbox")
    names = "ALIPAY_APP_ID, ALIPAY_APP_PRIVATE_KEY, ALIPAY_PUBLIC_KEY"
    assert (status, output) == (1, f"not set: {names}. See .env.example\n")


def test_example_tests_pass_in_a_project_with_nothing_but_the_copied_folders(project):
    options = ["-q", "-p", "no:cacheprovider", "test_member_info.py"]
    status, output = run_in(project, "-m", "pytest", *options)
    assert (status, "3 passed" in output) == (0, True), output
