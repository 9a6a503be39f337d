"""A small night with known truth: frames of a made-up METIS as FITS files, written by astropy.

Independent of the simulators: light -> response and vignetting -> interpixel capacitance -> non-linearity
-> shot and read noise averaged over NDIT -> ADU.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from astropy.io import fits
from scipy.ndimage import convolve

from sequencer.config.models import Chip, DetectorConfig, Instrument, ReadoutMode, TelescopeConfig
from sequencer.reduction import ProductRecord, reduce_run

START_S = datetime(2027, 3, 20, 9, 30, tzinfo=UTC).timestamp()
SIZE = 128


def instrument(
    k: float = 0.03, size: int = SIZE, bias_adu: float = 0.0, ipc: tuple[float, float] = (0.02, 0.002)
) -> Instrument:
    """LM with figures of METIS on a small chip, and a four-chip IFU."""
    fast = ReadoutMode(0.04, 3600, 1e5, 4.0, 70.0, 0.05, 1.0, bias_adu=bias_adu)
    modes = {"fast": fast, "slow": fast}
    lm = DetectorConfig(1, "LM", "2RG", [Chip("DET1.DATA", (4, 4, 4, 4))], (size, size), 5.47, modes, "fast",
                        nonlinearity_k=k, ipc_edge=ipc[0], ipc_corner=ipc[1])  # fmt: skip
    nominal = ReadoutMode(1.3, 3600, 1e5, 2.0, 70.0, 0.1, 2.3)
    chips = [Chip(f"DET{i}.DATA", (2, 0, 2, 4)) for i in range(1, 5)]
    ifu = DetectorConfig(3, "IFU", "IFU", chips, (size, size), 8.2, {"nominal": nominal}, "nominal")
    return Instrument("METIS", TelescopeConfig("ELT", (20, 88)), "armazones", {"LM": lm, "IFU": ifu})


@dataclass
class Night:
    """A detector under a drifting sky; `rng` is keyed by the seed, frames get names in the order they are
    taken. They are the whole detector, or its middle if it has `detector_px` rows and columns.
    """

    run_dir: Path
    seed: int = 1
    size: int = SIZE
    k: float = 0.03
    drift_per_hour: float = 0.0
    sky_noise: float = 0.0
    additive: float = 0.0
    bias_adu: float = 0.0
    floor_e_s: float = 0.0
    ipc: tuple[float, float] = (0.02, 0.002)
    detector_px: int = 0
    frames: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.run_dir / "raw").mkdir(parents=True, exist_ok=True)
        self.rng = np.random.default_rng(self.seed)
        y, x = np.mgrid[-1 : 1 : self.size * 1j, -1 : 1 : self.size * 1j]
        self.response = (1.0 + 0.01 * self.rng.standard_normal((self.size, self.size))) * (
            1 - 0.03 * (x**2 + y**2)
        )
        self.dead = np.zeros(self.response.shape, bool)
        self.dead[self.size // 3, self.size // 2] = self.dead[self.size // 2, 20] = True
        self.response[self.dead] = 0.1
        self.dark_e_s = np.full(self.response.shape, 0.05)
        self.hot = np.zeros(self.response.shape, bool)
        self.hot[30, 31] = self.hot[self.size * 2 // 3, 12] = True
        self.dark_e_s[self.hot] = 5000.0
        edge, corner = self.ipc
        centre = 1 - 4 * edge - 4 * corner
        self.kernel = np.array([[corner, edge, corner], [edge, centre, edge], [corner, edge, corner]])
        border = np.zeros(self.response.shape, bool)
        border[4:-4, 4:-4] = True
        self.lit = border
        self.light = np.where(border, self.response, 0.0)
        self.time_s = START_S
        self._walk = 0.0

    @property
    def truth(self) -> np.ndarray:
        """Noise-free response with interpixel capacitance, normalised to the median of lit pixels."""
        expected = convolve(self.light, self.kernel, mode="nearest")
        return expected / np.median(expected[self.lit])

    @property
    def brimming_e(self) -> float:
        """Charge that reads as the full well of 1e5 e-: S (1 - k S / W) = W."""
        return 1e5 * (1 - np.sqrt(1 - 4 * self.k)) / (2 * self.k) if self.k else 1e5

    def expose(self, rate_e_s: float, dit_s: float, ndit: int = 1, **cards: object) -> Path:
        """One frame of the light `rate_e_s` (e-/s at response 1); `cards` are keywords with blanks as
        underscores.
        """
        passed = 2.0 + dit_s * ndit
        self.time_s += passed
        self._walk += self.sky_noise * np.sqrt(passed / 300.0) * self.rng.standard_normal()
        drift = 1.0 + self.drift_per_hour * (self.time_s - START_S) / 3600.0 + self._walk
        signal = self.light * rate_e_s * drift * dit_s + self.additive * dit_s * rate_e_s * self._ghost()
        signal = signal + self.floor_e_s * dit_s * self._floor_light() + self.dark_e_s * dit_s
        mean = convolve(signal, self.kernel, mode="nearest")
        shot = np.sqrt(np.maximum(signal, 0.0) / ndit) * self.rng.standard_normal(signal.shape)
        electrons = mean + convolve(shot, self.kernel, mode="nearest")
        electrons = np.minimum(electrons, self.brimming_e)
        electrons = electrons * (1 - self.k * electrons / 1e5)
        electrons += 70.0 / np.sqrt(ndit) * self.rng.standard_normal(signal.shape)
        return self.write([electrons / 4.0 + self.bias_adu], dit_s, ndit, **cards)

    def _floor_light(self) -> np.ndarray:
        """The thermal floor's light: what the sky lights, with a tilt of 10 %."""
        return self.light * (1.0 + 0.05 * np.linspace(-1.0, 1.0, self.size)[None, :])

    def _ghost(self) -> np.ndarray:
        x = np.linspace(-1.0, 1.0, self.size)[None, :]
        return np.where(self.lit, x, 0.0) + 1.0

    def write(self, chips: list[np.ndarray], dit_s: float, ndit: int, **cards: object) -> Path:
        """The FITS file of one frame with the keywords acquisition writes; None leaves one out."""
        stamp = datetime.fromtimestamp(self.time_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        header = fits.Header()
        first = 1 + (max(self.detector_px, self.size) - self.size) // 2
        own = {
            "INSTRUME": "METIS", "DATE-OBS": stamp, "ESO DPR TYPE": "FLAT,TWILIGHT", "ESO DET ID": "2RG",
            "ESO DET DIT": dit_s, "ESO DET NDIT": ndit, "ESO DET NCORRS NAME": "fast", "ESO OBS TPLNO": 1,
            "ESO TPL ID": "METIS_all_cal_TwilightFlat", "ESO GEN SIM": True, "EXPTIME": dit_s,
            "ESO DET WIN STRX": first, "ESO DET WIN STRY": first, "ESO DET BINX": 1, "ESO DET BINY": 1,
            "ESO DET WIN NX": chips[0].shape[1], "ESO DET WIN NY": chips[0].shape[0], "ESO DET CHIP TEMP": 40.0,
            "ESO DRS FILTER": "Lp", "ESO DRS NDFILTER": "OPEN", "ESO DRS PUPIL": "OUT",
            "ESO DRS MASK": "PPS-CFO1,FIELD-11,SPM-LM",
        }  # fmt: skip
        index, gain_e_adu = {"2RG": (1, 4.0), "IFU": (3, 2.0)}.get(str(cards.get("DET_ID", "2RG")), (1, 4.0))
        own |= {f"ESO {key.replace('_', ' ')}": value for key, value in cards.items()}
        for key, value in own.items():
            if value is None:
                continue
            header[f"HIERARCH {key}" if key.startswith("ESO") else key] = value
        units = [fits.PrimaryHDU(header=header)]
        for number, chip in enumerate(chips, 1):
            units.append(fits.ImageHDU(chip.astype(np.float32), name=f"DET{number}.DATA"))
            units[-1].header[f"HIERARCH ESO DET{index} CHIP GAIN"] = gain_e_adu
        path = self.run_dir / "raw" / f"METIS.{stamp}.fits"
        fits.HDUList(units).writeto(path, checksum=True)
        self.frames.append(path)
        return path

    def flats(
        self, rates: list[float], dit_s: float = 0.2, n: int = 10, ndit: int = 1, name: str = "Lp"
    ) -> None:
        """A series a rate, as at different airmasses."""
        for number, rate in enumerate(rates):
            for _ in range(n):
                self.expose(
                    rate,
                    dit_s,
                    ndit,
                    DRS_FILTER=name,
                    SEQ_KIND="flat",
                    SEQ_MODE="FIXED",
                    SEQ_AIRMASS=1.0 + 0.5 * number,
                    SEQ_LEVELNO=number,
                    SEQ_VERDICT="good",
                )

    def fading(
        self, floor_e_s: float, sky_e_s: float = 2.5e5, fade: float = 0.95, n: int = 60
    ) -> list[float]:
        """A constant level of half the full well in a fading sky over a floor, DITs from a list; the DITs used.

        The list's steps are 25 %; the header tells the floor, as the controller predicts it.
        """
        self.floor_e_s, used = floor_e_s, []
        steps = 0.15 * 1.25 ** np.arange(16)
        for number in range(n):
            rate = sky_e_s * fade**number
            dit_s = round(float(steps[np.abs(steps - 5e4 / (rate + floor_e_s)).argmin()]), 4)
            self.expose(rate, dit_s, DRS_FILTER="V", SEQ_KIND="flat", SEQ_MODE="LEVEL", SEQ_AIRMASS=1.0,
                        SEQ_LEVELNO=1, SEQ_VERDICT="good", SEQ_FLOOR=1.2 * floor_e_s)  # fmt: skip
            used.append(dit_s)
        self.floor_e_s = 0.0
        return sorted(set(used))

    def ladder(
        self, rate: float, dits: list[float], n: int = 5, ndit: int = 1, name: str = "Lp"
    ) -> list[Path]:
        """Passes of alternating direction through the DITs."""
        taken = []
        for number in range(n):
            for rung in range(len(dits)) if number % 2 == 0 else reversed(range(len(dits))):
                taken.append(self.expose(rate, dits[rung], ndit, DRS_FILTER=name, SEQ_KIND="ladder",
                SEQ_LEVELNO=rung,
                                         SEQ_PASS=number, SEQ_VERDICT="good"))  # fmt: skip
        return taken

    def darks(self, dit_s: float, n: int = 10, ndit: int = 1, **cards: object) -> None:
        """Closed frames."""
        for _ in range(n):
            self.expose(
                0.0, dit_s, ndit, **{"DPR_TYPE": "DARK", "SEQ_KIND": "dark", "SEQ_VERDICT": "good", **cards}
            )

    def key(self) -> int:
        """A number of all raw bytes."""
        return zlib.crc32(b"".join(path.read_bytes() for path in sorted(self.frames)))


def reduced(night: Night, config: Instrument | None = None) -> dict[str, ProductRecord]:
    """Products of the frames a night has so far, by file."""
    found = reduce_run(night.run_dir, config or instrument(size=night.size))
    return {record.file: record for record in found}
