"""How long simulated moves, slews and read-outs take: as the instrument says, or scattered about it."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import DAWN_S, MakeWorld

from sequencer.config.models import NightConfig
from simulators.world.night import Night


def test_durations_are_lognormal_of_mean_1_and_each_has_its_own() -> None:
    night = Night(NightConfig(duration_sigma=0.3), 5, 0.0)
    drawn = np.array([night.stretch("telescope", i) for i in range(4000)])
    assert drawn.mean() == pytest.approx(1.0, abs=4 * 0.3 / np.sqrt(4000))
    assert np.log(drawn).std() == pytest.approx(0.3, rel=0.05)
    assert night.stretch("telescope", 7) == drawn[7] != night.stretch("detector", 7)
    assert Night(NightConfig(duration_sigma=0.3), 6, 0.0).stretch("telescope", 7) != drawn[7]


def test_without_a_sigma_everything_takes_what_the_instrument_says() -> None:
    assert {Night(NightConfig(), seed, 0.0).stretch("telescope", seed) for seed in range(50)} == {1.0}


def test_a_stretched_move_and_slew_arrive_later_and_are_under_way_until_then(make_world: MakeWorld) -> None:
    world = make_world()
    assert world.move("INS.OPTI10.NAME", DAWN_S, "Lp", 1.5) - DAWN_S == pytest.approx(
        1.5 * (make_world().move("INS.OPTI10.NAME", DAWN_S, "Lp") - DAWN_S)
    )
    usual_s = make_world().slew(DAWN_S, 50.0, 30.0) - DAWN_S
    arrival_s = world.slew(DAWN_S, 50.0, 30.0, 2.0)
    assert arrival_s - DAWN_S == pytest.approx(2.0 * usual_s)
    assert world.pointing.altaz(arrival_s - 1.0)[0] != pytest.approx(50.0, abs=0.1)
    assert world.pointing.altaz(arrival_s)[0] == pytest.approx(50.0)
