"""From contributions to headers: who wins, which order, what is missing. Pure.

Priority: `structure` (what only the file itself knows), the dictionary's constants, then DPR, OBS, TPL, GEN, TEL,
INS, DET, SEQ, DRS, then the instrument's constants. Order within a header: the primary set of the ESO Data
Interface Control Document, other standard keywords, then HIERARCH by category. Sources: DICD 1.3 and 1.4
(archive.eso.org/dicb/dicd).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from sequencer.acquisition.cards import CARD_COLUMNS, Card, CardValue, plain_ascii

CATEGORIES = ("DPR", "OBS", "TPL", "GEN", "TEL", "ADA", "INS", "DET", "SEQ", "DRS")
"""Categories in the order of the header; any other follows alphabetically."""

PRIORITY = ("structure", "dictionary", *CATEGORIES)
"""Contributors, the one that wins first; any other, as `instrument` for constants, comes last."""

PRIMARY_SET = (
    "EXTNAME INHERIT BUNIT ORIGIN TELESCOP INSTRUME OBJECT OBSERVER PI-COI EXPTIME RA DEC EQUINOX "
    "RADECSYS RADESYS "
    "DATE DATE-OBS MJD-OBS LST UTC WCSAXES CTYPE1 CTYPE2 CRVAL1 CRVAL2 CRPIX1 CRPIX2 CDELT1 CDELT2 "
    "CD1_1 CD1_2 CD2_1 CD2_2 CUNIT1 CUNIT2 "
    "WCSAXESD WCSNAMED CTYPE1D CTYPE2D CRVAL1D CRVAL2D CRPIX1D CRPIX2D CDELT1D CDELT2D CUNIT1D CUNIT2D "
    "ORIGFILE ARCFILE"
).split()


def assemble(cards: Iterable[Card], extension: int | None = None) -> list[Card]:
    """The cards of one header, one a keyword, in the order they are written.

    Of several cards with one keyword the contributor first in PRIORITY wins; of one contributor a measured
    value beats a requested one, then the later reading the earlier, then the one given last.
    """
    chosen: dict[str, Card] = {}
    for card in cards:
        if card.extension != extension:
            continue
        rival = chosen.get(card.keyword)
        if rival is None or _strength(card) >= _strength(rival):
            chosen[card.keyword] = card
    return sorted(chosen.values(), key=lambda card: _place(card.keyword))


@lru_cache(maxsize=4096)
def category(keyword: str) -> str:
    """Category of an ESO keyword without its index (`ESO DET1 DIT`: DET); empty for a standard one."""
    words = keyword.split(" ")
    return words[1].rstrip("0123456789") if words[0] == "ESO" else ""


@lru_cache(maxsize=8192, typed=True)
def card_image(title: str, value: CardValue, comment: str) -> str:
    """The 80 columns of a card, made by astropy; a comment too long is cut. Expects a checked card.

    Cached: most cards of a night repeat, and astropy takes 30 microseconds for each.
    """
    from astropy.io.fits import Card as FitsCard

    bare = str(FitsCard(title, value)).rstrip()
    taken = len(bare) if title.startswith("HIERARCH ") else max(len(bare), 30)
    text = plain_ascii(comment)[: max(0, CARD_COLUMNS - taken - len(" / "))].rstrip()
    return str(FitsCard(title, value, text))


def _strength(card: Card) -> tuple[int, bool, float]:
    contributor = card.contributor.split(" ")[0]
    rank = PRIORITY.index(contributor) if contributor in PRIORITY else len(PRIORITY)
    return -rank, card.measured, card.time_s


@lru_cache(maxsize=4096)
def _place(keyword: str) -> tuple[int, str, list[list[tuple[int, str]]]]:
    name = category(keyword)
    if name:
        rank = CATEGORIES.index(name) if name in CATEGORIES else len(CATEGORIES)
        return 100 + rank, name, _natural(keyword)
    if keyword in PRIMARY_SET:
        return PRIMARY_SET.index(keyword), "", []
    return 99, "", _natural(keyword)


def _natural(keyword: str) -> list[list[tuple[int, str]]]:
    """Sort key, word by word, in which DET comes before DET1 and OPTI2 before OPTI10."""
    return [
        [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"[0-9]+|[^0-9]+", word)]
        for word in keyword.split(" ")
    ]
