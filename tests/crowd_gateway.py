"""A gateway for crowds: signs what Alipay would answer to whatever person a code names.

In a process of its own, so that it takes no time from the server under test:

    with running() as gateway: gateway.settings() …

The code `login-NAME` logs NAME in; `brief-NAME` with an access token that ends at once;
`hangs-NAME` is never answered.
"""

import base64
import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

import wire
from helpers import ROOT

NUMBERS = itertools.count()
HANGS = 60  # seconds


@dataclass
class Gateway:
    """A running one."""

    url: str
    options: dict  # of an AlipayClient

    def settings(self):
        """Environment variables of an app that uses it."""
        return {
            "ALIPAY_ENV": "emulator",
            "ALIPAY_GATEWAY_URL": self.url,
            "ALIPAY_APP_ID": "demo-mini",
            "ALIPAY_APP_PRIVATE_KEY": self.options["app_private_key"],
            "ALIPAY_PUBLIC_KEY": self.options["alipay_public_key"],
        }


@contextlib.contextmanager
def running(port=0):
    """A gateway in a process of its own, for the length of a `with`."""
    command = [sys.executable, __file__, str(port)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        yield Gateway(**json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.wait(20)
        process.stdout.close()


def token_node(kind, name):
    """What alipay.system.oauth.token answers."""
    return {
        "access_token": f"A{next(NUMBERS)}.{name}",
        "refresh_token": f"R{next(NUMBERS)}.{name}",
        "expires_in": 1 if kind == "brief" else 1296000,
        "re_expires_in": 2592000,
        "open_id": name,
    }


def share_node(name):
    """What alipay.user.info.share answers."""
    return {
        "code": "10000",
        "msg": "Success",
        "open_id": name,
        "nick_name": f"名字 {name}",
        "avatar": f"https://tfs.alipayobjects.com/images/partner/{name}.jpg",
        "gender": "F",
        "province": "浙江省",
        "city": "杭州市",
    }


class Handler(BaseHTTPRequestHandler):
    """Answers POSTs, on a connection that is kept."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self):
        parameters = parse_qs(urlsplit(self.path).query)
        length = int(self.headers.get("Content-Length", 0))
        parameters |= parse_qs(self.rfile.read(length).decode())
        method = parameters["method"][0]
        if method == wire.SHARE:
            node = share_node(parameters["auth_token"][0].partition(".")[2])
        elif "code" in parameters:
            kind, _, name = parameters["code"][0].partition("-")
            if kind == "hangs":
                time.sleep(HANGS)
            node = token_node(kind, name)
        else:
            node = token_node("login", parameters["refresh_token"][0].partition(".")[2])
        signed = wire.encoded(node)
        signature = base64.b64encode(self.server.key.sign(signed, PKCS1v15(), SHA256())).decode()
        body = wire.answer(signed, f"{method.replace('.', '_')}_response", sign=signature)
        self.send_response(200)
        self.send_header("Content-Type", "text/html;charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    do_GET = do_POST  # python-alipay-sdk puts all into the query

    def log_message(self, *_):
        """Nothing."""


def main():
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.key = wire.key("alipay")
    options = wire.client_options()
    url = f"http://127.0.0.1:{server.server_port}/gateway.do"
    print(json.dumps({"url": url, "options": options}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
