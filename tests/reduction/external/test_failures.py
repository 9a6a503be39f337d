"""Programs that fail in every way: each leaves one clear BAD record, or its sound products, and nothing else."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sequencer.config.stages import StageConfig
from sequencer.reduction.external.folder_contract import BadRecordError, Record, read_record
from tests.reduction.external.bench import darks, record_of, reduce, shell

PRODUCT = {"name": "a", "category": "A", "recipe": "x", "qa": {"flag": "GOOD", "reasons": ["fine"]}}


def record(*products: dict[str, object], **fields: object) -> str:
    """Shell line that writes a record."""
    text = json.dumps({"contract": 1, "products": list(products), **fields})
    return f"cat > record.json <<'END'\n{text}\nEND"


WHOLE = {
    "crash": ("echo deep trouble >&2; exit 3", "ended with code 3: deep trouble"),
    "signal": ("echo last words; kill -SEGV $$", "ended by SIGSEGV: last words"),
    "time limit": ("echo waiting; sleep 600", "stopped after its time limit of 0.5 s"),
    "no record": ("true", "left no record.json"),
    "no JSON": ("echo '{\"contract\": 1' > record.json", "record.json is no record of contract 1"),
    "binary": ("head -c 5000 /dev/urandom > record.json", "record.json is no record of contract 1"),
    "a list": ("echo '[1]' > record.json", "record.json is no record of contract 1"),
    "other contract": ("echo '{\"contract\": 2}' > record.json", "is of contract 2, this is 1"),
    "unknown field": (record(prodcts=1), "unknown field `prodcts`"),
    "no such flag": (
        record({**PRODUCT, "qa": {"flag": "FINE", "reasons": []}}),
        "Invalid enum value 'FINE'",
    ),
    "name with a path": (record({**PRODUCT, "name": "../../raw/x"}), "matching regex"),
    "one name twice": (record(PRODUCT, PRODUCT), "names a twice"),
    "endless record": ("head -c 5000000 /dev/zero > record.json", "at most 4194304 are read"),
    "record elsewhere": ("ln -s /etc/passwd record.json", "left no record.json"),
    "says so itself": (record(error="no licence"), "stage other: no licence"),
    "fills the disk": ("yes", "ended by SIGXFSZ"),
}
ONE = {
    "named, not there": ({"file": "a.fits"}, "", "'a.fits' is named in the record but is not there"),
    "outside": ({"file": "../../raw"}, "", "'../../raw' is not a file of its own in the folder"),
    "absolute": ({"file": "/etc/passwd"}, "", "'/etc/passwd' is not a file of its own"),
    "a link": ({"file": "a.fits"}, 'ln -s "$(ls frames/* | head -1)" a.fits', "is not a file of its own"),
    "the manifest": ({"file": "frames/../manifest.json"}, "", "manifest.json' is no product"),
    "a second name": ({"file": "a.fits"}, 'ln "$(readlink -f frames/* | head -1)" a.fits', "not a file of its own"),
    "no path": ({"file": "a" * 400}, "", "is no path"),
    "a zero byte": ({"file": "a\0b"}, "", "is no path"),
    "a folder": ({"file": "frames"}, "", "is named in the record but is not there"),
    "no FITS": ({"file": "a.fits"}, "echo hello > a.fits", "a.fits is no whole FITS file"),
    "empty": ({"file": "a.fits"}, ": > a.fits", "a.fits is no whole FITS file"),
    "cut short": ({"file": "a.fits"}, "head -c 9000 \"$(ls frames/* | head -1)\" > a.fits", "no whole FITS file"),
    "no file": ({}, "", "the stage made no file"),
    "strange inputs": ({"file": "t.txt", "inputs": ["frames/b"]}, "echo 1 > t.txt", "not given: frames/b"),
}  # fmt: skip


@pytest.mark.parametrize("case", WHOLE)
def test_a_program_that_fails_is_one_bad_record_with_the_reason(tmp_path: Path, case: str) -> None:
    lines, reason = WHOLE[case]
    limits = {"time_limit_s": 0.5 if case == "time limit" else 60.0, "file_limit_mb": 5}
    darks(tmp_path / "run")
    (product,) = reduce(tmp_path / "run", shell(tmp_path, lines, **limits))
    assert product.qa.flag == "BAD"
    (said,) = product.qa.reasons
    assert reason in said
    assert said.startswith("stage other: ")
    assert "\n" not in said
    assert (product.file, product.category, product.recipe) == ("other_01.json", "NO_PRODUCT", "other")
    assert len(product.inputs) == 3
    assert record_of(tmp_path / "run", product)["qa"] == {"flag": "BAD", "reasons": [said]}
    made = sorted(path.name for path in (tmp_path / "run/products").iterdir())
    assert made == ["other_01.json", "other_01.log", "other_01.qa.json"]


@pytest.mark.parametrize("case", ONE)
def test_a_product_that_is_no_good_does_not_spoil_the_others(tmp_path: Path, case: str) -> None:
    fields, lines, reason = ONE[case]
    sound = {**PRODUCT, "name": "sound", "file": "sound.txt"}
    darks(tmp_path / "run")
    lines = f"{lines}\necho 2 > sound.txt\n{record({**PRODUCT, **fields}, sound)}"
    first, second = reduce(tmp_path / "run", shell(tmp_path, lines))
    assert first.qa.flag == "BAD"
    assert any(reason in text for text in first.qa.reasons), first.qa.reasons
    assert second.qa.flag == "GOOD"
    assert (tmp_path / "run/products" / second.file).read_text() == "2\n"


def test_a_program_that_cannot_be_started_says_which(tmp_path: Path) -> None:
    darks(tmp_path / "run")
    (product,) = reduce(tmp_path / "run", {"gone": StageConfig(["/nowhere/pipeline", "--fast"])})
    assert "/nowhere/pipeline" in product.qa.reasons[0]
    assert "not found" in product.qa.reasons[0]
    missing = StageConfig(["true"], calibrations={"MASTER_BIAS": ["/nowhere/bias.fits"]})
    (product,) = reduce(tmp_path / "run", {"uncalibrated": missing})
    assert "/nowhere/bias.fits" in product.qa.reasons[0]


def test_pixels_that_are_no_numbers_and_changed_inputs_are_seen(tmp_path: Path) -> None:
    """A stage that flags its own product GOOD, of NaN, after it wrote into a raw frame."""
    night = darks(tmp_path / "run")
    image = fits.getdata(night.frames[0], 1)
    image[3:5] = float("nan")
    fits.PrimaryHDU(image).writeto(tmp_path / "nan.fits")
    lines = f"cp {tmp_path}/nan.fits a.fits; echo x >> frames/{night.frames[1].name}"
    (product,) = reduce(
        tmp_path / "run", shell(tmp_path, f"{lines}\n{record({**PRODUCT, 'file': 'a.fits'})}")
    )
    assert product.qa.flag == "BAD"
    assert f"the stage changed its inputs: {night.frames[1].name}" in product.qa.reasons
    assert "6.250 % of the pixels are no numbers" in product.qa.reasons
    assert "stage other: fine" in product.qa.reasons


@pytest.mark.parametrize(("category", "flag"), [("MASTER_DARK", "BAD"), ("DARK_CURRENT", "PARTIAL")])
def test_a_master_of_different_exposures_is_bad(tmp_path: Path, category: str, flag: str) -> None:
    darks(tmp_path / "run").expose(0.0, 3.0, DPR_TYPE="DARK", OBS_TPLNO=1)
    lines = f"echo 1 > a.txt\n{record({**PRODUCT, 'file': 'a.txt', 'category': category})}"
    (product,) = reduce(tmp_path / "run", shell(tmp_path, lines))
    assert product.qa.flag == flag
    assert product.qa.reasons[0] == "closed exposures of 2 s x1, 3 s x1"


def test_a_cover_that_was_open_is_seen_whatever_the_stage_says(tmp_path: Path) -> None:
    night = darks(tmp_path / "run")
    with fits.open(night.frames[1]) as hdus:
        hdus[0].header["COVER"] = 3
        hdus.writeto(night.frames[1], checksum=True, overwrite=True)
    lines = f"echo 1 > a.txt\n{record({**PRODUCT, 'file': 'a.txt'})}"
    (product,) = reduce(tmp_path / "run", shell(tmp_path, lines))
    assert product.qa.flag == "BAD"
    assert product.qa.reasons[0] == f"cover or shutter open in {night.frames[1].name}"
    assert record_of(tmp_path / "run", product)["stage"]["flag"] == "GOOD"


def test_a_python_without_the_megara_pipeline_is_told_and_harms_nothing(tmp_path: Path) -> None:
    darks(tmp_path / "run")
    bare = {"megara": StageConfig(["{python}", "-S", "{stages}/megara.py"])}
    (product,) = reduce(tmp_path / "run", bare)
    told = f"numina 0.40.0 is not installed for {sys.executable}: pip install '.[megara]' in the checkout"
    assert product.qa.reasons == [f"stage megara: {told}"]


def test_nothing_of_a_program_stays_behind(tmp_path: Path) -> None:
    """Its children hold a pipe open; the pipe ends when the last of them is gone."""
    darks(tmp_path / "run")
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    lines = f"exec 7> {tmp_path}/pipe\n(trap '' HUP TERM; sleep 600) &\n{record()}"
    assert reduce(tmp_path / "run", shell(tmp_path, lines)) == []
    assert select.select([reader], [], [], 20.0)[0]
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_a_program_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    darks(tmp_path / "run")
    os.mkfifo(tmp_path / "pipe")
    stages = shell(tmp_path, f"exec 7> {tmp_path}/pipe\necho started >&7\nsleep 600")
    call = (
        "import sys; from pathlib import Path; from tests.reduction.external.bench import *;"
        "reduce(Path(sys.argv[1]), {'other': StageConfig([sys.argv[2]])})"
    )
    ours = subprocess.Popen([sys.executable, "-c", call, tmp_path / "run", *stages["other"].command])
    with (tmp_path / "pipe").open("rb") as pipe:
        assert pipe.readline() == b"started\n"
        ours.send_signal(signal.SIGKILL)
        ours.wait()
        assert select.select([pipe], [], [], 20.0)[0]
        assert pipe.read(1) == b""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("ab\0\n{é", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "file", "qa", "flag", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
GARBAGE = st.binary(max_size=200) | st.builds(
    lambda fields: json.dumps({"contract": 1, "products": [], **fields}).encode(),
    st.dictionaries(st.sampled_from(["contract", "products", "error", "software", "y"]), JSON, max_size=3),
)


@given(data=GARBAGE)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_record_is_either_read_or_refused_in_one_line(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "record.json").write_bytes(data)
    try:
        assert isinstance(read_record(tmp_path), Record)
    except BadRecordError as error:
        assert str(error).startswith("record.json ")
        assert len(str(error).splitlines()) == 1
