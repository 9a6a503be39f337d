"""A frame's header explained card by card: who gave it, when, measured or requested, real or simulated. Pure.

No file keeps this beside the header: the dictionary says who gives a keyword, when and how, the frame itself which
contributors were simulated (`ESO GEN SIMDEVn`), and the run's journal the times to the millisecond.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sequencer.acquisition.cards import CardValue
from sequencer.acquisition.dictionary import GIVERS, Dictionary
from sequencer.config.keywords import Keyword

CATEGORY = {
    "telescope": "TEL",
    "mechanisms": "INS",
    "sources": "LAMP",
    "light stops": "INS",
    "detector": "DET",
}
"""First word of the contributors behind a giver that is a device, which may be simulated."""
STOPS = {"ESO INS SHUT": "INS shutter", "ESO INS COVER": "INS cover"}
"""Contributors of the light stops, by the stem of their keywords."""
SIMULATED_BY = "ESO GEN SIMDEV"


@dataclass(frozen=True)
class Explained:
    """One card explained. `hdu` counts from 0; `when` is a UTC time, or a moment in words where none is known.

    `how` is read back, requested, constant or known; `reality` is real, simulated, or empty for what is no device's.
    `wrong` is what the dictionary has against the card.
    """

    hdu: int
    keyword: str
    value: CardValue
    giver: str
    when: str
    how: str
    reality: str
    wrong: str


def explain(
    headers: Sequence[Mapping[str, CardValue]], dictionary: Dictionary, times: Mapping[str, str]
) -> list[Explained]:
    """Every card of a file, in the order of the file.

    `times` are UTC times of the moments `start` and `end` as the journal has them; what is not there is said in words.
    """
    primary = headers[0]
    simulated = {str(value) for keyword, value in primary.items() if keyword.startswith(SIMULATED_BY)}
    moments = {
        "start": times.get("start", "before the exposure"),
        "exposure": str(primary.get("DATE-OBS", "at its beginning")),
        "end": times.get("end", "after the exposure"),
    }
    wrong = problem_of(headers, dictionary)
    return [
        _explained(
            number, keyword, value, dictionary.entry(keyword), moments, simulated, wrong.get(keyword, "")
        )
        for number, header in enumerate(headers)
        for keyword, value in header.items()
    ]


def problem_of(headers: Sequence[Mapping[str, CardValue]], dictionary: Dictionary) -> dict[str, str]:
    """What the dictionary has against the cards of a file, by keyword."""
    return dict(problem.split(": ", 1) for problem in dictionary.problems(headers))


def _explained(
    hdu: int,
    keyword: str,
    value: CardValue,
    entry: Keyword | None,
    moments: Mapping[str, str],
    simulated: set[str],
    wrong: str,
) -> Explained:
    if entry is None:
        return Explained(hdu, keyword, value, "unknown", "", "", "", wrong)
    device = entry.given in CATEGORY
    how = "requested" if entry.requested else "read back" if device else "known"
    when = moments[entry.at]
    if entry.given == "instrument":
        how, when = "constant", ""
    reality = ""
    if device:
        reality = "simulated" if _is_simulated(keyword, entry, simulated) else "real"
    return Explained(hdu, keyword, value, GIVERS[entry.given], when, how, reality, wrong)


def _is_simulated(keyword: str, entry: Keyword, simulated: set[str]) -> bool:
    source = entry.same_as or keyword
    if entry.given == "light stops":
        return any(source.startswith(stem) and name in simulated for stem, name in STOPS.items())
    others = simulated - set(STOPS.values())
    return any(name.startswith(f"{CATEGORY[entry.given]} ") for name in others)
