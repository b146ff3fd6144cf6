"""Running the checks: whatever a participant's file contains has a result."""

import io
import sys

import pytest

from files import half_written, with_body, with_function, written_up_to
from workshop.checks import FUNCTIONS, STEPS, own_functions
from workshop.participant import STARTER, Source, put_back
from workshop.report import near_the_difference
from workshop.runner import check_all, check_step, run_checks, run_with_skipped, shown


def errors(results):
    return [(result.step, result.error) for result in results]


def run_all(file, testbed, text, skipped=(), **options):
    file.write_text(text, encoding="utf-8")
    return list(check_all(file, skipped, testbed, lambda _: None, **options))


# ── the way through the steps ──


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_the_run_ends_at_the_first_unwritten_step(testbed, file, step):
    *passed, last = run_all(file, testbed, written_up_to(step.number - 1))
    assert [result.error for result in passed] == [None] * (step.number - 1)
    assert (last.step, last.error) == (step.name, "todo")
    assert last.values["function"] == step.functions[0]
    line = file.read_text("utf-8").splitlines()[last.where - 1]
    assert line.startswith(f"def {step.functions[0]}(")


def test_a_skipped_step_is_left_out(testbed, file):
    *_, last = run_all(file, testbed, written_up_to(2), skipped=(3,))
    assert (last.step, last.error) == ("exchange", "todo")


def test_a_skipped_step_that_passes_is_used_and_counts(testbed, file):
    body = """
    print("mine")
    signed = {name: value for name, value in parameters.items() if name != "sign" and value}
    return "&".join(f"{name}={value}" for name, value in sorted(signed.items()))
    """
    text = with_body(written_up_to(3), "string_to_sign", body)
    results = run_all(file, testbed, text, skipped=(1, 2), try_skipped=True)
    passed = [("string-to-sign", None), ("sign", None), ("request", None)]
    assert errors(results) == [*passed, ("exchange", "todo")]
    assert "mine" in results[2].printed


@pytest.mark.parametrize("body", ["return 'nonsense'", "import os\nos._exit(0)"])
def test_a_skipped_step_that_fails_stays_skipped(file, body):
    file.write_text(with_body(written_up_to(2), "string_to_sign", body), encoding="utf-8")
    assert errors(run_with_skipped(file, [1])) == [("sign", None), ("request", "todo")]


def test_the_solution_takes_the_place_of_skipped_and_later_functions(check):
    text = with_body(written_up_to(3), "string_to_sign", "return 'nonsense'")
    assert check(text, 3).error == "signature"
    assert check(text, 3, skipped=[1]).error is None
    assert own_functions(STEPS[2], [1]) == ["sign", "build_request"]
    text = with_body(written_up_to(4), "read_answer", "return None")
    assert check(text, 4).error is None


# ── the first function of two ──


CALL_WITHOUT_TIMEOUT = """
query, body = build_request(app, method, business, time.time(), auth_token)
url = f"{app.gateway_url}?{query}"
return read_answer(app, method, app.session.post(url, data=body, headers=FORM).content)
"""


@pytest.mark.parametrize(
    ("number", "body", "error"),
    [
        (4, "return None", "nothing-sent"),
        (4, CALL_WITHOUT_TIMEOUT, "no-timeout"),
        (6, "return True", "tampered-verified"),
        (10, "return app.authorize_endpoint", "other-address"),
        (10, "return redirect_uri.nonsense", "raised"),
    ],
)
def test_a_first_function_is_checked_before_the_second_is_written(check, number, body, error):
    text = half_written(number, body)
    result = check(text, number)
    assert result.error == error
    first = STEPS[number - 1].functions[0]
    begin = next(n for n, line in enumerate(text.splitlines(), 1) if f"def {first}(" in line)
    assert begin <= result.where <= begin + 20


@pytest.mark.parametrize("number", [4, 6, 10])
def test_a_first_function_that_is_right_leads_on_to_the_second(check, number):
    result = check(half_written(number), number)
    first, second = STEPS[number - 1].functions
    assert result.error == "todo-next"
    assert (result.values["first"], result.values["function"]) == (first, second)


def test_a_first_function_that_does_not_fit_the_solutions_second_is_not_an_error(check):
    body = """
    session["mine"] = {"state": secrets.token_urlsafe(32)}
    query = {"app_id": app.app_id, "scope": "auth_user", "redirect_uri": redirect_uri}
    return f"{app.authorize_endpoint}?{urlencode(query | session['mine'])}"
    """
    result = check(half_written(10, body), 10)
    assert (result.error, result.values["function"]) == ("todo", "read_callback")


