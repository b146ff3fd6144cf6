"""Messages as Alipay pushes them to 应用网关, composed and signed by no code but this."""

import json
import time
from urllib.parse import quote_plus

from wire import signature

WITHDRAWN = "alipay.open.auth.userauth.cancelled"


def milliseconds(seconds):
    return int(seconds * 1000)


def content(app_id="demo-mini", **fields):
    """biz_content of a withdrawn consent; `fields` are added or, with None, taken away."""
    given = {"cancel_time": milliseconds(time.time() + 60), "app_id": app_id} | fields
    given = {name: value for name, value in given.items() if value is not None}
    return json.dumps(given, ensure_ascii=False, separators=(",", ":"))


def message(signer="alipay", **changes):
    """A message's parameters, signed after the `changes` were made; None takes one away."""
    given = {
        "app_id": "demo-mini",
        "biz_content": content(open_id="o1"),
        "charset": "utf-8",
        "msg_method": WITHDRAWN,
        "notify_id": "2024012700222125942000012345",
        "utc_timestamp": str(milliseconds(time.time())),
        "version": "1.1",
    } | changes
    given = {name: value for name, value in given.items() if value is not None}
    # Version 1.1 is signed without sign_type: settled with a recorded message and its public key.
    text = "&".join(f"{name}={given[name]}" for name in sorted(given))
    sign = signature(text.encode(given.get("charset", "utf-8"), "replace"), signer)
    return given | {"sign": sign, "sign_type": "RSA2"}


def form(parameters, charset=None):
    """The body that carries these parameters, in their charset."""
    charset = charset or parameters.get("charset", "utf-8")
    pairs = (
        f"{quote_plus(name, encoding=charset)}={quote_plus(value, encoding=charset)}"
        for name, value in parameters.items()
    )
    return "&".join(pairs).encode("ascii")
