"""Clients of the emulator for the doctor to examine, and what it says of them."""

from alipay_member import AlipayClient
from alipay_member.certificates import Certificates

LANGUAGES = ("zh", "en")


def patient(emulator, **changes):
    """A client of the emulator's demo-mini, right but for the changes."""
    right = {
        "app_id": "demo-mini",
        "app_private_key": emulator.accounts.app_keys["demo-mini"],
        "alipay_public_key": emulator.accounts.alipay_key.public_key(),
        "gateway_url": f"{emulator.url}/gateway.do",
    }
    return AlipayClient(**right | changes)


def certified(emulator, **changes):
    """The same in 公钥证书 mode, with the console's files but for the changes."""
    emulator.accounts.certify("demo-mini", True)
    console = emulator.accounts.certified["demo-mini"]
    files = {"app": console.app, "alipay": console.alipay, "root": console.root}
    certificates = Certificates.load(**files | changes)
    return patient(emulator, alipay_public_key=None, certificates=certificates)


def wrong(findings):
    """What the doctor says is wrong: [(check, key of the words)]."""
    return [(each.check, each.key) for each in findings if each.ok is False]


def unknown(findings):
    """What it says can't be known now."""
    return [(each.check, each.key) for each in findings if each.ok is None]


def message_of(findings, key, lang):
    """Message and remedy of the one finding with these words."""
    (found,) = [each for each in findings if each.key == key]
    return f"{found.message(lang)}\n{found.remedy(lang)}"
