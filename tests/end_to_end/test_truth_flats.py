"""The proportional master flat is the world's noise-free expected frame, as closely as its frames allow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sequencer.config import load_instrument
from sequencer.config.search import find_config
from tests.end_to_end import rig, truths

SEED = 1
FILTERS = ["short-L", "Lp", "Br_alpha"]
WINDOW = (128, 128)
DEMO_IN_LP = {
    "SEQ.CAMERA": ["LM"],
    "SEQ.DIT.FILT.LIST": ["Lp"],
    "SEQ.AIRMASS.LIST": [1.0, 2.0, 2.5],
    "SEQ.NEXPO": 10,
    "SEQ.LEVEL.LIST": [],
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> rig.Ran:
    folder = tmp_path_factory.mktemp("demo")
    return rig.run(folder, find_config("obs", "metis-lband-flats"), window_px=WINDOW, seed=SEED, reduced=True)


def compared(ran: rig.Ran, filter_name: str, window: tuple[int, int] | None) -> truths.Compared:
    path = truths.product(ran.result.run_dir, f"master_flat_LM_{filter_name}_fast.fits")
    return truths.compare(truths.world_of("metis-sim", SEED, window), "LM", filter_name, path)


def limit(ran: rig.Ran, filter_name: str) -> float:
    """What no flat of these frames can be better than; with the median's factor what a good one reaches."""
    frames = [frame for frame in ran.of("frame") if frame["verdict"] == "good"]
    flats = [frame for frame in frames if frame["kind"] == "flat" and frame["filter"] == filter_name]
    darks = [frame for frame in frames if frame["kind"] == "dark"]
    assert len(flats) == 30
    return truths.noise_limit(flats, darks, load_instrument("metis"), "LM")


@pytest.mark.parametrize("filter_name", FILTERS)
def test_the_flat_is_as_near_the_truth_as_its_noise_allows(demo: rig.Ran, filter_name: str) -> None:
    best = limit(demo, filter_name)
    found = compared(demo, filter_name, WINDOW)
    assert found.chosen.mean() > 0.98
    assert 0.9 * best < found.rms < 1.3 * truths.MEDIAN_OVER_MEAN * best
    if filter_name == "Lp":
        assert found.rms < 0.002


@pytest.mark.parametrize("filter_name", FILTERS)
def test_coupling_contrast_and_vignetting_are_those_of_the_detector(demo: rig.Ran, filter_name: str) -> None:
    """Patterns the difference must not contain; 5 sigma, a tenth of what each is there to find.

    Contrast: frames that are not linearised lose 2 k S / W = 3 % of it. Coupling: 1 for a flat made as if each pixel
    were read alone. Vignetting: the expected frame smoothed over 32 pixels.
    """
    found = compared(demo, filter_name, WINDOW)
    smooth = np.kron(found.expected.reshape(4, 32, 4, 32).mean((1, 3)), np.ones((32, 32), np.float32))
    for pattern, worth in (
        (found.expected, 0.03),
        (found.uncoupled - found.expected, 1.0),
        (smooth, 1.0),
    ):
        share, error = found.share_of(pattern)
        assert 5.0 * error < worth
        assert abs(share) < 5.0 * error


def test_the_dark_takes_the_charge_of_hot_pixels_away(demo: rig.Ran) -> None:
    """A hot pixel has 3 to 30 read noises more in the shortest DIT: 0.5 to 15 % of these levels."""
    path = truths.product(demo.result.run_dir, "master_flat_LM_short-L_fast.fits")
    world = truths.world_of("metis-sim", SEED, WINDOW)
    flat = truths.image(path, "DET1.SCI")
    expected = world.truth.expected_flat("LM", "short-L", window=WINDOW)
    hot = world.maps["LM"].chip(0, WINDOW).hot & (truths.image(path, "DET1.DQ") != 0)
    assert hot.sum() >= 5
    assert np.median(np.abs(flat[hot] / expected[hot] - 1.0)) < 0.01


@pytest.mark.nightly
def test_at_full_size(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", DEMO_IN_LP))
    ran = rig.run(tmp_path, ob, window_px=None, seed=SEED, reduced=True)
    assert ran.result.outcome == "completed"
    found = compared(ran, "Lp", None)
    record_property("figures", f"rms {found.rms:.2e}, noise limit {limit(ran, 'Lp'):.2e}")
    assert found.flat.shape == (2048, 2048)
    assert found.chosen.mean() > 0.85
    assert found.rms < min(1.3 * truths.MEDIAN_OVER_MEAN * limit(ran, "Lp"), 0.002)
