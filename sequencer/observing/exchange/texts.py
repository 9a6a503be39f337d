"""Texts of a block for people: any in UTF-8, but in plain ASCII where a header card or a form holds nothing else."""

from __future__ import annotations

from typing import Any

from sequencer.acquisition.cards import CARD_COLUMNS, Card, card_problem, plain_ascii
from sequencer.config.problems import Problem, shown
from sequencer.config.yaml_reader import Located, NodePath

CARDS: dict[tuple[str, ...], str] = {
    ("name",): "ESO OBS NAME",
    ("programme",): "ESO OBS PROG ID",
    ("observer",): "ESO OBS OBSERVER",
    ("pi",): "ESO OBS PI-COI NAME",
    ("target", "name"): "ESO OBS TARG NAME",
}
"""Texts for people, and the header card each becomes."""


def check_texts(located: Located) -> list[Problem]:
    """Return what is wrong with the texts of a block that are for people: each fits its card, in plain ASCII."""
    found = []
    for path, keyword in CARDS.items():
        text = at(located.data, path)
        if not isinstance(text, str):
            continue
        named, why = ".".join(map(str, path)), _misfit(keyword, text)
        if why:
            found.append(located.problem(path, f"{named}: {why}"))
    return found


def respelled(located: Located, words: str = "header cards are plain ASCII: they will say") -> list[Problem]:
    """Return a warning for each text for people that is not plain ASCII, with its plain form after the words."""
    return [
        located.problem(path, f"{'.'.join(map(str, path))}: {words} {shown(plain_ascii(text), 80)}")
        for path in CARDS
        if isinstance(text := at(located.data, path), str) and plain_ascii(text) != text
    ]


def plain_texts(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block whose texts for people are in plain ASCII, the others as they are."""
    plain = dict(block)
    for path in CARDS:
        if isinstance(text := at(block, path), str):
            place, key = plain, path[-1]
            for step in path[:-1]:
                place[step] = place = dict(place[step])
            place[key] = plain_ascii(text)
    return plain


def _misfit(keyword: str, text: str) -> str:
    """Why a text cannot stand in its header card; empty: it can."""
    plain = plain_ascii(text)
    if not text.strip():
        return "must not be empty"
    if not text.isprintable():
        return f"must be one line of text, not {shown(text)}"
    if not plain.strip():
        return "must not be empty: nothing of it is left in plain ASCII"
    card = Card(keyword, plain, "", "OBS", 0.0, False, False)
    why = _too_long(card, plain) or card_problem(card)
    return f"does not fit its header card: {why}" if why else ""


def _too_long(card: Card, text: str) -> str:
    """Why a text is too long for its card, in characters of the text; a quote in it takes two columns."""
    room = CARD_COLUMNS - len(f"{card.title} = ''")
    if len(text) + text.count("'") <= room:
        return ""
    quotes = ", a quote counts twice" if "'" in text else ""
    return f"{card.keyword} has room for {room} characters, this has {len(text)}{quotes}"


def at(data: Any, path: NodePath) -> Any:
    """Return the value at a path of keys, None where there is none."""
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data
