"""A run whose frames would lack a card the pipeline needs exposes nothing and says which, and whose."""

from __future__ import annotations

from pathlib import Path

import yaml

from sequencer.config.search import packaged_folder
from tests.end_to_end import rig

DARK = ("MegaraDarkImage", {"EXPTIME": 600.0, "NEXPO": 1, "VPH": "LR-U", "INSMODE": "LCB"})


def test_no_shutter_opens_for_a_frame_that_lacks_a_required_card(tmp_path: Path) -> None:
    instrument = yaml.safe_load((packaged_folder("instruments") / "megara.yaml").read_text())
    deployment = yaml.safe_load((packaged_folder("deployments") / "megara-sim.yaml").read_text())
    del instrument["header"]["INSCONF"]
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(instrument))
    (tmp_path / "here.yaml").write_text(
        yaml.safe_dump({**deployment, "instrument": str(tmp_path / "own.yaml")})
    )
    ob = rig.write_ob(tmp_path, DARK, instrument="MEGARA")
    ran = rig.run(tmp_path, ob, str(tmp_path / "here.yaml"), window_px=None)
    assert ran.result.outcome == "failed"
    assert any("INSCONF (from the instrument file)" in alarm["what"] for alarm in ran.of("alarm"))
    assert ran.of("exposure") == []
    assert list((ran.result.run_dir / "raw").iterdir()) == []
