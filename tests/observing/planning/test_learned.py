"""What a night taught is kept in a file people can read, and comes back as it was, or not at all."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.config import ConfigErrors
from sequencer.observing.planning.learned import (
    Throughput,
    merged,
    read_taught,
    tonight_sigma,
    write_learned,
)

LP = Throughput(1.0342, 0.0041, 31, "20270320T091500-METIS-bce3")
NE = Throughput(0.9, 0.02, 3, "20270320T091500-METIS-bce3")


def test_no_file_teaches_nothing(tmp_path: Path) -> None:
    assert read_taught(tmp_path / "learned.yaml", "metis").rates == {}


@given(
    st.floats(0.01, 100.0), st.floats(0.0, 1.0), st.sampled_from(["Lp", "[NeII]", "N2 + ND: 1", "off", "é"])
)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, factor: float, sigma: float, name: str
) -> None:
    path = tmp_path_factory.mktemp("learned") / "learned.yaml"
    item = Throughput(round(factor, 4), round(sigma, 4), 10, "run")
    write_learned(path, "metis", {"LM": {name: item}, "N": {}})
    assert read_taught(path, "metis").rates == {"LM": {name: item}}


def test_the_file_says_what_it_is_and_how_to_forget(tmp_path: Path) -> None:
    write_learned(tmp_path / "sub" / "learned.yaml", "metis", {"LM": {"Lp": LP}})
    text = (tmp_path / "sub" / "learned.yaml").read_text(encoding="utf-8")
    assert "Delete a line" in text
    assert '"Lp": {throughput: 1.0342, relative_sigma: 0.0041, frames: 31' in text


def test_a_deleted_line_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "learned.yaml"
    write_learned(path, "metis", {"LM": {"Lp": LP, "short-L": LP}})
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if "short-L" not in line]
    path.write_text("\n".join(kept), encoding="utf-8")
    assert read_taught(path, "metis").rates == {"LM": {"Lp": LP}}


def test_simulators_do_not_teach_hardware(tmp_path: Path) -> None:
    path = tmp_path / "learned.yaml"
    write_learned(path, "metis-sim", {"LM": {"Lp": LP}})
    with pytest.raises(ConfigErrors, match="deployment metis-sim, not of metis;"):
        read_taught(path, "metis")


@pytest.mark.parametrize("bad", ["throughput: 0", "throughput: -1.0", "throughput: .nan", "throughput: much"])
def test_impossible_figures_are_refused_with_their_line(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "learned.yaml"
    write_learned(path, "metis", {"LM": {"Lp": LP}})
    path.write_text(path.read_text(encoding="utf-8").replace("throughput: 1.0342", bad), encoding="utf-8")
    with pytest.raises(ConfigErrors, match=rf"{path.name}:6: "):
        read_taught(path, "metis")


def test_tonight_replaces_a_filter_and_keeps_the_others() -> None:
    assert merged({"LM": {"Lp": LP, "short-L": LP}}, {"LM": {"Lp": NE}, "N": {"N2": NE}}) == {
        "LM": {"Lp": NE, "short-L": LP},
        "N": {"N2": NE},
    }


def test_another_night_is_less_certain() -> None:
    assert tonight_sigma(LP) == pytest.approx(math.hypot(0.0041, 0.1))
