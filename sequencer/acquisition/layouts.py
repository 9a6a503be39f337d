"""How one exposure becomes HDUs: which header and which pixels go where. Pure.

`extensions`: an empty primary and one float32 image a chip (METIS). `megara`: one primary uint16 image with
the keywords of megaradrp's baseimage schema beside our own; cards of its one chip go into the primary header.
What only the file knows is added here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sequencer.acquisition.cards import Card, CardValue
from sequencer.acquisition.fits import Hdu
from sequencer.acquisition.header import assemble
from sequencer.acquisition.plan import ExposurePlan
from sequencer.acquisition.sampling import Chip
from sequencer.clock import iso

MJD_OF_UNIX_EPOCH = 40587.0
IDENTITIES = uuid.uuid5(uuid.NAMESPACE_URL, "https://hil-sequencer/exposure")
"""Name space in which an exposure id becomes a UUID: the same id, the same UUID."""

ALIASES = {"EXPTIME": "ESO DET DIT"}
MEGARA_ALIASES = {
    "OBSMODE": "ESO TPL ID",
    "EXPTIME": "ESO DET DIT",
    "DARKTIME": "ESO DET DIT",
    "NNREP": "ESO TPL NEXP",
    "NNSEC": "ESO TPL EXPNO",
    "SHUTTER": "ESO INS SHUT ST",
}
"""Keywords of the MEGARA pipeline and the general ones that say the same."""

COVER_STATES: dict[CardValue, tuple[int, str]] = {"CLOSED": (0, "INPLACE"), "OPEN": (3, "PARKED")}
"""Read-back of the whole cover -> COVER (2 * left + right, 1 is open) and COVER1, COVER2 (megaradrp 0.22)."""


def complete(plan: ExposurePlan, given: Iterable[Card], start_s: float, date_s: float) -> list[Card]:
    """All cards of a file: what the file itself knows, what was given, and other names for the latter."""
    if plan.layout == "megara":
        cards = [replace(card, extension=None) if card.extension == 1 else card for card in given]
        everything = [*cards, *_megara_aliases(plan, cards)]
    else:
        cards = list(given)
        everything = [*cards, *_renamed(ALIASES, cards)]
    return [*_structure(plan, start_s, date_s, everything), *everything]


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

    def card(keyword: str, value: CardValue, comment: str, extension: int | None = None) -> Card:
        return Card(keyword, value, comment, "structure", date_s, True, False, extension)

    primary = [
        card("DATE", iso(date_s), "UTC when this file was written"),
        card("DATE-OBS", iso(start_s), "UTC start of the exposure"),
        card("MJD-OBS", round(start_s / 86400.0 + MJD_OF_UNIX_EPOCH, 8), "[d] start of the exposure"),
        card("ARCFILE", plan.file_name, "name of this file"),
        card("ESO SEQ EXPID", plan.exposure, "exposure id"),
        card("ESO GEN SIM", bool(simulated), f"simulated: {', '.join(simulated) or 'nothing'}"),
    ]
    if plan.layout == "megara":
        return [
            *primary,
            card("BUNIT", "ADU", "unit of the pixels"),
            card("EXPID", plan.exposure, "exposure id"),
        ]
    for number, chip in enumerate(plan.chips, start=1):
        primary += [
            card("EXTNAME", chip.extname, "chip", number),
            card("INHERIT", True, "the primary header applies too", number),
            card("BUNIT", "ADU", "unit of the pixels, mean over NDIT", number),
        ]
    return primary


def _megara_aliases(plan: ExposurePlan, cards: Sequence[Card]) -> list[Card]:
    aliases = _renamed(MEGARA_ALIASES, cards)
    for card in cards:
        if card.keyword == "ESO INS COVER ST" and card.value in COVER_STATES:
            number, half = COVER_STATES[card.value]
            aliases += [
                _alias("COVER", number, card),
                _alias("COVER1", half, card),
                _alias("COVER2", half, card),
            ]
    block = plan.exposure.rsplit("/", 2)[0]
    for keyword, name in (("UUID", plan.exposure), ("BLCKUUID", block)):
        comment = "identity of the frame" if keyword == "UUID" else "identity of the block"
        aliases.append(Card(keyword, str(uuid.uuid5(IDENTITIES, name)), comment, "alias", 0.0, False, False))
    return aliases


def _renamed(aliases: dict[str, str], cards: Sequence[Card]) -> list[Card]:
    names = {
        general: [alias for alias in aliases if aliases[alias] == general] for general in aliases.values()
    }
    return [
        _alias(alias, card.value, card)
        for card in cards
        if card.extension is None
        for alias in names.get(card.keyword, [])
    ]


def _alias(keyword: str, value: CardValue, card: Card) -> Card:
    """Another name for what a card says; it gives way to a card of that name from anybody else."""
    return Card(
        keyword, value, card.comment, f"alias of {card.contributor}", card.time_s, False, card.simulated
    )
