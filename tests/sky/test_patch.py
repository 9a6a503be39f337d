"""A patch chosen earlier, looked at again."""

from dataclasses import replace

import pytest

from sequencer.sky import (
    PatchRules,
    bodies_altaz,
    choose_field,
    choose_strip,
    dither_offsets,
    recheck_patch,
)

from .places import ARMAZONES, NO_SOURCES, source_at, utc

START_S = utc("2026-05-20T09:40:00")
END_S = START_S + 600.0
STRIP = choose_strip(START_S, END_S, 2.0, ARMAZONES, bright_sources=NO_SOURCES)


def recheck(patch, start_s, end_s, rules=None, sources=NO_SOURCES):
    return recheck_patch(patch, start_s, end_s, ARMAZONES, rules or PatchRules(), bright_sources=sources)


@pytest.mark.parametrize("airmass", [1.0, 2.0, 2.5])
@pytest.mark.parametrize("tracked", [False, True])
def test_what_was_chosen_is_valid_for_the_time_it_was_chosen_for(airmass, tracked):
    choose = choose_field if tracked else choose_strip
    patch = choose(START_S, END_S, airmass, ARMAZONES, listed=(1.0, 2.0, 2.5))
    assert recheck_patch(patch, START_S, END_S, ARMAZONES) == []


def test_after_a_delay_the_sky_has_moved_on_and_a_source_comes_into_the_strip():
    source = source_at(STRIP.altitude_deg, STRIP.azimuth_deg, END_S + 300.0, -3.5)
    assert recheck(STRIP, START_S, END_S, sources=[source]) == []
    found = recheck(STRIP, START_S + 600.0, END_S + 600.0, sources=[source])
    assert found == ["source (mag -3.5) is 0.0 deg away at 09:55 UTC, at least 1.0 are wanted"]
    assert recheck(STRIP, START_S + 1500.0, END_S + 1500.0, sources=[source]) == []


def test_after_a_delay_the_moon_comes_too_near():
    """A strip where the full Moon will stand in three hours."""
    moon_s = utc("2026-03-03T08:00:00")
    altitude, azimuth = bodies_altaz(moon_s, ARMAZONES)["Moon"]
    assert altitude > 25.0
    strip = replace(STRIP, altitude_deg=altitude, azimuth_deg=azimuth)
    rules = PatchRules(galactic_latitude_deg=0.0)
    assert recheck(strip, moon_s - 10800.0, moon_s - 10200.0, rules) == []
    assert recheck(strip, moon_s - 300.0, moon_s + 300.0, rules) == [
        "Moon (100 % lit) is 0.0 deg away at 08:00 UTC, at least 30.0 are wanted"
    ]


def test_a_tracked_field_leaves_its_airmass():
    field = choose_field(START_S, END_S, 2.0, ARMAZONES, bright_sources=NO_SOURCES)
    assert recheck(field, START_S + 30.0, END_S + 30.0) == []
    found = recheck(field, START_S + 1800.0, END_S + 1800.0)
    assert found[0].startswith("airmass is ")
    assert found[0].endswith(" in the middle, 2.00 +- 0.03 are wanted")


def test_a_field_sinks_below_the_limit():
    field = choose_field(START_S, END_S, 2.5, ARMAZONES, bright_sources=NO_SOURCES, fields=[])
    found = recheck(field, START_S + 1200.0, END_S + 1200.0)
    late = [
        text
        for text in found
        if text.startswith("altitude comes down to ") and text.endswith("the limit is 25")
    ]
    assert len(late) == 1


def test_the_offsets_a_field_was_chosen_with_count_again():
    offsets = dither_offsets(9, 60.0)
    field = choose_field(
        START_S, END_S, 2.0, ARMAZONES, bright_sources=NO_SOURCES, fields=[], offsets=offsets
    )
    beside = (field.ra_deg, field.dec_deg + 3.0 / 60.0, 3.0)
    assert "source (mag 3.0)" in recheck(field, START_S, END_S, sources=[beside])[0]
    bare = choose_field(START_S, END_S, 2.0, ARMAZONES, bright_sources=NO_SOURCES, fields=[])
    beside = (bare.ra_deg, bare.dec_deg + 3.0 / 60.0, 3.0)
    assert recheck(bare, START_S, END_S, sources=[beside]) == []


def test_stricter_rules_are_rules_too():
    assert recheck(STRIP, START_S, END_S, PatchRules(altitude_limits_deg=(31.0, 88.0))) == [
        "altitude comes down to 30.0 deg, the limit is 31"
    ]
    assert "Sun is" in recheck(STRIP, START_S, END_S, PatchRules(sun_distance_deg=179.0))[0]
