"""Frames, bytes and time of a block, told beforehand and counted anew here."""

from __future__ import annotations

import math

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
    texts,
)


def test_a_dit_that_is_held_does_not_follow_the_optical_twilight():
    """V opens at -5 deg with half a well, 5.05e4 e-; the Sun sinks 0.227 deg a minute (Paranal, equinox) and the
    light 1.518 mag a degree: after 20 s the level is 10 % low."""
    parameters = {"SEQ.DARK": False, "SEQ.MODE": "AIRMASS"}
    found = check_one("OPTICAM_TwilightFlat", parameters, "OPTICAM", deployment="opticam-sim", start_s=DUSK_S)
    dit_s = 5.05e4 / (2.49e9 * 10 ** (0.03 - 0.4 * 11.84))
    good_s = -math.log(0.9) / (1.518 * 0.4 * math.log(10.0) * 0.227 / 60.0)
    assert abs(found.frames - good_s / (dit_s + 4.0)) < 1.0
    [warning] = texts(found.warnings)
    assert f"{10 - found.frames} flats will be missing" in warning


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
    probe_s = 1.0 + 0.25 * 1e5 / 2.39e5  # a quarter of a well at airmass 1.0
    # one read is thrown away before the probe and before the first flat: the DIT has changed
    settle_s = probe_s + dit_s + 1.0
    assert base == pytest.approx(3 * 180 + 3 * (10 * (dit_s + 1.0) + 20) + probe_s + settle_s, abs=0.2)
    thrice = flat_estimate(**{"DET1.NSETTLE": 3}).duration_s - base
    assert thrice == pytest.approx(2 * settle_s, abs=0.05)
    assert flat_estimate(**{"DET1.NDIT": 100}).duration_s - base == pytest.approx(31 * 99 * dit_s, rel=0.01)
    assert flat_estimate(**{"SEQ.TIME": 100 * dit_s}).duration_s - base == pytest.approx(
        31 * 99 * dit_s, rel=0.01
    )
    darks = flat_estimate(**{"SEQ.DARK": True, "SEQ.DARK.WAIT": 50})
    assert darks.duration_s - base == pytest.approx(50 + 10 * (dit_s + 1.0), rel=0.01)
    weaker = flat_estimate(**{"INS.OPTI11.NAME": "ND_OD1"}).duration_s - base
    assert weaker == pytest.approx(9 * (31 * dit_s + 2 * (probe_s - 1.0)), rel=0.01)
    both = {"SEQ.CAMERA": ["LM", "N"], "SEQ.DIT.FILT.LIST": ["Lp", "N1"], "DET2.NSETTLE": 0}
    assert flat_estimate(**both).frames == 60
    assert flat_estimate(**both).duration_s == pytest.approx(base)


def test_cameras_expose_at_once_and_the_slower_one_sets_the_time():
    """Br_alpha takes 2.65 s an exposure, N1 little more than its overhead of a second."""
    slow = {"SEQ.DIT.FILT.LIST": ["Br_alpha"], "SEQ.NEXPO": 200}
    both = {**slow, "SEQ.CAMERA": ["LM", "N"], "SEQ.DIT.FILT.LIST": ["Br_alpha", "N1"]}
    alone, together = (flat_estimate(**parameters) for parameters in (slow, both))
    assert together.frames == 2 * alone.frames == 1200
    assert together.duration_s == pytest.approx(alone.duration_s)


def test_what_does_not_fit_is_not_counted():
    """40 minutes of sky: twice 400 exposures of 2.65 s and a preset between are 38.5; another preset takes 3."""
    found = flat_estimate(**{"SEQ.DIT.FILT.LIST": ["Br_alpha"], "SEQ.NEXPO": 400})
    assert found.frames == 800
    [warning] = texts(found.warnings)
    assert "400 flats will be missing" in warning
    assert "LM Br_alpha at airmass 2.5: 0 of 400 fit: the twilight ends at 10:08" in warning


def test_cycles_that_do_not_fit_are_told_together():
    """A cycle of one exposure and a change of filter, 21.2 s: 112 of 200 in 40 minutes."""
    found = flat_estimate(**{"SEQ.NCYCLES": 200, "SEQ.NEXPO": 1, "SEQ.AIRMASS.LIST": [1.0]})
    assert found.frames == pytest.approx(2393 / 21.2, abs=1)
    [warning] = texts(found.warnings)
    assert f"LM Lp at airmass 1: {found.frames} of 200 fit: the twilight ends at 10:08;" in warning
