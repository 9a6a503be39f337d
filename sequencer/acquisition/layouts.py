"""How one exposure becomes HDUs: which header and which pixels go where. Pure.

`extensions`: an empty primary and one float32 image a chip (METIS). `megara`: one primary uint16 image with
the keywords of megaradrp's baseimage schema beside our own; cards of its one chip go into the primary header.
What only the file knows is added here, the rest is the keyword dictionary's.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sequencer.acquisition.cards import Card, CardValue
from sequencer.acquisition.dictionary import Dictionary
from sequencer.acquisition.fits import Hdu
from sequencer.acquisition.header import assemble
from sequencer.acquisition.plan import ExposurePlan
from sequencer.acquisition.sampling import Chip
from sequencer.clock import iso

MJD_OF_UNIX_EPOCH = 40587.0
DAY_S = 86400.0
IDENTITIES = uuid.uuid5(uuid.NAMESPACE_URL, "https://hil-sequencer/exposure")
"""Name space in which an exposure id becomes a UUID: the same id, the same UUID."""


def complete(
    plan: ExposurePlan, given: Iterable[Card], start_s: float, date_s: float, dictionary: Dictionary
) -> list[Card]:
    """All cards of a file: what the file itself knows, what was given, and what the dictionary makes of it."""
    cards = list(given)
    if plan.layout == "megara":
        cards = [replace(card, extension=None) if card.extension == 1 else card for card in cards]
    cards += _structure(plan, start_s, date_s, cards)
    return dictionary.complete(cards)


def lay_out(plan: ExposurePlan, cards: Sequence[Card], chips: Sequence[Chip]) -> list[Hdu]:
    """HDUs of the file, primary first."""
    if plan.layout == "megara":
        return [Hdu(assemble(cards), chips[0])]
    extensions = [Hdu(assemble(cards, number), chip) for number, chip in enumerate(chips, start=1)]
    return [Hdu(assemble(cards)), *extensions]


def headers(plan: ExposurePlan) -> int:
    """Number of headers in the file."""
    return 1 if plan.layout == "megara" else 1 + len(plan.chips)


def _structure(plan: ExposurePlan, start_s: float, date_s: float, cards: Sequence[Card]) -> list[Card]:
    simulated = sorted({card.contributor for card in cards if card.simulated})

    def card(keyword: str, value: CardValue, comment: str = "", extension: int | None = None) -> Card:
        return Card(keyword, value, comment, "structure", date_s, True, False, extension)

    primary = [
        card("DATE", iso(date_s)),
        card("DATE-OBS", iso(start_s)),
        card("MJD-OBS", round(start_s / DAY_S + MJD_OF_UNIX_EPOCH, 8)),
        card("UTC", round(start_s % DAY_S, 3)),
        card("ARCFILE", plan.file_name or "off the record"),
        card("ESO SEQ EXPID", plan.exposure),
        card("ESO GEN SIM", bool(simulated), f"simulated: {', '.join(simulated) or 'nothing'}"),
        *(card(f"ESO GEN SIMDEV{n}", name) for n, name in enumerate(simulated, start=1)),
    ]
    if plan.layout == "megara":
        block = plan.exposure.rsplit("/", 2)[0]
        return [
            *primary,
            card("BUNIT", "ADU"),
            card("EXPID", plan.exposure),
            card("UUID", str(uuid.uuid5(IDENTITIES, plan.exposure))),
            card("BLCKUUID", str(uuid.uuid5(IDENTITIES, block))),
        ]
    for number, chip in enumerate(plan.chips, start=1):
        primary += [
            card("EXTNAME", chip.extname, extension=number),
            card("INHERIT", True, extension=number),
            card("BUNIT", "ADU", extension=number),
        ]
    return primary
