"""A rehearsal foresees what the run then writes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from astropy.io import fits

from sequencer.acquisition.dictionary import Dictionary
from sequencer.acquisition.explain import explain
from sequencer.acquisition.files import read_header_file
from sequencer.config.keywords import keywords_of
from sequencer.config.search import find_config
from sequencer.engine.journal import read_journal
from sequencer.engine.prepare import prepare
from sequencer.engine.request import Nobody, RunRequest
from sequencer.engine.run import run_ob
from sequencer.monitor.rehearsal.foresee import foresee
from sequencer.monitor.rehearsal.foreseen import Foreseen
from tests.end_to_end.rig import FLATS, SMALL, at, write_ob

PIXELS = {"CHECKSUM", "DATASUM"}
"""Cards that sum up the pixels: measured, too."""

DARKS = {
    f"{name}{n}{unit}": value
    for n, dit_s in ((1, 1.0), (2, 0.1), (3, 2.0))
    for name, unit, value in (("SEQ.NEXPO", "", 2), ("DET", ".DIT", dit_s))
}
BLOCKS = {
    "METIS flats": ("METIS", "metis-sim", ("METIS_all_cal_TwilightFlat", FLATS)),
    "METIS darks of all detectors": ("METIS", "metis-sim", ("METIS_all_cal_Dark", DARKS)),
    "MEGARA darks": ("MEGARA", "megara-sim", ("MegaraDarkImage", {"EXPTIME": 60.0, "NEXPO": 1})),
}


def rehearse(
    ob: Path,
    deployment: str,
    out: Path,
    seed: int = 1,
    learned: Path | None = None,
    start_s: float | None = None,
) -> Path:
    """The folder of a rehearsal."""
    request = RunRequest(
        ob, deployment, out, start_s, seed=seed, window_px=window(deployment), learned=learned, rehearsal=True
    )
    return run_ob(request, Nobody()).run_dir


def run(ob: Path, deployment: str, out: Path, seed: int = 1) -> Path:
    """The folder of the run itself."""
    return run_ob(RunRequest(ob, deployment, out, seed=seed, window_px=window(deployment)), Nobody()).run_dir


def window(deployment: str) -> tuple[int, int] | None:
    """A small one, but of MEGARA, whose frames are always whole."""
    return None if "megara" in deployment else SMALL


def predicted(run_dir: Path) -> dict[str, list[fits.Header]]:
    """The headers of every frame a rehearsal foresees, as astropy reads them, by name."""
    return {
        path.stem: [fits.Header.fromstring(header) for header in read_header_file(path)]
        for path in sorted((run_dir / "headers").iterdir())
    }


def written(run_dir: Path) -> dict[str, list[fits.Header]]:
    """The headers of every frame a run wrote, as astropy reads them, by name."""
    found = {}
    for path in sorted((run_dir / "raw").iterdir()):
        with fits.open(path, disable_image_compression=True, do_not_scale_image_data=True) as hdus:
            found[path.stem] = [hdu.header.copy() for hdu in hdus]
    return found


@pytest.mark.parametrize("block", BLOCKS)
def test_the_run_writes_the_cards_that_were_rehearsed(tmp_path: Path, block: str) -> None:
    instrument, deployment, call = BLOCKS[block]
    ob = write_ob(tmp_path, call, instrument=instrument)
    rehearsed, ran = rehearse(ob, deployment, tmp_path / "rehearsals"), run(ob, deployment, tmp_path / "runs")
    before, after = predicted(rehearsed), written(ran)
    assert list(before) == list(after) != []
    for name, headers in before.items():
        assert [[card.image for card in header.cards] for header in headers] == [
            [card.image for card in header.cards] for header in after[name]
        ]


def test_on_another_night_only_what_is_measured_differs(tmp_path: Path) -> None:
    instrument, deployment, call = BLOCKS["METIS darks of all detectors"]
    ob = write_ob(tmp_path, call, instrument=instrument)
    before = predicted(rehearse(ob, deployment, tmp_path / "rehearsals", seed=1))
    after = written(run(ob, deployment, tmp_path / "runs", seed=2))
    assert list(before) == list(after) != []
    dictionary = Dictionary(keywords_of(instrument))
    differing = set()
    for name, headers in before.items():
        for one, other in zip(headers, after[name], strict=True):
            assert list(one) == list(other)
            differing |= {key for key in one if one[key] != other[key]}
    cards = {key.removeprefix("HIERARCH "): 0.0 for key in differing - PIXELS}
    explained = {row.keyword: row.how for row in explain([cards], dictionary, {})}
    assert {key for key, how in explained.items() if how != "read back"} == {"ESO OBS ID", "ESO SEQ EXPID"}


@pytest.fixture(scope="module")
def flats(tmp_path_factory: pytest.TempPathFactory) -> tuple[Foreseen, Path, Path]:
    """What the rehearsal of a block of flats foresees, its folder, and the folder of the run."""
    folder = tmp_path_factory.mktemp("flats")
    instrument, deployment, call = BLOCKS["METIS flats"]
    ob = write_ob(folder, call, instrument=instrument)
    rehearsed, ran = rehearse(ob, deployment, folder / "rehearsals"), run(ob, deployment, folder / "runs")
    return foresee(rehearsed), rehearsed, ran


def test_the_disk_volume_is_that_of_the_run(flats: tuple[Foreseen, Path, Path]) -> None:
    foreseen, rehearsed, ran = flats
    assert foreseen.disk_bytes == sum(path.stat().st_size for path in (ran / "raw").iterdir())
    assert not list(rehearsed.rglob("*.fits*"))


def test_every_device_is_in_the_timeline_and_every_frame_in_it_once(
    flats: tuple[Foreseen, Path, Path],
) -> None:
    foreseen, _, ran = flats
    doings = [doing for template in foreseen.templates for doing in template.doings]
    assert {"telescope", "mechanisms", "sources", "shutter", "detector_lm", "sequencer"} <= {
        doing.device for doing in doings
    }
    assert sum(doing.frames for doing in doings) == len(list((ran / "raw").iterdir())) == len(foreseen.frames)
    assert all(foreseen.start_s <= doing.start_s <= doing.end_s <= foreseen.end_s for doing in doings)


def test_it_says_what_takes_each_frame(flats: tuple[Foreseen, Path, Path]) -> None:
    foreseen, _, _ = flats
    types = {(frame.kind, frame.raw_type, frame.recipe) for frame in foreseen.frames}
    assert types == {
        ("flat", "LM_FLAT_TWILIGHT_RAW", "metis_lm_img_flat"),
        ("dark", "DARK_2RG_RAW", "metis_det_dark"),
    }


def test_its_time_is_the_time_of_the_run(flats: tuple[Foreseen, Path, Path]) -> None:
    foreseen, _, ran = flats
    assert foresee_times(ran) == (foreseen.start_s, foreseen.end_s)


def foresee_times(ran: Path) -> tuple[float, float]:
    """First and last instant in a run's journal."""
    records = read_journal(ran / "journal.sqlite")
    return records[0].time_s, records[-1].time_s


