"""What a journal tells of how long things took: work counts, waits and pauses and failures do not."""

from __future__ import annotations

import numpy as np
import pytest

from sequencer.durations import (
    FILTER_CHANGE,
    OFFSET,
    PRESET,
    Took,
    closing,
    condensed,
    measured,
    opening,
    read_out,
    reduction,
)

from .journals import Journal


def started(journal: Journal, index: int = 0) -> None:
    journal.log("template_started", index=index, name="Flat")


def done(journal: Journal, index: int = 0, outcome: str = "completed") -> None:
    journal.log("template_done", index=index, name="Flat", outcome=outcome)


def seconds(journal: Journal) -> dict[str, list[float]]:
    return {key: [one.seconds for one in took] for key, took in measured(journal.entries).items()}


def set_up(journal: Journal, took_s: float) -> None:
    journal.log("template_state", state="SettingUp")
    journal.step("mechanisms", "move", took_s)


def test_every_step_that_was_completed_counts_by_device_and_command() -> None:
    journal = Journal()
    for took_s, outcome in ((5.0, "completed"), (7.0, "completed"), (60.0, "failed")):
        journal.step("telescope", "preset", took_s, outcome)
    journal.log("step", n=99, device="telescope", cmd="preset", args={})  # the run broke off
    assert seconds(journal) == {"telescope preset": [5.0, 7.0]}


def test_a_pause_on_the_way_to_the_next_template_is_none_of_its_reduction() -> None:
    journal = Journal()
    started(journal)
    done(journal)
    journal.wait(3.0)
    journal.log("ob_state", state="Paused")
    journal.wait(600.0)
    journal.log("ob_state", state="Running")
    started(journal, 1)
    assert seconds(journal)[reduction("Flat")] == [3.0]


def test_a_read_out_is_what_an_exposure_takes_beside_its_integrations() -> None:
    """Two reads of 3 s integration, the settling one first, in 10 s: 2 s each."""
    journal = Journal()
    journal.expose(10.0, dit_s=3.0, settle=1)
    journal.expose(5.5, dit_s=3.0)
    assert seconds(journal)[read_out("LM", "fast")] == pytest.approx([2.0, 2.5])


def test_an_exposure_that_ended_without_a_frame_does_not_count() -> None:
    journal = Journal()
    journal.log("exposure", camera="LM", mode="fast", dit_s=1.0, ndit=1, template=0, kind="flat")
    journal.wait(100.0)
    journal.expose(2.0)
    assert seconds(journal)[read_out("LM", "fast")] == [1.0]


def test_opening_closing_and_the_way_to_the_next_template() -> None:
    journal = Journal()
    started(journal)
    journal.log("template_state", state="Waiting")
    journal.wait(600.0)
    journal.step("telescope", "preset", 100.0, airmass=1.5)
    journal.wait(30.0)  # for the twilight
    set_up(journal, 4.0)
    journal.expose(2.0, kind="flat", ready_s=2.0)
    journal.close(2.0)
    journal.step("mechanisms", "move", 6.0)
    journal.wait(60.0)  # for persistence to fade
    journal.expose(2.0, kind="dark")
    done(journal)
    journal.wait(9.0)
    started(journal, 1)
    journal.expose(2.0, template=1)
    done(journal, 1)
    found = seconds(journal)
    assert found[opening("Flat", first=True)] == [106.0]
    assert found[closing("Flat")] == [8.0, 0.0]
    assert found[reduction("Flat")] == [9.0]
    assert found[opening("Flat", first=False)] == [0.0]


def test_a_template_that_was_not_completed_teaches_no_closing() -> None:
    journal = Journal()
    started(journal)
    journal.expose(2.0)
    journal.close(3.0)
    done(journal, outcome="stopped")
    assert closing("Flat") not in seconds(journal)


def test_presets_filter_changes_and_offsets_are_told_apart_as_a_plan_reckons_with_them() -> None:
    """The light stop takes 2 s each way; a wait in the dark for a fading sky is not a filter change."""
    journal = Journal()
    started(journal)
    journal.expose(2.0, kind="flat", ready_s=2.0)
    journal.close(2.0)
    set_up(journal, 4.0)
    journal.wait(30.0)
    journal.expose(2.0, kind="flat", ready_s=2.0)
    journal.close(2.0)
    journal.step("telescope", "preset", 5.0, ra_deg=1.0, dec_deg=2.0)
    journal.expose(2.0, kind="flat", ready_s=2.0)
    journal.close(2.0)
    journal.step("telescope", "preset", 40.0, airmass=2.0)
    set_up(journal, 5.0)
    journal.expose(2.0, kind="flat", ready_s=2.0)
    found = seconds(journal)
    assert found[FILTER_CHANGE] == [8.0, 7.0]
    assert found[OFFSET] == [9.0]
    assert found[PRESET] == [42.0]


def test_a_move_with_a_pause_in_it_does_not_count() -> None:
    journal = Journal()
    started(journal)
    journal.expose(2.0, kind="flat")
    journal.log("ob_state", state="Paused")
    journal.close(2.0)
    journal.wait(300.0)
    journal.log("ob_state", state="Running")
    set_up(journal, 4.0)
    journal.expose(2.0, kind="flat", ready_s=2.0)
    done(journal)
    found = seconds(journal)
    assert FILTER_CHANGE not in found
    assert found[closing("Flat")] == [0.0]


def test_the_light_stop_that_closes_for_a_pause_is_not_work() -> None:
    journal = Journal()
    started(journal)
    journal.step("mechanisms", "move", 4.0)
    journal.log("ob_state", state="Paused")
    journal.close(2.0)
    journal.wait(300.0)
    journal.log("ob_state", state="Running")
    journal.expose(2.0, kind="flat", ready_s=1.5)
    assert seconds(journal)[opening("Flat", first=True)] == [5.5]


def test_of_each_kind_number_mean_and_standard_deviation_are_kept() -> None:
    spread = condensed(
        {"telescope preset": [Took(5.0), Took(7.0), Took(9.0)], "sources all_off": [Took(1.0)], "none": []}
    )
    assert list(spread) == ["sources all_off", "telescope preset"]
    assert (
        spread["telescope preset"].n,
        spread["telescope preset"].mean_s,
        spread["telescope preset"].sd_s,
    ) == (3, 7.0, 2.0)
    assert (spread["sources all_off"].n, spread["sources all_off"].sd_s) == (1, 0.0)


def test_settling_reads_scatter_as_those_that_count_do() -> None:
    """Means of two reads of 1 s +- 0.3 s scatter by 0.21 s: what is kept is the scatter of one."""
    rng = np.random.default_rng(3)
    journal = Journal(0.0)
    for reads in 1.0 + 0.3 * rng.standard_normal((4000, 2)):
        journal.expose(2.0 * 5.0 + float(reads.sum()), dit_s=5.0, settle=1)
    (spread,) = condensed(measured(journal.entries)).values()
    assert spread.n == 8000
    assert (spread.mean_s, spread.sd_s) == pytest.approx((1.0, 0.3), abs=0.012)
