"""The keyword dictionary at work: which kinds a frame is of, what else its header gets, what is wrong in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from sequencer.acquisition.cards import Card, CardValue
from sequencer.config.keywords import ALL, Condition, Keyword, Keywords, pattern
from sequencer.figures import apart

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")
GIVERS = {
    "file": "the file writer",
    "instrument": "the instrument file",
    "block": "the observing block",
    "template": "the template",
    "sequencer": "the sequencer",
    "telescope": "the telescope",
    "mechanisms": "the mechanisms",
    "sources": "the calibration sources",
    "light stops": "the light stops",
    "detector": "the detector",
}


class Dictionary:
    """The keywords of one instrument, ready to assemble headers and to check them."""

    def __init__(self, keywords: Keywords) -> None:
        self.keywords = keywords
        self._entries: dict[str, Keyword | None] = dict(keywords.keywords)
        self._repeats: dict[str, list[tuple[str, Keyword]]] = {}
        self._required = [
            (name, entry.required, entry.chip) for name, entry in keywords.keywords.items() if entry.required
        ]
        for name, entry in keywords.keywords.items():
            if entry.same_as:
                self._repeats.setdefault(entry.same_as, []).append((name, entry))

    def entry(self, keyword: str) -> Keyword | None:
        """What the dictionary says of a keyword; None when it has none of it."""
        if keyword not in self._entries:
            self._entries[keyword] = self.keywords.keywords.get(pattern(keyword))
        return self._entries[keyword]

    def kinds(self, primary: Mapping[str, CardValue]) -> set[str]:
        """Kinds a frame with this primary header is of."""
        found = {kind for kind, condition in self.keywords.kinds.items() if holds(condition, primary)}
        return {ALL, *found}

    def complete(self, cards: Sequence[Card]) -> list[Card]:
        """The cards with constants and repeated keywords, without those of optics out of the beam or of no part in
        such a frame; types, units and comments as the dictionary has them.
        """
        repeated = [*cards, *self._repeated(cards)]
        primary = {card.keyword: card.value for card in repeated if card.extension is None}
        kinds = self.kinds(primary)
        out = tuple(f"{stem} " for stem, when in self.keywords.out_of_beam.items() if holds(when, primary))
        everything = [*repeated, *self._constants(kinds, cards)]
        return [self._dressed(card) for card in everything if not self._left_out(card.keyword, out, kinds)]

    def missing(self, headers: Sequence[Mapping[str, CardValue]], kinds: set[str]) -> list[str]:
        """Required keywords that a header lacks: the primary one, or for cards of chips any of the others.

        An empty text is no value.
        """
        present = [_names(header) for header in headers]
        chips = present[1:] or present
        return [
            name
            for name, wanted_of, chip in self._required
            if not kinds.isdisjoint(wanted_of)
            and not all(name in names for names in (chips if chip else present[:1]))
        ]

    def owes(self, keyword: str) -> str:
        """Who is expected to give a keyword."""
        entry = self.entry(keyword)
        return GIVERS[entry.given] if entry else "nobody the dictionary knows"

    def value_problem(self, keyword: str, value: CardValue) -> str:
        """Why the dictionary does not allow this value; empty when it does, or does not know the keyword."""
        entry = self.entry(keyword)
        if entry is None:
            return ""
        return _type_problem(entry, value) or _range_problem(entry, value)

    def problems(self, headers: Sequence[Mapping[str, CardValue]]) -> list[str]:
        """All that is wrong in the headers of a file, primary first."""
        kinds = self.kinds(headers[0])
        found = [f"{name}: is missing (from {self.owes(name)})" for name in self.missing(headers, kinds)]
        for number, header in enumerate(headers):
            for keyword, value in header.items():
                entry = self.entry(keyword)
                if entry is None:
                    found.append(f"{keyword}: is not in the dictionary")
                elif entry.chip and number == 0 and len(headers) > 1:
                    found.append(f"{keyword}: belongs into the header of each chip")
                elif not kinds.isdisjoint(entry.absent):
                    found.append(f"{keyword}: has no part in such a frame")
                elif why := self.value_problem(keyword, value):
                    found.append(f"{keyword}: {why}")
        return found

    def _repeated(self, cards: Iterable[Card]) -> list[Card]:
        found = []
        for card in cards:
            for name, entry in self._repeated_by(card):
                value = entry.spelled.get(str(card.value)) if entry.spelled else card.value
                if value is not None:
                    found.append(_repeat(name, value, card))
        return found

    def _repeated_by(self, card: Card) -> list[tuple[str, Keyword]]:
        """Keywords that repeat a card: in the headers of chips those that stand there, in the primary one all."""
        repeats = self._repeats.get(card.keyword, [])
        return [(name, entry) for name, entry in repeats if card.extension is None or entry.chip]

    def _constants(self, kinds: set[str], cards: Sequence[Card]) -> list[Card]:
        time_s = cards[0].time_s if cards else 0.0
        chips = {card.extension for card in cards} - {None} or {None}
        found = dict(self.keywords.constants.get(ALL, {}))
        for kind, constants in self.keywords.constants.items():
            if kind in kinds and kind != ALL:
                found |= constants
        return [
            Card(name, value, "", "dictionary", time_s, False, False, number)
            for name, value in found.items()
            for number in (chips if self._of_chips(name) else {None})
        ]

    def _of_chips(self, keyword: str) -> bool:
        entry = self.entry(keyword)
        return entry is not None and entry.chip

    def _left_out(self, keyword: str, out: tuple[str, ...], kinds: set[str]) -> bool:
        entry = self.entry(keyword)
        if entry is not None and entry.absent and not kinds.isdisjoint(entry.absent):
            return True
        return f"{keyword} ".startswith(out) or f"{pattern(keyword)} ".startswith(out)

    def _dressed(self, card: Card) -> Card:
        entry = self.entry(card.keyword)
        if entry is None:
            return card
        whole = entry.type == "double" and type(card.value) is int
        return Card(
            card.keyword,
            float(card.value) if whole else card.value,
            card.comment or _comment(entry.unit, entry.comment),
            card.contributor,
            card.time_s,
            card.measured,
            card.simulated,
            card.extension,
        )


def holds(condition: Condition, primary: Mapping[str, CardValue]) -> bool:
    """Whether every keyword of a condition has one of its values."""
    return all(str(primary.get(keyword)) in values for keyword, values in condition.items())


def _comment(unit: str, text: str) -> str:
    return f"[{unit}] {text}" if unit else text


def _names(header: Mapping[str, CardValue]) -> set[str]:
    """Keywords with a value, and the patterns they fit."""
    filled = [keyword for keyword, value in header.items() if value != ""]
    return {*filled, *map(pattern, filled)}


def _repeat(keyword: str, value: CardValue, card: Card) -> Card:
    """The same said by another keyword; it gives way to a card of that name from anybody else."""
    who = f"alias of {card.contributor}"
    return Card(keyword, value, "", who, card.time_s, card.measured, card.simulated, card.extension)


def _type_problem(entry: Keyword, value: CardValue) -> str:
    kind = {bool: "logical", int: "integer", float: "double", str: "string"}[type(value)]
    if entry.type == "time":
        fits = isinstance(value, str) and TIME.fullmatch(value)
        return "" if fits else f"{value!r} is not a time like 2027-03-20T09:31:12.345"
    return "" if kind == entry.type else f"{value!r} is a {kind}, not a {entry.type}"


def _range_problem(entry: Keyword, value: CardValue) -> str:
    if isinstance(value, str):
        if entry.values and value not in entry.values:
            return f"{value!r} is none of {', '.join(entry.values)}"
        return ""
    lowest, highest = entry.range
    unit = f" {entry.unit}" if entry.unit else ""
    if lowest is not None and value < lowest:
        return "{}{unit} is below {}{unit}".format(*apart(value, lowest), unit=unit)
    if highest is not None and value > highest:
        return "{}{unit} is above {}{unit}".format(*apart(value, highest), unit=unit)
    return ""
