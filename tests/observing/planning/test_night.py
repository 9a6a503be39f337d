"""The night's plan: what fits, what does not and why, where to point, and how sure the levels are."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sequencer.clock import parse_utc
from sequencer.observing.plan_request import NightPlan, PlanRequest, plan_night
from sequencer.observing.planning import PlanRow, TwilightPlan

BLOCK = """\
name: flats
instrument: {instrument}
templates:
  - template: {template}
    parameters: {parameters}
"""


def planned(tmp_path: Path, parameters: str, request: dict[str, Any] | None = None) -> NightPlan:
    path = tmp_path / "ob.yaml"
    text = BLOCK.format(
        instrument="METIS",
        template="METIS_all_cal_TwilightFlat",
        parameters=f"{{SEQ.CAMERA: [LM], {parameters}}}",
    )
    path.write_text(text, encoding="utf-8")
    return plan_night(PlanRequest(str(path), "metis-sim", **(request or {})))


def the_plan(night: NightPlan) -> TwilightPlan:
    assert [str(problem) for problem in night.problems] == []
    (twilight,) = night.twilights
    return twilight


def of(plan: TwilightPlan, name: str, kind: str = "flat") -> list[PlanRow]:
    return [row for row in plan.rows if row.filter == name and row.kind == kind]


@pytest.fixture(scope="module")
def ten_filters() -> TwilightPlan:
    return the_plan(plan_night(PlanRequest("metis-all-lm-flats", "metis-sim", overhead_s=2.0)))


def test_ten_filters_at_three_airmasses_fit_one_late_twilight(ten_filters: TwilightPlan) -> None:
    flats = [row for row in ten_filters.rows if row.kind == "flat"]
    assert len(flats) == 30
    assert {row.n for row in flats} == {10}
    window = ten_filters.window
    assert all(window.start_s <= row.start_s for row in flats if row.start_s)
    assert max(row.start_s + row.seconds for row in flats if row.start_s) <= window.end_s


def test_the_record_of_a_plan_tells_the_template_and_its_times(ten_filters: TwilightPlan) -> None:
    record = ten_filters.plain()
    assert record["template"] == "METIS_all_cal_TwilightFlat"
    window = ten_filters.window
    assert record["window"] == {"start_s": window.start_s, "end_s": window.end_s, "kind": "MORNING"}
    assert window.start_s - 600.0 < record["begins_s"] < record["ends_s"]
    last_s = max(row["start_s"] + row["seconds"] for row in record["rows"] if row["kind"] == "flat")
    assert record["needed_s"] == pytest.approx(last_s - record["begins_s"], abs=5.0)
    assert len(record["rows"]) == len(ten_filters.rows)
    assert len(record["pointing"]) == 3
    assert record["warnings"] == list(ten_filters.warnings)


def test_the_darks_match_every_dit_and_come_after_the_sky(ten_filters: TwilightPlan) -> None:
    darks = [row for row in ten_filters.rows if row.kind == "dark"]
    taken = {(row.dit_s, row.ndit) for row in ten_filters.rows if row.kind == "flat"}
    assert {(row.dit_s, row.ndit) for row in darks} == taken
    assert min(row.start_s or 0.0 for row in darks) >= ten_filters.sky_end_s
    assert [row.dit_s for row in darks] == sorted(row.dit_s for row in darks)


def test_exposures_do_not_overlap(ten_filters: TwilightPlan) -> None:
    rows = sorted(ten_filters.rows, key=lambda row: row.start_s or 0.0)
    for one, after in pairwise(rows):
        assert one.start_s is not None
        assert after.start_s is not None
        exposed_s = one.n * (one.dit_s * one.ndit + 2.0)
        assert after.start_s >= one.start_s + exposed_s - 2.0


def test_longer_presets_make_the_last_filters_fall_out_by_name() -> None:
    slow = the_plan(
        plan_night(PlanRequest("metis-all-lm-flats", "metis-sim", overhead_s=2.0, preset_s=500.0))
    )
    short = [row for row in slow.rows if row.kind == "flat" and row.n < 10]
    assert short
    assert {row.requested_airmass for row in short} == {2.5}
    assert all("fit: the twilight ends at 10:08" in row.note for row in short)
    [missing] = [text for text in slow.warnings if ": 0 of 10 fit" in text and "sky" not in text]
    never = [row.filter for row in short if row.n == 0]
    assert never[-1] == "Mp"
    assert missing == f"LM {', '.join(never)} at airmass 2.5: 0 of 10 fit: the twilight ends at 10:08"


def test_a_filter_that_saturates_at_the_minimum_dit_is_named(tmp_path: Path) -> None:
    plan = the_plan(planned(tmp_path, "SEQ.DIT.FILT.LIST: [Lp, M_spec], SEQ.LEVEL.LIST: []"))
    assert {row.n for row in of(plan, "M_spec")} == {0}
    assert any(
        text.startswith("LM M_spec at airmass 1, 2, 2.5: saturates at the minimum DIT")
        for text in plan.warnings
    )
    assert {row.n for row in of(plan, "Lp")} == {10}


def test_a_level_at_the_minimum_dit_is_as_uncertain_as_the_zero_point(tmp_path: Path) -> None:
    plan = the_plan(planned(tmp_path, "SEQ.DIT.FILT.LIST: [Lp, Mp], SEQ.LEVEL.LIST: []"))
    mp, lp = of(plan, "Mp")[1], of(plan, "Lp")[1]
    assert mp.predicted_sigma is not None
    assert lp.predicted_sigma is not None
    assert mp.predicted_sigma > 0.15 * mp.predicted_fraction
    assert lp.predicted_sigma < 0.03 * lp.predicted_fraction
    assert "instead of 50 % of full well" in mp.note


def test_a_level_lost_in_other_skies_is_no_surer_for_that() -> None:
    """With presets of 500 s, Mp at the last airmass is too late in a fainter sky; in a brighter one it saturates."""
    slow = the_plan(plan_night(PlanRequest("metis-all-lm-flats", "metis-sim", preset_s=500.0)))
    first, *_, last = of(slow, "Mp")
    assert "sky: 0 of 10 fit" in last.note
    assert first.predicted_sigma is not None
    assert last.predicted_sigma == pytest.approx(
        first.predicted_sigma * last.predicted_fraction / first.predicted_fraction, rel=0.02
    )


def test_an_airmass_out_of_reach_is_replaced_and_named(tmp_path: Path) -> None:
    plan = the_plan(
        planned(tmp_path, "SEQ.DIT.FILT.LIST: [Lp], SEQ.LEVEL.LIST: [], SEQ.AIRMASS.LIST: [1.0, 5.0]")
    )
    row = of(plan, "Lp")[1]
    assert row.requested_airmass == 5.0
    assert row.airmass == pytest.approx(2.924, abs=0.001)
    assert "the highest reachable" in row.note


def test_where_to_point_is_explained_for_each_level(ten_filters: TwilightPlan) -> None:
    assert [aim.requested_airmass for aim in ten_filters.aims] == [1.0, 2.0, 2.5]
    for aim in ten_filters.aims:
        assert aim.error == ""
        assert "opposite the Sun" in aim.reasons[0]
        assert abs(aim.airmass - aim.requested_airmass) <= 0.03 + 1e-9


def test_an_earlier_night_makes_the_prior(tmp_path: Path) -> None:
    learned = tmp_path / "learned.yaml"
    learned.write_text(
        'deployment: metis-sim\nlearned: {LM: {Lp: {throughput: 2.0, relative_sigma: 0.01, frames: 30, run: "a"}}}\n'
    )
    wish = "SEQ.DIT.FILT.LIST: [Lp], SEQ.LEVEL.LIST: []"
    before, after = the_plan(planned(tmp_path, wish)), the_plan(planned(tmp_path, wish, {"learned": learned}))
    assert of(after, "Lp")[0].dit_s == pytest.approx(0.5 * of(before, "Lp")[0].dit_s, rel=0.02)


def test_a_plan_made_in_mid_twilight_begins_then() -> None:
    """Paranal, 20 March 2027: the Sun sinks through -5 deg at 23:10:55 and through -9 deg at 23:28:32 UTC."""
    plan = the_plan(
        plan_night(PlanRequest("opticam-dusk", "opticam-sim", start_s=parse_utc("2027-03-20T23:22:00")))
    )
    starts = [row.start_s for row in plan.rows if row.kind == "flat" and row.start_s]
    assert starts
    assert min(starts) > parse_utc("2027-03-20T23:23:00")
    assert any("of 25: the sky runs out" in text for text in plan.warnings)


def test_a_date_means_the_twilight_of_that_local_date() -> None:
    for twilight, first, last in (
        ("morning", "05-31T09:00", "06-01T12:00"),
        ("evening", "06-01T21:00", "06-02T02:00"),
    ):
        night = plan_night(
            PlanRequest("metis-lband-flats", "metis-sim", date="2027-06-01", twilight=twilight)
        )
        window = the_plan(night).window
        assert window.kind == twilight.upper()
        assert parse_utc(f"2027-{first}:00") < window.start_s < window.end_s < parse_utc(f"2027-{last}:00")


@pytest.mark.parametrize("twilight", ["morning", "evening"])
def test_level_mode_follows_the_sky_from_the_dit_list(twilight: str) -> None:
    night = plan_night(PlanRequest("opticam-dusk", "opticam-sim", date="2027-03-20", twilight=twilight))
    flats = of(the_plan(night), "V")
    assert sum(row.n for row in flats) == 25
    dits = [row.dit_s for row in flats]
    assert dits == sorted(dits, reverse=twilight == "morning")
    assert len(set(dits)) == len(dits)
    assert all(0.45 < row.predicted_fraction < 0.55 for row in flats)


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ("SEQ.DIT.FILT.LIST: [short-L, Lp], SEQ.LEVEL.LIST: [0.3, 0.6]", "short-L"),
        ("SEQ.DIT.FILT.LIST: [short-L, Lp], SEQ.LEVEL.LIST: [0.3, 0.6], SEQ.LEVEL.FILT: [Lp]", "Lp"),
        ("SEQ.DIT.FILT.LIST: [CO_ref, Lp], SEQ.LEVEL.LIST: [0.15, 0.6]", "Lp"),
    ],
)
def test_the_ladder_is_taken_in_the_first_filter_allowed_that_reaches_every_rung(
    tmp_path: Path, wish: str, name: str
) -> None:
    """CO_ref fills 15 % before the shortest DIT is over."""
    plan = the_plan(planned(tmp_path, wish))
    assert {row.filter for row in plan.rows if row.kind == "ladder"} == {name}
