"""frames.py: the frames of this project, and the lines around them."""

import pytest

from helpers import ROOT, needs_emulator

pytestmark = needs_emulator


def line_of(name, text):
    """The number of the file's one line with this text."""
    lines = (ROOT / name).read_text("utf-8").splitlines()
    (number,) = [number for number, line in enumerate(lines, 1) if text in line]
    return number


@pytest.mark.parametrize(
    ("name", "text", "function", "begins", "ends"),
    [
        ("app.py", "token = client.exchange_code(auth_code)", "auth", "@site.post", "}"),
        (
            "alipay_member/client.py",
            "TOKEN, {",
            "exchange_code",
            "    def exchange_code(",
            ")",
        ),
    ],
)
def test_a_line_of_python_is_shown_with_its_whole_function(name, text, function, begins, ends):
    from workbench.frames import lines_around

    found = lines_around(name, first_line_with(name, text))
    assert found["function"] == function
    assert found["lines"][0].startswith(begins)
    assert ends in found["lines"][-1]
    assert text in "\n".join(found["lines"])
    lines = (ROOT / name).read_text("utf-8").splitlines()
    first = found["first"]
    assert found["lines"] == lines[first - 1 : first - 1 + len(found["lines"])]


def test_a_line_of_python_outside_of_functions_is_shown_with_those_around_it():
    from workbench.frames import AROUND, lines_around

    found = lines_around("app.py", first_line_with("app.py", "import "))
    assert found["function"] == ""
    assert len(found["lines"]) > AROUND


def first_line_with(name, text):
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_every_line_of_the_mini_program_is_shown_with_those_around_it():
    from workbench.frames import AROUND, files, lines_around

    scripts = [name for name in files() if name.endswith(".js")]
    assert len(scripts) > 5
    for name in scripts:
        count = len((ROOT / name).read_text("utf-8").splitlines())
        for line in range(1, count + 1):
            found = lines_around(name, line)
            last = found["first"] + len(found["lines"]) - 1
            assert found["first"] == max(1, line - AROUND)
            assert last == min(count, line + AROUND)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("app.py", 0),
        ("app.py", 100_000),
        ("server/settings.py", 1),
        ("emulator/accounts.py", 1),
        ("../app.py", 1),
        ("/etc/passwd", 1),
        ("instance/secret_key", 1),
        (".env", 1),
    ],
)
def test_nothing_else_is_shown(bench, name, line):
    from workbench.frames import NoSourceError, lines_around

    with pytest.raises(NoSourceError):
        lines_around(name, line)
    answer = bench.get(f"/workbench/source/{name}?line={line}", follow_redirects=True)
    assert answer.status_code == 404


def test_the_page_fetches_the_lines(bench):
    line = line_of("server/web.py", "def json_object(")
    found = bench.get(f"/workbench/source/server/web.py?line={line}").get_json()
    assert (found["function"], found["first"]) == ("json_object", line)
    assert bench.get("/workbench/source/server/web.py?line=x").status_code == 404


def test_source_is_for_this_machine_only(bench):
    path = "/workbench/source/app.py?line=1"
    assert bench.get(path, headers={"Host": "evil.example"}).status_code == 403


# ── which lines made a call ──


def named(frames):
    return [(frame["file"], frame["function"]) for frame in frames]


def text_at(frame):
    lines = (ROOT / frame["file"]).read_text("utf-8").splitlines()
    return lines[frame["at"] - 1].strip()


def test_a_call_to_alipay_names_the_lines_under_way(steps, sign_in):
    sign_in()
    request, exchange, store = steps()
    assert named(exchange["frames"])[-2:] == [
        ("alipay_member/client.py", "exchange_code"),
        ("app.py", "auth"),
    ]
    call, auth = map(text_at, exchange["frames"][-2:])
    assert call.startswith("return self._call(")
    assert auth == "token = client.exchange_code(auth_code)"
    assert named(store["frames"]) == [
        ("alipay_member/store/__init__.py", "sign_in"),
        ("app.py", "auth"),
    ]
    method, caller = map(text_at, store["frames"])
    assert method.startswith("def sign_in(")
    assert "store.sign_in(" in caller
    assert named(request["frames"]) == [("app.py", "auth")]
    assert text_at(request["frames"][0]) == '@site.post("/api/auth")'


def test_a_refusal_names_the_line_that_refused(steps, sign_in, bench, switch):
    session = sign_in()
    steps()
    switch("fault", name="tampered", times=1)
    bench.post("/api/member", headers=session)
    exchange = steps()[1]
    assert text_at(exchange["frames"][0]).startswith("raise exchange.")
    functions = [frame["function"] for frame in exchange["frames"]]
    assert functions[0] == "_accept"
    assert "fetch_profile" in functions
    assert functions[-2:] == ["fetch_and_save", "save_member"]
    assert len(functions) == len(set(functions))


def test_a_write_that_is_refused_names_the_line_that_refused(steps, sign_in, bench, switch):
    session = sign_in()
    steps()
    switch("fault", name="other-person", times=1)
    bench.post("/api/member", headers=session)
    store = steps()[-1]
    assert (store["says"], store["outcome"]) == ("not-written", "same")
    assert text_at(store["frames"][0]).startswith("raise IdentityError(")
    assert ("alipay_member/store/__init__.py", "save_profile") in named(store["frames"])
    assert named(store["frames"])[-1] == ("app.py", "save_member")


def test_a_refresh_names_the_machinery_around_the_call(steps, sign_in, bench, end_access_tokens):
    session = sign_in()
    end_access_tokens()
    steps()
    bench.post("/api/member", headers=session)
    refresh = next(step for step in steps() if step["says"] == "refresh")
    assert ("alipay_member/store/refresh.py", "with_live_token") in named(refresh["frames"])


def test_frames_that_have_returned_stand_for_what_is_reported_late():
    from workbench.frames import done_in, frames_done_in

    frame = {"file": "app.py", "function": "auth", "at": 1}
    with done_in([frame]):
        assert frames_done_in() == [frame]
    assert frames_done_in() == []
