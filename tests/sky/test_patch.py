import math

import numpy as np
import pytest

from sequencer.sky import (
    NoPatch,
    airmass,
    altaz_to_radec,
    bodies_altaz,
    body_separations_deg,
    bright_ir_sources,
    choose_patch,
    radec_to_altaz,
    separation_deg,
    sun_altaz,
)
from sequencer.sky.sources import source_violations

from .places import ARMAZONES, utc

DAWN_S = utc("2027-03-20T09:30:00")
NONE = np.empty((0, 3))
FREE = choose_patch(DAWN_S, 2.0, ARMAZONES, bright_sources=NONE)


def source_at(altitude: float, azimuth: float, magnitude: float) -> tuple[float, float, float]:
    return (*altaz_to_radec(altitude, azimuth, DAWN_S, ARMAZONES), magnitude)


@pytest.mark.parametrize(("wanted", "altitude"), [(1.0, 85.0), (1.5, 41.81), (2.0, 30.0)])
def test_opposite_the_sun_at_the_wanted_airmass(wanted, altitude):
    patch = choose_patch(DAWN_S, wanted, ARMAZONES)
    assert patch.altitude_deg == pytest.approx(altitude, abs=0.005)
    assert patch.azimuth_deg == pytest.approx((sun_altaz(DAWN_S, ARMAZONES)[1] + 180.0) % 360.0)
    assert patch.airmass == airmass(patch.altitude_deg)
    assert abs(patch.airmass - wanted) <= 0.03
    assert patch.requested_airmass == wanted
    assert patch.reasons == [f"opposite the Sun, azimuth {patch.azimuth_deg:.1f} deg"]


def test_evenings_point_east():
    assert 60.0 < choose_patch(utc("2027-03-20T23:40:00"), 2.0, ARMAZONES).azimuth_deg < 120.0


@pytest.mark.parametrize("day", (0, 100, 190, 280))
@pytest.mark.parametrize("wanted", [1.0, 2.0, 2.5])
def test_every_chosen_patch_keeps_every_rule(day, wanted):
    time_s = DAWN_S + 86400.0 * (day - 180)
    try:
        patch = choose_patch(time_s, wanted, ARMAZONES, listed=(1.0, 2.0, 2.5))
    except NoPatch as refusal:
        moon = bodies_altaz(time_s, ARMAZONES)["Moon"]
        assert wanted == 1.0
        assert moon[0] > 55.0
        assert all("Moon" in reason for reason in refusal.reasons)
        return
    apart = body_separations_deg(patch.altitude_deg, patch.azimuth_deg, time_s, ARMAZONES)
    up = {name for name, position in bodies_altaz(time_s, ARMAZONES).items() if position[0] > -1.0}
    assert apart["Sun"] >= 30.0
    assert all(apart[name] >= (30.0 if name == "Moon" else 1.0) for name in up)
    rows = bright_ir_sources()
    altitude, azimuth = radec_to_altaz(rows[:, 0], rows[:, 1], time_s, ARMAZONES)
    distance = separation_deg(patch.azimuth_deg, patch.altitude_deg, azimuth, altitude)
    assert distance[rows[:, 2] < -3.0].min() >= 1.0
    assert distance[rows[:, 2] < -1.0].min() >= 5.0 / 60.0
    assert distance.min() >= 30.0 / 3600.0
    assert 25.0 <= patch.altitude_deg <= 88.0


def test_a_moon_opposite_the_sun_makes_azimuth_turn_by_no_more_than_it_must():
    """The full Moon of 22 March 2027, in the west at dawn."""
    time_s = utc("2027-03-22T09:30:00")
    moon = bodies_altaz(time_s, ARMAZONES)["Moon"]
    anti = (sun_altaz(time_s, ARMAZONES)[1] + 180.0) % 360.0
    assert separation_deg(anti, 30.0, moon[1], moon[0]) < 30.0
    patch = choose_patch(time_s, 2.0, ARMAZONES, bright_sources=NONE)
    turn = round((patch.azimuth_deg - anti + 180.0) % 360.0 - 180.0)
    order = [0, 5, -5, 15, -15, 30, -30, 50, -50, 75, -75, 105, -105, 140, -140, 180]
    for earlier in order[: order.index(turn)]:
        assert separation_deg(anti + earlier, 30.0, moon[1], moon[0]) < 30.0
    assert separation_deg(patch.azimuth_deg, 30.0, moon[1], moon[0]) >= 30.0
    where = f"azimuth turned {turn:+d} deg from opposite the Sun to {patch.azimuth_deg:.1f} deg"
    assert patch.reasons[0] == where
    assert len(patch.reasons) == 1 + order.index(turn)
    away = separation_deg(anti, 30.0, moon[1], moon[0])
    assert (
        patch.reasons[1] == f"at azimuth {anti:.1f} deg Moon is {away:.1f} deg away, at least 30 are wanted"
    )