# ── exceptions, output, helpers ──


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("x = {}\nreturn x['a']", "KeyError: 'a'"),
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("return string_to_sign(parameters)", "RecursionError: "),
        ("return input()", "EOFError: "),
        ("class Odd(Exception): pass\nraise Odd('小二')", "Odd: 小二"),
        ("return open('nowhere.pem').read()", "FileNotFoundError: "),
        ("return compile('(', 'x', 'eval')", "SyntaxError: "),
    ],
)
def test_an_exception_is_shown_with_the_participants_line(check, body, error, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    result = check(with_body(written_up_to(0), "string_to_sign", body))
    assert (result.error, result.source) == ("raised", body.splitlines()[-1])
    assert result.values["error"].startswith(error.removesuffix(": "))


@pytest.mark.parametrize(
    "body",
    [
        "return private_key.sign(text.encode(), PKCS1v15(), SHA256()).decode()",
        r"return b'\xff'.decode()",
    ],
)
def test_a_known_exception_is_shown_with_the_participants_line_too(check, body):
    result = check(with_body(written_up_to(1), "sign", body), 2)
    assert (result.error, result.source) == ("signature-decoded", body)


def test_a_helper_may_be_written_or_not(check):
    text = with_body(written_up_to(0), "string_to_sign", "return helper(parameters)")
    result = check(text + "\n\ndef helper(parameters):\n    raise NotImplementedError\n")
    assert (result.error, result.values["function"]) == ("todo", "helper")
    text += (
        "\n\nimport operator\n\n\ndef helper(given):\n"
        "    pairs = sorted(given.items(), key=operator.itemgetter(0))\n"
        "    return '&'.join(f'{n}={v}' for n, v in pairs if n != 'sign' and v)\n"
    )
    assert check(text).error is None


def test_printed_output_is_part_of_the_result(check):
    body = "print('小二', parameters)\nreturn ''"
    result = check(with_body(written_up_to(0), "string_to_sign", body))
    assert result.printed.startswith("小二 {'version': '1.0'")


@pytest.mark.parametrize(
    ("value", "text"), [("", "''"), (" ", "' '"), ("x y", "x y"), (b"x", "b'x'"), (None, None)]
)
def test_blank_values_are_shown_too(value, text):
    assert shown(value) == text


def test_long_values_are_cut_around_their_first_difference():
    right, actual = "A" * 300 + "+" + "B" * 43, "A" * 300 + "-" + "B" * 43
    shorter = [near_the_difference(one, other) for one, other in ((right, actual), (actual, right))]
    assert shorter[0] == (f"…{'A' * 40}+{'B' * 38}…", f"…{'A' * 40}-{'B' * 38}…")
    assert shorter[1] == shorter[0][::-1]
    node = '{"open_id":"074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5","code":"10000","x":"y"}'
    assert near_the_difference(node, "pay_") == (node, "pay_")


# ── hanging, ending ──


@pytest.mark.parametrize(
    "body", ["while True:\n    pass", "import threading\nthreading.Event().wait()"]
)
def test_a_function_that_hangs_is_found_with_its_line(file, body):
    file.write_text(with_body(written_up_to(0), "string_to_sign", body), encoding="utf-8")
    (result,) = run_checks(file, limit=1)
    assert (result.step, result.error) == ("string-to-sign", "hangs")
    assert result.source in (body.splitlines()[-1].strip(), body.splitlines()[0])


def test_a_process_that_ends_is_noticed(file):
    body = "import os\nos._exit(0)"
    file.write_text(with_body(written_up_to(1), "sign", body), encoding="utf-8")
    assert errors(run_checks(file)) == [("string-to-sign", None), ("sign", "process-ended")]


# ── the file itself ──


@pytest.mark.parametrize(
    ("content", "error", "source"),
    [
        (written_up_to(1) + "\nwhile True\n", "syntax", "while True"),
        (written_up_to(1) + "\nreturn 1\n", "syntax", "return 1"),  # only the compiler sees it
        ("# 小二\n".encode("gbk"), "not-utf-8", ""),
        (b"\xef\xbb\xbf" + written_up_to(1).encode(), None, ""),
        ("x = 1\n", "function-missing", ""),
        (None, "no-file", ""),
    ],
)
def test_what_is_wrong_with_the_file_is_an_error_of_its_own(testbed, file, content, error, source):
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    result = check_step(file, STEPS[0], (), testbed)
    assert (result.error, result.source) == (error, source)
    if source:
        assert result.where == content.count("\n")


def test_a_nul_in_the_file_is_an_error_of_the_file(check):
    assert check(written_up_to(1) + "\0").error in ("not-utf-8", "syntax")


# ── reset ──


def test_put_back_restores_a_step_and_leaves_the_others(file):
    file.write_text(put_back(written_up_to(10), STEPS[3].functions), encoding="utf-8")
    source = Source(file)
    assert [name for name in FUNCTIONS if not source.is_written(name)] == ["call", "exchange_code"]
    assert put_back(written_up_to(10), FUNCTIONS) == STARTER.read_text("utf-8")


@pytest.mark.parametrize("text", ["def sign(text, private_key:\n    return (", ""])
def test_put_back_repairs_what_is_broken_or_deleted(file, text):
    broken = with_function(written_up_to(1), "sign", text)
    file.write_text(put_back(broken, ["sign"]), encoding="utf-8")
    assert Source(file).is_there("sign")
    assert not Source(file).is_written("sign")
