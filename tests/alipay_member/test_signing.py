"""Keys and signatures against OpenSSL's command line, which makes every vector here."""

import base64
import re
import subprocess
import traceback
from pathlib import Path

import pytest

from alipay_member.errors import KeyFormatError
from alipay_member.keys import load_private_key, load_public_key
from alipay_member.signing import sign, string_to_sign, verify, why_not_verified
from explained import support_question
from helpers import needs

pytestmark = needs("openssl")
DATA = "app_id=2014072300007148&charset=utf-8&nick=王誠".encode()

URL_SAFE = str.maketrans("+/", "-_")  # the other base64 alphabet


class OpenSSL:
    """Runs openssl in a folder of its own; files are named, texts come back."""

    def __init__(self, folder: Path):
        self.folder = folder

    def __call__(self, *arguments: str, data: bytes = b"") -> bytes:
        command = ["openssl", *arguments]
        return subprocess.run(
            command, cwd=self.folder, input=data, capture_output=True, check=True
        ).stdout

    def text(self, *arguments: str) -> str:
        return self(*arguments).decode()

    def signature(self, key: str, data: bytes = DATA, digest: str = "-sha256") -> str:
        return base64.b64encode(self("dgst", digest, "-sign", key, data=data)).decode()


@pytest.fixture(scope="session")
def openssl(tmp_path_factory):
    """OpenSSL with its keys: rsa2048, rsa4096, rsa1024, other (2048 too) and ec."""
    run = OpenSSL(tmp_path_factory.mktemp("openssl"))
    for name, bits in (
        ("rsa2048", "2048"),
        ("rsa4096", "4096"),
        ("rsa1024", "1024"),
        ("other", "2048"),
    ):
        run("genrsa", "-out", name, bits)
    run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ec")
    return run


def pkcs1(openssl, key="rsa2048"):
    return openssl.text("pkey", "-traditional", "-in", key)


def pkcs8(openssl, key="rsa2048"):
    return openssl.text("pkcs8", "-topk8", "-nocrypt", "-in", key)


def public(openssl, key="rsa2048"):
    return openssl.text("pkey", "-pubout", "-in", key)


def public_pkcs1(openssl, key="rsa2048"):
    return openssl.text("rsa", "-RSAPublicKey_out", "-in", key)


def one_line(pem):
    return "".join(line for line in pem.splitlines() if "-----" not in line)


FORMS = {
    "PEM": lambda pem: pem,
    "CRLF": lambda pem: pem.replace("\n", "\r\n"),
    "literal backslash n": lambda pem: pem.replace("\n", "\\n"),
    "one PEM line": lambda pem: pem.replace("\n", " "),
    "one base64 line": one_line,
    "base64 in lines": lambda pem: "\n".join(pem.splitlines()[1:-1]),
    "BOM and white space": lambda pem: f"\ufeff{pem}\n \n",
}
form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
private_encoding = pytest.mark.parametrize("encode", [pkcs1, pkcs8])
public_encoding = pytest.mark.parametrize("encode", [public, public_pkcs1])


@form
@private_encoding
def test_load_private_key_takes_every_form(openssl, form, encode):
    assert sign(DATA, load_private_key(form(encode(openssl)))) == openssl.signature("rsa2048")


@form
@public_encoding
def test_load_public_key_takes_every_form(openssl, form, encode):
    assert verify(DATA, openssl.signature("rsa2048"), load_public_key(form(encode(openssl))))


@form
@pytest.mark.parametrize(
    "name", ["app.pem", "密钥 1.txt", "keys\\new.pem"]
)  # the last is a path on Windows
def test_load_key_takes_a_files_path(openssl, tmp_path, form, name):
    path = tmp_path / name
    path.write_bytes(form(pkcs8(openssl)).encode())
    assert load_private_key(f" {path}\n").key_size == 2048
    path.write_bytes(form(public(openssl)).encode())
    assert load_public_key(str(path)).key_size == 2048


