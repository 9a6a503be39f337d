"""DPR, OBS and TPL: the block being executed and where in it an exposure stands."""

from __future__ import annotations

from sequencer.acquisition import Card, plain_ascii
from sequencer.acquisition.header import category
from sequencer.clock import iso
from sequencer.engine.cards.contributor import Contributor, Rows, Scene
from sequencer.engine.cards.sequence import asked_cards, sequence_rows
from sequencer.engine.shot import Shot
from sequencer.observing.exchange.particulars import Particulars


def observation_cards(run: Scene, shot: Shot) -> list[Card]:
    """DPR, OBS, TPL and SEQ: what the block asked for and where in it this exposure stands."""
    rows: Rows = [
        ("OBJECT", shot.dpr_type),
        ("ESO DPR CATG", shot.dpr_catg),
        ("ESO DPR TYPE", shot.dpr_type),
        ("ESO DPR TECH", shot.dpr_tech),
        ("ESO OBS NAME", plain_ascii(run.ob.name)),
        ("ESO OBS PROG ID", plain_ascii(run.ob.programme)),
        ("ESO OBS ID", run.ob.particulars.id or 1 + run.seed),
        *_people_and_target(run.ob.particulars),
        ("ESO OBS TPLNO", run.template_index + 1),
        ("ESO OBS START", iso(run.started_s)),
        ("ESO TPL ID", run.template_name),
        ("ESO TPL NAME", run.template_name),
        ("ESO TPL START", iso(run.template_started_s)),
        ("ESO TPL NEXP", shot.total),
        ("ESO TPL EXPNO", shot.number),
        *([("ESO TPL PRESEQ", run.procedure)] if run.procedure else []),
        *sequence_rows(shot),
    ]
    now_s = run.clock.now()
    cards = [
        Contributor(f"{category(row[0]) or 'OBS'} engine", now_s, measured=False).card(*row) for row in rows
    ]
    return cards + list(asked_cards(run, shot, Contributor("SEQ engine", now_s, measured=False)))


def _people_and_target(block: Particulars) -> Rows:
    """What the block says of itself; what it does not say has no card."""
    rows: Rows = [
        ("OBSERVER", block.observer),
        ("ESO OBS OBSERVER", block.observer),
        ("PI-COI", block.pi),
        ("ESO OBS PI-COI NAME", block.pi),
        ("ESO OBS TARG NAME", block.target.name),
    ]
    return [row for row in rows if row[1]]
