"""The server under test: the app with the workbench, its emulator and its database."""

import sqlite3
import threading
from contextlib import closing

import requests
from werkzeug.serving import make_server

IDLE = 10  # seconds


class Bench:
    """Its address, its emulator, and its rows by our own connection."""

    def __init__(self, emulator, folder, **more):
        from server.cli import Quiet
        from server.settings import Settings

        self.emulator = emulator
        self._running = 0
        self._idle = threading.Condition()
        self._server = make_server("127.0.0.1", 0, self.serve, True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self._server.port}"
        values = emulator.settings() | more | {"PUBLIC_URL": self.url}
        self.settings = Settings.load(folder, values=values)
        self.start_app()
        threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True).start()

    def start_app(self):
        """Put an app in place, made as server/cli.py makes it. The second time is a restart."""
        import workbench
        from app import create_app
        from workbench.watched_store import WatchedStore

        app = create_app(self.settings, store=WatchedStore(self.settings.database_url))
        workbench.attach(app)
        self.app = app

    def serve(self, environ, start_response):
        """Whatever app is in place."""
        with self._idle:
            self._running += 1
        try:
            return self.app(environ, start_response)
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def forget(self):
        """As new: nobody is known, nothing is broken. What closed pages had asked is over first."""
        with self._idle:
            assert self._idle.wait_for(lambda: self._running == 0, IDLE)
        requests.post(f"{self.url}/workbench/reset", json={}, timeout=10).raise_for_status()

    def rows(self, table="members"):
        path = self.settings.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(f"SELECT * FROM {table}")]

    def database(self):
        return self.rows(), self.rows("sessions")

    def end_access_tokens(self):
        """Let the access tokens of all sessions have ended."""
        path = self.settings.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as database, database:
            assert database.execute("UPDATE sessions SET access_expires_at = 1").rowcount

    def open_id(self, member, app_id="demo-mini"):
        return self.emulator.accounts.ids(app_id, member)["open_id"]

    def consents(self):
        """(member, app) for each consent that the emulator knows of."""
        answer = requests.get(f"{self.emulator.url}/emulator/members", timeout=10).json()
        return [
            (member["id"], app_id) for member in answer["members"] for app_id in member["consented"]
        ]

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
