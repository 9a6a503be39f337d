"""Who is said to stand behind a card, and whether it was real."""

from __future__ import annotations

from typing import Any

from sequencer.acquisition.dictionary import Dictionary
from sequencer.acquisition.explain import explain
from sequencer.config.keywords import load_keywords

METIS = Dictionary(load_keywords("metis"))


def reality(keyword: str, value: Any, *simulated: str) -> tuple[str, str, str]:
    """Of a card in a frame with these contributors simulated: who gave it, how, and whether real."""
    devices = {f"ESO GEN SIMDEV{n}": name for n, name in enumerate(simulated, start=1)}
    [found] = [one for one in explain([{keyword: value, **devices}], METIS, {}) if one.keyword == keyword]
    return found.giver, found.how, found.reality


def test_simulated_sources_beside_real_mechanisms_are_told_apart() -> None:
    sources, mechanisms = "LAMP sources", "INS mechanisms"
    assert reality("ESO INS LAMP1 ST", False, sources) == (
        "the calibration sources",
        "read back",
        "simulated",
    )
    assert reality("ESO INS OPTI1 NAME", "DARK", sources) == ("the mechanisms", "read back", "real")
    assert reality("ESO SEQ WCU LASER1", "OFF", mechanisms) == (
        "the calibration sources",
        "read back",
        "real",
    )


def test_a_target_was_requested_and_the_plane_is_constant() -> None:
    assert reality("ESO TEL TARG ALPHA", 4733.12) == ("the observing block", "requested", "")
    assert reality("CDELT1D", 0.018) == ("the instrument file", "constant", "")
