"""What each kind of device does: telescope, shutter, cover, mechanisms, sources, site."""

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.config.models import MechanismConfig
from sequencer.devices.charts import ERROR, IDLE
from sequencer.devices.mechanisms import resolve
from sequencer.devices.site import Weather, WeatherLimits, why_unsafe
from sequencer.devices.telescope import airmass, separation_deg
from sequencer.wire.errors import CommandAborted, Rejected

from .support import failed, follow, refused, run

# telescope


def test_preset_arrives_and_says_where_it_is_and_was_going():
    async def scenario(client, server):
        states = []
        client.on_state(states.append)
        await client.preset(altitude_deg=60.0, azimuth_deg=-90.0)
        under_way = next(state for state in states if state.moving and state.altitude_deg < 80.0)
        assert (under_way.target_altitude_deg, under_way.target_azimuth_deg) == (60.0, 270.0)
        state = client.state
        assert (state.altitude_deg, state.azimuth_deg, state.moving, state.tracking) == (
            60.0,
            270.0,
            False,
            False,
        )
        assert state.airmass == pytest.approx(1.0 / math.cos(math.radians(30.0)))
        assert (state.guiding, state.ao, state.ambient_k) == (False, False, 280.0)
        assert client.is_safe

    run("telescope", scenario)


def test_preset_in_ra_and_dec_tracks_when_asked_and_safe_stops_it():
    async def scenario(client, server):
        await client.preset(ra_deg=30.0, dec_deg=-44.0, tracking=True)
        assert (client.state.altitude_deg, client.state.azimuth_deg, client.state.tracking) == (
            70.0,
            30.0,
            True,
        )
        assert not client.is_safe
        await client.safe()
        assert client.is_safe
        await client.track(True)
        assert client.state.tracking
        await client.preset(altitude_deg=71.0, azimuth_deg=30.0)
        assert not client.state.tracking

    run("telescope", scenario)


def test_preset_takes_one_whole_position_within_the_limits():
    async def scenario(client, server):
        for half in (
            {},
            {"altitude_deg": 50.0},
            {"ra_deg": 1.0},
            {"altitude_deg": 50.0, "dec_deg": 1.0},
            {"altitude_deg": 50.0, "azimuth_deg": 1.0, "ra_deg": 1.0, "dec_deg": 1.0},
            {"altitude_deg": 50.0, "azimuth_deg": 1.0, "ra_deg": 1.0},
        ):
            await refused(client.preset(**half), "bad_arguments", "altitude_deg and azimuth_deg, or ra_deg")
        await refused(client.preset(altitude_deg=19.9, azimuth_deg=0.0), "refused", "19.90", "20 to 88")
        await refused(client.preset(altitude_deg=88.1, azimuth_deg=0.0), "refused", "88.10")
        await refused(client.preset(ra_deg=0.0, dec_deg=60.0), "refused", "6.00")
        await client.preset(altitude_deg=88.0, azimuth_deg=0.0)
        await refused(client.offset(altitude_arcsec=1.0), "refused")

    run("telescope", scenario, altitude_deg=(20.0, 88.0))


def test_offset_moves_from_where_it_points_and_keeps_tracking():
    async def scenario(client, server):
        await client.preset(altitude_deg=60.0, azimuth_deg=359.5, tracking=True)
        await client.offset(altitude_arcsec=-7200.0, azimuth_arcsec=3600.0)
        assert client.state.altitude_deg == pytest.approx(58.0)
        assert client.state.azimuth_deg == pytest.approx(0.5)
        assert client.state.tracking

    run("telescope", scenario)


def test_park_goes_to_the_park_position_within_the_limits_and_any_preset_leaves_it():
    async def scenario(client, server):
        await client.park()
        assert (client.state.altitude_deg, client.state.azimuth_deg, client.state.parked) == (
            88.0,
            45.0,
            True,
        )
        await client.preset(altitude_deg=80.0, azimuth_deg=45.0)
        assert not client.state.parked

    run("telescope", scenario, altitude_deg=(20.0, 88.0), park_deg=(90.0, 45.0))


def test_stop_in_the_slew_leaves_the_telescope_standing_on_the_way():
    async def scenario(client, server):
        slew = asyncio.ensure_future(client.preset(altitude_deg=40.0, azimuth_deg=0.0))
        await client.clock.sleep(20.0, "test")
        await client.stop()
        with pytest.raises(CommandAborted):
            await slew
        assert 65.0 < client.state.altitude_deg < 75.0
        assert client.is_safe

    run("telescope", scenario)


