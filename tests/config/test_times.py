"""When a run can begin: the limits are those of what computes and writes it."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import erfa
import pytest
import yaml

from sequencer.clock import parse_utc
from sequencer.config import load_deployment
from sequencer.config.search import find_config
from sequencer.config.times import EARLIEST_S, END_S, check_start, impossible, simulated_start_s

MJD_OF_UNIX_EPOCH = 40587.0


def test_before_the_first_moment_the_dictionary_has_no_date_of_an_exposure() -> None:
    keywords = yaml.safe_load(find_config("keywords", "common").read_text(encoding="utf-8"))["keywords"]
    assert keywords["MJD-OBS"]["range"][0] == EARLIEST_S / 86400.0 + MJD_OF_UNIX_EPOCH
    assert keywords["MJD-OBS"]["range"][1] > END_S / 86400.0 + MJD_OF_UNIX_EPOCH


def test_after_the_last_moment_the_ephemeris_of_the_earth_ends() -> None:
    """ERFA warns outside 1900 to 2100; it counts Julian years from J2000, which end half a day after ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        erfa.epv00(2400000.5, (END_S - 1.0) / 86400.0 + MJD_OF_UNIX_EPOCH)
        with pytest.raises(erfa.ErfaWarning, match="1900-2100"):
            erfa.epv00(2400000.5, END_S / 86400.0 + MJD_OF_UNIX_EPOCH + 1.0)


@pytest.mark.parametrize("time_s", [math.nan, math.inf, -math.inf, 1e300, 0.0, EARLIEST_S - 1.0, END_S])
def test_other_times_are_refused_in_words(time_s: float) -> None:
    assert "is not in 1995-10-10 to 2099-12-31" in impossible(time_s)


def test_a_time_between_is_taken_and_a_text_that_is_none_is_not() -> None:
    assert impossible(EARLIEST_S) == impossible(END_S - 1.0) == check_start("2027-03-20T09:15:00") == ""
    assert "is not a UTC time" in check_start("soon")
    assert check_start("0001-01-01T00:00:00+14:00") != ""


def test_a_deployment_with_a_real_device_begins_now(tmp_path: Path) -> None:
    text = find_config("deployments", "metis-sim").read_text()
    path = tmp_path / "mixed.yaml"
    path.write_text(text.replace("{kind: site,", "{kind: site, simulated: false,"))
    assert simulated_start_s(load_deployment("metis-sim")) == parse_utc("2027-03-20T09:15:00")
    assert simulated_start_s(load_deployment(path)) is None
