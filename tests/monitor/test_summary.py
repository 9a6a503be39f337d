"""summary.json: exact fields, valid against the committed schema, true to the journal."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from monitor.night import RUN, Night, whole_night
from sequencer.monitor.summary import SCHEMA, build_summary, summarise, write_summary


def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_a_whole_run(tmp_path: Path) -> None:
    night = whole_night(tmp_path)
    summary = build_summary(night.run_dir)
    validator().validate(summary)
    assert list(summary) == [
        "run", "ob", "instrument", "deployment", "clock", "started", "ended", "outcome", "block_status", "templates",
        "products", "missing", "safe_state",
    ]  # fmt: skip
    assert (summary["run"], summary["clock"], summary["outcome"]) == (RUN, "virtual", "completed")
    assert summary["started"] == "2027-03-20T09:31:00.000"
    assert summary["ended"].startswith("2027-03-20T09:4")
    (template,) = summary["templates"]
    assert template["name"] == "METIS_all_cal_TwilightFlat"
    assert template["outcome"] == "completed"
    assert len(template["frames"]) == 24 + 3 + 5
    first = template["frames"][0]
    assert list(first) == [
        "file", "exposure", "detector", "filter", "airmass", "dit_s", "ndit", "level_e", "level_fraction",
        "verdict", "sha256",
    ]  # fmt: skip
    assert first["filter"] == "Lp"
    assert first["airmass"] == 1.0
    assert [frame["verdict"] for frame in template["frames"]].count("cloudy") == 1
    assert summary["products"][0] == {
        "file": "products/MASTER_DARK_LM_0.188s.fits", "category": "MASTER_IMG_DARK", "recipe": "flat",
        "inputs": ["METIS.0030.fits"], "qa": {"flag": "PARTIAL", "reasons": ["simulated", "8 frames"]},
    }  # fmt: skip
    assert summary["safe_state"][-1] == {"device": "LM", "reached": True, "seconds": 1.5}


def test_a_run_that_broke_off_is_unfinished(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.start()
    night.frame()
    summary = summarise(night.records())
    validator().validate(summary)
    assert (summary["outcome"], summary["ended"]) == ("unfinished", None)
    assert summary["templates"][0]["outcome"] == "unfinished"
    assert summary["safe_state"] == []


def test_frames_belong_to_the_template_that_took_them(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.start()
    night.frame()
    night.log("template_done", index=0, name="METIS_all_cal_TwilightFlat", outcome="skipped")
    night.log("template_started", index=1, name="METIS_all_cal_Dark", procedure="dark", parameters={})
    night.frame(kind="dark")
    night.frame(kind="dark")
    templates = summarise(night.records())["templates"]
    assert [(item["name"], item["outcome"], len(item["frames"])) for item in templates] == [
        ("METIS_all_cal_TwilightFlat", "skipped", 1),
        ("METIS_all_cal_Dark", "unfinished", 2),
    ]


def test_frames_of_a_script_outside_any_template(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.log("run_started", run="r", ob="ladder.py", instrument="METIS", programme="", deployment="d",
              clock="virtual", seed=1, templates=[])  # fmt: skip
    night.frame()
    (template,) = summarise(night.records())["templates"]
    assert (template["name"], len(template["frames"])) == ("script", 1)


def test_a_product_reduced_again_and_a_device_read_again_count_once(tmp_path: Path) -> None:
    night = Night(tmp_path)
    night.start()
    for flag in ("BAD", "GOOD"):
        quality = {"flag": flag, "reasons": []}
        night.log("product", file="p.fits", category="c", recipe="r", inputs=[], qa=quality)
    for reached in (False, True):
        night.log("safe_state", device="LM", reached=reached, seconds=2.0)
    summary = summarise(night.records())
    assert [item["qa"]["flag"] for item in summary["products"]] == ["GOOD"]
    assert [item["reached"] for item in summary["safe_state"]] == [True]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("outcome",), "fine"),
        (("started",), "yesterday"),
        (("extra",), 1),
        (("templates", 0, "frames", 0, "sha256"), "abc"),
        (("templates", 0, "frames", 0, "ndit"), 0),
        (("products", 0, "qa", "flag"), "OK"),
        (("safe_state", 0, "seconds"), -1.0),
    ],
)
def test_the_schema_refuses(tmp_path: Path, path: tuple[str | int, ...], value: object) -> None:
    summary = build_summary(whole_night(tmp_path).run_dir)
    place = summary
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert not validator().is_valid(summary)


def test_write_summary_is_json_that_reads_back(tmp_path: Path) -> None:
    night = whole_night(tmp_path)
    summary = build_summary(night.run_dir)
    text = write_summary(night.run_dir, summary).read_text()
    assert json.loads(text) == summary
    assert text.endswith("}\n")
