"""Figures in messages: with as many digits as show what is said of them."""

from __future__ import annotations

MOST_DIGITS = 17
"""No two doubles look alike with so many."""

_UNITS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def apart(number: float, limit: float, form: str = "6g", limit_form: str = "6g") -> tuple[str, str]:
    """Return a number and the limit it passes as texts that show it: `120.0004` and `120`, never `120` and `120`.

    A form is digits, then f or g; there are more digits where the two would look alike.
    """
    texts = "", ""
    for more in range(MOST_DIGITS):
        texts = _in_form(number, form, more), _in_form(limit, limit_form, more)
        shown, bound = map(float, texts)
        if number == limit or (shown < bound, shown > bound) == (number < limit, number > limit):
            break
    return texts


def _in_form(number: float, form: str, more: int) -> str:
    return f"{number:.{int(form[:-1]) + more}{form[-1]}}"


def sizes_apart(needed_bytes: float, there_bytes: float) -> tuple[str, str]:
    """Return two sizes as `3.7 GB`, each in its largest unit, with digits that tell them apart."""
    texts = "", ""
    for digits in range(1, MOST_DIGITS):
        texts = _size(needed_bytes, digits), _size(there_bytes, digits)
        if texts[0] != texts[1] or needed_bytes == there_bytes:
            break
    return texts


def _size(bytes_: float, digits: int) -> str:
    unit, name = next(((unit, name) for unit, name in _UNITS if bytes_ >= unit), (1.0, "bytes"))
    return f"{bytes_ / unit:.{digits}f} {name}" if unit > 1.0 else f"{bytes_:.0f} {name}"
