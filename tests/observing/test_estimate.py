"""Frames, bytes and time of a block, told beforehand and counted anew here."""

from __future__ import annotations

import msgspec
import pytest

from sequencer.observing import compose_ob, validate

from .blocks import (
    DARK,
    DUSK_S,
    FLAT,
    LP,
    MORNING_S,
    ONE_DARK,
    check_one,
    surroundings,
)


def test_the_optical_camera_is_estimated_at_the_middle_of_its_twilight():
    found = check_one(
        "OPTICAM_TwilightFlat",
        {"SEQ.DARK": False, "SEQ.MODE": "AIRMASS"},
        "OPTICAM",
        deployment="opticam-sim",
        start_s=DUSK_S,
    )
    rate = 5.2 * 1.1 + 2.49e9 * 10 ** (-0.4 * (11.84 + 2 * 1.518 - 4 * 0.057))  # V, the Sun at -7 deg
    dit_s = 5.05e4 / rate
    assert found.duration_s == pytest.approx(180 + 20 + 10 * (dit_s + 4), rel=0.01)
    assert found.warnings == []


def test_a_dark_is_estimated_exactly():
    found = check_one(
        DARK,
        {"DET1.DIT": 2, "DET1.NDIT": 3, "SEQ.NEXPO1": 10, "DET2.DIT": 1, "SEQ.NEXPO2": 5, "SEQ.NEXPO3": 0},
    )
    assert found.frames == 15
    assert found.duration_s == pytest.approx(10 * (6 + 1.0))
    image = -(-2048 * 2048 * 4 // 2880) * 2880
    assert found.disk_bytes == 15 * (image + 2 * 6 * 2880)
    ifu = check_one(DARK, {"DET3.DIT": 1.3, "SEQ.NEXPO1": 0, "SEQ.NEXPO2": 0})
    assert ifu.disk_bytes == 4 * image + 5 * 6 * 2880
    megara = check_one("MegaraDarkImage", {"EXPTIME": 100, "NEXPO": 2}, "MEGARA", deployment="megara-sim")
    assert megara.frames == 2
    assert megara.duration_s == pytest.approx(2 * 160)
    assert 2 * 4196 * 4212 * 2 < megara.disk_bytes < 2 * (4196 * 4212 * 2 + 40_000)


def test_a_window_saves_disk():
    where, instrument = surroundings("metis-sim")
    small = msgspec.structs.replace(where, window_px=(512, 512))
    ob = compose_ob("x", "METIS", [(DARK, ONE_DARK)])
    assert (
        validate(ob, small, instrument, now_s=MORNING_S).disk_bytes
        == -(-512 * 512 * 4 // 2880) * 2880 + 12 * 2880
    )


def flat_estimate(**more):
    return check_one(FLAT, {**LP, "SEQ.DARK": False, **more})


def test_twilight_flats_are_estimated_from_the_priors():
    """Counted anew: filters x airmasses x exposures, the ladder's rungs, a series of darks for every DIT."""
    assert flat_estimate().frames == 3 * 10
    assert flat_estimate(**{"SEQ.NCYCLES": 2}).frames == 3 * 20
    assert (
        flat_estimate(**{"SEQ.DIT.FILT.LIST": ["Lp", "short-L"], "SEQ.LEVEL.LIST": [0.3, 0.6]}).frames
        == 60 + 20
    )
    assert flat_estimate(**{"SEQ.MODE": "LADDER", "SEQ.LEVEL.LIST": [0.3, 0.6]}).frames == 3 * 2 * 10
    # a ladder is taken in pairs of passes, up and down
    assert flat_estimate(**{"SEQ.NEXPO": 3, "SEQ.LEVEL.LIST": [0.3, 0.6]}).frames == 3 * 3 + 2 * 4
    assert flat_estimate(**{"SEQ.DARK": True}).frames == 30 + 10
    assert (
        flat_estimate(**{"SEQ.DARK": True, "SEQ.MODE": "AIRMASS", "SEQ.DARK.NEXPO": 4}).frames == 30 + 3 * 4
    )
    # one DIT of 0.19 s: the middle airmass 2.0 reads half a well, 5.08e4 e- at 2.66e5 e-/s
    dit_s = 5.077e4 / 2.661e5
    base = flat_estimate().duration_s
    assert base == pytest.approx(3 * 180 + 3 * (10 * (dit_s + 1.0) + 20), rel=1e-3)
    assert flat_estimate(**{"DET1.NDIT": 100}).duration_s - base == pytest.approx(30 * 99 * dit_s, rel=0.01)
    assert flat_estimate(**{"SEQ.TIME": 100 * dit_s}).duration_s - base == pytest.approx(
        30 * 99 * dit_s, rel=0.01
    )
    darks = flat_estimate(**{"SEQ.DARK": True, "SEQ.DARK.WAIT": 50})
    assert darks.duration_s - base == pytest.approx(50 + 10 * (dit_s + 1.0), rel=0.01)
    weaker = flat_estimate(**{"INS.OPTI11.NAME": "ND_OD1"}).duration_s - base
    assert weaker == pytest.approx(30 * 9 * dit_s, rel=0.01)
    both = {"SEQ.CAMERA": ["LM", "N"], "SEQ.DIT.FILT.LIST": ["Lp", "N1"]}
    assert flat_estimate(**both).frames == 60
    assert flat_estimate(**both).duration_s == pytest.approx(base)


def test_cameras_expose_at_once_and_the_slower_one_sets_the_time():
    slow = {"SEQ.DIT.FILT.LIST": ["Br_alpha"], "SEQ.NEXPO": 400}
    both = {**slow, "SEQ.CAMERA": ["LM", "N"], "SEQ.DIT.FILT.LIST": ["Br_alpha", "N1"]}
    alone, together = (flat_estimate(**parameters) for parameters in (slow, both))
    assert together.frames == 2 * alone.frames
    assert together.duration_s == pytest.approx(alone.duration_s)
    # minutes of sky needed, of the 40 there are
    assert (
        [warning.text for warning in together.warnings] == [warning.text for warning in alone.warnings] != []
    )
