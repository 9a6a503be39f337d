"""Runs whose headers many tests read."""

from __future__ import annotations

import pytest

from .raw_frames import ELSEWHERE, Frame, run_ladder, run_megara, run_metis, run_opticam


@pytest.fixture(scope="session")
def ladder(tmp_path_factory: pytest.TempPathFactory) -> list[Frame]:
    """Frames of a script: a linearity ladder with the lamp and without, on all detectors of METIS."""
    return run_ladder(tmp_path_factory.mktemp("ladder"))


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, ladder: list[Frame]) -> dict[str, list[Frame]]:
    """Raw frames of each instrument, those of METIS with the script's."""
    metis = run_metis(tmp_path_factory.mktemp("metis"))
    return {
        "metis": metis + ladder,
        "megara": run_megara(tmp_path_factory.mktemp("megara")),
        "opticam": run_opticam(tmp_path_factory.mktemp("opticam"), target=ELSEWHERE),
    }