@private_encoding
def test_load_key_takes_4096_bits(openssl, encode):
    text = one_line(encode(openssl, "rsa4096"))
    assert sign(DATA, load_private_key(text)) == openssl.signature("rsa4096")
    assert verify(DATA, openssl.signature("rsa4096"), load_public_key(public(openssl, "rsa4096")))


def test_load_key_warns_of_1024_bits_but_takes_them(openssl):
    with pytest.warns(UserWarning, match="1024 bits"):
        key = load_private_key(pkcs8(openssl, "rsa1024"))
    with pytest.warns(UserWarning, match="1024 bits"):
        load_public_key(public(openssl, "rsa1024"))
    assert sign(DATA, key) == openssl.signature("rsa1024")


def certificate(openssl):
    return openssl.text(
        "req", "-x509", "-new", "-key", "rsa2048", "-subj", "/CN=example", "-days", "2"
    )


def encrypted_pkcs8(openssl):
    return openssl.text(
        "pkcs8", "-topk8", "-v2", "aes256", "-passout", "pass:example", "-in", "rsa2048"
    )


def encrypted_pkcs1(openssl):
    return openssl.text(
        "pkey", "-traditional", "-aes256", "-passout", "pass:example", "-in", "rsa2048"
    )


def middle_cut_out(pem):
    lines = pem.splitlines()
    return "\n".join(lines[:8] + lines[12:])


NO_PRIVATE_KEY = {
    "public PEM": (public, "this is a public key"),
    "public, one line": (lambda o: one_line(public(o)), "this is a public key"),
    "public PKCS#1": (public_pkcs1, "this is a public key"),
    "encrypted PKCS#8": (encrypted_pkcs8, "encrypted"),
    "encrypted PKCS#8, one line": (lambda o: one_line(encrypted_pkcs8(o)), "encrypted"),
    "encrypted PKCS#1": (encrypted_pkcs1, "encrypted"),
    "EC PKCS#8": (lambda o: pkcs8(o, "ec"), "another kind"),
    "EC, traditional": (lambda o: pkcs1(o, "ec"), "another kind"),
    "certificate": (certificate, "certificate"),
    "cut PEM": (lambda o: pkcs8(o)[:600], "cut"),
    "END line lost": (lambda o: pkcs8(o).rpartition("-----END")[0], "cut"),
    "lines lost": (lambda o: middle_cut_out(pkcs8(o)), "not an RSA private key"),
    "cut base64": (lambda o: one_line(pkcs8(o))[:601], "cut or damaged"),
    "garbage": (lambda o: "把应用私钥放在这里", "nor one line of base64"),
    "other base64": (lambda o: "aGVsbG8gd29ybGQh", "not an RSA private key"),
    "missing file": (lambda o: "no-such-folder/nothing-at-all.pem", "there is no such file"),
    "empty": (lambda o: " \n", "empty"),
}
NO_PUBLIC_KEY = {
    "private PKCS#8": (pkcs8, "this is a private key"),
    "private PKCS#1, one line": (lambda o: one_line(pkcs1(o)), "this is a private key"),
    "EC": (lambda o: public(o, "ec"), "another kind"),
    "certificate": (certificate, "certificate"),
    "cut PEM": (lambda o: public(o)[:200], "cut"),
    "cut base64": (lambda o: one_line(public(o))[:201], "cut or damaged"),
    "garbage": (lambda o: "<支付宝公钥>", "nor one line of base64"),
    "other base64": (lambda o: "aGVsbG8gd29ybGQh", "not an RSA public key"),
    "missing file": (lambda o: "no-such-folder/nothing-at-all.pem", "there is no such file"),
    "empty": (lambda o: "", "empty"),
}
WRONG = [(load_private_key, *row) for row in NO_PRIVATE_KEY.values()]
WRONG += [(load_public_key, *row) for row in NO_PUBLIC_KEY.values()]


