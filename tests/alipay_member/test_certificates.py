"""公钥证书 mode: serial numbers, whose a file is, the calls, and the answers that are believed."""

import logging
import re
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cryptography import x509

import console
from alipay_member import AlipayClient, GatewayError, SignatureError
from alipay_member.certificates import MOST_LOGGED, Certificates, serial_number
from alipay_member.errors import CertificateError, KeyFormatError
from alipay_member.signing import string_to_sign, verify
from explained import describe, explain
from helpers import needs
from wire import answer, client_options, encoded, http, key, signature

APP_ID = "demo-mini"
PEM_OF_A_KEY = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"


def files(**changes):
    """What Certificates.load takes, all right but for the changes."""
    return {
        "app": console.app_file(APP_ID, key("app").public_key()),
        "alipay": console.alipay_file(key("alipay").public_key()),
        "root": console.root_file(),
    } | changes


@pytest.fixture(scope="module")
def certificates():
    return Certificates.load(**files())


def certified_client(certificates, **options):
    given = client_options() | options
    del given["alipay_public_key"]
    return AlipayClient(**given, certificates=certificates)


# ── serial numbers ──


def openssl(folder, *arguments, given=None):
    done = subprocess.run(
        ["openssl", *arguments], cwd=folder, input=given, capture_output=True, check=True
    )
    return done.stdout.decode()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """made(file, subject, *options) → the file of a certificate that OpenSSL made."""
    folder = tmp_path_factory.mktemp("openssl")

    def make(file, subject, *options):
        openssl(
            folder,
            *("req", "-x509", "-utf8", "-nodes", "-keyout", "key.pem", "-days", "30"),
            *("-out", file, "-subj", subject, *(options or ("-newkey", "rsa:2048"))),
        )
        return folder / file

    return make


def expected_sn(file):
    """The SN from what OpenSSL says of the certificate, with OpenSSL's MD5."""
    options = ("-nameopt", "RFC2253,-esc_msb,utf8,-use_quote")
    printed = openssl(file.parent, "x509", "-in", file, "-noout", "-issuer", "-serial", *options)
    issuer, serial = re.fullmatch(r"issuer=(.*)\nserial=(.*)\n", printed).groups()
    text = f"{issuer}{int(serial, 16)}".encode()
    return openssl(file.parent, "dgst", "-md5", "-r", given=text)[:32]


@needs("openssl")
@pytest.mark.parametrize(
    "subject",
    [
        "/C=CN/O=Ant Financial/OU=Certification Authority/CN=Ant Financial Class 2 R1",
        "/C=CN/O=蚂蚁金服/OU=认证/CN=支付宝(中国)网络技术有限公司",
        "/CN=Only a name",
        "/C=CN/O=Ant, Inc. + Co/CN=a",
    ],
)
@pytest.mark.parametrize("serial", ["1", "0x2020051412345678901234567890abcd", "0x00ff"])
def test_a_serial_number_is_what_openssl_makes_it(made, subject, serial):
    file = made("any.crt", subject, "-newkey", "rsa:2048", "-set_serial", serial)
    assert serial_number(x509.load_pem_x509_certificate(file.read_bytes())) == expected_sn(file)


@needs("openssl")
def test_the_roots_sn_names_those_signed_with_rsa_in_the_files_order(made):
    first = made("first.crt", "/C=CN/O=Ant/OU=CA/CN=R1")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    other = made("ec.crt", "/C=CN/O=Ant/OU=CA/CN=E", *curve)
    second = made("second.crt", "/C=CN/O=Ant/OU=CA/CN=R2", "-newkey", "rsa:2048", "-sha1")
    unreadable = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    texts = [other.read_text(), second.read_text(), unreadable, first.read_text()]
    loaded = Certificates.load(**files(root="\n\n".join(texts)))
    names = f"{expected_sn(second)}_{expected_sn(first)}"
    assert loaded.parameters["alipay_root_cert_sn"] == names


# ── whose a file is ──


def test_files_are_taken_as_paths_text_or_bytes_with_or_without_a_chain(tmp_path):
    chain = files()["alipay"].encode() + files()["root"].encode()
    path = tmp_path / "new.crt"
    path.write_bytes(b"\xef\xbb\xbf# from the console\r\n" + files()["app"].encode())
    one_line = files()["root"].replace("\n", "\\n")
    loaded = Certificates.load(app=str(path), alipay=chain, root=one_line)
    loaded.check(APP_ID, key("app"))
    assert loaded.alipay_public_key == key("alipay").public_key()
    assert len(loaded.root) == 1


def test_a_comment_in_another_charset_around_a_block_is_no_harm(tmp_path):
    path = tmp_path / "app.crt"
    path.write_bytes("应用公钥证书\n".encode("gbk") + files()["app"].encode())
    Certificates.load(**files(app=path)).check(APP_ID, key("app"))


