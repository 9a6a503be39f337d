"""A frame has the mean, the noise and the shape that its light, DIT and NDIT must give."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from conftest import DAWN_S, MakeWorld
from numpy.typing import NDArray

from sequencer.config.models import ReadoutMode
from simulators.detector.develop import Exposed
from simulators.detector.infrared import Readout, infrared_frame
from simulators.world.world import World

OpenBeam = Callable[[World, str, float], None]
SHAPE = (512, 512)
MODE = ReadoutMode(
    min_dit_s=0.04,
    max_dit_s=100.0,
    full_well_e=1e5,
    gain_e_adu=4.0,
    read_noise_e=70.0,
    dark_e_s=0.05,
    overhead_s=1.0,
)
IDEAL = Readout(MODE, 0.2, 1, 0.0, 0.0, 0.0)


def frame(level_e: float, readout: Readout, key: object = "x", seed: int = 1) -> NDArray[np.float32]:
    expected = np.full(SHAPE, level_e, dtype=np.float32)
    return infrared_frame(expected, np.zeros(SHAPE, dtype=bool), readout, seed, (key,))


def with_(readout: Readout, **changes: object) -> Readout:
    fields = {
        name: getattr(readout, name) for name in ("mode", "dit_s", "ndit", "k", "ipc_edge", "ipc_corner")
    }
    return Readout(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("level_e", [0.0, 2.0, 300.0, 50000.0])
@pytest.mark.parametrize("ndit", [1, 16])
def test_the_variance_is_shot_noise_and_read_noise_over_ndit(level_e: float, ndit: int) -> None:
    found = frame(level_e, with_(IDEAL, ndit=ndit)) * 4.0
    variance = (level_e + 70.0**2) / ndit
    spread = 4 * variance * math.sqrt(2 / found.size)
    assert found.mean() == pytest.approx(level_e, abs=4 * math.sqrt(variance / found.size))
    assert found.var(dtype=float) == pytest.approx(variance, abs=spread + 1e-3 * variance)


def test_faint_light_on_a_quiet_detector_is_poisson() -> None:
    quiet = msgspec.structs.replace(MODE, read_noise_e=0.1, gain_e_adu=1.0)
    found = frame(3.0, with_(IDEAL, mode=quiet))
    counts = np.rint(found)
    assert np.abs(found - counts).max() < 0.6
    for n, share in enumerate((0.0498, 0.1494, 0.2240, 0.2240, 0.1680)):
        assert np.mean(counts == n) == pytest.approx(share, abs=0.004)


def test_interpixel_capacitance_correlates_neighbours_and_lowers_the_variance() -> None:
    """Kernel a = 1 - 4 (e + c): variance x (a^2 + 4 e^2 + 4 c^2), covariance as the kernel's autocorrelation."""
    edge, corner, level = 0.02, 0.002, 50000.0
    silent = msgspec.structs.replace(MODE, read_noise_e=0.0, gain_e_adu=1.0)
    found = frame(level, with_(IDEAL, mode=silent, ipc_edge=edge, ipc_corner=corner)).astype(float) - level
    inner = found[2:-2, 2:-2]
    a = 1 - 4 * (edge + corner)
    assert inner.var() / level == pytest.approx(
        a**2 + 4 * edge**2 + 4 * corner**2, abs=4 * math.sqrt(2 / inner.size)
    )
    beside = np.mean(found[:, 1:] * found[:, :-1]) / level
    assert beside == pytest.approx(2 * a * edge + 4 * edge * corner, abs=4 / math.sqrt(inner.size))


def test_the_mean_follows_the_non_linearity() -> None:
    for level in (1e4, 5e4, 8.5e4):
        found = frame(level, with_(IDEAL, k=0.03, ndit=100)).mean(dtype=float) * 4.0
        assert found == pytest.approx(level * (1 - 0.03 * level / 1e5), rel=1e-4)


