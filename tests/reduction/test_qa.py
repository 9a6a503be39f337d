"""Quality: the worst check decides, nothing is GOOD by default, every check has its number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.reduction import qa

FLAGS = ["GOOD", "PARTIAL", "BAD"]


@given(st.lists(st.sampled_from(FLAGS)))
def test_the_worst_check_decides_and_comes_first(flags: list[str]) -> None:
    found = qa.verdict([qa.Check(f"c{i}", flag, f"{flag} {i}") for i, flag in enumerate(flags)], ())
    assert found.flag == max(flags, key=FLAGS.index, default="PARTIAL")
    order = [FLAGS.index(reason.split()[0]) for reason in found.reasons]
    assert order == sorted(order, reverse=True)


def test_what_was_not_checked_makes_it_partial() -> None:
    found = qa.verdict([qa.Check("noise", "GOOD", "noise 1.0")], ("noise", "frames"))
    assert (found.flag, found.reasons) == ("PARTIAL", ["frames not checked", "noise 1.0"])
    assert qa.verdict([], ()).flag == "PARTIAL"


@pytest.mark.parametrize(
    ("check", "flag", "words"),
    [
        (qa.frames([10, 10], 0, 3, 2), "GOOD", "10+10 frames"),
        (qa.frames([10, 2], 3, 3, 2), "PARTIAL", "10+2 frames, 3 left out as not good"),
        (qa.frames([1], 0, 3, 2), "BAD", "1 frames"),
        (qa.frames([], 0, 3, 2), "BAD", "no frames"),
        (qa.noise(1.19), "GOOD", "noise 1.19 of predicted"),
        (qa.noise(1.21), "PARTIAL", "1.21"),
        (qa.noise(0.82), "PARTIAL", "0.82"),
        (qa.noise(0.45), "BAD", "0.45"),
        (qa.noise(math.nan), "PARTIAL", "two frames"),
        (qa.noise(0.0), "PARTIAL", "two frames"),
        (qa.accuracy(0.0029, 10), "GOOD", "predicted pixel noise 0.290 %"),
        (qa.accuracy(0.006, 10), "PARTIAL", "0.600 %, 0.3 % is wanted: 30 more exposures"),
        (qa.accuracy(0.00301, 10), "PARTIAL", "0.3 % is wanted: 1 more exposures"),
        (qa.accuracy(0.05, 10), "BAD", "5.000 %"),
        (qa.accuracy(math.nan, 10), "PARTIAL", "not measured"),
        (qa.saturated(0.004), "GOOD", "0.400 %"),
        (qa.saturated(0.04), "PARTIAL", "4.000 %"),
        (qa.saturated(0.06), "BAD", "6.000 %"),
        (qa.levels([0.4, 0.5]), "GOOD", "40.0 to 50.0 %"),
        (qa.levels([0.04, 0.5]), "PARTIAL", "4.0 to 50.0 %"),
        (qa.levels([0.4, 0.95]), "PARTIAL", "95.0 %"),
        (qa.levels([]), "BAD", "no level"),
        (qa.decay(1.0, 0.1, 10.0), "PARTIAL", "persistence: level falls by 1.0000"),
        (qa.decay(-1.0, 0.1, 10.0), "GOOD", "-1.0000"),
        (qa.decay(1.0, 0.3, 10.0), "GOOD", "0.3000"),
        (qa.decay(0.1, 0.001, 10.0), "GOOD", "0.1000"),
        (qa.decay(1.0, math.inf, 10.0), "PARTIAL", "three frames"),
        (qa.light_leak(3.0, 0.1, 1.0, 10.0), "PARTIAL", "light leak or persistence: level 3.0000"),
        (qa.light_leak(0.389, 0.009, 0.0025, 17.5), "PARTIAL", "0.3890 +- 0.0090 ADU, 0.0025 expected"),
        (qa.light_leak(20.0, 0.1, 1.0, 10.0), "BAD", "light leak or persistence: level 20.0000"),
        (qa.light_leak(1.4, 0.01, 1.0, 1.0), "GOOD", "1.4000"),
        (qa.light_leak(3.0, 0.5, 1.0, 10.0), "GOOD", "3.0000"),
        (qa.light_leak(0.0348, 0.0034, 0.0138, 17.5), "GOOD", "0.0348"),
        (qa.light_leak(0.04, 0.009, 0.0025, 17.5), "GOOD", "0.0400"),
        (qa.gradient(2.0, 0.1, 10.0), "PARTIAL", "light leak? gradient 2.0000"),
        (qa.gradient(0.4, 0.1, 10.0), "GOOD", "0.4000"),
        (qa.gradient(0.4, 0.01, 10.0), "GOOD", "0.4000"),
        (qa.gradient(0.0, math.inf, 10.0), "PARTIAL", "not measured"),
        (qa.starry(-0.01), "GOOD", "0.000 %"),
        (qa.starry(0.002), "PARTIAL", "0.200 %"),
        (qa.starry(0.03), "BAD", "3.000 %"),
        (qa.additive(math.nan, math.nan), "GOOD", "one level"),
        (qa.additive(0.0009, 0.0001), "GOOD", "0.090 %"),
        (qa.additive(0.005, 0.002), "GOOD", "0.500 %"),
        (qa.additive(0.015, 0.002), "PARTIAL", "1.500 %"),
        (qa.additive(0.03, 0.002), "BAD", "3.000 %"),
        (qa.upto("x", math.nan, 1, 2, "x"), "PARTIAL", "x: not measured"),
    ],
)  # fmt: skip
def test_checks(check: qa.Check, flag: str, words: str) -> None:
    assert check.flag == flag
    assert words in check.text


def test_thermal_only_frames_are_counted_apart() -> None:
    (check,) = qa.thermal_only(9)
    assert (check.flag, check.text) == ("GOOD", "9 thermal-only frames are no flats")
    assert qa.thermal_only(0) == []


def test_simulated_frames_are_named_and_lower_nothing() -> None:
    (check,) = qa.simulated(3, 10)
    assert (check.flag, check.text) == ("GOOD", "3 of 10 frames simulated")
    assert qa.simulated(0, 10) == []
