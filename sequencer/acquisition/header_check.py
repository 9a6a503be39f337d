"""May a file be written with these cards? Pure; asked before the shutter opens and again before writing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sequencer.acquisition.cards import Card, card_problem
from sequencer.acquisition.errors import CardErrors, MissingCards
from sequencer.acquisition.header import owes
from sequencer.acquisition.plan import ExposurePlan


def check_header(
    plan: ExposurePlan, cards: Sequence[Card], required: Mapping[str, Sequence[str]], *, later: bool
) -> None:
    """Raise CardErrors naming all cards that cannot be written, or MissingCards naming all not there.

    `required` is the instrument's table: keywords for `all` frames and each procedure. With `later`, asked
    before the exposure, those only its end can give (`... END` and the promised ones) may still be missing.
    """
    extensions = 0 if plan.layout == "megara" else len(plan.chips)
    problems = [problem for card in cards if (problem := card_problem(card) or _misplaced(card, extensions))]
    if problems:
        raise CardErrors(problems)
    wanted = [*required.get("all", []), *required.get(plan.procedure, [])]
    missing = missing_cards(wanted, cards)
    if later:
        missing = [
            keyword for keyword in missing if not (keyword.endswith(" END") or keyword in plan.promised)
        ]
    if missing:
        raise MissingCards(plan.exposure, [(keyword, owes(keyword)) for keyword in missing])


def missing_cards(required: Iterable[str], cards: Iterable[Card]) -> list[str]:
    """Required keywords that no card of any header has."""
    present = {card.keyword for card in cards}
    return [keyword for keyword in required if keyword not in present]


def _misplaced(card: Card, extensions: int) -> str | None:
    if card.extension is None or 1 <= card.extension <= extensions:
        return None
    who = f"{card.keyword!r} from {card.contributor}"
    return f"{who}: there is no extension {card.extension}, the file has {extensions}"
