import math

import pytest
from astropy.utils.data import conf
from astropy.utils.iers import conf as iers_conf

from sequencer.sky import Site, offline, sun_altaz, twilight_window
from sequencer.sky.site import earth_location

from .almanac import body_altaz
from .places import ARMAZONES, utc


@pytest.mark.parametrize(
    ("latitude", "longitude", "elevation"),
    [
        (90.1, 0, 0),
        (-90.1, 0, 0),
        (math.nan, 0, 0),
        (0, 360.1, 0),
        (0, -361, 0),
        (0, math.nan, 0),
        (0, 0, math.inf),
    ],
)
def test_a_place_that_is_not_on_earth_is_refused(latitude, longitude, elevation):
    with pytest.raises(ValueError, match="site nowhere"):
        Site("nowhere", latitude, longitude, elevation)


def test_poles_and_date_line_are_places():
    assert Site("pole", 90.0, 0.0, 2835.0).latitude_deg == 90.0
    assert Site("south pole", -90.0, 360.0, 2835.0).longitude_deg == 0.0


@pytest.mark.parametrize(("written", "east"), [(289.75, -70.25), (-210.75, 149.25), (180.0, -180.0), (-70.19, -70.19)])
def test_a_longitude_is_the_same_whichever_way_it_is_written(written, east):
    assert Site("here", -24.6, written, 3000.0).longitude_deg == east


def test_the_site_arrives_in_astropy_with_longitude_positive_east():
    location = earth_location(ARMAZONES)
    assert location.lon.deg == pytest.approx(-70.1918)
    assert location.lat.deg == pytest.approx(-24.5899)
    assert location.height.value == pytest.approx(3060.0)


def test_every_function_works_with_the_network_forbidden():
    conf.allow_internet = True
    iers_conf.auto_download = True
    iers_conf.auto_max_age = 30.0
    iers_conf.iers_degraded_accuracy = "error"
    sun_altaz(utc("2027-03-20T09:00:00"), ARMAZONES)
    assert not conf.allow_internet
    assert not iers_conf.auto_download
    assert iers_conf.auto_max_age is None
    assert iers_conf.iers_degraded_accuracy == "warn"
    offline()
    assert not conf.allow_internet


@pytest.mark.parametrize("year", [1996, 2035, 2099])
def test_far_dates_are_taken_without_a_warning_and_without_the_network(year):
    """Warnings are errors here. Truth: PyEphem, whose UT1-UTC is its own."""
    time_s = utc(f"{year}-06-10T22:50:00")
    altitude, azimuth = sun_altaz(time_s, ARMAZONES)
    assert (altitude, azimuth) == pytest.approx(body_altaz("Sun", ARMAZONES, time_s), abs=0.02)
    assert twilight_window(ARMAZONES, time_s - 43200.0, "EVENING", -9.0, -5.0).kind == "EVENING"
