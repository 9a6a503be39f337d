"""What is known of a filter's throughput: by the table, by earlier nights, by tonight's other filters."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sequencer.config import load_instrument
from sequencer.engine.rates import FILTER_TO_FILTER_SIGMA, Rates
from sequencer.exposure import Learned
from sequencer.observing.planning import Throughput, read_taught

BEFORE = {"LM": {"Lp": Throughput(1.2, 0.01, 30, "a"), "short-L": Throughput(0.9, 0.02, 30, "a")}}


def rates(before: dict[str, dict[str, Throughput]] | None = None, file: Path | None = None) -> Rates:
    return Rates(load_instrument("metis"), "metis-sim", "tonight", before or {}, file)


def learned(throughput: float, sigma: float = 0.002, frames: int = 10) -> Learned:
    return Learned(throughput, sigma, 0.0, frames)


def test_at_first_there_is_the_table_with_its_own_doubt() -> None:
    assert rates().expected("LM", "Lp") == (1.0, load_instrument("metis").cameras["LM"].prior_sigma)
    assert rates().known() == {}


def test_a_night_before_is_worth_more_than_the_table() -> None:
    throughput, sigma = rates(BEFORE).expected("LM", "Lp")
    assert throughput == 1.2
    assert sigma == pytest.approx(math.hypot(0.01, 0.1))


def test_what_one_filter_shows_tonight_holds_for_the_cameras_others() -> None:
    """Lp is 1.5 times its 1.2 of the night before: so is short-L, whose own was 0.9; N knows nothing of it."""
    tonight = rates(BEFORE)
    tonight.teach("LM", "Lp", 1.2, learned(1.5, 0.03))
    throughput, sigma = tonight.expected("LM", "short-L")
    assert throughput == pytest.approx(0.9 * 1.5)
    assert sigma == pytest.approx(math.hypot(0.03, FILTER_TO_FILTER_SIGMA))
    assert tonight.expected("LM", "Br_alpha")[0] == pytest.approx(1.5)
    assert tonight.expected("N", "N1")[0] == 1.0
    assert tonight.known()["LM"]["Br_alpha"].throughput == pytest.approx(1.5)
    assert tonight.plain() == {"LM": {"Lp": {"throughput": pytest.approx(1.8), "sigma": 0.03, "frames": 10}}}


@pytest.mark.parametrize(
    "taught", [learned(0.3, 0.9), learned(2.0, frames=0)], ids=["behind a cloud", "nothing"]
)
def test_a_cloud_or_nothing_at_all_teaches_nothing(taught: Learned) -> None:
    tonight = rates()
    tonight.teach("LM", "Lp", 1.0, taught)
    assert tonight.expected("LM", "Lp")[0] == 1.0
    assert tonight.plain() == {}


def test_the_file_keeps_what_was_measured_and_forgets_nothing(tmp_path: Path) -> None:
    file = tmp_path / "learned.yaml"
    tonight = rates(BEFORE, file)
    tonight.keep()
    assert not file.exists()
    tonight.teach("LM", "Lp", 1.2, learned(1.5))
    tonight.keep()
    kept = read_taught(file, "metis-sim").rates["LM"]
    assert kept["Lp"] == Throughput(1.8, 0.002, 10, "tonight")
    assert kept["short-L"] == BEFORE["LM"]["short-L"]
    assert set(kept) == {"Lp", "short-L"}
