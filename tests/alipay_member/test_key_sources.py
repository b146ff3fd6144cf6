"""The forms in which a key may be given, and how an invalid one is refused."""

import os
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from alipay_member import AlipayClient, KeyFormatError
from alipay_member.keys import load_private_key, load_public_key
from explained import describe, explain
from wire import client_options, key


class Folder(os.PathLike):
    """A path of a kind of its own."""

    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return str(self.path)


def one_line(pem):
    return b"".join(pem.splitlines()[1:-1])


def numbers(key):
    """What two loaded keys have in common if they are the same."""
    return key.private_numbers() if hasattr(key, "private_numbers") else key.public_numbers()


def own_pem():
    return key("app").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def own_der():
    return key("app").private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def alipays_pem():
    return public_bytes(Encoding.PEM)


def alipays_der():
    return public_bytes(Encoding.DER)


def public_bytes(encoding):
    public_key = key("alipay").public_key()
    return public_key.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


def refused(load, given):
    with pytest.raises(KeyFormatError) as caught:
        load(given)
    return caught.value


@pytest.mark.parametrize("form", [lambda pem: pem, one_line, lambda pem: b"\xef\xbb\xbf" + pem])
def test_a_key_is_taken_as_bytes_and_from_a_path(tmp_path, form):
    path = tmp_path / "key"
    for load, pem, loaded in (
        (load_private_key, own_pem(), key("app")),
        (load_public_key, alipays_pem(), key("alipay").public_key()),
    ):
        path.write_bytes(form(pem))
        for given in (form(pem), path, Folder(path), str(path)):
            assert numbers(load(given)) == numbers(loaded)


def test_a_client_takes_a_path_and_bytes(tmp_path):
    path = tmp_path / "app.pem"
    path.write_bytes(own_pem())
    options = {"app_private_key": path, "alipay_public_key": alipays_pem()}
    client = AlipayClient(**client_options() | options)
    assert client.app_public_key == key("app").public_key()
    assert client.alipay_public_key == key("alipay").public_key()


NO_KEYS = {
    "None": (None, "empty", "nothing is given"),
    "no bytes": (b"", "empty", "nothing is given"),
    "white space": (b" \n", "empty", "nothing is given"),
    "a number": (7, "type", "is given as int"),
    "a list": (["key.pem"], "type", "is given as list"),
    "bytes in Chinese": ("密钥".encode("gbk"), "binary", "not text"),
    "a path": ("/etc/alipay/appkey", "no-file", "no such file"),
    "a relative path": ("keys/app/private", "no-file", "no such file"),
    "a path with an ending": ("keys/app.pem", "no-file", "no such file"),
    "Windows' path": ("keys\\app", "no-file", "no such file"),
    "a path as bytes": (b"/etc/alipay/appkey", "no-file", "no such file"),
    "a path of another kind": (Folder("appkey"), "no-file", "no such file"),
}
either = pytest.mark.parametrize("load", [load_private_key, load_public_key])


@either
@pytest.mark.parametrize(("given", "reason", "words"), NO_KEYS.values(), ids=NO_KEYS)
def test_an_invalid_key_is_named_for_what_it_is(load, given, reason, words):
    error = refused(load, given)
    assert error.key == f"key-format:{reason}"
    assert words in error.message
    assert "belongs here" not in error.message


@either
@pytest.mark.parametrize(
    "make", [own_der, alipays_der, lambda: own_pem().decode().encode("utf-16")]
)
def test_bytes_that_are_no_text_are_named(load, make):
    assert refused(load, make()).key == "key-format:binary"


@either
def test_cut_bytes_are_named(load):
    assert refused(load, own_pem()[:600]).key == "key-format:cut"


def test_a_key_of_another_algorithm_is_refused_loaded_too():
    error = refused(load_private_key, ec.generate_private_key(ec.SECP256R1()))
    assert error.reason == "type"


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_a_path_without_a_file_is_named(tmp_path, folder):
    assert refused(load_private_key, tmp_path / folder).reason == "no-file"


def test_a_file_without_text_is_named(tmp_path):
    for content, reason in ((b"", "empty"), (b"\n", "empty"), (own_der(), "binary")):
        (tmp_path / "key").write_bytes(content)
        for given in (tmp_path / "key", str(tmp_path / "key")):
            assert refused(load_private_key, given).reason == reason


def test_no_key_is_so_short_that_it_is_taken_for_a_path():
    """The shortest that are accepted have 1024 bits: none of them is, whatever it holds."""
    shortest = "MIGJAoGB" + "/" * 180
    assert refused(load_public_key, shortest).reason == "no-key"
    assert refused(load_public_key, shortest[:187]).reason == "no-file"


def test_a_client_names_a_setting_that_is_not_set():
    error = refused(
        lambda given: AlipayClient(**client_options() | {"app_private_key": given}),
        os.environ.get("ALIPAY_NO_SUCH_NAME"),
    )
    assert "environment variable" in describe(error, "en").hint
    assert "环境变量" in describe(error, "zh").hint


def reasons_of(kind):
    listed = re.search(r"`reason` is (.*)", kind.__doc__, re.DOTALL)[1]
    return re.findall(r"[a-z-]{3,}", re.sub(r"\([^)]*\)", "", listed))


def test_each_reason_of_a_key_is_explained_in_both_languages():
    reasons = reasons_of(KeyFormatError)
    assert {"empty", "type", "no-file", "binary", "app-key"} <= set(reasons)
    for reason in reasons:
        assert [len(explain(f"key-format:{reason}", lang)) for lang in ("zh", "en")] == [2, 2]
