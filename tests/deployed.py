"""The app as it is deployed: under gunicorn or waitress, in processes that tests may kill."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from helpers import ROOT

COMMANDS = {
    "gunicorn": ["gunicorn", "-b", "127.0.0.1:{port}", "--workers={workers}", "--threads=4"],
    "waitress": ["waitress", "--listen=127.0.0.1:{port}", "--threads=8"],
}
FACTORIES = {"gunicorn": ["app:create_app()"], "waitress": ["--call", "app:create_app"]}


class Server:
    """One deployment of the app. Starts when it is made, on a free port of its own."""

    def __init__(self, kind, values, folder, *options, workers=3):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        parts = [*COMMANDS[kind], *options, *FACTORIES[kind]]
        self._command = [part.format(port=self.port, workers=workers) for part in parts]
        given = {"SECRET_KEY": "9c1d7ae84260b35f0c6d21f4a97be385", "PUBLIC_URL": self.url}
        self._values = os.environ | given | values
        self._log = folder / f"log-{self.port}"
        self.serves = threading.Event()
        self.start()

    def start(self):
        """Start it, and wait until it answers."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self._command],
                cwd=ROOT,
                env=self._values,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(600):
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/healthz", timeout=10).ok:
                    return self.serves.set()
            assert self.process.poll() is None, self.log()
            time.sleep(0.05)
        raise AssertionError(self.log())

    def log(self):
        return self._log.read_text("utf-8", "replace")

    def workers(self):
        """The process ids of gunicorn's workers."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            return [int(child) for child in children.read().split()]

    def kill(self):
        """kill -9 of everything at once."""
        self.serves.clear()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)

    def kill_one_worker(self):
        """kill -9 of one worker; gunicorn starts another."""
        os.kill(self.workers()[0], signal.SIGKILL)


_this_thread = threading.local()


def browser():
    """This thread's connections."""
    if not hasattr(_this_thread, "session"):
        _this_thread.session = requests.Session()
    return _this_thread.session


def log_in(url, name, kind="login"):
    """(status, answer) of POST /api/auth."""
    return post(f"{url}/api/auth", json={"auth_code": f"{kind}-{name}"})


def post(url, session="", **options):
    """(status, answer) of a POST; (0, {}) if the server went away meanwhile."""
    headers = {"Authorization": f"Bearer {session}"} if session else {}
    try:
        answer = browser().post(url, headers=headers, timeout=30, **options)
        return answer.status_code, answer.json()
    except requests.RequestException:
        return 0, {}


def get_member(url, session):
    """(status, answer) of GET /api/member."""
    headers = {"Authorization": f"Bearer {session}"}
    answer = browser().get(f"{url}/api/member", headers=headers, timeout=30)
    return answer.status_code, answer.json()


def whole_login(url, name):
    """Both calls of a login: (status of the first that fails or 200, session or "")."""
    status, answer = log_in(url, name)
    if status != 200:
        return status, ""
    session = answer["session"]
    status, answer = post(f"{url}/api/member", session)
    if status == 200:
        assert answer["member"]["open_id"] == name
    return status, session


def at_once(number, work, arguments):
    """work(argument) for each, so many at a time; their results, in order."""
    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(work, arguments))
