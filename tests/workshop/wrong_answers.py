"""What people write instead, and the error that the check must find.

A row is (function, error key, change): the solution with one change in one function. A change is
either a dict of replacements in the function's text, or a whole new body. A body may use what
PRELUDE imports and defines; `right` is the unchanged solution.
"""

PRELUDE = """
import hashlib
import random
import re
import uuid
from datetime import timezone
from urllib.parse import quote, quote_plus

import requests
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import MD5, SHA1

from workshop import solution as right

COLUMNS = ("id", "app_id", "open_id", "user_id", "first_seen", *FIELDS)
EMPTY = {"app_auth_token": ""}
SETS = ", ".join(f"{name} = ?" for name in FIELDS)
FIND = "SELECT id FROM members WHERE app_id = ? AND (open_id = ? OR user_id = ?)"


def insert(db, app_id, profile, verb="INSERT", **more):
    row = {"id": secrets.token_hex(8), "app_id": app_id, "first_seen": int(time.time())}
    row |= profile | more
    marks = ", ".join("?" * len(COLUMNS))
    values = [row[name] for name in COLUMNS]
    db.execute(f"{verb} INTO members ({', '.join(COLUMNS)}) VALUES ({marks})", values)


def update(db, profile, where, *values):
    fields = [profile[name] for name in FIELDS]
    return db.execute(f"UPDATE members SET {SETS} WHERE {where}", (*fields, *values)).rowcount
"""

JOIN = '"&".join(f"{name}={value}" for name, value in sorted(signed.items()))'
STRING_TO_SIGN = [
    ("string_to_sign", "unsorted", {"sorted(signed.items())": "signed.items()"}),
    ("string_to_sign", "values-only", {'f"{name}={value}"': "value"}),
    ("string_to_sign", "no-names", {'f"{name}={value}"': "value", '"&".join': '"".join'}),
    ("string_to_sign", "glued", {'"&".join': '"".join'}),
    ("string_to_sign", "trailing", {JOIN: f'{JOIN} + "&"'}),
    ("string_to_sign", "sign-kept", {'name != "sign" and value': "value"}),
    ("string_to_sign", "sign-type-dropped", {'!= "sign"': 'not in ("sign", "sign_type")'}),
    ("string_to_sign", "empty-kept", {" and value}": "}"}),
    ("string_to_sign", "url-encoded", {JOIN: "urlencode(sorted(signed.items()))"}),
    ("string_to_sign", "url-encoded", {'={value}"': '={quote(value)}"'}),
    ("string_to_sign", "stripped", {'={value}"': '={value.strip()}"'}),
    (
        "string_to_sign",
        "changed-parameters",
        """
        parameters.pop("sign", None)
        return right.string_to_sign(parameters)
        """,
    ),
    ("string_to_sign", "nothing-returned", {"return ": ""}),
    ("string_to_sign", "other-type", {JOIN: f"{JOIN}.encode()"}),
    ("string_to_sign", "other", {JOIN: f"{JOIN}.upper()"}),
]

BASE64 = 'base64.b64encode(signature).decode("ascii")'
SIGN = [
    ("sign", "sha1", {"SHA256()": "SHA1()"}),
    ("sign", "md5", {"SHA256()": "MD5()"}),
    ("sign", "pss", {"PKCS1v15()": "PSS(MGF1(SHA256()), PSS.MAX_LENGTH)"}),
    (
        "sign",
        "pss",
        {"PKCS1v15()": "PSS(MGF1(SHA256()), PSS.MAX_LENGTH)", '.decode("ascii")': ""},
    ),
    ("sign", "bytes", {'.decode("ascii")': ""}),
    ("sign", "not-base64", {BASE64: "signature"}),
    ("sign", "not-base64", {BASE64: 'signature.decode("latin-1")'}),
    ("sign", "signature-decoded", {BASE64: "signature.decode()"}),
    ("sign", "hex", {BASE64: "signature.hex()"}),
    ("sign", "repr", {BASE64: "str(base64.b64encode(signature))"}),
    ("sign", "line-breaks", {"b64encode": "encodebytes"}),
    ("sign", "url-safe", {"b64encode": "urlsafe_b64encode"}),
    ("sign", "encoded-signature", {BASE64: f"quote_plus({BASE64})"}),
    ("sign", "hashed-twice", {'text.encode("utf-8")': "hashlib.sha256(text.encode()).digest()"}),
    ("sign", "text-passed", {'text.encode("utf-8")': "text"}),
    ("sign", "not-every-character", {'"utf-8"': '"ascii"'}),
    ("sign", "gbk", {'"utf-8"': '"gbk"'}),
    ("sign", "classes-passed", {"PKCS1v15(), SHA256()": "PKCS1v15, SHA256"}),
    ("sign", "classes-passed", {"SHA256()": "SHA256"}),
    ("sign", "other", {'text.encode("utf-8")': '(text + "\\n").encode()'}),
]

