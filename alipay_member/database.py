# SPDX-License-Identifier: MIT-0
"""The database under the store: connections, transactions, the tables of schema.sql.

SQLite from the standard library. WAL lets readers go on while one writes; a write takes the lock
when it begins, because two transactions that turn into writers later deadlock.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from .errors import DatabaseError, SchemaError

VERSION = 3  # of schema.sql; a database of another version is refused
PATIENCE = 15  # seconds to wait for another writer


class Database:
    """One SQLite file, `sqlite:///path`. Safe to share between threads."""

    def __init__(self, database_url: str) -> None:
        """Makes the tables where they are missing. SchemaError if another version made them."""
        self._path = database_url.removeprefix("sqlite:///")
        # Tokens are in it: it is its owner's alone, as is then what SQLite puts beside it.
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        with self.reading() as db:
            db.execute("PRAGMA journal_mode = WAL")
        with self.writing() as db:
            _make_tables(db)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection, for one or more single statements. DatabaseError if it fails."""
        try:
            with closing(self._connect()) as db:
                yield db
        except sqlite3.Error as error:
            message = f"the database failed ({type(error).__name__}: {error})"
            raise DatabaseError(message) from error

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)
        db.execute("PRAGMA foreign_keys = ON")
        return db

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that has the write lock from its beginning; an exception undoes it."""
        with self.reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def insert(db: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    """Insert one row; its keys are column names of schema.sql."""
    marks = ", ".join("?" * len(row))
    db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def update(
    db: sqlite3.Connection, table: str, values: Mapping[str, Any], where: str, *which: object
) -> int:
    """Set columns of the rows that `where` names with `which`; how many there were."""
    changes = ", ".join(f"{name} = ?" for name in values)
    statement = f"UPDATE {table} SET {changes} WHERE {where}"
    return db.execute(statement, (*values.values(), *which)).rowcount


def _make_tables(db: sqlite3.Connection) -> None:
    """Make what schema.sql says, once; SchemaError for tables of another version."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables & {"members", "schema_version"}:
        for statement in Path(__file__).with_name("schema.sql").read_text("utf-8").split(";\n"):
            db.execute(statement)
        db.execute("INSERT INTO schema_version VALUES (?)", (VERSION,))
        return
    found = 0
    if "schema_version" in tables:
        (found,) = db.execute("SELECT version FROM schema_version").fetchone()
    if found != VERSION:
        message = f"the database has version {found} of the tables, this program needs {VERSION}"
        raise SchemaError(f"{message}: use another database, or delete this one")
