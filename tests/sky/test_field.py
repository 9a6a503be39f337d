from dataclasses import replace

import numpy as np
import pytest

from sequencer.sky import (
    BlankField,
    NoPatch,
    PatchRules,
    altaz_to_radec,
    blank_fields,
    choose_field,
    dither_offsets,
    radec_to_altaz,
    separation_deg,
    sun_altaz,
)

from .places import ARMAZONES, NO_SOURCES, source_at, utc

START_S = utc("2026-05-20T10:40:00")
END_S = START_S + 600.0
MIDDLE_S = START_S + 300.0
LAX = PatchRules(
    galactic_latitude_deg=0.0, galactic_preferred_deg=0.0, moon_distance_deg=0.0, smc_distance_deg=0.0
)


def blank(altitude: float, azimuth: float, name: str = "X1", clear_arcmin: float = 20.0) -> BlankField:
    """A listed field that stands in a direction in the middle of the time."""
    return BlankField(
        name, *altaz_to_radec(altitude, azimuth, MIDDLE_S, ARMAZONES), clear_arcmin, "published", "here"
    )


def anti_solar() -> float:
    return (sun_altaz(MIDDLE_S, ARMAZONES)[1] + 180.0) % 360.0


def field(airmass=1.5, rules=LAX, **more):
    return choose_field(START_S, END_S, airmass, ARMAZONES, rules, **{"bright_sources": NO_SOURCES, **more})


def test_a_listed_field_at_the_airmass_is_taken_and_named():
    there = blank(41.9, anti_solar() + 20.0)
    found = field(fields=[there])
    assert (found.name, found.ra_deg, found.dec_deg) == ("X1", there.ra_deg, there.dec_deg)
    assert found.airmass == pytest.approx(1.4975, abs=0.001)
    assert found.reasons[0].startswith(
        "blank field X1 (published), azimuth turned +20 deg from opposite the Sun"
    )
    assert found.reasons[1].startswith("airmass 1.")
    now = radec_to_altaz(found.ra_deg, found.dec_deg, START_S, ARMAZONES)
    assert (found.altitude_deg, found.azimuth_deg) == pytest.approx(now, abs=1e-3)


def test_of_two_the_one_nearer_to_opposite_the_sun():
    fields = [blank(41.8, anti_solar() + 30.0, "far"), blank(41.8, anti_solar() - 10.0, "near")]
    assert field(fields=fields).name == "near"


@pytest.mark.parametrize(
    ("altitude", "turn", "clear_arcmin"), [(43.0, 0.0, 20.0), (41.8, 100.0, 20.0), (41.8, 0.0, 5.0)]
)
def test_one_that_does_not_fit_is_left_for_a_constructed_place_and_counted(altitude, turn, clear_arcmin):
    """Off the airmass by 0.03; too near the Sun's side; a star nearer than the corner of the detector."""
    there = blank(altitude, anti_solar() + turn, "X1", clear_arcmin)
    found = field(rules=replace(LAX, field_radius_deg=0.1), fields=[there])
    assert found.name == "constructed"
    assert found.reasons[0].startswith("constructed, opposite the Sun")
    assert any(reason.startswith("of 1 listed fields ") and ", 0 with" in reason for reason in found.reasons)


def test_a_constructed_place_is_opposite_the_sun_in_the_middle_of_the_time():
    found = field(fields=[])
    altitude, azimuth = radec_to_altaz(found.ra_deg, found.dec_deg, MIDDLE_S, ARMAZONES)
    assert (altitude, azimuth) == pytest.approx((41.81, anti_solar()), abs=0.01)
    assert found.airmass == pytest.approx(1.5, abs=1e-4)
    assert "no field is listed" in found.reasons


def test_the_packaged_list_is_the_default():
    """At dusk on 1 January a published field stands overhead."""
    start_s = utc("2026-01-02T00:35:00")
    found = choose_field(start_s, start_s + 600.0, 1.0, ARMAZONES)
    assert found.name in {listed.name for listed in blank_fields()}
    assert found.reasons[0].startswith(f"blank field {found.name} (")


def test_a_star_follows_a_tracked_field():
    """A source beside the field at the start is beside it at the end: only its own distance counts."""
    free = field(fields=[])
    beside = (free.ra_deg, free.dec_deg + 0.9, -3.5)
    passes = source_at(*altaz_at(free, END_S + 900.0), END_S, 3.0)
    assert field(fields=[], bright_sources=[beside]).ra_deg != pytest.approx(free.ra_deg)
    assert field(fields=[], bright_sources=[passes]).ra_deg == pytest.approx(free.ra_deg)


def altaz_at(found, time_s):
    return radec_to_altaz(found.ra_deg, found.dec_deg, time_s, ARMAZONES)


def test_the_offsets_make_the_field_wider_and_are_pointed_at():
    offsets = dither_offsets(9, 60.0)
    free = field(fields=[])
    beside = (free.ra_deg, free.dec_deg + 2.0 / 60.0, 3.0)
    assert field(fields=[], bright_sources=[beside]).ra_deg == pytest.approx(free.ra_deg)
    wide = field(fields=[], bright_sources=[beside], offsets=offsets)
    assert separation_deg(wide.ra_deg, wide.dec_deg, beside[0], beside[1]) > 2.8 / 60.0
    assert len(wide.positions_deg) == 9
    assert wide.positions_deg[0] == pytest.approx((wide.ra_deg, wide.dec_deg))
    apart = [60.0 * separation_deg(wide.ra_deg, wide.dec_deg, *place) for place in wide.positions_deg]
    assert max(apart) == pytest.approx(np.sqrt(8.0), rel=1e-6)
    assert free.positions_deg == [pytest.approx((free.ra_deg, free.dec_deg))]


@pytest.mark.parametrize("duration_s", [600.0, 2400.0])
def test_a_field_that_sinks_is_taken_higher_so_that_it_stays_above_the_limit(duration_s):
    found = choose_field(
        START_S, START_S + duration_s, 2.5, ARMAZONES, LAX, fields=[], bright_sources=NO_SOURCES
    )
    assert found.reasons[0].startswith("constructed, opposite the Sun")
    ends = [altaz_at(found, time_s)[0] for time_s in (START_S, START_S + duration_s)]
    assert 25.0 <= min(ends) < 25.1
    assert any(reason.startswith("airmass 2.5 is below the altitude limit of 2") for reason in found.reasons)


def test_a_field_that_comes_too_near_the_zenith_is_not_taken():
    """Opposite the Sun of the morning is west: what is at 85 deg in the middle of the time was higher before."""
    found = field(1.0, fields=[])
    assert max(altaz_at(found, time_s)[0] for time_s in np.linspace(START_S, END_S, 41)) <= 85.001
    assert any("altitude comes up to" in reason for reason in found.reasons)


def test_where_nothing_is_left_the_reasons_of_list_and_sky_are_told():
    with pytest.raises(NoPatch) as refusal:
        field(1.5, PatchRules(sun_distance_deg=179.0))
    assert refusal.value.reasons[0] == "airmass 1.5: 360 directions tried"
    assert refusal.value.reasons[1].startswith("of 252 listed fields")
    assert "Sun is" in str(refusal.value)
