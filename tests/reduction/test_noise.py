"""Detector figures: response and its inverse, predicted noise against drawn noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.ndimage import convolve

from sequencer.reduction.noise import (
    Figures,
    figures,
    frame_variance,
    ipc_mean_factor,
    ipc_noise_factor,
    linearise,
    median_variance,
)
from tests.reduction.night import instrument

LM = Figures(4.0, 70.0, 1e5, 0.05, 0.0, 0.03, ipc_noise_factor(0.02, 0.002))


@given(st.floats(-500.0, 30000.0), st.floats(0.0, 0.2))
def test_linearise_undoes_the_response(signal: float, k: float) -> None:
    detector = LM.with_k(k, "test")
    measured = signal * (1.0 - k * signal / detector.full_well_adu)
    assert linearise(measured, detector) == pytest.approx(signal, rel=1e-9, abs=1e-9)
    image = linearise(np.full((2, 2), measured, np.float32), detector)
    assert image == pytest.approx(np.full((2, 2), signal), rel=3e-6, abs=1e-3)


def test_beyond_the_summit_the_summit_is_taken() -> None:
    detector = LM.with_k(0.5, "test")
    assert linearise(1e6, detector) == pytest.approx(2e6)
    assert np.isfinite(linearise(np.array([[1e6]], np.float32), detector)).all()


def test_figures_come_from_the_read_out_mode() -> None:
    found = figures(instrument(k=0.02, bias_adu=7.0).detectors["LM"], "fast")
    assert (found.gain_e_adu, found.read_noise_e, found.full_well_e) == (4.0, 70.0, 1e5)
    assert (found.dark_e_s, found.bias_adu, found.k, found.k_source) == (0.05, 7.0, 0.02, "configuration")
    assert (found.full_well_adu, found.saturation_adu) == (25000.0, 0.95 * 25000.0 + 7.0)
    assert found.with_k(0.1, "ladder").k_source == "ladder"


def test_interpixel_capacitance_leaves_the_sum_of_squares() -> None:
    kernel = np.array([[0.002, 0.02, 0.002], [0.02, 0.912, 0.02], [0.002, 0.02, 0.002]])
    assert ipc_noise_factor(0.02, 0.002) == pytest.approx(np.sum(kernel**2))
    assert ipc_noise_factor(0.0, 0.0) == 1.0


@pytest.mark.parametrize("step", [1, 2, 3, 5])
def test_coupling_does_not_shrink_the_noise_of_a_mean(step: int) -> None:
    """Shot noise drawn, coupled, averaged over every `step`-th pixel: the variance of the mean over that of
    independent pixels, known to 4 % of 1500 draws."""
    rng, edge, corner = np.random.default_rng(step), 0.05, 0.01
    kernel = np.array([[corner, edge, corner], [edge, 1 - 4 * (edge + corner), edge], [corner, edge, corner]])
    frames = [convolve(rng.standard_normal((30, 30)), kernel, mode="wrap") for _ in range(1500)]
    means = np.array([frame[::step, ::step].mean() for frame in frames])
    independent = 1.0 / frames[0][::step, ::step].size
    assert ipc_mean_factor(edge, corner, step) == pytest.approx(means.var() / independent, rel=0.12)
    if step >= 3:
        assert ipc_mean_factor(edge, corner, step) == pytest.approx(ipc_noise_factor(edge, corner))
    if step == 1:
        assert ipc_mean_factor(edge, corner, step) == pytest.approx(1.0)


def test_predicted_variance_is_that_of_drawn_frames() -> None:
    rng, signal_e, ndit = np.random.default_rng(5), 50000.0, 4
    electrons = rng.poisson(signal_e, (ndit, 400000)).astype(float)
    electrons = electrons * (1 - 0.03 * electrons / 1e5) + rng.normal(0, 70, electrons.shape)
    detector = Figures(4.0, 70.0, 1e5, 0.0, 0.0, 0.03, 1.0)
    frame = linearise((electrons.mean(axis=0) / 4.0).astype(np.float32), detector)
    assert sum(frame_variance(detector, signal_e / 4.0, ndit)) == pytest.approx(frame.var(), rel=0.01)
    photon, read = frame_variance(detector.with_k(0.0, ""), -3.0, 2)
    assert (photon, read) == (0.0, pytest.approx((70 / 4) ** 2 / 2))


def exact_median_variance(n: int) -> float:
    """Variance of the median of n standard normals: by quadrature for odd n, drawn for even n."""
    if n % 2:
        m = n // 2
        logs = math.lgamma(n + 1) - 2 * math.lgamma(m + 1)
        density = lambda x: math.exp(  # noqa: E731
            logs + m * (stats.norm.logcdf(x) + stats.norm.logsf(x)) + stats.norm.logpdf(x)
        )
        return integrate.quad(lambda x: x * x * density(x), -8, 8)[0]
    return float(np.median(np.random.default_rng(n).standard_normal((n, 400000)), axis=0).var())


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 9, 10, 15, 30, 101])
def test_variance_of_the_median(n: int) -> None:
    assert median_variance(n) == pytest.approx(exact_median_variance(n), rel=0.015)
