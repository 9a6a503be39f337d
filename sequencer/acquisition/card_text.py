"""Cards of a header as values, from the text FITS has for them. Pure. Format: FITS standard 4.0, section 4."""

from __future__ import annotations

import math
import re

from sequencer.acquisition.cards import CardValue
from sequencer.acquisition.errors import CorruptFile

CARD = 80
END = "END".ljust(CARD)
_WHOLE = re.compile(r"[+-]?\d{1,300}")
_REAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([DEde][+-]?\d+)?")


def parse_cards(header: str) -> dict[str, CardValue]:
    """Cards of a header up to END, keywords without HIERARCH; the first of a repeated keyword holds.

    A text that goes on in CONTINUE cards is joined. Raises CorruptFile for a value that cannot be read.
    """
    cards: dict[str, CardValue] = {}
    going = ""
    for start in range(0, len(header), CARD):
        card = header[start : start + CARD]
        if card.rstrip() == "END":
            break
        if going and card.startswith("CONTINUE"):
            cards[going], going = _continued(cards[going], card, going)
            continue
        going = ""
        keyword, value = _split(card)
        if keyword and keyword not in cards:
            cards[keyword] = _value_of(keyword, value)
            going = keyword if str(cards[keyword]).endswith("&") else ""
    return cards


def _split(card: str) -> tuple[str, str]:
    """Keyword and text of the value; both empty for a comment."""
    if card.startswith("HIERARCH "):
        keyword, found, value = card[9:].partition("=")
        return (keyword.strip(), value) if found else ("", "")
    return (card[:8].strip(), card[10:]) if card[8:10] == "= " else ("", "")


def _continued(text: CardValue, card: str, keyword: str) -> tuple[CardValue, str]:
    """A text with what a CONTINUE card adds, and the keyword if it goes on even further."""
    more = str(_value_of(keyword, card[10:]))
    return f"{str(text)[:-1]}{more}", keyword if more.endswith("&") else ""


def _value_of(keyword: str, text: str) -> CardValue:
    try:
        return parse_value(text)
    except CorruptFile as error:
        raise CorruptFile(f"{keyword}: {error}") from None


def parse_value(text: str) -> CardValue:
    """Value of a card from the text after its `=`, the comment dropped. Unquoted text that is no number stays text.

    Raises CorruptFile for a text without its closing quote and for a number no double holds.
    """
    text = text.strip()
    if text.startswith("'"):
        return _quoted(text)
    text = text.split("/", 1)[0].strip()
    if text in ("T", "F"):
        return text == "T"
    if _WHOLE.fullmatch(text):
        return int(text)
    if not _REAL.fullmatch(text):
        return text
    value = float(text.upper().replace("D", "E"))
    if math.isinf(value):
        raise CorruptFile(f"{text} is more than a number can hold")
    return value


def _quoted(text: str) -> str:
    """A quoted string: doubled quotes are one, trailing blanks do not count."""
    end = 1
    while True:
        end = text.find("'", end)
        if end < 0:
            raise CorruptFile(f"string without closing quote: {text!r}")
        if text[end + 1 : end + 2] != "'":
            return text[1:end].replace("''", "'").rstrip()
        end += 2
