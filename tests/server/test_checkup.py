"""python app.py --check: each misconfiguration, and the one line that names it; --explain."""

import re

import pytest

import production
from app import create_app
from server import cli as command_line

LANGUAGES = ("zh", "en")


def run(capsys, *arguments):
    """(exit status, what is printed) of python app.py with these arguments."""
    with pytest.raises(SystemExit) as ended:
        command_line.main(create_app, [str(each) for each in arguments])
    printed = capsys.readouterr()
    assert printed.err == ""
    return ended.value.code, printed.out


@pytest.fixture
def check(tmp_path, capsys):
    """check(values, *arguments) → (exit status, output) of --check with these settings."""

    def start(values, *arguments):
        file = tmp_path / "checked.env"
        lines = [f"{name}={value}" for name, value in values.items() if value is not None]
        file.write_text("\n".join(lines), encoding="utf-8")
        return run(capsys, "--check", "--env-file", file, *arguments)

    return start


def lines_with(mark, output):
    """The messages that begin with this mark."""
    return re.findall(rf"^  {mark} (.*)$", output, re.MULTILINE)


@pytest.fixture
def values(emulator, tmp_path):
    """Right settings for the emulator; PUBLIC_URL is an address where nothing answers."""
    database = f"sqlite:///{tmp_path / 'members.db'}"
    public_url = "http://127.0.0.1:9"
    return emulator.settings() | {"DATABASE_URL": database, "PUBLIC_URL": public_url}


def test_right_settings_are_right_in_every_line(check, values):
    status, said = check(values, "--lang", "en")
    assert status == 0
    assert lines_with("✗", said) == []
    assert len(lines_with("✓", said)) == 10
    assert [line[:15] for line in lines_with("–", said)] == ["Nothing answers", "The emulator ha"]
    assert "Start the app to check this" in said
    sections = [line for line in said.splitlines() if line and not line.startswith(" ")]
    assert sections[:5] == [
        *("Settings", "Mini-program's app demo-mini", "Web app (网页应用) demo-web"),
        *("PUBLIC_URL", "Console"),
    ]


def test_an_app_that_runs_is_found_at_its_public_url(check, values, serve):
    url, _ = serve(values)
    status, said = check(values | {"PUBLIC_URL": url}, "--lang", "en")
    assert status == 0
    assert f"It is this app that answers at {url}/healthz." in lines_with("✓", said)


# ── cause → the one line that names it ──


def own_public_key(values, emulator):
    return {"ALIPAY_PUBLIC_KEY": public_key(emulator, "demo-mini")}


def webs_own_public_key(values, emulator):
    return {"ALIPAY_WEB_PUBLIC_KEY": public_key(emulator, "demo-web")}


def the_other_apps_public_key(values, emulator):
    return {"ALIPAY_PUBLIC_KEY": public_key(emulator, "demo-web")}


def public_key(emulator, app_id):
    from emulator.keypairs import one_line

    return one_line(emulator.accounts.app_keys[app_id].public_key())


def anothers_private_key(values, emulator):
    return {"ALIPAY_APP_PRIVATE_KEY": production.key_pair("stranger")[0]}


def webs_private_key_is_anothers(values, emulator):
    return {"ALIPAY_WEB_APP_PRIVATE_KEY": production.key_pair("stranger")[0]}


def another_alipays_key(values, emulator):
    return {"ALIPAY_PUBLIC_KEY": production.key_pair("another Alipay")[1]}


def another_alipays_key_for_the_web(values, emulator):
    return {"ALIPAY_WEB_PUBLIC_KEY": production.key_pair("another Alipay")[1]}


def an_unknown_app(values, emulator):
    return {"ALIPAY_APP_ID": "demo-nobody"}


def an_unknown_web_app(values, emulator):
    return {"ALIPAY_WEB_APP_ID": "demo-nobody"}


def half_a_key(values, emulator):
    return {"ALIPAY_APP_PRIVATE_KEY": values["ALIPAY_APP_PRIVATE_KEY"][:801]}


def a_key_that_is_missing(values, emulator):
    return {"ALIPAY_APP_PRIVATE_KEY": None}


def an_id_of_production(values, emulator):
    return {"ALIPAY_APP_ID": "2021000000000001"}


def the_sandbox_at_the_emulators_address(values, emulator):
    return {"ALIPAY_ENV": "sandbox"}


