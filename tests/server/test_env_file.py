"""Where the settings are read from: a .env file, the environment, and nothing else."""

import re
from pathlib import Path

import pytest

import production
from helpers import ROOT
from production import refusal
from server.settings import NAMES, Settings, SettingsError, environment, read_values


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_env_file_is_read_with_and_without_a_bom(tmp_path, encoding):
    (tmp_path / ".env").write_text(
        "ALIPAY_ENV=sandbox\n# 密钥\nALIPAY_APP_ID = '2021'\nEMPTY=\n", encoding
    )
    assert read_values(tmp_path) == {"ALIPAY_ENV": "sandbox", "ALIPAY_APP_ID": "2021"}


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_env_file_in_another_encoding_is_refused_with_a_sentence(tmp_path, encoding):
    (tmp_path / ".env").write_text("# 密钥\nALIPAY_ENV=sandbox\n", encoding)
    sentence = refusal(read_values, tmp_path)
    assert "UTF-8" in sentence
    assert str(tmp_path / ".env") in sentence


def test_env_file_keeps_what_looks_like_a_variable(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/root")
    (tmp_path / ".env").write_text(
        'SECRET_KEY=a${HOME}b\nALIPAY_PUBLIC_KEY="-----BEGIN\nx\n-----END"\n'
    )
    assert read_values(tmp_path) == {
        "SECRET_KEY": "a${HOME}b",
        "ALIPAY_PUBLIC_KEY": "-----BEGIN\nx\n-----END",
    }


def test_env_file_that_is_named_but_missing_is_refused(tmp_path):
    assert "nowhere.env" in refusal(read_values, tmp_path, tmp_path / "nowhere.env")
    assert read_values(tmp_path) == {}  # the default one need not be there


def test_env_file_that_is_named_is_read_instead_of_the_default(tmp_path):
    (tmp_path / ".env").write_text("ALIPAY_ENV=production\nALIPAY_CHARSET=GBK\n")
    (tmp_path / "other.env").write_text("ALIPAY_ENV=sandbox\n")
    assert read_values(tmp_path, tmp_path / "other.env") == {"ALIPAY_ENV": "sandbox"}


def test_environment_overrides_the_file(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text(
        "ALIPAY_ENV=production\nALIPAY_CHARSET=GBK\nPUBLIC_URL=https://a.example\n"
    )
    monkeypatch.setenv("ALIPAY_ENV", "sandbox")
    monkeypatch.setenv("PUBLIC_URL", " https://b.example ")
    monkeypatch.setenv("UNRELATED", "x")
    expected = {"ALIPAY_ENV": "sandbox", "ALIPAY_CHARSET": "GBK", "PUBLIC_URL": "https://b.example"}
    assert read_values(tmp_path) == expected


def test_typo_in_the_environment_is_refused_too(tmp_path, monkeypatch):
    monkeypatch.setenv("ALIPAY_APPID", "2021000000000001")
    assert "did you mean ALIPAY_APP_ID?" in refusal(Settings.load, tmp_path)


def test_create_app_reads_only_the_env_file_beside_app_py(tmp_path, monkeypatch, capsys):
    import app

    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / ".env").write_text("ALIPAY_ENV=sandbox\n")  # a parent folder's
    monkeypatch.chdir(tmp_path)  # and the current folder's
    monkeypatch.setattr(app, "HERE", project)
    with pytest.raises(SystemExit) as ended:
        app.create_app()
    assert ended.value.code == 4  # gunicorn stops at it, instead of starting workers for ever
    assert "no emulator is running" in capsys.readouterr().err
    text = "".join(f"{name}={value}\n" for name, value in production.values().items())
    (project / ".env").write_text(text)
    made = app.create_app().extensions["alipay_member"]
    assert (made.settings.env, made.client.app_id) == ("production", "2021000000000001")
    assert Path(made.settings.database_url.removeprefix("sqlite:///")).is_relative_to(project)


def test_env_example_names_every_setting_and_no_other():
    text = (ROOT / ".env.example").read_text("utf-8")
    named = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", text, re.MULTILINE))
    assert named | {"ALIPAY_GATEWAY_URL"} == set(
        NAMES
    )  # which python -m emulator writes into a file of its own


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "alipay_env=production\n",
        "PUBLIC_URL=http://127.0.0.1:8000\n",
        "ALIPAY_ENV=\n",
        '{"ALIPAY_ENV": "production"}\n',
    ],
)
def test_a_named_file_that_sets_no_environment_is_refused(tmp_path, text):
    (tmp_path / "file.env").write_text(text)
    with pytest.raises(SettingsError, match="ALIPAY_ENV"):
        environment(read_values(tmp_path, tmp_path / "file.env"))


@pytest.mark.parametrize("text", ["# all commented out\n", "ALIPAY_ENV=\n", "alipay_env=sandbox\n"])
def test_a_dotenv_that_means_something_else_never_means_the_emulator(tmp_path, text):
    (tmp_path / ".env").write_text(text)
    with pytest.raises(SettingsError, match="ALIPAY_ENV"):
        environment(read_values(tmp_path))


def test_a_dotenv_that_is_a_folder_is_refused(tmp_path):
    (tmp_path / ".env").mkdir()
    with pytest.raises(SettingsError, match="there is no file"):
        read_values(tmp_path)
