"""A participant's file on its way through the steps, and whatever else can stand in it."""

import ast
import io
import re
import sys

import pytest

from files import with_body, with_function, written_up_to
from helpers import ROOT
from workshop.participant import MEMBER_INFO, SOLUTION, STARTER, Source, put_back
from workshop.progress import NAME
from workshop.provided import FIELDS
from workshop.run import check_all, check_step
from workshop.steps import FUNCTIONS, STEPS, own_functions, sentence_of, step_of, told, words

CHECKS = sorted((ROOT / "workshop/checks").glob("*.py"))


@pytest.fixture
def file(tmp_path):
    """file(text) → the path of a participant's file with this text."""

    def write(text):
        path = tmp_path / "member info.py"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def check(lab, file):
    """check(text, step number) → the result of this step alone."""

    def run(text, number=1, skipped=()):
        return check_step(file(text), STEPS[number - 1], skipped, lab)

    return run


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_the_starter_fails_at_each_step_with_its_own_message(lab, file, step):
    path = file(written_up_to(step.number - 1))
    *passed, last = check_all(path, (), lab, lambda _: None)
    assert [result.mistake for result in passed] == [None] * (step.number - 1)
    assert (last.step, last.mistake) == (step.name, "todo")
    line = path.read_text("utf-8").splitlines()[last.where - 1]
    assert line.startswith(f"def {step.functions[0]}(")
    for lang in ("zh", "en"):
        assert step.functions[0] in sentence_of(step.name, "todo", lang, last.values)
        assert step.functions[-1] in told(step.name, "task", lang)


def test_whoever_skips_is_checked_on_the_next_step(lab, file):
    path = file(written_up_to(2))
    *_, last = check_all(path, (3,), lab, lambda _: None)
    assert (last.step, last.mistake) == ("exchange", "todo")


def test_what_was_skipped_and_is_broken_is_not_used(check):
    text = with_body(written_up_to(3), "string_to_sign", ["return 'nonsense'"])
    assert check(text, 3).mistake == "signature"
    assert check(text, 3, skipped=[1]).mistake is None


def test_what_is_half_written_for_a_later_step_is_not_used(check):
    text = with_body(written_up_to(4), "read_answer", ["return None"])
    assert check(text, 4).mistake is None