@pytest.mark.parametrize("k", [0.0, 0.03])
def test_saturation_is_flat_at_the_full_well(k: float) -> None:
    for level in (1.2e5, 1e6, 1e9):
        found = frame(level, with_(IDEAL, k=k, ndit=10000)).mean(dtype=float) * 4.0
        assert found == pytest.approx(1e5, abs=0.5)


def test_negative_values_are_kept() -> None:
    found = frame(0.0, IDEAL)
    assert np.mean(found < 0) == pytest.approx(0.5, abs=0.01)


def test_the_same_exposure_gives_the_same_bits_and_another_one_does_not() -> None:
    first, again, other, seed = (
        frame(5e4, IDEAL, key, s) for key, s in (("a", 1), ("a", 1), ("b", 1), ("a", 2))
    )
    assert np.array_equal(first, again)
    for different in (other, seed):
        assert abs(np.corrcoef(first.ravel(), different.ravel())[0, 1]) < 0.02


def test_a_hot_pixel_is_noisy_also_where_shot_noise_is_left_out() -> None:
    expected = np.zeros(SHAPE, dtype=np.float32)
    hot = np.zeros(SHAPE, dtype=bool)
    hot[::4, ::4] = True
    expected[hot] = 40000.0
    found = infrared_frame(expected, hot, IDEAL, 1, ("x",))[hot] * 4.0
    assert found.var(dtype=float) == pytest.approx(40000 + 4900, rel=0.05)


def test_frames_do_not_depend_on_the_order_they_are_made_in(
    make_world: MakeWorld, open_beam: OpenBeam
) -> None:
    frames = []
    for order in (["a", "b"], ["b", "a"]):
        world = make_world()
        open_beam(world, "Lp", DAWN_S)
        light = world.light("LM", DAWN_S, DAWN_S + 0.2, 1, "fast")
        taken = {name: world.develop("LM", Exposed(name, 0.2, 1, "fast"), light)[0] for name in order}
        frames.append(taken)
    for name in ("a", "b"):
        assert np.array_equal(frames[0][name], frames[1][name])


def test_a_flat_shows_the_truth(make_world: MakeWorld, open_beam: OpenBeam) -> None:
    world = make_world()
    open_beam(world, "Lp", DAWN_S)
    light = world.light("LM", DAWN_S, DAWN_S + 200.0, 1000, "fast")
    (found,) = world.develop("LM", Exposed("f", 0.2, 1000, "fast"), light)
    good = world.truth.good("LM")
    level = found.astype(float) * 4.0 / 1e5
    linear = (1 - np.sqrt(1 - 4 * 0.03 * level)) / (2 * 0.03)
    flat = linear / np.median(linear[good])
    noise = math.sqrt(5e4 + 4900) / 5e4 / math.sqrt(1000)
    assert np.std((flat - world.truth.expected_flat("LM", "Lp"))[good]) == pytest.approx(noise, rel=0.1)


def test_float32_pixels_of_every_chip(make_world: MakeWorld) -> None:
    world = make_world()
    world.begin(DAWN_S)
    light = world.light("IFU", DAWN_S, DAWN_S + 2.0, 1, "nominal")
    chips = world.develop("IFU", Exposed("d", 2.0, 1, "nominal"), light)
    assert [(chip.shape, chip.dtype.name) for chip in chips] == [((256, 256), "float32")] * 4
    assert not np.array_equal(chips[0], chips[1])


def test_a_window_shows_the_same_pixels_as_the_middle_of_the_whole(make_world: MakeWorld) -> None:
    world = make_world()
    whole, window = (world.maps["LM"].chip(0, w).response for w in (None, (64, 32)))
    assert window.shape == (32, 64)
    assert np.array_equal(window, whole[112:144, 96:160])
    flats = [world.maps["LM"].flat(0, "Lp", w) for w in (None, (64, 32))]
    assert np.allclose(flats[1], flats[0][112:144, 96:160], rtol=1e-6)
