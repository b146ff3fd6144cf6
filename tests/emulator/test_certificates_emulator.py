"""The emulated Alipay in 公钥证书 mode: its files, its gateway, its command line."""

import os
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from dotenv import dotenv_values

from alipay_member import AlipayClient
from alipay_member.certificates import common_name, serial_number
from helpers import needs_emulator
from plain_client import TOKEN, PlainClient
from server.settings import Settings
from test_emulator_cli import command, greeting  # noqa: F401 (a fixture)

pytestmark = needs_emulator


@pytest.fixture
def certified(emulator, tmp_path):
    """A client of demo-mini, which is in 公钥证书 mode."""
    emulator.accounts.certify("demo-mini", True)
    settings = Settings.load(tmp_path, values=emulator.settings())
    return AlipayClient(**settings.client_options(settings.app))


@pytest.fixture
def certificates(emulator):
    """Those in demo-mini's three files, in order."""
    emulator.accounts.certify("demo-mini", True)
    files = emulator.accounts.certified["demo-mini"]
    return [
        x509.load_pem_x509_certificates(text.encode())
        for text in (files.app, files.alipay, files.root)
    ]


def test_the_files_are_like_the_consoles(certificates, emulator):
    (app,), (alipay, intermediate), (root, other) = certificates
    assert common_name(app).endswith("-demo-mini")
    assert common_name(alipay).startswith("支付宝")
    assert alipay.public_key() == emulator.accounts.alipay_key.public_key()
    assert app.issuer == alipay.issuer == intermediate.subject  # as in Alipay's sandbox
    assert intermediate.issuer == root.subject
    for issued, issuer in ((app, intermediate), (alipay, intermediate), (intermediate, root)):
        issued.verify_directly_issued_by(issuer)
    assert isinstance(root.public_key(), RSAPublicKey)
    assert not isinstance(other.public_key(), RSAPublicKey)


def test_our_client_completes_the_flow_beside_one_with_a_key(certified, emulator, auth_code):
    token = certified.exchange_code(auth_code("no-avatar"))
    assert certified.fetch_profile(token.access_token).nick_name == "王誠"
    with_key = PlainClient(emulator, "ALIPAY_WEB_")
    assert with_key.token()["access_token"]
    assert b"alipay_cert_sn" not in with_key.answer.content


def test_answers_name_alipays_certificate_between_node_and_sign(certified, certificates, emulator):
    sent = []
    certified.observer = lambda exchange: sent.append(exchange.raw_answer)
    emulator.faults.set("SYSTEM_ERROR")
    with pytest.raises(Exception, match="SYSTEM_ERROR"):
        certified.fetch_profile("x")
    sn = serial_number(certificates[1][0])
    assert b'},"alipay_cert_sn":"%s","sign":"' % sn.encode() in sent[0]


WRONG_NAMES = {
    "none": ({}, "isv.app-cert-not-exist"),
    "another app's": ({"app_cert_sn": "0" * 32}, "isv.app-cert-not-exist"),
    "no root": ({"app_cert_sn": "own"}, "isv.invalid-alipay-root-cert-sn"),
    "root wrong": (
        {"app_cert_sn": "own", "alipay_root_cert_sn": "0" * 32},
        "isv.invalid-alipay-root-cert-sn",
    ),
    "every root": (
        {"app_cert_sn": "own", "alipay_root_cert_sn": "every"},
        "isv.invalid-alipay-root-cert-sn",
    ),
    "right": ({"app_cert_sn": "own", "alipay_root_cert_sn": "own root"}, None),
}


@pytest.mark.parametrize("case", WRONG_NAMES)
def test_calls_must_name_the_right_certificates(plain, certificates, case):
    given, sub_code = WRONG_NAMES[case]
    (app,), _, roots = certificates
    names = {
        "own": serial_number(app),
        "own root": serial_number(roots[0]),
        "every": "_".join(map(serial_number, roots)),
    }
    sent = {name: names.get(value, value) for name, value in given.items()}
    code = plain.auth_code()
    node = plain.call(TOKEN, grant_type="authorization_code", code=code, **sent)
    assert node.get("sub_code") == sub_code


def test_the_mode_is_a_switch_of_each_app(plain, emulator):
    plain.switch("PUT", "certificates", certificates=True)
    assert plain.token()["sub_code"] == "isv.app-cert-not-exist"
    assert "ALIPAY_ROOT_CERT" in emulator.settings()
    assert "ALIPAY_WEB_PUBLIC_KEY" in emulator.settings()
    first = emulator.settings()["ALIPAY_APP_CERT"]
    plain.switch("POST", "reset")
    plain.switch("PUT", "certificates", certificates=True)
    assert emulator.settings()["ALIPAY_APP_CERT"] == first
    plain.switch("PUT", "certificates", certificates=False)
    assert "access_token" in plain.token()
    for body in ({"certificates": 1}, {"certificates": True, "app_id": "demo-merchant"}):
        with pytest.raises(AssertionError, match=r"true or false|no such app with a key"):
            plain.switch("PUT", "certificates", **body)


def test_the_trace_shows_both_serial_numbers(tmp_path, emulator, auth_code):
    import workbench
    from app import create_app
    from helpers import at_home
    from workbench.watched_store import WatchedStore

    emulator.accounts.certify("demo-mini", True)
    settings = Settings.load(tmp_path, values=emulator.settings())
    app = create_app(settings, store=WatchedStore(settings.database_url))
    workbench.attach(app)
    bench = at_home(app)
    assert bench.post("/api/auth", json={"auth_code": auth_code()}).status_code == 200
    steps = bench.get("/workbench/events").get_json()["steps"]
    (exchange,) = [step for step in steps if step["kind"] == "exchange"]
    for name, value in settings.app.certificates.parameters.items():
        assert exchange["parameters"][name] == value


def test_the_command_writes_files_that_settings_name(command, tmp_path, monkeypatch):  # noqa: F811
    file = tmp_path / "demo.env"
    greeting(command("--port", 0, "--certificates", "--env-file", file))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "alipayCertPublicKey_RSA2.crt",
        "alipayRootCert.crt",
        "appCertPublicKey_demo-mini.crt",
        "appCertPublicKey_demo-web.crt",
        "demo.env",
    ]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    values = dotenv_values(file)
    assert "ALIPAY_PUBLIC_KEY" not in values
    monkeypatch.chdir("/")
    settings = Settings.load(tmp_path / "project", values=values)
    for app in (settings.app, settings.web):
        with pytest.raises(Exception, match=r"isv\.code-invalid"):
            AlipayClient(**settings.client_options(app)).exchange_code("made-up")
    greeting(command("--port", 0, "--certificates", "--env-file", file))
    assert dotenv_values(file) != values  # its own files are written again


def test_the_command_leaves_the_consoles_files_alone(command, tmp_path):  # noqa: F811
    real = tmp_path / "alipayRootCert.crt"
    real.write_text("-----BEGIN CERTIFICATE-----")
    process = command("--port", 0, "--certificates", "--env-file", tmp_path / "demo.env")
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert str(real) in err
    assert list(tmp_path.iterdir()) == [real]
