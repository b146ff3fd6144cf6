# SPDX-License-Identifier: MIT-0
"""PostgreSQL under the store, for more than one server: pip install 'psycopg[binary,pool]'

A write first takes a lock for each id of the person whom it is about (pg_advisory_xact_lock): two
first logins of one person queue, those of different people never wait for each other.

The server ends a long statement, the kernel a connection to a host that is gone, and the pool
checks a connection before it is used. Nothing here ends the wait for a server that freezes while
its host still answers: a request waits until it goes on.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import DatabaseError

PATIENCE = 15  # seconds to wait for a lock
LONGEST = 20  # seconds for a statement, the wait for a lock included
CONNECT = 3  # seconds to wait for a connection
MAX_CONNECTIONS = 10  # of one process; the server allows 100 by default
# The kernel's: milliseconds until sent data is acknowledged; seconds until a quiet peer is probed.
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
        try:
            with pool.connection() as connection:
                yield Connection(connection)
        except self._psycopg.Error as error:
            raise database_error(error) from error

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
                configure=_configure,
                check=self._new_pool.check_connection,
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


def read_address(database_url: str) -> dict[str, str]:
    """An address's host, port, dbname and so on. ValueError, without quoting it, if invalid."""
    psycopg, _ = driver()
    message = (
        "the database's address can't be read: percent-encode special characters in the password "
        "(@ as %40, : as %3A, / as %2F, % as %25)"
    )
    try:
        parts: dict[str, str] = psycopg.conninfo.conninfo_to_dict(database_url)
    except (psycopg.Error, UnicodeError):
        raise ValueError(message) from None
    # An @ or / ends the password too early: its rest is then in one of these.
    place = "".join(str(parts.get(name, "")) for name in ("host", "port", "dbname"))
    if "@" in place or not re.fullmatch("[0-9,]*", str(parts.get("port", ""))):
        raise ValueError(message)
    return parts


def try_to_connect(database_url: str) -> None:
    """Connect once: DatabaseError if it fails, ValueError if the address is invalid."""
    psycopg, _ = driver()
    read_address(database_url)
    try:
        psycopg.connect(database_url, connect_timeout=CONNECT).close()
    except psycopg.Error as error:
        raise database_error(error) from None


def database_error(error: Any) -> DatabaseError:
    """psycopg's error in one line, without the values of a row."""
    message = " ".join((error.diag.message_primary or str(error)).split())
    return DatabaseError(f"the database failed ({type(error).__name__}: {message})")


def _configure(connection: Any) -> None:
    connection.execute(f"SET lock_timeout = '{PATIENCE}s'")
    connection.execute(f"SET statement_timeout = '{LONGEST}s'")


def _lock_key(person: str) -> int:
    """64 bits; two people with the same key would merely queue."""
    return int.from_bytes(hashlib.sha256(person.encode()).digest()[:8], "big", signed=True)