def test_a_moon_below_the_horizon_is_not_minded():
    time_s = utc("2027-03-22T13:00:00")
    assert bodies_altaz(time_s, ARMAZONES)["Moon"][0] < -1.0
    anti = (sun_altaz(time_s, ARMAZONES)[1] + 180.0) % 360.0
    patch = choose_patch(time_s, 2.0, ARMAZONES, moon_distance_deg=179.0, bright_sources=NONE)
    assert patch.azimuth_deg == pytest.approx(anti)


def test_the_sun_is_minded_below_the_horizon_too():
    with pytest.raises(NoPatch) as refusal:
        choose_patch(
            DAWN_S, 2.0, ARMAZONES, sun_distance_deg=170.0, moon_distance_deg=0.0, bright_sources=NONE
        )
    assert len(refusal.value.reasons) == 16
    assert refusal.value.reasons[0].startswith("altitude 30.0 deg, at azimuth 278.")
    assert "Sun is" in refusal.value.reasons[0]
    assert str(refusal.value).startswith("no empty patch of sky: altitude 30.0 deg, at azimuth")


def test_planets_have_their_own_distance():
    """A planet made to count from 40 deg away pushes the patch off."""
    time_s = utc("2027-02-15T09:20:00")
    near = choose_patch(time_s, 2.0, ARMAZONES, moon_distance_deg=0.0, bright_sources=NONE)
    apart = body_separations_deg(near.altitude_deg, near.azimuth_deg, time_s, ARMAZONES)
    bodies = bodies_altaz(time_s, ARMAZONES)
    planet = min(
        (n for n in apart if n not in ("Sun", "Moon") and bodies[n][0] > -1.0), key=apart.__getitem__
    )
    pushed = choose_patch(
        time_s,
        2.0,
        ARMAZONES,
        moon_distance_deg=0.0,
        planet_distance_deg=apart[planet] + 0.5,
        bright_sources=NONE,
    )
    assert pushed.azimuth_deg != near.azimuth_deg
    assert planet in pushed.reasons[1]


@pytest.mark.parametrize(
    ("magnitude", "clear_deg"),
    [(-3.01, 1.0), (-3.0, 5 / 60), (-1.01, 5 / 60), (-1.0, 0.5 / 60), (8.9, 0.5 / 60)],
)
def test_a_source_counts_by_its_brightness(magnitude, clear_deg):
    """Just inside the radius of its magnitude it pushes the patch off, just outside it does not."""
    free = FREE
    for share, pushed in ((0.99, True), (1.01, False)):
        source = source_at(free.altitude_deg + share * clear_deg, free.azimuth_deg, magnitude)
        patch = choose_patch(DAWN_S, 2.0, ARMAZONES, bright_sources=[source])
        assert (patch.azimuth_deg != free.azimuth_deg) == pushed
        assert any(f"a source of magnitude {magnitude:.1f}" in reason for reason in patch.reasons) == pushed


def test_a_faint_source_does_not_matter():
    free = FREE
    source = source_at(free.altitude_deg, free.azimuth_deg, 9.0)
    assert choose_patch(DAWN_S, 2.0, ARMAZONES, bright_sources=[source]).azimuth_deg == free.azimuth_deg


def test_the_packaged_list_is_the_default():
    """Aimed so that alpha Scorpii stands opposite the Sun: refused by default, taken with an empty list."""
    antares = next(row for row in bright_ir_sources().tolist() if abs(row[0] - 247.35192) < 1e-4)
    assert antares[2] == -4.54
    assert source_violations(30.0, 10.0, np.array([30.5]), np.array([10.0]), np.array([-4.54])) == [
        "a source of magnitude -4.5 is 30.0 arcmin away, at least 60.0 are wanted"
    ]
    rows = bright_ir_sources()
    altitudes, azimuths = radec_to_altaz(rows[:, 0], rows[:, 1], DAWN_S, ARMAZONES)
    anti = (sun_altaz(DAWN_S, ARMAZONES)[1] + 180.0) % 360.0
    usable = (altitudes > 26.0) & (altitudes < 84.0) & (np.abs(azimuths - anti) < 60.0)
    index = int(np.flatnonzero(usable)[np.argmin(rows[usable, 2])])
    assert source_violations(altitudes[index], azimuths[index], altitudes, azimuths, rows[:, 2])


