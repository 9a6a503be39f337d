"""A made-up night in a real journal with real FITS files: 2 filters x 3 airmasses, a ladder, darks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from astropy.io import fits

from sequencer.clock import parse_utc
from sequencer.engine.journal import Journal, Record, read_journal

START_S = parse_utc("2027-03-20T09:31:00")
RUN = "20270320T093100-metis"
LADDER = {
    "illumination": [0.05, 0.1, 0.2, 0.3, 0.05, 0.1, 0.2, 0.3],
    "level_e": [9970.0, 19880.0, 39500.0, 58800.0, 9975.0, 19870.0, 39510.0, 58790.0],
    "linear_e": [10000.0, 20000.0, 40000.0, 60000.0, 10000.0, 20000.0, 40000.0, 60000.0],
}


class Night:
    """Writes a run of a made-up METIS into a folder, record by record, ten seconds apart."""

    def __init__(self, folder: Path) -> None:
        self.run_dir = folder / RUN
        (self.run_dir / "products").mkdir(parents=True)
        self.time_s = START_S
        self.count = 0
        self.journal = Journal(self.run_dir / "journal.sqlite")

    def log(self, kind: str, /, **data: object) -> Record:
        return self.journal.write(self.time_s, kind, data)

    def start(self) -> None:
        self.log(
            "run_started", run=RUN, ob="L-band twilight flats", instrument="METIS", programme="60.A-9999(A)",
            deployment="metis-sim", clock="virtual", seed=1, started="2027-03-20T09:31:00.000",
            templates=["METIS_all_cal_TwilightFlat"], disk_needed_mb=70.0,
        )  # fmt: skip
        self.log("ob_state", state="Running", reason="")
        self.log("template_started", index=0, name="METIS_all_cal_TwilightFlat", procedure="twilight_flat",
                 parameters={"SEQ.NEXPO": 4})  # fmt: skip

    def plan(self, rows: list[dict[str, object]]) -> None:
        self.log("plan", rows=rows, window={"start_s": START_S, "end_s": START_S + 3000}, needed_s=1200.0,
                 warnings=["Mp is above the target at the minimum DIT"])  # fmt: skip

    def step(self, device: str, cmd: str, seconds: float, **args: object) -> None:
        self.count += 1
        self.log("step", n=self.count, device=device, cmd=cmd, args=args)
        self.time_s += seconds
        self.log("step_done", n=self.count, outcome="done", seconds=seconds, result={})

    def frame(self, **changes: object) -> Record:
        self.count += 1
        start_s, self.time_s = self.time_s, self.time_s + 10.0
        altitude = -17.0 + (start_s - START_S) / 300.0
        data: dict[str, object] = {
            "exposure": f"{RUN}/0/{self.count}/LM", "template": 0, "file": f"METIS.{self.count:04d}.fits",
            "detector": "LM", "camera": "LM", "filter": "Lp", "airmass": 1.99, "dit_s": 0.188, "ndit": 5,
            "mode": "fast", "kind": "flat", "level_e": 49800.0, "level_fraction": 0.498,
            "predicted_fraction": 0.501, "p99_fraction": 0.52, "verdict": "good", "reason": "", "good": 12,
            "wanted": 30, "start_s": start_s, "end_s": start_s + 2.0, "sun_altitude_deg": altitude,
            "sha256": f"{self.count:064x}", "size_bytes": 2880,
        }  # fmt: skip
        return self.log("frame", **(data | changes))

    def product(self, name: str, category: str, flag: str, reasons: list[str], inputs: list[str]) -> None:
        rng = np.random.default_rng(len(name))
        y, x = np.mgrid[0:96, 0:96]
        image = 1.0 - 0.2 * ((x - 48) ** 2 + (y - 48) ** 2) / 4608 + 0.01 * rng.standard_normal((96, 96))
        image[5, 7] = np.nan
        units = fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(image.astype("f4"), name="DET1.SCI"),
                              fits.ImageHDU(np.full((96, 96), 0.01, "f4"), name="DET1.ERR")])  # fmt: skip
        units.writeto(self.run_dir / "products" / f"{name}.fits")
        record = {"ladder": LADDER} if category == "LINEARITY" else {}
        (self.run_dir / "products" / f"{name}.json").write_text(json.dumps(record))
        self.log("product", file=f"products/{name}.fits", category=category, recipe="flat", inputs=inputs,
                 qa={"flag": flag, "reasons": reasons}, log=f"products/{name}.log",
                 record=f"products/{name}.json")  # fmt: skip

    def end(self, outcome: str = "completed") -> None:
        self.log("template_done", index=0, name="METIS_all_cal_TwilightFlat", outcome=outcome)
        for device in ("telescope", "mechanisms", "LM"):
            self.log("safe_state", device=device, reached=True, seconds=1.5)
        self.log("run_done", outcome=outcome, reason="", ended="2027-03-20T10:10:00.000")

    def records(self) -> list[Record]:
        return read_journal(self.run_dir / "journal.sqlite")


def whole_night(folder: Path) -> Night:
    """A complete run: plan, flats with one bad frame, ladder, darks, products, an alarm, safe state."""
    night = Night(folder)
    night.start()
    groups = [(name, airmass) for name in ("Lp", "short-L") for airmass in (1.0, 1.99, 2.5)]
    night.plan([
        {"camera": "LM", "filter": name, "airmass": airmass, "requested_airmass": airmass, "dit_s": 0.188,
         "ndit": 5, "n": 4, "predicted_fraction": 0.4 + 0.04 * airmass, "kind": "flat", "note": ""}
        for name, airmass in groups
    ])  # fmt: skip
    night.step("mechanisms", "move", 8.0, positions={"INS.OPTI1.NAME": "DARK"})
    for name, airmass in groups:
        night.step("telescope", "preset", 35.0, altitude_deg=41.8, azimuth_deg=270.0)
        night.log("light_stop", position="OPEN", role="shutter")
        for i in range(4):
            level = 0.4 + 0.04 * airmass + 0.004 * i
            bad = (name, airmass, i) == ("Lp", 2.5, 2)
            night.frame(
                filter=name, airmass=airmass, level_fraction=0.3 if bad else level, level_e=1e5 * level,
                predicted_fraction=0.4 + 0.04 * airmass, good=i + 1, wanted=4,
                verdict="cloudy" if bad else "good", reason="40% below the prediction" if bad else "",
            )  # fmt: skip
        night.log("light_stop", position="CLOSED", role="shutter")
    for dit_s in (0.04, 0.12, 0.3):
        night.frame(kind="ladder", dit_s=dit_s, level_fraction=2.5 * dit_s, predicted_fraction=2.5 * dit_s)
    night.time_s += 300.0
    for _ in range(5):
        night.frame(kind="dark", filter="", airmass=None, level_fraction=0.0002, level_e=20.0,
                    predicted_fraction=None)  # fmt: skip
    night.log("alarm", what="reduction stage died", so_what="products come late, no frame is lost",
              what_to_do="nothing now; `sequencer reduce` afterwards")  # fmt: skip
    rates = {"LM": {"Lp": {"throughput": 1.234, "sigma": 0.004, "frames": 12}}}
    night.log("learned", rates=rates)
    night.log("note", text="thin cirrus <west>", by="observer")
    night.product(
        "MASTER_DARK_LM_0.188s", "MASTER_IMG_DARK", "PARTIAL", ["simulated", "8 frames"], ["METIS.0030.fits"]
    )
    night.product("MASTER_FLAT_LM_Lp", "MASTER_IMG_FLAT", "GOOD", ["10 frames each"], ["METIS.0003.fits"])
    night.product("LINEARITY_LM_Lp", "LINEARITY", "BAD", ["drift not taken out"], ["METIS.0031.fits"])
    night.end()
    return night
