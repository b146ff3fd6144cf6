"""source.py: the frames of this project, and the lines of the functions that they stand in."""

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
        ("app.py", "token = client.exchange_code(auth_code)\n", "auth", "@site.post", "}"),
        (
            "alipay_member/client.py",
            "raw = self._send(common, business)",
            "AlipayClient._call",
            "    def _call(",
            "return result",
        ),
        ("miniprogram/api.js", "my.getAuthCode({", "getAuthCode", "function getAuthCode", "}"),
        (
            "miniprogram/api.js",
            "Object(my.getStorageSync",
            "savedSession",
            "export const savedSession",
            "Object(my.",
        ),
        (
            "miniprogram/pages/member/member.js",
            "await fetchProfile()).member",
            "getProfile",
            "  getProfile() {",
            "  },",
        ),
        (
            "workbench/mistakes/pages/index/index.js",
            "method: 'GET', url",
            "",
            "",
            "",
        ),
    ],
)
def test_a_line_is_shown_with_its_whole_function(name, text, function, begins, ends):
    from workbench.frames import function_at

    found = function_at(name, first_line_with(name, text.rstrip("\n")))
    assert found["function"] == function
    assert found["lines"][0].startswith(begins)
    assert ends in found["lines"][-1]
    lines = (ROOT / name).read_text("utf-8").splitlines()
    first = found["first"]
    assert found["lines"] == lines[first - 1 : first - 1 + len(found["lines"])]
    assert text.rstrip("\n") in "\n".join(found["lines"])


def first_line_with(name, text):
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_every_line_of_the_mini_program_can_be_shown():
    from workbench.frames import files, function_at

    scripts = [name for name in files() if name.endswith(".js")]
    assert len(scripts) > 5
    for name in scripts:
        count = len((ROOT / name).read_text("utf-8").splitlines())
        for line in range(1, count + 1):
            found = function_at(name, line)
            assert found["first"] <= line < found["first"] + len(found["lines"])


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
    from workbench.frames import NoSourceError, function_at

    with pytest.raises(NoSourceError):
        function_at(name, line)
    answer = bench.get(f"/workbench/source/{name}?line={line}", follow_redirects=True)
    assert answer.status_code == 404


def test_the_page_fetches_a_function(bench):
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
    assert named(exchange["frames"]) == [
        ("alipay_member/client.py", "_call"),
        ("alipay_member/client.py", "exchange_code"),
        ("app.py", "auth"),
    ]
    accept, call, auth = map(text_at, exchange["frames"])
    assert accept == "self.observer(exchange)"
    assert call == "return self._call("
    assert auth == "token = client.exchange_code(auth_code)"
    assert named(store["frames"]) == [
        ("alipay_member/store/__init__.py", "sign_in"),
        ("app.py", "auth"),
    ]
    method, caller = map(text_at, store["frames"])
    assert method.startswith("def sign_in(")
    assert "store.sign_in(" in caller
    assert named(request["frames"]) == [("app.py", "auth")]
    assert text_at(request["frames"][0]) == "def auth():"


def test_a_refusal_names_the_line_that_refused(steps, sign_in, bench, switch):
    session = sign_in()
    steps()
    switch("fault", name="tampered", times=1)
    bench.post("/api/member", headers=session)
    exchange = steps()[1]
    assert text_at(exchange["frames"][0]) == "raise exchange.signature_error"
    assert named(exchange["frames"])[:3] == [
        ("alipay_member/client.py", "_accept"),
        ("alipay_member/client.py", "_call"),
        ("alipay_member/client.py", "fetch_profile"),
    ]
    functions = [frame["function"] for frame in exchange["frames"]]
    assert functions[-2:] == ["fetch_and_save", "save_member"]
    assert functions.count("_call") == 1


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


def test_frames_that_have_returned_are_known_while_they_are_told_of():
    from workbench.frames import frames_returned, telling_of

    frame = {"file": "app.py", "function": "auth", "at": 1}
    with telling_of([frame]):
        assert frames_returned() == [frame]
    assert frames_returned() == []
