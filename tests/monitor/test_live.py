"""What an operator sees while a run goes on, in a terminal and in a pipe."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from monitor.night import START_S, Night, whole_night
from sequencer.engine.journal import Record
from sequencer.engine.status import Status
from sequencer.monitor.forecasts import judged
from sequencer.monitor.live import LiveScreen
from sequencer.monitor.plain import PlainLines
from sequencer.monitor.status_text import facts, light_stop_style, progress_line, time_left

STATUS = Status(
    run="r", ob="L-band twilight flats", ob_state="Running", template="METIS_all_cal_TwilightFlat",
    template_state="Exposing", step="expose LM", exposure_i=3, exposure_n=10, utc_s=START_S,
    sun_altitude_deg=-12.34, sun_min_deg=-18.0, sun_max_deg=-9.0, minutes_left=31.2, minutes_needed=22.4,
    light_stop="OPEN", light_stop_age_s=2.6, camera="LM", filter="Lp", airmass=1.99, level_fraction=0.498,
    predicted_fraction=0.501, good=12, wanted=30, next_dit_s=0.188, reduction_lag=2, disk_free_mb=51200.0,
    disk_needed_mb=70.4, planned=140, achieved=54,
    left=["LM Lp at airmass 2", "LM Br_alpha at airmass 2", "LM Lp at airmass 2.5"],
)  # fmt: skip


def test_everything_promised_is_visible_light_stop_first() -> None:
    assert facts(STATUS) == [
        ("light stop", "OPEN, read back 3 s ago"),
        ("state", "Running"),
        ("UTC", "2027-03-20T09:31:00   Sun -12.3 deg (limits -18.0 to -9.0)"),
        ("time", "twilight 31 min, flats need 22 min"),
        ("template", "METIS_all_cal_TwilightFlat   Exposing"),
        ("step", "expose LM   exposure 3 of 10"),
        ("level", "Lp X1.99   last 49.8%, now predicted 50.1%"),
        ("good", "12 of 30   next DIT 0.188 s"),
        ("plan", "54 good of 140 planned; left: LM Lp at airmass 2, LM Br_alpha at airmass 2 and 1 more"),
        ("reduction", "2 frames behind"),
        ("disk", "51200 MB free, 70.4 MB needed"),
        ("alarms", "none"),
    ]


def test_what_is_not_known_is_a_dash_never_a_number() -> None:
    shown = dict(facts(Status()))
    assert shown["light stop"] == "UNKNOWN, never read back"
    assert shown["UTC"].endswith("Sun -")
    assert shown["time"] == "-"
    assert shown["level"] == "-   last -, now predicted -"
    assert shown["good"] == "0 of 0   next DIT -"
    assert shown["disk"] == "- free, - needed"


@pytest.mark.parametrize(("runs", "told"), [(12, "28 min left (25 to 30)"), (0, "about 28 min left")])
def test_an_interval_is_promised_where_earlier_runs_taught(runs: int, told: str) -> None:
    status = Status(left_s=1680.0, left_low_s=1500.0, left_high_s=1800.0, left_runs=runs)
    assert time_left(status) == f"block: {told}"


@pytest.mark.parametrize(("runs", "right"), [(12, False), (0, None)])
def test_a_forecast_is_judged_where_an_interval_was_promised(runs: int, right: bool | None) -> None:
    said = {"left_s": 60.0, "low_s": 50.0, "high_s": 70.0, "runs": runs, "when": "the template begins"}
    done = [("forecast", said, 0.0), ("template_done", {"outcome": "completed"}, 80.0)]
    ended = [*done, ("run_done", {"outcome": "completed"}, 81.0)]
    (one,) = judged(Record(number, time_s, kind, data, "") for number, (kind, data, time_s) in enumerate(ended))
    assert (one.took_s, one.right) == (80.0, right)


def test_a_paused_run_says_so_before_anything_but_the_light_stop() -> None:
    assert facts(Status(ob_state="Paused", pausing=True))[1] == ("state", "Paused")


def test_a_pause_that_waits_for_its_checkpoint_is_said() -> None:
    assert facts(Status(ob_state="Running", pausing=True))[1] == ("state", "Running, pause asked for")


def test_a_plan_that_does_not_fit_is_said_loudly() -> None:
    late = Status(minutes_left=10.0, minutes_needed=22.0)
    assert time_left(late) == "twilight 10 min, flats need 22 min - DOES NOT FIT"
    assert "DOES NOT FIT" not in time_left(Status(minutes_left=22.0, minutes_needed=22.0))


@pytest.mark.parametrize(("position", "style"), [("CLOSED", "green"), ("OPEN", "yellow"), ("MOVING", "red")])
def test_the_light_stop_has_a_colour(position: str, style: str) -> None:
    assert light_stop_style(Status(light_stop=position)) == f"bold {style}"


def test_the_screen_shows_status_alarms_and_last_lines(tmp_path: Path) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=110, height=60)
    night = whole_night(tmp_path)
    screen = LiveScreen(console)
    screen.start()
    screen.on_status(STATUS)
    for record in night.records():
        screen.on_record(record)
    plain = Console(file=io.StringIO(), width=110)
    plain.print(screen.render())
    screen.stop()
    text = plain.file.getvalue()  # type: ignore[attr-defined]
    for _, value in facts(STATUS):
        assert value in text
    assert "L-band twilight flats - Running" in text
    assert "ALARM   reduction stage died" in text
    assert "to do   nothing now; `sequencer reduce` afterwards" in text
    assert text.rstrip().endswith("run completed")
    assert "OPEN, read back 3 s ago" in console.file.getvalue()  # type: ignore[attr-defined]


def test_before_the_first_status_the_screen_is_empty() -> None:
    plain = Console(file=io.StringIO(), width=80)
    plain.print(LiveScreen(plain).render())
    assert plain.file.getvalue().strip() == ""  # type: ignore[attr-defined]


def test_plain_lines_are_one_a_frame_without_single_steps(tmp_path: Path) -> None:
    night = whole_night(tmp_path)
    written: list[str] = []
    plain = PlainLines(written.append)
    for record in night.records():
        plain.on_record(record)
    assert sum(" x5 " in line for line in written) == 32
    assert "09:31:53 Lp X1.00 0.188s x5 1/4 44.0% (44.0) good" in written
    assert not any("#1 " in line for line in written)
    assert sum("ALARM" in line for line in written) == 1
    assert any(line.endswith(" product products/MASTER_FLAT_LM_Lp.fits: GOOD") for line in written)


def test_a_progress_line_now_and_then() -> None:
    written: list[str] = []
    plain = PlainLines(written.append)
    for seconds in (0.0, 1.0, 299.0, 300.0, 301.0, 650.0):
        plain.on_status(Status(utc_s=START_S + seconds, ob_state="Running"))
    assert [line[:8] for line in written] == ["09:31:00", "09:36:00", "09:41:50"]


def test_progress_line() -> None:
    assert progress_line(STATUS) == (
        "09:31:00 -- Running/Exposing, light stop OPEN, Sun -12.3 deg (limits -18.0 to -9.0), 12/30 good, "
        "twilight 31 min, flats need 22 min"
    )


def test_nothing_is_shown_twice_when_a_status_repeats(tmp_path: Path) -> None:
    night = Night(tmp_path)
    record = night.frame()
    screen = LiveScreen(Console(file=io.StringIO()))
    screen.on_record(record)
    screen.on_status(STATUS)
    screen.on_status(STATUS)
    plain = Console(file=io.StringIO(), width=110)
    plain.print(screen.render())
    assert plain.file.getvalue().count("49.8% (50.1) good") == 1  # type: ignore[attr-defined]
