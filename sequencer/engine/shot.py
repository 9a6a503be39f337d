"""One exposure as a template asks for it."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Shot:
    """What to expose on one camera, and how it will be judged and labelled.

    `kind` is flat, ladder, dark or bias. Levels are fractions of full well; `predicted_fraction` is what the rate
    model expects, `level_target` what the template wants. `i` of `n` counts within the series, of which `good` are
    good so far, `number` of `total` within the template. `floor_e_s` is the predicted light beside the twilight (None:
    there is no twilight). `settle` is DETn.NSETTLE (None: the detector's own figure).
    """

    camera: str
    kind: str
    filter: str
    dit_s: float
    ndit: int
    mode: str
    dpr_catg: str = "CALIB"
    dpr_type: str = "DARK"
    dpr_tech: str = "IMAGE"
    sequence_mode: str = ""
    predicted_fraction: float = 0.0
    level_target: float = 0.0
    level_number: int = 0
    ladder_pass: int = 0
    airmass_level: float = 0.0
    on_sky: bool = False
    floor_e_s: float | None = None
    settle: int | None = None
    i: int = 1
    n: int = 1
    good: int = 0
    exposure: str = ""
    number: int = 1
    total: int = 1


@dataclass
class Tally:
    """The exposures of one template: how many were begun, and how many there will be as far as is foreseen."""

    begun: int = 0
    foreseen: int = 0

    def announce(self, n: int) -> None:
        """So many more will follow."""
        self.foreseen = self.begun + n

    def numbered(self, shot: Shot) -> Shot:
        """The next exposure, with its number; what was begun counts, also when no frame comes of it."""
        self.begun += 1
        self.foreseen = max(self.foreseen, self.begun)
        return replace(shot, number=self.begun, total=self.foreseen)
