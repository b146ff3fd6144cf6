"""Settings: where they come from, what is accepted, and which sentence refuses all else."""

import base64
import os
import re
import secrets
import socket
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

import console
import production
from alipay_member import AlipayClient
from app import create_app
from helpers import ROOT, needs_emulator
from production import refusal
from server import cli, settings as rules
from server.settings import NAMES, Sentence, Settings, environment, read_values

EMULATOR = {"ALIPAY_ENV": "emulator", "ALIPAY_APP_ID": "demo-mini"}
APP_ID, WEB_ID = "2021000000000001", "2021000000000002"
PRIVATE, PUBLIC = production.key_pair("app")


def load(folder, **changes):
    return Settings.load(folder, values=production.values(**changes))


def write(path, values):
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()))


@pytest.fixture
def listener():
    """The address of something that listens on this machine, as a running emulator does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/gateway.do"


# ── a .env file, and the environment ──


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_env_file_is_read_with_and_without_a_bom(tmp_path, encoding):
    text = "ALIPAY_ENV=sandbox\n# 密钥\nALIPAY_APP_ID = '2021'\nEMPTY=\n"
    (tmp_path / ".env").write_text(text, encoding)
    assert read_values(tmp_path) == {"ALIPAY_ENV": "sandbox", "ALIPAY_APP_ID": "2021"}


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_env_file_in_another_encoding_is_refused(tmp_path, encoding):
    (tmp_path / ".env").write_text("# 密钥\nALIPAY_ENV=sandbox\n", encoding)
    error = refusal(read_values, tmp_path)
    assert error.sentence is rules.NOT_UTF_8
    assert str(tmp_path / ".env") in str(error)


def test_env_file_keeps_dollar_signs_and_lines(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/root")
    text = 'SECRET_KEY=a${HOME}b\nALIPAY_PUBLIC_KEY="-----BEGIN\nx\n-----END"\n'
    (tmp_path / ".env").write_text(text)
    expected = {"SECRET_KEY": "a${HOME}b", "ALIPAY_PUBLIC_KEY": "-----BEGIN\nx\n-----END"}
    assert read_values(tmp_path) == expected


def test_named_env_file_is_read_instead_of_the_default_and_must_exist(tmp_path):
    (tmp_path / ".env").write_text("ALIPAY_ENV=production\nALIPAY_CHARSET=GBK\n")
    (tmp_path / "other.env").write_text("ALIPAY_ENV=sandbox\n")
    assert read_values(tmp_path, tmp_path / "other.env") == {"ALIPAY_ENV": "sandbox"}
    error = refusal(read_values, tmp_path, tmp_path / "nowhere.env")
    assert error.sentence is rules.NO_FILE
    assert "nowhere.env" in str(error)


def test_default_env_file_may_be_missing_but_not_a_folder(tmp_path):
    assert read_values(tmp_path) == {}
    (tmp_path / ".env").mkdir()
    assert refusal(read_values, tmp_path).sentence is rules.NO_FILE


@pytest.mark.parametrize(
    "text", ["", "PUBLIC_URL=http://127.0.0.1:8000\n", '{"ALIPAY_ENV": "x"}\n']
)
def test_named_env_file_must_set_the_environment(tmp_path, text):
    (tmp_path / "file.env").write_text(text)
    error = refusal(read_values, tmp_path, tmp_path / "file.env")
    assert error.sentence is rules.NO_ENV_IN_FILE


@pytest.mark.parametrize("text", ["# all commented out\n", "ALIPAY_ENV=\n", "alipay_env=sandbox\n"])
def test_default_env_file_without_a_usable_environment_never_means_the_emulator(tmp_path, text):
    (tmp_path / ".env").write_text(text)
    refusal(lambda: environment(read_values(tmp_path)))


def test_environment_overrides_the_file(tmp_path, monkeypatch):
    text = "ALIPAY_ENV=production\nALIPAY_CHARSET=GBK\nPUBLIC_URL=https://a.example\n"
    (tmp_path / ".env").write_text(text)
    monkeypatch.setenv("ALIPAY_ENV", "sandbox")
    monkeypatch.setenv("PUBLIC_URL", " https://b.example ")
    monkeypatch.setenv("UNRELATED", "x")
    expected = {"ALIPAY_ENV": "sandbox", "ALIPAY_CHARSET": "GBK", "PUBLIC_URL": "https://b.example"}
    assert read_values(tmp_path) == expected


@pytest.mark.parametrize(
    ("outside", "inside"), [("emulator", "production"), ("sandbox", "emulator")]
)
def test_emulator_and_real_alipay_do_not_mix(tmp_path, monkeypatch, outside, inside):
    write(tmp_path / ".env", {"ALIPAY_ENV": inside, "ALIPAY_CHARSET": "GBK"})
    monkeypatch.setenv("ALIPAY_ENV", outside)
    error = refusal(read_values, tmp_path)
    assert error.sentence is rules.TWO_ENVIRONMENTS
    assert error.values["outside"] == outside


@needs_emulator
def test_emulator_is_not_started_over_another_apps_keys():
    values = {"ALIPAY_ENV": "emulator", "ALIPAY_APP_ID": APP_ID}
    error = refusal(cli.emulated, create_app, values)
    assert (error.sentence, error.values) == (cli.EMULATOR_MIXED, {"names": ["ALIPAY_APP_ID"]})


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
    assert rules.NO_EMULATOR.en in capsys.readouterr().err
    write(project / ".env", production.values())
    made = app.create_app().extensions["alipay_member"]
    assert (made.settings.env, made.client.app_id) == ("production", APP_ID)
    assert Path(made.settings.database_url.removeprefix("sqlite:///")).is_relative_to(project)


def test_env_example_names_every_setting_and_no_other():
    text = (ROOT / ".env.example").read_text("utf-8")
    named = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", text, re.MULTILINE))
    # python -m emulator writes ALIPAY_GATEWAY_URL into a file of its own
    assert named | {"ALIPAY_GATEWAY_URL"} == set(NAMES)


# ── ALIPAY_ENV, and names ──


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
def test_each_environment_has_its_addresses(tmp_path, env, gateway, authorize_page):
    settings = load(tmp_path, ALIPAY_ENV=env)
    assert (settings.gateway_url, settings.authorize_endpoint) == (gateway, authorize_page)
    assert (settings.env, settings.charset, settings.web) == (env, "utf-8", None)
    assert settings.database_url == f"sqlite:///{tmp_path}/instance/{env}.db"


@pytest.mark.parametrize("values", [{}, {"SECRET_KEY": "x" * 40}, {"ALIPAY_NOTIFY_URL": "x"}])
def test_without_any_setting_of_ours_it_is_the_emulator(tmp_path, values):
    assert environment(values) == "emulator"
    assert refusal(Settings.load, tmp_path, values=values).sentence is rules.NO_EMULATOR


@pytest.mark.parametrize(
    "name", ["ALIPAY_NOTIFY_URL", "ALIPAY_RETURN_URL", "ALIPAY_SIGN_TYPE", "ALIPAY_X0123456789"]
)
def test_settings_of_other_integrations_are_left_alone(tmp_path, name):
    assert load(tmp_path, **{name: "https://shop.example/notify"}).env == "production"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("ALIPAY_APPID", "ALIPAY_APP_ID"),
        ("ALIPAY_PRIVATE_KEY", "ALIPAY_APP_PRIVATE_KEY"),
        ("ALIPAY_APP_CERT_PATH", "ALIPAY_APP_CERT"),
        ("ALIPAY_CERTS", "ALIPAY_CERT"),
    ],
)
def test_a_misspelt_name_is_refused(tmp_path, monkeypatch, name, near):
    error = refusal(load, tmp_path, **{name: "x"})
    assert (error.sentence, error.values) == (rules.MISSPELT, {"name": name, "near": near})
    monkeypatch.setenv(name, "x")
    assert refusal(Settings.load, tmp_path).sentence is rules.MISSPELT


# ── one value that is invalid or missing ──

REFUSED = [  # what is changed, the sentence, and what it must name
    ({"ALIPAY_ENV": None}, rules.UNKNOWN_ENV, "ALIPAY_ENV"),
    ({"ALIPAY_ENV": "prod"}, rules.UNKNOWN_ENV, "prod"),
    ({"ALIPAY_ENV": "Production"}, rules.UNKNOWN_ENV, "Production"),
    ({"ALIPAY_APP_ID": None}, rules.MISSING, "ALIPAY_APP_ID"),
    ({"ALIPAY_APP_ID": None, "ALIPAY_PUBLIC_KEY": None}, rules.MISSING, "ALIPAY_PUBLIC_KEY"),
    ({"ALIPAY_APP_PRIVATE_KEY": None}, rules.MISSING, "ALIPAY_APP_PRIVATE_KEY"),
    ({"ALIPAY_APP_ID": "demo-mini"}, rules.NOT_AN_APP_ID, "16"),
    ({"ALIPAY_APP_ID": "202100000000001"}, rules.NOT_AN_APP_ID, "ALIPAY_APP_ID"),
    ({"ALIPAY_APP_ID": "２０２１００００００００００００"}, rules.NOT_AN_APP_ID, "ALIPAY_APP_ID"),
    ({"ALIPAY_APP_PRIVATE_KEY": "no key"}, rules.BAD_KEY, "ALIPAY_APP_PRIVATE_KEY"),
    ({"ALIPAY_APP_PRIVATE_KEY": PUBLIC}, rules.BAD_KEY, "ALIPAY_APP_PRIVATE_KEY"),
    ({"ALIPAY_PUBLIC_KEY": PRIVATE}, rules.BAD_KEY, "ALIPAY_PUBLIC_KEY"),
    ({"ALIPAY_PUBLIC_KEY": PUBLIC}, rules.OWN_KEY, "ALIPAY_PUBLIC_KEY"),
    ({"ALIPAY_GATEWAY_URL": "https://x.example"}, rules.GATEWAY_WITHOUT_EMULATOR, "emulator"),
    ({"ALIPAY_WEB_APP_ID": WEB_ID}, rules.MISSING, "ALIPAY_WEB_PUBLIC_KEY"),
    (production.web_values(ALIPAY_WEB_APP_ID=APP_ID), rules.SAME_APP, "ALIPAY_WEB_APP_ID"),
    (
        production.web_values(ALIPAY_WEB_PUBLIC_KEY=production.key_pair("web")[1]),
        rules.OWN_KEY,
        "ALIPAY_WEB_PUBLIC_KEY",
    ),
    (
        production.web_values(ALIPAY_PUBLIC_KEY=production.key_pair("web")[1]),
        rules.OTHER_APPS_KEY,
        "ALIPAY_PUBLIC_KEY",
    ),
    (
        production.web_values(ALIPAY_WEB_PUBLIC_KEY=PUBLIC),
        rules.OTHER_APPS_KEY,
        "ALIPAY_WEB_PUBLIC_KEY",
    ),
    ({"ALIPAY_APP_AUTH_TOKEN": "x"}, rules.ISV_TOGETHER, "ALIPAY_MERCHANT_APP_ID"),
    ({"ALIPAY_MERCHANT_APP_ID": "2021000000000003"}, rules.ISV_TOGETHER, "ALIPAY_APP_AUTH_TOKEN"),
    (
        {"ALIPAY_APP_AUTH_TOKEN": "x", "ALIPAY_MERCHANT_APP_ID": "demo-x"},
        rules.NOT_A_MERCHANT,
        "ALIPAY_MERCHANT_APP_ID",
    ),
    ({"ALIPAY_CHARSET": "latin-1"}, rules.BAD_CHARSET, "GBK"),
    ({"DATABASE_URL": "mysql://x/y"}, rules.BAD_DATABASE_URL, "sqlite:///"),
    ({"DATABASE_URL": "sqlite:///"}, rules.BAD_DATABASE_URL, "DATABASE_URL"),
    ({"DATABASE_URL": "members.db"}, rules.BAD_DATABASE_URL, "DATABASE_URL"),
    ({"DATABASE_URL": "sqlite:///a\0b"}, rules.BAD_DATABASE_URL, "DATABASE_URL"),
    ({"DATABASE_URL": "sqlite:///:memory:"}, rules.DATABASE_IN_MEMORY, "DATABASE_URL"),
    ({"DATABASE_URL": f"sqlite:///{'x' * 300}"}, rules.BAD_PATH, "x" * 300),
    ({"DATABASE_URL": "sqlite:////dev/null"}, rules.NOT_SQLITE, "/dev/null"),
    ({"DATABASE_URL": "sqlite:///."}, rules.NOT_WRITABLE, ""),
]


@pytest.mark.parametrize(("changes", "sentence", "name"), REFUSED)
def test_an_invalid_value_is_refused_by_its_sentence(tmp_path, changes, sentence, name):
    error = refusal(load, tmp_path, **changes)
    assert error.sentence is sentence
    assert name in str(error)
    assert name in error.zh


@pytest.mark.parametrize(
    "url",
    [
        *("http://members.example.com", "https://example.com/app", "https://example.com?x"),
        *("https://me@example.com", "ftp://example.com", "example.com", "https://", "https://["),
        *("http://127.0.0.1.example.com", "https://example.com:99999", "http://127.0.0.1:65536"),
        *("https://x:y", "https://members.example:0"),
    ],
)
def test_public_url_must_be_an_origin(tmp_path, url):
    assert refusal(load, tmp_path, PUBLIC_URL=url).sentence is rules.BAD_PUBLIC_URL


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (None, "http://127.0.0.1:8000"),
        ("https://Members.Example.com/", "https://members.example.com"),
        ("http://localhost:9000", "http://localhost:9000"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("https://members.example:443", "https://members.example"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
    ],
)
def test_public_url_is_kept_as_browsers_write_an_origin(tmp_path, given, url):
    assert load(tmp_path, PUBLIC_URL=given).public_url == url


def test_every_sentence_has_both_languages_and_the_same_places():
    sentences = [value for value in vars(rules).values() if isinstance(value, Sentence)]
    sentences += rules.CERTIFICATE.values()
    assert rules.MISSING in sentences
    for sentence in sentences:
        chinese, english = (set(re.findall(r"{(\w+)}", text)) for text in sentence)
        assert chinese == english, sentence


# ── the emulator ──


@pytest.mark.parametrize("app_id", [APP_ID, "demo", "DEMO-mini"])
def test_the_emulator_takes_only_its_own_app_ids(tmp_path, app_id, listener):
    values = production.values(**EMULATOR | {"ALIPAY_APP_ID": app_id}, ALIPAY_GATEWAY_URL=listener)
    assert refusal(Settings.load, tmp_path, values=values).sentence is rules.NOT_AN_APP_ID


def test_the_emulators_authorise_page_is_derived(tmp_path, listener):
    settings = load(tmp_path, **EMULATOR, ALIPAY_GATEWAY_URL=listener)
    expected = listener.replace("/gateway.do", "/oauth2/publicAppAuthorize.htm")
    assert settings.authorize_endpoint == expected


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (None, rules.NO_EMULATOR),
        ("http://127.0.0.1:1/gateway.do", rules.EMULATOR_SILENT),
        ("http://openapi.alipay.com:80/gateway.do", rules.NOT_THE_EMULATOR),
        ("https://127.0.0.1:8001/gateway.do", rules.NOT_THE_EMULATOR),
        ("http://127.0.0.1/gateway.do", rules.NOT_THE_EMULATOR),
        ("http://127.0.0.1:99999/", rules.NOT_THE_EMULATOR),
        ("http://[", rules.NOT_THE_EMULATOR),
        ("127.0.0.1:8001", rules.NOT_THE_EMULATOR),
    ],
)
def test_the_emulator_must_run_on_this_machine(tmp_path, url, sentence):
    assert refusal(load, tmp_path, **EMULATOR, ALIPAY_GATEWAY_URL=url).sentence is sentence


# ── SECRET_KEY ──

WEAK = [
    *("short", "a" * 64, "abc" * 20, "change-me-" * 5, "your-own-key-" * 4, "password" * 4),
    *("example-0123456789-0123456789-0123", "my-secret-0123456789abcdef0123456789"),
    *("0123456789abcdef0123456789abcdef", "abcdefghijklmnopqrstuvwxyzABCDEFGH"),
    "a1b2c3d4e5f6g7h8" * 2 + "a1b2",
]


@pytest.mark.parametrize("secret", [None, *WEAK])
def test_a_weak_secret_key_is_refused(tmp_path, secret):
    error = refusal(load, tmp_path, SECRET_KEY=secret)
    assert error.sentence is rules.WEAK_SECRET
    assert rules.SECRET_COMMAND in str(error)


@pytest.mark.parametrize("weak", ["short", "x" * 40, "5f0b7a1c94e2d8367b1f0c5ae94d2786,short"])
def test_a_weak_fallback_is_refused(tmp_path, weak):
    error = refusal(load, tmp_path, SECRET_KEY_FALLBACKS=weak)
    assert error.sentence is rules.WEAK_FALLBACK
    assert weak not in str(error)


@pytest.mark.parametrize("given", [None, "", " , "])
def test_fallbacks_are_optional(tmp_path, given):
    assert load(tmp_path, SECRET_KEY_FALLBACKS=given).secret_key_fallbacks == ()


def test_secret_keys_as_the_sentence_makes_them_are_accepted():
    for _ in range(200):
        assert rules.is_strong(secrets.token_hex(32))
        assert rules.is_strong(secrets.token_urlsafe(32))


def test_the_emulators_secret_key_is_made_once_for_its_owner_only(tmp_path, listener):
    (tmp_path / "instance").mkdir(mode=0o700)
    (tmp_path / "instance/secret_key").touch()  # of a start that was interrupted
    first, again = (
        load(tmp_path, **EMULATOR, ALIPAY_GATEWAY_URL=listener, SECRET_KEY=None) for _ in range(2)
    )
    assert re.fullmatch(r"[0-9a-f]{64}", first.secret_key)
    assert again.secret_key == first.secret_key
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "instance/secret_key").stat().st_mode) == 0o600


def test_starts_at_the_same_moment_share_one_secret_key(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda _: rules.make_secret_key(tmp_path), range(64)))
    assert len(made) == 1
    (file,) = (tmp_path / "instance").iterdir()  # and nothing is left beside it
    assert file.read_text() in made


def test_secrets_are_not_in_the_repr(tmp_path):
    values = production.web_values(
        ALIPAY_APP_AUTH_TOKEN="merchant-token",
        ALIPAY_MERCHANT_APP_ID="2021000000000003",
        SECRET_KEY_FALLBACKS="4a1f0c9be7d25830a6c4e1b97d20f358",
    )
    shown = repr(Settings.load(tmp_path, values=values))
    hidden = [value for name, value in values.items() if "KEY" in name or "TOKEN" in name]
    assert not [value for value in hidden if value in shown]


# ── the database's file ──


@pytest.mark.parametrize(
    ("given", "path"),
    [(None, "instance/production.db"), ("sqlite:///members.db", "members.db")],
)
def test_database_path_is_relative_to_the_project(tmp_path, monkeypatch, given, path):
    monkeypatch.chdir("/")
    assert load(tmp_path, DATABASE_URL=given).database_url == f"sqlite:///{tmp_path / path}"
    assert (tmp_path / path).parent.is_dir()


def test_database_path_may_be_absolute(tmp_path):
    url = f"sqlite:///{tmp_path}/elsewhere/x.db"
    assert load(tmp_path / "project", DATABASE_URL=url).database_url == url


@pytest.mark.parametrize("content", [b"# members\n" * 20, b"\x89PNG\r\n\x1a\n" + b"\0" * 100])
def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path, content):
    (tmp_path / "notes.txt").write_bytes(content)
    error = refusal(load, tmp_path, DATABASE_URL="sqlite:///notes.txt")
    assert error.sentence is rules.NOT_SQLITE
    assert (tmp_path / "notes.txt").read_bytes() == content


def test_an_empty_file_may_become_the_database(tmp_path):
    (tmp_path / "new.db").touch()
    create_app(load(tmp_path, DATABASE_URL="sqlite:///new.db"))


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are Unix's")
def test_only_the_owner_can_read_the_database(tmp_path):
    before = os.umask(0)
    try:
        create_app(load(tmp_path, DATABASE_URL="sqlite:///new.db"))
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("new.db*")}
    assert set(modes.values()) == {0o600}


# ── keys, certificates, and what a client is made with ──


def public(owner):
    return load_der_public_key(base64.b64decode(production.key_pair(owner)[1]))


def certificates(prefix="ALIPAY_", app_id=APP_ID, owner="app"):
    return {
        f"{prefix}APP_CERT": console.app_file(app_id, public(owner)),
        f"{prefix}CERT": console.alipay_file(public("Alipay")),
        f"{prefix}ROOT_CERT": console.root_file(),
    }


def with_certificates(**changes):
    return production.values(**{"ALIPAY_PUBLIC_KEY": None} | certificates() | changes)


def test_each_apps_client_gets_its_options(tmp_path):
    values = production.web_values(
        ALIPAY_APP_AUTH_TOKEN="token", ALIPAY_MERCHANT_APP_ID="2021000000000003"
    )
    settings = Settings.load(tmp_path, values=values | {"ALIPAY_CHARSET": "gbk"})
    mini, web = (settings.client_options(app) for app in (settings.app, settings.web))
    assert (mini["app_id"], web["app_id"]) == (APP_ID, WEB_ID)
    for options in (mini, web):
        isv = (options["app_auth_token"], options["merchant_app_id"])
        assert isv == ("token", "2021000000000003")
        assert options["charset"] == "GBK"


def test_key_and_certificate_files_are_found_beside_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    values = with_certificates()
    for name in ("ALIPAY_APP_PRIVATE_KEY", *certificates()):
        (tmp_path / f"{name}.pem").write_text(values[name])
        values[name] = f"{name}.pem"
    settings = Settings.load(tmp_path, values=values)
    options = settings.client_options(settings.app)
    assert options["alipay_public_key"] is None
    assert options["certificates"].alipay_public_key == public("Alipay")
    AlipayClient(**options)


def test_each_app_may_have_its_own_mode(tmp_path):
    web = certificates("ALIPAY_WEB_", WEB_ID, "web")
    values = production.web_values(**{"ALIPAY_WEB_PUBLIC_KEY": None} | web)
    settings = Settings.load(tmp_path, values=values)
    assert settings.app.certificates is None
    for app in (settings.app, settings.web):
        AlipayClient(**settings.client_options(app))
    assert settings.web.certificates.alipay_public_key == settings.web.alipay_public_key


def test_certificate_text_may_stand_on_one_line(tmp_path):
    values = with_certificates(ALIPAY_CERT=certificates()["ALIPAY_CERT"].replace("\n", "\\n"))
    assert Settings.load(tmp_path, values=values).app.certificates


KEY_TEXT = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"
REFUSED_CERTIFICATES = {  # what is changed, the sentence, and what it must name
    "one of three": ({"ALIPAY_CERT": None}, rules.MISSING, "ALIPAY_CERT"),
    "two of three": (
        {"ALIPAY_APP_CERT": None, "ALIPAY_ROOT_CERT": None},
        rules.MISSING,
        "ALIPAY_ROOT_CERT",
    ),
    "both modes": (
        {"ALIPAY_PUBLIC_KEY": production.key_pair("Alipay")[1]},
        rules.BOTH_MODES,
        "ALIPAY_PUBLIC_KEY",
    ),
    "both modes, half": (
        {"ALIPAY_PUBLIC_KEY": "x", "ALIPAY_APP_CERT": None, "ALIPAY_CERT": None},
        rules.BOTH_MODES,
        "ALIPAY_PUBLIC_KEY",
    ),
    "Alipay's as the app's": (
        {"ALIPAY_APP_CERT": certificates()["ALIPAY_CERT"]},
        rules.CERTIFICATE["alipays"],
        f"appCertPublicKey_{APP_ID}.crt",
    ),
    "the app's as Alipay's": (
        {"ALIPAY_CERT": certificates()["ALIPAY_APP_CERT"]},
        rules.CERTIFICATE["not-alipays"],
        f"-{APP_ID}",
    ),
    "the root's as Alipay's": (
        {"ALIPAY_CERT": console.root_file("RSA")},
        rules.CERTIFICATE["not-alipays"],
        "Root RSA",
    ),
    "the app's as root": (
        {"ALIPAY_ROOT_CERT": certificates()["ALIPAY_APP_CERT"]},
        rules.CERTIFICATE["leaf"],
        f"-{APP_ID}",
    ),
    "another app's": (
        {"ALIPAY_APP_CERT": console.app_file(WEB_ID, public("web"))},
        rules.CERTIFICATE["other-app"],
        f"-{WEB_ID}",
    ),
    "another key's": (
        {"ALIPAY_APP_CERT": console.app_file(APP_ID, public("web"))},
        rules.CERTIFICATE["other-key"],
        "ALIPAY_APP_CERT",
    ),
    "no RSA root": (
        {"ALIPAY_ROOT_CERT": console.root_file("EC")},
        rules.CERTIFICATE["no-root"],
        "ALIPAY_ROOT_CERT",
    ),
    "a key": ({"ALIPAY_CERT": KEY_TEXT}, rules.BAD_KEY, "ALIPAY_CERT"),
    "no file": ({"ALIPAY_CERT": "no/such.crt"}, rules.BAD_KEY, "ALIPAY_CERT"),
}


@pytest.mark.parametrize("case", REFUSED_CERTIFICATES)
def test_an_invalid_certificate_is_refused_by_its_sentence(tmp_path, case):
    changes, sentence, name = REFUSED_CERTIFICATES[case]
    error = refusal(Settings.load, tmp_path, values=with_certificates(**changes))
    assert error.sentence is sentence
    assert name in str(error)
    assert name in error.zh


def test_the_web_apps_certificates_are_refused_under_their_own_names(tmp_path):
    web = certificates("ALIPAY_WEB_", WEB_ID, "app")
    values = production.web_values(**{"ALIPAY_WEB_PUBLIC_KEY": None} | web)
    error = refusal(Settings.load, tmp_path, values=values)
    assert error.values["name"] == "ALIPAY_WEB_APP_CERT"


@pytest.mark.parametrize("prefix", ["ALIPAY_", "ALIPAY_WEB_"])
def test_a_certificate_as_public_key_leads_to_the_three_settings(tmp_path, prefix):
    changes = {f"{prefix}PUBLIC_KEY": certificates()["ALIPAY_CERT"]}
    error = refusal(Settings.load, tmp_path, values=production.web_values(**changes))
    assert error.sentence is rules.CERTIFICATE_AS_KEY
    assert error.values["names"] == [
        f"{prefix}{kind}" for kind in ("APP_CERT", "CERT", "ROOT_CERT")
    ]


def test_a_certificate_that_has_ended_is_a_warning(tmp_path):
    late = console.alipay_file(public("Alipay"), days=(-30, -1))
    with pytest.warns(UserWarning, match="支付宝公钥证书"):
        settings = Settings.load(tmp_path, values=with_certificates(ALIPAY_CERT=late))
    assert settings.app.certificates
