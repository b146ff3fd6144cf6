# SPDX-License-Identifier: MIT-0
"""PostgreSQL under the store, for more than one server: pip install 'psycopg[binary,pool]'

A write first takes a lock for each id of the person whom it is about (pg_advisory_xact_lock): two
first logins of one person queue, those of different people never wait for each other.

Nothing waits for ever: the server ends a long statement, the kernel a connection to a host that is
gone, and this module one on which the server keeps silent, as if frozen. Only looking up the host's
name is left to the resolver.
"""

import hashlib
import os
import re
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import DatabaseError

SCHEMES = ("postgresql://", "postgres://")
PATIENCE = 15  # seconds to wait for a lock
LONGEST = 20  # seconds for a statement, the wait for a lock included
SILENCE = 25  # seconds until a server that says nothing is given up
CONNECT = 3  # seconds to wait for a connection
MAX_CONNECTIONS = 10  # of one process; the server allows 100 unless told otherwise
# Of the kernel: what was sent arrives within so many milliseconds; a quiet connection is tried.
TCP = {"tcp_user_timeout": 10_000, "keepalives_idle": 30, "keepalives_interval": 10}


class Connection:
    """A psycopg connection that takes `?` where a value belongs, as sqlite3 does."""

    def __init__(self, connection: Any) -> None:
        self.psycopg = connection

    def execute(self, statement: str, values: Sequence[object] = ()) -> Any:
        """Run one statement; its cursor."""
        return self.psycopg.execute(statement.replace("?", "%s"), values)


class PostgreSQLDatabase:
    """One database of a PostgreSQL server. Threads and forked children may share it."""

    tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    skip_locked = "FOR UPDATE SKIP LOCKED"

    def __init__(self, database_url: str) -> None:
        """`postgresql://user:password@host/name`, or ValueError.

        ImportError, with what to install.
        """
        read_address(database_url)
        self._url = database_url
        self._psycopg, self._new_pool = driver()
        self._pools: dict[int, Any] = {}  # by process: a forked child has one of its own

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection, for one or more single statements. DatabaseError if it fails."""
        pool = self._pool()
        connection = None
        try:
            with pool.connection() as connection:
                yield Connection(connection)
        except self._psycopg.Error as error:
            if connection is not None and connection.closed:
                self._replace(pool)
            raise failure(error) from error

    @contextmanager
    def writing(self, *people: str) -> Iterator[Connection]:
        """One transaction; an exception undoes it. It waits for those about the same people."""
        with self.reading() as db, db.psycopg.transaction():
            for key in sorted(_lock_key(person) for person in people):
                db.execute("SELECT pg_advisory_xact_lock(?)", (key,))
            yield db

    def close(self) -> None:
        """Close this process's connections."""
        pool = self._pools.pop(os.getpid(), None)
        if pool:
            pool.close()

    def _pool(self) -> Any:
        """This process's pool, open."""
        pool = self._pools.get(os.getpid())
        if pool is None:
            new = self._new_pool(
                self._url,
                min_size=0,
                max_size=MAX_CONNECTIONS,
                timeout=CONNECT,
                reconnect_timeout=0,  # the next request tries again
                kwargs={"autocommit": True, "connect_timeout": CONNECT, **TCP},
                connection_class=_bounded(self._psycopg),
                configure=_configure,
                open=False,
            )
            pool = self._pools.setdefault(os.getpid(), new)
        pool.open()  # if it is not
        return pool

    def _replace(self, pool: Any) -> None:
        """Use none of its connections again: what is wrong with one may be wrong with all.

        To ask each of them would be to wait for each of them.
        """
        if self._pools.get(os.getpid()) is pool:
            self._pools.pop(os.getpid(), None)
        threading.Thread(target=pool.close, daemon=True).start()  # it waits for its own threads


def driver() -> tuple[Any, Any]:
    """psycopg and its pool's class. ImportError says what to install."""
    try:
        import psycopg
        from psycopg_pool import ConnectionPool
    except ImportError:
        raise ImportError("PostgreSQL needs: pip install 'psycopg[binary,pool]'") from None
    return psycopg, ConnectionPool


def read_address(database_url: str) -> dict[str, str]:
    """Its host, port, dbname and so on. ValueError if they can't be told apart, quoting none."""
    psycopg, _ = driver()
    message = (
        "the database's address can't be read: percent-encode what is special in the password "
        "(@ as %40, : as %3A, / as %2F, % as %25)"
    )
    try:
        parts: dict[str, str] = psycopg.conninfo.conninfo_to_dict(database_url)
    except (psycopg.Error, UnicodeError):
        raise ValueError(message) from None
    # An @ or / in the password ends it too early: its rest is in one of these.
    place = "".join(str(parts.get(name, "")) for name in ("host", "port", "dbname"))
    if "@" in place or not re.fullmatch("[0-9,]*", str(parts.get("port", ""))):
        raise ValueError(message)
    return parts


def try_to_connect(database_url: str) -> None:
    """DatabaseError if no connection comes about; ValueError if the address can't be read.

    ImportError says what to install.
    """
    psycopg, _ = driver()
    read_address(database_url)
    try:
        psycopg.connect(database_url, connect_timeout=CONNECT).close()
    except psycopg.Error as error:
        raise failure(error) from None


def failure(error: Any) -> DatabaseError:
    """What psycopg raised, as one line, without the values of a row."""
    said = " ".join((error.diag.message_primary or str(error)).split())
    return DatabaseError(f"the database failed ({type(error).__name__}: {said})")


def _bounded(psycopg: Any) -> Any:
    """psycopg's class of a connection, which waits no longer than SILENCE."""

    class BoundedConnection(psycopg.Connection):  # type: ignore[misc]
        """Each exchange with the server is a generator that says what it waits for."""

        def wait(self, exchange: Generator[int, int, Any], *options: Any, **more: Any) -> Any:
            """Carry it out. OperationalError after a silence; then the connection is closed."""
            return super().wait(self._until_silent(exchange), *options, **more)

        def _until_silent(self, exchange: Generator[int, int, Any]) -> Generator[int, int, Any]:
            deadline = time.monotonic() + SILENCE
            try:
                awaited = next(exchange)
                while True:
                    ready = yield awaited  # psycopg answers 0 some ten times a second
                    if not ready and time.monotonic() > deadline:
                        self.close()
                        raise psycopg.OperationalError("the server does not answer")
                    awaited = exchange.send(ready)
            except StopIteration as end:
                return end.value

    return BoundedConnection


def _configure(connection: Any) -> None:
    connection.execute(f"SET lock_timeout = '{PATIENCE}s'")
    connection.execute(f"SET statement_timeout = '{LONGEST}s'")


def _lock_key(person: str) -> int:
    """A number of 64 bits: two people with the same one would merely queue."""
    return int.from_bytes(hashlib.sha256(person.encode()).digest()[:8], "big", signed=True)
