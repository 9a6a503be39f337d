"""Linearity: k within its error over many nights with drift and sky noise, and the map per pixel."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.reduction import linearity
from sequencer.reduction.frames import read_frame
from sequencer.reduction.ladder import Rung, RungStack, fit_ladder, pixel_map
from sequencer.reduction.measure import k_map, measure
from sequencer.reduction.noise import Figures, figures, linearise
from sequencer.reduction.rungs import rungs_of
from tests.reduction.night import Night, instrument

DITS = [0.04, 0.12, 0.2, 0.28, 0.34]
WELL = 25000.0


def rungs(k: float, drift: float = 0.0, noise: float = 0.0, passes: int = 6, seed: int = 1) -> list[Rung]:
    """Levels of alternating passes by the closed form, with a drifting rate and white noise."""
    rng = np.random.default_rng(seed)
    found, time_s = [], 0.0
    for number in range(passes):
        for dit in DITS if number % 2 == 0 else reversed(DITS):
            time_s += 5.0
            signal = 60000.0 * dit * np.exp(drift * time_s / 3600.0)
            level = signal * (1.0 - k * signal / WELL) * (1.0 + noise * rng.standard_normal())
            found.append(Rung(level, max(noise, 1e-7), dit, time_s))
    return found


@settings(max_examples=30, deadline=None)
@given(st.floats(-0.02, 0.15), st.floats(-0.5, 0.5))
def test_without_noise_k_and_drift_are_exact(k: float, drift: float) -> None:
    fit = fit_ladder(rungs(k, drift), WELL)
    assert fit.k == pytest.approx(k, abs=2e-6)
    assert fit.drift_per_hour == pytest.approx(drift, abs=1e-3)
    signal = np.array(fit.linear_adu)
    measured = [rung.level_adu for rung in rungs(k, drift)]
    assert signal * (1 - fit.k * signal / WELL) == pytest.approx(measured, rel=1e-5)
    assert np.array(fit.illumination_s) == pytest.approx(signal / signal[0] * fit.illumination_s[0], rel=1e-5)


def test_errors_are_those_of_white_noise() -> None:
    fits = [fit_ladder(rungs(0.03, 0.02, 0.001, seed=seed), WELL) for seed in range(60)]
    scatter = float(np.std([fit.k for fit in fits]))
    assert np.median([fit.k_error for fit in fits]) == pytest.approx(scatter, rel=0.3)
    assert abs(np.mean([fit.k for fit in fits]) - 0.03) < 3.5 * scatter / np.sqrt(60)
    assert np.median([fit.scatter for fit in fits]) == pytest.approx(0.001, rel=0.25)


def test_own_errors_are_a_floor() -> None:
    exact = rungs(0.03)
    claimed = [Rung(rung.level_adu, 0.001, rung.dit_s, rung.time_s) for rung in exact]
    assert fit_ladder(claimed, WELL).k_error > 100 * fit_ladder(exact, WELL).k_error


def test_what_is_no_ladder_is_refused() -> None:
    good = rungs(0.03)
    with pytest.raises(ValueError, match="4 frames"):
        fit_ladder(good[:4], WELL)
    with pytest.raises(ValueError, match="2 DITs"):
        fit_ladder([rung for rung in good if rung.dit_s in DITS[:2]], WELL)
    with pytest.raises(ValueError, match="no ladder"):
        fit_ladder([*good, Rung(0.0, 0.1, 0.3, 9.0)], WELL)


@pytest.mark.parametrize("k", [0.03, pytest.param(0.0, marks=pytest.mark.nightly)])
def test_k_is_found_within_three_sigma_over_twenty_four_nights(tmp_path: Path, k: float) -> None:
    """Drift, a sky that wanders, shot and read noise; every second night ten times as noisy."""
    pulls = []
    for seed in range(24):
        night = Night(tmp_path / str(seed), seed=seed, size=64, k=k, drift_per_hour=-0.04,
                      sky_noise=0.003 if seed % 2 else 0.0003)  # fmt: skip
        found = linearity(night.ladder(2.4e5, DITS, n=4), instrument(k=0.0, size=64))
        assert found.k_error < 0.002
        pulls.append((found.k - k) / found.k_error)
    assert max(abs(pull) for pull in pulls) < 3.0
    assert 0.5 < float(np.std(pulls)) < 1.6


def test_a_script_gets_a_readable_answer(tmp_path: Path) -> None:
    night = Night(tmp_path, size=64)
    paths = night.ladder(2.4e5, DITS, n=2)
    found = linearity([str(path) for path in paths], instrument(size=64))
    first, second, third = str(found).splitlines()
    assert first.startswith(f"LM fast: k = {found.k:.4f} +- {found.k_error:.4f}")
    assert "10 frames, levels 9 to 7" in second
    assert "drift" in third
    assert found.frames == sorted(path.name for path in paths)


def test_the_instrument_is_found_by_the_header(tmp_path: Path) -> None:
    frames = Night(tmp_path, size=64, detector_px=2048).ladder(2.4e5, DITS, n=2)
    assert linearity(frames).camera == "LM"
    with pytest.raises(ValueError, match="no frames"):
        linearity([])


def test_frames_of_two_modes_are_no_ladder(tmp_path: Path) -> None:
    night = Night(tmp_path, size=64)
    frames = [read_frame(path, instrument(size=64)) for path in night.ladder(2.4e5, DITS, n=1)]
    other = night.expose(2.4e5, 0.1, DET_NCORRS_NAME="slow")
    with pytest.raises(ValueError, match="one camera, read-out mode and window"):
        measure([*frames, read_frame(other, instrument(size=64))])


def test_saturated_rungs_are_left_out_and_named(tmp_path: Path) -> None:
    """A bright night: the upper two rungs brim. With them k comes out as 0.1."""
    night = Night(tmp_path, size=64, drift_per_hour=-0.04)
    frames = [read_frame(path, instrument(size=64)) for path in night.ladder(3.6e5, DITS, n=4)]
    found = measure(frames)
    assert abs(found.k - 0.03) < 3.0 * found.k_error
    assert found.k_error < 0.003
    brimming = sorted(frame.name for frame in frames if frame.key.dit_s >= 0.28)
    assert sorted(found.saturated) == brimming
    assert sorted([*found.frames, *found.saturated]) == sorted(frame.name for frame in frames)
    assert "12 frames (8 saturated frames left out), levels" in str(found)
    k, error, lit = k_map(frames, found)
    good = lit & ~night.dead & ~night.hot
    assert abs(float(np.median((k[good] - 0.03) / error[good]))) < 0.2


def test_a_rung_with_part_of_its_pixels_at_saturation_is_left_out(tmp_path: Path) -> None:
    """Two per cent of the pixels brim: their mean bends, though the level is far below the full well."""
    night = Night(tmp_path, size=64)
    night.light[4:12, 4:12] *= 1.5
    found = linearity(night.ladder(2.5e5, DITS, n=2), instrument(size=64))
    assert len(found.saturated) == 4
    assert found.level_range[1] < 0.75


def test_hot_pixels_alone_leave_no_rung_out(tmp_path: Path) -> None:
    night = Night(tmp_path, size=64)
    night.dark_e_s[night.hot] = 1e7
    assert linearity(night.ladder(2.4e5, DITS, n=2), instrument(size=64)).saturated == []


def test_too_few_unsaturated_rungs_are_no_ladder_and_it_says_why(tmp_path: Path) -> None:
    night = Night(tmp_path, size=64)
    paths = night.ladder(6e5, DITS, n=3)
    with pytest.raises(
        ValueError, match=r"6 frames with 2 DITs make no ladder: 9 of 15 are saturated \(DIT 0.2 s"
    ):
        linearity(paths, instrument(size=64))
    with pytest.raises(ValueError, match=r"0 frames .* 3 of 3 are saturated"):
        linearity(paths[2:5], instrument(size=64))


def test_a_rungs_own_error_is_the_scatter_of_its_level(tmp_path: Path) -> None:
    """The same light 300 times: the scatter is known to 4 %. Coupled pixels keep their common noise: with this
    coupling a single pixel shows 82 % of it."""
    ipc = (0.04, 0.005)
    night = Night(tmp_path, size=32, ipc=ipc)
    for _ in range(300):
        night.expose(2.0e6, 0.04, DRS_FILTER="Lp", SEQ_KIND="ladder")
    rungs = rungs_of([read_frame(path, instrument(size=32, ipc=ipc)) for path in night.frames])
    signals = [linearise(rung.level_adu, figures(instrument().detectors["LM"], "fast")) for rung in rungs]
    scatter = float(np.std(signals) / np.mean(signals))
    assert rungs[0].relative_error == pytest.approx(scatter, rel=0.08)


def test_map_of_single_pixels_in_closed_form() -> None:
    """Two kinds of pixels, responses 0.9 and 1.1, k 0.02 and 0.05, no noise: the map returns each k."""
    shape = (20, 30)
    left = np.arange(30) < 15
    response = np.where(left, 0.9, 1.1) * np.ones(shape)
    k = np.where(left, 0.02, 0.05) * np.ones(shape)
    detector = Figures(4.0, 70.0, 1e5, 0.05, 100.0, 0.0, 1.0)
    stacks = []
    for level in (3000.0, 8000.0, 15000.0):
        frames, levels = [], []
        for scale in (0.98, 1.0, 1.02):
            signal = response * level
            pixels = (signal * (1 - k * signal / WELL) * scale + 100.0).astype(np.float32)
            frames.append(functools.partial(np.ndarray.__getitem__, pixels))
            levels.append(level * scale)
        stacks.append(RungStack(frames, levels, 1))
    active = np.ones(shape, bool)
    active[0] = False
    found, error = pixel_map(stacks, shape, active, detector)
    assert found[1:] == pytest.approx(k[1:], abs=2e-5)
    assert not found[0].any() and not error[0].any()
    assert (error[1:, :15] > error[1:, 15:].max()).all()


def test_map_scatters_about_k_by_its_error(tmp_path: Path) -> None:
    night = Night(tmp_path, size=96, drift_per_hour=0.05)
    frames = [read_frame(path, instrument(size=96)) for path in night.ladder(2.4e5, DITS, n=5)]
    result = measure(frames)
    k, error, lit = k_map(frames, result)
    good = lit & ~night.dead & ~night.hot
    pulls = (k[good] - 0.03) / error[good]
    assert abs(float(np.median(pulls))) < 0.1
    assert float(np.std(pulls)) == pytest.approx(1.0, abs=0.12)


def test_a_window_in_the_unlit_border_is_no_ladder(tmp_path: Path) -> None:
    frames = Night(tmp_path, size=64).ladder(2.4e5, DITS, n=2)
    with pytest.raises(ValueError, match="no lit pixel"):
        linearity(frames)
