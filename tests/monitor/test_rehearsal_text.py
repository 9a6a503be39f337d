"""A rehearsal's timeline, told to people."""

from __future__ import annotations

import msgspec
import pytest

from sequencer.monitor.rehearsal.doings import folded
from sequencer.monitor.rehearsal.foreseen import Doing, Foreseen, ForeseenSet, Interval
from sequencer.monitor.rehearsal.told import duration, interval_text, size, told

# fmt: off
EMPTY = Foreseen(
    "run", "block", "METIS", "metis-sim", "completed", "", "C", 0.0, 60.0, 60.0, None, 0, 10**9, 0, 0, [], [], [], [],
    [], [],
)
# fmt: on
SERIES = Doing("detector", 100.0, 200.0, "10 x flat V", frames=10)


def test_what_is_repeated_between_the_exposures_of_a_series_is_told_once() -> None:
    dithers = [Doing("telescope", 110.0 + 20.0 * n, 113.0 + 20.0 * n, f"preset ra_deg {n}") for n in range(3)]
    assert folded([SERIES, *dithers]) == [SERIES, Doing("telescope", 110.0, 153.0, "3 x preset")]


def test_what_is_done_before_a_series_or_once_in_it_is_told_as_it_is() -> None:
    before, once = Doing("cover", 90.0, 210.0, "open"), Doing("telescope", 120.0, 123.0, "preset ra_deg 1")
    assert folded([before, SERIES, once]) == [before, SERIES, once]


def test_two_devices_at_work_in_a_series_are_told_apart() -> None:
    doings = [Doing(name, 110.0 + n, 111.0 + n, "open") for n in range(2) for name in ("cover", "shutter")]
    assert [doing.device for doing in folded([SERIES, *doings])] == ["detector", "cover", "shutter"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.9, "59.9 s"), (60.0, "1 min 00 s"), (3725.0, "1 h 02 min")]
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("n_bytes", "text"), [(12_340_000, "12.3 MB"), (3_710_000_000, "3.71 GB")])
def test_sizes_are_short(n_bytes: int, text: str) -> None:
    assert size(n_bytes) == text


def test_what_all_sets_of_a_recipe_want_is_said_once() -> None:
    sets = [
        ForeseenSet(f"FLAT_{n}", "FLAT", "flat_recipe", 10, ["GAIN_MAP", f"DARK (to be made of {n})"])
        for n in (1, 2)
    ]
    assert told(msgspec.structs.replace(EMPTY, sets=sets))[-3:] == [
        "  flat_recipe: still wants GAIN_MAP",
        "      10  FLAT_1: DARK (to be made of 1)",
        "      10  FLAT_2: DARK (to be made of 2)",
    ]


def test_without_earlier_runs_the_interval_says_that_it_is_assumed() -> None:
    assert interval_text(EMPTY) == ""
    assumed = msgspec.structs.replace(EMPTY, interval=Interval(100.0, 90.0, 125.0, 0))
    assert interval_text(assumed).startswith("about 1 min 40 s by the instrument's figures")