RETURN = "return urlencode(common), urlencode(business)"
SIGNED = "string_to_sign(common | business)"
IF_TOKEN = '    if auth_token:\n        common["auth_token"] = auth_token\n'
BUILD_REQUEST = [
    ("build_request", "local-time", {"now, BEIJING": "now"}),
    ("build_request", "utc", {"now, BEIJING": "now, timezone.utc"}),
    ("build_request", "eight-twice", {"now, BEIJING": "now + 8 * 3600, BEIJING"}),
    ("build_request", "own-clock", {"now, BEIJING": "time.time(), BEIJING"}),
    ("build_request", "own-clock-local", {"now, BEIJING": "time.time()"}),
    ("build_request", "half-days", {"%H": "%I"}),
    ("build_request", "timestamp", {"%d %H": "%dT%H"}),
    ("build_request", "half-signed", {SIGNED: "string_to_sign(common)"}),
    ("build_request", "url-encoded", {SIGNED: "urlencode(sorted((common | business).items()))"}),
    (
        "build_request",
        "unsorted",
        {SIGNED: '"&".join(f"{n}={v}" for n, v in (common | business).items())'},
    ),
    ("build_request", "empty-token-signed", {SIGNED: f'{SIGNED[:-1]} | {{"auth_token": "None"}})'}),
    (
        "build_request",
        "sign-type-dropped",
        {SIGNED: f'{SIGNED}.replace("sign_type=RSA2&", "")'},
    ),
    (
        "build_request",
        "empty-kept",
        {
            SIGNED: '"&".join(f"{n}={v}" for n, v in sorted((common | business | EMPTY).items()))',
            "urlencode(common)": "urlencode(common | EMPTY)",
        },
    ),
    ("build_request", "signature", {SIGNED: f'"x" + {SIGNED}'}),
    ("build_request", "signed-too-early", {IF_TOKEN: "", "    return": f"{IF_TOKEN}    return"}),
    ("build_request", "empty-token", {IF_TOKEN: '    common["auth_token"] = str(auth_token)\n'}),
    (
        "build_request",
        "sign-not-encoded",
        {
            RETURN: 'last = common.pop("sign")\n    return f"{urlencode(common)}&sign={last}", '
            "urlencode(business)"
        },
    ),
    ("build_request", "charset-in-body", {RETURN: 'return "", urlencode(common | business)'}),
    ("build_request", "business-in-query", {RETURN: 'return urlencode(common | business), ""'}),
    (
        "build_request",
        "common-in-body",
        {'    common["sign"]': '    business.update(common)\n    common["sign"]'},
    ),
    (
        "build_request",
        "biz-content",
        {"    common = {": '    business = {"biz_content": json.dumps(business)}\n    common = {'},
    ),
    ("build_request", "question-mark", {RETURN: 'return "?" + urlencode(common), ""'}),
    (
        "build_request",
        "encoded-twice",
        {"urlencode(business)": "urlencode({n: quote(v) for n, v in business.items()})"},
    ),
    (
        "build_request",
        "not-url-encoded",
        {"urlencode(business)": '"&".join(f"{n}={v}" for n, v in business.items())'},
    ),
    (
        "build_request",
        "business",
        {"urlencode(business)": "urlencode({n: v[1:] for n, v in business.items()})"},
    ),
    ("build_request", "not-encoded", {RETURN: "return common, business"}),
    ("build_request", "missing-parameter", {'        "version": "1.0",\n': ""}),
    ("build_request", "other-value", {'"JSON"': '"json"'}),
]

