"""Who gives a header card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sequencer.acquisition import Card
from sequencer.devices.client import DeviceClient
from sequencer.engine.cards.foreseen import Foreseen, ForeseenDevice
from sequencer.engine.context import RunContext

Value = str | int | float | bool
Rows = list[tuple[str, Value]]
Scene = RunContext | Foreseen
"""What cards are made from: a run, or one that has not begun."""
AnyDevice = DeviceClient[Any] | ForeseenDevice


@dataclass(frozen=True)
class Contributor:
    """Who gives the cards (a category of the header, then a name), when, and whether measured and simulated."""

    name: str
    time_s: float
    measured: bool = True
    simulated: bool = False

    def card(self, keyword: str, value: Value, comment: str = "", extension: int | None = None) -> Card:
        """One card of this contributor."""
        return Card(keyword, value, comment, self.name, self.time_s, self.measured, self.simulated, extension)

    def cards(self, rows: Rows, extension: int | None = None) -> list[Card]:
        """Cards of this contributor."""
        return [self.card(keyword, value, extension=extension) for keyword, value in rows]


def of_device(category: str, client: AnyDevice, run: Scene) -> Contributor:
    """The device behind a client, for cards of a category: what it says was read back."""
    return Contributor(f"{category} {client.name}", run.clock.now(), simulated=client.simulated)


def simulation(client: AnyDevice) -> str:
    """How ESO says whether a device is simulated: HW-SIM or NORMAL."""
    return "HW-SIM" if client.simulated else "NORMAL"
