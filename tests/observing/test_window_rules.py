"""A block is measured against the night: is there a twilight, in time, and long enough?"""

from __future__ import annotations

import pytest

from sequencer.clock import parse_utc
from sequencer.observing import compose_ob, validate

from .blocks import (
    DUSK_S,
    FLAT,
    LP,
    MORNING_S,
    check_one,
    flat_warnings,
    surroundings,
    texts,
)


def test_the_night_must_hold_the_twilight():
    # Armazones, 20 March 2027: the Sun rises through -18 deg at 09:28:31 and through -9 deg at 10:08:24 UTC
    def problems(start: str, until: str | None = None, **more) -> list[str]:
        end_s = parse_utc(until) if until else None
        return texts(check_one(FLAT, {**LP, **more}, start_s=parse_utc(start), until_s=end_s).problems)

    assert problems("2027-03-20T09:15:00") == []
    assert problems("2027-03-20T09:15:00", "2027-03-20T10:00:00") == []
    [early] = problems("2027-03-20T08:00:00")
    assert "SEQ.TWILIGHT.WAIT: would wait 89 min" in early
    assert "more than the 60 min allowed: the next morning twilight is from 2027-03-20T09:" in early
    assert problems("2027-03-20T08:00:00", **{"SEQ.TWILIGHT.WAIT": 7200}) == []
    [ends] = problems("2027-03-20T08:45:00", "2027-03-20T09:15:00")
    assert "no twilight between 2027-03-20T08:45:00 and 2027-03-20T09:15:00 UTC" in ends
    [late] = problems("2027-03-20T10:30:00")
    assert "would wait" in late
    assert "2027-03-21T09:" in late
    assert problems("2027-03-20T23:00:00", **{"SEQ.TWILIGHT": "EVENING"}) == []
    assert problems("2027-03-20T23:00:00", **{"SEQ.TWILIGHT": "NEXT"}) == []
    assert problems("2027-03-20T09:15:00", "2027-03-20T09:15:00") == [
        "the end (--until) is not after the start"
    ]
    assert problems("2027-03-20T09:15:00", **{"SEQ.SUNALT.MIN": -9, "SEQ.SUNALT.MAX": -18})[0].endswith(
        "SEQ.SUNALT.MIN: -9 deg must be below SEQ.SUNALT.MAX -18 deg"
    )


def test_the_next_twilight_is_told_to_the_second():
    [problem] = texts(check_one(FLAT, LP, start_s=parse_utc("2027-03-20T08:00:00")).problems)
    assert problem.endswith(
        "would wait 89 min, more than the 60 min allowed: "
        "the next morning twilight is from 2027-03-20T09:28:31 to 2027-03-20T10:08:24 UTC"
    )


def test_where_the_sun_never_gets_so_low_there_is_no_twilight():
    [problem] = texts(check_one(FLAT, {**LP, "SEQ.SUNALT.MIN": -90, "SEQ.SUNALT.MAX": -89}).problems)
    assert "SEQ.TWILIGHT: no morning twilight at Armazones: the Sun stays above -89 deg" in problem


def test_a_start_given_is_used_instead_of_now():
    where, instrument = surroundings("metis-sim")
    ob = compose_ob("x", "METIS", [(FLAT, LP)])
    assert validate(ob, where, instrument, start_s=MORNING_S, now_s=DUSK_S).problems == []
    assert validate(ob, where, instrument, start_s=DUSK_S, now_s=MORNING_S).problems != []


def test_a_plan_too_long_for_its_twilight_is_a_warning():
    _, [warning] = flat_warnings(["Lp"], **{"SEQ.NEXPO": 1000, "SEQ.DARK": False})
    assert "not everything will fit" in warning
    # of 3 airmasses with 1000 exposures of 0.19 s and 1 s overhead, 1822 fit into 2393 s with a probe, a preset between
    # and two changes of filter: the second airmass is cut short, and nothing is left of the third
    missing = int(warning.split(" flats will be missing")[0].split()[-1])
    assert missing == pytest.approx(3000 - (2393 - 180 - 2 * 20 - 2 * 1.1 - 1.2) / 1.191, abs=3)
    assert "40 min of sky are left" in warning
    assert "LM Lp at airmass 2" in warning
    assert "and 1 more series fall short" in warning
    found = check_one(FLAT, {**LP, "SEQ.NEXPO": 10}, until_s=parse_utc("2027-03-20T09:32:00"))
    [warning] = texts(found.warnings)
    assert "LM Lp at airmass 2: 0 of 10 fit: the time allowed (--until) ends at 09:32" in warning