READ = "read_answer(app, method, response.content)"
NODE = 'next(node for name, node in response.json().items() if name.endswith("response"))'
POST = "post(url, data=body, headers=FORM"
BUSINESS = '{"grant_type": "authorization_code", "code": auth_code}'
EXCHANGE_CODE = [
    ("call", "other-session", {"app.session.post": "requests.post"}),
    ("call", "no-timeout", {", timeout=(3.05, 10)": ""}),
    ("call", "answer-unread", {READ: NODE}),
    ("call", "body-returned", {READ: "response.json()"}),
    ("call", "not-raw-bytes", {"response.content": "response.text"}),
    ("call", "not-raw-bytes", {"response.content": "response.json()"}),
    ("call", "not-raw-bytes", {"response.content": "response"}),
    ("call", "success-has-no-code", {"says_error(node)": 'node["code"] != "10000"'}),
    ("call", "error-returned", {"says_error(node)": "False"}),
    (
        "call",
        "other-error-passed",
        {"says_error(node)": 'node.get("sub_code") == "isv.code-invalid"'},
    ),
    ("call", "other-error-passed", {"says_error(node)": '"sub_code" in node'}),
    ("call", "sub-code-lost", {"*words": "*words[:2]"}),
    ("call", "words-swapped", {"*words": "*words[2:], *words[:2]"}),
    ("call", "words-absent", {'node.get(name, "")': "node[name]"}),
    ("call", "other-words", {"*words": '"40004", *words[1:]'}),
    ("call", "other-arguments", {"*words": "node"}),
    ("call", "other-arguments", {"GatewayError(*words)": "GatewayError"}),
    ("call", "other-address", {"?{query}": "{query}"}),
    ("call", "query-lost", {POST: 'post(app.gateway_url, data=f"{query}&{body}", headers=FORM'}),
    ("call", "body-lost", {POST: "get(url"}),
    ("call", "body-in-query", {POST: 'post(f"{url}&{body}", headers=FORM'}),
    ("call", "not-a-form", {", headers=FORM": ""}),
    ("call", "changed-on-the-way", {"?{query}": "?{query}&more=1"}),
    ("call", "token-dropped", {"time.time(), auth_token": "time.time()"}),
    (
        "call",
        "asked-twice",
        {"    node =": "    app.session.post(url, data=body, headers=FORM, timeout=5)\n    node ="},
    ),
    ("exchange_code", "nothing-sent", 'return {"access_token": "x"}'),
    ("exchange_code", "biz-content-sent", {BUSINESS: '{"biz_content": auth_code}'}),
    ("exchange_code", "code-misnamed", {'"code":': '"auth_code":'}),
    ("exchange_code", "other-code", {": auth_code}": ": auth_code[::-1]}"}),
    ("exchange_code", "refresh-token-beside", {"auth_code}": 'auth_code, "refresh_token": "2"}'}),
    ("exchange_code", "grant-type", {'"authorization_code"': '"auth_code"'}),
    (
        "exchange_code",
        "no-token",
        """
        right.exchange_code(app, auth_code)
        return {"open_id": "074a1"}
        """,
    ),
    ("exchange_code", "nothing-returned", {"return ": ""}),
    (
        "exchange_code",
        "parts-missing",
        """
        node = right.exchange_code(app, auth_code)
        return {"access_token": node["access_token"], "open_id": node["open_id"]}
        """,
    ),
    (
        "exchange_code",
        "error-swallowed",
        """
        try:
            return right.exchange_code(app, auth_code)
        except GatewayError:
            return {}
        """,
    ),
    (
        "exchange_code",
        "retried",
        """
        for _ in range(3):
            try:
                return right.exchange_code(app, auth_code)
            except GatewayError as error:
                last = error
        raise last
        """,
    ),
    (
        "exchange_code",
        "key-error",
        """
        business = {"grant_type": "authorization_code", "code": auth_code}
        query, body = build_request(app, TOKEN, business, time.time())
        url = f"{app.gateway_url}?{query}"
        answer = app.session.post(url, data=body, headers=FORM, timeout=5)
        node = read_answer(app, TOKEN, answer.content)
        return node | {"access_token": node["access_token"]}
        """,
    ),
]

