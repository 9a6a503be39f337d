"""The interval is right nine times out of ten: journals drawn at random teach, the next run is judged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sequencer.durations import Durations, Work, condensed, measured, read_out, step

from .journals import Journal

DRAWS = 800
"""Of a share of 0.9 the standard deviation over so many draws is 0.011."""

READS, SLEWS = 10, 2
WORK = Work(READS * 1.0, {read_out("LM", "fast"): READS, step("telescope", "preset"): SLEWS})


def factors(rng: np.random.Generator, shape: str, n: int) -> list[float]:
    """Relative durations about 1: normal of 15 %, or log-normal of 30 %."""
    normal = rng.standard_normal(n)
    drawn = 1.0 + 0.15 * normal if shape == "normal" else np.exp(0.3 * normal - 0.045)
    return [float(value) for value in drawn]


def run(rng: np.random.Generator, shape: str, between: float) -> Journal:
    """One run: slews of a minute, reads of 2 s, all of them longer or shorter together by `between` (1 sigma)."""
    slow = float(np.exp(between * rng.standard_normal() - 0.5 * between**2))
    journal = Journal(0.0)
    for factor in factors(rng, shape, SLEWS):
        journal.step("telescope", "preset", 60.0 * slow * factor)
    for factor in factors(rng, shape, READS):
        journal.expose(1.0 + 2.0 * slow * factor, dit_s=1.0)
    return journal


@pytest.mark.parametrize("earlier", [3, *(pytest.param(n, marks=pytest.mark.nightly) for n in (5, 12))])
@pytest.mark.parametrize(
    ("shape", "between"), [("normal", 0.0), ("lognormal", 0.0), ("normal", 0.1), ("lognormal", 0.3)]
)
def test_nine_times_out_of_ten_it_holds_the_truth(
    shape: str, between: float, earlier: int, record_property: Callable[[str, object], None]
) -> None:
    rng = np.random.default_rng([earlier, int(10 * between), len(shape)])
    hits = 0
    for _ in range(DRAWS):
        taught = {str(i): condensed(measured(run(rng, shape, between).entries)) for i in range(earlier)}
        forecast = Durations(taught, {}).forecast(WORK)
        hits += forecast.low_s <= run(rng, shape, between).time_s <= forecast.high_s
    record_property("figures", f"{hits} of {DRAWS} intervals hold the truth")
    assert 0.87 <= hits / DRAWS <= 0.95
