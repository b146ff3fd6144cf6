"""公钥证书 mode: the calls that a client makes, and the answers that it believes."""

import logging
from urllib.parse import parse_qs

import pytest
from cryptography import x509

import console
from alipay_member import GatewayError, SignatureError
from alipay_member.certificates import MOST_LOGGED, Certificates, serial_number
from alipay_member.explain import describe
from alipay_member.signing import string_to_sign, verify
from test_certificates import certified_client, files
from wire import answer, encoded, http, key, signature

GOOD = encoded({"code": "10000", "msg": "Success", "open_id": "007"})
REFUSED = encoded({"code": "40004", "msg": "Business Failed", "sub_code": "SYSTEM_ERROR"})
NEW_SN = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def certificates():
    return Certificates.load(**files())


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
