# SPDX-License-Identifier: MIT-0
"""SQLite under the store: one file, by the standard library.

WAL lets readers go on while one writes. A write takes the lock when it begins, because two
transactions that turn into writers later deadlock. Connections are kept, since opening and closing
one makes the disk flush several times; a commit on an open one, once.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import DatabaseError

PATIENCE = 15  # seconds to wait for another writer
MAX_IDLE = 8  # connections that are kept while nobody uses them

File = tuple[int, int]  # device and inode: which file it is, whatever its name


@dataclass(frozen=True)
class _Open:
    """A connection, the file that it was opened on, and whether that could be written to."""

    connection: sqlite3.Connection
    file: File
    is_writable: bool


class SQLiteDatabase:
    """One SQLite file. Threads and forked children may share it."""

    tables = "SELECT lower(name) FROM sqlite_master WHERE type = 'table'"  # Members is members
    skip_locked = ""  # no two write at once

    def __init__(self, path: str, create: bool = True) -> None:
        """DatabaseError if the file is not there and can't be made."""
        self._path = path
        self._file: File | None = None
        self._wal: File | None = None
        # A forked child has a list of its own. It must not even close what its parent has opened.
        self._idle: dict[int, list[_Open]] = {}
        if create:
            _create(path)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection, for one or more single statements. DatabaseError if it fails."""
        try:
            opened = self._take()
            try:
                yield opened.connection
            except sqlite3.Error:
                opened.connection.close()
                self.close()  # what is wrong with one may be wrong with all
                raise
            except BaseException:
                self._give_back(opened)
                raise
            self._give_back(opened)
        except sqlite3.Error as error:
            message = f"the database failed ({type(error).__name__}: {error})"
            raise DatabaseError(message) from error

    @contextmanager
    def writing(self, *_people: str) -> Iterator[sqlite3.Connection]:
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

    def close(self) -> None:
        """Close what this process keeps open and nobody uses."""
        for opened in self._idle.pop(os.getpid(), []):
            opened.connection.close()

    def __del__(self) -> None:
        self.close()

    # ── the pool: take, use, give back ──

    def _take(self) -> _Open:
        """A connection to the file that lies there now, for one thread at a time."""
        file = _identity(self._path)
        if file is None:
            raise DatabaseError("the database's file is gone")
        if file != self._file:
            self._accept(file)
        idle = self._idle.get(os.getpid(), [])
        with suppress(IndexError):  # none is left
            while True:
                opened = idle.pop()
                if opened.file == file:
                    return opened
                opened.connection.close()  # writes to a file that is gone would be lost
        return self._open(file)

    def _accept(self, file: File) -> None:
        """Use another file than before.

        DatabaseError while the old one's -wal lies beside it: SQLite would write that into it.
        """
        if self._file and self._wal and self._wal == _identity(f"{self._path}-wal"):
            message = "another file took the database's place, beside the -wal of the old one"
            raise DatabaseError(f"{message}: put the old one back, or take its -wal and -shm away")
        self._file = file

    def _open(self, file: File) -> _Open:
        is_writable = os.access(self._path, os.W_OK)
        address = f"{Path(self._path).absolute().as_uri()}?mode=rw"  # it makes no new file
        db = sqlite3.connect(
            address, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            _use_wal(db)
            db.execute("PRAGMA synchronous = FULL")  # what was committed outlives a power failure
            db.execute("PRAGMA foreign_keys = ON")
            db.execute(self.tables).fetchall()  # with the first read -wal comes into being
        except BaseException:
            db.close()
            raise
        self._wal = _identity(f"{self._path}-wal")
        return _Open(db, file, is_writable)

    def _give_back(self, opened: _Open) -> None:
        idle = self._idle.setdefault(os.getpid(), [])
        # What was opened to read only stays so, even when the file can be written to again.
        if opened.is_writable and len(idle) < MAX_IDLE:
            idle.append(opened)
        else:
            opened.connection.close()


def _create(path: str) -> None:
    """An empty file, if there is none.

    Tokens will be in it: it is its owner's alone, as is then what SQLite puts beside it.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:  # and is not opened: closing it would drop SQLite's locks on it
        pass
    except OSError as error:
        raise DatabaseError(f"the database's file can't be made ({error.strerror})") from error


def _identity(path: str) -> File | None:
    """Which file lies there; None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _use_wal(db: sqlite3.Connection) -> None:
    """Turn WAL on, which stays on. While others do the same, SQLite fails instead of waiting."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.02)