def test_an_exception_is_told_with_the_participants_own_line(check):
    result = check(with_body(written_up_to(0), "string_to_sign", ["x = {}", "return x['a']"]))
    assert (result.mistake, result.source) == ("raised", "return x['a']")
    assert result.values["error"] == "KeyError: 'a'"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (["import sys", "sys.exit(3)"], "SystemExit: 3"),
        (["return string_to_sign(parameters)"], "RecursionError: "),
        (["return input()"], "EOFError: "),
        (["class Odd(Exception): pass", "raise Odd('小二')"], "Odd: 小二"),
    ],
)
def test_whatever_is_raised_is_told(check, body, error, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    result = check(with_body(written_up_to(0), "string_to_sign", body))
    assert result.mistake == "raised"
    assert result.values["error"].startswith(error.strip(": "))


def test_a_helper_that_is_not_written_is_a_task_too(check):
    text = with_body(written_up_to(0), "string_to_sign", ["return helper()"])
    result = check(text + "\n\ndef helper():\n    raise NotImplementedError\n")
    assert (result.mistake, result.values["function"]) == ("todo", "helper")


def test_helpers_and_imports_of_their_own_are_used(check):
    text = with_body(written_up_to(0), "string_to_sign", ["return helper(parameters)"])
    text += (
        "\n\nimport operator\n\n\ndef helper(given):\n"
        "    pairs = sorted(given.items(), key=operator.itemgetter(0))\n"
        "    return '&'.join(f'{n}={v}' for n, v in pairs if n != 'sign' and v)\n"
    )
    assert check(text).mistake is None


def test_what_a_function_prints_is_told(check):
    text = with_body(written_up_to(0), "string_to_sign", ["print('小二', parameters)", "return ''"])
    result = check(text)
    assert result.printed.startswith("小二 {'version': '1.0'")


def test_a_syntax_error_is_told_with_its_line(check):
    text = with_body(written_up_to(0), "string_to_sign", ["return ''"]) + "\nwhile True\n"
    result = check(text)
    assert (result.mistake, result.where) == ("syntax", text.count("\n"))
    assert result.source == "while True"


def test_a_file_in_another_encoding_is_told(lab, file):
    path = file("")
    path.write_bytes("# 小二\n".encode("gbk"))
    assert check_step(path, STEPS[0], (), lab).mistake == "not-utf-8"


def test_a_file_with_a_byte_order_mark_is_read(lab, file):
    path = file("")
    path.write_text(written_up_to(1), encoding="utf-8-sig")
    assert check_step(path, STEPS[0], (), lab).mistake is None


def test_a_file_or_function_that_is_gone_is_told(check, lab, tmp_path):
    assert check("x = 1\n").mistake == "function-missing"
    assert check_step(tmp_path / "nowhere.py", STEPS[0], (), lab).mistake == "no-file"


# ── reset ──


def test_reset_puts_a_step_back_and_leaves_the_others(file):
    text = put_back(written_up_to(10), STEPS[3].functions)
    source = Source(file(text))
    assert [name for name in FUNCTIONS if not source.is_written(name)] == ["call", "exchange_code"]
    assert put_back(written_up_to(3), ["sign"]) == with_function(
        written_up_to(3), "sign", "\n".join(stub("sign"))
    )


def stub(name):
    from workshop.participant import span

    text = STARTER.read_text("utf-8")
    first, end = span(text, name)
    return text.splitlines()[first:end]


def test_reset_mends_a_syntax_error(file):
    broken = with_function(written_up_to(2), "sign", "def sign(text, private_key:\n    return (")
    with pytest.raises(SyntaxError):
        Source(file(broken))
    assert put_back(broken, ["sign"]) == written_up_to(1)


def test_reset_of_everything_gives_the_starter():
    assert put_back(written_up_to(10), FUNCTIONS) == STARTER.read_text("utf-8")


def test_reset_brings_back_a_function_that_was_deleted(file):
    text = with_function(written_up_to(10), "sign", "")
    assert Source(file(put_back(text, ["sign"]))).is_there("sign")


# ── the files of the room ──


def test_the_participants_file_is_the_starter():
    if MEMBER_INFO.with_name(NAME).exists():
        pytest.skip("somebody is taking the workshop here")
    assert MEMBER_INFO.read_text("utf-8") == STARTER.read_text("utf-8")


def test_the_starter_asks_for_what_the_solution_defines():
    def signatures(path):
        tree = ast.parse(path.read_text("utf-8"))
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        return {node.name: ast.unparse(node.args) for node in functions}

    assert signatures(STARTER) == signatures(SOLUTION)
    assert list(signatures(STARTER)) == list(FUNCTIONS)
    assert not any(Source(STARTER).is_written(name) for name in FUNCTIONS)


def test_the_solution_is_short_and_needs_little():
    text = SOLUTION.read_text("utf-8")
    assert text.count("\n") < 200
    modules = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    others = {name for name in modules if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {name.partition(".")[0] for name in others - {"workshop.provided"}} <= {
        "requests",
        "cryptography",
    }


def test_the_fields_are_those_that_the_library_keeps():
    from alipay_member.models import PROFILE

    assert FIELDS == PROFILE


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_each_step_says_all_that_it_has_to_in_both_languages(step):
    said = words(step.name)
    for lang in ("zh", "en"):
        for part in (said["title"], said["task"], said["why"], said["look"]):
            assert part[lang]
        for mistake in said["mistakes"].values():
            assert mistake[lang]
    assert 2 <= len(said["hints"]) <= 3
    file, _, function = said["same"].partition(" · ")
    assert f"def {function.rpartition('.')[2]}(" in (ROOT / file).read_text("utf-8")


def texts_in(path):
    """Every text in a module that could be a mistake's name."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {node.value for node in nodes if isinstance(getattr(node, "value", None), str)}


def raised_in(path):
    """The mistakes that a module names where it raises Wrong, or makes a Result."""
    pattern = r'(?:Wrong\(|Result\([\w.]+,)\s*"([a-z0-9-]+)"'
    return set(re.findall(pattern, path.read_text("utf-8")))


def test_every_mistake_that_has_words_is_one_that_can_be_told():
    paths = [*CHECKS, ROOT / "workshop/run.py", ROOT / "workshop/runner.py"]
    texts = set().union(*map(texts_in, paths))
    assert words("any")["mistakes"].keys() <= texts
    for step in STEPS:
        assert words(step.name)["mistakes"].keys() <= texts


@pytest.mark.parametrize("path", CHECKS, ids=lambda path: path.stem)
def test_every_mistake_that_can_be_told_has_words(path):
    known = set(words("any")["mistakes"])
    for step in STEPS:
        if step.check.__module__ == f"workshop.checks.{path.stem}":
            known |= words(step.name)["mistakes"].keys()
    assert raised_in(path) <= known
    assert raised_in(path) or path.stem == "__init__"


def test_what_the_runner_tells_has_words():
    for name in ("run", "runner"):
        raised = raised_in(ROOT / f"workshop/{name}.py")
        assert raised
        assert raised <= words("any")["mistakes"].keys()


def test_a_step_is_found_by_number_name_and_function():
    assert step_of("3") == step_of("request") == step_of("build_request") == STEPS[2]
    assert step_of("11") is None
    assert own_functions(STEPS[2], [1]) == ["sign", "build_request"]
