"""What people write instead of the string to sign, and of its signature."""

import base64
import hashlib
from urllib.parse import quote, quote_plus, urlencode

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from workshop.solution import sign, string_to_sign
from wrong import pairs, without, wrong

# ── step 1 ──


@wrong("string-to-sign", "unsorted", "string_to_sign")
def in_the_order_given(parameters):
    return pairs(without(parameters, "sign"))


@wrong("string-to-sign", "sign-kept", "string_to_sign")
def with_the_signature(parameters):
    return pairs(dict(sorted(without(parameters).items())))


@wrong("string-to-sign", "sign-type-dropped", "string_to_sign")
def without_sign_type(parameters):
    return pairs(dict(sorted(without(parameters, "sign", "sign_type").items())))


@wrong("string-to-sign", "empty-kept", "string_to_sign")
def with_empty_values(parameters):
    return pairs({name: parameters[name] for name in sorted(parameters) if name != "sign"})


@wrong("string-to-sign", "url-encoded", "string_to_sign")
def url_encoded(parameters):
    return urlencode(sorted(without(parameters, "sign").items()))


@wrong("string-to-sign", "url-encoded", "string_to_sign")
def url_encoded_by_hand(parameters):
    given = sorted(without(parameters, "sign").items())
    return "&".join(f"{name}={quote(value)}" for name, value in given)


@wrong("string-to-sign", "trailing", "string_to_sign")
def with_an_ampersand_too_many(parameters):
    text = ""
    for name, value in sorted(without(parameters, "sign").items()):
        text += f"{name}={value}&"
    return text


@wrong("string-to-sign", "changed-parameters", "string_to_sign")
def pops_the_signature(parameters):
    parameters.pop("sign", None)
    return string_to_sign(parameters)


@wrong("string-to-sign", "nothing-returned", "string_to_sign")
def forgets_to_return(parameters):
    string_to_sign(parameters)


@wrong("string-to-sign", "other-type", "string_to_sign")
def gives_bytes(parameters):
    return string_to_sign(parameters).encode()


@wrong("string-to-sign", "other", "string_to_sign")
def in_capitals(parameters):
    return string_to_sign(parameters).upper()


@wrong("string-to-sign", "stripped", "string_to_sign")
def strips_the_values(parameters):
    return string_to_sign({name: value.strip() for name, value in parameters.items()})


# ── step 2 ──


def rsa(text, key, algorithm=None, padding=None):
    return key.sign(text.encode(), padding or PKCS1v15(), algorithm or SHA256())


@wrong("sign", "sha1", "sign")
def sign_with_sha1(text, key):
    return base64.b64encode(rsa(text, key, SHA1())).decode()


@wrong("sign", "pss", "sign")
def sign_with_pss(text, key):
    padding = PSS(mgf=MGF1(SHA256()), salt_length=PSS.MAX_LENGTH)
    return base64.b64encode(rsa(text, key, padding=padding)).decode()


@wrong("sign", "pss", "sign")
def sign_with_pss_as_bytes(text, key):
    return sign_with_pss(text, key).encode()


@wrong("sign", "bytes", "sign")
def sign_as_bytes(text, key):
    return base64.b64encode(rsa(text, key))


@wrong("sign", "not-base64", "sign")
def sign_without_base64(text, key):
    return rsa(text, key)


@wrong("sign", "not-base64", "sign")
def sign_in_latin_1(text, key):
    return rsa(text, key).decode("latin-1")


@wrong("sign", "signature-decoded", "sign")
def sign_and_decode(text, key):
    return rsa(text, key).decode()


@wrong("sign", "not-every-character", "sign")
def sign_in_ascii(text, key):
    return base64.b64encode(key.sign(text.encode("ascii"), PKCS1v15(), SHA256())).decode()


@wrong("sign", "hex", "sign")
def sign_in_hex(text, key):
    return rsa(text, key).hex()


@wrong("sign", "repr", "sign")
def sign_as_python_writes_it(text, key):
    return str(base64.b64encode(rsa(text, key)))


@wrong("sign", "line-breaks", "sign")
def sign_in_lines(text, key):
    return base64.encodebytes(rsa(text, key)).decode()


@wrong("sign", "url-safe", "sign")
def sign_for_urls(text, key):
    return base64.urlsafe_b64encode(rsa(text, key)).decode()


@wrong("sign", "encoded-signature", "sign")
def sign_and_encode(text, key):
    return quote_plus(base64.b64encode(rsa(text, key)).decode())


@wrong("sign", "hashed-twice", "sign")
def sign_the_digest(text, key):
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b64encode(key.sign(digest, PKCS1v15(), SHA256())).decode()


@wrong("sign", "text-passed", "sign")
def sign_the_text_itself(text, key):
    return base64.b64encode(key.sign(text, PKCS1v15(), SHA256())).decode()


@wrong("sign", "classes-passed", "sign")
def sign_with_classes(text, key):
    return base64.b64encode(key.sign(text.encode(), PKCS1v15, SHA256)).decode()


@wrong("sign", "classes-passed", "sign")
def sign_with_another_hash_class(text, key):
    return base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256)).decode()


@wrong("sign", "gbk", "sign")
def sign_gbk(text, key):
    return base64.b64encode(key.sign(text.encode("gbk"), PKCS1v15(), SHA256())).decode()


@wrong("sign", "other", "sign")
def sign_something_else(text, key):
    return sign(text + "\n", key)