def test_real_hardware_is_rehearsed_without_being_touched(tmp_path: Path) -> None:
    """Nobody listens at the deployment's addresses, and none is asked."""
    text = yaml.safe_load(find_config("deployments", "megara-sim").read_text())
    for device in text["devices"].values():
        device["simulated"] = False
    deployment = tmp_path / "megara-real.yaml"
    deployment.write_text(yaml.safe_dump(text))
    instrument, _, call = BLOCKS["MEGARA darks"]
    ob = write_ob(tmp_path, call, instrument=instrument)
    foreseen = foresee(rehearse(ob, str(deployment), tmp_path / "rehearsals"))
    assert (foreseen.outcome, len(foreseen.frames)) == ("completed", 1)


@pytest.mark.parametrize("clock", ["", "wall", "scaled:60"])
def test_no_clock_brings_a_rehearsal_to_the_devices_of_a_deployment(tmp_path: Path, clock: str) -> None:
    """By any other clock than the virtual one the simulators would not be its own."""
    instrument, deployment, call = BLOCKS["MEGARA darks"]
    ob = write_ob(tmp_path, call, instrument=instrument)
    prepared = prepare(RunRequest(ob, deployment, tmp_path, clock_spec=clock, rehearsal=True))
    assert (prepared.clock.kind, prepared.simulate) == ("virtual", True)


def test_the_night_rehearsed_for_real_hardware_is_the_one_believed_in(tmp_path: Path) -> None:
    """Whatever the seed: on simulators another one would be another sky, with other DITs."""
    text = yaml.safe_load(find_config("deployments", "metis-sim").read_text())
    text["devices"]["telescope"]["simulated"] = False
    deployment = tmp_path / "metis-real.yaml"
    deployment.write_text(yaml.safe_dump(text))
    instrument, simulated, call = BLOCKS["METIS flats"]
    ob, out, start_s = write_ob(tmp_path, call, instrument=instrument), tmp_path / "rehearsals", at(text["start"])
    dits = {
        where: [dits_of(rehearse(ob, where, out, seed, start_s=start_s)) for seed in (1, 2)]
        for where in (str(deployment), simulated)
    }
    assert dits[str(deployment)][0] == dits[str(deployment)][1] != []
    assert dits[simulated][0] != dits[simulated][1]


def dits_of(rehearsed: Path) -> list[float]:
    """DIT in s of every flat foreseen."""
    primaries = [headers[0] for headers in predicted(rehearsed).values()]
    return [float(cards["ESO DET DIT"]) for cards in primaries if cards["ESO DPR TYPE"] == "FLAT,TWILIGHT"]


def test_a_rehearsal_teaches_nothing(tmp_path: Path) -> None:
    """What was learned of real nights is read, and left as it is."""
    instrument, deployment, call = BLOCKS["METIS flats"]
    ob = write_ob(tmp_path, call, instrument=instrument)
    learned = tmp_path / "learned.yaml"
    run_ob(RunRequest(ob, deployment, tmp_path / "runs", window_px=SMALL, learned=learned), Nobody())
    taught = learned.read_bytes()
    rehearse(ob, deployment, tmp_path / "rehearsals", seed=7, learned=learned)
    assert learned.read_bytes() == taught


def test_repeated_it_foresees_the_same(tmp_path: Path) -> None:
    instrument, deployment, call = BLOCKS["METIS darks of all detectors"]
    ob = write_ob(tmp_path, call, instrument=instrument)
    one, other = (rehearse(ob, deployment, tmp_path / "rehearsals") for _ in range(2))
    assert one != other
    assert {path.name: path.read_bytes() for path in (one / "headers").iterdir()} == {
        path.name: path.read_bytes() for path in (other / "headers").iterdir()
    }
