"""A block whose frames would lack a card the pipeline needs is refused before anything moves: which card, and whose."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sequencer.config.search import packaged_folder
from sequencer.engine.request import BadInput
from tests.end_to_end import rig

DARK = ("MegaraDarkImage", {"EXPTIME": 600.0, "NEXPO": 1, "VPH": "LR-U", "INSMODE": "LCB"})


def test_nothing_moves_for_a_frame_that_lacks_a_required_card(tmp_path: Path) -> None:
    instrument = yaml.safe_load((packaged_folder("instruments") / "megara.yaml").read_text())
    deployment = yaml.safe_load((packaged_folder("deployments") / "megara-sim.yaml").read_text())
    del instrument["header"]["INSCONF"]
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(instrument))
    (tmp_path / "here.yaml").write_text(
        yaml.safe_dump({**deployment, "instrument": str(tmp_path / "own.yaml")})
    )
    ob = rig.write_ob(tmp_path, DARK, instrument="MEGARA")
    with pytest.raises(BadInput, match=r"ob\.yaml:5: .*INSCONF \(from the instrument file\)"):
        rig.run(tmp_path, ob, str(tmp_path / "here.yaml"), window_px=None)
    assert not (tmp_path / "runs").exists()
