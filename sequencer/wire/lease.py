"""Who commands a device: one owner at a time, fenced by an epoch that every grant raises."""

from __future__ import annotations

from sequencer.clock import Clock
from sequencer.wire.beat import LAPSE, beats_s
from sequencer.wire.errors import Rejected
from sequencer.wire.messages import Lease


class LeaseBook:
    """The lease of one device, kept by the device."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._owner = ""
        self._epoch = 0
        self._heard_s = 0.0
        self._lapse_told = False

    def claim(self, owner: str, force: bool = False) -> int:
        """Grant the lease and return its epoch. Raises `Rejected` while another live owner holds it."""
        if not owner:
            raise Rejected("bad_arguments", "claim needs an owner")
        if self._owner not in ("", owner) and not force and not self._silent:
            raise Rejected("not_owner", f"is commanded by {self._owner}")
        self._owner = owner
        self._epoch += 1
        self._hear()
        return self._epoch

    def renew(self, lease: Lease | None) -> dict[str, str]:
        """The owner is still there."""
        self.check(lease)
        return {}

    def release(self, lease: Lease | None) -> dict[str, str]:
        """Give the device back; anyone may command or claim it."""
        self.check(lease)
        self._owner = ""
        return {}

    def check(self, lease: Lease | None) -> None:
        """Raise `Rejected` unless `lease` is the one in force, or nobody holds any."""
        if not self._owner:
            return
        if lease is None or lease.owner != self._owner:
            raise Rejected("not_owner", f"is commanded by {self._owner}")
        if lease.epoch != self._epoch:
            raise Rejected("fenced", f"lease epoch {lease.epoch} is over, {self._epoch} is in force")
        self._hear()

    def has_just_lapsed(self) -> bool:
        """Whether the owner has fallen silent; said once, then not before he has been heard again."""
        told, self._lapse_told = self._lapse_told, self._owner != "" and self._silent
        return self._lapse_told and not told

    @property
    def _silent(self) -> bool:
        return self._clock.liveness() - self._heard_s >= beats_s(self._clock, LAPSE)

    def _hear(self) -> None:
        self._heard_s = self._clock.liveness()
