"""Files written by hand, judged by astropy, fitsverify and our own strict reader."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from sequencer.acquisition import CorruptFile
from sequencer.acquisition.checksum import datasum, encode, fold, sum_bytes
from sequencer.acquisition.fits import BLOCK, Hdu, fits_chunks, reserved_bytes
from tests.fitsverify import fitsverify

from .support import card, read_raw

DATE = "2027-03-20T09:31:14.000"
RNG = np.random.default_rng(5)


def floats(ny: int = 96, nx: int = 128) -> Any:
    return RNG.normal(5000, 700, (ny, nx)).astype(np.float32)


def primary_cards() -> list[Any]:
    return [
        card("INSTRUME", "METIS", "instrument"),
        card("DATE", DATE, "UTC when this file was written"),
        card("MJD-OBS", 61484.39667066, "[d] start"),
        card("ESO DET DIT", 0.2, "[s] detector integration time"),
        card("ESO OBS NAME", 'L\'Aquila "quoted"', "observing block"),
        card("ESO GEN SIM", True, "simulated"),
    ]


def chip_cards(name: str) -> list[Any]:
    return [
        card("EXTNAME", name),
        card("INHERIT", True),
        card("BUNIT", "ADU"),
        card("ESO DET1 CHIP GAIN", 4.0, "[e/adu]"),
    ]


def metis() -> list[Hdu]:
    return [Hdu(primary_cards()), Hdu(chip_cards("DET1.DATA"), floats())]


def ifu() -> list[Hdu]:
    return [Hdu(primary_cards()), *(Hdu(chip_cards(f"DET{n}.DATA"), floats(40, 50)) for n in (1, 2, 3, 4))]


def megara() -> list[Hdu]:
    pixels = RNG.integers(0, 65536, (211, 419), dtype=np.uint16)
    return [Hdu([*primary_cards(), card("COVER", 0)], pixels)]


def write(path: Path, hdus: list[Hdu]) -> Path:
    path.write_bytes(b"".join(bytes(chunk) for chunk in fits_chunks(hdus, DATE)))
    return path


LAYOUTS = [metis, ifu, megara]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_astropy_and_fitsverify_find_nothing_to_complain_of(tmp_path: Path, layout: Any) -> None:
    hdus = layout()
    path = write(tmp_path / "frame.fits", hdus)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with fits.open(path, checksum=True) as opened:
            opened.verify("exception")
            assert len(opened) == len(hdus)
            for theirs, ours in zip(opened, hdus, strict=True):
                for one in ours.cards:
                    assert theirs.header[one.keyword] == one.value
                if ours.pixels is None:
                    assert theirs.data is None
                else:
                    assert theirs.data.dtype.newbyteorder("=") == ours.pixels.dtype
                    assert np.array_equal(theirs.data, ours.pixels)
    fitsverify(path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_checksums_equal_those_astropy_computes(tmp_path: Path, layout: Any) -> None:
    path = write(tmp_path / "frame.fits", layout())
    with fits.open(path, do_not_scale_image_data=True) as opened:
        for hdu in opened:
            told = (hdu.header["DATASUM"], hdu.header["CHECKSUM"])
            hdu.add_checksum(when=f"HDU checksum updated {DATE}")
            assert hdu.header["DATASUM"] == told[0]
            assert hdu.verify_checksum() == 1
            assert len(told[1]) == 16


def test_the_header_of_a_metis_frame_card_by_card(tmp_path: Path) -> None:
    path = write(tmp_path / "frame.fits", metis())
    text = path.read_bytes()[: 3 * BLOCK].decode("ascii", "replace")
    cards = [text[at : at + 80].rstrip() for at in range(0, BLOCK, 80)]
    assert cards[:4] == [
        "SIMPLE  =                    T / FITS standard 4.0",
        "BITPIX  =                    8 / no data",
        "NAXIS   =                    0 / no data",
        "EXTEND  =                    T / extensions follow",
    ]
    assert cards[4] == "INSTRUME= 'METIS   '           / instrument"
    assert cards[7].startswith("CHECKSUM= '")
    assert cards[7].endswith(f"/ HDU checksum updated {DATE}")
    assert cards[8] == f"DATASUM = '0       '           / data checksum updated {DATE}"
    assert cards[9] == "HIERARCH ESO DET DIT = 0.2 / [s] detector integration time"
    assert cards[10] == "HIERARCH ESO OBS NAME = 'L''Aquila \"quoted\"' / observing block"
    assert cards[12] == "END"
    assert text[BLOCK : BLOCK + 80].rstrip() == "XTENSION= 'IMAGE   '           / image extension"
    assert [text[BLOCK + 80 * n :][:30].split("= ")[1].strip() for n in range(1, 7)] == [
        "-32", "2", "128", "96", "0", "1"
    ]  # fmt: skip


def test_a_megara_frame_is_one_unsigned_primary_image(tmp_path: Path) -> None:
    hdus = megara()
    header, chips = read_raw(write(tmp_path / "frame.fits", hdus))
    assert (header["BITPIX"], header["BZERO"], header["BSCALE"]) == (16, 32768, 1)
    assert (header["NAXIS1"], header["NAXIS2"]) == (419, 211)
    assert "EXTEND" not in header
    assert np.array_equal(chips[0], hdus[0].pixels)  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_in_a_file_depends_on_when_it_is_written(tmp_path: Path, layout: Any) -> None:
    hdus = layout()
    one, two = write(tmp_path / "one", hdus).read_bytes(), write(tmp_path / "two", hdus).read_bytes()
    assert hashlib.sha256(one).digest() == hashlib.sha256(two).digest()


def test_minus_zero_is_written_as_zero_whatever_was_written_before(tmp_path: Path) -> None:
    for value in (-0.0, 0.0, -0.0):
        header, _ = read_raw(write(tmp_path / "f.fits", [Hdu([card("AIRMASS", value)], floats(2, 2))]))
        assert str(header["AIRMASS"]) == "0.0"


@given(
    st.sampled_from([np.float32, np.uint16]).flatmap(
        lambda kind: arrays.arrays(kind, st.tuples(st.integers(1, 9), st.integers(1, 9)))
    )
)
def test_datasum_is_the_ones_complement_sum_of_the_bytes_on_disk(pixels: Any) -> None:
    on_disk = (
        (pixels ^ np.uint16(0x8000)).astype(">u2") if pixels.dtype == np.uint16 else pixels.astype(">f4")
    )
    data = on_disk.tobytes()
    data += bytes(-len(data) % 4)
    total = 0
    for at in range(0, len(data), 4):
        total += int.from_bytes(data[at : at + 4], "big")
        total = (total & 0xFFFFFFFF) + (total >> 32)
    assert datasum(pixels) == total


def test_datasum_over_several_pieces() -> None:
    pixels = RNG.integers(0, 65536, (1200, 1001), dtype=np.uint16)
    disk = (pixels ^ np.uint16(0x8000)).astype(">u2").tobytes()
    assert datasum(pixels) == sum_bytes(disk)
    assert datasum(pixels[:, :1000].astype(np.float32)) == sum_bytes(pixels[:, :1000].astype(">f4").tobytes())


def test_long_pixel_arrays_are_written_whole(tmp_path: Path) -> None:
    pixels = RNG.integers(0, 65536, (1200, 1001), dtype=np.uint16)
    for image in (pixels, pixels.astype(np.float32)):
        _, chips = read_raw(write(tmp_path / f"{image.dtype}.fits", [Hdu([], image)]))
        assert np.array_equal(chips[0], image)


@given(st.integers(0, 0xFFFFFFFF))
def test_the_encoded_checksum_is_alphanumeric_and_completes_the_sum(total: int) -> None:
    text = encode(total)
    assert len(text) == 16
    assert text.isascii()
    assert text.isalnum()
    # in a card the sixteen letters start at column 12, one byte before a word boundary
    rotated = text[1:] + text[:1]
    zeros = sum_bytes(b"0" * 16)
    assert (fold(sum_bytes(rotated.encode()) + total) - zeros) % 0xFFFFFFFF == 0


def test_folding_adds_every_carry() -> None:
    assert fold(0xFFFFFFFF) == 0xFFFFFFFF
    assert fold(0x100000000) == 1
    assert fold(0x1FFFFFFFF) == 1
    assert fold(0xFFFFFFFF_FFFFFFFF) == 0xFFFFFFFF


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_flipped_bit_is_found(tmp_path: Path, layout: Any) -> None:
    path = write(tmp_path / "frame.fits", layout())
    good = path.read_bytes()
    bad = tmp_path / "bad.fits"
    for at in RNG.integers(0, len(good), 100):
        damaged = bytearray(good)
        damaged[at] ^= 1 << int(RNG.integers(8))
        bad.write_bytes(damaged)
        with pytest.raises(CorruptFile, match=r"bad\.fits"):
            read_raw(bad)


@pytest.mark.parametrize("kept", [0, 1, BLOCK - 1, BLOCK, BLOCK + 80, 2 * BLOCK, -1, -BLOCK])
def test_a_truncated_file_is_found(tmp_path: Path, kept: int) -> None:
    path = write(tmp_path / "frame.fits", megara())
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CorruptFile):
        read_raw(path)


def test_a_file_with_something_behind_it_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "frame.fits", metis())
    path.write_bytes(path.read_bytes() + bytes(BLOCK))
    with pytest.raises(CorruptFile, match="no FITS header at byte"):
        read_raw(path)
    write(path, metis())
    path.write_bytes(path.read_bytes() + path.read_bytes())
    with pytest.raises(CorruptFile, match="no FITS header at byte"):
        read_raw(path)


def test_a_file_without_checksums_is_refused_however_good(tmp_path: Path) -> None:
    path = tmp_path / "plain.fits"
    fits.PrimaryHDU(floats()).writeto(path)
    with pytest.raises(CorruptFile, match="no CHECKSUM or no DATASUM"):
        read_raw(path)
    fits.PrimaryHDU(floats()).writeto(path, checksum="datasum", overwrite=True)
    with pytest.raises(CorruptFile, match="no CHECKSUM"):
        read_raw(path)


def test_files_of_astropy_with_checksums_are_read(tmp_path: Path) -> None:
    path = tmp_path / "theirs.fits"
    pixels = floats()
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(pixels)]).writeto(path, checksum=True)
    assert np.array_equal(read_raw(path)[1][0], pixels)


def test_a_header_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "frame.fits", megara())
    good = path.read_bytes()
    for wrong in (
        b"NAXIS1  =                 -419",
        b"NAXIS1  =        9999999999999",
        b"NAXIS1  =                 four",
    ):
        path.write_bytes(good.replace(b"NAXIS1  =                  419", wrong))
        with pytest.raises(CorruptFile):
            read_raw(path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_reservation_holds_every_layout(tmp_path: Path, layout: Any) -> None:
    hdus = layout()
    images = [hdu.pixels for hdu in hdus if hdu.pixels is not None]
    shape = images[0].shape
    room = reserved_bytes((shape[0], shape[1]), images[0].itemsize, len(images), len(hdus))
    size = write(tmp_path / "f.fits", hdus).stat().st_size
    assert size <= room < size + len(hdus) * 20 * BLOCK
    assert reserved_bytes((1, 1), 2, 3, 0) == 3 * BLOCK
    assert reserved_bytes((1, BLOCK), 2, 1, 2) == 2 * BLOCK + 2 * 20 * BLOCK
