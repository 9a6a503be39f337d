"""A folder as a user has it: a small deployment, a block and a script."""

from __future__ import annotations

from pathlib import Path

DEPLOYMENT = """\
name: tiny
instrument: metis
start: "2027-03-20T09:25:00"
window_px: [96, 96]
devices:
  telescope: {kind: telescope, endpoint: "tcp://127.0.0.1:21910"}
  mechanisms: {kind: mechanisms, endpoint: "tcp://127.0.0.1:21911"}
  sources: {kind: sources, endpoint: "tcp://127.0.0.1:21912"}
  site: {kind: site, endpoint: "tcp://127.0.0.1:21913"}
  detector_lm: {kind: detector, endpoint: "tcp://127.0.0.1:21914", camera: LM}
  detector_n: {kind: detector, endpoint: "tcp://127.0.0.1:21915", camera: N}
  detector_ifu: {kind: detector, endpoint: "tcp://127.0.0.1:21916", camera: IFU}
"""
OB = """\
name: tiny flats
instrument: METIS
programme: 60.A-9999(A)
templates:
  - template: METIS_all_cal_TwilightFlat
    parameters:
      SEQ.CAMERA: [LM]
      SEQ.DIT.FILT.LIST: [Lp]
      SEQ.AIRMASS.LIST: [1.0, 2.0]
      SEQ.NEXPO: 3
      SEQ.LEVEL.LIST: [0.3, 0.5, 0.7]
      SEQ.DARK.NEXPO: 3
"""
SCRIPT = """\
import sequencer

async with sequencer.connect("tiny") as metis:
    await metis.mechanisms.move({"INS.OPTI10.NAME": "Lp"})
    frame, = await metis.detectors["LM"].expose(dit_s=0.2, ndit=2, n=1)
    print("stored", frame.file.name)
"""


def prepare(folder: Path) -> Path:
    for name, content in (("tiny.yaml", DEPLOYMENT), ("ob.yaml", OB), ("one.py", SCRIPT)):
        (folder / name).write_text(content)
    return folder
