"""Settings that don't go together, or are not what they seem: each refused with its sentence."""

import os
import stat
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import production
from app import create_app
from helpers import needs_emulator
from production import refusal
from server import checks, cli
from server.checks import SettingsError
from server.sentences import sentence
from server.settings import Settings, read_values


def load(folder, **changes):
    return Settings.load(folder, values=production.values(**changes))


def env_file(folder, values):
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))


@pytest.mark.parametrize(("told", "found"), [("emulator", "production"), ("sandbox", "emulator")])
def test_emulator_and_real_alipay_do_not_mix(tmp_path, monkeypatch, told, found):
    env_file(tmp_path, {"ALIPAY_ENV": found, "ALIPAY_CHARSET": "GBK"})
    monkeypatch.setenv("ALIPAY_ENV", told)
    said = refusal(read_values, tmp_path)
    assert told in said
    assert found in said
    assert "remove one of them" in said


@needs_emulator
def test_emulator_is_not_started_over_another_apps_keys():
    values = {"ALIPAY_ENV": "emulator", "ALIPAY_APP_ID": "2021000000000001"}
    with pytest.raises(SettingsError, match="remove ALIPAY_APP_ID"):
        cli.emulated(create_app, values)


@pytest.mark.parametrize("content", [b"# members\n" * 20, b"\x89PNG\r\n\x1a\n" + b"\0" * 100])
def test_database_that_is_another_file_is_refused(tmp_path, content):
    (tmp_path / "notes.txt").write_bytes(content)
    said = refusal(load, tmp_path, DATABASE_URL="sqlite:///notes.txt")
    assert "notes.txt is not an SQLite database" in said
    assert (tmp_path / "notes.txt").read_bytes() == content


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "/dev/null", "."])
def test_database_that_can_be_none_is_refused(tmp_path, name):
    assert refusal(load, tmp_path, DATABASE_URL=f"sqlite:///{name}")


def test_database_may_be_an_empty_file(tmp_path):
    (tmp_path / "new.db").touch()
    create_app(load(tmp_path, DATABASE_URL="sqlite:///new.db"))


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are Unix's")
def test_database_is_its_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        create_app(load(tmp_path, DATABASE_URL="sqlite:///new.db"))
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("new.db*")}
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://members.example:443", "https://members.example"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://members.example:8443", "https://members.example:8443"),
    ],
)
def test_public_url_is_written_as_an_origin(tmp_path, given, kept):
    assert load(tmp_path, PUBLIC_URL=given).public_url == kept


@pytest.mark.parametrize("given", ["https://members.example:0", "http://127.0.0.1:65536"])
def test_public_url_with_no_port_is_refused(tmp_path, given):
    assert "PUBLIC_URL" in refusal(load, tmp_path, PUBLIC_URL=given)


def test_keys_of_two_apps_that_are_mixed_up_are_recognised(tmp_path):
    mini, web = production.key_pair("app")[1], production.key_pair("web")[1]
    for change, name in (
        ({"ALIPAY_PUBLIC_KEY": web}, "ALIPAY_PUBLIC_KEY"),
        ({"ALIPAY_WEB_PUBLIC_KEY": mini}, "ALIPAY_WEB_PUBLIC_KEY"),
    ):
        said = refusal(Settings.load, tmp_path, values=production.web_values(**change))
        assert said.startswith(f"{name} is the public key of your other app (应用公钥)")


@pytest.mark.parametrize(
    "secret",
    [
        "abcdefgh" * 5,
        "0123456789" * 4,
        "0123456789abcdef0123456789abcdef",
        "abcdefghijklmnopqrstuvwxyzABCDEFGH",
        "a1b2c3d4e5f6g7h8" * 2 + "a1b2",
        "password" * 4,
        "x" * 40,
    ],
)
def test_secret_key_with_a_pattern_is_refused(tmp_path, secret):
    assert "long random text" in refusal(load, tmp_path, SECRET_KEY=secret)


def test_secret_keys_as_the_sentence_makes_them_are_taken(tmp_path):
    import secrets

    for _ in range(200):
        assert checks.secret_key(secrets.token_hex(32))
        assert checks.secret_key(secrets.token_urlsafe(32))


def test_starts_at_the_same_moment_have_one_secret(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda _: checks.made_secret_key(tmp_path), range(64)))
    assert len(made) == 1
    (file,) = (tmp_path / "instance").iterdir()  # and nothing is left beside it
    assert file.read_text() in made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 or sys.platform == "win32"


def test_every_refusal_speaks_both_languages(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, ALIPAY_APP_ID=None)
    assert caught.value.zh == "ALIPAY_APP_ID 没有设置：见 .env.example"
    with pytest.raises(SettingsError, match="ALIPAY_APP_ID and ALIPAY_PUBLIC_KEY are") as caught:
        load(tmp_path, ALIPAY_APP_ID=None, ALIPAY_PUBLIC_KEY=None)
    assert caught.value.zh == "ALIPAY_APP_ID、ALIPAY_PUBLIC_KEY 没有设置：见 .env.example"
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, ALIPAY_PUBLIC_KEY=production.key_pair("app")[0])
    assert caught.value.zh.startswith("ALIPAY_PUBLIC_KEY：这里放的是私钥，应当放支付宝公钥。")


def test_sentences_have_both_languages_and_the_same_places():
    import json
    import re

    from helpers import ROOT

    for key, texts in json.loads((ROOT / "server/sentences.json").read_text("utf-8")).items():
        assert len(texts["zh"]) == len(texts["en"]) > 0, key
        if key.startswith("settings:"):
            places = [set(re.findall(r"{(\w+)}", texts[lang][0])) for lang in ("zh", "en")]
            assert {name.removesuffix("_zh") for name in places[0]} <= places[1] | {"names"}, key
    assert sentence("no such key", "en") == []
