"""Header contributions of one exposure, from the read-back state of the devices and the block being executed.

Values are what was, never what was asked for, but for the cards that say what was asked for. Types, units and
comments stand in the keyword dictionary (`configs/keywords`).
"""

from sequencer.engine.cards.contributor import Contributor
from sequencer.engine.cards.detector import detector_cards, exposed_cards
from sequencer.engine.cards.instrument import instrument_cards, stop_cards
from sequencer.engine.cards.observation import observation_cards
from sequencer.engine.cards.sidereal import sidereal_cards
from sequencer.engine.cards.sources import source_cards
from sequencer.engine.cards.start import start_cards
from sequencer.engine.cards.structure import structure_cards
from sequencer.engine.cards.target import target_cards
from sequencer.engine.cards.telescope import telescope_cards

__all__ = [
    "Contributor",
    "detector_cards",
    "exposed_cards",
    "instrument_cards",
    "observation_cards",
    "sidereal_cards",
    "source_cards",
    "start_cards",
    "stop_cards",
    "structure_cards",
    "target_cards",
    "telescope_cards",
]