CUT = "text[start:end].encode(charset)"
START = 'text.index("{", text.index(f\'"{name}"\'))'
DECODE = "_, end = json.JSONDecoder().raw_decode(text, start)"
AFTER_COLON = "text.index(name) + len(name) + 2"
COMPACT = 'ensure_ascii=False, separators=(",", ":")'
SIGNED_PART = [
    ("signed_part", "reserialised", {CUT: "json.dumps(json.loads(text)[name]).encode(charset)"}),
    (
        "signed_part",
        "reserialised",
        {CUT: f"json.dumps(json.loads(text)[name], {COMPACT}).encode(charset)"},
    ),
    ("signed_part", "text-not-bytes", {CUT: "text[start:end]"}),
    ("signed_part", "whole-body", {CUT: "body"}),
    ("signed_part", "with-name", {CUT: "text[text.index(name) - 1 : end].encode(charset)"}),
    ("signed_part", "inner", {"start:end": "start + 1 : end - 1"}),
    ("signed_part", "up-to-sign", {"start:end": "start : text.rindex(',\"sign\"')"}),
    ("signed_part", "to-last-brace", {"start:end": "start : text.rindex('}') + 1"}),
    ("signed_part", "first-brace", {"start:end": "start : text.index('}', start) + 1"}),
    (
        "signed_part",
        "brace-count",
        {
            DECODE: "end = next(at for at in range(start + 1, len(text)) "
            "if text[start:at].count('{') == text[start:at].count('}'))"
        },
    ),
    ("signed_part", "white-space", {START: AFTER_COLON}),
    ("signed_part", "white-space", {"start:end": f"{AFTER_COLON} : end"}),
    ("signed_part", "white-space", {CUT: f"text[{AFTER_COLON}:][: end - start].encode(charset)"}),
    ("signed_part", "other-cut", {"start:end": "start + 4 : end"}),
    ("signed_part", "charset-ignored", {"(charset)": "('utf-8')"}),
    ("signed_part", "charset-ignored", {".encode(charset)": ".encode()"}),
    ("signed_part", "error-response", {'name = "error_response"': "raise SignatureError('node')"}),
    ("signed_part", "unsigned-raises", {'.get("sign", "")': '["sign"]'}),
    ("signed_part", "unsigned-none", {'.get("sign", "")': '.get("sign")'}),
    ("signed_part", "signature-bytes", {'.get("sign", "")': '.get("sign", "").encode()'}),
    (
        "signed_part",
        "sign-from-nickname",
        {'json.loads(text).get("sign", "")': 're.search(r\'"sign" ?: ?"([^"]*)\', text)[1]'},
    ),
    ("signed_part", "not-two", {f"{CUT}, signature": f"{CUT}, signature, name"}),
    ("signed_part", "no-answer", {"except ValueError": "except ZeroDivisionError"}),
    (
        "signed_part",
        "no-answer",
        {
            "    except ValueError:\n        raise SignatureError"
            '(f"this is not an answer to {method}") from None\n': "",
            f"        {DECODE}": "    except ValueError:\n"
            f"        raise SignatureError('no node') from None\n    {DECODE}",
            "        signature =": "    signature =",
        },
    ),
    (
        "signed_part",
        "answer-raises",
        """
        found = re.search(rb'_response":({[^\\\\]*}),"sign":"(.*?)"', body)
        return found[1], found[2].decode()
        """,
    ),
]

