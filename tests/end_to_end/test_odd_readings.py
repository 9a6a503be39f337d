"""What a telescope says in its own way, or not at all, costs no flat: angles in another turn, a broken thermometer."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from astropy.io import fits

from sequencer.clock import parse_utc
from sequencer.devices.telescope import Pointing
from simulators.devices.telescope import SimulatedTelescope
from tests.end_to_end import rig

BREAKS_S = parse_utc("2027-03-20T23:05:00")


class OddTelescope(SimulatedTelescope):
    """A mount that counts azimuth from -180 to 180 deg and RA below zero; its thermometer breaks in the evening."""

    async def read_pointing(self) -> Pointing:
        found = await super().read_pointing()
        broken = self.clock.now() > BREAKS_S
        return found._replace(
            azimuth_deg=(found.azimuth_deg + 180.0) % 360.0 - 180.0,
            ra_deg=found.ra_deg - 360.0,
            ambient_k=math.nan if broken else found.ambient_k,
        )


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> rig.Ran:
    folder = tmp_path_factory.mktemp("odd")
    parameters = {"SEQ.DIT.FILT.LIST": ["V"], "SEQ.MODE": "LEVEL", "SEQ.NEXPO": 2, "SEQ.TWILIGHT": "EVENING"}
    ob = rig.write_ob(
        folder, ("OPTICAM_TwilightFlat", parameters | {"SEQ.DARK": False}), instrument="OPTICAM"
    )
    return rig.run(folder, ob, "opticam-sim", hardware={"telescope": OddTelescope})


def headers(ran: rig.Ran) -> list[fits.Header]:
    raw: Path = ran.result.run_dir / "raw"
    return [fits.getheader(raw / frame["file"]) for frame in ran.of("frame")]


def test_every_flat_is_taken(ran: rig.Ran) -> None:
    assert (ran.result.outcome, ran.result.exit_code, ran.of("alarm")) == ("completed", 0, [])
    assert [frame["verdict"] for frame in ran.of("frame")] == ["good", "good"]


def test_angles_are_in_the_header_as_everybody_writes_them(ran: rig.Ran) -> None:
    (preset,) = (
        data["args"] for data in ran.of("step") if data["cmd"] == "preset" and "azimuth_deg" in data["args"]
    )
    assert preset["azimuth_deg"] > 180.0, "else the mount's way of counting is not tried"
    assert headers(ran)[0]["ESO TEL AZ"] == pytest.approx(preset["azimuth_deg"], abs=0.2)
    assert all(0.0 <= header["RA"] < 360.0 for header in headers(ran))


def test_the_card_of_the_broken_thermometer_is_left_out_and_it_is_said_once(ran: rig.Ran) -> None:
    assert all("ESO TEL AMBI TEMP" not in header for header in headers(ran))
    (told,) = (note["text"] for note in ran.of("note") if note.get("warning"))
    assert "telescope gives no number for ambient_k" in told
