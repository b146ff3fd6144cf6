"""Settings: what is accepted, and one sentence for each thing that is not."""

import os
import re
import stat

import pytest

import production
from production import refusal
from server.settings import Settings

EMULATOR = {"ALIPAY_ENV": "emulator", "ALIPAY_APP_ID": "demo-mini"}
PRIVATE, PUBLIC = production.key_pair("app")
WEB_ID = {"ALIPAY_WEB_APP_ID": "2021000000000002"}


def load(folder, **changes):
    return Settings.load(folder, values=production.values(**changes))


@pytest.mark.parametrize(
    ("env", "gateway", "authorize_page"),
    [
        (
            "production",
            "https://openapi.alipay.com/gateway.do",
            "https://openauth.alipay.com/oauth2/publicAppAuthorize.htm",
        ),
        (
            "sandbox",
            "https://openapi-sandbox.dl.alipaydev.com/gateway.do",
            "https://openauth-sandbox.dl.alipaydev.com/oauth2/publicAppAuthorize.htm",
        ),
    ],
)
def test_settings_know_the_addresses_of_each_environment(tmp_path, env, gateway, authorize_page):
    settings = load(tmp_path, ALIPAY_ENV=env)
    assert (settings.gateway_url, settings.authorize_endpoint) == (gateway, authorize_page)
    assert (settings.env, settings.charset, settings.web) == (env, "utf-8", None)
    assert settings.database_url == f"sqlite:///{tmp_path}/instance/{env}.db"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ALIPAY_ENV": None}, ["ALIPAY_ENV", "not set"]),
        ({"ALIPAY_ENV": "prod"}, ["ALIPAY_ENV", "emulator, sandbox or production", "prod"]),
        ({"ALIPAY_ENV": "Production"}, ["ALIPAY_ENV", "Production"]),
        ({"ALIPAY_APP_ID": None}, ["ALIPAY_APP_ID is not set", ".env.example"]),
        (
            {"ALIPAY_APP_ID": None, "ALIPAY_PUBLIC_KEY": None},
            ["ALIPAY_APP_ID and ALIPAY_PUBLIC_KEY are not set"],
        ),
        ({"ALIPAY_APP_PRIVATE_KEY": None}, ["ALIPAY_APP_PRIVATE_KEY is not set"]),
        ({"ALIPAY_APP_ID": "demo-mini"}, ["ALIPAY_APP_ID", "production", "16 digits"]),
        ({"ALIPAY_APP_ID": "202100000000001"}, ["ALIPAY_APP_ID", "16 digits"]),
        ({"ALIPAY_APP_ID": "２０２１００００００００００００"}, ["ALIPAY_APP_ID", "16 digits"]),
        ({"ALIPAY_APP_PRIVATE_KEY": "no key"}, ["ALIPAY_APP_PRIVATE_KEY"]),
        ({"ALIPAY_APP_PRIVATE_KEY": PUBLIC}, ["ALIPAY_APP_PRIVATE_KEY"]),
        ({"ALIPAY_PUBLIC_KEY": PRIVATE}, ["ALIPAY_PUBLIC_KEY"]),
        ({"ALIPAY_PUBLIC_KEY": PUBLIC}, ["ALIPAY_PUBLIC_KEY", "应用公钥", "支付宝公钥"]),
        ({"ALIPAY_APPID": "2021000000000001"}, ["ALIPAY_APPID", "did you mean ALIPAY_APP_ID?"]),
        ({"ALIPAY_PRIVATE_KEY": "x"}, ["ALIPAY_PRIVATE_KEY", "did you mean"]),
        (
            {"ALIPAY_GATEWAY_URL": "https://openapi.alipay.com/gateway.do"},
            ["ALIPAY_GATEWAY_URL", "ALIPAY_ENV=emulator"],
        ),
        (WEB_ID, ["ALIPAY_WEB_APP_PRIVATE_KEY and ALIPAY_WEB_PUBLIC_KEY are not set"]),
        (
            production.web_values(ALIPAY_WEB_APP_ID="2021000000000001"),
            ["ALIPAY_WEB_APP_ID", "网页应用"],
        ),
        (
            production.web_values(ALIPAY_WEB_PUBLIC_KEY=production.key_pair("web")[1]),
            ["ALIPAY_WEB_PUBLIC_KEY", "应用公钥"],
        ),
        (
            {"ALIPAY_APP_AUTH_TOKEN": "x"},
            ["ALIPAY_APP_AUTH_TOKEN and ALIPAY_MERCHANT_APP_ID", "both, or neither"],
        ),
        (
            {"ALIPAY_MERCHANT_APP_ID": "2021000000000003"},
            ["ALIPAY_APP_AUTH_TOKEN and ALIPAY_MERCHANT_APP_ID"],
        ),
        (
            {"ALIPAY_APP_AUTH_TOKEN": "x", "ALIPAY_MERCHANT_APP_ID": "demo-x"},
            ["ALIPAY_MERCHANT_APP_ID", "production"],
        ),
        ({"ALIPAY_CHARSET": "latin-1"}, ["ALIPAY_CHARSET", "utf-8 or GBK"]),
        ({"DATABASE_URL": "mysql://x/y"}, ["DATABASE_URL", "sqlite:///"]),
        ({"DATABASE_URL": "sqlite:///"}, ["DATABASE_URL"]),
        ({"DATABASE_URL": "members.db"}, ["DATABASE_URL"]),
        ({"DATABASE_URL": "sqlite:///:memory:"}, ["DATABASE_URL", "temporary folder"]),
        *(
            ({"PUBLIC_URL": url}, ["PUBLIC_URL", "https://"])
            for url in (
                "http://members.example.com",
                "https://example.com/app",
                "https://example.com?x",
                "https://example.com#x",
                "https://me@example.com",
                "ftp://example.com",
                "example.com",
                "https://",
                "http://127.0.0.1.example.com",
            )
        ),
        *(
            ({"PUBLIC_URL": url}, ["PUBLIC_URL"])
            for url in ("https://[", "https://example.com:99999", "https://x:y")
        ),
        *(
            ({"SECRET_KEY": key}, ["SECRET_KEY", "secrets.token_hex(32)"])
            for key in (
                None,
                "short",
                "a" * 64,
                "abc" * 20,
                "change-me-" * 5,
                "your-own-key-" * 4,
                "example-0123456789-0123456789-0123",
                "my-secret-0123456789abcdef0123456789",
            )
        ),
    ],
)
def test_settings_refuse_with_a_sentence_that_names_the_setting(tmp_path, changes, words):
    sentence = refusal(load, tmp_path, **changes)
    assert all(word in sentence for word in words)


