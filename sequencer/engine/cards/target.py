"""TEL TARG: the target of the block, in frames taken of it."""

from __future__ import annotations

from sequencer.acquisition import Card
from sequencer.engine.cards.contributor import Contributor, Rows, Scene
from sequencer.observing.exchange.coordinates import declination, degrees, packed, right_ascension
from sequencer.observing.exchange.particulars import Target
from sequencer.sky.angles import separation_deg

ON_TARGET_DEG = 0.1
"""How near to it a tracking telescope is on its target: room for offsets of some arcmin (assumed)."""


def target_cards(run: Scene) -> list[Card]:
    """The coordinates the block gives, of a telescope that tracks them; nothing where it points elsewhere, as for
    flats: then they would say where the telescope never went.
    """
    client, target = run.devices.telescope, run.ob.particulars.target
    if client is None or not target.ra or not client.state.tracking:
        return []
    ra, dec = right_ascension(target.ra)[0], declination(target.dec)[0]
    here = client.state.ra_deg, client.state.dec_deg
    if separation_deg(degrees(ra, hours=True), degrees(dec, hours=False), *here) > ON_TARGET_DEG:
        return []
    return Contributor("TEL engine", run.clock.now(), measured=False).cards(_rows(target, ra, dec))


def _rows(target: Target, ra: str, dec: str) -> Rows:
    """ALPHA and DELTA are the digits hhmmss.sss and ddmmss.sss, as the telescopes of ESO write them."""
    rows: Rows = [
        ("ESO TEL TARG NAME", target.name),
        ("ESO TEL TARG ALPHA", float(packed(ra))),
        ("ESO TEL TARG DELTA", float(packed(dec))),
        ("ESO TEL TARG EPOCH", target.epoch),
        ("ESO TEL TARG EQUINOX", 2000.0),
    ]
    motion = (("PMA", target.pm_ra_arcsec_yr), ("PMD", target.pm_dec_arcsec_yr))
    return rows + [(f"ESO TEL TARG {word}", value) for word, value in motion if value]
