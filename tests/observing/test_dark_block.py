"""The block for darks still to be taken: our own reader takes it, and what it takes is what was wanted."""

from __future__ import annotations

from sequencer.observing.dark_block import WantedDark, dark_block
from sequencer.observing.exchange.yaml_form import block_yaml

from .blocks import block, check, surroundings

PROGRAMME = "60.A-9999"
LM_SLOW = WantedDark("LM", "slow", 2.0, 3, 4)
LM_FAST = WantedDark("LM", "fast", 0.2, 1, 5)
N_USUAL = WantedDark("N", "high_capacity", 0.02, 10, 6)


def test_all_cameras_expose_in_parallel_each_in_the_order_given() -> None:
    _, instrument = surroundings("metis-sim")
    written = dark_block("Darks for a night", instrument, PROGRAMME, [LM_SLOW, LM_FAST, N_USUAL])
    assert written == {
        "name": "Darks for a night",
        "instrument": "METIS",
        "programme": PROGRAMME,
        "templates": [
            {
                "template": "METIS_all_cal_Dark",
                "parameters": {
                    **{"DET1.DIT": 2.0, "DET1.NDIT": 3, "SEQ.NEXPO1": 4, "DET1.NCORRS.NAME": "slow"},
                    **{"DET2.DIT": 0.02, "DET2.NDIT": 10, "SEQ.NEXPO2": 6},
                    "SEQ.NEXPO3": 0,
                },
            },
            {
                "template": "METIS_all_cal_Dark",
                "parameters": {
                    **{"DET1.DIT": 0.2, "DET1.NDIT": 1, "SEQ.NEXPO1": 5},
                    **{"SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0},
                },
            },
        ],
    }


def test_the_block_as_written_is_valid_and_holds_the_frames_wanted() -> None:
    _, instrument = surroundings("metis-sim")
    text = block_yaml(dark_block("Dunkel, für später", instrument, PROGRAMME, [LM_SLOW, LM_FAST, N_USUAL]))
    assert text.startswith("name: Dunkel, für später\ninstrument: METIS\nprogramme: 60.A-9999\ntemplates:\n")
    found = check(block(text))
    assert not found.problems
    assert found.frames == 4 + 5 + 6


def test_an_instrument_takes_its_own_template_for_darks_or_the_generic_one() -> None:
    for deployment, camera, mode, template in [
        ("opticam-sim", "CCD", "normal", "OPTICAM_Dark"),
        ("megara-sim", "MEGARA", "SLOW", "Dark"),
    ]:
        _, instrument = surroundings(deployment)
        written = dark_block("x", instrument, PROGRAMME, [WantedDark(camera, mode, 2.0, 1, 3)])
        assert [call["template"] for call in written["templates"]] == [template]
        found = check(block(block_yaml(written)), deployment)
        assert (found.problems, found.frames) == ([], 3)


def test_a_programme_that_looks_like_a_number_stays_text() -> None:
    _, instrument = surroundings("metis-sim")
    for programme in ("1e3", "0815", "12", "true", "null", ".nan"):
        text = block_yaml(dark_block("1.5", instrument, programme, [LM_SLOW]))
        found = check(block(text))
        assert not found.problems, programme
        assert (found.ob.name, found.ob.programme) == ("1.5", programme)