def a_gateway_elsewhere(values, emulator):
    return {"ALIPAY_GATEWAY_URL": "http://gateway.example/gateway.do"}


def a_path_that_is_no_gateway(values, emulator):
    return {"ALIPAY_GATEWAY_URL": f"{emulator.url}/gateway"}


def a_closed_port(values, emulator):
    return {"ALIPAY_GATEWAY_URL": "http://127.0.0.1:9/gateway.do"}


def a_slip_in_a_name(values, emulator):
    return {"ALIPAY_APPID": "demo-mini"}


def a_wrong_merchants_token(values, emulator):
    return {"ALIPAY_APP_AUTH_TOKEN": "202501BBwrong", "ALIPAY_MERCHANT_APP_ID": "demo-merchant"}


def a_name_that_does_not_exist(values, emulator):
    return {"PUBLIC_URL": "https://no-such-name.invalid"}


def https_where_there_is_none(values, emulator):
    return {"PUBLIC_URL": emulator.url.replace("http://127.0.0.1", "https://localhost")}


def the_emulator_in_the_apps_place(values, emulator):
    return {"PUBLIC_URL": emulator.url}


CAUSES = [
    (own_public_key, "支付宝公钥", "ALIPAY_PUBLIC_KEY is your own app's public key"),
    (webs_own_public_key, "ALIPAY_WEB_PUBLIC_KEY 是应用自己", "ALIPAY_WEB_PUBLIC_KEY is your own"),
    (the_other_apps_public_key, "另一个应用的应用公钥", "public key of your other app"),
    (anothers_private_key, "认识 demo-mini，但不认", "demo-mini, but refuses this private key"),
    (webs_private_key_is_anothers, "认识 demo-web，但不认", "demo-web, but refuses this private"),
    (another_alipays_key, "验签不通过", "does not verify with the configured key of Alipay's"),
    (another_alipays_key_for_the_web, "验签不通过", "does not verify with the configured key"),
    (
        an_unknown_app,
        "demo-nobody 的调用",
        "demo-nobody: 40002 Invalid Arguments: isv.invalid-app-id",
    ),
    (an_unknown_web_app, "demo-nobody 的调用", "refused the call of demo-nobody"),
    (half_a_key, "ALIPAY_APP_PRIVATE_KEY：", "ALIPAY_APP_PRIVATE_KEY: the private key's base64"),
    (a_key_that_is_missing, "ALIPAY_APP_PRIVATE_KEY 没有", "ALIPAY_APP_PRIVATE_KEY is not set"),
    (an_id_of_production, "不是 emulator 的 app id", "not an app id of emulator"),
    (the_sandbox_at_the_emulators_address, "ALIPAY_GATEWAY_URL 只", "ALIPAY_GATEWAY_URL goes with"),
    (a_gateway_elsewhere, "必须是本机模拟器", "must be the emulator's address"),
    (a_path_that_is_no_gateway, "不像支付宝网关", "not as Alipay's gateway does"),
    (a_closed_port, "没有模拟器应答", "no emulator answers at http://127.0.0.1:9"),
    (a_slip_in_a_name, "是不是 ALIPAY_APP_ID", "did you mean ALIPAY_APP_ID?"),
    (a_wrong_merchants_token, "商家的 app_auth_token", "refused the merchant's app_auth_token"),
    (a_name_that_does_not_exist, "no-such-name.invalid 查不到", "host name no-such-name.invalid"),
    (https_where_there_is_none, "不说 TLS", "does not speak TLS"),
    (the_emulator_in_the_apps_place, "那里是另一个服务器", "another server is there"),
]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("cause", "zh", "en"), CAUSES, ids=[row[0].__name__ for row in CAUSES])
def test_what_is_wrong_is_named_by_one_line(check, values, emulator, cause, zh, en, lang):
    changes = cause(values, emulator)
    if "ALIPAY_APP_AUTH_TOKEN" in changes:  # an ISV's two apps would both say it
        changes |= {name: None for name in values if name.startswith("ALIPAY_WEB_")}
    status, said = check(values | changes, "--lang", lang)
    assert status == 1
    (line,) = lines_with("✗", said)
    assert {"zh": zh, "en": en}[lang] in line
    assert said.splitlines()[-1].endswith(line)  # it is the next thing to do
    secrets = [value for name, value in (values | changes).items() if "PRIVATE" in name and value]
    assert not [each for each in secrets if each in said]
    assert "202501BBwrong" not in said
