"""What a login costs, as ratios within one run: python tests/benchmark/login.py

Some minutes. All contenders run at the same time, each under gunicorn with one sync worker, and
take turns: in each round each serves the same logins (POST /api/auth, POST /api/member), then the
same reads (GET /api/member). The measure is the CPU time of the workers, as a median over the
rounds, so that other programs on the machine disturb all contenders alike.

    floor                the same work written straight down in bare Flask: sign, call, verify, two
                         commits to SQLite; nothing is checked, explained or refreshed
    python-alipay-sdk    the same routes, but python-alipay-sdk makes the calls
    ours                 app.py on SQLite, and on PostgreSQL where it is installed

gunicorn starts the first two from this file: 'login:floor()', 'login:python_alipay_sdk()'.
"""

import argparse
import base64
import hashlib
import itertools
import json
import os
import platform
import secrets
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

import requests
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from flask import Flask, request

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SCHEMA = ROOT / "alipay_member" / "store" / "schema.sql"
APP_ID = "demo-mini"
TOKEN, SHARE = "alipay.system.oauth.token", "alipay.user.info.share"
PROFILE = ("nick_name", "avatar", "gender", "province", "city", "user_type", "user_status")
SHOWN = ("app_id", "open_id", "user_id", "first_seen", *PROFILE, "profile_at")
FLOOR, SDK, OURS = "floor", "python-alipay-sdk", "ours, SQLite"


# ── the contenders ──


def floor():
    """Calls the gateway by hand, on one connection that is kept."""
    gateway = os.environ["ALIPAY_GATEWAY_URL"]
    app_key = load_der_private_key(base64.b64decode(os.environ["ALIPAY_APP_PRIVATE_KEY"]), None)
    alipay_key = load_der_public_key(base64.b64decode(os.environ["ALIPAY_PUBLIC_KEY"]))
    session = requests.Session()

    def call(method, auth_token=None, **parameters):
        common = {
            "app_id": APP_ID,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": time.strftime("%Y-%m-%d %H:%M:%S"),
            "version": "1.0",
        }
        if auth_token:
            common["auth_token"] = auth_token
        to_sign = "&".join(f"{k}={v}" for k, v in sorted((common | parameters).items()))
        signature = app_key.sign(to_sign.encode(), PKCS1v15(), SHA256())
        common["sign"] = base64.b64encode(signature).decode()
        url = f"{gateway}?{urlencode(common)}"
        text = session.post(url, data=parameters, timeout=(3, 10)).content.decode()
        node = text[text.index(":") + 1 : text.rindex(',"sign":')]
        signature = base64.b64decode(json.loads(text)["sign"])
        alipay_key.verify(signature, node.encode(), PKCS1v15(), SHA256())
        return json.loads(node)

    return make_app(call)


def python_alipay_sdk():
    """Lets python-alipay-sdk call; it opens a connection for each call."""
    from alipay import AliPay

    sdk = AliPay(
        appid=APP_ID,
        app_private_key_string=pem("PRIVATE KEY", os.environ["ALIPAY_APP_PRIVATE_KEY"]),
        alipay_public_key_string=pem("PUBLIC KEY", os.environ["ALIPAY_PUBLIC_KEY"]),
    )
    sdk._gateway = os.environ["ALIPAY_GATEWAY_URL"]
    return make_app(sdk.server_api)


def pem(label, one_line):
    return f"-----BEGIN {label}-----\n{one_line}\n-----END {label}-----"


def make_app(call):
    """The three routes and one connection to SQLite, with as few statements as they need."""
    path = os.environ["DATABASE_URL"].removeprefix("sqlite:///")
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
    db.executescript(SCHEMA.read_text("utf-8"))
    app = Flask(__name__)

    @app.get("/healthz")
    def healthz():
        return {"ok": True}

    @app.post("/api/auth")
    def auth():
        code = request.get_json()["auth_code"]
        token = call(TOKEN, grant_type="authorization_code", code=code)
        now = int(time.time())
        session_token = secrets.token_urlsafe(32)
        db.execute("BEGIN IMMEDIATE")
        known = "SELECT id FROM members WHERE app_id = ? AND open_id = ?"
        row = db.execute(known, (APP_ID, token["open_id"])).fetchone()
        member_id = row[0] if row else secrets.token_hex(8)
        if not row:
            db.execute(
                "INSERT INTO members (id, app_id, open_id, first_seen) VALUES (?, ?, ?, ?)",
                (member_id, APP_ID, token["open_id"], now),
            )
        ends = now + int(token["expires_in"]), now + int(token["re_expires_in"])
        tokens = token["access_token"], token["refresh_token"]
        db.execute(
            "INSERT INTO sessions (token_hash, member_id, started_at, access_token, refresh_token, "
            "access_expires_at, refresh_expires_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (hashed(session_token), member_id, now, *tokens, *ends, ends[1]),
        )
        db.execute("COMMIT")
        return {"session": session_token, "expires_in": ends[1] - now, "member": member(member_id)}

    @app.post("/api/member")
    def save_member():
        member_id, access_token = session()
        profile = call(SHARE, auth_token=access_token)
        db.execute("BEGIN IMMEDIATE")
        db.execute(
            f"UPDATE members SET {', '.join(f'{name} = ?' for name in PROFILE)}, profile_at = ? "
            "WHERE id = ? AND open_id = ?",
            (*map(profile.get, PROFILE), int(time.time()), member_id, profile["open_id"]),
        )
        db.execute("COMMIT")
        return {"member": member(member_id)}

    @app.get("/api/member")
    def show_member():
        return {"member": member(session()[0])}

    def session():
        token = request.headers["Authorization"].removeprefix("Bearer ")
        found = (
            "SELECT member_id, access_token FROM sessions WHERE token_hash = ? AND expires_at > ?"
        )
        return db.execute(found, (hashed(token), time.time())).fetchone()

    def member(member_id):
        row = db.execute(f"SELECT {', '.join(SHOWN)} FROM members WHERE id = ?", (member_id,))
        return dict(zip(SHOWN, row.fetchone(), strict=True))

    return app


