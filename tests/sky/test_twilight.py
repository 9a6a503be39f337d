import math

import pytest

from sequencer.sky import NoTwilight, Site, sun_altitude_deg, sun_crossing, twilight_window

from .places import ARMAZONES, TROMSO, utc

NORTH_POLE = Site("North Pole", 90.0, 0.0, 0.0)


def check_ends(window, site, first_deg, last_deg):
    """At 0.25 deg/min the Sun moves 0.0004 deg in 0.1 s."""
    assert sun_altitude_deg(window.start_s, site) == pytest.approx(first_deg, abs=0.0004)
    assert sun_altitude_deg(window.end_s, site) == pytest.approx(last_deg, abs=0.0004)


@pytest.mark.parametrize(
    ("day", "minutes"),
    [("2027-03-20", 40.0), ("2027-09-23", 40.0), ("2027-06-21", 42.0), ("2026-12-21", 48.0)],
)
@pytest.mark.parametrize("kind", ["MORNING", "EVENING"])
def test_late_twilight_at_armazones_lasts_as_long_as_published(day, minutes, kind):
    near_s = utc(f"{day}T04:00:00")
    window = twilight_window(ARMAZONES, near_s, kind, -18.0, -9.0)
    assert window.duration_s / 60.0 == pytest.approx(minutes, abs=0.8)
    assert window.duration_s == window.end_s - window.start_s
    assert window.kind == kind
    assert near_s < window.start_s < near_s + 86400.0
    check_ends(window, ARMAZONES, *((-18.0, -9.0) if kind == "MORNING" else (-9.0, -18.0)))


def test_from_upper_limb_sunset_to_nautical_dusk_takes_49_minutes_at_equinox():
    window = twilight_window(ARMAZONES, utc("2027-03-20T18:00:00"), "EVENING", -12.0, -0.833)
    assert window.duration_s / 60.0 == pytest.approx(49.0, abs=0.5)


def test_morning_and_evening_are_the_right_way_round():
    """Armazones is 4.7 h west of Greenwich: dawn about 09:30, dusk about 23:30 UTC."""
    day_s = utc("2027-03-20T04:00:00")
    assert twilight_window(ARMAZONES, day_s, "MORNING", -18.0, -9.0).start_s == pytest.approx(
        utc("2027-03-20T09:28:31"), abs=2.0
    )
    assert twilight_window(ARMAZONES, day_s, "EVENING", -18.0, -9.0).start_s == pytest.approx(
        utc("2027-03-20T23:27:41"), abs=2.0
    )


@pytest.mark.parametrize(
    ("near", "kind"),
    [("2027-03-20T04:00", "MORNING"), ("2027-03-20T12:00", "EVENING"), ("2027-03-21T01:00", "MORNING")],
)
def test_next_is_whichever_comes_first(near, kind):
    window = twilight_window(ARMAZONES, utc(near), "NEXT", -18.0, -9.0)
    assert window == twilight_window(ARMAZONES, utc(near), kind, -18.0, -9.0)


@pytest.mark.parametrize("kind", ["MORNING", "EVENING"])
def test_a_window_that_is_on_is_the_one_meant_and_a_moment_after_it_the_next(kind):
    window = twilight_window(ARMAZONES, utc("2027-03-20T04:00:00"), kind, -18.0, -9.0)
    for inside_s in (window.start_s, window.end_s - 0.1):
        again = twilight_window(ARMAZONES, inside_s, kind, -18.0, -9.0)
        assert again.start_s == pytest.approx(window.start_s, abs=0.1)
        assert twilight_window(ARMAZONES, inside_s, "NEXT", -18.0, -9.0).kind == kind
    following = twilight_window(ARMAZONES, window.end_s + 1.0, kind, -18.0, -9.0)
    assert following.start_s - window.start_s == pytest.approx(86400.0, abs=180.0)


@pytest.mark.parametrize("hour", (1, 9, 14, 22))
def test_asked_at_any_hour_the_answer_is_the_next(hour):
    near_s = utc(f"2027-05-11T{hour:02d}:17:00")
    for kind in ("MORNING", "EVENING"):
        window = twilight_window(ARMAZONES, near_s, kind, -18.0, -9.0)
        assert window.end_s >= near_s
        assert window.start_s < near_s + 24.0 * 3600.0 + 180.0


