"""Products beside raw frames: never sorted as frames, offered where a recipe reads their form, else named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sequencer.acquisition.classify import FrameFile
from tests.acquisition.test_classify import CUBES, MASTER, dark, product, raw, sort

OURS = {"ORIGIN": "hil-sequencer"}
NUMINA = {"PRIMARY": "image", "VARIANCE": "image", "MAP": "image"}


def megara(name: str, mode: str, form: dict[str, str], noted: str = "", **cards: Any) -> FrameFile:
    """A file with the header numina copies from the first raw frame, and what it adds."""
    known = {"INSTRUME": "MEGARA", "OBSMODE": mode, "INSCONF": "x", "EXPTIME": 0.0, **cards}
    images = sum(kind == "image" for kind in form.values())
    return FrameFile(Path(f"/data/{name}.fits"), known, images, form, noted)


DARK = megara("dark", "MegaraDarkImage", {"PRIMARY": "image"}, EXPTIME=1800.0)
OWN_BIAS = megara("master_bias", "", {"PRIMARY": "", "SCI": "image", "ERR": "image"}, "MASTER_BIAS",
                  **{**OURS, "ESO PRO CATG": "MASTER_BIAS"})  # fmt: skip


@pytest.mark.parametrize(
    ("noted", "cards"), [("", {"NUMTYPE": "MasterBias"}), ("MASTER_BIAS", {})], ids=["by header", "by record"]
)
def test_a_master_of_another_program_is_no_raw_frame_and_calibrates(
    noted: str, cards: dict[str, str]
) -> None:
    bias = megara("a_bias", "MegaraBiasImage", {"PRIMARY": "image"}, noted, **cards)
    found = sort(DARK, bias, OWN_BIAS)
    [one] = found.sets
    assert (one.frames, one.missing, found.left_out) == ([DARK], [], [])
    assert one.calibrations == {"MASTER_BIAS": bias}, "not ours, which sorts after it"


def test_a_master_dark_of_another_program_is_left_in_peace() -> None:
    made = megara("made", "MegaraDarkImage", NUMINA, EXPTIME=1800.0, NUMTYPE="MasterDark")
    found = sort(made)
    assert (found.sets, found.left_out) == ([], [])


def test_our_bias_is_named_as_one_of_another_form() -> None:
    [one] = sort(DARK, OWN_BIAS).sets
    assert one.missing == [
        "MASTER_BIAS (master_bias.fits is ours, the recipe takes another form: PRIMARY is empty, not an image)"
    ]


def test_our_linearity_is_not_the_cube_the_recipes_want() -> None:
    """LINEARITY_2RG holds a cube of coefficients; ours is a map of one."""
    raws, ours = [dark("d1"), dark("d2")], product("LINEARITY_2RG", MASTER, **OURS)
    [one] = sort(*raws, ours).sets
    assert one.calibrations == {}
    why = "LINEARITY_2RG.fits is ours, the recipe takes another form: DET1.SCI is an image, not a cube"
    assert one.missing == ["PERSISTENCE_MAP", f"LINEARITY_2RG ({why})"]
    theirs = product("LINEARITY_2RG", CUBES)
    assert sort(*raws, theirs).sets[0].calibrations == {"LINEARITY_2RG": theirs}


def test_our_master_dark_has_the_form_the_flat_recipe_reads() -> None:
    ours = product("MASTER_DARK_2RG", MASTER, **OURS)
    assert sort(raw("flat"), ours).sets[0].calibrations == {"MASTER_DARK_2RG": ours}
    cut = product("MASTER_DARK_2RG", {"PRIMARY": "", "DET1.SCI": "image"})
    why = "MASTER_DARK_2RG.fits is there, the recipe takes another form: DET1.ERR is not there"
    assert sort(raw("flat"), cut).sets[0].missing[0] == f"MASTER_DARK_2RG of the same read-out ({why})"


def test_what_lies_among_products_without_a_record_is_no_raw_frame() -> None:
    stray = FrameFile(Path("/data/stray.fits"), raw("x").cards, 1, {}, "UNKNOWN")
    assert sort(stray).left_out == [(stray, "it lies among products, and nothing says of what kind")]
