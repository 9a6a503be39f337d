"""What can go wrong between a detector and a durable file, each with a type of its own."""

from __future__ import annotations

from collections.abc import Iterable


class AcquisitionError(Exception):
    """Base of all errors of the acquisition."""


class CardErrors(AcquisitionError):
    """Header cards that cannot be written; `problems` has one line for each, naming card and contributor."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class MissingCards(AcquisitionError):
    """Required cards nobody gave; `missing` pairs each keyword with the contributor that owes it."""

    def __init__(self, exposure: str, missing: Iterable[tuple[str, str]]) -> None:
        self.missing = tuple(missing)
        named = ", ".join(f"{keyword} (from {contributor})" for keyword, contributor in self.missing)
        super().__init__(f"exposure {exposure}: required header cards are missing: {named}")


class PlanError(AcquisitionError):
    """An exposure plan that cannot stand: its exposure or file name is taken, or its layout does not fit."""


class FrameRefused(AcquisitionError):
    """A frame that is not what was planned; `reason` says in what. The detector still keeps it."""

    def __init__(self, exposure: str, reason: str) -> None:
        self.exposure = exposure
        self.reason = reason
        super().__init__(f"frame of exposure {exposure} refused: {reason}")


class FrameMissing(AcquisitionError):
    """The pixels of an exposure did not arrive in time."""


class DiskFull(AcquisitionError):
    """No room for a file of `needed` bytes; found before anything of it was written."""

    def __init__(self, path: str, needed: int) -> None:
        self.path = path
        self.needed = needed
        super().__init__(f"no room on disk for {path}: it needs {needed / 1e6:.1f} MB")


class NotDurable(AcquisitionError):
    """Writing or flushing failed: the file is removed and the flush never repeated.

    After a failed fsync the kernel may have dropped the data although a second fsync succeeds
    (PostgreSQL "fsyncgate"), so the frame has to be written anew from the pixels still in memory.
    """


class CorruptFile(AcquisitionError):
    """A FITS file whose length, structure or checksums are wrong."""
