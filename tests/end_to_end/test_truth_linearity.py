"""The DIT ladder finds the detector's k, with an honest error, in many nights that all drift."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sequencer.config import load_deployment
from tests.end_to_end import rig, truths

SEEDS = {"every change": range(1, 7), "nightly": range(1, 21)}
WINDOW = (64, 64)
PASSES = 4
RUNGS = [0.1, 0.3, 0.5, 0.7, 0.85]
LADDER = {
    "SEQ.CAMERA": ["LM"],
    "SEQ.DIT.FILT.LIST": ["short-L"],
    "SEQ.MODE": "LADDER",
    "SEQ.AIRMASS.LIST": [1.5],
    "SEQ.NEXPO": PASSES,
    "SEQ.LEVEL.LIST": RUNGS,
    "SEQ.DARK": False,
}


def climb(folder: Path, seed: int) -> tuple[float, float, float]:
    """One night's ladder: k, its error, and by how much the light changed from its first to its last frame."""
    folder.mkdir()
    ran = rig.run(
        folder,
        rig.write_ob(folder, ("METIS_all_cal_TwilightFlat", LADDER)),
        window_px=WINDOW,
        seed=seed,
        reduced=True,
    )
    frames = [frame for frame in ran.of("frame") if frame["kind"] == "ladder"]
    assert len(frames) == PASSES * len(RUNGS)
    rates = [ran.world.truth.rate_e_s("LM", "short-L", frame["start_s"]) for frame in frames]
    found = truths.record_of(truths.product(ran.result.run_dir, "linearity_LM_*.fits"))["statistics"]
    return found["k"], found["k_error"], max(rates) / min(rates) - 1.0


@pytest.fixture(scope="module", params=["every change", pytest.param("nightly", marks=pytest.mark.nightly)])
def nights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """(k, its error, drift) of every seed."""
    folder = tmp_path_factory.mktemp("nights")
    return np.array([climb(folder / str(seed), seed) for seed in SEEDS[request.param]])


def pulls(nights: np.ndarray) -> np.ndarray:
    return (nights[:, 0] - load_deployment("metis-sim").night.nonlinearity_k) / nights[:, 1]


def test_the_light_drifts_by_more_than_the_error_of_a_frame(nights: np.ndarray) -> None:
    assert np.median(nights[:, 2]) > 5e-4


def test_k_is_within_three_sigma_in_every_night(nights: np.ndarray) -> None:
    """Of 20 honest Gaussian pulls one is beyond 3 sigma in 5 of 100 sets of seeds; in these sets none is."""
    assert np.abs(pulls(nights)).max() < 3.0


def test_the_errors_are_neither_too_small_nor_too_large(
    nights: np.ndarray, record_property: Callable[[str, object], None]
) -> None:
    """Sum of squared pulls is chi squared, a degree a night; 99.8 % of honest sets lie within these quantiles."""
    record_property("figures", f"chi squared {np.sum(pulls(nights) ** 2):.1f} of {len(nights)} nights")
    low, high = stats.chi2.ppf([0.001, 0.999], len(nights))
    assert low < np.sum(pulls(nights) ** 2) < high


def test_the_error_is_worth_having(nights: np.ndarray) -> None:
    """A twentieth of k, so that the linearisation of a flat at half the full well is good to 0.15 %."""
    assert np.median(nights[:, 1]) < 0.0015