def test_a_telescope_that_stands_elsewhere_has_not_arrived():
    async def scenario(client, server):
        async def short(altitude_deg, azimuth_deg, progress):
            server.pointing = server.pointing._replace(
                altitude_deg=altitude_deg - 0.02, azimuth_deg=azimuth_deg
            )

        server.move_to = short
        await failed(client.preset(altitude_deg=60.0, azimuth_deg=0.0), "not_reached", "0.020 deg")
        assert client.state.chart == ERROR

    run("telescope", scenario)


@given(st.floats(0.5, 90.0), st.floats(0.0, 360.0), st.floats(-0.5, 0.5))
def test_separation_along_a_vertical_circle_is_the_difference_of_altitudes(
    altitude_deg, azimuth_deg, step_deg
):
    other_deg = min(90.0, max(0.0, altitude_deg + step_deg))
    away_deg = separation_deg(altitude_deg, azimuth_deg, other_deg, azimuth_deg)
    assert away_deg == pytest.approx(abs(other_deg - altitude_deg), abs=1e-6)


def test_separation_against_vectors():
    def vector(altitude_deg, azimuth_deg):
        altitude, azimuth = math.radians(altitude_deg), math.radians(azimuth_deg)
        return (
            math.cos(altitude) * math.cos(azimuth),
            math.cos(altitude) * math.sin(azimuth),
            math.sin(altitude),
        )

    for one, two in (((10.0, 20.0), (40.0, 300.0)), ((80.0, 0.0), (80.0, 180.0)), ((0.0, 0.0), (0.0, 180.0))):
        dot = sum(a * b for a, b in zip(vector(*one), vector(*two), strict=True))
        assert separation_deg(*one, *two) == pytest.approx(math.degrees(math.acos(max(-1.0, dot))), abs=1e-6)


def test_airmass_is_sec_z_above_the_horizon():
    assert airmass(30.0) == pytest.approx(2.0)
    assert airmass(90.0) == pytest.approx(1.0)
    assert airmass(0.0) == airmass(-5.0) == 0.0


# shutter and cover


@pytest.mark.parametrize("kind", ["shutter", "dome shutter"])
def test_shutter_moves_between_its_ends(kind):
    async def scenario(client, server):
        positions = follow(client, "position")
        await client.open()
        await client.open()
        assert positions == ["CLOSED", "OPENING", "OPEN"]
        assert not client.is_safe
        await client.close()
        assert positions[2:] == ["OPEN", "CLOSING", "CLOSED"]
        assert client.is_safe

    run(kind, scenario)


@pytest.mark.parametrize("kind", ["shutter", "dome shutter"])
def test_a_stopped_blade_is_neither_open_nor_closed_and_closes_from_there(kind):
    async def scenario(client, server):
        opening = asyncio.ensure_future(client.open())
        await client.clock.sleep(1.5, "test")
        await client.stop()
        with pytest.raises(CommandAborted):
            await opening
        assert client.state.position == "OPENING"
        assert not client.is_safe
        await client.close()
        assert client.state.position == "CLOSED"

    run(kind, scenario)


def test_cover_opens_one_half_and_closes_both():
    async def scenario(client, server):
        positions = follow(client, "position")
        start_s = client.clock.now()
        await client.open(["LEFT"])
        assert client.state.halves == {"LEFT": "OPEN", "RIGHT": "CLOSED"}
        assert client.state.position == "PARTIAL"
        assert not client.is_safe
        await client.open()
        assert client.state.halves == {"LEFT": "OPEN", "RIGHT": "OPEN"}
        assert client.clock.now() - start_s == pytest.approx(8.0)
        await client.close()
        assert client.clock.now() - start_s == pytest.approx(12.0), "both halves at the same time"
        assert positions == ["CLOSED", "OPENING", "PARTIAL", "OPENING", "OPEN", "CLOSING", "CLOSED"]
        assert client.is_safe
        await refused(client.open(["TOP"]), "bad_arguments", "TOP", "LEFT, RIGHT")
        await refused(client.open([]), "bad_arguments", "LEFT, RIGHT")

    run("cover", scenario)


def test_moving_halves_are_published_as_moving_and_a_stop_leaves_it_partial():
    async def scenario(client, server):
        opening = asyncio.ensure_future(client.open(["RIGHT"]))
        await client.clock.sleep(1.0, "test")
        assert client.state.halves == {"LEFT": "CLOSED", "RIGHT": "MOVING"}
        assert client.state.position == "OPENING"
        await client.stop()
        with pytest.raises(CommandAborted):
            await opening
        assert client.state.position == "PARTIAL"
        assert client.state.halves["RIGHT"] == "MOVING"

    run("cover", scenario)


