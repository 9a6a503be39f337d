import math

import pytest

from sequencer.sky import PatchRules


def test_the_moon_is_kept_away_by_its_phase():
    """Full: the whole distance; 6 days from full: half; new: a seventh."""
    rules = PatchRules(moon_distance_deg=30.0, moon_width_days=6.0)
    assert rules.moon_clear_deg(180.0) == 30.0
    assert rules.moon_clear_deg(180.0 * (1.0 - 6.0 / 14.765)) == pytest.approx(15.0)
    assert rules.moon_clear_deg(0.0) == pytest.approx(30.0 / 7.06, abs=0.01)
    distances = [rules.moon_clear_deg(elongation) for elongation in range(0, 181, 10)]
    assert distances == sorted(distances)


@pytest.mark.parametrize(("elongation", "clear"), [(0.0, 20.0), (60.0, 20.0), (170.0, 29.4), (180.0, 30.0)])
def test_the_least_distance_is_kept_whatever_the_phase(elongation, clear):
    rules = PatchRules(moon_distance_deg=30.0, moon_width_days=6.0, moon_least_deg=20.0)
    assert rules.moon_clear_deg(elongation) == pytest.approx(clear, abs=0.1)


def test_a_width_of_nothing_minds_the_full_moon_only():
    rules = PatchRules(moon_width_days=0.0)
    assert rules.moon_clear_deg(180.0) == 30.0
    assert rules.moon_clear_deg(179.0) == 0.0


@pytest.mark.parametrize("limits", [(30.0, 30.0), (80.0, 20.0), (-1.0, 80.0), (20.0, 91.0), (math.nan, 80.0)])
def test_altitude_limits_that_are_no_range_are_refused(limits):
    with pytest.raises(ValueError, match="no range within 0 to 90"):
        PatchRules(altitude_limits_deg=limits)


@pytest.mark.parametrize(
    "name", ["sun_distance_deg", "moon_width_days", "field_radius_deg", "airmass_tolerance"]
)
@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_distances_that_are_none_are_refused(name, value):
    with pytest.raises(ValueError, match=name):
        PatchRules(**{name: value})


def test_what_is_kept_unless_told_otherwise():
    rules = PatchRules()
    assert rules.altitude_limits_deg == (25.0, 88.0)
    assert (rules.sun_distance_deg, rules.moon_distance_deg, rules.moon_width_days) == (30.0, 30.0, 6.0)
    assert (rules.galactic_latitude_deg, rules.galactic_preferred_deg) == (10.0, 30.0)
    assert (rules.planet_distance_deg, rules.lmc_distance_deg, rules.smc_distance_deg) == (1.0, 10.0, 5.0)
    assert rules.field_radius_deg == 0.0
