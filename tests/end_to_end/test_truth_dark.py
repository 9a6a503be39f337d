"""Master darks of the three METIS detectors against the truth: level, noise, hot pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sequencer.config import load_instrument
from tests.end_to_end import rig, truths

SEED = 3
WINDOW = (128, 128)
N = 10
CHIPS = {"LM": ["DET1"], "N": ["DET1"], "IFU": ["DET1", "DET2", "DET3", "DET4"]}
EVERY_CHIP = [(camera, chip) for camera, chips in CHIPS.items() for chip in chips]
SHORT_S = {"LM": 0.2, "N": 0.02, "IFU": 1.3}
LONG_S = {"LM": 200.0, "N": 0.5, "IFU": 200.0}
"""DITs at which the dark current of good pixels stands clear of the noise of their mean."""


@pytest.fixture(scope="module")
def darks(tmp_path_factory: pytest.TempPathFactory) -> rig.Ran:
    folder = tmp_path_factory.mktemp("darks")
    calls = [
        {f"DET{i}.DIT": dit_s for i, dit_s in enumerate(dits.values(), 1)}
        | {f"SEQ.NEXPO{i}": N for i in (1, 2, 3)}
        for dits in (SHORT_S, LONG_S)
    ]
    ob = rig.write_ob(folder, *(("METIS_all_cal_Dark", parameters) for parameters in calls))
    return rig.run(folder, ob, window_px=WINDOW, seed=SEED, reduced=True)


def master(darks: rig.Ran, camera: str, dit_s: float, chip: str, what: str) -> truths.Image:
    path = truths.product(darks.result.run_dir, f"master_dark_{camera}_*_{dit_s:g}s_x1.fits")
    return truths.image(path, f"{chip}.{what}")


@pytest.mark.parametrize(("camera", "chip"), EVERY_CHIP)
def test_the_level_is_the_truth_within_its_noise(darks: rig.Ran, camera: str, chip: str) -> None:
    dit_s, number = LONG_S[camera], CHIPS[camera].index(chip)
    detector = load_instrument("metis").detectors[camera]
    mode = detector.modes[detector.default_mode]
    truth = truths.world_of("metis-sim", SEED, WINDOW).truth
    good = truth.good(camera, number, WINDOW) & (master(darks, camera, dit_s, chip, "DQ") == 0)
    level = float(master(darks, camera, dit_s, chip, "SCI")[good].mean(dtype=np.float64))
    charge = float(truth.dark_e_s(camera, number, WINDOW)[good].mean()) * dit_s
    k = truth.k(camera)
    expected = charge * (1.0 - k * charge / mode.full_well_e) / mode.gain_e_adu
    noise = math.sqrt((mode.read_noise_e**2 + charge) / N / good.sum()) * 1.25 / mode.gain_e_adu
    assert expected > 5.0 * noise
    assert abs(level - expected) < 4.0 * noise
    found = truths.record_of(
        truths.product(darks.result.run_dir, f"master_dark_{camera}_*_{dit_s:g}s_x1.fits")
    )["statistics"][chip]
    assert found["level_error_adu"] == pytest.approx(noise, rel=0.1)
    assert abs(found["level_adu"] - expected) < 4.0 * found["level_error_adu"]


@pytest.mark.parametrize(("camera", "chip"), EVERY_CHIP)
def test_the_read_noise_is_that_of_the_mode(darks: rig.Ran, camera: str, chip: str) -> None:
    detector = load_instrument("metis").detectors[camera]
    mode = detector.modes[detector.default_mode]
    path = truths.product(darks.result.run_dir, f"master_dark_{camera}_*_{SHORT_S[camera]:g}s_x1.fits")
    shot = mode.dark_e_s * SHORT_S[camera]
    found = truths.record_of(path)["statistics"][chip]["read_noise_e"]
    assert found == pytest.approx(math.sqrt(mode.read_noise_e**2 + shot), rel=0.02)


@pytest.mark.parametrize(("camera", "chip"), EVERY_CHIP)
def test_the_hot_pixels_found_are_the_truths(darks: rig.Ran, camera: str, chip: str) -> None:
    """All of them where they stand out by 8 sigma; and nothing else but what couples to them."""
    number, dit_s = CHIPS[camera].index(chip), SHORT_S[camera]
    world = truths.world_of("metis-sim", SEED, WINDOW)
    detector = world.instrument.detectors[camera]
    mode = detector.modes[detector.default_mode]
    found = (master(darks, camera, dit_s, chip, "DQ") & 1) != 0
    rate = world.truth.dark_e_s(camera, number, WINDOW)
    noise_e = math.sqrt(mode.read_noise_e**2 + mode.dark_e_s * dit_s) * 1.18 / math.sqrt(N)
    hot = world.maps[camera].chip(number, WINDOW).hot
    clear = hot & ((rate - mode.dark_e_s) * dit_s * (1 - 4 * detector.ipc_edge) > 8.0 * noise_e)
    near = np.pad(hot, 1)
    beside = np.logical_or.reduce(
        [near[i : i + hot.shape[0], j : j + hot.shape[1]] for i in range(3) for j in range(3)]
    )
    assert clear.sum() >= 3
    assert not np.any(clear & ~found)
    assert not np.any(found & ~(beside if detector.ipc_edge else hot))
