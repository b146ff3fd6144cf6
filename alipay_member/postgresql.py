# SPDX-License-Identifier: MIT-0
"""PostgreSQL under the store, for more than one server: pip install 'psycopg[binary,pool]'

A write first takes a lock for each id of the person whom it is about (pg_advisory_xact_lock): two
first logins of one person queue, those of different people never wait for each other.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from .errors import DatabaseError

PATIENCE = 15  # seconds to wait for a lock
CONNECT = 3  # seconds to wait for a connection
MAX_CONNECTIONS = 10  # of one process; the server allows 100 unless told otherwise


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
        """`postgresql://user:password@host/name`. ImportError, with what to install."""
        self._url = database_url
        self._psycopg, self._new_pool = driver()
        self._pools: dict[int, Any] = {}  # by process: a forked child has one of its own

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection, for one or more single statements. DatabaseError if it fails."""
        pool = self._pool()
        try:
            with pool.connection() as connection:
                yield Connection(connection)
        except self._psycopg.Error as error:
            if isinstance(error, self._psycopg.OperationalError):
                pool.check()  # what is wrong with one connection may be wrong with all
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
                kwargs={"autocommit": True, "connect_timeout": CONNECT},
                configure=_configure,
                open=False,
            )
            pool = self._pools.setdefault(os.getpid(), new)
        pool.open()  # if it is not
        return pool


def driver() -> tuple[Any, Any]:
    """psycopg and its pool's class. ImportError says what to install."""
    try:
        import psycopg
        from psycopg_pool import ConnectionPool
    except ImportError:
        raise ImportError("PostgreSQL needs: pip install 'psycopg[binary,pool]'") from None
    return psycopg, ConnectionPool


def try_to_connect(database_url: str) -> None:
    """DatabaseError if no connection comes about; ImportError says what to install."""
    psycopg, _ = driver()
    try:
        psycopg.connect(database_url, connect_timeout=CONNECT).close()
    except psycopg.Error as error:
        raise failure(error) from None


def failure(error: Exception) -> DatabaseError:
    """What psycopg raised, as one line."""
    said = " ".join(str(error).split())
    return DatabaseError(f"the database failed ({type(error).__name__}: {said})")


def _configure(connection: Any) -> None:
    connection.execute(f"SET lock_timeout = '{PATIENCE}s'")


def _lock_key(person: str) -> int:
    """A number of 64 bits: two people with the same one would merely queue."""
    return int.from_bytes(hashlib.sha256(person.encode()).digest()[:8], "big", signed=True)
