"""Loading costs no more than what it reads: suggestions are worked out only where something is wrong."""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path

import pytest

from sequencer.config import ConfigErrors, load_deployment
from sequencer.config.search import find_config, known_names


def searches_for_near_names(name: str | Path) -> int:
    """How often names were compared with other names while a deployment was loaded, right or wrong."""
    profile = cProfile.Profile()
    try:
        profile.runcall(load_deployment, name)
    except ConfigErrors:
        pass
    calls = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    return sum(count for (_, _, function), (count, *_) in calls.items() if function == "get_close_matches")


@pytest.mark.parametrize("name", known_names("deployments"))
def test_nothing_is_suggested_where_nothing_is_wrong(name: str) -> None:
    assert searches_for_near_names(name) == 0


def test_one_wrong_name_is_one_search(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(find_config("deployments", "metis-sim").read_text().replace("camera: LM", "camera: ML"))
    assert searches_for_near_names(path) == 1
