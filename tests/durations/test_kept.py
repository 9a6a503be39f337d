"""How long things took is kept beside the throughputs, comes back as it was, and sets the pace of the next plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from sequencer.config import ConfigErrors, load_instrument
from sequencer.durations import FILTER_CHANGE, PRESET, Durations, Spread, read_out
from sequencer.observing.planning import (
    Throughput,
    figures_of,
    pace_of,
    read_taught,
    write_learned,
)

LP = {"LM": {"Lp": Throughput(1.0342, 0.0041, 31, "one")}}
RUNS = {
    "one": {"telescope preset": Spread(2, 68.0, 48.64), read_out("LM", "fast"): Spread(12, 1.013, 0.069)},
    "two": {"telescope preset": Spread(1, 70.5, 0.0)},
}


def test_durations_are_kept_beside_throughputs_one_line_a_step(tmp_path: Path) -> None:
    path = tmp_path / "learned.yaml"
    write_learned(path, "metis", LP, RUNS)
    assert read_taught(path, "metis").durations == RUNS
    assert list(read_taught(path, "metis").durations) == ["one", "two"]
    assert read_taught(path, "metis").rates == LP
    assert '    "telescope preset": {n: 2, mean_s: 68.000, sd_s: 48.640}' in path.read_text().splitlines()


def test_a_file_of_before_has_no_durations_and_stays_readable(tmp_path: Path) -> None:
    path = tmp_path / "learned.yaml"
    write_learned(path, "metis", LP)
    assert "durations" not in path.read_text()
    assert read_taught(path, "metis").durations == {}
    assert read_taught(tmp_path / "none.yaml", "metis").durations == {}


@pytest.mark.parametrize("bad", ["mean_s: -1.0", "mean_s: .inf", "mean_s: long"])
def test_impossible_durations_are_refused_with_their_line(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "learned.yaml"
    write_learned(path, "metis", LP, RUNS)
    path.write_text(path.read_text().replace("mean_s: 68.000", bad))
    line = 1 + next(i for i, text in enumerate(path.read_text().splitlines()) if bad in text)
    with pytest.raises(ConfigErrors, match=rf"{path.name}:{line}: "):
        read_taught(path, "metis")


def test_the_pace_is_the_one_learned_then_the_instruments_and_a_figure_told_wins() -> None:
    metis = load_instrument("metis")
    usual = pace_of(metis)
    assert (usual.preset_s, usual.filter_change_s) == (
        metis.telescope.preset_s,
        metis.telescope.filter_change_s,
    )
    runs = {"one": {PRESET: Spread(3, 40.0, 5.0), read_out("LM", "fast"): Spread(9, 1.3, 0.1)}}
    durations = Durations(runs, figures_of(metis))
    learned = pace_of(metis, durations=durations)
    assert learned.preset_s == 40.0
    assert learned.filter_change_s == metis.telescope.filter_change_s == durations.mean_s(FILTER_CHANGE)
    assert learned.read_outs_s == {("LM", "fast"): 1.3}
    assert pace_of(metis, 300.0, 5.0, durations).preset_s == 300.0
    assert pace_of(metis, 300.0, 5.0, durations).overhead_s == 5.0
