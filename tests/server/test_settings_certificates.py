"""Settings in 公钥证书 mode: what is taken, and one sentence for each mistake."""

import base64

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

import console
import production
from alipay_member import AlipayClient
from production import refusal
from server.checks import SettingsError
from server.settings import Settings

APP_ID, WEB_ID = "2021000000000001", "2021000000000002"


def public(owner):
    return load_der_public_key(base64.b64decode(production.key_pair(owner)[1]))


def certificates(prefix="ALIPAY_", app_id=APP_ID, owner="app"):
    return {
        f"{prefix}APP_CERT": console.app_file(app_id, public(owner)),
        f"{prefix}CERT": console.alipay_file(public("Alipay")),
        f"{prefix}ROOT_CERT": console.root_file(),
    }


def values(**changes):
    return production.values(**{"ALIPAY_PUBLIC_KEY": None} | certificates() | changes)


def test_settings_take_the_consoles_files_beside_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir("/")
    given = values()
    for name in certificates():
        (tmp_path / f"{name}.crt").write_text(given[name])
        given[name] = f"{name}.crt"
    settings = Settings.load(tmp_path, values=given)
    options = settings.client_options(settings.app)
    assert options["alipay_public_key"] is None
    assert options["certificates"].alipay_public_key == public("Alipay")
    AlipayClient(**options)
    assert given["ALIPAY_CERT"] not in repr(settings)


def test_each_app_may_have_its_own_mode(tmp_path):
    web = certificates("ALIPAY_WEB_", WEB_ID, "web")
    given = production.web_values(**{"ALIPAY_WEB_PUBLIC_KEY": None} | web)
    settings = Settings.load(tmp_path, values=given)
    assert settings.app.certificates is None
    for app in (settings.app, settings.web):
        AlipayClient(**settings.client_options(app))
    assert settings.web.certificates.alipay_public_key == settings.web.alipay_public_key


def test_text_in_an_env_file_is_taken_on_one_line(tmp_path):
    given = values(ALIPAY_CERT=certificates()["ALIPAY_CERT"].replace("\n", "\\n"))
    assert Settings.load(tmp_path, values=given).app.certificates


MISTAKES = {  # what is changed, and words of its sentence, the setting's name first
    "one of three": (
        {"ALIPAY_CERT": None},
        ("ALIPAY_CERT is not set", ".env.example"),
    ),
    "two of three": (
        {"ALIPAY_APP_CERT": None, "ALIPAY_ROOT_CERT": None},
        ("ALIPAY_APP_CERT and ALIPAY_ROOT_CERT are not set", ".env.example"),
    ),
    "both modes": (
        {"ALIPAY_PUBLIC_KEY": production.key_pair("Alipay")[1]},
        ("ALIPAY_PUBLIC_KEY", "ALIPAY_ROOT_CERT", "接口加签方式"),
    ),
    "both modes, half": (
        {"ALIPAY_PUBLIC_KEY": "x", "ALIPAY_APP_CERT": None, "ALIPAY_CERT": None},
        ("ALIPAY_PUBLIC_KEY", "two modes"),
    ),
    "Alipay's as the app's": (
        {"ALIPAY_APP_CERT": certificates()["ALIPAY_CERT"]},
        ("ALIPAY_APP_CERT", "支付宝", f"appCertPublicKey_{APP_ID}.crt"),
    ),
    "the app's as Alipay's": (
        {"ALIPAY_CERT": certificates()["ALIPAY_APP_CERT"]},
        ("ALIPAY_CERT", f"-{APP_ID}", "alipayCertPublicKey_RSA2.crt"),
    ),
    "the root's as Alipay's": (
        {"ALIPAY_CERT": console.root_file("RSA")},
        ("ALIPAY_CERT", "Root RSA", "alipayCertPublicKey_RSA2.crt"),
    ),
    "the app's as root": (
        {"ALIPAY_ROOT_CERT": certificates()["ALIPAY_APP_CERT"]},
        ("ALIPAY_ROOT_CERT", f"-{APP_ID}", "alipayRootCert.crt"),
    ),
    "another app's": (
        {"ALIPAY_APP_CERT": console.app_file(WEB_ID, public("web"))},
        ("ALIPAY_APP_CERT", f"-{WEB_ID}", f"appCertPublicKey_{APP_ID}.crt"),
    ),
    "another key's": (
        {"ALIPAY_APP_CERT": console.app_file(APP_ID, public("web"))},
        ("ALIPAY_APP_CERT", "private key"),
    ),
    "no RSA root": (
        {"ALIPAY_ROOT_CERT": console.root_file("EC")},
        ("ALIPAY_ROOT_CERT", "not one RSA certificate"),
    ),
    "a key": (
        {"ALIPAY_CERT": "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"},
        ("ALIPAY_CERT", "this is a key"),
    ),
    "no file": ({"ALIPAY_CERT": "no/such.crt"}, ("ALIPAY_CERT", "neither a file that exists")),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_has_a_sentence_that_names_the_setting(tmp_path, mistake):
    changes, words = MISTAKES[mistake]
    said = refusal(Settings.load, tmp_path, values=values(**changes))
    assert said.startswith(words[0])
    assert all(word in said for word in words)


def test_no_two_mistakes_share_a_sentence_in_either_language(tmp_path):
    said = set()
    for changes, _ in MISTAKES.values():
        with pytest.raises(SettingsError) as caught:
            Settings.load(tmp_path, values=values(**changes))
        said |= {str(caught.value), caught.value.zh}
        assert any("一" <= letter <= "鿿" for letter in caught.value.zh)
    mistakes = MISTAKES.keys() - {"both modes, half"}  # which is "both modes"
    assert len(said) == 2 * len(mistakes)


def test_the_web_apps_sentences_name_the_web_apps_settings(tmp_path):
    web = certificates("ALIPAY_WEB_", WEB_ID, "app")
    given = production.web_values(**{"ALIPAY_WEB_PUBLIC_KEY": None} | web)
    said = refusal(Settings.load, tmp_path, values=given)
    assert said.startswith("ALIPAY_WEB_APP_CERT")


@pytest.mark.parametrize("prefix", ["ALIPAY_", "ALIPAY_WEB_"])
def test_a_certificate_as_public_key_leads_to_the_three_settings(tmp_path, prefix):
    changes = {f"{prefix}PUBLIC_KEY": certificates()["ALIPAY_CERT"]}
    with pytest.raises(SettingsError) as caught:
        Settings.load(tmp_path, values=production.web_values(**changes))
    for text in (str(caught.value), caught.value.zh):
        assert text.startswith(f"{prefix}PUBLIC_KEY")
        assert f"{prefix}APP_CERT, {prefix}CERT, {prefix}ROOT_CERT" in text


def test_a_certificate_that_has_ended_is_a_warning(tmp_path):
    late = console.alipay_file(public("Alipay"), days=(-30, -1))
    with pytest.warns(UserWarning, match="支付宝公钥证书.*ended on"):
        settings = Settings.load(tmp_path, values=values(ALIPAY_CERT=late))
    assert settings.app.certificates


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("ALIPAY_APP_CERT_PATH", "ALIPAY_APP_CERT"),
        ("ALIPAY_ROOT_CERT_PATH", "ALIPAY_ROOT_CERT"),
        ("ALIPAY_CERTS", "ALIPAY_CERT"),
    ],
)
def test_a_slip_of_a_new_name_is_caught(tmp_path, name, near):
    said = refusal(Settings.load, tmp_path, values=values(**{name: "x"}))
    assert f"did you mean {near}?" in said