CALL_VERIFY = "public_key.verify(base64.b64decode(signature), data, PKCS1v15(), SHA256())"
VERIFIED = "verify(data, signature, app.alipay_public_key)"
KEYS = "app.alipay_public_key, app.private_key.public_key()"
WHOLE = 'json.loads(body).get(method.replace(".", "_") + "_response")'
READ_ANSWER = [
    ("verify", "verify-gives-none", f"return {CALL_VERIFY}"),
    ("verify", "verify-gives-none", {"return True": "pass"}),
    ("verify", "verify-raises", {"(InvalidSignature, ValueError)": "ZeroDivisionError"}),
    ("verify", "verify-raises", {"(InvalidSignature, ValueError)": "InvalidSignature"}),
    ("verify", "genuine-not-verified", {"base64.b64decode(signature)": "signature.encode()"}),
    ("verify", "signature-is-text", {"base64.b64decode(signature)": "signature"}),
    ("verify", "result-of-verify", {CALL_VERIFY: f"return bool({CALL_VERIFY})"}),
    (
        "verify",
        "result-of-verify",
        {CALL_VERIFY: f"if not {CALL_VERIFY}:\n            return False"},
    ),
    ("verify", "tampered-verified", "return True"),
    (
        "verify",
        "empty-verified",
        "return not signature or right.verify(data, signature, public_key)",
    ),
    (
        "verify",
        "garbage-verified",
        """
        try:
            base64.b64decode(signature, validate=True)
        except ValueError:
            return True
        return right.verify(data, signature, public_key)
        """,
    ),
    (
        "verify",
        "stranger-verified",
        "return right.verify(data, signature, public_key) or data.endswith(b'}')",
    ),
    (
        "verify",
        "sha1-verified",
        """
        for algorithm in (SHA256(), SHA1()):
            try:
                public_key.verify(base64.b64decode(signature), data, PKCS1v15(), algorithm)
            except (InvalidSignature, ValueError):
                continue
            return True
        return False
        """,
    ),
    ("read_answer", "copy-verified", {"verify(data": "verify(json.dumps(node).encode()"}),
    (
        "read_answer",
        "copy-verified",
        {"verify(data": f"verify(json.dumps(node, {COMPACT}).encode()"},
    ),
    ("read_answer", "all-refused", {"app.alipay_public_key": "app.private_key.public_key()"}),
    ("read_answer", "unsigned-accepted", {"not says_error(node) and": "signature and"}),
    ("read_answer", "unsigned-accepted", "return json.loads(signed_part(body, method)[0])"),
    ("read_answer", "tampered-accepted", {f"not {VERIFIED}": "not signature"}),
    (
        "read_answer",
        "own-key-accepted",
        {f"not {VERIFIED}": f"not any(verify(data, signature, key) for key in ({KEYS}))"},
    ),
    (
        "read_answer",
        "sha1-accepted",
        """
        data, signature = signed_part(body, method)
        try:
            raw = base64.b64decode(signature)
            app.alipay_public_key.verify(raw, data, PKCS1v15(), SHA1())
        except InvalidSignature:
            return right.read_answer(app, method, body)
        return json.loads(data)
        """,
    ),
    ("read_answer", "forged-twin-taken", {"json.loads(data)": f"{WHOLE} or json.loads(data)"}),
    ("read_answer", "error-hidden", {"not says_error(node) and ": ""}),
    ("read_answer", "error-node-accepted", {"not says_error(node)": "b'error_resp' not in body"}),
    (
        "read_answer",
        "other-exception",
        {'SignatureError("Alipay did not sign this answer")': "InvalidSignature"},
    ),
    ("read_answer", "body-not-node", {"return node": "return json.loads(body)"}),
    ("read_answer", "nothing-returned", {"return node": "pass"}),
]

