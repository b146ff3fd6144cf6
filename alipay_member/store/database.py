# SPDX-License-Identifier: MIT-0
"""The database under the store, SQLite or PostgreSQL, and the tables of schema.sql.

The same SQL serves both. What differs stands in sqlite.py and postgresql.py: connecting, and how a
write begins. A value's place is `?` in every statement.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from ..errors import SchemaError
from .sqlite import SQLiteDatabase

POSTGRESQL = ("postgresql://", "postgres://")
VERSION = 4  # of schema.sql; a database of another version is refused
TABLES = {"schema_version", "members", "sessions"}  # of every version


class Connection(Protocol):
    """What a statement is run on."""

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Any:
        """Run one statement; its cursor, with fetchone(), rowcount, and rows to go through."""


class Database(Protocol):
    """Where connections come from. Safe to share between threads, and with a forked child."""

    tables: str  # a query for the tables' names
    skip_locked: str  # at a SELECT's end: leave out rows that another transaction has locked

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection, for one or more single statements. DatabaseError if it fails."""

    def writing(self, *people: str) -> AbstractContextManager[Connection]:
        """One transaction, one at a time for each of `people`; an exception undoes it."""

    def close(self) -> None:
        """Close what is open. It is opened again when it is needed."""


def open_database(database_url: str) -> Database:
    """The database of `sqlite:///path` or `postgresql://…`.

    ValueError for any other address; DatabaseError if the file can't be made; ImportError if
    PostgreSQL's driver or postgresql.py is missing.
    """
    if database_url.startswith(POSTGRESQL):
        return _postgresql(database_url)
    scheme, _, path = database_url.partition(":///")
    if scheme != "sqlite" or not path:
        raise ValueError(
            "a database's address is sqlite:///path/to/file.db "
            "or postgresql://user:password@host/name"
        )
    if path == ":memory:":
        raise ValueError(
            "sqlite:///:memory: would be another database for each connection: "
            "use a file in a temporary folder"
        )
    return SQLiteDatabase(path)


def _postgresql(database_url: str) -> Database:
    try:
        from .postgresql import PostgreSQLDatabase
    except ModuleNotFoundError as error:
        if error.name != f"{__package__}.postgresql":
            raise
        message = "PostgreSQL needs postgresql.py in alipay_member/store, which was left out"
        raise ImportError(message) from None
    return PostgreSQLDatabase(database_url)


def make_tables(database: Database) -> None:
    """Make what schema.sql says, once, however many start at once.

    SchemaError for tables of another version or of another program.
    """
    with database.writing("schema.sql") as db:
        if _found_tables(database, db):
            return
        for statement in Path(__file__).with_name("schema.sql").read_text("utf-8").split(";\n"):
            db.execute(statement)
        insert(db, "schema_version", {"version": VERSION})


def has_tables(database: Database) -> bool:
    """Whether schema.sql has been run. DatabaseError; SchemaError as make_tables raises it."""
    with database.reading() as db:
        return _found_tables(database, db)


def insert(db: Connection, table: str, row: Mapping[str, Any]) -> None:
    """Insert one row; its keys are column names of schema.sql."""
    marks = ", ".join("?" * len(row))
    db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def update(
    db: Connection, table: str, values: Mapping[str, Any], where: str, *which: object
) -> int:
    """Set columns of the rows that `where` names with `which`; how many there were."""
    changes = ", ".join(f"{name} = ?" for name in values)
    statement = f"UPDATE {table} SET {changes} WHERE {where}"
    count: int = db.execute(statement, (*values.values(), *which)).rowcount
    return count


def _found_tables(database: Database, db: Connection) -> bool:
    tables = {name for (name,) in db.execute(database.tables)} & TABLES
    if not tables:
        return False
    found = _version(db) if tables == TABLES else None
    if found is None:
        raise SchemaError(
            f"the database has tables of another program ({', '.join(sorted(tables))}): "
            "leave it alone, and use a database for this program only",
            "foreign",
        )
    if found != VERSION:
        message = f"the database has version {found} of the tables, this program needs {VERSION}"
        raise SchemaError(f"{message}: use another database, or delete this one")
    return True


def _version(db: Connection) -> int | None:
    """The version of our tables; None if they only have the names of ours."""
    if not {"token_hash", "member_id"} <= set(_columns(db, "sessions")):
        return None
    if _columns(db, "schema_version") != ["version"]:
        return None
    rows = db.execute("SELECT version FROM schema_version LIMIT 2").fetchall()
    if len(rows) == 1 and isinstance(rows[0][0], int):
        return rows[0][0]
    return None


def _columns(db: Connection, table: str) -> list[str]:
    return [column[0] for column in db.execute(f"SELECT * FROM {table} LIMIT 0").description]
