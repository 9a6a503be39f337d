"""All that is known of a frame before its exposure."""

from __future__ import annotations

from sequencer.acquisition import Card
from sequencer.config.models import DetectorConfig
from sequencer.engine.cards.contributor import AnyDevice, Scene
from sequencer.engine.cards.detector import detector_cards
from sequencer.engine.cards.instrument import instrument_cards
from sequencer.engine.cards.observation import observation_cards
from sequencer.engine.cards.sources import source_cards
from sequencer.engine.cards.structure import structure_cards
from sequencer.engine.cards.target import target_cards
from sequencer.engine.cards.telescope import telescope_cards
from sequencer.engine.shot import Shot


def start_cards(config: DetectorConfig, shot: Shot, client: AnyDevice, run: Scene) -> list[Card]:
    """The cards every contributor gives before the exposure; of the telescope only where it matters."""
    return [
        *structure_cards(run),
        *observation_cards(run, shot),
        *(telescope_cards(run, "START") + target_cards(run) if shot.on_sky else []),
        *instrument_cards(run, shot.camera),
        *source_cards(run),
        *detector_cards(config, shot, client, run),
    ]
