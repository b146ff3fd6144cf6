"""A PostgreSQL server of the tests' own: made in a temporary folder, on a free port, then deleted.

Debian's is enough (apt-get install postgresql); it need not run, and is not touched if it does.
"""

import contextlib
import functools
import glob
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

WAYS = (*os.environ.get("PATH", "").split(os.pathsep), *glob.glob("/usr/lib/postgresql/*/bin"))
# Root may not run a server, so it runs as Debian's user for that.
AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
FAST = ("fsync=off", "full_page_writes=off")  # no test cuts the power


def binary(name):
    """Where one of PostgreSQL's programs is; None if it is not installed."""
    return shutil.which(name, path=os.pathsep.join(WAYS))


def missing():
    """What to install before these tests can run, as a sentence; "" if all is there."""
    if not binary("initdb"):
        return "PostgreSQL is not installed here: apt-get install postgresql"
    if not importlib.util.find_spec("psycopg_pool"):
        return "PostgreSQL's driver is not installed here: pip install 'psycopg[binary,pool]'"
    return ""


def mark():
    """Skip where there is no PostgreSQL; where CI is set, fail."""
    if missing() and os.environ.get("CI"):
        return pytest.mark.usefixtures("fail_for_missing_tools")
    return pytest.mark.skipif(bool(missing()), reason=missing())


needs_postgresql = mark()


class Cluster:
    """A server. `url(name)` is a database address in which only what `name` made is seen."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="member-pg-"))
        self._as = AS_POSTGRES if os.geteuid() == 0 else ()
        self.user = "postgres" if self._as else os.geteuid()  # whom its files belong to
        shutil.chown(self.folder, self.user)
        self._data = self.folder / "data"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        options = ["--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8"]
        self._run("initdb", "-D", self._data, *options, "--no-locale")
        self._process = None
        self.start()

    def start(self):
        """Start it, and wait until it answers."""
        settings = (
            *FAST,
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={self.folder}",
        )
        options = [part for setting in settings for part in ("-c", setting)]
        # It ends with the tests, even if these are killed.
        tied = ("setpriv", "--pdeathsig=QUIT") if shutil.which("setpriv") else ()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._as, *tied, binary("postgres"), "-D", self._data, *options],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(600):
            with contextlib.suppress(self.psycopg.Error):
                return self.connect().close()
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, how="fast"):
        """End it: fast, or immediate as after a crash."""
        self._run("pg_ctl", "stop", "-D", self._data, "-m", how, "-w")
        self._process.wait(60)

    @contextlib.contextmanager
    def frozen(self):
        """Meanwhile none of its processes runs: the kernel takes connections, nobody answers."""
        main = self._process.pid
        os.kill(main, signal.SIGSTOP)  # first, so that it starts no more
        others = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        pids = [main, *map(int, others)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):  # it may end while it is frozen
                    os.kill(pid, signal.SIGCONT)

    def remove(self):
        """End it and delete all."""
        self.stop("immediate")
        shutil.rmtree(self.folder)

    @functools.cached_property
    def psycopg(self):
        import psycopg

        return psycopg

    def connect(self, name="public"):
        """A connection of its own that commits each statement."""
        return self.psycopg.connect(self.url(name), autocommit=True)

    def url(self, name="public"):
        """The address of an empty database, or of what `name` has made before."""
        base = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        return base if name == "public" else f"{base}?options=-csearch_path%3D{name}"

    def new_url(self, name):
        """The address of an empty database that nobody else uses."""
        with self.connect() as db:
            db.execute(f"CREATE SCHEMA {name}")
        return self.url(name)

    def _run(self, name, *arguments):
        done = subprocess.run(
            [*self._as, binary(name), *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=self.folder,
        )
        assert done.returncode == 0, done.stdout + done.stderr
