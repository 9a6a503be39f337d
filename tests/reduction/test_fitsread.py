"""The short FITS reader against astropy, and against broken files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import example, given
from hypothesis import strategies as st

from sequencer.reduction.fitsread import BadFitsError, parse_cards, parse_value, read_hdus, read_rows, verify

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
VALUES = st.one_of(
    TEXT, st.booleans(), st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False)
)


@given(VALUES, TEXT.filter(lambda text: len(text) < 8))
@example("'/", "")
def test_values_are_read_as_astropy_wrote_them(value: object, comment: str) -> None:
    """Numbers as astropy reads them (it writes 16 digits); texts but for trailing blanks, which do not count (FITS).

    No truth for texts is astropy's own reading: of the card `'''/'` it makes a lone quote.
    """
    card = str(fits.Card("HIERARCH ESO SEQ THING", value, comment))
    expected = value.rstrip(" ") if isinstance(value, str) else fits.Card.fromstring(card).value
    assert parse_cards(card)["ESO SEQ THING"] == expected
    assert type(parse_cards(card)["ESO SEQ THING"]) is type(expected)


def test_values_by_hand() -> None:
    assert parse_value(" 1.5D3 / kilo") == 1500.0
    assert parse_value("'it''s / fine  ' / comment") == "it's / fine"
    assert parse_value("T") is True
    assert parse_value("F / no") is False
    assert parse_value("-12") == -12
    with pytest.raises(BadFitsError, match="closing quote"):
        parse_value("'no end")


def test_first_of_a_repeated_keyword_holds_and_comments_are_none() -> None:
    lines = ["A       =                    1", "A       =                    2", "COMMENT   a = x"]
    cards = parse_cards("".join(line.ljust(80) for line in lines))
    assert cards["A"] == 1
    assert "COMMENT" not in cards


@pytest.mark.parametrize("dtype", [np.float32, np.uint16, np.uint8])
def test_pixels_and_rows_equal_astropy(tmp_path: Path, dtype: type) -> None:
    pixels = np.random.default_rng(1).integers(0, 200, (13, 17)).astype(dtype)
    path = tmp_path / "a.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(pixels, name="DET1.DATA")]).writeto(path, checksum=True)
    hdus = read_hdus(path)
    verify(path, hdus)
    assert [hdu.shape for hdu in hdus] == [(0, 0), (13, 17)]
    image = read_rows(path, hdus[1])
    assert image.dtype == np.float32
    assert np.array_equal(image, pixels)
    assert np.array_equal(read_rows(path, hdus[1], slice(4, 9)), pixels[4:9])


def test_unknown_pixels_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    fits.PrimaryHDU(np.zeros((3, 3), np.float64)).writeto(path)
    with pytest.raises(BadFitsError, match="BITPIX -64"):
        read_rows(path, read_hdus(path)[0])


def frame(path: Path, checksum: bool = True) -> Path:
    pixels = np.arange(4000, dtype=np.float32).reshape(40, 100)
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(pixels)]).writeto(path, checksum=checksum)
    return path


@pytest.mark.parametrize("offset", [10, 3000, 2880 * 2 + 17, -1])
def test_one_flipped_bit_anywhere_is_found(tmp_path: Path, offset: int) -> None:
    path = frame(tmp_path / "a.fits")
    verify(path)
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadFitsError, match=r"a\.fits"):
        verify(path)


def test_a_file_without_checksum_cut_short_or_no_fits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFitsError, match="no CHECKSUM"):
        verify(frame(tmp_path / "bare.fits", checksum=False))
    short = frame(tmp_path / "short.fits")
    short.write_bytes(short.read_bytes()[:-2880])
    with pytest.raises(BadFitsError, match="cut short"):
        read_hdus(short)
    (tmp_path / "text.fits").write_bytes(b"not a fits file" * 1000)
    with pytest.raises(BadFitsError, match="no FITS header"):
        read_hdus(tmp_path / "text.fits")
    (tmp_path / "empty.fits").write_bytes(b"")
    with pytest.raises(BadFitsError, match="empty"):
        read_hdus(tmp_path / "empty.fits")


def test_a_table_with_a_heap_does_not_hide_what_stands_behind_it(tmp_path: Path) -> None:
    column = fits.Column("lists", "PJ(4000)", array=np.array([list(range(4000)), [4]], dtype=object))
    table = fits.BinTableHDU.from_columns([column])
    image = fits.ImageHDU(np.zeros((2, 3), np.float32), name="BEHIND")
    fits.HDUList([fits.PrimaryHDU(), table, image]).writeto(tmp_path / "x.fits")
    assert table.header["PCOUNT"] > 0
    assert read_hdus(tmp_path / "x.fits")[2].cards["EXTNAME"] == "BEHIND"
