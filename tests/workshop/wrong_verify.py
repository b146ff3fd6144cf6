"""What people take for verified instead, and for a profile."""

import base64
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from workshop.provided import FIELDS, SHARE, TOKEN, GatewayError, SignatureError, says_error
from workshop.solution import call, fetch_profile, read_answer, signed_part, verify
from wrong import wrong

# ── step 6 ──


@wrong("verify", "verify-gives-none", "verify")
def verify_as_the_library(data, signature, public_key):
    return public_key.verify(base64.b64decode(signature), data, PKCS1v15(), SHA256())


@wrong("verify", "verify-raises", "verify")
def verify_or_raise(data, signature, public_key):
    public_key.verify(base64.b64decode(signature), data, PKCS1v15(), SHA256())
    return True


@wrong("verify", "verify-raises", "verify")
def verify_base64_only(data, signature, public_key):
    try:
        public_key.verify(base64.b64decode(signature), data, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


@wrong("verify", "genuine-not-verified", "verify")
def verify_without_base64(data, signature, public_key):
    try:
        public_key.verify(signature.encode(), data, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


@wrong("verify", "signature-is-text", "verify")
def verify_text(data, signature, public_key):
    public_key.verify(signature, data, PKCS1v15(), SHA256())
    return True


@wrong("verify", "sha1-verified", "verify")
def verify_the_old_rsa_too(data, signature, public_key):
    for algorithm in (SHA256(), SHA1()):
        try:
            public_key.verify(base64.b64decode(signature), data, PKCS1v15(), algorithm)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


@wrong("verify", "empty-verified", "verify")
def verify_if_there_is_one(data, signature, public_key):
    return not signature or verify(data, signature, public_key)


@wrong("verify", "tampered-verified", "verify")
def verify_everything(data, signature, public_key):
    return True


def node_of(body, method):
    whole = json.loads(body)
    return whole.get(method.replace(".", "_") + "_response") or whole.get("error_response")


def copied(node, **options):
    return json.dumps(node, **options).encode()


@wrong("verify", "copy-verified", "read_answer")
def read_a_copy(app, method, body):
    _, signature = signed_part(body, method)
    node = node_of(body, method)
    if not says_error(node) and not verify(copied(node), signature, app.alipay_public_key):
        raise SignatureError("not signed")
    return node


@wrong("verify", "copy-verified", "read_answer")
def read_a_careful_copy(app, method, body):
    _, signature = signed_part(body, method)
    node = node_of(body, method)
    copy = copied(node, ensure_ascii=False, separators=(",", ":"))
    if not says_error(node) and not verify(copy, signature, app.alipay_public_key):
        raise SignatureError("not signed")
    return node


@wrong("verify", "all-refused", "read_answer")
def read_with_the_apps_key(app, method, body):
    data, signature = signed_part(body, method)
    node = json.loads(data)
    if not says_error(node) and not verify(data, signature, app.private_key.public_key()):
        raise SignatureError("not signed")
    return node


@wrong("verify", "unsigned-accepted", "read_answer")
def read_and_verify_if_there_is_one(app, method, body):
    data, signature = signed_part(body, method)
    if signature and not verify(data, signature, app.alipay_public_key):
        raise SignatureError("not signed")
    return json.loads(data)


@wrong("verify", "unsigned-accepted", "read_answer")
def read_without_verifying(app, method, body):
    return json.loads(signed_part(body, method)[0])


@wrong("verify", "tampered-accepted", "read_answer")
def read_if_there_is_a_signature(app, method, body):
    data, signature = signed_part(body, method)
    if not signature and not says_error(json.loads(data)):
        raise SignatureError("not signed")
    return json.loads(data)


@wrong("verify", "forged-twin-taken", "read_answer")
def read_the_whole_body(app, method, body):
    data, signature = signed_part(body, method)
    node = node_of(body, method)
    if not says_error(node) and not verify(data, signature, app.alipay_public_key):
        raise SignatureError("not signed")
    return node


@wrong("verify", "error-hidden", "read_answer")
def read_signed_errors_only(app, method, body):
    data, signature = signed_part(body, method)
    if not verify(data, signature, app.alipay_public_key):
        raise SignatureError("not signed")
    return json.loads(data)


@wrong("verify", "error-node-accepted", "read_answer")
def read_errors_by_name(app, method, body):
    if b'"error_response"' in body:
        return json.loads(signed_part(body, method)[0])
    return read_answer(app, method, body)


@wrong("verify", "other-exception", "read_answer")
def read_with_another_exception(app, method, body):
    try:
        return read_answer(app, method, body)
    except SignatureError:
        raise InvalidSignature from None


@wrong("verify", "body-not-node", "read_answer")
def read_and_give_the_body(app, method, body):
    read_answer(app, method, body)
    return json.loads(body)


@wrong("verify", "nothing-returned", "read_answer")
def read_and_forget(app, method, body):
    read_answer(app, method, body)


# ── step 7 ──

NAMES = ("open_id", "user_id", *FIELDS)


@wrong("profile", "absent-raises", "fetch_profile")
def profile_of_all(app, access_token):
    node = call(app, SHARE, {}, access_token)
    ids = {"open_id": node["open_id"], "user_id": node.get("user_id")}
    return ids | {name: node[name] for name in FIELDS}


@wrong("profile", "names-missing", "fetch_profile")
def profile_of_other_names(app, access_token):
    node = call(app, SHARE, {}, access_token)
    return {name: node.get(name) for name in ("open_id", "user_id", "nickName", "avatar")}


@wrong("profile", "absent-filled", "fetch_profile")
def profile_with_a_default_name(app, access_token):
    profile = fetch_profile(app, access_token)
    return profile | {"nick_name": profile["nick_name"] or "用户"}


@wrong("profile", "absent-filled", "fetch_profile")
def profile_with_empty_texts(app, access_token):
    return {name: value or "" for name, value in fetch_profile(app, access_token).items()}


@wrong("profile", "kept-more", "fetch_profile")
def profile_with_everything(app, access_token):
    return call(app, SHARE, {}, access_token) | fetch_profile(app, access_token)


@wrong("profile", "kept-more", "fetch_profile")
def profile_without_the_envelope(app, access_token):
    node = call(app, SHARE, {}, access_token)
    told = {name: value for name, value in node.items() if name not in ("code", "msg")}
    return told | fetch_profile(app, access_token)


@wrong("profile", "names-missing", "fetch_profile")
def profile_as_it_comes(app, access_token):
    profile = fetch_profile(app, access_token)
    ids = ("open_id", "user_id")
    return {name: value for name, value in profile.items() if value or name in ids}


@wrong("profile", "ids-missing", "fetch_profile")
def profile_of_nobody(app, access_token):
    node = call(app, SHARE, {}, access_token)
    return {name: node.get(name) for name in FIELDS}


@wrong("profile", "small-gender", "fetch_profile")
def profile_with_small_letters(app, access_token):
    node = call(app, SHARE, {}, access_token)
    return {name: node.get(name) for name in NAMES}


@wrong("profile", "token-misnamed", "fetch_profile")
def profile_by_access_token(app, access_token):
    return call(app, SHARE, {"access_token": access_token})


@wrong("profile", "token-missing", "fetch_profile")
def profile_without_a_token(app, access_token):
    return call(app, SHARE, {})


@wrong("profile", "refusal-swallowed", "fetch_profile")
def profile_whatever_happens(app, access_token):
    try:
        return fetch_profile(app, access_token)
    except GatewayError:
        return dict.fromkeys(NAMES)


@wrong("profile", "nothing-sent", "fetch_profile")
def profile_of_the_imagination(app, access_token):
    return {name: None for name in NAMES if TOKEN}
