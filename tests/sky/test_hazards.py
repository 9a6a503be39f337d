import numpy as np
import pytest

from sequencer.sky import PatchRules, altaz_to_radec, bodies_altaz, radec_to_altaz, separation_deg
from sequencer.sky.drift import Path, hour_angle_dec
from sequencer.sky.hazards import hazards_over

from .almanac import moon_lit
from .places import ARMAZONES, NO_SOURCES, utc

DAWN_S = utc("2026-03-03T09:00:00")
RULES = PatchRules()


def path_to(altitude: float, azimuth: float, time_s: float = DAWN_S) -> Path:
    return Path(time_s, *hour_angle_dec(altitude, azimuth, ARMAZONES.latitude_deg))


@pytest.mark.parametrize("duration_s", [0.0, 600.0, 2400.0, 6 * 3600.0])
def test_distances_of_bodies_are_those_of_astropy_at_every_moment(duration_s):
    """Within 10 arcsec and what the walk in steps of 1/200 itself leaves out."""
    hazards = hazards_over(ARMAZONES, DAWN_S, DAWN_S + duration_s, RULES, NO_SOURCES)
    path = path_to(40.0, 280.0)
    times = np.linspace(DAWN_S, DAWN_S + duration_s, 201)
    found = hazards.distances_deg(path)
    labels = {name.split()[0]: distance for name, distance in found.items()}
    step_deg = duration_s / 200 * 15.05 / 3600
    for name, (altitude, azimuth) in bodies_altaz(times, ARMAZONES).items():
        if name not in labels:
            assert np.max(altitude) <= -1.0
            continue
        walked = float(np.min(separation_deg(280.0, 40.0, azimuth, altitude)))
        nearness = step_deg**2 / max(walked, 1.0)
        assert labels[name] == pytest.approx(walked, abs=10.0 / 3600.0 + nearness), name


def test_the_galactic_plane_is_where_astropy_has_it():
    from astropy import units
    from astropy.coordinates import SkyCoord

    hazards = hazards_over(ARMAZONES, DAWN_S, DAWN_S + 2400.0, RULES, NO_SOURCES)
    for longitude, latitude in ((10.0, 0.0), (350.0, 20.0), (20.0, -35.0), (300.0, 61.0)):
        place = SkyCoord(l=longitude * units.deg, b=latitude * units.deg, frame="galactic").icrs
        times = np.linspace(DAWN_S, DAWN_S + 2400.0, 61)
        direction = radec_to_altaz(place.ra.deg, place.dec.deg, times[30], ARMAZONES)
        on_sky = [altaz_to_radec(*direction, time_s, ARMAZONES) for time_s in times]
        lowest = min(abs(SkyCoord(ra, dec, unit="deg").galactic.b.deg) for ra, dec in on_sky)
        assert hazards.galactic_latitude_deg(path_to(*direction)) == pytest.approx(lowest, abs=0.06)


def test_the_moon_is_named_with_what_of_it_is_lit():
    """Rounded to 1 %; and the almanac looks from the Earth's centre, up to 1 deg of elongation or 0.9 % away."""
    for day in range(0, 30, 3):
        time_s = DAWN_S + 86400.0 * day
        names = hazards_over(ARMAZONES, time_s, time_s, RULES, NO_SOURCES).objects.names
        moon = [name for name in names if name.startswith("Moon")]
        up = bodies_altaz(time_s, ARMAZONES)["Moon"][0] > -1.0
        assert bool(moon) == up
        if moon:
            lit = float(moon[0].removeprefix("Moon (").removesuffix(" % lit)"))
            assert lit == pytest.approx(100.0 * moon_lit(ARMAZONES, time_s), abs=1.4)


def test_planets_below_the_horizon_are_left_out_the_sun_never():
    hazards = hazards_over(ARMAZONES, DAWN_S, DAWN_S + 600.0, RULES, NO_SOURCES)
    up = {
        name
        for name, (altitude, _) in bodies_altaz(np.array([DAWN_S, DAWN_S + 600.0]), ARMAZONES).items()
        if name == "Sun" or np.max(altitude) > -1.0
    }
    assert {name.split()[0] for name in hazards.objects.names} == up | {"LMC", "SMC"}
    assert bodies_altaz(DAWN_S, ARMAZONES)["Sun"][0] < -1.0


def test_the_size_of_the_field_is_added_to_what_has_an_edge():
    small = hazards_over(ARMAZONES, DAWN_S, DAWN_S, RULES, [(10.0, -30.0, -2.0), (10.0, -40.0, 10.0)])
    wide_rules = PatchRules(field_radius_deg=0.5)
    wide = hazards_over(ARMAZONES, DAWN_S, DAWN_S, wide_rules, [(10.0, -30.0, -2.0)])
    assert small.sources.clear_deg.tolist() == [5.0 / 60.0]
    assert small.sources.names == ("source (mag -2.0)",)
    assert wide.sources.clear_deg.tolist() == [0.5 + 5.0 / 60.0]
    grown = dict(zip(wide.objects.names, wide.objects.clear_deg - small.objects.clear_deg, strict=True))
    moved = {name: 0.0 if name.startswith(("Sun", "Moon")) else 0.5 for name in grown}
    assert grown == pytest.approx(moved)


@pytest.mark.parametrize("end_s", [DAWN_S - 1.0, DAWN_S + 21601.0, float("nan"), float("inf")])
def test_times_that_make_no_interval_are_refused(end_s):
    with pytest.raises(ValueError, match="not finite, or the end not 0 to 6 h after"):
        hazards_over(ARMAZONES, DAWN_S, end_s, RULES)
