"""What an operator reads at five in the morning."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.night import Night, whole_night
from sequencer.clock import parse_utc
from sequencer.monitor.lines import clock_time, frame_line, percent, probe_line, short, step_line
from sequencer.monitor.run_log import log_lines, run_log, write_run_log

AT = parse_utc("2027-03-20T09:41:12")
FRAME = {
    "filter": "Lp", "camera": "LM", "airmass": 1.99, "dit_s": 0.188, "ndit": 5, "good": 12, "wanted": 30,
    "level_fraction": 0.498, "predicted_fraction": 0.501, "verdict": "good", "reason": "", "kind": "flat",
}  # fmt: skip


def test_frame_line_is_the_promised_one() -> None:
    assert frame_line(FRAME, AT) == "09:41:12 Lp X1.99 0.188s x5 12/30 49.8% (50.1) good"


def test_a_frame_that_does_not_count_says_why() -> None:
    bad = FRAME | {"verdict": "low", "reason": "31.0% where 50.1% was predicted", "level_fraction": 0.31}
    expected = "09:41:12 Lp X1.99 0.188s x5 12/30 31.0% (50.1) low: 31.0% where 50.1% was predicted"
    assert frame_line(bad, AT) == expected
    assert frame_line(bad | {"reason": ""}, AT).endswith("(50.1) low")


def test_a_dark_shows_its_camera_and_no_prediction() -> None:
    dark = FRAME | {"kind": "dark", "airmass": None, "level_fraction": 0.0002, "predicted_fraction": None}
    assert frame_line(dark, AT) == "09:41:12 dark LM 0.188s x5 12/30 0.0% good"
    assert frame_line(dark | {"predicted_fraction": 0.0}, AT) == frame_line(dark, AT)


def test_a_ladder_frame_is_told_from_a_flat() -> None:
    assert frame_line(FRAME | {"kind": "ladder"}, AT).startswith("09:41:12 Lp ladder X1.99 0.188s")


def test_a_frame_without_filter_shows_its_camera() -> None:
    assert frame_line(FRAME | {"filter": ""}, AT).startswith("09:41:12 LM X1.99")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.188, "0.188"), (0.0118, "0.0118"), (1.0, "1.00"), (12.34, "12.3"), (1250.0, "1250"), (0.0, "0"),
     (-0.5, "-0.500"), (float("inf"), "inf")],
)  # fmt: skip
def test_numbers_are_plain(value: float, text: str) -> None:
    assert short(value) == text


@given(st.floats(1e-6, 1e9))
def test_three_digits_are_always_enough_to_tell_the_value(value: float) -> None:
    assert "e" not in short(value)
    assert float(short(value)) == pytest.approx(value, rel=0.0051)


def test_percent_of_an_unknown_level() -> None:
    assert percent(None) == "-"
    assert percent(0.4984) == "49.8"
    assert percent(-1e-7) == "0.0"


def test_clock_time_rounds_to_the_second() -> None:
    assert clock_time(AT + 0.4) == "09:41:12"
    assert clock_time(AT + 0.6) == "09:41:13"


def test_step_line_shows_arguments_as_an_operator_would_say_them() -> None:
    data = {"n": 4, "device": "telescope", "cmd": "preset", "args": {"altitude_deg": 41.8, "tracking": False}}
    assert step_line(data, AT) == "09:41:12 #4 telescope preset altitude_deg=41.8 tracking=False"
    move = {"n": 5, "device": "mechanisms", "cmd": "move", "args": {"positions": {"INS.OPTI1.NAME": "DARK"}}}
    assert step_line(move, AT) == "09:41:12 #5 mechanisms move positions={INS.OPTI1.NAME: DARK}"


def test_probe_line() -> None:
    data = {"filter": "Lp", "dit_s": 0.1, "level_e": 2650.0, "verdict": "good", "reason": ""}
    assert probe_line(data, AT) == "09:41:12 Lp probe 0.100s 2650 e- good"


def test_an_alarm_says_what_so_what_and_what_to_do(tmp_path: Path) -> None:
    record = Night(tmp_path).log("alarm", what="LM is silent", so_what="a frame is lost", what_to_do="reset")
    assert log_lines(record) == [
        "09:31:00 ALARM   LM is silent",
        "09:31:00 so what a frame is lost",
        "09:31:00 to do   reset",
    ]


@pytest.mark.parametrize(
    ("kind", "data", "line"),
    [
        ("ob_state", {"state": "Paused", "reason": ""}, "OB Paused"),
        ("ob_state", {"state": "Failed", "reason": "LM is silent"}, "OB Failed: LM is silent"),
        ("template_state", {"state": "Probing"}, "template Probing"),
        ("template_done", {"index": 1, "name": "Dark", "outcome": "skipped"}, "template 1 Dark skipped"),
        ("light_stop", {"position": "CLOSED", "role": "cover"}, "cover CLOSED, read back"),
        ("operator", {"verb": "pause", "by": "ana", "text": ""}, "operator ana: pause"),
        ("operator", {"verb": "skip", "by": "ana", "text": "level"}, "operator ana: skip level"),
        ("note", {"text": "cirrus", "by": "ana"}, "note by ana: cirrus"),
        ("safe_state", {"device": "LM", "reached": True, "seconds": 1.5}, "LM: safe, read back after 1.5s"),
        ("safe_state", {"device": "LM", "reached": False, "seconds": 30.0}, "LM: NOT SAFE after 30.0s"),
        ("run_done", {"outcome": "stopped", "reason": "by ana"}, "run stopped: by ana"),
        ("unheard_of", {"a": 1}, "unheard_of {'a': 1}"),
        (
            "exposure",
            {"exposure": "r/0/1/LM", "filter": "Lp", "dit_s": 0.188, "ndit": 5, "i": 2, "n": 10},
            "expose r/0/1/LM Lp 0.188s x5 2/10",
        ),
        (
            "product",
            {"file": "products/f.fits", "category": "FLAT", "qa": {"flag": "BAD", "reasons": ["a", "b"]}},
            "product products/f.fits (FLAT): BAD: a; b",
        ),
        (
            "plan",
            {"rows": [{"n": 3}, {"n": 4}], "needed_s": 120.0, "warnings": ["late"]},
            "plan: 2 groups, 7 exposures, 2 min needed; warning: late",
        ),
    ],
)
def test_every_kind_of_record_has_its_line(
    tmp_path: Path, kind: str, data: dict[str, object], line: str
) -> None:
    assert log_lines(Night(tmp_path).log(kind, **data)) == [f"09:31:00 {line}"]


def test_run_log_has_all_records_in_order_and_is_reproducible(tmp_path: Path) -> None:
    night = whole_night(tmp_path)
    text = write_run_log(night.run_dir, night.records()).read_text()
    assert text == run_log(night.records())
    lines = text.splitlines()
    assert lines[0].startswith(f"09:31:00 run {night.run_dir.name}: L-band twilight flats (METIS")
    assert lines[-1].endswith("run completed")
    assert [line[:8] for line in lines] == sorted(line[:8] for line in lines)
    assert sum(" ladder " in line for line in lines) == 3
    assert "09:31:08 #1 done 8.0s" in lines
