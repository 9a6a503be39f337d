"""One header card with its provenance, and the rules a card must meet to be written.

Rules: ESO Data Interface Control Document (words of at most eight characters under `HIERARCH ESO`), FITS
standard 4.0 (80 printable ASCII columns). Values are never shortened: what does not fit is refused.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

CardValue = str | int | float | bool

CARD_COLUMNS = 80
NUMBER_COLUMNS = 20
"""Columns astropy gives a number at most."""
STANDARD_KEYWORD = re.compile(r"[A-Z0-9_-]{1,8}")
ESO_KEYWORD = re.compile(r"ESO [A-Z][A-Z0-9_-]{0,7}( [A-Z0-9_-]{1,8})+")
STRUCTURAL = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|BZERO|BSCALE|BLANK|TFIELDS"
    r"|T(FORM|BCOL)\d+|CHECKSUM|DATASUM|CONTINUE|LONGSTRN|COMMENT|HISTORY|END"
)
"""Keywords only the writer may set: they describe the bytes of this very file."""
SPELLED = str.maketrans(
    {
        "µ": "u", "μ": "u", "°": "deg", "–": "-", "—": "-", "’": "'", "ß": "ss", "ø": "o", "Ø": "O", "æ": "ae",
        "Æ": "AE", "ł": "l", "Ł": "L",
    }
)  # fmt: skip
ANGSTROM = re.compile(r"Å(?!\w)")
"""The unit; before a letter it is a letter of a name."""


@dataclass(frozen=True, slots=True)
class Card:
    """A header card and where it comes from.

    `keyword` is `EXPTIME` or `ESO DET DIT` (HIERARCH is implied). `comment` starts with the unit in brackets:
    `[s] integration time`. `contributor` is a category of `header.PRIORITY`, or one followed by who it is
    (`TEL telescope`). `time_s` is when the value was read (Unix seconds UTC), `measured` whether it is a
    reading rather than a request. `extension` None is the primary header, n (from 1) the n-th image
    extension.
    """

    keyword: str
    value: CardValue
    comment: str
    contributor: str
    time_s: float
    measured: bool
    simulated: bool
    extension: int | None = None

    @property
    def hierarchical(self) -> bool:
        """Whether the keyword is one of the ESO hierarchy."""
        return self.keyword.startswith("ESO ")

    @property
    def title(self) -> str:
        """Keyword as FITS spells it."""
        return f"HIERARCH {self.keyword}" if self.hierarchical else self.keyword


def plain_ascii(text: str) -> str:
    """Printable ASCII nearest to `text`: accents go, unit signs are spelled, anything else becomes `?`."""
    bare = unicodedata.normalize("NFKD", ANGSTROM.sub("Angstrom", text).translate(SPELLED))
    kept = (letter for letter in bare if not unicodedata.combining(letter))
    return "".join(letter if " " <= letter <= "~" else "?" for letter in kept)


def quoted(text: str) -> str:
    """FITS form of a string value: quotes doubled, filled to eight characters."""
    return "''" if not text else "'" + text.replace("'", "''").ljust(8) + "'"


def card_problem(card: Card) -> str | None:
    """Why the card cannot be written, or None. Comments are no problem: they are cleaned and cut to fit."""
    why = _keyword_problem(card.keyword) or _value_problem(card.value) or _width_problem(card)
    return f"{card.keyword!r} from {card.contributor}: {why}" if why else None


@lru_cache(maxsize=4096)
def _keyword_problem(keyword: str) -> str | None:
    if STRUCTURAL.fullmatch(keyword):
        return "only the file writer sets this keyword"
    if keyword.startswith("ESO "):
        if ESO_KEYWORD.fullmatch(keyword):
            return None
        return "after ESO come two or more words of at most 8 characters, upper case, single blanks between"
    if STANDARD_KEYWORD.fullmatch(keyword):
        return None
    return "a keyword has at most 8 characters of A-Z, 0-9, - and _, or starts with ESO"


def _value_problem(value: CardValue) -> str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if value.isascii() and value.isprintable():
            return None
        strange = next((letter for letter in value if not " " <= letter <= "~"), None)
        return None if strange is None else f"the value has {strange!r}, which is not printable ASCII"
    if isinstance(value, int):
        return None if abs(value) < 2**63 else "the integer has more than 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else f"the value is {value}"
    return f"a {type(value).__name__} is not a string, number or truth value"


def _width_problem(card: Card) -> str | None:
    if isinstance(card.value, str):
        width = len(quoted(card.value))
    else:
        width = 1 if isinstance(card.value, bool) else NUMBER_COLUMNS
    before = len(card.title) + len(" = ") if card.hierarchical else 10
    if before + width <= CARD_COLUMNS:
        return None
    return f"keyword and value take {before + width} columns of the card's {CARD_COLUMNS}"
