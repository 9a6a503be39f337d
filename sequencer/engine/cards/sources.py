"""INS LAMPi: calibration sources as read back."""

from __future__ import annotations

from sequencer.acquisition import Card
from sequencer.engine.cards.contributor import Scene, of_device


def source_cards(run: Scene) -> list[Card]:
    """Name of each source and whether it shines, numbered in the order of the instrument file."""
    client = run.devices.sources
    if client is None:
        return []
    who, found = of_device("LAMP", client, run), client.state.sources
    return [
        card
        for number, name in enumerate(run.instrument.sources, start=1)
        if name in found
        for card in who.cards(
            [(f"ESO INS LAMP{number} NAME", name), (f"ESO INS LAMP{number} ST", found[name].on)]
        )
    ]
