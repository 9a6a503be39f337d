"""A product's header explained card by card: what the recipe gave, what it took over from the first frame. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from sequencer.acquisition.cards import CardValue
from sequencer.acquisition.dictionary import Dictionary
from sequencer.acquisition.explain import Explained, problem_of
from sequencer.config.keywords import Keywords

RECIPE, FIRST_FRAME, OTHER = "the recipe", "the first frame", "another program"


class ProductDictionary(Dictionary):
    """What a product of ours may hold: cards `given` by the recipe, and those of the instrument's frames.

    A product need not have any of the latter.
    """

    def __init__(self, given: Keywords, instrument: Keywords) -> None:
        of_frames = {
            name: replace(entry, required=[], absent=[], same_as="", spelled={})
            for name, entry in instrument.keywords.items()
        }
        super().__init__(replace(given, keywords=of_frames | given.keywords))
        self._given = Dictionary(given)

    def owes(self, keyword: str) -> str:
        """Who is expected to give a keyword, or gave it."""
        if self._given.entry(keyword):
            return RECIPE
        return FIRST_FRAME if self.entry(keyword) else "unknown"


def explain_product(
    headers: Sequence[Mapping[str, CardValue]], dictionary: ProductDictionary
) -> list[Explained]:
    """Every card of a product of ours, in the order of the file.

    Nothing is said of devices: a product does not tell which of those behind its frames were simulated, only that
    some were.
    """
    how = {RECIPE: "known", FIRST_FRAME: "taken over"}
    wrong = problem_of(headers, dictionary)
    return [
        Explained(number, keyword, value, who, "", how.get(who, ""), "", wrong.get(keyword, ""))
        for number, header in enumerate(headers)
        for keyword, value in header.items()
        for who in [dictionary.owes(keyword)]
    ]


def explain_foreign(headers: Sequence[Mapping[str, CardValue]]) -> list[Explained]:
    """Every card of another program's product: its value, and nothing that we could know of it."""
    return [
        Explained(number, keyword, value, OTHER, "", "", "", "")
        for number, header in enumerate(headers)
        for keyword, value in header.items()
    ]
