"""What a stage is started with and told: the command and parameters of its deployment, with names filled in."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sequencer.acquisition.recipes import RawType, load_recipes
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


def parameters_of(stage: StageConfig) -> dict[str, Any]:
    """The parameters as the program gets them: a list of recipes by name as the rules that stand there."""
    recipes = stage.parameters.get("recipes")
    if not isinstance(recipes, str):
        return stage.parameters
    rules = [_rule(tag, one) for tag, one in load_recipes(recipes).raw_types.items() if one.makes]
    return {**stage.parameters, "recipes": rules}


def _rule(tag: str, one: RawType) -> dict[str, Any]:
    """A raw type as `stages/sof.py` reads it."""
    return {
        "recipe": one.recipe,
        "raw": {tag: [one.when[f"ESO DPR {word}"][0] for word in ("CATG", "TYPE", "TECH")]},
        "calibrations": one.needs,
        "optional": one.optional,
        "match": one.match,
        "join": "ESO DET DIT" in one.apart,
        "settings": one.settings,
    }
