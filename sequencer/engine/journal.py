"""The journal of a run: SQLite, one hash-chained row a step; screen, report and summary replay it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
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


class Journal:
    """Appends records durably (WAL, synchronous FULL) and tells its listeners, in that order."""

    def __init__(self, path: Path) -> None:
        self.listeners: list[Callable[[Record], None]] = []
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(_SCHEMA)
        last = self._db.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        self._seq: int
        self._hash: str
        self._seq, self._hash = last or (0, "")

    def write(self, time_s: float, kind: str, data: dict[str, Any]) -> Record:
        """Append one record; it is on disk when this returns. Raises ValueError on data that is not JSON."""
        time_s = float(time_s)
        try:
            text = json.dumps(data, allow_nan=False, sort_keys=True)
        except TypeError as error:
            raise ValueError(f"{kind}: {error}") from None
        seq = self._seq + 1
        chained = _chain(self._hash, seq, time_s, kind, text)
        self._db.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", (seq, time_s, kind, text, chained))
        self._seq, self._hash = seq, chained
        record = Record(seq, time_s, kind, json.loads(text), chained)
        for listener in self.listeners:
            listener(record)
        return record

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it: one file, that readers leave as it is."""
        self._db.execute("PRAGMA journal_mode=DELETE")
        self._db.close()


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
