"""The how-to's thirty lines, run as they stand."""

import math
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/how-to/twilight-controller-in-your-program.md"


class Observatory:
    """Clock and camera in one: a sky that fades by e in 250 s, read out in 5 s."""

    def __init__(self) -> None:
        self.time_s = 0.0

    def now(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        self.time_s += seconds

    def expose(self, dit_s: float) -> tuple[float, float]:
        start_s = self.time_s + 5.0
        self.time_s = start_s + dit_s
        collected = 2e5 * 250.0 * math.exp(-start_s / 250.0) * -math.expm1(-dit_s / 250.0)
        return start_s, min(collected, 1e5)


def test_the_thirty_lines_of_the_how_to_take_flats() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(code.splitlines()) <= 32
    namespace: dict[str, object] = {}
    exec(compile(code, str(PAGE), "exec"), namespace)
    for guess_e_s in (5e4, 2e5, 8e5):
        here = Observatory()
        flats, why = namespace["twilight_flats"](here, here, lambda time_s: -6.0, 20, guess_e_s)  # type: ignore[operator]
        assert (len(flats), why) == (20, "enough")
        assert all(abs(level_e / 5e4 - 1.0) <= 0.1 for _, _, level_e in flats)
