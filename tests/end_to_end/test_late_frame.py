"""The frame of an exposure whose detector fell silent: it is stored when it comes, and nobody calls it good."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, ClassVar

import zmq
import zmq.asyncio
from astropy.io import fits

from tests.end_to_end import rig


class DeafSocket(zmq.asyncio.Socket):
    """Of one `expose` of the run, the one of this `index`, every answer is lost: acknowledgement, progress, end."""

    exposures: ClassVar[list[str]] = []
    index: ClassVar[int] = 1

    def send(self, data: Any, flags: int = 0, copy: bool = True, track: bool = False, **more: Any) -> Any:
        if b'"cmd":"expose"' in bytes(data) and (number := json.loads(data)["id"]) not in self.exposures:
            self.exposures.append(number)
        return super().send(data, flags, copy, track, **more)

    def send_multipart(
        self, msg_parts: Any, flags: int = 0, copy: bool = True, track: Any = False, **more: Any
    ) -> Any:
        of_it = self.exposures[self.index : self.index + 1]
        lost = bool(of_it) and f'"id":"{of_it[0]}"'.encode() in bytes(msg_parts[1])
        if self.type == zmq.ROUTER and lost:
            gone: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            gone.set_exception(zmq.Again())
            return gone
        return super().send_multipart(msg_parts, flags, copy, track, **more)


class DeafContext(zmq.asyncio.Context):
    """Context of such sockets."""

    _socket_class = DeafSocket


def test_a_late_frame_of_a_planned_exposure_is_stored(tmp_path: Path) -> None:
    DeafSocket.exposures.clear()
    DeafSocket.index = 1
    darks = {"DET1.DIT": 2.0, "SEQ.NEXPO1": 3, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_Dark", darks))
    ran = rig.run(tmp_path, ob, context=DeafContext)
    assert (ran.result.outcome, ran.result.exit_code) == ("failed", 1)
    assert [(frame["verdict"], frame["good"]) for frame in ran.of("frame")] == [("good", 1), ("unstable", 1)]
    late = ran.of("frame")[1]
    assert late["exposure"] == ran.of("exposure")[1]["exposure"]
    assert "late" in late["reason"]
    assert fits.getheader(ran.result.run_dir / "raw" / late["file"])["ESO SEQ VERDICT"] == "unstable"
    assert not (ran.result.run_dir / "unplanned").exists()


def test_a_late_frame_off_the_record_is_nobodys_loss(tmp_path: Path) -> None:
    """A probe is for its level alone: nobody is sent to the disk because of it, and the detector may forget it."""
    DeafSocket.exposures.clear()
    DeafSocket.index = 0
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", rig.FLATS)), context=DeafContext)
    assert (ran.result.outcome, ran.result.exit_code) == ("failed", 1)
    assert [exposure["kind"] for exposure in ran.of("exposure")] == ["probe"]
    (alarm,) = ran.of("alarm")
    assert "does not answer to 'expose'" in alarm["what"]
