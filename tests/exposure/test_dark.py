"""What a dark is worth by its level."""

from __future__ import annotations

import math

import pytest

from sequencer.exposure import DarkLevel, dark_verdict
from sequencer.exposure.jump import SkyJumps

CCD = DarkLevel(dark_e=0.02, read_noise_e=6.0, full_well_e=1e5)
GEOSNAP = DarkLevel(dark_e=2000.0, read_noise_e=300.0, full_well_e=2.8e6)
MEGARA = DarkLevel(dark_e=0.0, read_noise_e=3.4, full_well_e=52000.0, pedestal_e=1730.0)


@pytest.mark.parametrize(
    ("expected", "level_e", "earlier_e", "name"),
    [
        (CCD, 0.1, [], "good"),
        (CCD, -17.9, [], "good"),
        (CCD, 18.0, [], "good"),
        (CCD, 18.1, [], "high"),
        (CCD, 49600.0, [], "high"),
        (CCD, 99000.0, [], "saturated"),
        (CCD, -18.1, [], "low"),
        (CCD, 15.0, [-5.0, -4.0, 14.0], "high"),
        (CCD, -15.0, [17.0], "good"),
        (GEOSNAP, 3899.0, [], "good"),
        (GEOSNAP, 3901.0, [], "high"),
        (GEOSNAP, 3299.0, [2000.0], "good"),
        (GEOSNAP, 3301.0, [2000.0], "high"),
        (MEGARA, 96.0, [], "good"),
        (MEGARA, 97.0, [], "high"),
        (MEGARA, -97.0, [], "low"),
        (MEGARA, 90.0, [75.0], "good"),
        (MEGARA, 90.0, [60.0], "high"),
        (CCD, math.nan, [], "unstable"),
    ],
)
def test_the_level_of_a_dark_is_what_the_detector_gives_by_itself(
    expected: DarkLevel, level_e: float, earlier_e: list[float], name: str
) -> None:
    judged = dark_verdict(level_e, expected, earlier_e, "shutter and cover")
    assert judged.name == name
    assert f"{level_e:.4g} e-" in judged.reason


def test_a_leap_is_doubted_once_and_believed_when_it_lasts() -> None:
    sky = SkyJumps()
    assert sky.objection(29.0, 1.0) == ""
    assert "31 times as bright" in sky.objection(31.0, 1.0)
    assert sky.objection(1.0, 1.0) == ""
    assert sky.objection(31.0, 1.0) != ""
    assert sky.objection(90.0, 1.0) != ""
    assert sky.objection(100.0, 1.0) == ""
    assert sky.objection(1e-9, 1.0) == ""