@pytest.mark.parametrize(("load", "make", "named"), WRONG, ids=[*NO_PRIVATE_KEY, *NO_PUBLIC_KEY])
@pytest.mark.parametrize("as_file", [False, True], ids=["text", "file"])
def test_load_key_names_what_it_found_instead_and_quotes_nothing(
    openssl, tmp_path, load, make, named, as_file
):
    text = given = make(openssl)
    if as_file and named not in ("empty", "there is no such file"):
        given = str(tmp_path / "key.pem")
        Path(given).write_text(text, "utf-8")
    with pytest.raises(KeyFormatError, match=named) as caught:
        load(given)
    shown = (
        "".join(traceback.format_exception(caught.value))
        + repr(caught.value)
        + support_question(caught.value, "zh")
    )
    body = one_line(text)
    assert not any(body[at : at + 12] in shown for at in range(0, len(body) - 12, 6))


@pytest.mark.parametrize(
    ("signature", "verdict"),
    [
        (lambda o: o.signature("rsa2048"), True),
        (lambda o: o.signature("rsa2048", DATA + b" "), False),
        (lambda o: o.signature("rsa2048", digest="-sha1"), False),
        (lambda o: o.signature("other"), False),
        (lambda o: o.signature("rsa2048")[:-4], False),
        (lambda o: "!" + o.signature("rsa2048"), False),
        (lambda o: "", False),
        (lambda o: "签名", False),
    ],
    ids=["right", "other data", "SHA-1", "other key", "cut", "no base64", "empty", "Chinese"],
)
def test_verify_accepts_only_rsa2_over_these_bytes(openssl, signature, verdict):
    assert verify(DATA, signature(openssl), load_public_key(public(openssl))) is verdict


def test_sign_is_accepted_by_openssl(openssl):
    signature = base64.b64decode(sign(DATA, load_private_key(pkcs8(openssl))))
    (openssl.folder / "signature").write_bytes(signature)
    (openssl.folder / "public").write_text(public(openssl))
    assert b"Verified OK" in openssl(
        "dgst", "-sha256", "-verify", "public", "-signature", "signature", data=DATA
    )


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        (lambda o: o.signature("rsa2048"), None),
        (lambda o: "", "unsigned"),
        (lambda o: o.signature("rsa2048", b"something else"), "tampered"),
        (lambda o: o.signature("rsa2048", digest="-sha1"), "sha1"),
        (lambda o: o.signature("rsa4096"), "app-key"),
        (lambda o: o.signature("other"), "wrong-key"),
        (lambda o: o.signature("rsa2048")[:-4], "damaged"),
        (lambda o: o.signature("rsa2048")[:100], "damaged"),
        (lambda o: o.signature("rsa2048").rstrip("="), "damaged"),
        (lambda o: o.signature("rsa2048") + "\n", "damaged"),
        (lambda o: "\n".join(re.findall(".{1,76}", o.signature("rsa2048"))), "damaged"),
        (lambda o: base64.b64decode(o.signature("rsa2048")).hex(), "damaged"),
        (lambda o: o.signature("rsa2048").translate(URL_SAFE), "damaged"),
        (lambda o: "no signature", "damaged"),
    ],
)
def test_why_not_verified_names_the_reason(openssl, signature, reason):
    alipay_key, app_key = (
        load_public_key(public(openssl, name)) for name in ("rsa2048", "rsa4096")
    )
    assert why_not_verified(DATA, signature(openssl), alipay_key, app_key) == reason


def test_why_not_verified_refuses_the_apps_own_key_in_alipays_place(openssl):
    own = load_public_key(public(openssl))
    assert why_not_verified(DATA, openssl.signature("rsa2048"), own, own) == "app-key"


def test_string_to_sign_is_sorted_raw_and_without_sign_and_empty_values():
    common = {"version": "1.0", "sign": "x", "sign_type": "RSA2", "auth_token": ""}
    assert string_to_sign(
        common | {"biz_content": '{"a":"b&c=d/王"}', "App": "a", "app_id": "1 "}
    ) == ('App=a&app_id=1 &biz_content={"a":"b&c=d/王"}&sign_type=RSA2&version=1.0')