def test_midnight_sun_has_no_twilight_and_the_reason_is_told():
    for kind in ("MORNING", "EVENING", "NEXT"):
        with pytest.raises(
            NoTwilight, match=rf"no {kind.lower()} twilight at Tromso: the Sun stays above -9 deg"
        ):
            twilight_window(TROMSO, utc("2027-06-20T12:00:00"), kind, -18.0, -9.0)


def test_a_sun_that_does_not_get_high_enough_is_told_as_well():
    """Tromso at midwinter: the Sun culminates at about -3 deg."""
    with pytest.raises(NoTwilight, match=r"stays below -1 deg, its highest is -3\.\d\d deg"):
        twilight_window(TROMSO, utc("2026-12-21T12:00:00"), "MORNING", -1.0, 5.0)


def test_where_the_sun_turns_back_inside_the_range_the_window_ends_at_the_culmination():
    near_s = utc("2027-04-16T12:00:00")
    evening = twilight_window(TROMSO, near_s, "EVENING", -18.0, -9.0)
    morning = twilight_window(TROMSO, near_s, "MORNING", -18.0, -9.0)
    assert evening.end_s == pytest.approx(morning.start_s, abs=60.0)
    assert sun_altitude_deg(evening.start_s, TROMSO) == pytest.approx(-9.0, abs=0.0004)
    assert sun_altitude_deg(morning.end_s, TROMSO) == pytest.approx(-9.0, abs=0.0004)
    lowest = sun_altitude_deg(evening.end_s, TROMSO)
    assert -12.0 < lowest < -9.5
    for step_s in (-900.0, 900.0):
        assert sun_altitude_deg(evening.end_s + step_s, TROMSO) > lowest


def test_a_noon_twilight_ends_at_noon_and_the_evening_one_begins_there():
    near_s = utc("2026-12-21T02:00:00")
    morning = twilight_window(TROMSO, near_s, "MORNING", -9.0, -1.0)
    evening = twilight_window(TROMSO, near_s, "EVENING", -9.0, -1.0)
    assert morning.end_s == pytest.approx(evening.start_s, abs=60.0)
    highest = sun_altitude_deg(morning.end_s, TROMSO)
    for step_s in (-900.0, 900.0):
        assert sun_altitude_deg(morning.end_s + step_s, TROMSO) < highest


def test_a_grazing_crossing_of_a_minute_or_two_is_found():
    """A limit just above the Sun's lowest altitude: the time below it is shorter than any search grid."""
    near_s = utc("2027-04-16T12:00:00")
    evening = twilight_window(TROMSO, near_s, "EVENING", -18.0, -9.0)
    limit = sun_altitude_deg(evening.end_s, TROMSO) + 2e-4
    down, up = sun_crossing(TROMSO, limit, near_s, False), sun_crossing(TROMSO, limit, near_s, True)
    assert 0.0 < up - down < 400.0


@pytest.mark.parametrize("rising", [True, False])
def test_crossings_are_at_the_altitude_on_the_right_branch_and_next(rising):
    after_s = utc("2027-03-20T15:00:00")
    for altitude in (-18.0, 35.0):
        crossing_s = sun_crossing(ARMAZONES, altitude, after_s, rising)
        assert after_s <= crossing_s < after_s + 86400.0
        assert sun_altitude_deg(crossing_s, ARMAZONES) == pytest.approx(altitude, abs=0.0004)
        assert (sun_altitude_deg(crossing_s + 60.0, ARMAZONES) > altitude) == rising
        again_s = sun_crossing(ARMAZONES, altitude, crossing_s + 1.0, rising)
        assert again_s - crossing_s == pytest.approx(86400.0, abs=180.0)


@pytest.mark.parametrize(("rising", "way"), [(True, "rising"), (False, "setting")])
def test_a_crossing_that_never_happens_is_told(rising, way):
    with pytest.raises(NoTwilight, match=rf"never {way} through -30(.0)? deg at Tromso: .* stays between"):
        sun_crossing(TROMSO, -30.0, utc("2027-06-20T12:00:00"), rising)


