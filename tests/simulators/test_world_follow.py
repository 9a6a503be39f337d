"""A world that only hears what devices publish holds the same beam and pointing as the one they live in."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import DAWN_S, MakeWorld

from simulators.follow import tell_cover, tell_mechanisms, tell_shutter, tell_telescope
from simulators.world.world import World

WHEEL = "INS.OPTI10.NAME"


def telescope(**fields: Any) -> dict[str, Any]:
    still = {
        "altitude_deg": 88.0, "azimuth_deg": 0.0, "ra_deg": 100.0, "dec_deg": -30.0, "moving": False,
        "tracking": False, "target_altitude_deg": 0.0, "target_azimuth_deg": 0.0,
    }  # fmt: skip
    return still | fields


def slewing(**fields: Any) -> dict[str, Any]:
    return telescope(moving=True, target_altitude_deg=60.0, target_azimuth_deg=20.0, **fields)


@pytest.fixture
def metis(make_world: MakeWorld) -> World:
    world = make_world()
    world.begin(DAWN_S)
    return world


@pytest.fixture
def megara(make_world: MakeWorld) -> World:
    world = make_world("megara-sim")
    world.begin(DAWN_S)
    return world


def test_a_slew_is_followed_from_its_beginning_and_not_begun_anew_by_every_report(metis: World) -> None:
    tell_telescope(metis, DAWN_S, slewing())
    tell_telescope(metis, DAWN_S + 5.0, slewing(altitude_deg=85.5, azimuth_deg=5.0))
    assert metis.pointing.altaz(DAWN_S + 10.0) == pytest.approx((83.0, 10.0))
    tell_telescope(metis, DAWN_S + 66.0, telescope(altitude_deg=60.0, azimuth_deg=20.0))
    assert metis.pointing.altaz(DAWN_S + 70.0) == (60.0, 20.0)


def test_a_second_slew_to_the_same_place_is_followed_too(metis: World) -> None:
    tell_telescope(metis, DAWN_S, slewing())
    tell_telescope(metis, DAWN_S + 10.0, telescope(altitude_deg=80.0, azimuth_deg=10.0))
    tell_telescope(metis, DAWN_S + 20.0, slewing(altitude_deg=80.0, azimuth_deg=10.0))
    assert metis.pointing.altaz(DAWN_S + 30.0) == pytest.approx((75.0, 20.0))


def test_tracking_is_followed(metis: World) -> None:
    tell_telescope(metis, DAWN_S, telescope(tracking=True))
    assert metis.pointing.radec(DAWN_S + 100.0) == (100.0, -30.0)
    tell_telescope(metis, DAWN_S + 200.0, telescope(altitude_deg=50.0, azimuth_deg=30.0))
    assert metis.pointing.drifting(DAWN_S + 201.0)
    assert metis.pointing.altaz(DAWN_S + 201.0) == (50.0, 30.0)


def mechanisms(position: str, target: str = "") -> dict[str, Any]:
    moving = {"targets": {WHEEL: target}, "moving": [WHEEL]} if target else {"targets": {}, "moving": []}
    return {"positions": {WHEEL: position, "NOT.OURS": "x"}, **moving}


def test_a_wheel_is_followed_through_the_slots_it_passes(metis: World) -> None:
    tell_mechanisms(metis, DAWN_S, mechanisms("short-L"))
    tell_mechanisms(metis, DAWN_S + 10.0, mechanisms("", "Lp"))
    tell_mechanisms(metis, DAWN_S + 11.0, mechanisms("", "Lp"))
    wheel = metis.beam.mechanisms[WHEEL]
    assert wheel.passed(DAWN_S + 10.0, DAWN_S + 20.0) == ["short-L", "open", "Lp"]
    assert wheel.position(DAWN_S + 12.0) == "open"
    tell_mechanisms(metis, DAWN_S + 14.0, mechanisms("Lp"))
    assert wheel.rests(DAWN_S + 14.0)
    tell_mechanisms(metis, DAWN_S + 20.0, mechanisms("", "short-L"))
    tell_mechanisms(metis, DAWN_S + 24.0, mechanisms("short-L"))
    tell_mechanisms(metis, DAWN_S + 30.0, mechanisms("", "Lp"))
    assert wheel.position(DAWN_S + 34.0) == "Lp"


def test_a_wheel_that_was_stopped_stays_between_two_slots(metis: World) -> None:
    tell_mechanisms(metis, DAWN_S, mechanisms("short-L"))
    tell_mechanisms(metis, DAWN_S + 10.0, mechanisms("", "Lp"))
    tell_mechanisms(metis, DAWN_S + 10.5, mechanisms(""))
    wheel = metis.beam.mechanisms[WHEEL]
    assert not wheel.rests(DAWN_S + 100.0)
    assert wheel.position(DAWN_S + 100.0) == "short-L"


def cover(left: str, right: str, position: str) -> dict[str, Any]:
    return {"halves": {"LEFT": left, "RIGHT": right}, "position": position}


def test_halves_of_a_cover_are_followed_on_their_way(megara: World) -> None:
    tell_cover(megara, DAWN_S, cover("MOVING", "CLOSED", "CLOSED"))
    tell_cover(megara, DAWN_S, cover("MOVING", "CLOSED", "OPENING"))
    tell_cover(megara, DAWN_S + 1.0, cover("MOVING", "CLOSED", "OPENING"))
    assert megara.beam.stop_opening("cover", DAWN_S + 5.0) == pytest.approx(0.25)
    tell_cover(megara, DAWN_S + 10.0, cover("OPEN", "CLOSED", "PARTIAL"))
    assert megara.beam.stop_opening("cover", DAWN_S + 11.0) == 0.5
    tell_cover(megara, DAWN_S + 20.0, cover("MOVING", "CLOSED", "CLOSING"))
    assert megara.beam.stop_opening("cover", DAWN_S + 25.0) == pytest.approx(0.25)
    tell_cover(megara, DAWN_S + 30.0, cover("CLOSED", "CLOSED", "CLOSED"))
    assert megara.beam.stop_opening("cover", DAWN_S + 30.0) == 0.0


def test_a_half_that_stopped_on_its_way_stays_there(megara: World) -> None:
    tell_cover(megara, DAWN_S, cover("MOVING", "CLOSED", "OPENING"))
    tell_cover(megara, DAWN_S + 5.0, cover("MOVING", "CLOSED", "PARTIAL"))
    assert megara.beam.stop_opening("cover", DAWN_S + 50.0) == pytest.approx(0.25)
    tell_cover(megara, DAWN_S + 60.0, cover("MOVING", "CLOSED", "OPENING"))
    assert megara.beam.stop_opening("cover", DAWN_S + 62.5) == pytest.approx(0.375)


def test_a_shutter_is_followed(megara: World) -> None:
    openings = []
    for later_s, position in ((0.0, "OPENING"), (1.0, "OPEN"), (10.0, "CLOSING"), (11.0, "CLOSED")):
        tell_shutter(megara, DAWN_S + later_s, {"position": position})
        openings.append(megara.beam.stop_opening("shutter", DAWN_S + later_s + 0.5))
    assert openings == pytest.approx([0.5, 1.0, 0.5, 0.0])
