"""What is told and remembered from run to run: a step half done, skipped, broken again."""

import pytest

from files import with_body, written_up_to
from workshop import commands as cli, terminal
from workshop.participant import SOLUTION, STARTER
from workshop.progress import load_progress
from workshop.report import near_the_difference
from workshop.result import shown
from workshop.run import check_all, check_step
from workshop.runner import run_with_skipped
from workshop.steps import STEPS


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "member_info.py"
    path.write_text(STARTER.read_text("utf-8"), encoding="utf-8")
    return path


@pytest.fixture
def run(file, capsys, lab, monkeypatch):
    """run("hint") → (exit status, what it said), in English; the checks run in this process."""

    def checked(path, skipped):
        return list(check_all(path, skipped, lab, lambda _: None, try_skipped=True))

    monkeypatch.setattr(cli, "run_with_skipped", checked)

    def call(*words):
        status = cli.main([*words, "--file", str(file), "--lang", "en"])
        return status, capsys.readouterr().out

    return call


@pytest.fixture
def check(lab, file):
    """check(text, step number) → the result of this step alone."""

    def once(text, number):
        file.write_text(text, encoding="utf-8")
        return check_step(file, STEPS[number - 1], (), lab)

    return once


def half_done(number, body=None):
    """The first function of a step written, as in the solution or with this body."""
    text = written_up_to(number)
    first, second = STEPS[number - 1].functions
    text = with_body(text, second, ["raise NotImplementedError"])
    return with_body(text, first, body) if body else text


# ── the file and the check are two things ──


@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        (
            ["return private_key.sign(text.encode(), PKCS1v15(), SHA256()).decode()"],
            "signature-decoded",
        ),
        (["return open('nowhere.pem').read()"], "raised"),
        (["return compile('(', 'x', 'eval')"], "raised"),
        (["return b'\\xff'.decode()"], "signature-decoded"),
    ],
)
def test_what_a_function_raises_is_not_said_of_the_file(check, body, mistake):
    result = check(with_body(written_up_to(1), "sign", body), 2)
    assert result.mistake == mistake
    assert result.source == body[0]


def test_what_only_the_compiler_finds_is_told_with_its_line(check):
    text = written_up_to(1) + "\nreturn 1\n"
    result = check(text, 1)
    assert (result.mistake, result.source) == ("syntax", "return 1")


def test_a_file_with_a_nul_is_not_utf_8(check):
    assert check(written_up_to(1) + "\0", 1).mistake in ("not-utf-8", "syntax")


@pytest.mark.parametrize(
    ("value", "said"), [("", "''"), (" ", "' '"), ("x y", "x y"), (b"x", "b'x'"), (None, None)]
)
def test_what_came_is_shown_even_if_it_is_blank(value, said):
    assert shown(value) == said


def test_of_two_long_texts_little_is_shown_around_the_first_difference():
    right, came = "A" * 300 + "+" + "B" * 43, "A" * 300 + "-" + "B" * 43
    shorter = [near_the_difference(one, other) for one, other in ((right, came), (came, right))]
    assert shorter[0] == (f"…{'A' * 40}+{'B' * 38}…", f"…{'A' * 40}-{'B' * 38}…")
    assert shorter[1] == shorter[0][::-1]
    node = '{"open_id":"074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5","code":"10000","x":"y"}'
    assert near_the_difference(node, "pay_") == (node, "pay_")


# ── the first function of two ──


@pytest.mark.parametrize(
    ("number", "body", "mistake"),
    [
        (4, ["return None"], "nothing-sent"),
        (
            4,
            [
                "query, body = build_request(app, method, business, time.time(), auth_token)",
                "url = f'{app.gateway_url}?{query}'",
                "answer = app.session.post(url, data=body, headers=FORM)",
                "return read_answer(app, method, answer.content)",
            ],
            "no-timeout",
        ),
        (6, ["return True"], "tampered-verified"),
        (10, ["return app.authorize_endpoint"], "other-address"),
        (10, ["return redirect_uri.nonsense"], "raised"),
    ],
)
def test_a_first_function_is_checked_before_the_second_is_written(check, number, body, mistake):
    result = check(half_done(number, body), number)
    assert result.mistake == mistake
    first = STEPS[number - 1].functions[0]
    lines = half_done(number, body).splitlines()
    begin = next(at for at, line in enumerate(lines, 1) if line.startswith(f"def {first}("))
    assert begin <= result.where <= begin + 20


@pytest.mark.parametrize("number", [4, 6, 10])
def test_a_first_function_that_is_right_is_told_so(check, number):
    result = check(half_done(number), number)
    first, second = STEPS[number - 1].functions
    assert result.mistake == "todo-next"
    assert (result.values["first"], result.values["function"]) == (first, second)


