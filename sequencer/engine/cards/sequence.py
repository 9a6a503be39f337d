"""SEQ: how a template chose its exposures, and what it was told."""

from __future__ import annotations

from collections.abc import Iterator

from sequencer.acquisition import Card
from sequencer.acquisition.cards import card_problem
from sequencer.engine.cards.contributor import Contributor, Rows, Scene
from sequencer.engine.shot import Shot

ASKED = ("SEQ.NEXPO", "SEQ.NCYCLES", "SEQ.TIME", "SEQ.DIT.FILT.LIST", "SEQ.PRESET")
"""Parameters of a template that the operations pages want in the header."""


def sequence_rows(shot: Shot) -> Rows:
    """Where in the sequence the exposure stands; what has no meaning for it is left out."""
    rows: Rows = [
        ("ESO SEQ KIND", shot.kind),
        ("ESO SEQ LEVEL", shot.level_target),
        ("ESO SEQ LEVELNO", shot.level_number),
        ("ESO SEQ PASS", shot.ladder_pass),
        ("ESO SEQ EXPID", shot.exposure),
    ]
    if shot.sequence_mode:
        rows.append(("ESO SEQ MODE", shot.sequence_mode))
    if shot.airmass_level >= 1.0:
        rows.append(("ESO SEQ AIRMASS", shot.airmass_level))
    if shot.floor_e_s is not None:
        rows.append(("ESO SEQ FLOOR", round(shot.floor_e_s, 4)))
    return rows


def asked_cards(run: Scene, shot: Shot, who: Contributor) -> Iterator[Card]:
    """What the template was told, as far as a card holds it."""
    own = f"SEQ.NEXPO{run.instrument.detectors[shot.camera].index}"
    for call in run.ob.templates:
        if (call.index, call.name) != (run.template_index, run.template_name):
            continue
        for name in (*ASKED, own):
            value = call.parameters.get(name)
            if value not in (None, []):
                text = " ".join(map(str, value)) if isinstance(value, list) else value
                card = who.card(f"ESO {name.replace('.', ' ')}", text)
                if not card_problem(card):
                    yield card
