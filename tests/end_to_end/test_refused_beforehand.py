"""What a run would refuse at night is refused before anything moves, at the line of the file that is to blame."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sequencer.cli.main import main

BLOCK = """\
name: Darks
instrument: OPTICAM
programme: engineering
templates:
  - template: OPTICAM_Dark
    parameters:
      DET1.DIT: 1.0
"""
LONG = "The Very Long Named Telescope of the Institute for Twilight Studies at the Mountain Top"
INSTRUMENT = {
    "a telescope's name too long": ("  name: 0.4 m", f"  name: {LONG}", "telescope.name: 'TELESCOP'", "99 columns"),
    "an illegal keyword": ("  ORIGIN: OPTICAM", "  Observatory: x", "header.Observatory", "at most 8 characters"),
    "a long word": ("  ORIGIN: OPTICAM", "  ESO INS LONGKEYWORD NAME: x", "LONGKEYWORD", "at most 8 characters"),
    "accents": ("  ORIGIN: OPTICAM", "  SITE: Besançon", "header.SITE", "'ç', which is not printable ASCII"),
    "a constant of another type": ("  ORIGIN: OPTICAM", "  ORIGIN: 7", "header.ORIGIN", "is a integer, not a string"),
    "what only the writer sets": ("  ORIGIN: OPTICAM", "  BITPIX: 16", "header.BITPIX", "only the file writer"),
    "a chip with accents": ("extname: DET1.DATA", "extname: DÉT1", "CCD.chips[0].extname", "'É', which is not"),
    "a position with accents": ("positions: [B, V", "positions: [Bü, B, V", "mechanisms.INS.FILT1.NAME", "'ü'"),
    "a mechanism that is no keyword": ("INS.FILT1.NAME", "INS.FILTERWHEEL.NAME", "FILTERWHEEL", "at most 8 characters"),
    "a name with a blank": ("name: OPTICAM", "name: OPTI CAM", "name: 'OPTI CAM'", "only letters, digits"),
}
PARAMETERS = {
    "a DIT off the grid": ("DET1.DIT: 1.00004", "1.00004 s is off the grid of 0.001 s (nearest: 1 s)"),
    "a DIT a little too long": ("DET1.DIT: 120.0004", "120.0004 s is above the maximum DIT 120 s"),
    "an NDIT too large": ("DET1.DIT: 1.0\n      DET1.NDIT: 1001", "NDIT 1001 is not within 1 and 1000"),
}
PARTICULARS = {
    "a status nobody knows": ("status: Q", "status: must not be 'Q'"),
    "times that are none": (
        "constraints: {times: [{after: 2027-13-20T00:00:00, before: 2027-03-21T00:00:00}]}",
        "is not two UTC times",
    ),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ob.yaml").write_text(BLOCK)
    packaged = files("configs")
    (tmp_path / "inst.yaml").write_text((packaged / "instruments" / "opticam.yaml").read_text())
    deployment = (packaged / "deployments" / "opticam-sim.yaml").read_text()
    (tmp_path / "dep.yaml").write_text(deployment.replace("instrument: opticam", "instrument: inst.yaml"))
    (tmp_path / "one.py").write_text("async with sequencer.connect('dep.yaml') as opticam:\n    pass\n")
    return tmp_path


def refused(*words: str) -> list[str]:
    """The messages of a command that ends with exit code 2 and has done nothing."""
    told: Result = CliRunner().invoke(main, [*words])
    assert told.exit_code == 2 and isinstance(told.exception, SystemExit), (told.output, told.exception)
    assert not Path("runs").exists() and not Path("rehearsals").exists()
    return [line.removeprefix("error: ") for line in told.output.splitlines()]


def line_of(file: str, text: str) -> int:
    return 1 + Path(file).read_text().rpartition(text)[0].count("\n")


@pytest.mark.parametrize("case", INSTRUMENT)
def test_what_no_header_can_hold_is_said_at_its_line_of_the_instrument(case: str) -> None:
    old, new, *words = INSTRUMENT[case]
    text = Path("inst.yaml").read_text()
    assert old in text
    Path("inst.yaml").write_text(text.replace(old, new))
    found = [line for line in refused("validate", "ob.yaml", "-d", "dep.yaml") if line.startswith("inst.yaml:")]
    assert {int(message.split(":")[1]) for message in found} == {line_of("inst.yaml", new)}
    assert all(word in found[0] for word in words), found


@pytest.mark.parametrize("verb", ["run", "rehearse", "script"])
def test_every_verb_that_takes_frames_refuses_it_as_well(verb: str) -> None:
    Path("inst.yaml").write_text(Path("inst.yaml").read_text().replace("  ORIGIN: OPTICAM", "  SITE: Besançon"))
    (message,) = refused(verb, "one.py" if verb == "script" else "ob.yaml", "-d", "dep.yaml")
    assert message.startswith(f"inst.yaml:{line_of('inst.yaml', 'SITE')}: header.SITE")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [("inst.yaml", "site: paranal", "site: paranel"), ("dep.yaml", "instrument: inst.yaml", "instrument: opticem")],
)
def test_a_file_that_is_named_and_not_there_is_said_where_it_is_named(file: str, old: str, new: str) -> None:
    Path(file).write_text(Path(file).read_text().replace(old, new))
    found = [line for line in refused("validate", "ob.yaml", "-d", "dep.yaml") if line.startswith(file)]
    (message,) = found
    assert message.startswith(f"{file}:{line_of(file, new)}: {new}: no ")
    assert "did you mean" in message


@pytest.mark.parametrize("verb", ["validate", "run"])
@pytest.mark.parametrize("case", PARAMETERS)
def test_what_the_detector_refuses_is_said_at_its_line_of_the_block(case: str, verb: str) -> None:
    new, words = PARAMETERS[case]
    Path("ob.yaml").write_text(BLOCK.replace("DET1.DIT: 1.0", new))
    (message,) = refused(verb, "ob.yaml", "-d", "dep.yaml")
    assert message.startswith(f"ob.yaml:{line_of('ob.yaml', new.split()[-2])}: OPTICAM_Dark: DET1.")
    assert words in message


@pytest.mark.parametrize("verb", ["validate", "run", "plan"])
@pytest.mark.parametrize("case", PARTICULARS)
def test_what_is_wrong_with_a_block_itself_is_said_and_no_rule_stumbles_over_it(case: str, verb: str) -> None:
    new, words = PARTICULARS[case]
    Path("ob.yaml").write_text(BLOCK.replace("programme: engineering", f"programme: engineering\n{new}"))
    (message,) = refused(verb, "ob.yaml", "-d", "dep.yaml")
    assert message.startswith("ob.yaml:4: ")
    assert words in message


def test_a_frame_without_a_card_it_must_have_is_said_at_its_template() -> None:
    """MEGARA's frames name the grating: an instrument without the wheel cannot take any."""
    packaged = files("configs")
    text = (packaged / "instruments" / "megara.yaml").read_text()
    kept, _, rest = text.partition("  VPH:\n")
    Path("inst.yaml").write_text(kept + rest.partition("    seconds_per_step: 5\n")[2])
    deployment = (packaged / "deployments" / "megara-sim.yaml").read_text()
    Path("dep.yaml").write_text(deployment.replace("instrument: megara", "instrument: inst.yaml"))
    Path("ob.yaml").write_text(
        "name: Bias\ninstrument: MEGARA\nprogramme: x\ntemplates:\n  - template: MegaraBiasImage\n"
    )
    (message,) = refused("validate", "ob.yaml", "-d", "dep.yaml")
    assert message.startswith("ob.yaml:5: MegaraBiasImage: MEGARA: ")
    assert "VPH (from the mechanisms)" in message


@pytest.mark.parametrize(("written", "east"), [("289.808333", "-70.191667"), ("-210.9", "149.1")])
def test_a_date_is_local_to_the_site_whichever_way_its_longitude_is_written(written: str, east: str) -> None:
    site = "name: here\nlatitude_deg: -24.59\nlongitude_deg: {}\nelevation_m: 3000\n"
    text = Path("inst.yaml").read_text().replace("site: paranal", "site: site.yaml")
    Path("inst.yaml").write_text(text)
    plans = []
    for longitude in (written, east):
        Path("site.yaml").write_text(site.format(longitude))
        words = ["plan", "opticam-dusk", "-d", "dep.yaml", "--date", "2027-06-10", "--twilight", "evening"]
        plans.append(CliRunner().invoke(main, words).output)
    assert plans[0] == plans[1]
    assert "evening twilight 2027-06-10" in plans[0]
