import math
from dataclasses import replace

import numpy as np
import pytest

from sequencer.sky import (
    NoPatch,
    PatchRules,
    Slew,
    airmass,
    bodies_altaz,
    body_separations_deg,
    choose_strip,
    separation_deg,
    slew_separation_deg,
    sun_altaz,
)
from sequencer.sky.choice import choose
from sequencer.sky.drift import hour_angle_dec
from sequencer.sky.hazards import hazards_over
from sequencer.sky.judge import Objection

from .places import ARMAZONES, NO_SOURCES, source_at, utc

START_S = utc("2026-05-20T09:40:00")
END_S = START_S + 2400.0
LAX = PatchRules(
    galactic_latitude_deg=0.0, galactic_preferred_deg=0.0, moon_distance_deg=0.0, smc_distance_deg=0.0
)
FREE = choose_strip(START_S, END_S, 2.0, ARMAZONES, bright_sources=NO_SOURCES)
FULL_MOON_S = utc("2026-03-03T09:10:00")


def anti_solar(time_s: float) -> float:
    return (sun_altaz(time_s, ARMAZONES)[1] + 180.0) % 360.0


@pytest.mark.parametrize(("wanted", "altitude"), [(1.5, 41.81), (2.0, 30.0)])
def test_opposite_the_sun_of_the_middle_of_the_time_at_the_wanted_airmass(wanted, altitude):
    strip = choose_strip(START_S, END_S, wanted, ARMAZONES, LAX, bright_sources=NO_SOURCES)
    assert strip.altitude_deg == pytest.approx(altitude, abs=0.005)
    assert strip.azimuth_deg == pytest.approx(anti_solar(START_S + 1200.0))
    assert strip.airmass == airmass(strip.altitude_deg)
    assert strip.requested_airmass == wanted
    assert (strip.start_s, strip.end_s) == (START_S, END_S)
    assert strip.reasons[0] == f"opposite the Sun, azimuth {strip.azimuth_deg:.1f} deg"
    assert strip.reasons[1].startswith(f"strip of {strip.length_deg:.1f} deg in 40 min, at least ")


def test_the_strip_is_as_long_as_what_passes_in_the_time():
    """40 minutes at 14 arcsec/s."""
    assert 3600.0 * FREE.length_deg / 2400.0 == pytest.approx(14.0, abs=1.0)


@pytest.mark.parametrize("after_start_s", [0.0, 700.0, 2400.0])
def test_a_source_that_comes_in_at_any_time_pushes_the_strip_off(after_start_s):
    source = source_at(FREE.altitude_deg, FREE.azimuth_deg, START_S + after_start_s, 3.0)
    strip = choose_strip(START_S, END_S, 2.0, ARMAZONES, bright_sources=[source])
    assert separation_deg(strip.azimuth_deg, strip.altitude_deg, FREE.azimuth_deg, FREE.altitude_deg) > 0.1
    where = f"not at azimuth {FREE.azimuth_deg:.1f}, altitude {FREE.altitude_deg:.1f} deg"
    told = [
        reason for reason in strip.reasons if reason.startswith(f"{where}: source (mag 3.0) is 0.0 arcmin")
    ]
    assert len(told) == 1
    assert "at least 0.5 are wanted" in told[0]


def test_the_time_at_which_something_comes_nearest_is_told():
    source = source_at(FREE.altitude_deg, FREE.azimuth_deg, START_S + 1230.0, 3.0)
    strip = choose_strip(START_S, END_S, 2.0, ARMAZONES, bright_sources=[source])
    assert any("away at 10:00 UTC" in reason for reason in strip.reasons)


@pytest.mark.parametrize("after_start_s", [-60.0, 2460.0])
def test_a_source_that_has_passed_before_or_comes_in_after_does_not(after_start_s):
    source = source_at(FREE.altitude_deg, FREE.azimuth_deg, START_S + after_start_s, 3.0)
    assert choose_strip(START_S, END_S, 2.0, ARMAZONES, bright_sources=[source]).reasons == FREE.reasons


@pytest.mark.parametrize(("share", "pushed"), [(0.99, True), (1.01, False)])
def test_a_source_beside_the_strip_counts_within_the_radius_of_its_brightness(share, pushed):
    """Beside: across the way the sky moves, that is in declination."""
    ra, dec, _ = source_at(FREE.altitude_deg, FREE.azimuth_deg, START_S + 1000.0, 0.0)
    strip = choose_strip(START_S, END_S, 2.0, ARMAZONES, bright_sources=[(ra, dec + share, -3.5)])
    assert (strip.azimuth_deg != FREE.azimuth_deg or strip.altitude_deg != FREE.altitude_deg) == pushed


