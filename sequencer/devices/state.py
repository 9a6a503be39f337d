"""The published state of a device: one frozen Struct a kind, over the fields all kinds share."""

from __future__ import annotations

import msgspec

from sequencer.devices.charts import NOT_READY


class DeviceState(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every device publishes: the state of its chart, its error's text, whether it is a simulator.

    While `reachable` is False the hardware cannot be read: everything else is what was last known.
    """

    chart: str = NOT_READY
    error: str = ""
    simulated: bool = False
    reachable: bool = True

    @property
    def is_safe(self) -> bool:
        """Whether the hardware answers and stands so that it can harm nothing."""
        return self.reachable and self.harmless

    @property
    def harmless(self) -> bool:
        """What safe means for a kind of device."""
        return True
