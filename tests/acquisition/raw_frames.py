"""Raw frames of one run an instrument, and of a script on METIS, shared by the tests that read headers."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from astropy.io import fits

from sequencer.acquisition.dictionary import Dictionary
from sequencer.config.keywords import load_keywords
from sequencer.engine.request import Nobody
from sequencer.engine.script import run_script
from tests.end_to_end import rig

BYTES = {"SIMPLE", "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "EXTEND", "PCOUNT", "GCOUNT", "BZERO",
         "BSCALE", "CHECKSUM", "DATASUM"}  # fmt: skip
FLATS = {**rig.FLATS, "SEQ.CAMERA": ["LM", "N"], "SEQ.DIT.FILT.LIST": ["Lp", "N1"], "SEQ.NEXPO": 1}
METIS_CALLS = [
    ("METIS_all_cal_TwilightFlat", FLATS),
    ("METIS_all_cal_Dark", {"DET1.DIT": 0.2, "DET2.DIT": 0.02, "DET3.DIT": 1.3}),
    ("METIS_gen_cal_InsDark", {"DET1.DIT": 0.2, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}),
]
MEGARA_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("MegaraBiasImage", {"NEXPO": 1}),
    ("MegaraDarkImage", {"EXPTIME": 600.0, "NEXPO": 1, "VPH": "LR-U", "INSMODE": "LCB"}),
]
OPTICAM_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("OPTICAM_TwilightFlat", {"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 2, "SEQ.DARK.NEXPO": 1}),
]
ELSEWHERE = {"name": "NGC 253", "ra": "00:47:33.12", "dec": "-25:17:17.6"}
"""A target to which flats never go."""
DUSK = "2027-03-20T23:20:00"
TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "3-first-script.md"
BEFORE = """\
    await metis.sources.switch("laser1", False)
    for detector in metis.detectors.values():
        await detector.expose(1.3, n=2, dpr_catg="CALIB", dpr_type="DARK,WCUOFF")
"""
AFTER = """\
    await metis.detectors["LM"].expose(0.04)
"""


def tutorial(word: str, deployment: Path) -> str:
    """The first script of the tutorial in which a word stands, on another deployment."""
    scripts = re.findall("```python\n(.*?)```", TUTORIAL.read_text(), re.DOTALL)
    script: str = next(text for text in scripts if word in text)
    return script.replace("metis-sim", str(deployment))


@dataclass(frozen=True)
class Frame:
    """A raw file and its headers as astropy reads them, checksums verified."""

    path: Path
    headers: list[dict[str, Any]]

    @property
    def primary(self) -> dict[str, Any]:
        return self.headers[0]


def frames_of(run_dir: Path) -> list[Frame]:
    """Frames of a run, in the order they were taken."""
    found = []
    for path in sorted((run_dir / "raw").iterdir()):
        with fits.open(path, checksum=True) as hdus:
            found.append(
                Frame(path, [{k: v for k, v in hdu.header.items() if k not in BYTES} for hdu in hdus])
            )
    return found


@functools.cache
def dictionary(name: str) -> Dictionary:
    """The packaged dictionary of an instrument."""
    return Dictionary(load_keywords(name))


def run_metis(folder: Path) -> list[Frame]:
    """Twilight flats of both imagers, darks of all three detectors, an instrument dark."""
    ob = rig.write_ob(folder, *METIS_CALLS)
    ob.write_text(yaml.safe_dump({**yaml.safe_load(ob.read_text()), "target": ELSEWHERE}))
    return _completed(rig.run(folder, ob, start_s=rig.at("2027-03-20T09:24:00")))


def run_megara(folder: Path) -> list[Frame]:
    """A bias and a dark."""
    ob = rig.write_ob(folder, *MEGARA_CALLS, instrument="MEGARA")
    return _completed(rig.run(folder, ob, "megara-sim", window_px=None))


def run_opticam(folder: Path, **said: object) -> list[Frame]:
    """Flats of a tracked field at dusk and their darks; `said` is what the block says beside its templates."""
    ob = rig.write_ob(folder, *OPTICAM_CALLS, instrument="OPTICAM")
    ob.write_text(yaml.safe_dump({**yaml.safe_load(ob.read_text()), **said}))
    return _completed(rig.run(folder, ob, "opticam-sim", start_s=rig.at(DUSK)))


def run_ladder(folder: Path) -> list[Frame]:
    """What the tutorial's script takes: linearity ladders on all three detectors, behind closed filters and open ones;
    before them frames without the lamp, and at the end one that says nothing of itself."""
    deployment = rig.write_deployment(folder, lambda name: f"inproc://{name}", window_px=(128, 128))
    script = folder / "ladder.py"
    before, switch, after = tutorial("DITS_S", deployment).partition('    await metis.sources.switch("bb"')
    script.write_text(before + BEFORE + switch + after + AFTER)
    result = run_script(script, str(deployment), folder / "runs", Nobody(), clock_spec="virtual")
    assert result.outcome == "completed"
    return frames_of(result.run_dir)


def _completed(ran: rig.Ran) -> list[Frame]:
    assert ran.result.outcome == "completed"
    return frames_of(ran.result.run_dir)
