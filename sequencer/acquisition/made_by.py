"""Raw frame or product, and whose product: told by the primary header and the record beside the file. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from sequencer.acquisition.cards import CardValue

ORIGIN = "hil-sequencer"
"""ORIGIN of our own products."""
CATEGORY = "ESO PRO CATG"
UNKNOWN = "UNKNOWN"
"""Category of what is a product by the place where it lies, and by nothing else."""
Marks = Mapping[str, Mapping[str, str]]
"""Keywords by which another program marks its products: keyword -> value -> category."""


def category(cards: Mapping[str, CardValue], marks: Marks, noted: str = "") -> str:
    """Category of the product with this primary header; empty for a raw frame.

    `noted` is what the record beside the file says. The header comes first: a record names our categories.
    """
    if CATEGORY in cards:
        return str(cards[CATEGORY])
    for keyword, names in marks.items():
        if keyword in cards:
            return names.get(str(cards[keyword]), str(cards[keyword]))
    return noted


def is_ours(cards: Mapping[str, CardValue]) -> bool:
    """Whether one of our own recipes made the product with this primary header."""
    return cards.get("ORIGIN") == ORIGIN and CATEGORY in cards
