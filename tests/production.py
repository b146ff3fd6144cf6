"""Settings as production has them, with keys made here, for tests that need no gateway."""

import base64
from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import rsa

from server.settings import SettingsError


@cache
def key_pair(name: str) -> tuple[str, str]:
    """(private key, public key), each one line of base64; the same for the same name."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
    public = key.public_key().public_bytes(
        form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(private).decode(), base64.b64encode(public).decode()


def values(**changes: str | None) -> dict[str, str]:
    """A complete set without a web app; `changes` replaces settings or, with None, removes them."""
    base = {
        "ALIPAY_ENV": "production",
        "ALIPAY_APP_ID": "2021000000000001",
        "ALIPAY_APP_PRIVATE_KEY": key_pair("app")[0],
        "ALIPAY_PUBLIC_KEY": key_pair("Alipay")[1],
        "SECRET_KEY": "9c1d7ae84260b35f0c6d21f4a97be385",
        "PUBLIC_URL": "https://members.example.com",
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


def web_values(**changes: str | None) -> dict[str, str]:
    """The same with a web app."""
    web = {
        "ALIPAY_WEB_APP_ID": "2021000000000002",
        "ALIPAY_WEB_APP_PRIVATE_KEY": key_pair("web")[0],
        "ALIPAY_WEB_PUBLIC_KEY": key_pair("Alipay")[1],
    }
    return values(**(web | changes))


def refusal(call, *args, **options) -> SettingsError:
    """The error with which `call` refuses the settings: one line, which never quotes a key."""
    with pytest.raises(SettingsError) as caught:
        call(*args, **options)
    error = caught.value
    for text in (str(error), error.zh):
        assert "\n" not in text
        assert "{" not in text
        assert key_pair("app")[0] not in text
    return error
