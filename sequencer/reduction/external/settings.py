"""The command of a stage as a deployment attaches it, with its place-holders filled in."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from sequencer.config.stages import StageConfig

STAGES = Path(__file__).parent / "stages"
"""Programs that come with the sequencer."""


def command_of(stage: StageConfig) -> list[str]:
    """The command with its place-holders filled in."""
    places = {"{python}": sys.executable, "{stages}": str(STAGES)}
    return [_filled(word, places) for word in stage.command]


def _filled(word: str, places: Mapping[str, str]) -> str:
    for place, value in places.items():
        word = word.replace(place, value)
    return word