def test_a_full_moon_opposite_the_sun_makes_azimuth_turn_by_no_more_than_it_must():
    rules = replace(LAX, moon_distance_deg=30.0)
    span = (FULL_MOON_S, FULL_MOON_S + 1200.0)
    strip = choose_strip(*span, 2.0, ARMAZONES, rules, bright_sources=NO_SOURCES)
    anti = anti_solar(FULL_MOON_S + 600.0)
    turn = (strip.azimuth_deg - anti + 180.0) % 360.0 - 180.0
    times = np.linspace(*span, 41)
    altitude, azimuth = bodies_altaz(times, ARMAZONES)["Moon"]
    assert separation_deg(strip.azimuth_deg, strip.altitude_deg, azimuth, altitude).min() >= 29.0
    nearer = abs(turn) - 5.0
    for side in (nearer, -nearer):
        assert separation_deg(anti + side, 30.0, azimuth, altitude).min() < 30.0
    assert strip.reasons[0].startswith(f"azimuth turned {turn:+.0f} deg from opposite the Sun")
    assert "Moon (100 % lit) is" in strip.reasons[2]


def test_a_thin_moon_may_be_nearer_than_a_full_one():
    """15 March 2026, four days before new Moon: 30 deg for a full one are 6 for this."""
    start_s = utc("2026-03-15T09:10:00")
    moon = bodies_altaz(start_s, ARMAZONES)["Moon"]
    assert moon[0] > 10.0
    free = choose_strip(start_s, start_s + 60.0, 1.0, ARMAZONES, LAX, bright_sources=NO_SOURCES)
    apart = separation_deg(free.azimuth_deg, free.altitude_deg, moon[1], moon[0])
    for full_deg, minded in ((apart + 20.0, False), (180.0, False)):
        rules = replace(LAX, moon_distance_deg=full_deg)
        strip = choose_strip(start_s, start_s + 60.0, 1.0, ARMAZONES, rules, bright_sources=NO_SOURCES)
        assert any("Moon" in reason for reason in strip.reasons[2:]) == minded
    with pytest.raises(NoPatch, match="Moon"):
        choose_strip(start_s, start_s + 60.0, 1.0, ARMAZONES, replace(LAX, moon_distance_deg=20.0 * apart))


def test_a_moon_below_the_horizon_is_not_minded():
    start_s = utc("2026-03-03T13:00:00")
    assert bodies_altaz(start_s, ARMAZONES)["Moon"][0] < -1.0
    rules = replace(LAX, moon_distance_deg=179.0)
    strip = choose_strip(start_s, start_s + 600.0, 2.0, ARMAZONES, rules, bright_sources=NO_SOURCES)
    assert strip.azimuth_deg == pytest.approx(anti_solar(start_s + 300.0))


def test_the_sun_is_minded_below_the_horizon_too():
    with pytest.raises(NoPatch) as refusal:
        choose_strip(START_S, END_S, 2.0, ARMAZONES, PatchRules(sun_distance_deg=175.0))
    assert refusal.value.reasons[0] == "airmass 2: 360 directions tried"
    assert any(
        "Sun is" in reason and "(and in 359 other directions)" in reason for reason in refusal.value.reasons
    )
    assert str(refusal.value).startswith("no empty patch of sky: airmass 2: 360 directions tried; not at")


def test_planets_have_their_own_distance():
    """Jupiter on 1 January 2026, nine days before its opposition, made to count from 2 deg more than it is away."""
    start_s = utc("2026-01-01T08:40:00")
    free = choose_strip(start_s, start_s + 600.0, 2.0, ARMAZONES, LAX, bright_sources=NO_SOURCES)
    apart = body_separations_deg(free.altitude_deg, free.azimuth_deg, start_s, ARMAZONES)["Jupiter"]
    assert apart < 15.0
    rules = replace(LAX, planet_distance_deg=apart + 2.0)
    pushed = choose_strip(start_s, start_s + 600.0, 2.0, ARMAZONES, rules, bright_sources=NO_SOURCES)
    assert pushed.azimuth_deg != free.azimuth_deg
    assert ": Jupiter is" in pushed.reasons[2]


@pytest.mark.parametrize("cloud", ["lmc", "smc"])
def test_the_magellanic_clouds_are_kept_off(cloud):
    rules = PatchRules(**{f"{cloud}_distance_deg": 180.0})
    with pytest.raises(NoPatch, match=f"{cloud.upper()} is"):
        choose_strip(START_S, END_S, 2.0, ARMAZONES, rules, bright_sources=NO_SOURCES)


