"""What a file says of itself: which exposure it is, what in it is simulated, which card belongs to which chip."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sequencer.acquisition import Card
from sequencer.acquisition.dictionary import Dictionary
from sequencer.acquisition.layouts import complete, headers, lay_out
from sequencer.config.models import Chip

from .support import DAWN_S, card, dictionary, instrument, plan

KNOWN = Dictionary(dictionary())


def found(cards: list[Card]) -> dict[str, Any]:
    return {one.keyword: one.value for one in cards}


def test_an_exposure_has_the_same_uuid_in_every_night_and_version() -> None:
    """uuid5 of the id in the name space https://hil-sequencer/exposure, as RFC 9562 makes it of a URL."""
    cards = found(complete(plan(exposure="run/00/00001/CCD", layout="megara"), [], DAWN_S, DAWN_S, KNOWN))
    assert cards["UUID"] == "7b32cd76-2030-56ed-ac6e-ed62be9913d7"
    assert cards["BLCKUUID"] == "ab4644c0-7565-5fcf-9c1c-c485a1d53e66"
    assert cards["EXPID"] == "run/00/00001/CCD"


def test_only_who_is_simulated_is_named_so() -> None:
    given = [
        card("OBJECT", "x", contributor="TEL telescope"),
        card("RA", 1.0, contributor="DET LM", simulated=True),
    ]
    [mark] = [one for one in complete(plan(), given, DAWN_S, DAWN_S, KNOWN) if one.keyword == "ESO GEN SIM"]
    assert mark.value is True
    assert mark.comment == "simulated: DET LM"
    [real] = [
        one for one in complete(plan(), given[:1], DAWN_S, DAWN_S, KNOWN) if one.keyword == "ESO GEN SIM"
    ]
    assert real.value is False
    assert real.comment == "simulated: nothing"


@pytest.mark.parametrize("simulated", [True, False])
def test_another_name_gives_way_to_a_card_of_that_name_and_is_as_simulated(simulated: bool) -> None:
    given = [card("ESO DET DIT", 0.2, "[s] DIT", "DET LM", simulated=simulated)]
    [alias] = [one for one in complete(plan(), given, DAWN_S, DAWN_S, KNOWN) if one.keyword == "EXPTIME"]
    assert (alias.value, alias.comment, alias.simulated) == (0.2, "[s] integration time", simulated)
    assert (alias.measured, alias.time_s, alias.contributor) == (True, DAWN_S, "alias of DET LM")


def test_cards_and_pixels_of_each_chip_stand_together() -> None:
    asked = plan(chips=[Chip("DET1.DATA"), Chip("DET2.DATA")])
    chips = [np.full((2, 3), value, np.float32) for value in (1.0, 2.0)]
    given = [card("ESO DET1 CHIP GAIN", 4.0, extension=1), card("ESO DET2 CHIP GAIN", 5.0, extension=2)]
    primary, first, second = lay_out(asked, complete(asked, given, DAWN_S, DAWN_S, KNOWN), chips)
    assert headers(asked) == 3
    assert primary.pixels is None
    assert found(primary.cards)["ESO SEQ EXPID"] == asked.exposure
    for hdu, name, gain, level in ((first, "DET1.DATA", 4.0, 1.0), (second, "DET2.DATA", 5.0, 2.0)):
        assert hdu.pixels is not None
        assert hdu.pixels[0, 0] == level
        assert [value for key, value in found(hdu.cards).items() if key.endswith("GAIN")] == [gain]
        assert found(hdu.cards)["EXTNAME"] == name
        assert found(hdu.cards)["INHERIT"] is True


def test_of_a_camera_the_instrument_does_not_know_every_pixel_counts_as_lit() -> None:
    [region] = plan(camera="XX").lit_regions(instrument())
    assert (region.size_px, region.border_px, region.lit_fraction) == ((64, 48), (0, 0, 0, 0), 1.0)