def test_cover_in_one_piece_has_one_half():
    async def scenario(client, server):
        await client.open()
        assert client.state.halves == {"ALL": "OPEN"}
        assert client.state.position == "OPEN"

    run("cover", scenario, halves=())


def test_a_half_that_does_not_arrive_is_named():
    async def scenario(client, server):
        move_half = server.move_half

        async def lame(half, position):
            if half == "LEFT":
                await move_half(half, position)

        server.move_half = lame
        await failed(client.open(), "not_reached", "RIGHT", "OPEN")
        assert client.state.halves == {"LEFT": "OPEN", "RIGHT": "CLOSED"}
        assert client.state.position == "PARTIAL"

    run("cover", scenario)


# mechanisms


def test_wheels_move_at_the_same_time_and_report_what_they_reached():
    async def scenario(client, server):
        states = []
        client.on_state(states.append)
        moved = await client.move({"INS.OPTI10.NAME": "L'", "INS.OPTI11.NAME": "ND_OD1"})
        assert moved.positions == {"INS.OPTI10.NAME": "Lp", "INS.OPTI11.NAME": "ND_OD1"}
        assert moved.seconds == pytest.approx(6.0), "the slower one: two positions of 3 s"
        first = next(state for state in states if state.moving)
        assert first.targets == {"INS.OPTI10.NAME": "Lp", "INS.OPTI11.NAME": "ND_OD1"}
        assert first.positions == {"INS.OPTI10.NAME": "", "INS.OPTI11.NAME": ""}
        half = next(state for state in states if state.moving == ["INS.OPTI10.NAME"])
        assert half.positions == {"INS.OPTI10.NAME": "", "INS.OPTI11.NAME": "ND_OD1"}
        assert not half.is_safe
        assert (client.state.positions, client.state.targets, client.state.moving) == (
            moved.positions,
            {},
            [],
        )
        again = await client.move({"INS.OPTI10.NAME": "Lp"})
        assert (again.positions, again.seconds) == ({"INS.OPTI10.NAME": "Lp"}, 0.0)

    run("mechanisms", scenario)


def test_a_long_move_tells_how_many_have_arrived():
    async def scenario(client, server):
        words = []
        await client.move({"INS.OPTI10.NAME": "N39", "INS.OPTI11.NAME": "ND_OD1"}, on_progress=words.append)
        assert {(w.current, w.target, w.unit, w.text) for w in words} == {
            (1.0, 2.0, "mechanisms", "INS.OPTI11.NAME ND_OD1")
        }

    names = [f"N{i}" for i in range(40)]
    wheels = {
        "INS.OPTI10.NAME": MechanismConfig("filter wheel", "wheel", names, "N0"),
        "INS.OPTI11.NAME": MechanismConfig("neutral density", "slide", ["OPEN", "ND_OD1"], "OPEN"),
    }
    run("mechanisms", scenario, mechanisms=wheels)


def test_unknown_wheels_and_positions_are_all_named_with_the_valid_ones():
    async def scenario(client, server):
        wrong = {"INS.OPTI10.NAME": "Lpp", "INS.OPTI99.NAME": "OPEN"}
        await refused(
            client.move(wrong),
            "bad_arguments",
            "Lpp",
            "open, Lp, Mp, closed",
            "INS.OPTI99.NAME",
            "INS.OPTI11.NAME",
        )
        await refused(client.move({}), "bad_arguments")

    run("mechanisms", scenario)


def test_moves_of_one_client_wait_for_each_other():
    async def scenario(client, server):
        one = client.move({"INS.OPTI10.NAME": "Mp"})
        two = client.move({"INS.OPTI11.NAME": "ND_OD1"})
        results = await asyncio.gather(one, two)
        assert [result.seconds for result in results] == [3.0, 3.0]

    run("mechanisms", scenario)


def test_a_stopped_wheel_is_nowhere_and_nothing_moves():
    async def scenario(client, server):
        moving = asyncio.ensure_future(client.move({"INS.OPTI10.NAME": "Lp"}))
        await client.clock.sleep(1.0, "test")
        await client.safe()
        with pytest.raises(CommandAborted):
            await moving
        state = client.state
        assert (state.positions["INS.OPTI10.NAME"], state.moving, state.targets) == ("", [], {})
        assert client.is_safe

    run("mechanisms", scenario)