def test_the_galactic_plane_is_avoided_where_that_costs_less_than_it_gains():
    """The dawn of 1 January 2026 has the Milky Way 20 deg from opposite the Sun."""
    span = (utc("2026-01-01T08:20:00"), utc("2026-01-01T09:00:00"))
    best = choose_strip(*span, 2.0, ARMAZONES, LAX, bright_sources=NO_SOURCES)
    assert best.reasons[0].startswith("opposite the Sun")
    preferring = replace(LAX, galactic_preferred_deg=30.0)
    strip = choose_strip(*span, 2.0, ARMAZONES, preferring, bright_sources=NO_SOURCES)
    turned = separation_deg(strip.azimuth_deg, strip.altitude_deg, best.azimuth_deg, best.altitude_deg)
    assert 2.0 * (galactic_latitude(strip) - galactic_latitude(best)) > turned > 5.0
    assert strip.reasons[-1] == (
        f"not opposite the Sun, azimuth {best.azimuth_deg:.1f} deg: too near the Galactic plane, 30 deg are preferred"
    )


def galactic_latitude(strip) -> float:
    """As the strip says."""
    text = next(reason for reason in strip.reasons if "from the Galactic plane" in reason)
    return float(text.split("at least ")[1].split(" deg")[0])


def test_an_airmass_that_cannot_be_reached_is_named_after_the_choice():
    strip = choose_strip(START_S, END_S, 2.5, ARMAZONES, bright_sources=NO_SOURCES, listed=(1.0, 2.0, 2.5))
    assert strip.airmass == pytest.approx(2.366, abs=0.03)
    assert strip.reasons[1] == (
        "airmass 2.5 is below the altitude limit of 25 deg: 2.366 instead, the highest reachable and not listed"
    )
    lower = PatchRules(altitude_limits_deg=(20.0, 88.0))
    assert choose_strip(
        START_S, END_S, 2.5, ARMAZONES, lower, bright_sources=NO_SOURCES
    ).airmass == pytest.approx(2.5)


def test_the_way_to_the_strip_keeps_off_a_sun_that_is_up():
    """At sunset, from beside the Sun: nowhere to go. From 60 deg beside it: the way is checked, and free."""
    at_s = utc("2026-05-20T21:30:00")
    sun = sun_altaz(at_s, ARMAZONES)
    assert -1.0 < sun[0] < 10.0
    span = (at_s + 300.0, at_s + 900.0)
    with pytest.raises(NoPatch, match=r"the slew passes the Sun at .* at least 30 are wanted"):
        choose_strip(*span, 1.5, ARMAZONES, slew=Slew((26.0, sun[1] + 10.0), at_s))
    here = (30.0, sun[1] + 60.0)
    strip = choose_strip(*span, 1.5, ARMAZONES, slew=Slew(here, at_s, (0.5, 1.0)))
    assert slew_separation_deg(here, (strip.altitude_deg, strip.azimuth_deg), sun) >= 30.0


def test_a_direction_the_telescope_cannot_get_to_is_passed_over_for_the_next_and_told():
    hazards = hazards_over(ARMAZONES, START_S, END_S, LAX, NO_SOURCES)
    directions = [(30.0, 250.0), (30.0, 255.0), (30.0, 245.0)]
    first = hour_angle_dec(30.0, 250.0, ARMAZONES.latitude_deg)[0]

    def unreachable(path):
        return Objection("slew", "the Sun is in the way") if path.ha_deg == pytest.approx(first) else None

    choice = choose(hazards, directions, directions[0], 0.0, unreachable)
    assert choice.index in (1, 2)
    assert choice.rejected == ["not at azimuth 250.0, altitude 30.0 deg: the Sun is in the way"]
    assert choose(hazards, directions[:1], directions[0], 0.0, unreachable) == choice.rejected


def test_at_night_every_slew_is_free():
    strip = choose_strip(
        START_S, END_S, 2.0, ARMAZONES, bright_sources=NO_SOURCES, slew=Slew((25.0, 80.0), START_S)
    )
    assert strip == FREE


@pytest.mark.parametrize("wanted", [0.5, math.nan, math.inf])
def test_impossible_airmasses_are_refused(wanted):
    with pytest.raises(ValueError, match="does not exist"):
        choose_strip(START_S, END_S, wanted, ARMAZONES)


def test_times_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        choose_strip(math.nan, math.nan, 2.0, ARMAZONES)