SWAPPED = {
    "alipays": ("app", lambda: files()["alipay"], "支付宝"),
    "other-app": ("app", lambda: console.app_file("demo-web", key("web").public_key()), "demo-web"),
    "other-key": ("app", lambda: console.app_file(APP_ID, key("web").public_key()), APP_ID),
    "not-alipays": ("alipay", lambda: files()["app"], APP_ID),
    "leaf": ("root", lambda: files()["alipay"], "支付宝"),
}


@pytest.mark.parametrize("reason", SWAPPED)
def test_each_file_out_of_its_place_is_named(reason):
    slot, file, found = SWAPPED[reason]
    with pytest.raises(CertificateError) as caught:
        certified_client(Certificates.load(**files(**{slot: file()})))
    error = caught.value
    assert (error.reason, error.slot, error.key) == (reason, slot, f"certificate:{reason}")
    assert found in error.found
    assert error.found in error.message


@pytest.mark.parametrize(
    ("slot", "file"),
    [
        ("app", lambda: console.app_file("2021000000000002", key("app").public_key())),
        ("alipay", lambda: console.certificate("Somebody else", key("stranger").public_key())),
        ("alipay", lambda: console.alipay_file(key("app").public_key())),
        ("root", lambda: files()["app"]),
    ],
    ids=["same key, another app", "no Alipay", "Alipay's name, own key", "app's as root"],
)
def test_neither_name_nor_key_alone_is_enough(slot, file):
    with pytest.raises(CertificateError) as caught:
        certified_client(Certificates.load(**files(**{slot: file()})))
    assert caught.value.slot == slot