def hashed(token):
    return hashlib.sha256(token.encode()).hexdigest()


# ── measuring them ──


class Deployment:
    """One contender under gunicorn, with one sync worker: one request at a time."""

    names = itertools.count()  # of the people who log in

    def __init__(self, factory, values, database_url):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        path = os.pathsep.join((str(ROOT), str(HERE)))
        own = {"PYTHONPATH": path, "DATABASE_URL": database_url, "PUBLIC_URL": self.url}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", factory],
            cwd=ROOT,
            env=os.environ | values | own,
            stderr=subprocess.DEVNULL,
        )
        while not self._answers():
            assert self.process.poll() is None, f"{factory} does not start"
            time.sleep(0.02)

    def _answers(self):
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        except requests.RequestException:
            return False

    def _cpu(self):
        """Nanoseconds that the worker has run."""
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        tasks = [
            task
            for worker in Path(children).read_text().split()
            for task in Path(f"/proc/{worker}/task").iterdir()
        ]
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)

    def round(self, number):
        """The mean CPU time of one login and of one read, in microseconds.

        Every second login is by somebody who is already a member.
        """
        people = [hashed(str(next(self.names)))[:32] for _ in range(number)]
        people[1::2] = people[::2]
        start = self._cpu()
        sessions = [self._log_in(person) for person in people]
        logged_in = self._cpu()
        for headers in sessions:
            self._read(headers)
        end = self._cpu()
        return (logged_in - start) / number / 1000, (end - logged_in) / number / 1000

    def _log_in(self, person):
        code = {"auth_code": f"login-{person}"}
        answer = requests.post(f"{self.url}/api/auth", json=code, timeout=60)
        headers = {"Authorization": f"Bearer {answer.json()['session']}"}
        answer = requests.post(f"{self.url}/api/member", headers=headers, timeout=60)
        assert answer.json()["member"]["open_id"] == person
        assert answer.json()["member"]["nick_name"]
        return headers

    def _read(self, headers):
        answer = requests.get(f"{self.url}/api/member", headers=headers, timeout=60)
        assert answer.json()["member"]["nick_name"]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def deploy(stack, folder):
    """{name: Deployment} of all contenders, running."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    import crowd_gateway
    import postgresql

    values = stack.enter_context(crowd_gateway.running()).settings()
    contenders = {
        FLOOR: ("login:floor()", f"sqlite:///{folder}/floor.db"),
        SDK: ("login:python_alipay_sdk()", f"sqlite:///{folder}/sdk.db"),
        OURS: ("app:create_app()", f"sqlite:///{folder}/ours.db"),
    }
    if reason := postgresql.missing():
        print(f"without PostgreSQL: {reason}", file=sys.stderr)
    else:
        cluster = postgresql.Cluster()
        stack.callback(cluster.remove)
        contenders["ours, PostgreSQL"] = ("app:create_app()", cluster.new_url("benchmark"))
    running = {}
    for name, (factory, database_url) in contenders.items():
        running[name] = Deployment(factory, values, database_url)
        stack.callback(running[name].stop)
    return running


def take_turns(running, rounds, logins):
    """{name: (login, read)}: the medians over the rounds, in microseconds."""
    for contender in running.values():
        contender.round(logins)  # fills caches, opens connections
    measured = {name: [] for name in running}
    for number in range(rounds):
        names = list(running)
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            measured[name].append(running[name].round(logins))
    return {
        name: tuple(statistics.median(each) for each in zip(*pairs, strict=True))
        for name, pairs in measured.items()
    }


def main():
    parser = argparse.ArgumentParser(description="What a login costs")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--logins", type=int, default=20, help="in each round")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-"))
        medians = take_turns(deploy(stack, folder), options.rounds, options.logins)
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    print(f"{'CPU time':20}{'login':>10}{'':8}{'read':>10}")
    for name, (login, read) in medians.items():
        ratios = (login / medians[FLOOR][0], read / medians[FLOOR][1])
        print(f"{name:20}{login:7.0f} µs{ratios[0]:7.2f}{read:8.0f} µs{ratios[1]:7.2f}")


if __name__ == "__main__":
    main()
