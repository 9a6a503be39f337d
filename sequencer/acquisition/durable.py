"""A file that is either whole and durable under its name, or not there.

The space is reserved first, the bytes go to `NAME.part`, which is flushed and only then gets its name; the
folder is flushed last. A name that exists is never overwritten.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from sequencer.acquisition.errors import DiskFull, NotDurable, PlanError

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class PartFile:
    """The file on its way to `path`: reserved on construction, then `write`, `publish`, or `discard`.

    Raises PlanError when the name is taken, DiskFull when `reserve_bytes` do not fit. `flush` makes a file
    descriptor durable; it is called once for the file and once for the folder and never again after a
    failure.
    """

    def __init__(self, path: Path, reserve_bytes: int, flush: Callable[[int], None] = os.fsync) -> None:
        self.path = path
        self.part = path.with_name(path.name + ".part")
        self.size_bytes = 0
        self._reserved = reserve_bytes
        self._flush = flush
        self._file = self._create()
        try:
            os.posix_fallocate(self._file, 0, reserve_bytes)
        except OSError as error:
            raise self._failed(error) from error

    def write(self, chunks: Iterable[bytes | memoryview]) -> str:
        """Write all chunks, return their sha256. Raises DiskFull or NotDurable; the file is then gone."""
        digest = hashlib.sha256()
        try:
            for chunk in chunks:
                digest.update(chunk)
                self._write_all(memoryview(chunk))
        except OSError as error:
            raise self._failed(error) from error
        return digest.hexdigest()

    def publish(self) -> None:
        """Cut the reservation to size, flush, give the file its name, flush the folder.

        Raises PlanError when the name was taken meanwhile, NotDurable when a flush fails.
        """
        try:
            os.ftruncate(self._file, self.size_bytes)
            self._flush(self._file)
            os.link(self.part, self.path)
        except FileExistsError as error:
            self.discard()
            raise PlanError(f"{self.path.name} exists already and is not overwritten") from error
        except OSError as error:
            raise self._failed(error) from error
        self.discard()
        try:
            flush_folder(self.path.parent, self._flush)
        except OSError as error:
            raise NotDurable(
                f"the folder of {self.path.name} could not be flushed: {error.strerror}"
            ) from error

    def discard(self) -> None:
        """Close and remove the `.part` file; the published file, if any, stays."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            self.part.unlink(missing_ok=True)

    def _create(self) -> int:
        if self.path.exists():
            raise PlanError(f"{self.path.name} exists already and is not overwritten")
        try:
            return os.open(self.part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644)
        except FileExistsError as error:
            raise PlanError(f"{self.part.name} exists already: its name is taken") from error
        except OSError as error:
            raise NotDurable(f"cannot create {self.part}: {error.strerror}") from error

    def _write_all(self, rest: memoryview) -> None:
        while rest:
            written = os.write(self._file, rest)
            self.size_bytes += written
            rest = rest[written:]

    def _failed(self, error: OSError) -> DiskFull | NotDurable:
        self.discard()
        if error.errno in NO_ROOM:
            return DiskFull(str(self.path), max(self._reserved, self.size_bytes))
        return NotDurable(f"{self.path.name} was not written: {error.strerror}")


def flush_folder(folder: Path, flush: Callable[[int], None] = os.fsync) -> None:
    """Make the names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        flush(handle)
    finally:
        os.close(handle)
