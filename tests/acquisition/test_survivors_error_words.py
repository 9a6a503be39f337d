"""An error of the acquisition says in one line what is wrong, and keeps the parts for whoever handles it."""

from __future__ import annotations

from sequencer.acquisition.errors import CardErrors, FrameRefused, MissingCards


def test_cards_that_cannot_be_written() -> None:
    error = CardErrors(iter(["'object' from OBS: no", "'END' from TEL: no"]))
    assert error.problems == ("'object' from OBS: no", "'END' from TEL: no")
    assert str(error) == "'object' from OBS: no; 'END' from TEL: no"


def test_cards_that_are_missing() -> None:
    error = MissingCards("run/00/00001/LM", iter([("ESO TEL ALT", "the telescope")]))
    assert error.missing == (("ESO TEL ALT", "the telescope"),)
    assert str(error).startswith("exposure run/00/00001/LM: ")
    assert str(error).endswith("ESO TEL ALT (from the telescope)")


def test_a_frame_that_was_refused() -> None:
    error = FrameRefused("run/00/00001/LM", "it has 2 chips")
    assert (error.exposure, error.reason) == ("run/00/00001/LM", "it has 2 chips")
    assert "run/00/00001/LM" in str(error)
    assert str(error).endswith("it has 2 chips")