@pytest.mark.parametrize(
    ("low", "high"), [(-9.0, -9.0), (-9.0, -18.0), (-91.0, 0.0), (0.0, 91.0), (math.nan, 0.0)]
)
def test_an_empty_range_is_refused(low, high):
    with pytest.raises(ValueError, match="no range"):
        twilight_window(ARMAZONES, 0.0, "NEXT", low, high)


def test_an_unknown_twilight_and_impossible_altitudes_are_refused():
    with pytest.raises(ValueError, match="none of MORNING, EVENING, NEXT"):
        twilight_window(ARMAZONES, 0.0, "DAWN", -18.0, -9.0)
    for altitude in (-90.1, 90.1, math.nan):
        with pytest.raises(ValueError, match="no Sun altitude"):
            sun_crossing(ARMAZONES, altitude, 0.0, True)
    with pytest.raises(ValueError, match="not finite"):
        twilight_window(ARMAZONES, math.nan, "NEXT", -18.0, -9.0)


def test_at_the_pole_there_is_an_answer_or_a_reason():
    """No daily twilight: the Sun stands still in altitude, below -9 deg at midwinter."""
    with pytest.raises(NoTwilight):
        twilight_window(NORTH_POLE, utc("2026-12-21T12:00:00"), "MORNING", -18.0, -9.0)


@pytest.mark.parametrize("latitude", [-90.0, -89.99, 90.0])
def test_at_a_pole_the_sun_is_inside_its_limits_for_days(latitude):
    """In spring and autumn the Sun circles at one altitude: -0.4 deg a day at the south pole in April 2027."""
    pole = Site("pole", latitude, 0.0, 2835.0)
    near_s = utc("2027-04-05T12:00:00" if latitude < 0 else "2027-10-08T12:00:00")
    window = twilight_window(pole, near_s, "NEXT", -9.0, -5.0)
    assert window.kind == "EVENING"
    assert window.start_s <= near_s and window.end_s >= near_s + 2 * 86400.0
    for time_s in (window.start_s, near_s, window.end_s):
        assert -9.0 <= sun_altitude_deg(time_s, pole) <= -5.0


def test_at_a_pole_what_the_sun_does_not_do_is_told():
    pole = Site("South Pole", -90.0, 0.0, 2835.0)
    near_s = utc("2027-04-05T12:00:00")
    with pytest.raises(NoTwilight, match=r"^no morning twilight at South Pole: the Sun sinks all day long, from -5"):
        twilight_window(pole, near_s, "MORNING", -9.0, -5.0)
    with pytest.raises(NoTwilight, match=r"the Sun stays above -9 deg, its lowest is -6\.\d\d deg"):
        twilight_window(pole, near_s, "NEXT", -18.0, -9.0)


def test_a_little_off_the_pole_there_are_both_twilights_each_day():
    """0.5 deg off the pole the Sun goes up and down by 1 deg a day while it sinks by 0.4 deg."""
    near_s = utc("2027-04-05T12:00:00")
    place = Site("off the pole", -89.5, 0.0, 2835.0)
    evening = twilight_window(place, near_s, "EVENING", -9.0, -5.0)
    morning = twilight_window(place, near_s, "MORNING", -9.0, -5.0)
    assert morning.start_s == pytest.approx(evening.end_s, abs=1.0)
    assert 40_000.0 < evening.duration_s < 50_000.0 and 36_000.0 < morning.duration_s < 46_400.0


def test_the_reason_shows_that_the_sun_is_out_of_its_limits_however_little():
    lowest = min(sun_altitude_deg(utc("2027-04-26T22:00:00") + 60.0 * k, TROMSO) for k in range(200))
    with pytest.raises(NoTwilight) as refused:
        twilight_window(TROMSO, utc("2027-04-26T12:00:00"), "EVENING", -18.0, lowest - 0.0004)
    found, said = str(refused.value).split("; ")[0].split(" deg, its lowest is ")
    assert float(said.removesuffix(" deg")) > float(found.rpartition(" ")[2])
