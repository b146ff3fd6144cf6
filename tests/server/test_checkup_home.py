"""The home page's lines, which ask nobody; --explain, which needs no settings."""

import re
import socket

import pytest

import production
from alipay_member.explain import explain, gateway_errors
from app import create_app
from helpers import at_home
from server import cli as command_line
from server.settings import Settings


@pytest.fixture
def home(tmp_path, monkeypatch):
    """home(lang, **changes) → the home page's text with production's settings, and no network."""

    def read(lang="en", **changes):
        app = create_app(Settings.load(tmp_path, values=production.web_values(**changes)))
        with monkeypatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", unreachable)
            patch.setattr(socket.socket, "connect", unreachable)
            return at_home(app).get(f"/?lang={lang}").text

    return read


def unreachable(*_, **__):
    pytest.fail("the home page asked somebody")


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "zh",
            (
                "设置完整",
                "2021000000000001",
                "2021000000000002",
                "没有检查",
                "python app.py --check",
            ),
        ),
        ("en", ("Complete and consistent", "The keys can be used", "not checked", "Next: run")),
    ],
)
def test_home_shows_the_lines_and_what_to_do_next_without_a_network(home, lang, words):
    text = home(lang, PUBLIC_URL="https://members.example.com")
    for word in (*words, "https://members.example.com/callback", "✓", "–"):
        assert word in text
    assert "✗" not in text


def test_home_names_what_is_wrong(home):
    text = home(PUBLIC_URL="http://127.0.0.1:8000")
    assert text.count("✗") == 2  # the line, and the next thing to do
    assert "Next: mend what has an ✗, first: PUBLIC_URL is this machine" in text


def test_home_tells_no_secret(home):
    text = home()
    values = production.web_values()
    secrets = [value for name, value in values.items() if "PRIVATE" in name or "SECRET" in name]
    assert len(secrets) == 3
    assert not [each for each in secrets if each in text]
    assert str(production.__file__).rpartition("/")[0] not in text


# ── --explain ──


def explained(capsys, code):
    with pytest.raises(SystemExit) as ended:
        command_line.main(create_app, ["--explain", code])
    return ended.value.code, capsys.readouterr().out


@pytest.mark.parametrize(
    "code", [*sorted({row.get("sub_code") or row["code"] for row in gateway_errors()})]
)
def test_each_code_of_alipays_is_explained_in_both_languages(capsys, code):
    status, said = explained(capsys, code)
    assert status == 0
    assert code in said.splitlines()[0]
    for lang in ("zh", "en"):
        for sentence in explain(code, lang):
            assert sentence in said


@pytest.mark.parametrize("code", ["signature:app-key", "transport:timeout", "session-ended"])
def test_each_error_of_the_library_is_explained(capsys, code):
    status, said = explained(capsys, code)
    assert (status, said.splitlines()) == (0, [code, *explain(code, "zh"), *explain(code, "en")])


@pytest.mark.parametrize("code", ["bad-request:state", "http-405"])
def test_what_this_app_says_is_explained(capsys, code):
    status, said = explained(capsys, f" {code}\n")
    assert status == 0
    assert len(said.splitlines()) == 5


def test_a_code_that_only_says_the_kind_leads_on_to_its_sub_codes(capsys):
    status, said = explained(capsys, "40002")
    assert status == 0
    assert said.count("isv.code-invalid, isv.refresh-token-invalid") == 2


@pytest.mark.parametrize("code", ["isv.unheard-of", "", "settings:env", "check:settings", "{0}"])
def test_a_code_that_nobody_explains_is_told_so_and_borrows_no_words(capsys, code):
    status, said = explained(capsys, code)
    assert status == 1
    assert said.splitlines() == [" ".join(explain("unexplained", lang)) for lang in ("zh", "en")]


def test_check_and_explain_do_not_go_together(capsys):
    with pytest.raises(SystemExit) as ended:
        command_line.main(create_app, ["--check", "--explain", "40002"])
    assert ended.value.code == 2
    assert re.search("not allowed with", capsys.readouterr().err)