def test_a_wheel_at_the_wrong_place_is_an_error_that_stops_the_others():
    async def scenario(client, server):
        async def slips(keyword, position):
            await server.clock.sleep(1.0 if keyword == "INS.OPTI11.NAME" else 50.0, "wheel")
            server.at[keyword] = "OPEN" if keyword == "INS.OPTI11.NAME" else position

        server.move_one = slips
        wanted = {"INS.OPTI10.NAME": "Lp", "INS.OPTI11.NAME": "ND_OD1"}
        start_s = client.clock.now()
        await failed(client.move(wanted), "not_reached", "INS.OPTI11.NAME", "ND_OD1", "OPEN")
        assert client.clock.now() - start_s < 50.0
        assert client.state.chart == ERROR
        assert client.state.moving == []

    run("mechanisms", scenario)


NAMES = st.sampled_from(["open", "Lp", "L'", "nothing", ""])


@given(st.dictionaries(st.sampled_from(["W1", "W2", "W3"]), NAMES))
def test_aliases_resolve_to_a_position_or_the_move_is_refused(positions):
    wheel = MechanismConfig("w", "wheel", ["open", "Lp"], "open", aliases={"L'": "Lp"})
    canonical = {"open": "open", "Lp": "Lp", "L'": "Lp"}
    valid = bool(positions) and all(k != "W3" and p in canonical for k, p in positions.items())
    if valid:
        resolved = resolve({"W1": wheel, "W2": wheel}, positions)
        assert resolved == {keyword: canonical[position] for keyword, position in positions.items()}
    else:
        with pytest.raises(Rejected):
            resolve({"W1": wheel, "W2": wheel}, positions)


# sources


def test_sources_switch_and_all_off_is_read_back():
    async def scenario(client, server):
        assert client.is_safe
        laser = await client.switch("HeNe", True)
        assert (laser.kind, laser.on, laser.temperature_k) == ("laser", True, None)
        body = await client.switch("BB", True, temperature_k=1000.0)
        assert body.temperature_k == 1000.0
        assert [name for name, source in client.state.sources.items() if source.on] == ["HeNe", "BB"]
        assert not client.is_safe
        await client.all_off()
        assert client.is_safe

    run("sources", scenario)


def test_a_lamp_that_stays_on_is_named():
    async def scenario(client, server):
        await client.switch("Halogen", True)
        server.stuck_on.add("Halogen")
        await failed(client.switch("Halogen", False), "not_reached", "Halogen", "off")
        await client.recover()
        await failed(client.all_off(), "not_reached", "Halogen")
        await failed(client.safe(), "not_safe")
        assert not client.is_safe

    run("sources", scenario)


def test_sources_refuse_what_they_are_not():
    async def scenario(client, server):
        await refused(client.switch("Neon", True), "bad_arguments", "Neon", "HeNe, BB, Halogen")
        await refused(client.switch("HeNe", True, 300.0), "bad_arguments", "black body")
        await refused(client.switch("BB", False, 300.0), "bad_arguments", "black body")
        await refused(client.switch("BB", True, -3.0), "bad_arguments", "temperature_k")

    run("sources", scenario)


# site


def test_weather_is_read_again_and_again():
    async def scenario(client, server):
        assert (client.state.safe, client.state.reasons, client.state.roof_open) == (True, [], True)
        server.weather = server.weather._replace(rain=True, wind_m_s=30.0)
        await client.clock.sleep(server.poll_s + 1.0, "test")
        assert not client.state.safe
        assert client.state.reasons == ["rain", "wind 30.0 m/s, limit 18"]
        assert client.is_safe, "the weather station itself harms nobody"

    run("site", scenario)


def test_a_silent_weather_station_does_not_call_the_night_safe():
    async def scenario(client, server):
        async def silent():
            raise OSError("unplugged")

        server.read_weather = silent
        await client.clock.sleep(server.poll_s + 1.0, "test")
        assert (client.state.safe, client.state.chart) == (False, ERROR)
        assert "does not answer" in client.state.reasons[0]

    run("site", scenario)


@given(st.booleans(), st.floats(0.0, 60.0), st.floats(0.0, 1.0))
def test_every_reason_against_observing_is_given(rain, wind_m_s, humidity):
    reasons = why_unsafe(Weather(True, rain, wind_m_s, humidity, 280.0, 712.0), WeatherLimits(20.0, 0.5))
    words = [reason.split()[0] for reason in reasons]
    assert words == ["rain"] * rain + ["wind"] * (wind_m_s > 20.0) + ["humidity"] * (humidity > 0.5)


def test_weather_at_its_limits_is_still_safe():
    assert why_unsafe(Weather(True, False, 20.0, 0.5, 280.0, 712.0), WeatherLimits(20.0, 0.5)) == []


def test_life_cycle_of_a_site_needs_no_work():
    async def scenario(client, server):
        await client.safe()
        assert client.state.chart == IDLE

    run("site", scenario)
