"""May a file be written with these cards? Pure; asked before the shutter opens and again before writing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sequencer.acquisition.cards import Card, CardValue, card_problem
from sequencer.acquisition.dictionary import Dictionary
from sequencer.acquisition.errors import CardErrors, MissingCards
from sequencer.acquisition.plan import ExposurePlan


def check_header(plan: ExposurePlan, cards: Sequence[Card], dictionary: Dictionary, *, later: bool) -> None:
    """Raise CardErrors naming all cards that cannot be written, or MissingCards naming all not there.

    With `later`, asked before the exposure: what the dictionary does not allow (type, range, values) is refused as
    well, and cards only the end of the exposure can give may still be missing. Once the exposure is over no value
    that was measured is reason to lose the frame.
    """
    extensions = 0 if plan.layout == "megara" else len(plan.chips)
    problems = [
        problem
        for card in cards
        if (
            problem := _misplaced(card, extensions)
            or (unfit(card, dictionary) if later else _unwritable(card))
        )
    ]
    if problems:
        raise CardErrors(problems)
    missing = missing_cards(plan, cards, dictionary)
    if later:
        missing = [name for name in missing if not _late(name, dictionary)]
    if missing:
        raise MissingCards(plan.exposure, [(keyword, dictionary.owes(keyword)) for keyword in missing])


def missing_cards(plan: ExposurePlan, cards: Sequence[Card], dictionary: Dictionary) -> list[str]:
    """Required keywords that are not in the header they belong to."""
    headers: list[dict[str, CardValue]] = [
        {} for _ in range(1 if plan.layout == "megara" else 1 + len(plan.chips))
    ]
    for card in cards:
        headers[card.extension or 0][card.keyword] = card.value
    return dictionary.missing(headers, dictionary.kinds(headers[0]))


def unfit(card: Card, dictionary: Dictionary) -> str | None:
    """Why a card cannot be written or the dictionary does not allow it, or None."""
    return _unwritable(card) or _not_allowed(card, dictionary)


def _unwritable(card: Card) -> str | None:
    if isinstance(card.value, str | int | float) and _writable(card.keyword, card.value):
        return None
    return card_problem(card)


@lru_cache(maxsize=8192, typed=True)
def _writable(keyword: str, value: CardValue) -> bool:
    """Cached: each header is checked twice, and most cards of a night repeat."""
    return card_problem(Card(keyword, value, "", "", 0.0, False, False)) is None


def _late(keyword: str, dictionary: Dictionary) -> bool:
    entry = dictionary.entry(keyword)
    return entry is not None and entry.at != "start"


def _not_allowed(card: Card, dictionary: Dictionary) -> str | None:
    why = dictionary.value_problem(card.keyword, card.value)
    return f"{card.keyword!r} from {card.contributor}: {why}" if why else None


def _misplaced(card: Card, extensions: int) -> str | None:
    if card.extension is None or 1 <= card.extension <= extensions:
        return None
    who = f"{card.keyword!r} from {card.contributor}"
    return f"{who}: there is no extension {card.extension}, the file has {extensions}"