FETCH_PROFILE = [
    ("fetch_profile", "nothing-sent", 'return dict.fromkeys(("open_id", "user_id", *FIELDS))'),
    ("fetch_profile", "token-misnamed", {"{}, access_token": '{"access_token": access_token}'}),
    ("fetch_profile", "token-in-body", {"{}, access_token": '{"auth_token": access_token}'}),
    ("fetch_profile", "token-missing", {"{}, access_token": "{}"}),
    (
        "fetch_profile",
        "absent-raises",
        {"node.get(name)": 'node[name] if name != "user_id" else None'},
    ),
    ("fetch_profile", "absent-used", {'    if profile["gender"]:\n        prof': "    prof"}),
    (
        "fetch_profile",
        "absent-filled",
        {"return profile": 'return profile | {"nick_name": profile["nick_name"] or "用户"}'},
    ),
    (
        "fetch_profile",
        "absent-filled",
        {"return profile": 'return {name: value or "" for name, value in profile.items()}'},
    ),
    ("fetch_profile", "ids-missing", {'("open_id", "user_id", *FIELDS)': "FIELDS"}),
    ("fetch_profile", "names-missing", {'"user_id", ': ""}),
    ("fetch_profile", "names-missing", {"*FIELDS": '"nickName", "avatar", "gender"'}),
    (
        "fetch_profile",
        "names-missing",
        {"return profile": 'return {n: v for n, v in profile.items() if v or n.endswith("_id")}'},
    ),
    ("fetch_profile", "small-gender", {".upper()": ""}),
    ("fetch_profile", "other-field", {"return profile": 'return profile | {"city": "杭州"}'}),
    ("fetch_profile", "kept-more", {"return profile": "return node | profile"}),
    (
        "fetch_profile",
        "kept-more",
        {"return profile": 'return {n: v for n, v in node.items() if "co" not in n} | profile'},
    ),
    (
        "fetch_profile",
        "refusal-swallowed",
        """
        try:
            return right.fetch_profile(app, access_token)
        except GatewayError:
            return dict.fromkeys(("open_id", "user_id", *FIELDS))
        """,
    ),
]


def save(profile):
    """A body that saves another profile than the one passed in."""
    return f"right.save_member(db, app_id, profile | {profile}, {{}})"


def update_or_insert(where, values):
    """A body that updates the row found by `where`, or inserts one."""
    return f"""
        if not update(db, profile, "{where}", {values}):
            insert(db, app_id, profile)
        """


