"""The reader against astropy as independent truth, against files nobody should write, and against mutated ones."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sequencer.acquisition.card_text import parse_cards, parse_value
from sequencer.acquisition.errors import CorruptFile
from sequencer.acquisition.readback import Hdu, all_numbers, read_hdus, read_rows, scaling, verify

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
    with pytest.raises(CorruptFile, match="closing quote"):
        parse_value("'no end")


def test_first_of_a_repeated_keyword_holds_and_comments_are_none() -> None:
    lines = ["A       =                    1", "A       =                    2", "COMMENT   a = x"]
    cards = parse_cards("".join(line.ljust(80) for line in lines))
    assert cards["A"] == 1
    assert "COMMENT" not in cards


TYPES = [np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float64]


@pytest.mark.parametrize("dtype", TYPES)
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
    assert all_numbers(path, hdus[1])


SCALINGS = [(1.0, 0.0), (0.5, 0.0), (1.0, 32768.0), (-2.0, 1e7), (1e-3, 0.1), (1, 1234567.5), (3, -7)]


@pytest.mark.parametrize(("scale", "zero"), SCALINGS)
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.int64, np.float32, np.float64])
def test_scaled_pixels_are_the_values_astropy_gives(
    tmp_path: Path, dtype: type, scale: float, zero: float
) -> None:
    stored = np.random.default_rng(2).integers(0, 120, (5, 7)).astype(dtype)
    hdu = fits.ImageHDU(stored)
    hdu.header["BSCALE"], hdu.header["BZERO"] = scale, zero
    if stored.dtype.kind in "iu":
        hdu.header["BLANK"] = int(stored[2, 3])
    path = tmp_path / "a.fits"
    write_as_it_is(path, stored, scale, zero, hdu.header.get("BLANK"))
    truth = fits.getdata(path, uint=False)
    image = read_rows(path, read_hdus(path)[0])
    assert np.array_equal(np.isnan(image), np.isnan(truth))
    assert np.allclose(image, truth, rtol=1e-6, atol=0.0, equal_nan=True)
    assert all_numbers(path, read_hdus(path)[0]) == (stored.dtype.kind == "f")


def write_as_it_is(path: Path, stored: np.ndarray, scale: float, zero: float, blank: int | None) -> None:
    """A file with these stored values and these cards; astropy would scale the values itself."""
    header = fits.PrimaryHDU(stored).header
    header["BSCALE"], header["BZERO"] = scale, zero
    if blank is not None:
        header["BLANK"] = blank
    data = stored.astype(stored.dtype.newbyteorder(">")).tobytes()
    path.write_bytes(header.tostring().encode() + data + bytes(-len(data) % 2880))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_pixel_that_is_no_number_is_found(tmp_path: Path, dtype: type, value: float) -> None:
    pixels = np.full((700, 1100), 3.4e38, dtype)
    for pixel in ((0, 0), (699, 1099), (650, 7)):
        pixels[pixel], kept = value, pixels[pixel]
        fits.PrimaryHDU(pixels).writeto(tmp_path / "a.fits", overwrite=True)
        assert not all_numbers(tmp_path / "a.fits", read_hdus(tmp_path / "a.fits")[0])
        pixels[pixel] = kept
    fits.PrimaryHDU(pixels).writeto(tmp_path / "a.fits", overwrite=True)
    assert all_numbers(tmp_path / "a.fits", read_hdus(tmp_path / "a.fits")[0])


def test_what_float32_cannot_hold_is_no_number(tmp_path: Path) -> None:
    fits.PrimaryHDU(np.full((2, 2), 1e300)).writeto(tmp_path / "a.fits")
    assert not all_numbers(tmp_path / "a.fits", read_hdus(tmp_path / "a.fits")[0])


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
    with pytest.raises(CorruptFile, match=r"a\.fits"):
        verify(path)


def test_a_file_without_checksum_cut_short_or_no_fits_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorruptFile, match="no CHECKSUM"):
        verify(frame(tmp_path / "bare.fits", checksum=False))
    short = frame(tmp_path / "short.fits")
    short.write_bytes(short.read_bytes()[:-2880])
    with pytest.raises(CorruptFile, match="cut short"):
        read_hdus(short)
    (tmp_path / "text.fits").write_bytes(b"not a fits file" * 1000)
    with pytest.raises(CorruptFile, match="no FITS header"):
        read_hdus(tmp_path / "text.fits")
    (tmp_path / "empty.fits").write_bytes(b"")
    with pytest.raises(CorruptFile, match="empty"):
        read_hdus(tmp_path / "empty.fits")


def test_a_file_cut_short_after_its_headers_were_read_is_refused(tmp_path: Path) -> None:
    path = frame(tmp_path / "a.fits")
    hdus = read_hdus(path)
    path.write_bytes(path.read_bytes()[:-9000])
    for read in (read_rows, all_numbers):
        with pytest.raises(CorruptFile, match="cut short while it was read"):
            read(path, hdus[1])
    with pytest.raises(CorruptFile, match="cut short while it was read"):
        verify(path, hdus)


def test_a_table_with_a_heap_does_not_hide_what_stands_behind_it(tmp_path: Path) -> None:
    column = fits.Column("lists", "PJ(4000)", array=np.array([list(range(4000)), [4]], dtype=object))
    table = fits.BinTableHDU.from_columns([column])
    image = fits.ImageHDU(np.zeros((2, 3), np.float32), name="BEHIND")
    fits.HDUList([fits.PrimaryHDU(), table, image]).writeto(tmp_path / "x.fits")
    assert table.header["PCOUNT"] > 0
    hdus = read_hdus(tmp_path / "x.fits")
    assert hdus[2].cards["EXTNAME"] == "BEHIND"
    assert [hdu.is_image for hdu in hdus] == [False, False, True]
    assert hdus[1].shape == (0, 0)


def test_a_packed_image_is_known_for_one(tmp_path: Path) -> None:
    packed = fits.CompImageHDU(np.zeros((40, 40), np.float32), compression_type="GZIP_1")
    fits.HDUList([fits.PrimaryHDU(), packed]).writeto(tmp_path / "x.fits")
    hdu = read_hdus(tmp_path / "x.fits")[1]
    assert (hdu.is_packed, hdu.is_image, hdu.shape) == (True, False, (0, 0))


def test_texts_longer_than_a_card_are_joined_as_astropy_joins_them(tmp_path: Path) -> None:
    header = fits.Header()
    header["LONG"] = "it's " * 40
    header["NEXT"] = 7
    fits.PrimaryHDU(header=header).writeto(tmp_path / "a.fits")
    cards = read_hdus(tmp_path / "a.fits")[0].cards
    assert cards["LONG"] == fits.getheader(tmp_path / "a.fits")["LONG"]
    assert cards["NEXT"] == 7


LIES = [
    ("NAXIS1", "-2880", "NAXIS1 is -2880"),
    ("GCOUNT", "-1", "GCOUNT is -1"),
    ("PCOUNT", "-16000", "PCOUNT is -16000"),
    ("PCOUNT", "2880", "PCOUNT 2880 and GCOUNT 1"),
    ("NAXIS1", "1E400", "NAXIS1: 1E400 is more than a number can hold"),
    ("NAXIS1", "1E3", "NAXIS1 is 1000.0"),
    ("NAXIS1", "9" * 60, "cut short"),
    ("NAXIS2", "T", "NAXIS2 is True"),
    ("NAXIS2", "'4'", "NAXIS2 is '4'"),
    ("NAXIS", "1000", "NAXIS is 1000"),
    ("BITPIX", "-16", "BITPIX is -16"),
    ("BITPIX", "T", "BITPIX is True"),
    ("XTENSION", "'IMAGE", "string without closing quote"),
    ("BSCALE", "0", "BSCALE is 0"),
    ("BSCALE", "'0.5'", "BSCALE is '0.5'"),
    ("BZERO", "NAN", "BZERO is 'NAN'"),
]


@pytest.mark.parametrize(("keyword", "value", "why"), LIES)
def test_a_header_that_lies_is_refused_and_says_in_what(
    tmp_path: Path, keyword: str, value: str, why: str
) -> None:
    path = frame(tmp_path / "a.fits", checksum=False)
    path.write_bytes(with_card(path.read_bytes(), 2880, keyword, value))
    with pytest.raises(CorruptFile, match=r"a\.fits") as refused:
        read_hdus(path)
    assert why in str(refused.value)


def with_card(data: bytes, start: int, keyword: str, value: str) -> bytes:
    """The file with a card of the header at `start` set; one that was not there replaces the END card and is followed
    by it."""
    card = f"{keyword:8}= {value:>20}".ljust(80).encode("latin-1")[:80]
    for at in range(start, len(data), 80):
        if data.startswith(f"{keyword:8}=".encode(), at):
            return data[:at] + card + data[at + 80 :]
        if data[at : at + 80] == b"END".ljust(80):
            return data[:at] + card + b"END".ljust(80) + data[at + 160 :]
    return data


def test_a_header_without_end_is_not_read_to_the_end_of_a_long_file(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(b"SIMPLE  =                    T".ljust(80) + b" " * (2880 * 600 - 80))
    with pytest.raises(CorruptFile, match="no END card within 512 blocks"):
        read_hdus(path)


NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20),
    st.sampled_from([-2880, -1, 0, 1, 2, 8, 16, 40, 999, 1000, 2**31, 2**63]),
    st.floats(width=64),
)
VALUE_TEXTS = st.one_of(
    NUMBERS.map(str),
    st.sampled_from(
        ["T", "F", "", "1E400", "-1D999", "'", "'x'", "/", "0.5", "NAN", "1_000", "0x10", "+4", "4.", "(1,2)"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
)
KEYWORDS = st.sampled_from(
    ["SIMPLE", "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "NAXIS3", "PCOUNT", "GCOUNT", "GROUPS", "BZERO",
     "BSCALE", "BLANK", "EXTEND", "END", "CONTINUE", "ZIMAGE"]
)  # fmt: skip
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("card"), st.sampled_from([0, 2880, 2880 * 9]), KEYWORDS, VALUE_TEXTS),
        st.tuples(st.just("byte"), st.integers(0, 2880 * 16), st.integers(0, 255), st.none()),
        st.tuples(st.just("cut"), st.integers(0, 2880 * 16), st.none(), st.none()),
        st.tuples(st.just("twice"), st.integers(0, 16), st.none(), st.none()),
    ),
    max_size=4,
)


def three_hdus(path: Path) -> bytes:
    """An empty primary, float pixels, scaled integer pixels: the headers stand at 0, 2880 and 9 x 2880."""
    pixels = np.arange(4000, dtype=np.float32).reshape(40, 100)
    small = fits.ImageHDU(np.arange(600, dtype=np.int16).reshape(20, 30))
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(pixels), small]).writeto(path, overwrite=True)
    return with_card(path.read_bytes(), 2880 * 9, "BSCALE", "0.5")


def changed(data: bytes, change: tuple[str, Any, Any, Any]) -> bytes:
    kind, where, what, value = change
    if kind == "card":
        return with_card(data, where, what, value)
    if kind == "byte":
        return data[:where] + bytes([what]) + data[where + 1 :]
    if kind == "cut":
        return data[:where]
    return data[: 2880 * where] + data[2880 * where :] * 2


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHANGES)
@example([("card", 2880, "NAXIS1", "-2880")])
@example([("card", 2880, "GCOUNT", "-1")])
@example([("card", 2880, "BITPIX", "8"), ("card", 2880, "NAXIS1", "1")])
@example([("card", 2880 * 9, "BLANK", "7")])
@example([("card", 2880, "BZERO", "16777217.0")])
@example([("card", 0, "XTENSION", "0"), ("card", 0, "GROUPS", "NAN")])
def test_a_mutated_file_is_read_as_astropy_reads_it_or_refused_by_name(
    tmp_path: Path, changes: list[tuple[str, Any, Any, Any]]
) -> None:
    """It ends, asks for no more memory than the file is long, and never gives other pixels than astropy."""
    path = tmp_path / "m.fits"
    data = three_hdus(path)
    for change in changes:
        data = changed(data, change)
    path.write_bytes(data)
    try:
        hdus = read_hdus(path)
    except CorruptFile as error:
        assert str(error).startswith("m.fits: ")
        return
    assert [hdu.header_start for hdu in hdus] == [0, *(hdu.end for hdu in hdus[:-1])]
    assert hdus[-1].end == len(data)
    for hdu, truth in zip(hdus, by_astropy(path, hdus), strict=True):
        if truth is not None:
            # astropy adds BZERO to float pixels in their own precision, which loses some of a large one
            lost = 2.0 * float(np.finfo(np.float32).eps) * abs(scaling(hdu.cards)[1]) * (int(hdu.cards["BITPIX"]) < 0)
            assert np.allclose(read_rows(path, hdu), truth, rtol=0.0, atol=lost, equal_nan=True)
            assert all_numbers(path, hdu) == bool(np.isfinite(truth).all())


def by_astropy(path: Path, hdus: list[Hdu]) -> list[np.ndarray | None]:
    """Pixels of the two-dimensional images; None for any other HDU and in a file it does not open."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            with fits.open(path, memmap=False, uint=False) as theirs:
                return [
                    np.asarray(theirs[number].data, np.float64).astype(np.float32) if any(hdu.shape) else None
                    for number, hdu in enumerate(hdus)
                ]
        except (OSError, fits.VerifyError):
            return [None] * len(hdus)
