"""A file is whole under its name or not there: full disks, failed flushes, taken names."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sequencer.acquisition import DiskFull, NotDurable, PlanError
from sequencer.acquisition.durable import PartFile


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_under_its_name_when_it_is_published(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "a.fits", 10_000)
    assert names(tmp_path) == ["a.fits.part"]
    assert part.part.stat().st_blocks * 512 >= 10_000, "the space is reserved"
    digest = part.write([b"abc", memoryview(b"defg")])
    assert names(tmp_path) == ["a.fits.part"]
    part.publish()
    assert names(tmp_path) == ["a.fits"]
    assert part.path.read_bytes() == b"abcdefg"
    assert part.size_bytes == 7
    assert digest == hashlib.sha256(b"abcdefg").hexdigest()


def test_a_file_may_outgrow_its_reservation(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "a.fits", 10)
    part.write([bytes(1000)])
    part.publish()
    assert part.path.stat().st_size == 1000


def test_a_discarded_file_leaves_nothing(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "a.fits", 10)
    part.discard()
    part.discard()
    assert names(tmp_path) == []


def test_flushed_are_the_file_before_it_gets_its_name_and_then_the_folder(tmp_path: Path) -> None:
    flushed: list[tuple[str, list[str]]] = []

    def flush(handle: int) -> None:
        flushed.append((os.readlink(f"/proc/self/fd/{handle}"), names(tmp_path)))

    part = PartFile(tmp_path / "a.fits", 10, flush)
    part.write([b"abc"])
    part.publish()
    assert flushed == [
        (str(tmp_path / "a.fits.part"), ["a.fits.part"]),
        (str(tmp_path), ["a.fits"]),
    ]


def test_an_existing_name_is_never_overwritten(tmp_path: Path) -> None:
    late = PartFile(tmp_path / "a.fits", 10)
    with pytest.raises(PlanError, match="taken"):
        PartFile(tmp_path / "a.fits", 10)
    (tmp_path / "a.fits").write_bytes(b"first")
    with pytest.raises(PlanError, match="not overwritten"):
        PartFile(tmp_path / "a.fits", 10)
    late.write([b"second"])
    with pytest.raises(PlanError, match="not overwritten"):
        late.publish()
    assert (tmp_path / "a.fits").read_bytes() == b"first"
    assert names(tmp_path) == ["a.fits"]


def test_no_room_is_found_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match=r"needs 9007199254\.7 MB") as caught:
        PartFile(tmp_path / "a.fits", 2**53)
    assert caught.value.needed == 2**53
    assert caught.value.path == str(tmp_path / "a.fits")
    assert names(tmp_path) == []


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file may grow over `size` bytes: the kernel's own way to run out of room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_running_out_of_room_while_writing_leaves_nothing(tmp_path: Path) -> None:
    part = PartFile(tmp_path / "a.fits", 10)
    with largest_file(5000), pytest.raises(DiskFull) as caught:
        part.write([bytes(4000), bytes(4000)])
    assert caught.value.needed == 5000
    assert names(tmp_path) == []


@pytest.mark.parametrize("failing", [1, 2])
def test_a_failed_flush_is_not_repeated(tmp_path: Path, failing: int) -> None:
    calls = 0

    def flush(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(errno.EIO, "Input/output error")

    part = PartFile(tmp_path / "a.fits", 10, flush)
    part.write([b"abc"])
    with pytest.raises(NotDurable, match="Input/output error"):
        part.publish()
    assert calls == failing
    assert names(tmp_path) == ([] if failing == 1 else ["a.fits"])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotDurable, match=r"cannot create .*gone/a\.fits\.part: No such file"):
        PartFile(tmp_path / "gone" / "a.fits", 10)


def test_no_file_handle_stays_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    PartFile(tmp_path / "a", 10).discard()
    published = PartFile(tmp_path / "b", 10)
    published.write([b"x"])
    published.publish()
    with pytest.raises(DiskFull):
        PartFile(tmp_path / "c", 2**53)
    assert len(os.listdir("/proc/self/fd")) == before
