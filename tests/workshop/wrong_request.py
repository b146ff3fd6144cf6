"""What people send instead of a request, and how they exchange a code instead."""

import json
import time
from datetime import datetime, timezone
from urllib.parse import quote, urlencode

from workshop.provided import BEIJING
from workshop.solution import build_request, sign, string_to_sign
from wrong import pairs, without, wrong

# ── step 3 ──


def common_of(app, method, now, auth_token=None):
    moment = datetime.fromtimestamp(now, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    common = {"app_id": app.app_id, "method": method, "format": "JSON", "charset": "utf-8"}
    common |= {"sign_type": "RSA2", "timestamp": moment, "version": "1.0"}
    return common | ({"auth_token": auth_token} if auth_token else {})


def signed(common, business, app):
    return common | {"sign": sign(string_to_sign(common | business), app.private_key)}


@wrong("request", "local-time", "build_request")
def local_time(app, method, business, now, auth_token=None):
    moment = datetime.fromtimestamp(now).strftime("%Y-%m-%d %H:%M:%S")  # noqa: DTZ006
    common = common_of(app, method, now, auth_token) | {"timestamp": moment}
    return urlencode(signed(common, business, app)), urlencode(business)


@wrong("request", "utc", "build_request")
def utc(app, method, business, now, auth_token=None):
    moment = datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    common = common_of(app, method, now, auth_token) | {"timestamp": moment}
    return urlencode(signed(common, business, app)), urlencode(business)


@wrong("request", "own-clock", "build_request")
def own_clock(app, method, business, now, auth_token=None):
    return build_request(app, method, business, time.time(), auth_token)


@wrong("request", "timestamp", "build_request")
def with_a_t(app, method, business, now, auth_token=None):
    common = common_of(app, method, now, auth_token)
    common["timestamp"] = common["timestamp"].replace(" ", "T")
    return urlencode(signed(common, business, app)), urlencode(business)


@wrong("request", "half-days", "build_request")
def with_twelve_hours(app, method, business, now, auth_token=None):
    common = common_of(app, method, now, auth_token)
    common["timestamp"] = datetime.fromtimestamp(now, BEIJING).strftime("%Y-%m-%d %I:%M:%S")
    return urlencode(signed(common, business, app)), urlencode(business)


@wrong("request", "half-signed", "build_request")
def only_the_query_signed(app, method, business, now, auth_token=None):
    common = common_of(app, method, now, auth_token)
    return urlencode(signed(common, {}, app)), urlencode(business)


@wrong("request", "url-encoded", "build_request")
def encoded_before_signing(app, method, business, now, auth_token=None):
    common = common_of(app, method, now, auth_token)
    text = urlencode(sorted((common | business).items()))
    common["sign"] = sign(text, app.private_key)
    return urlencode(common), urlencode(business)


@wrong("request", "sign-not-encoded", "build_request")
def sign_put_behind(app, method, business, now, auth_token=None):
    common = common_of(app, method, now, auth_token)
    signature = sign(string_to_sign(common | business), app.private_key)
    return f"{urlencode(common)}&sign={signature}", urlencode(business)


@wrong("request", "signed-too-early", "build_request")
def token_after_signing(app, method, business, now, auth_token=None):
    common = signed(common_of(app, method, now), business, app)
    return urlencode(common | ({"auth_token": auth_token} if auth_token else {})), urlencode(
        business
    )


@wrong("request", "empty-token", "build_request")
def none_as_a_token(app, method, business, now, auth_token=None):
    common = common_of(app, method, now) | {"auth_token": str(auth_token)}
    return urlencode(signed(common, business, app)), urlencode(business)


@wrong("request", "charset-in-body", "build_request")
def everything_in_the_body(app, method, business, now, auth_token=None):
    common = signed(common_of(app, method, now, auth_token), business, app)
    return "", urlencode(common | business)


@wrong("request", "business-in-query", "build_request")
def everything_in_the_query(app, method, business, now, auth_token=None):
    common = signed(common_of(app, method, now, auth_token), business, app)
    return urlencode(common | business), ""


@wrong("request", "biz-content", "build_request")
def with_biz_content(app, method, business, now, auth_token=None):
    content = {"biz_content": json.dumps(business)}
    return urlencode(signed(common_of(app, method, now, auth_token), content, app)), urlencode(
        content
    )


@wrong("request", "question-mark", "build_request")
def with_a_question_mark(app, method, business, now, auth_token=None):
    query, body = build_request(app, method, business, now, auth_token)
    return f"?{query}", body


@wrong("request", "common-in-body", "build_request")
def with_business_updated(app, method, business, now, auth_token=None):
    common = common_of(app, method, now, auth_token)
    business.update(common)
    common["sign"] = sign(string_to_sign(business), app.private_key)
    return urlencode(common), urlencode(business)


@wrong("request", "encoded-twice", "build_request")
def encoded_twice(app, method, business, now, auth_token=None):
    query, _ = build_request(app, method, business, now, auth_token)
    return query, urlencode({name: quote(value) for name, value in business.items()})


@wrong("request", "not-url-encoded", "build_request")
def body_as_it_is(app, method, business, now, auth_token=None):
    query, _ = build_request(app, method, business, now, auth_token)
    return query, pairs(business)


@wrong("request", "not-encoded", "build_request")
def as_dictionaries(app, method, business, now, auth_token=None):
    return signed(common_of(app, method, now, auth_token), business, app), business


@wrong("request", "missing-parameter", "build_request")
def without_a_version(app, method, business, now, auth_token=None):
    common = without(common_of(app, method, now, auth_token), "version")
    return urlencode(signed(common, business, app)), urlencode(business)


@wrong("request", "signature", "build_request")
def signed_otherwise(app, method, business, now, auth_token=None):
    common = common_of(app, method, now, auth_token)
    common["sign"] = sign("x" + string_to_sign(common | business), app.private_key)
    return urlencode(common), urlencode(business)
