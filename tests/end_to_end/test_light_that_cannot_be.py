"""Light in closed darks, and frames that are of no light at all: marked, told, not counted; the next one is taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from astropy.io import fits

from sequencer.clock import parse_utc
from sequencer.engine.context import RunContext
from simulators.detector import faults
from simulators.devices.detector import SimulatedDetector
from simulators.start import Simulation
from tests.end_to_end import rig

DARK = ("OPTICAM_Dark", {"DET1.DIT": 1.0, "SEQ.NEXPO1": 3})
SKY = (
    "OPTICAM_TwilightFlat",
    {
        "SEQ.MODE": "LEVEL",
        "SEQ.DIT.FILT.LIST": ["V"],
        "SEQ.NEXPO": 3,
        "SEQ.TWILIGHT": "EVENING",
        "SEQ.DARK": False,
    },
)
HALF_WELL_E = 49600.0
FROM_THE_START_S = parse_utc("2027-03-20T00:00:00")


def spoiling(*numbers: int, fault: faults.Fault, device: str = "detector") -> Callable[[Simulation], None]:
    """The frames of these numbers (from 1, in order of delivery) come spoilt."""

    def spoil(simulation: Simulation) -> None:
        server = simulation.servers[device]
        assert isinstance(server, SimulatedDetector)
        server.fault = lambda n: fault if n in numbers else None

    return spoil


def opticam(folder: Path, *calls: tuple[str, dict[str, Any]], **how: Any) -> rig.Ran:
    return rig.run(folder, rig.write_ob(folder, *calls, instrument="OPTICAM"), "opticam-sim", **how)


def letter(ran: rig.Ran) -> str:
    return str(ran.of("block_status")[-1]["status"])


def test_light_in_every_dark_is_no_dark_though_all_reads_back_closed(tmp_path: Path) -> None:
    """B05: half a full well in every frame of a closed camera."""

    def leaking(simulation: Simulation) -> None:
        simulation.world.leak("CCD", FROM_THE_START_S, HALF_WELL_E)

    ran = opticam(tmp_path, DARK, spoil=leaking)
    assert (ran.result.outcome, ran.result.exit_code, letter(ran)) == ("failed", 1, "A")
    frames = ran.of("frame")
    assert [(frame["verdict"], frame["good"]) for frame in frames] == [("high", 0)] * 3
    assert all(frame["light_stops"] == {"shutter": "CLOSED", "cover": "CLOSED"} for frame in frames)
    for frame in frames:
        assert fits.getheader(ran.result.run_dir / "raw" / frame["file"])["ESO SEQ VERDICT"] == "high"
    told = [alarm["what"] for alarm in ran.of("alarm")]
    assert "dark of 1 s: the level is 4.887e+04 e-" in told[0]
    assert "light, persistence, or a zero that is off" in told[0]
    assert "CCD: too many darks in a row were none" in told[-1]
    assert ran.of("product") == []


def test_light_that_comes_on_between_two_darks_is_seen_though_the_dark_current_may_be_as_high(
    tmp_path: Path,
) -> None:
    """1600 e- on top of 2000 e- of dark current: no more than a warm detector, but not from one frame to the next."""
    simulations: list[Simulation] = []

    async def crack(run: RunContext) -> None:
        simulations[0].world.leak("N", run.clock.now(), 8e4)

    parameters = {"SEQ.NEXPO1": 0, "DET2.DIT": 0.02, "SEQ.NEXPO2": 4, "SEQ.NEXPO3": 0}
    ran = rig.run(
        tmp_path,
        rig.write_ob(tmp_path, ("METIS_all_cal_Dark", parameters)),
        spoil=simulations.append,
        operator=rig.when(lambda record: record.kind == "frame" and record.data["good"] == 2, crack),
    )
    verdicts = [frame["verdict"] for frame in ran.of("frame")]
    assert verdicts[:2] == ["good", "good"] and verdicts[-3:] == ["high"] * 3
    assert "the darks before it had" in ran.of("frame")[-1]["reason"]


def test_light_that_fades_is_waited_for_as_persistence_is(tmp_path: Path) -> None:
    def fading(simulation: Simulation) -> None:
        for step in range(12):
            simulation.world.leak("CCD", simulation.world.last_s + 10.0, 200.0 / 2.0**step)

    ran = opticam(tmp_path, DARK, spoil=fading)
    assert (ran.result.outcome, ran.result.exit_code, letter(ran)) == ("completed", 0, "C")
    verdicts = [frame["verdict"] for frame in ran.of("frame")]
    assert 3 < verdicts.count("high") == len(ran.of("alarm"))
    assert verdicts.count("good") == 3 and verdicts[-1] == "good"


def test_the_darks_of_a_camera_in_the_dark_are_taken_beside_one_in_the_light(tmp_path: Path) -> None:
    def leaking(simulation: Simulation) -> None:
        simulation.world.leak("N", FROM_THE_START_S, 1e8)

    parameters = {"DET1.DIT": 2.0, "SEQ.NEXPO1": 4, "DET2.DIT": 0.02, "SEQ.NEXPO2": 3, "SEQ.NEXPO3": 0}
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, ("METIS_all_cal_Dark", parameters)), reduced=True, spoil=leaking)
    assert (ran.result.outcome, ran.result.exit_code) == ("failed", 1)
    taken = [(frame["camera"], frame["verdict"]) for frame in ran.of("frame")]
    assert taken.count(("LM", "good")) == 4
    assert [verdict for camera, verdict in taken if camera == "N"] == ["high"] * 3
    made = [product["file"] for product in ran.of("product")]
    assert [name.split("_")[2] for name in made] == ["LM"]


def test_a_bias_of_a_ccd_has_a_level_too(tmp_path: Path) -> None:
    """A pedestal a third too high."""
    ob = rig.write_ob(tmp_path, ("MegaraBiasImage", {"NEXPO": 1}), instrument="MEGARA")
    spoil = spoiling(1, fault=faults.brighter(1.33))
    ran = rig.run(tmp_path, ob, "megara-sim", spoil=spoil, window_px=None)
    assert [frame["verdict"] for frame in ran.of("frame")] == ["high", "good"]
    assert (ran.result.outcome, letter(ran)) == ("completed", "C")


IMPOSSIBLE = {
    "noise": (faults.without_noise, "its noise is"),
    "scatter": (faults.scrambled, "its pixels scatter by"),
    "numbers": (faults.not_numbers, "pixels that are not numbers"),
    "range": (faults.shifted, "the digitiser ends at"),
}


@pytest.mark.parametrize("kind", IMPOSSIBLE)
@pytest.mark.parametrize("call", [DARK, SKY], ids=["darks", "flats"])
def test_one_frame_that_cannot_be_true_is_told_and_the_next_one_taken(
    tmp_path: Path, kind: str, call: tuple[str, dict[str, Any]]
) -> None:
    fault, said = IMPOSSIBLE[kind]
    ran = opticam(tmp_path, call, spoil=spoiling(3, fault=fault))
    assert (ran.result.outcome, ran.result.exit_code, letter(ran)) == ("completed", 0, "C")
    (alarm,) = ran.of("alarm")
    assert "cannot be true" in alarm["what"] and said in alarm["what"]
    good = [frame for frame in ran.of("frame") if frame["verdict"] == "good"]
    assert [frame["good"] for frame in good] == [1, 2, 3]
    bad = [frame for frame in ran.of("frame") if frame["verdict"] != "good"]
    if kind == "numbers":
        (kept,) = (ran.result.run_dir / "refused").iterdir()
        assert not bad and str(kept) in alarm["what"]
    else:
        (spoilt,) = bad
        header = fits.getheader(ran.result.run_dir / "raw" / spoilt["file"])
        assert header["ESO SEQ VERDICT"] == spoilt["verdict"] == "impossible"


def test_a_frame_that_the_detectors_server_does_not_deliver_is_told_and_the_next_one_taken(tmp_path: Path) -> None:
    ran = opticam(tmp_path, DARK, spoil=spoiling(2, fault=faults.short))
    assert (ran.result.outcome, ran.result.exit_code, letter(ran)) == ("completed", 0, "C")
    (alarm,) = ran.of("alarm")
    assert "cannot be true" in alarm["what"]
    assert "the detector would not deliver it: 1 chips of float32" in alarm["what"]
    assert [(frame["verdict"], frame["good"]) for frame in ran.of("frame")] == [("good", n) for n in (1, 2, 3)]


def test_a_frame_bit_for_bit_that_before_is_no_exposure(tmp_path: Path) -> None:
    ran = opticam(tmp_path, DARK, spoil=spoiling(1, 2, fault=faults.Stuck()))
    assert [frame["verdict"] for frame in ran.of("frame")] == ["good", "impossible", "good", "good"]
    (alarm,) = ran.of("alarm")
    assert "it is bit for bit the frame before" in alarm["what"]


def test_a_probe_that_cannot_be_true_teaches_nothing(tmp_path: Path) -> None:
    ran = opticam(tmp_path, SKY, spoil=spoiling(1, fault=faults.scrambled))
    first, *more = ran.of("probe")
    assert first["verdict"] == "impossible" and more[0]["verdict"] == "good"
    # nothing was believed of it: the sky has faded by some per cent, and so is the next DIT longer
    assert 1.0 <= more[0]["dit_s"] / first["dit_s"] < 1.2
    assert [frame["verdict"] for frame in ran.of("frame")] == ["good"] * 3


def test_light_that_no_sky_gives_for_one_frame_is_doubted_and_the_rung_taken_again(tmp_path: Path) -> None:
    """The fourth frame, after a probe and two flats, is the first rung of the ladder: 2 % of the full well."""
    parameters = {**rig.FLATS, "SEQ.DIT.FILT.LIST": ["PAH_3.3"], "SEQ.LEVEL.LIST": [0.02, 0.5], "SEQ.DARK": False}
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", parameters))
    ran = rig.run(tmp_path, ob, spoil=spoiling(4, fault=faults.brighter(35.0), device="detector_lm"))
    assert (ran.result.outcome, letter(ran)) == ("completed", "C")
    rungs = [(frame["verdict"], frame["good"]) for frame in ran.of("frame") if frame["kind"] == "ladder"]
    assert rungs == [("impossible", 0), ("good", 1), ("good", 2), ("good", 3), ("good", 4)]
    (alarm,) = ran.of("alarm")
    assert "times as bright as a clear sky" in alarm["what"]


def test_a_detector_that_delivers_nothing_true_ends_the_block_with_the_reason(tmp_path: Path) -> None:
    ran = opticam(tmp_path, DARK, spoil=spoiling(2, 3, 4, 5, 6, fault=faults.without_noise))
    assert (ran.result.outcome, ran.result.exit_code, letter(ran)) == ("failed", 1, "A")
    assert [frame["verdict"] for frame in ran.of("frame")] == ["good"] + ["impossible"] * 3
    assert "DetectorFault: detector: 3 frames in a row cannot be true" in ran.of("alarm")[-1]["what"]
    assert all(entry["reached"] for entry in ran.of("safe_state"))