@pytest.mark.parametrize("app_id", ["2021000000000001", "demo", "DEMO-mini"])
def test_settings_of_the_emulator_refuse_real_app_ids(tmp_path, app_id, listener):
    values = production.values(**EMULATOR | {"ALIPAY_APP_ID": app_id}, ALIPAY_GATEWAY_URL=listener)
    assert "begin with demo-" in refusal(Settings.load, tmp_path, values=values)


@pytest.fixture
def listener():
    """The address of something that listens on this machine, as a running emulator does."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/gateway.do"


def test_settings_of_the_emulator_derive_the_authorise_page(tmp_path, listener):
    settings = load(tmp_path, **EMULATOR, ALIPAY_GATEWAY_URL=listener)
    assert settings.authorize_endpoint == listener.replace(
        "/gateway.do", "/oauth2/publicAppAuthorize.htm"
    )


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (None, ["no emulator is running", "python app.py", "python -m emulator"]),
        ("http://127.0.0.1:1/gateway.do", ["no emulator answers at", "python -m emulator"]),
        ("http://openapi.alipay.com:80/gateway.do", ["ALIPAY_GATEWAY_URL", "on this machine"]),
        ("https://127.0.0.1:8001/gateway.do", ["ALIPAY_GATEWAY_URL"]),
        ("http://127.0.0.1/gateway.do", ["ALIPAY_GATEWAY_URL"]),
        ("http://127.0.0.1:99999/", ["ALIPAY_GATEWAY_URL"]),
        ("http://127.0.0.1:x/", ["ALIPAY_GATEWAY_URL"]),
        ("http://[", ["ALIPAY_GATEWAY_URL"]),
        ("127.0.0.1:8001", ["ALIPAY_GATEWAY_URL"]),
    ],
)
def test_settings_of_the_emulator_want_one_that_runs_here(tmp_path, url, words):
    sentence = refusal(load, tmp_path, **EMULATOR, ALIPAY_GATEWAY_URL=url)
    assert all(word in sentence for word in words)


@pytest.mark.parametrize(
    "name", ["ALIPAY_NOTIFY_URL", "ALIPAY_RETURN_URL", "ALIPAY_SIGN_TYPE", "ALIPAY_X0123456789"]
)
def test_settings_of_other_integrations_are_left_alone(tmp_path, name):
    assert load(tmp_path, **{name: "https://shop.example/notify"}).env == "production"
    # and they do not count as ours: nothing else set still means the emulator
    assert "no emulator is running" in refusal(Settings.load, tmp_path, values={name: "x"})


def test_settings_unset_mean_the_emulator(tmp_path):
    assert "no emulator is running" in refusal(Settings.load, tmp_path)
    assert "no emulator is running" in refusal(
        Settings.load, tmp_path, values={"SECRET_KEY": "x" * 40}
    )


def test_settings_hide_what_is_secret(tmp_path):
    values = production.web_values(
        ALIPAY_APP_AUTH_TOKEN="merchant-token", ALIPAY_MERCHANT_APP_ID="2021000000000003"
    )
    shown = repr(Settings.load(tmp_path, values=values))
    assert "merchant-token" not in shown
    assert not any(value in shown for name, value in values.items() if "KEY" in name)


def test_settings_have_options_for_the_client_of_each_app(tmp_path):
    values = production.web_values(
        ALIPAY_APP_AUTH_TOKEN="token", ALIPAY_MERCHANT_APP_ID="2021000000000003"
    )
    settings = Settings.load(tmp_path, values=values | {"ALIPAY_CHARSET": "gbk"})
    mini, web = (settings.client_options(app) for app in (settings.app, settings.web))
    assert (mini["app_id"], web["app_id"]) == ("2021000000000001", "2021000000000002")
    for options in (mini, web):
        assert (options["app_auth_token"], options["merchant_app_id"]) == (
            "token",
            "2021000000000003",
        )
        assert options["charset"] == "GBK"


def test_secret_key_is_made_once_for_the_emulator_and_only_its_owner_reads_it(tmp_path, listener):
    first, again = (
        load(tmp_path, **EMULATOR, ALIPAY_GATEWAY_URL=listener, SECRET_KEY=None) for _ in range(2)
    )
    assert re.fullmatch(r"[0-9a-f]{64}", first.secret_key)
    assert again.secret_key == first.secret_key
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "instance/secret_key").stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "instance").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (None, "instance/production.db"),
        ("sqlite:///members.db", "members.db"),
        ("sqlite:///a/b.db", "a/b.db"),
    ],
)
def test_database_path_is_relative_to_the_project(tmp_path, monkeypatch, given, path):
    monkeypatch.chdir("/")
    assert load(tmp_path, DATABASE_URL=given).database_url == f"sqlite:///{tmp_path / path}"
    assert (tmp_path / path).parent.is_dir()


def test_database_path_may_be_absolute(tmp_path):
    url = f"sqlite:///{tmp_path}/elsewhere/x.db"
    assert load(tmp_path / "project", DATABASE_URL=url).database_url == url


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (None, "http://127.0.0.1:8000"),
        ("https://Members.Example.com/", "https://members.example.com"),
        ("http://localhost:9000", "http://localhost:9000"),
        ("https://example.com:8443", "https://example.com:8443"),
    ],
)
def test_public_url_is_an_origin_as_browsers_write_it(tmp_path, given, url):
    assert load(tmp_path, PUBLIC_URL=given).public_url == url


def test_a_key_file_is_found_beside_the_project_wherever_it_is_started(tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    (tmp_path / "app.key").write_text(production.values()["ALIPAY_APP_PRIVATE_KEY"])
    assert load(tmp_path, ALIPAY_APP_PRIVATE_KEY="app.key").app.app_private_key.key_size == 2048


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_a_port_that_is_none_is_refused_in_a_sentence(monkeypatch, capsys, port):
    import app

    monkeypatch.setattr("sys.argv", ["app.py", f"--port={port}"])
    with pytest.raises(SystemExit):
        app.main()
    said = capsys.readouterr().err
    assert "is not a port: choose one from 1 to 65535" in said
    assert len(said) < 300


def test_an_empty_secret_of_an_interrupted_start_is_made_anew(tmp_path, listener):
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance/secret_key").touch()
    assert (
        len(load(tmp_path, **EMULATOR, ALIPAY_GATEWAY_URL=listener, SECRET_KEY=None).secret_key)
        == 64
    )