@pytest.mark.parametrize(
    ("slot", "text", "reason"),
    [
        ("app", None, "empty"),
        ("alipay", "  ", "empty"),
        ("app", 7, "type"),
        ("root", Path("no.crt"), "no-file"),
        ("alipay", b"\x30\x82\x05\x00", "binary"),
        ("alipay", "no/such.crt", "unknown"),
        ("alipay", PEM_OF_A_KEY, "key"),
        ("app", "-----BEGIN CERTIFICATE-----\nMIIB", "cut"),
        ("root", "-----BEGIN CERTIFICATE-----\nM!\n-----END CERTIFICATE-----", "damaged"),
        ("app", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----", "damaged"),
    ],
)
def test_an_invalid_certificate_is_named(slot, text, reason):
    with pytest.raises(CertificateError) as caught:
        Certificates.load(**files(**{slot: text}))
    assert (caught.value.reason, caught.value.slot) == (reason, slot)
    assert "MIIB" not in str(caught.value)


def test_other_kinds_of_certificates_are_named(tmp_path):
    (tmp_path / "der.crt").write_bytes(b"\x30\x82\0\0")
    curve = console.certificate(console.ALIPAY, console.authority("EC").public_key())
    for slot, text, reason in (
        ("app", str(tmp_path / "der.crt"), "binary"),
        ("alipay", curve, "not-rsa"),
        ("root", console.root_file("EC"), "no-root"),
    ):
        with pytest.raises(CertificateError) as caught:
            Certificates.load(**files(**{slot: text}))
        assert (caught.value.reason, caught.value.slot) == (reason, slot)


REASONS = (
    *("empty", "type", "no-file", "unknown", "binary", "key", "cut", "damaged", "not-rsa"),
    *("alipays", "other-app", "other-key", "not-alipays", "leaf", "no-root"),
)


@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_is_explained_in_both_languages(reason):
    assert reason in CertificateError.__doc__
    for lang in ("zh", "en"):
        cause, remedy = explain(f"certificate:{reason}", lang)
        assert cause
        assert remedy


@pytest.mark.parametrize("given", [{}, {"alipay_public_key": "x", "certificates": "x"}])
def test_exactly_one_mode_is_chosen(given):
    options = client_options()
    del options["alipay_public_key"]
    with pytest.raises(ValueError, match=r"公钥.*公钥证书.*one of them"):
        AlipayClient(**options, **given)


def test_a_certificate_where_the_key_belongs_leads_to_the_other_mode():
    with pytest.raises(KeyFormatError) as caught:
        AlipayClient(**client_options() | {"alipay_public_key": files()["alipay"]})
    for lang in ("zh", "en"):
        assert "ALIPAY_ROOT_CERT" in describe(caught.value, lang).hint


@pytest.mark.parametrize(
    ("days", "words"), [((-30, -1), "ended on .*已过期"), ((1, 30), "begins on .*尚未生效")]
)
def test_a_certificate_out_of_its_time_is_a_warning_not_a_refusal(days, words):
    late = console.alipay_file(key("alipay").public_key(), days=days)
    with pytest.warns(UserWarning, match=f"支付宝公钥证书.*{words}"):
        loaded = Certificates.load(**files(alipay=late))
    certified_client(loaded)


def test_what_ends_when_is_said_for_any_moment(certificates):
    now = datetime.now(timezone.utc)
    assert certificates.outdated(now) == []
    assert len(certificates.outdated(now + timedelta(days=60))) == 2


GOOD = encoded({"code": "10000", "msg": "Success", "open_id": "007"})
REFUSED = encoded({"code": "40004", "msg": "Business Failed", "sub_code": "SYSTEM_ERROR"})
NEW_SN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def client_that_gets(gateway_that):
    """client_that_gets(body, certificates) → a client in 公钥证书 mode, and its server."""

    def make(body, certificates):
        server = gateway_that(http(body))
        return certified_client(certificates, gateway_url=server.url), server

    return make


def named(sn):
    return b',"alipay_cert_sn":"%s"' % sn.encode()


def renewals(caplog):
    return [record.getMessage() for record in caplog.records if "renewed" in record.getMessage()]


def test_requests_name_both_certificates_under_the_signature(client_that_gets, certificates):
    client, server = client_that_gets(answer(GOOD), certificates)
    client.fetch_profile("token")
    target = server.requests[0].split(b" ")[1].decode()
    sent = {name: value for name, (value,) in parse_qs(target.partition("?")[2]).items()}
    assert sent["app_cert_sn"] == serial_number(certificates.app)
    assert sent["alipay_root_cert_sn"] == serial_number(certificates.root[0])
    text = string_to_sign(sent)
    assert f"app_cert_sn={sent['app_cert_sn']}" in text
    assert verify(text.encode(), sent["sign"], key("app").public_key())


@pytest.mark.parametrize("body", [GOOD, REFUSED], ids=["success", "error"])
def test_a_renewed_certificate_is_believed_and_logged_once(client_that_gets, caplog, body):
    certificates = Certificates.load(**files())
    client, _ = client_that_gets(answer(body, between=named(NEW_SN)), certificates)
    caplog.set_level(logging.DEBUG)
    for _ in range(3):
        if body is GOOD:
            assert client.fetch_profile("a-token").open_id == "007"
        else:
            with pytest.raises(GatewayError) as caught:
                client.fetch_profile("a-token")
            assert caught.value.verified
    (line,) = renewals(caplog)
    assert NEW_SN in line
    assert serial_number(certificates.alipay) in line
    assert "a-token" not in caplog.text


@pytest.mark.parametrize("between", ["own", "upper", "none", "number"])
def test_the_configured_certificate_or_none_is_nothing_to_log(client_that_gets, caplog, between):
    certificates = Certificates.load(**files())
    own = serial_number(certificates.alipay)
    texts = {"own": named(own), "upper": named(own.upper()), "none": b""}
    body = answer(GOOD, between=texts.get(between, b',"alipay_cert_sn":{}'))
    client, _ = client_that_gets(body, certificates)
    assert client.fetch_profile("t").open_id == "007"
    assert renewals(caplog) == []


def test_names_that_nobody_signed_do_not_fill_the_log(caplog):
    certificates = Certificates.load(**files())
    for number in range(100):
        certificates.note_renewal(f"{number:032x}")
    certificates.note_renewal("line\nbreak")
    assert len(renewals(caplog)) == MOST_LOGGED
    assert "\nbreak" not in caplog.text


def test_another_key_is_refused_and_both_certificates_are_named(client_that_gets, caplog):
    certificates = Certificates.load(**files())
    body = answer(GOOD, sign=signature(GOOD, "stranger"), between=named(NEW_SN))
    client, _ = client_that_gets(body, certificates)
    with pytest.raises(SignatureError) as caught:
        client.fetch_profile("t")
    own = serial_number(certificates.alipay)
    assert caught.value.key == "signature:wrong-key"
    assert caught.value.serials == (NEW_SN, own)
    for text in (str(caught.value), *(describe(caught.value, lang).hint for lang in ("zh", "en"))):
        assert NEW_SN in text
        assert own in text
    for lang in ("zh", "en"):
        assert "alipayCertPublicKey_RSA2.crt" in describe(caught.value, lang).hint
    assert renewals(caplog) == []


@pytest.mark.parametrize("sn", ["own", "", "<script>"])
def test_another_key_under_the_same_name_is_refused_too(client_that_gets, certificates, sn):
    own = serial_number(certificates.alipay)
    between = named(own if sn == "own" else sn)
    body = answer(GOOD, sign=signature(GOOD, "stranger"), between=between)
    client, _ = client_that_gets(body, certificates)
    with pytest.raises(SignatureError) as caught:
        client.fetch_profile("t")
    assert caught.value.key == "signature:wrong-key"
    assert caught.value.serials == (("(unreadable)", own) if sn.startswith("<") else None)


def test_a_certificate_of_the_same_issuer_vouches_for_nothing(client_that_gets, certificates):
    """In the sandbox a merchant's certificate chains to the root as well as Alipay's does."""
    merchants = console.app_file("2021000000000009", key("merchant").public_key())
    sn = serial_number(x509.load_pem_x509_certificate(merchants.encode()))
    body = answer(GOOD, sign=signature(GOOD, "merchant"), between=named(sn))
    client, server = client_that_gets(body, certificates)
    with pytest.raises(SignatureError):
        client.fetch_profile("t")
    assert len(server.requests) == 1  # alipay.open.app.alipaycert.download is not called