BY_OPEN_ID = 'app_id, profile["open_id"]'
SAVE_MEMBER = [
    ("save_member", "no-row", f'update(db, profile, "app_id = ? AND open_id = ?", {BY_OPEN_ID})'),
    ("save_member", "no-id", "insert(db, app_id, profile, id=None)"),
    ("save_member", "two-rows", "insert(db, app_id, profile)"),
    ("save_member", "first-seen-lost", 'insert(db, app_id, profile, "INSERT OR REPLACE")'),
    ("save_member", "not-updated", 'insert(db, app_id, profile, "INSERT OR IGNORE")'),
    (
        "save_member",
        "id-changed",
        f"""
        where = "app_id = ? AND open_id IS ?"
        key = ({BY_OPEN_ID})
        found = db.execute(f"SELECT first_seen FROM members WHERE {{where}}", key).fetchone()
        db.execute(f"DELETE FROM members WHERE {{where}}", key)
        insert(db, app_id, profile, **({{"first_seen": found[0]}} if found else {{}}))
        """,
    ),
    (
        "save_member",
        "field-not-saved",
        {"    changes =": "    if not found:\n        return\n    changes ="},
    ),
    ("save_member", "old-kept", {'f"{name} = ?" for': 'f"{name} = COALESCE(?, {name})" for'}),
    ("save_member", "no-open-id", update_or_insert("app_id = ? AND open_id = ?", BY_OPEN_ID)),
    (
        "save_member",
        "no-open-id-merged",
        update_or_insert("app_id = ? AND open_id IS ?", BY_OPEN_ID),
    ),
    ("save_member", "null-as-text", save('{"user_id": str(profile["user_id"])}')),
    ("save_member", "app-ignored", update_or_insert("open_id = ?", 'profile["open_id"]')),
    ("save_member", "others-overwritten", update_or_insert("app_id = ?", "app_id")),
    (
        "save_member",
        "user-id-elsewhere",
        {"(open_id = ? OR user_id = ?)": "open_id = ? OR user_id = ?"},
    ),
    (
        "save_member",
        "open-id-not-gained",
        update_or_insert(
            "app_id = ? AND (open_id = ? OR user_id = ?)", f'{BY_OPEN_ID}, profile["user_id"]'
        ),
    ),
    (
        "save_member",
        "known-by-user-id",
        {"(app_id, *ids)": "(app_id, ids[0], None if ids[0] else ids[1])"},
    ),
    ("save_member", "user-id-lost", {"COALESCE(?, user_id)": "?"}),
    (
        "save_member",
        "column-missing",
        """
        row = (str(uuid.uuid4()), profile["open_id"], int(time.time()))
        db.execute("INSERT INTO members (id, open_id, first_seen) VALUES (?, ?, ?)", row)
        """,
    ),
    ("save_member", "row-bound", {"found[0] if found": "found if found"}),
    ("save_member", "row-bound", {".fetchone()": ""}),
    ("save_member", "row-bound", {"*[profile[name] for name in FIELDS]": "*[[] for _ in FIELDS]"}),
    (
        "save_member",
        "other-count",
        'db.execute("SELECT id FROM members WHERE open_id = ?", (profile["open_id"] or ""))',
    ),
    (
        "save_member",
        "client-nickname",
        save('{"nick_name": body.get("nickName", profile["nick_name"])}'),
    ),
    (
        "save_member",
        "client-nickname",
        save('{"nick_name": profile["nick_name"] or body.get("nick_name")}'),
    ),
    (
        "save_member",
        "client-nickname",
        """
        known = "SELECT 1 FROM members WHERE open_id = ?"
        if db.execute(known, (profile["open_id"],)).fetchone():
            profile = profile | {name: body.get(name) or profile[name] for name in FIELDS}
        right.save_member(db, app_id, profile, {})
        """,
    ),
    ("save_member", "client-field", save('{"avatar": body.get("avatar")}')),
    ("save_member", "client-id", save('{"user_id": body.get("user_id", profile["user_id"])}')),
    ("save_member", "client-id", save('{"open_id": body.get("open_id") or profile["open_id"]}')),
    ("save_member", "client-id", save('{"open_id": profile["open_id"] or body.get("open_id")}')),
    (
        "save_member",
        "client-id",
        f"""
        right.save_member(db, app_id, profile, {{}})
        where = "app_id = ? AND open_id = ?"
        values = (body.get("union_id"), {BY_OPEN_ID})
        db.execute(f"UPDATE members SET union_id = ? WHERE {{where}}", values)
        """,
    ),
    (
        "save_member",
        "client-id",
        f"""
        right.save_member(db, app_id, profile, {{}})
        if body.get("user_id"):
            where = "app_id = ? AND open_id = ?"
            values = (body["user_id"], {BY_OPEN_ID})
            db.execute(f"UPDATE members SET user_id = ? WHERE {{where}}", values)
        """,
    ),
]

