"""Which recipe takes which raw frame, as data: the form of the files in `configs/keywords/recipes`."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from msgspec import Struct

from sequencer.config.keywords import Condition
from sequencer.config.load import load_instrument
from sequencer.config.models import ReadoutMode
from sequencer.config.problems import ConfigErrors
from sequencer.config.search import find_config, known_names
from sequencer.config.structure import convert
from sequencer.config.yaml_reader import read_yaml

FOLDER = "keywords/recipes"


class RawType(Struct, forbid_unknown_fields=True, frozen=True):
    """A type of raw frame: a frame that meets `when` is of it, and `recipe` takes it under the name of the type.

    `makes` is the category (PRO CATG) of the product, `needs` are categories the recipe cannot do without, those in
    `match` with the read-out of the frames; `optional` it takes when they are there. `lit` frames are stacked by
    optics, too; `apart` are keywords in which frames of one set may differ. `chips`, `fewest` (frames), `ndit` (0: any)
    and, where frames without light meet `unlit`, two of them at each DIT of two frames with light, and so many `dits`,
    are what the recipe wants but does not check. `settings` are parameters of the recipe that are not its defaults.
    """

    recipe: str
    when: Condition
    makes: str = ""
    needs: list[str] = []
    match: list[str] = []
    optional: list[str] = []
    lit: bool = False
    apart: list[str] = []
    unlit: Condition = {}
    chips: int = 1
    ndit: int = 0
    dits: int = 0
    settings: dict[str, float] = {}
    fewest: int = 1


class Recipes(Struct, forbid_unknown_fields=True, frozen=True):
    """What an instrument's pipeline takes. Frames of one set agree in `readout`, lit ones in `optics` as well.

    `label` are the keywords a set is named after, `sof` whether its runner reads set-of-frames files. `products` are
    the keywords by which the pipeline marks its products where it does not use PRO CATG: keyword -> value -> category.
    `forms` are the forms in which its recipes read a category: EXTNAME (or PRIMARY) -> what stands there; a category
    without one is taken in any form.
    """

    name: str
    readout: list[str]
    raw_types: dict[str, RawType]
    optics: list[str] = []
    label: list[str] = []
    sof: bool = True
    products: dict[str, dict[str, str]] = {}
    forms: dict[str, dict[str, Literal["image", "cube", "table"]]] = {}


def load_recipes(name_or_path: str) -> Recipes:
    """Return the recipes of a pipeline. Raises ConfigErrors."""
    value, problems = convert(read_yaml(find_config(FOLDER, name_or_path)), Recipes)
    if value is None or problems:
        raise ConfigErrors(problems)
    return value


@lru_cache
def recipes_of(instrument: str) -> Recipes | None:
    """The packaged recipes of an instrument by its name in the headers, None where there are none."""
    name = instrument.lower()
    return load_recipes(name) if name in known_names(FOLDER) else None


@lru_cache
def readout_mode(instrument: str, name: str) -> ReadoutMode | None:
    """A read-out mode by the packaged instrument file; None where none has it."""
    file = instrument.lower()
    detectors = load_instrument(file).detectors.values() if file in known_names("instruments") else ()
    return next((detector.modes[name] for detector in detectors if name in detector.modes), None)
