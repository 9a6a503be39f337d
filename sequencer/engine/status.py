"""What is always visible while a run goes on; published over the wire and drawn by the live screen."""

from __future__ import annotations

import msgspec


class Status(msgspec.Struct):
    """The run at this moment. Levels are fractions of full well; unknown numbers are None. `pausing`: a pause was
    asked for that has not ended.

    `left_s` is how long the block will take yet, in s, between `left_low_s` and `left_high_s` nine times out of ten as
    `left_runs` earlier runs taught (0: by the instrument's figures, and nothing is promised).
    Of the twilight's plan: `planned` frames, `achieved` good ones, and the series `left` in words.
    """

    run: str = ""
    ob: str = ""
    ob_state: str = "Loaded"
    pausing: bool = False
    template: str = ""
    template_state: str = ""
    step: str = ""
    exposure_i: int = 0
    exposure_n: int = 0
    utc_s: float = 0.0
    sun_altitude_deg: float | None = None
    sun_min_deg: float | None = None
    sun_max_deg: float | None = None
    minutes_left: float | None = None
    minutes_needed: float | None = None
    left_s: float | None = None
    left_low_s: float | None = None
    left_high_s: float | None = None
    left_runs: int | None = None
    planned: int = 0
    achieved: int = 0
    left: list[str] = []
    light_stop: str = "UNKNOWN"
    light_stop_age_s: float | None = None
    camera: str = ""
    filter: str = ""
    airmass: float | None = None
    level_fraction: float | None = None
    predicted_fraction: float | None = None
    good: int = 0
    wanted: int = 0
    next_dit_s: float | None = None
    reduction_lag: int = 0
    disk_free_mb: float | None = None
    disk_needed_mb: float | None = None
    alarms: list[str] = []