def test_every_origin_of_a_magnitude_in_the_list():
    rows = {(round(ra, 5), round(dec, 5)): mag for ra, dec, mag in bright_ir_sources().tolist()}
    assert len(bright_ir_sources()) == 630
    assert rows[(88.79294, 7.40706)] == -5.13
    magnitudes = bright_ir_sources()[:, 2]
    assert np.all(np.isfinite(magnitudes))
    assert np.count_nonzero(magnitudes == -2.0) == 145
    assert np.count_nonzero(magnitudes < -3.0) >= 102
    assert not bright_ir_sources().flags.writeable


@pytest.mark.parametrize(
    ("listed", "expected"), [((1.0, 2.0, 2.5), 2.3662), ((), 2.3662), ((1.0, 2.35, 2.5), 2.29)]
)
def test_an_airmass_below_the_altitude_limit_becomes_the_highest_reachable_one(listed, expected):
    patch = choose_patch(DAWN_S, 2.5, ARMAZONES, listed=listed, bright_sources=NONE)
    assert patch.airmass == pytest.approx(expected, abs=1e-4)
    assert patch.requested_airmass == 2.5
    assert patch.altitude_deg >= 25.0
    assert patch.reasons[0] == (
        f"airmass 2.5 is below the altitude limit of 25 deg: {expected:.3f} instead, "
        "the highest reachable and not listed"
    )


def test_a_listed_airmass_just_beyond_the_limit_is_avoided_too_and_a_chain_of_them():
    """2.366 is reachable; 2.40 and then 2.35 and 2.30 are listed: 2.24 is the next free one."""
    patch = choose_patch(DAWN_S, 3.0, ARMAZONES, listed=(3.0, 2.30, 2.40, 2.35), bright_sources=NONE)
    assert patch.airmass == pytest.approx(2.24, abs=1e-6)
    far = choose_patch(DAWN_S, 3.0, ARMAZONES, listed=(3.0, 2.43, 2.30), bright_sources=NONE)
    assert far.airmass == pytest.approx(2.3662, abs=1e-4)


def test_the_limit_itself_is_reachable():
    patch = choose_patch(DAWN_S, 2.0, ARMAZONES, altitude_limits_deg=(29.999999, 88.0), bright_sources=NONE)
    assert patch.airmass == pytest.approx(2.0)
    high = choose_patch(DAWN_S, 1.0, ARMAZONES, altitude_limits_deg=(25.0, 85.0), bright_sources=NONE)
    assert high.altitude_deg == 85.0
    assert len(high.reasons) == 1


def test_an_airmass_above_the_upper_limit_becomes_the_lowest_reachable_one():
    patch = choose_patch(DAWN_S, 1.0, ARMAZONES, altitude_limits_deg=(25.0, 80.0), bright_sources=NONE)
    assert patch.altitude_deg == 80.0
    assert patch.airmass == pytest.approx(1.0154, abs=1e-4)
    assert patch.reasons[0] == "airmass 1 is above the altitude limit of 80 deg: 1.015 instead"


def test_when_no_airmass_is_left_there_is_no_patch():
    with pytest.raises(NoPatch, match="below the altitude limit of 79 deg and no other is left"):
        choose_patch(DAWN_S, 2.0, ARMAZONES, altitude_limits_deg=(79.0, 88.0), listed=(1.0, 2.0))
    with pytest.raises(NoPatch, match="no other is left"):
        choose_patch(DAWN_S, 2.0, ARMAZONES, altitude_limits_deg=(60.0, 61.0), listed=(1.15, 2.0))


@pytest.mark.parametrize("wanted", [0.5, math.nan, math.inf])
def test_impossible_airmasses_are_refused(wanted):
    with pytest.raises(ValueError, match="does not exist"):
        choose_patch(DAWN_S, wanted, ARMAZONES)


def test_a_time_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        choose_patch(math.nan, 2.0, ARMAZONES)
