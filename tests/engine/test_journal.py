"""The journal: nothing is lost, nothing can be changed unnoticed, listeners hear of what is on disk."""

from __future__ import annotations

import hashlib
import json
import math
import resource
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.engine.journal import Journal, JournalDamaged, Record, read_journal, verify_journal
from sequencer.engine.reduce_again import reduce_again

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
ROWS = st.lists(
    st.tuples(
        st.floats(0, 4e9),
        st.sampled_from(["step", "frame", "alarm"]),
        st.dictionaries(st.text(max_size=5), JSON, max_size=4),
    ),
    min_size=1,
    max_size=8,
)


def written(path: Path, count: int = 5) -> list[Record]:
    """A journal of `count` records."""
    journal = Journal(path)
    records = [journal.write(100.0 + n, "step", {"n": n, "cmd": "preset"}) for n in range(count)]
    journal.close()
    return records


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_what_is_written_is_read(rows: list[tuple[float, str, dict[str, Any]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        journal = Journal(path)
        records = [journal.write(*row) for row in rows]
        assert read_journal(path) == records  # while it is still open
        journal.close()
        assert read_journal(path) == records
        assert [(record.time_s, record.kind, record.data) for record in records] == rows
        assert [record.seq for record in records] == list(range(1, len(rows) + 1))
        assert verify_journal(path) == len(rows)


def test_the_chain_is_as_documented(tmp_path: Path) -> None:
    """SHA-256 of previous hash, number, time, kind and data: anybody can check it without our code."""
    path = tmp_path / "journal.sqlite"
    written(path)
    previous = ""
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT seq, time_s, kind, data, hash FROM journal ORDER BY seq").fetchall()
    db.close()
    assert len(rows) == 5
    for seq, time_s, kind, data, chained in rows:
        assert chained == hashlib.sha256(f"{previous}|{seq}|{time_s!r}|{kind}|{data}".encode()).hexdigest()
        assert data == json.dumps(json.loads(data), sort_keys=True)
        previous = chained


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ('UPDATE journal SET data = \'{"n": 9, "cmd": "preset"}\' WHERE seq = 3', 3),
        ("UPDATE journal SET time_s = time_s + 0.001 WHERE seq = 2", 2),
        ("UPDATE journal SET kind = 'alarm' WHERE seq = 5", 5),
        ("UPDATE journal SET hash = upper(hash) WHERE seq = 1", 1),
        ("DELETE FROM journal WHERE seq = 1", 2),
        ("DELETE FROM journal WHERE seq = 3", 4),
        ("UPDATE journal SET seq = CASE seq WHEN 2 THEN -3 WHEN 3 THEN -2 ELSE seq END", -3),
        ("INSERT INTO journal SELECT 6, time_s, kind, data, hash FROM journal WHERE seq = 5", 6),
    ],
)
def test_any_tampering_is_found_at_its_row(tmp_path: Path, change: str, row: int) -> None:
    path = tmp_path / "journal.sqlite"
    written(path)
    with sqlite3.connect(path) as db:
        db.execute(change)
    db.close()
    with pytest.raises(JournalDamaged, match=f"row {row} does not follow"):
        verify_journal(path)


def test_numbers_without_a_gap_are_part_of_the_chain(tmp_path: Path) -> None:
    """Two good hashes do not make up for a number that is missing between them."""
    path = tmp_path / "journal.sqlite"
    (first,) = written(path, 1)
    chained = hashlib.sha256(f"{first.hash}|3|102.0|step|{{}}".encode()).hexdigest()
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO journal VALUES (3, 102.0, 'step', '{}', ?)", (chained,))
    db.close()
    with pytest.raises(JournalDamaged, match="row 3 does not follow"):
        verify_journal(path)


def test_a_journal_opened_again_goes_on_with_its_chain(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    first = written(path, 3)
    journal = Journal(path)
    more = journal.write(200.0, "note", {"text": "resumed"})
    journal.close()
    assert more.seq == 4
    assert read_journal(path) == [*first, more]
    assert verify_journal(path) == 4


@pytest.mark.parametrize(
    "data",
    [
        {"x": math.nan},
        {"x": [1.0, math.inf]},
        {"x": -math.inf},
        {"x": object()},
        {"x": {1, 2}},
        {"x": b"bytes"},
    ],
)
def test_what_is_no_json_is_refused_and_leaves_no_trace(tmp_path: Path, data: dict[str, Any]) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    told: list[Record] = []
    journal.listeners.append(told.append)
    before = journal.write(1.0, "step", {})
    with pytest.raises(ValueError):
        journal.write(2.0, "step", data)
    after = journal.write(3.0, "step", {})
    journal.close()
    assert told == [before, after] == read_journal(path)
    assert verify_journal(path) == 2


def test_a_row_that_could_not_be_written_breaks_no_chain(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    journal.write(1.0, "step", {})
    with pytest.raises(sqlite3.Error):
        journal.write(2.0, None, {})  # type: ignore[arg-type]
    assert journal.write(3.0, "step", {}).seq == 2
    journal.close()
    assert verify_journal(path) == 2


@pytest.mark.parametrize("time_s", [5, np.float64(1_805_533_200.25), np.float32(0.1)])
def test_any_number_will_do_as_time(tmp_path: Path, time_s: float) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    journal.write(time_s, "step", {})
    journal.close()
    assert verify_journal(path) == 1
    assert read_journal(path)[0].time_s == time_s


def test_listeners_hear_in_order_and_only_of_what_is_on_disk(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    heard: list[tuple[str, int]] = []

    def first(record: Record) -> None:
        assert read_journal(path)[-1] == record
        heard.append(("first", record.seq))

    journal.listeners += [first, lambda record: heard.append(("second", record.seq))]
    journal.write(1.0, "step", {})
    journal.write(2.0, "step", {})
    journal.close()
    assert heard == [("first", 1), ("second", 1), ("first", 2), ("second", 2)]


def test_a_record_holds_what_was_written_not_what_became_of_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    data = {"positions": {"Lp": 1}}
    record = journal.write(1.0, "step", data)
    data["positions"]["Lp"] = 2
    assert record.data == {"positions": {"Lp": 1}}
    journal.close()


def test_a_closed_journal_is_one_file(tmp_path: Path) -> None:
    written(tmp_path / "journal.sqlite")
    assert [path.name for path in tmp_path.iterdir()] == ["journal.sqlite"]


def test_it_survives_the_death_of_its_writer(tmp_path: Path) -> None:
    """Nothing is closed: what `write` returned for is there."""
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    record = journal.write(1.0, "step", {"n": 1})
    copy = tmp_path / "copy.sqlite"
    for suffix in ("", "-wal"):
        copy.with_name(copy.name + suffix).write_bytes(path.with_name(path.name + suffix).read_bytes())
    assert read_journal(copy) == [record]
    journal.close()


@pytest.mark.parametrize("read", [read_journal, verify_journal])
def test_no_journal_is_said(tmp_path: Path, read: Any) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.sqlite: no journal"):
        read(tmp_path / "nothing.sqlite")
    assert list(tmp_path.iterdir()) == []


@contextmanager
def no_file_may_grow(most_bytes: int = 1024) -> Iterator[None]:
    """The system refuses every write beyond the first bytes of a file, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fails_stops_nobody_who_writes(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    journal = Journal(path)
    told: list[Record] = []
    lost: list[str] = []
    journal.listeners.append(told.append)
    journal.on_lost = lost.append
    kept = journal.write(1.0, "step", {})
    with no_file_may_grow():
        unwritten = [journal.write(2.0, "step", {"n": 2}), journal.write(3.0, "step", {"n": 3})]
    unwritten.append(journal.write(4.0, "step", {"n": 4}))  # never tried again, though there is room
    journal.close()
    assert lost == [journal.lost]
    assert journal.lost
    assert told == [kept, *unwritten]
    assert journal.unwritten == unwritten
    assert read_journal(path) == [kept]
    assert verify_journal(path) == 1


def test_a_reduction_the_journal_cannot_take_is_no_success(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    journal.write(1.0, "run_started", {"instrument": "OPTICAM"})
    journal.close()
    runs = [tmp_path / f"{number:0200d}" for number in range(300)]  # a row of 60 kB
    with no_file_may_grow(40_000), pytest.raises(OSError, match="its journal cannot take them"):
        reduce_again(tmp_path, "opticam", lambda text: None, runs)


def test_a_listener_that_fails_hears_no_more_and_nobody_else_suffers(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite")
    told: list[Record] = []
    deaf: list[Exception] = []

    def fails(record: Record) -> None:
        raise BrokenPipeError("nobody reads")

    journal.listeners += [fails, told.append]
    journal.on_deaf = deaf.append
    records = [journal.write(1.0, "step", {}), journal.write(2.0, "step", {})]
    journal.close()
    assert told == records
    assert [str(error) for error in deaf] == ["nobody reads"]


def test_a_journal_that_cannot_be_made_is_said_as_a_fault_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"nowhere/journal\.sqlite: unable to open"):
        Journal(tmp_path / "nowhere" / "journal.sqlite")