def test_a_first_function_that_the_lent_second_does_not_fit_is_not_blamed(check):
    body = [
        "session['mine'] = {'state': secrets.token_urlsafe(32)}",
        "query = {'app_id': app.app_id, 'scope': 'auth_user', 'redirect_uri': redirect_uri}",
        "return f'{app.authorize_endpoint}?{urlencode(query | session[\"mine\"])}'",
    ]
    result = check(half_done(10, body), 10)
    assert (result.mistake, result.values["function"]) == ("todo", "read_callback")


# ── what was skipped ──


def test_a_skipped_step_that_is_written_and_passes_is_used_and_counts(lab, file):
    file.write_text(written_up_to(2), encoding="utf-8")
    results = list(check_all(file, (1, 2), lab, lambda _: None, try_skipped=True))
    assert [(result.step, result.mistake) for result in results] == [
        ("string-to-sign", None),
        ("sign", None),
        ("request", "todo"),
    ]


def test_a_skipped_step_counts_once_it_passes(run, file):
    run("skip")
    file.write_text(written_up_to(1), encoding="utf-8")
    assert "[#.........] 1/10" in run("--once")[1]
    assert load_progress(file).skipped == []


@pytest.mark.parametrize("body", [["return 'nonsense'"], ["import os", "os._exit(0)"]])
def test_a_skipped_step_that_fails_stays_skipped(file, body):
    text = with_body(written_up_to(2), "string_to_sign", body)
    file.write_text(text, encoding="utf-8")
    results = run_with_skipped(file, [1])
    assert [(result.step, result.mistake) for result in results] == [
        ("sign", None),
        ("request", "todo"),
    ]


# ── what is remembered ──


def test_a_syntax_error_costs_no_step(run, file):
    file.write_text(written_up_to(2), encoding="utf-8")
    run("--once")
    file.write_text(written_up_to(2) + "\nwhile True\n", encoding="utf-8")
    status, said = run("--once")
    assert status == 1
    assert "Step 1 of 10" not in said
    assert "[##........] 2/10" in said


def test_a_step_that_breaks_again_costs_itself_alone_and_is_told_once(run, file):
    solution = SOLUTION.read_text("utf-8")
    file.write_text(solution, encoding="utf-8")
    run("--once")
    file.write_text(with_body(solution, "string_to_sign", ["return ''"]), encoding="utf-8")
    status, said = run("--once")
    assert status == 1
    assert "Step 1 of 10" in said
    assert "[.#########] 9/10" in said
    file.write_text(solution, encoding="utf-8")
    status, said = run("--once")
    assert status == 0
    assert "Step 1 passed" in said
    assert "Step 2 passed" not in said


def test_what_is_no_longer_written_is_no_longer_passed(run, file):
    file.write_text(SOLUTION.read_text("utf-8"), encoding="utf-8")
    run("--once")
    file.write_text(written_up_to(3), encoding="utf-8")
    assert "[###.......] 3/10" in run("--once")[1]


# ── the command line ──


def test_a_failure_says_how_to_get_a_hint(run):
    assert "hint" in run("--once")[1].splitlines()[-1]


def test_a_hint_of_another_step_can_be_asked_for(run):
    assert "Hint 1 of 3 · Fetch the profile" in run("hint", "7")[1]
    assert "Hint 1 of 3 · The string to sign" in run("hint")[1]
    status, said = run("hint", "12")
    assert status == 2
    assert "no step" in said


def test_a_step_is_not_silently_ignored(run, capsys):
    with pytest.raises(SystemExit):
        run("skip", "7")
    assert "takes no step" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("executable", "on_path", "said"),
    [
        (".venv/bin/python", None, ".venv/bin/python -m workshop"),
        (".venv/bin/python", ".venv/bin/python", "python -m workshop"),
        ("my venv/bin/python", None, '"my venv/bin/python" -m workshop'),
    ],
)
def test_commands_are_told_with_the_python_that_runs(
    tmp_path, monkeypatch, executable, on_path, said
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(terminal.sys, "executable", str(tmp_path / executable))
    found = str(tmp_path / on_path) if on_path else "elsewhere"
    monkeypatch.setattr(terminal.shutil, "which", lambda name: found)
    assert terminal.command() == said


def test_nothing_follows_a_message_but_one_blank_line(run, file):
    body = [
        "query, body = build_request(app, method, business, time.time(), auth_token)",
        "return read_answer(app, method, app.session.post(f'{app.gateway_url}?{query}', data=body, "
        "headers=FORM).content)",
    ]
    file.write_text(half_done(4, body), encoding="utf-8")
    said = run("--once")[1]
    assert "There is no timeout" in said
    assert "\n\n\n" not in said
