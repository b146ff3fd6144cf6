"""The doctor in 公钥证书 mode."""

import re

import pytest

import console
from alipay_member.certificates import Certificates, serial_number
from alipay_member.explain.doctor import examine, examine_keys
from helpers import needs_emulator
from patients import LANGUAGES, certified, patient, said, unknown, wrong
from wire import key

pytestmark = needs_emulator


def test_everything_right_in_certificate_mode(emulator):
    findings = examine(certified(emulator))
    assert wrong(findings) == unknown(findings) == []
    assert [each.key for each in findings[:4]] == [
        *("key:with-certificates", "certificate:app", "certificate:alipay", "certificate:root")
    ]
    assert "-demo-mini" in said(findings, "certificate:app", "en")
    assert "支付宝" in said(findings, "certificate:alipay", "en")


def test_a_certificate_that_the_gateway_does_not_know_is_named(emulator):
    client = certified(emulator)
    emulator.accounts.certify("demo-mini", False)
    emulator.accounts.certify("demo-mini", True)  # a new certificate for the same key
    findings = examine(client)
    assert wrong(findings) == [("app", "app:refused")]
    assert "isv.app-cert-not-exist" in said(findings, "app:refused", "en")


def test_a_key_without_certificates_is_named_where_the_console_has_them(emulator):
    emulator.accounts.certify("demo-mini", True)
    findings = examine(patient(emulator))
    assert wrong(findings) == [("app", "app:refused")]
    assert "isv.app-cert-not-exist" in said(findings, "app:refused", "zh")


def test_another_root_file_is_named(emulator):
    findings = examine(certified(emulator, root=console.root_file("RSA")))
    assert wrong(findings) == [("app", "app:refused")]
    assert "isv.invalid-alipay-root-cert-sn" in said(findings, "app:refused", "en")


def test_another_certificate_of_alipays_is_named_with_both_serial_numbers(emulator):
    client = certified(emulator)
    emulator.faults.set("other-cert")
    findings = examine(client)
    assert wrong(findings) == [("alipay-key", "alipay-key:wrong")]
    for lang in LANGUAGES:
        text = said(findings, "alipay-key:wrong", lang)
        assert serial_number(client.certificates.alipay) in text
        assert "alipayCertPublicKey_RSA2.crt" in text


@pytest.mark.parametrize("slot", ["app", "alipay"])
@pytest.mark.parametrize(
    ("days", "ending", "remedy"),
    [((-30, -1), "ended", "CertPublicKey_"), ((1, 30), "early", "")],
)
def test_a_certificate_that_does_not_hold_now_is_named(emulator, slot, days, ending, remedy):
    key_of = {"app": patient(emulator).app_public_key, "alipay": key("alipay").public_key()}
    names = {"app": f"{console.PARTNER}-demo-mini", "alipay": console.ALIPAY}
    files = {each: console.certificate(names[each], key_of[each]) for each in names}
    files[slot] = console.certificate(names[slot], key_of[slot], days=days)
    with pytest.warns(UserWarning, match="ended on|begins on"):
        loaded = Certificates.load(**files, root=console.root_file())
    findings = examine_keys(patient(emulator, alipay_public_key=None, certificates=loaded))
    assert wrong(findings) == [("certificate", f"certificate:{slot}-{ending}")]
    for lang in LANGUAGES:
        text = said(findings, f"certificate:{slot}-{ending}", lang)
        assert re.search(r"20\d\d-\d\d-\d\d", text)
        assert names[slot] in text
        assert remedy in text
