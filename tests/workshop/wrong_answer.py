"""What people cut out of an answer, verify and read from it, where the first tries were right."""

import base64
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from workshop.provided import FIELDS, SHARE, SignatureError
from workshop.solution import call, fetch_profile
from wrong import wrong

# ── step 5 ──


def where(body, method, charset):
    """The text, the name of its node and what follows the name's quotation mark."""
    text = body.decode(charset)
    name = method.replace(".", "_") + "_response"
    if f'"{name}"' not in text:
        name = "error_response"
    return text, text.index(f'"{name}"') + len(name) + 2


@wrong("signed-part", "charset-ignored", "signed_part")
def cut_and_encode_as_ever(body, method, charset="utf-8"):
    text, behind = where(body, method, charset)
    start = text.index("{", behind)
    _, end = json.JSONDecoder().raw_decode(text, start)
    return text[start:end].encode(), json.loads(text).get("sign", "")


@wrong("signed-part", "white-space", "signed_part")
def cut_one_character_behind_the_name(body, method, charset="utf-8"):
    text, behind = where(body, method, charset)
    _, end = json.JSONDecoder().raw_decode(text, text.index("{", behind))
    return text[behind + 1 : end].encode(charset), json.loads(text).get("sign", "")


@wrong("signed-part", "white-space", "signed_part")
def cut_two_characters_behind_the_name(body, method, charset="utf-8"):
    text, behind = where(body, method, charset)
    node = text[behind + 1 :]
    length = len(json.dumps(json.JSONDecoder().raw_decode(node.lstrip(" :"))[0]))
    if node.startswith("{"):
        _, length = json.JSONDecoder().raw_decode(node)
    return node[:length].encode(charset), json.loads(text).get("sign", "")


@wrong("signed-part", "other-cut", "signed_part")
def cut_too_little(body, method, charset="utf-8"):
    text, behind = where(body, method, charset)
    _, end = json.JSONDecoder().raw_decode(text, text.index("{", behind))
    return text[behind + 5 : end].encode(charset), json.loads(text).get("sign", "")


@wrong("signed-part", "no-answer", "signed_part")
def cut_whatever_the_decoder_says(body, method, charset="utf-8"):
    try:
        text, behind = where(body, method, charset)
        start = text.index("{", behind)
    except ValueError:
        raise SignatureError("no node") from None
    _, end = json.JSONDecoder().raw_decode(text, start)
    return text[start:end].encode(charset), json.loads(text).get("sign", "")


# ── step 6 ──


@wrong("verify", "result-of-verify", "verify")
def verify_and_ask_for_the_result(data, signature, public_key):
    try:
        if public_key.verify(base64.b64decode(signature), data, PKCS1v15(), SHA256()):
            return True
    except (InvalidSignature, ValueError):
        return False
    return False


@wrong("verify", "result-of-verify", "verify")
def verify_as_a_truth(data, signature, public_key):
    try:
        raw = base64.b64decode(signature)
        return bool(public_key.verify(raw, data, PKCS1v15(), SHA256()))
    except (InvalidSignature, ValueError):
        return False


# ── step 7 ──


@wrong("profile", "absent-used", "fetch_profile")
def profile_with_any_gender_in_capitals(app, access_token):
    node = call(app, SHARE, {}, access_token)
    profile = {name: node.get(name) for name in ("open_id", "user_id", *FIELDS)}
    return profile | {"gender": profile["gender"].upper()}


@wrong("profile", "token-in-body", "fetch_profile")
def profile_by_a_parameter_of_the_method(app, access_token):
    return call(app, SHARE, {"auth_token": access_token})


@wrong("profile", "names-missing", "fetch_profile")
def profile_without_user_id(app, access_token):
    profile = fetch_profile(app, access_token)
    return {name: value for name, value in profile.items() if name != "user_id"}
