"""The telescope points where it is told, within its limits, and says where it really stands."""

import asyncio
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.devices.charts import ERROR
from sequencer.devices.telescope import TelescopeState, airmass, separation_deg
from sequencer.wire.errors import CommandAborted

from .support import failed, refused, run


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


@given(st.floats(-720.0, 720.0), st.floats(-720.0, 720.0))
def test_angles_that_go_round_are_in_one_turn_whoever_publishes_them(azimuth_deg, ra_deg):
    told = {"azimuth_deg": azimuth_deg, "ra_deg": ra_deg, "target_azimuth_deg": azimuth_deg}
    read = msgspec.convert(told, TelescopeState, strict=True)
    for name, angle_deg in told.items():
        found_deg = getattr(read, name)
        assert 0.0 <= found_deg < 360.0
        turns = (found_deg - angle_deg) / 360.0
        assert turns == pytest.approx(round(turns), abs=1e-9)
    assert msgspec.structs.replace(read, azimuth_deg=azimuth_deg) == read


def test_a_mount_that_counts_from_minus_180_is_read_in_one_turn_and_arrives():
    async def scenario(client, server):
        await client.preset(altitude_deg=60.0, azimuth_deg=209.4)
        assert server.pointing.azimuth_deg == pytest.approx(-150.6)
        assert client.state.azimuth_deg == pytest.approx(209.4)
        await client.offset(azimuth_arcsec=3600.0)
        assert client.state.azimuth_deg == pytest.approx(210.4)

    def prepare(server):
        async def signed():
            server.pointing = server.pointing._replace(
                azimuth_deg=(server.pointing.azimuth_deg + 180.0) % 360.0 - 180.0
            )
            return server.pointing

        server.read_pointing = signed

    run("telescope", scenario, prepare=prepare)


@pytest.mark.parametrize(("name", "wrong_deg"), [("altitude_deg", 90.5), ("dec_deg", -91.0)])
def test_an_altitude_or_declination_that_cannot_be_is_an_error(name, wrong_deg):
    async def scenario(client, server):
        server.pointing = server.pointing._replace(**{name: wrong_deg})
        await failed(client.stop(), "bad_answer", name)
        assert not client.is_safe

    run("telescope", scenario)
