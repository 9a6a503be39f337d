"""Mechanisms move at the same time to named positions and report what they reached."""

import asyncio

import msgspec
import pytest
from contract.hardware import WHEELS
from hypothesis import given
from hypothesis import strategies as st

from sequencer.config.models import MechanismConfig
from sequencer.devices.charts import ERROR
from sequencer.devices.mechanisms import MechanismsState, resolve
from sequencer.wire.errors import CommandAborted, Rejected

from .support import failed, refused, run


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


def test_what_arrives_while_an_angle_is_being_read_is_not_forgotten():
    """The rotator takes 2 s to tell its angle; the slide arrives in the middle of that."""

    async def scenario(client, server):
        async def arrive(keyword, position):
            await server.clock.sleep(5.0 if keyword == "INS.ROT.MODE" else 6.0, keyword)
            server.at[keyword] = position

        async def read_angle(keyword):
            await server.clock.sleep(2.0, "angle")
            return 12.5

        server.move_one, server.read_angle = arrive, read_angle
        moved = await client.move({"INS.ROT.MODE": "FIELD", "INS.OPTI11.NAME": "ND_OD1"})
        assert moved.positions == {"INS.ROT.MODE": "FIELD", "INS.OPTI11.NAME": "ND_OD1"}
        assert client.state.positions == moved.positions
        assert (client.state.moving, client.state.angles_deg) == ([], {"INS.ROT.MODE": 12.5})

    mechanisms = {
        "INS.ROT.MODE": MechanismConfig("derotator", "rotator", ["STOPPED", "FIELD"], "STOPPED"),
        "INS.OPTI11.NAME": MechanismConfig("neutral density", "slide", ["OPEN", "ND_OD1"], "OPEN"),
    }
    run("mechanisms", scenario, mechanisms=mechanisms)


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


@pytest.mark.parametrize(("told", "read"), [(270.0, -90.0), (-181.0, 179.0), (180.0, -180.0), (725.0, 5.0)])
def test_the_angle_of_a_rotator_is_read_in_one_turn(told, read):
    state = msgspec.convert({"angles_deg": {"INS.DROT.MODE": told}}, MechanismsState, strict=True)
    assert state.angles_deg == {"INS.DROT.MODE": pytest.approx(read)}


def test_a_rotator_whose_angle_is_no_number_moves_on_without_it():
    async def scenario(client, server):
        async def angle(keyword):
            return float("nan")

        server.read_angle = angle
        await client.move({"INS.OPTI10.NAME": "Mp", "INS.DROT.MODE": "FIELD"})
        assert client.state.angles_deg == {"INS.DROT.MODE": None}
        assert client.state.unread == ["angles_deg.INS.DROT.MODE"]

    rotator = MechanismConfig("derotator", "rotator", ["STOPPED", "FIELD"], "STOPPED")
    run("mechanisms", scenario, mechanisms={**WHEELS, "INS.DROT.MODE": rotator})
