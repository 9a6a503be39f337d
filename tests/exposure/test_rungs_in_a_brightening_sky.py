"""A DIT ladder at dawn: what would overfill the detector is passed over, the rest is taken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sequencer.exposure import Expose, ExposureController, Stop

from .twilights import CAMERA, Twilight

LEVELS = (0.2, 0.4, 0.6)


@pytest.mark.parametrize("evening", [True, False], ids=["dusk", "dawn"])
def test_no_rung_is_exposed_that_is_known_to_overfill_the_detector(evening: bool) -> None:
    night = Twilight(evening, 5.0)
    plan = replace(night.controller().plan, mode="LADDER", levels=LEVELS, passes=8)
    begins_s = (
        300.0 if evening else -600.0
    )  # a third, a ninth of the rate at which the target takes one second
    watched, time_s, shots = ExposureController(CAMERA, night.prior(), plan, overhead_s=5.0), begins_s, []
    for _ in range(60):
        answer = watched.next(time_s, -8.0)
        if isinstance(answer, Stop):
            break
        assert isinstance(answer, Expose)
        shot = night.expose(time_s + 5.0, answer.dit_s)
        watched.record(shot.start_s, answer.dit_s, shot.fraction * CAMERA.full_well_e, probe=answer.probe)
        shots += [] if answer.probe else [shot]
        time_s = shot.start_s + answer.dit_s
    assert isinstance(answer, Stop)
    assert max(shot.fraction for shot in shots) < 1.03 * plan.max_fraction
    dits = {shot.dit_s for shot in shots}
    assert len(dits) == len(LEVELS)
    if evening:
        assert len(shots) == 8 * len(LEVELS)
        assert answer.reason == "the ladder is complete"
    else:
        assert 2 * len(LEVELS) < len(shots) < 8 * len(LEVELS)
        left_out = 8 * len(LEVELS) - len(shots)
        assert answer.reason == f"{left_out} of the ladder are left out: the sky has become too bright"


def test_behind_a_cloud_the_ladder_is_that_of_the_clear_sky() -> None:
    """A frame of half the light is a cloud: who trusted it would overfill the detector once it has gone."""
    night = Twilight(True, 5.0)
    plan = replace(night.controller().plan, mode="LADDER", levels=LEVELS, passes=2)
    first = []
    for shares in ((1.0, 1.0), (1.0, 0.5)):
        watched = ExposureController(CAMERA, night.prior(), plan, overhead_s=5.0)
        for number, share in enumerate(shares):
            shot = night.expose(300.0 + 10.0 * number, 2.0)
            watched.record(shot.start_s, 2.0, share * shot.fraction * CAMERA.full_well_e, probe=True)
        first.append(watched.next(320.0, -8.0))
    clear, clouded = first
    assert isinstance(clear, Expose)
    assert isinstance(clouded, Expose)
    assert clouded.dit_s == pytest.approx(clear.dit_s, rel=0.02)
