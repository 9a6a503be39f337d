"""What cannot be true of light and silicon, against frames drawn by the book: Poisson, Gauss, whole numbers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sequencer.acquisition import LitRegion, impossible, measure
from sequencer.acquisition.statistics import Levels
from sequencer.config.models import ReadoutMode
from tests.acquisition.support import MODE

SHAPE = (64, 64)


def levels_of(frame: np.ndarray, mode: ReadoutMode) -> Levels:
    return measure(
        [frame],
        [LitRegion(SHAPE[::-1])],
        bias_adu=mode.bias_adu,
        gain_e_adu=mode.gain_e_adu,
        full_well_e=mode.full_well_e,
    )


def exposed(mode: ReadoutMode, level_e: float, ndit: int, seed: int, structure: float = 0.0) -> np.ndarray:
    """A frame as the textbook has it: the mean of `ndit` reads, each of whole ADU within the full well."""
    draw = np.random.default_rng(seed)
    response = 1.0 + structure * draw.standard_normal(SHAPE)
    total = np.zeros(SHAPE)
    for _ in range(ndit):
        charge = np.minimum(draw.poisson(np.maximum(level_e * response, 0.0)), mode.full_well_e)
        read = charge + draw.normal(0.0, mode.read_noise_e, SHAPE)
        total += np.rint(read / mode.gain_e_adu + mode.bias_adu)
    return (total / ndit).astype(np.float32)


@given(
    st.floats(0.0, 2e5),
    st.sampled_from([1, 2, 5]),
    st.floats(0.2, 200.0),
    st.floats(0.5, 200.0),
    st.floats(0.0, 0.1),
    st.integers(0, 1000),
)
def test_no_exposure_by_the_book_is_called_impossible(
    level_e: float, ndit: int, read_noise_e: float, gain_e_adu: float, structure: float, seed: int
) -> None:
    mode = replace(MODE, read_noise_e=read_noise_e, gain_e_adu=gain_e_adu, bias_adu=100.0)
    frame = exposed(mode, level_e, ndit, seed, structure)
    assert impossible(levels_of(frame, mode), mode, ndit) == ""


@given(st.floats(0.0, 9e4), st.integers(0, 1000))
def test_a_frame_without_noise_or_of_disordered_bits_is(level_e: float, seed: int) -> None:
    level_adu = level_e / MODE.gain_e_adu
    assert "its noise is" in impossible(levels_of(np.full(SHAPE, level_adu, np.float32), MODE), MODE, 1)
    bits = np.random.default_rng(seed).integers(0, 2**16, SHAPE, dtype=np.uint16).astype(np.float32)
    assert "scatter" in impossible(levels_of(bits / 3.0, MODE), MODE, 1)


def test_a_dark_whose_zero_is_off_has_the_noise_of_its_read_out_alone() -> None:
    shifted = exposed(MODE, 0.0, 1, 1) + np.float32(20000.0)
    assert impossible(levels_of(shifted, MODE), MODE, 1, lit=False) == ""
    assert "its noise is" in impossible(levels_of(shifted, MODE), MODE, 1)


def test_fibres_are_no_disorder_where_nobody_expects_an_even_light() -> None:
    fibres = exposed(MODE, 100.0, 1, 1) + np.where(np.arange(64) % 2, np.float32(9000.0), np.float32(0.0))
    assert impossible(levels_of(fibres, MODE), MODE, 1, even=False) == ""
    assert "scatter" in impossible(levels_of(fibres, MODE), MODE, 1)


@pytest.mark.parametrize(("value", "said"), [(65536.0, True), (-65536.0, True), (65535.0, False)])
def test_a_value_that_no_digitiser_gives_is(value: float, said: bool) -> None:
    frame = exposed(MODE, 1000.0, 1, 1)
    frame[5, 7] = value
    assert ("the digitiser ends at 6.554e+04" in impossible(levels_of(frame, MODE), MODE, 1)) is said


def test_a_digitiser_of_more_bits_than_sixteen_has_room_above_its_full_well() -> None:
    wide = replace(MODE, gain_e_adu=1.0)
    assert impossible(levels_of(np.full(SHAPE, 1e5, np.float32), wide), wide, 1) == ""
    assert impossible(levels_of(np.full(SHAPE, 2.1e5, np.float32), wide), wide, 1) != ""


def test_the_frame_before_is_no_exposure_but_a_full_one_is_full_twice() -> None:
    sound = levels_of(exposed(MODE, 1000.0, 1, 1), MODE)
    full = levels_of(np.full(SHAPE, 25000.0, np.float32), MODE)
    repeated = "it is bit for bit the frame before"
    assert impossible(dataclasses.replace(sound, repeats=True), MODE, 1) == repeated
    assert impossible(dataclasses.replace(full, repeats=True), MODE, 1) == ""
