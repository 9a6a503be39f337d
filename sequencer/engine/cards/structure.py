"""INSTRUME, TELESCOP and the constant cards of an instrument."""

from __future__ import annotations

from sequencer.acquisition import Card
from sequencer.engine.cards.contributor import Contributor, Scene


def structure_cards(run: Scene) -> list[Card]:
    """INSTRUME, TELESCOP and the constant cards of the instrument file."""
    who = Contributor("instrument", run.clock.now(), measured=False)
    instrument = run.instrument
    return who.cards(
        [
            ("ORIGIN", "hil-sequencer"),
            ("TELESCOP", instrument.telescope.name),
            ("INSTRUME", instrument.name),
            *instrument.header.items(),
        ]
    )
