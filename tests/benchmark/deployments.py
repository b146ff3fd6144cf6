"""Running contenders of login.py: started by gunicorn, filled databases, what they have used."""

import hashlib
import itertools
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
FILL_MEMBERS = (
    "INSERT INTO members (id, app_id, open_id, nick_name, avatar, first_seen, profile_at) "
    "SELECT 'f' || n, 'demo-mini', {random}, '名字', 'https://x/' || n, 1, 1 FROM {numbers}"
)
FILL_SESSIONS = (
    "INSERT INTO sessions (token_hash, member_id, started_at, access_token, refresh_token, "
    "access_expires_at, refresh_expires_at, expires_at) SELECT {random} || {random}, 'f' || n, 1, "
    "'A' || {random}, 'R' || {random}, {end}, {end}, {end} + n FROM {numbers}"
)
SQLITE_NUMBERS = (
    "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {size}) "
    "SELECT n FROM c)"
)
NAMES = itertools.count()


def open_empty(url):
    """Make our tables."""
    from alipay_member.store import MemberStore

    MemberStore(url).close()


def fill_sqlite(path, size):
    """An own database with so many members and as many live sessions."""
    open_empty(f"sqlite:///{path}")
    if not size:
        return
    parts = {
        "numbers": SQLITE_NUMBERS.format(size=size),
        "random": "lower(hex(randomblob(16)))",
        "end": int(time.time()) + 20 * 86400,
    }
    db = sqlite3.connect(path)
    db.execute("PRAGMA cache_size = -1000000")
    for statement in (FILL_MEMBERS, FILL_SESSIONS):
        db.execute(statement.format(**parts))
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def fill_postgresql(cluster, name, size):
    """The same on a PostgreSQL server; its address."""
    url = cluster.new_url(name)
    open_empty(url)
    parts = {
        "numbers": f"generate_series(1, {size}) AS n",
        "random": "md5(random()::text || n)",
        "end": int(time.time()) + 20 * 86400,
    }
    with cluster.connect(name) as db:
        for statement in (FILL_MEMBERS, FILL_SESSIONS):
            db.execute(statement.format(**parts))
        db.execute("VACUUM ANALYZE")
    return url


class Deployment:
    """One contender under gunicorn, with sync workers: one request at a time in each."""

    def __init__(self, name, factory, values, database_url, workers=1, python=sys.executable):
        self.name = name
        self.workers_wanted = workers
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        path = os.pathsep.join((str(ROOT), str(Path(__file__).parent)))
        given = {"PYTHONPATH": path, "DATABASE_URL": database_url, "PUBLIC_URL": self.url}
        started = time.monotonic()
        self.process = subprocess.Popen(
            [python, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", f"--workers={workers}", factory],
            cwd=ROOT,
            env=os.environ | values | given,
            stderr=subprocess.DEVNULL,
        )
        while not self._answers():
            assert self.process.poll() is None, name
            time.sleep(0.02)
        self.start_seconds = time.monotonic() - started
        while len(self.workers()) < workers:
            time.sleep(0.02)

    def _answers(self):
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).ok
        except requests.RequestException:
            return False

    def workers(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            return [int(child) for child in children.read().split()]

    def cpu(self):
        """Nanoseconds that the workers have run."""
        total = 0
        for worker in self.workers():
            for task in Path(f"/proc/{worker}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
        return total

    def memory(self):
        """Bytes of one worker: its proportional set size."""
        lines = Path(f"/proc/{self.workers()[0]}/smaps_rollup").read_text().splitlines()
        (pss,) = [line.split()[1] for line in lines if line.startswith("Pss:")]
        return int(pss) * 1024

    def round(self, number):
        """CPU time of one whole login and of one GET, in microseconds: means of so many."""
        names = [hashlib.sha256(f"{next(NAMES)}".encode()).hexdigest()[:32] for _ in range(number)]
        names[1::2] = names[::2]  # every second one comes for the second time
        before = self.cpu()
        sessions = self._at_once(self._log_in, names)
        between = self.cpu()
        self._at_once(self._get, sessions)
        after = self.cpu()
        return (between - before) / number / 1000, (after - between) / number / 1000

    def _at_once(self, work, arguments):
        """As many at a time as there are workers."""
        with ThreadPoolExecutor(self.workers_wanted) as pool:
            return list(pool.map(work, arguments))

    def _log_in(self, name):
        answer = requests.post(
            f"{self.url}/api/auth", json={"auth_code": f"login-{name}"}, timeout=60
        )
        headers = {"Authorization": f"Bearer {answer.json()['session']}"}
        answer = requests.post(f"{self.url}/api/member", headers=headers, timeout=60)
        assert answer.json()["member"]["open_id"] == name
        assert answer.json()["member"]["nick_name"]
        return headers

    def _get(self, headers):
        answer = requests.get(f"{self.url}/api/member", headers=headers, timeout=60)
        assert answer.json()["member"]["nick_name"]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def free_name(prefix):
    """A name for a schema that nobody has."""
    return f"{prefix}_{secrets.token_hex(4)}"
