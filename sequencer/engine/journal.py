"""The journal of a run: SQLite, one hash-chained row a step; screen, report and summary replay it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

_SCHEMA = """
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY,
    time_s REAL NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    hash TEXT NOT NULL
)
"""


class Record(msgspec.Struct, frozen=True):
    """One row: `time_s` UTC, `kind` and `data` as in docs/reference/run-folder.md, chained `hash`."""

    seq: int
    time_s: float
    kind: str
    data: dict[str, Any]
    hash: str


class JournalDamaged(Exception):
    """A row was changed, removed or reordered after it was written."""


class JournalLost(Exception):
    """The journal cannot be written any more: nothing may begin that it would not tell of."""


class Journal:
    """Appends records durably (WAL, synchronous FULL) and tells its listeners, in that order.

    A disk that fails never stops who writes: `lost` says why from then on, `on_lost` is told once, and what could
    not be written is kept in `unwritten`. A listener that fails hears nothing more; `on_deaf` is told of it.
    """

    def __init__(self, path: Path) -> None:
        """Open or create it. Raises OSError."""
        self.listeners: list[Callable[[Record], None]] = []
        self.lost = ""
        self.unwritten: list[Record] = []
        self.on_lost: Callable[[str], None] = lambda why: None
        self.on_deaf: Callable[[Exception], None] = lambda error: None
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute(_SCHEMA)
            last = self._db.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        except sqlite3.Error as error:
            raise OSError(f"{path}: {error}") from error
        self._seq: int
        self._hash: str
        self._seq, self._hash = last or (0, "")

    def write(self, time_s: float, kind: str, data: dict[str, Any]) -> Record:
        """Append one record; it is on disk when this returns, unless the journal is `lost`.

        Raises ValueError on data that is not JSON.
        """
        time_s = float(time_s)
        try:
            text = json.dumps(data, allow_nan=False, sort_keys=True)
        except TypeError as error:
            raise ValueError(f"{kind}: {error}") from None
        seq = self._seq + 1
        chained = _chain(self._hash, seq, time_s, kind, text)
        why = self.lost or self._append(seq, time_s, kind, text, chained)
        self._seq, self._hash = seq, chained
        record = Record(seq, time_s, kind, json.loads(text), chained)
        if why:
            self.unwritten.append(record)
        self._tell(record)
        if why and not self.lost:
            self.lost = why
            self.on_lost(why)
        return record

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it: one file, that readers leave as it is."""
        with suppress(sqlite3.OperationalError):  # where the disk fails, readers find the rest in the log
            self._db.execute("PRAGMA journal_mode=DELETE")
        self._db.close()

    def _append(self, *row: object) -> str:
        """Why the row is not on disk; empty if it is. What failed once is never tried again: after a failed fsync
        the system may call pages written that are not."""
        try:
            self._db.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError:  # what was to be written is no row
            raise
        except sqlite3.Error as error:
            return str(error)
        return ""

    def _tell(self, record: Record) -> None:
        for listener in list(self.listeners):
            try:
                listener(record)
            except Exception as error:
                self.listeners.remove(listener)
                self.on_deaf(error)


def read_journal(path: Path) -> list[Record]:
    """All records of a journal, oldest first. Raises FileNotFoundError."""
    return [
        Record(seq, time_s, kind, json.loads(text), chained)
        for seq, time_s, kind, text, chained in _rows(path)
    ]


def verify_journal(path: Path) -> int:
    """Number of records of an unbroken chain. Raises JournalDamaged naming the first bad row."""
    previous = ""
    count = 0
    for seq, time_s, kind, text, chained in _rows(path):
        count += 1
        if seq != count or chained != _chain(previous, seq, time_s, kind, text):
            raise JournalDamaged(f"{path}: row {seq} does not follow from the row before it")
        previous = chained
    return count


def _rows(path: Path) -> list[tuple[int, float, str, str, str]]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no journal")
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return db.execute("SELECT seq, time_s, kind, data, hash FROM journal ORDER BY seq").fetchall()
    finally:
        db.close()


def _chain(previous: str, seq: int, time_s: float, kind: str, text: str) -> str:
    return hashlib.sha256(f"{previous}|{seq}|{time_s!r}|{kind}|{text}".encode()).hexdigest()
