"""What a login costs, as ratios within one run: python tests/benchmark/login.py

Some minutes. All contenders run at the same time, each under gunicorn, and take turns: in each
round each serves the same logins, then the same reads. What counts is the CPU time of the server's
processes, the median over the rounds, so that a busy machine disturbs all alike. Writes
login.json beside this file; docs/performance.md tells the results.

    --official PYTHON   an interpreter with alipay-sdk-python, flask and gunicorn; as root, since
                        that SDK can't take an address with a port: the gateway then takes port 80
"""

import argparse
import base64
import json
import platform
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.extend(str(folder) for folder in Path(__file__).resolve().parents[:3])

from cryptography.hazmat.primitives import serialization as form

import postgresql
from alipay_member.answer import read_answer
from alipay_member.keys import load_private_key
from alipay_member.signing import sign, string_to_sign, verify
from crowd_gateway import running, share_node
from deployments import Deployment, fill_postgresql, fill_sqlite, free_name
from wire import SHARE, SHARE_NODE, answer, encoded, key

RESULTS = Path(__file__).with_suffix(".json")
OURS = "app:create_app()"
SIZES = {"empty": 0, "10^4": 10_000, "10^6": 1_000_000}
AIMS = (  # what, against what, of which measurement, the bound
    ("ours, SQLite empty", "floor", "login", "<=", 1.15),
    ("python-alipay-sdk", "ours, SQLite empty", "login", ">=", 1.35),
    ("official SDK", "ours, SQLite empty", "login", ">=", 8),
    ("ours, SQLite 10^6", "ours, SQLite empty", "login", "<=", 1.1),
    ("ours, two workers", "ours, SQLite empty", "login", "<=", 1.1),
    ("ours, SQLite empty", "floor", "read", "<=", 1.6),
)


def options():
    parser = argparse.ArgumentParser(description="what a login costs")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--logins", type=int, default=20, help="in each round")
    parser.add_argument("--official", metavar="PYTHON")
    return parser.parse_args()


def deploy(stack, gateway, folder, official):
    """All contenders, running."""
    values = gateway.settings()
    made = []

    def add(name, factory, url, values=values, **how):
        made.append(Deployment(name, factory, values, url, **how))
        stack.callback(made[-1].stop)

    add("floor", "contenders:floor()", f"sqlite:///{folder}/floor.db")
    add("python-alipay-sdk", "contenders:python_sdk()", f"sqlite:///{folder}/sdk.db")
    if official:
        own = values | {
            "ALIPAY_GATEWAY_URL": "http://127.0.0.1/gateway.do",
            "OFFICIAL_PRIVATE_KEY": pkcs1(gateway.options["app_private_key"]),
        }
        url = f"sqlite:///{folder}/official.db"
        add("official SDK", "contenders:official()", url, own, python=official)
    for size, number in SIZES.items():
        fill_sqlite(f"{folder}/{number}.db", number)
        add(f"ours, SQLite {size}", OURS, f"sqlite:///{folder}/{number}.db")
    fill_sqlite(f"{folder}/two.db", 0)
    add("ours, two workers", OURS, f"sqlite:///{folder}/two.db", workers=2)
    if postgresql.missing():
        print(postgresql.missing(), file=sys.stderr)
        return made
    cluster = postgresql.Cluster()
    stack.callback(cluster.remove)
    for size, number in SIZES.items():
        url = fill_postgresql(cluster, free_name("bench"), number)
        add(f"ours, PostgreSQL {size}", OURS, url)
    return made


def pkcs1(one_line):
    """The key in the only form that Alipay's SDK takes."""
    loaded = load_private_key(one_line)
    traditional = form.PrivateFormat.TraditionalOpenSSL
    der = loaded.private_bytes(form.Encoding.DER, traditional, form.NoEncryption())
    return base64.b64encode(der).decode()


def take_turns(made, rounds, logins):
    """{name: {"login": [µs in each round], "read": […]}}"""
    for one in made:
        one.round(logins)  # the first is for caches and connections
    measured = {one.name: {"login": [], "read": []} for one in made}
    for number in range(rounds):
        turn = number % len(made)
        for one in made[turn:] + made[:turn]:
            login, read = one.round(logins)
            measured[one.name]["login"].append(login)
            measured[one.name]["read"].append(read)
        print(f"\rround {number + 1} of {rounds}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return measured


def alone(options):
    """µs of what a call does besides HTTP: sign, verify, read and verify."""
    private = load_private_key(options["app_private_key"])
    parameters = {
        "app_id": "demo-mini",
        "method": SHARE,
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": "2025-10-15 13:19:21",
        "version": "1.0",
        "auth_token": "authusrB" + "0" * 32,
    }
    body = answer(encoded(share_node("somebody")), SHARE_NODE)
    public = key("alipay").public_key()
    read = read_answer(body, SHARE, "utf-8")
    return {
        "sign": microseconds(lambda: sign(string_to_sign(parameters).encode(), private)),
        "verify": microseconds(lambda: verify(read.signed_part, read.sign, public)),
        "read": microseconds(lambda: read_answer(body, SHARE, "utf-8")),
    }


def microseconds(work, times=200):
    """CPU time of one: the median of nine rounds."""
    rounds = []
    for _ in range(9):
        start = time.process_time_ns()
        for _ in range(times):
            work()
        rounds.append((time.process_time_ns() - start) / times / 1000)
    return statistics.median(rounds)


def medians(measured, made, parts):
    """All results, as they are written."""
    results = {
        name: {what: round(statistics.median(each), 1) for what, each in kinds.items()}
        for name, kinds in measured.items()
    }
    for one in made:
        results[one.name]["memory"] = round(one.memory() / 2**20, 1)
        results[one.name]["start"] = round(one.start_seconds, 2)
    machine = f"{platform.machine()}, {cpu_model()}, Python {platform.python_version()}"
    return {"machine": machine, "contenders": results, "alone": parts}


def cpu_model():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"


def tell(results):
    """Print the table, then each aim and whether it is reached."""
    rows = results["contenders"]
    base = rows["floor"]
    print(results["machine"])
    print(f"{'':28}{'login':>8}{'read':>8}   MiB   start (s)   (login and read: floor = 1)")
    for name, row in rows.items():
        ratios = "".join(f"{row[what] / base[what]:8.2f}" for what in ("login", "read"))
        print(f"{name:28}{ratios}{row['memory']:6.0f}{row['start']:8.1f}")
    ours = rows["ours, SQLite empty"]["login"]
    for name, took in results["alone"].items():
        print(f"{name + ' alone':28}{took / ours:8.1%} of our login, which does it twice")
    for what, against, kind, sign_of, bound in AIMS:
        if what in rows:
            ratio = rows[what][kind] / rows[against][kind]
            reached = ratio <= bound if sign_of == "<=" else ratio >= bound
            mark = "reached" if reached else "NOT REACHED"
            print(f"{kind}: {what} / {against} = {ratio:.2f}, aim {sign_of} {bound}: {mark}")


def main():
    given = options()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-"))
        gateway = stack.enter_context(running(80 if given.official else 0))
        made = deploy(stack, gateway, folder, given.official)
        measured = take_turns(made, given.rounds, given.logins)
        results = medians(measured, made, alone(gateway.options))
    tell(results)
    RESULTS.write_text(json.dumps(results | {"rounds": measured}, indent=1), "utf-8")


if __name__ == "__main__":
    main()