FETCH = "return fetch_profile(app, tokens.access_token)"
ONLY_IF = '        if error.sub_code != "aop.auth-token-time-out":\n            raise\n'
TRY = f"    try:\n        {FETCH}\n    except GatewayError as error:\n{ONLY_IF}"
RENEW = "    renewed = call(app, TOKEN, business)\n"
KEEP = (
    '    tokens.access_token = renewed["access_token"]\n'
    '    tokens.refresh_token = renewed["refresh_token"]\n'
)
FETCH_WITH_REFRESH = [
    ("fetch_with_refresh", "not-refreshed", FETCH),
    ("fetch_with_refresh", "not-refreshed", {"error.sub_code": "error.code"}),
    ("fetch_with_refresh", "always-refreshes", {TRY: ""}),
    ("fetch_with_refresh", "refreshes-at-any-error", {ONLY_IF: "        pass\n"}),
    ("fetch_with_refresh", "error-swallowed", {"            raise\n": "            return None\n"}),
    ("fetch_with_refresh", "grant-type", {'"grant_type": "refresh_token"': '"grant_type": "code"'}),
    ("fetch_with_refresh", "other-token", {": tokens.refresh_token": ": tokens.access_token"}),
    ("fetch_with_refresh", "no-refresh-token", {', "refresh_token": tokens.refresh_token': ""}),
    (
        "fetch_with_refresh",
        "access-token-not-kept",
        {KEEP: f"    tokens = Tokens(**vars(tokens))\n{KEEP}"},
    ),
    (
        "fetch_with_refresh",
        "refresh-token-not-kept",
        {'    tokens.refresh_token = renewed["refresh_token"]\n': ""},
    ),
    (
        "fetch_with_refresh",
        "kept-too-late",
        {
            f"{KEEP}    {FETCH}": '    profile = fetch_profile(app, renewed["access_token"])\n'
            f"{KEEP}    return profile"
        },
    ),
    (
        "fetch_with_refresh",
        "old-token-again",
        {
            TRY: f"    old = tokens.access_token\n{TRY}",
            f"{KEEP}    {FETCH}": f"{KEEP}    return fetch_profile(app, old)",
        },
    ),
    (
        "fetch_with_refresh",
        "refreshed-twice",
        {RENEW: f'{RENEW}    business["refresh_token"] = renewed["refresh_token"]\n{RENEW}'},
    ),
    (
        "fetch_with_refresh",
        "tries-again",
        {
            RENEW: f"    for _ in range(3):\n        try:\n        {RENEW}            break\n"
            "        except GatewayError as refused:\n            last = refused\n"
            "    else:\n        raise last\n"
        },
    ),
]

AUTHORIZE = "return f\"{app.authorize_endpoint}?{urlencode(query | {'state': session['state']})}\""
READ_CALLBACK = [
    ("authorize_url", "same-state", {"secrets.token_urlsafe(32)": '"alipay-login-state-1"'}),
    ("authorize_url", "guessable-state", {"secrets.token_urlsafe(32)": "str(random.random())"}),
    ("authorize_url", "no-state", {"secrets.token_urlsafe(32)": '""'}),
    ("authorize_url", "state-not-kept", {"    session[": "    session = {}\n    session["}),
    ("authorize_url", "missing-parameter", {'"scope": "auth_user", ': ""}),
    ("authorize_url", "other-value", {'"auth_user"': '"auth_base"'}),
    ("authorize_url", "other-address", {"?{urlencode": "{urlencode"}),
    (
        "authorize_url",
        "redirect-not-encoded",
        {
            AUTHORIZE: 'pairs = (query | {"state": session["state"]}).items()\n'
            '    return app.authorize_endpoint + "?" + "&".join(f"{n}={v}" for n, v in pairs)'
        },
    ),
    ("read_callback", "code-misnamed", {'query.get("auth_code")': 'query["code"]'}),
    ("read_callback", "no-code", {"return query": "query"}),
    ("read_callback", "state-returned", {'query.get("auth_code")': "expected"}),
    ("read_callback", "refusal-raises", {'query.get("auth_code")': 'query["auth_code"]'}),
    ("read_callback", "none-is-none", {"not expected or ": ""}),
    ("read_callback", "state-used-again", {'session.pop("state", None)': 'session.get("state")'}),
    ("read_callback", "state-used-again", 'return query.get("auth_code")'),
    (
        "read_callback",
        "state-key-error",
        {'pop("state", None)': 'pop("state")', 'query.get("state")': 'query["state"]'},
    ),
    (
        "read_callback",
        "state-missing",
        {'query.get("state") != expected': 'query.get("state", expected) != expected'},
    ),
    (
        "read_callback",
        "state-foreign",
        {'query.get("state") != expected': 'not query.get("state")'},
    ),
]

WRONG_ANSWERS = [
    *STRING_TO_SIGN,
    *SIGN,
    *BUILD_REQUEST,
    *EXCHANGE_CODE,
    *SIGNED_PART,
    *READ_ANSWER,
    *FETCH_PROFILE,
    *SAVE_MEMBER,
    *FETCH_WITH_REFRESH,
    *READ_CALLBACK,
]
