"""The median network gives what np.median gives, for any number of frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sequencer.reduction import median as room
from sequencer.reduction.median import median, median_network, sorting_network

SHAPES = st.tuples(st.integers(1, 24), st.integers(1, 7), st.integers(1, 9))


@given(arrays(np.float32, SHAPES, elements=st.floats(-1e6, 1e6, width=32)))
def test_equals_numpy_for_float_frames(stack: np.ndarray) -> None:
    assert np.array_equal(median(stack), np.median(stack, axis=0))


@given(arrays(np.uint16, SHAPES))
def test_equals_numpy_for_unsigned_frames(stack: np.ndarray) -> None:
    assert np.array_equal(median(stack), np.median(stack, axis=0))


def test_stack_larger_than_a_block_is_left_alone() -> None:
    stack = np.random.default_rng(3).normal(size=(10, 40, 1500)).astype(np.float32)
    before = stack.copy()
    assert stack[0].size > 3 * room.BLOCK_PIXELS
    result = median(stack)
    assert result.dtype == np.float32
    assert np.array_equal(result, np.median(stack, axis=0))
    assert np.array_equal(stack, before)


def test_no_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="no frames"):
        median(np.empty((0, 4, 4), np.float32))


@pytest.mark.parametrize("lanes", range(1, 12))
def test_the_full_network_sorts_every_row_of_zeros_and_ones(lanes: int) -> None:
    """The zero-one principle: a network that sorts all 0-1 rows sorts everything."""
    rows = np.array([[(number >> lane) & 1 for lane in range(lanes)] for number in range(2**lanes)])
    for low, high in sorting_network(lanes):
        rows[:, [low, high]] = np.sort(rows[:, [low, high]], axis=1)
    assert np.array_equal(rows, np.sort(rows, axis=1))


def test_pruning_leaves_what_was_measured_to_be_enough() -> None:
    """Comparators for 9, 10 and 30 lanes as measured in the reference on limits: 24, 29 and 148."""
    assert [len(median_network(lanes)) for lanes in (9, 10, 30)] == [24, 29, 148]


def test_rows_of_any_length_are_taken() -> None:
    stack = np.random.default_rng(3).random((5, 2, 20_000), np.float32)
    assert np.array_equal(median(stack), np.median(stack, axis=0))
