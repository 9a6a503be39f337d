"""Where frames go: into FITS files, or only their headers into text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from sequencer.acquisition import ExposurePlan, PlanError
from sequencer.acquisition.cards import Card
from sequencer.acquisition.errors import CorruptFile
from sequencer.acquisition.files import FitsFile, HeaderFile, read_header_file
from sequencer.acquisition.fits import Hdu
from sequencer.config.models import Chip
from sequencer.reduction.headers import images, read_headers

DATE = "2027-03-20T09:31:12.345"
PLAN = ExposurePlan("run/00/00001/LM", "detector_lm", "LM", "METIS.1.fits", [], [Chip("A"), Chip("B")], "extensions",
                    2.0, 0.0, 1e5, (30, 40))  # fmt: skip


def frame(shape: tuple[int, int] = PLAN.expected_shape) -> list[Hdu]:
    """An empty primary HDU and two images."""
    cards = [Card("EXPTIME", 1.5, "[s] integration time", "DET", 0.0, True, False)]
    return [Hdu(cards), *(Hdu([], np.full(shape, n, np.float32)) for n in (1, 2))]


def test_the_header_file_has_the_cards_and_the_size_of_the_fits_file(tmp_path: Path) -> None:
    whole, headers = FitsFile(tmp_path, PLAN), HeaderFile(tmp_path, PLAN)
    whole.write(frame(), DATE)
    headers.write(frame(), DATE)
    assert headers.path == tmp_path / "METIS.1.hdr"
    assert headers.size_bytes == whole.size_bytes == whole.path.stat().st_size
    with fits.open(whole.path) as hdus:
        written = [[card.image for card in hdu.header.cards] for hdu in hdus]
    assert [
        [card.image for card in fits.Header.fromstring(text).cards] for text in read_header_file(headers.path)
    ] == (written)


def test_both_are_read_alike(tmp_path: Path) -> None:
    for file in (FitsFile(tmp_path, PLAN), HeaderFile(tmp_path, PLAN)):
        file.write(frame(), DATE)
        assert read_headers(file.path)[0]["EXPTIME"] == 1.5
        assert images(read_headers(file.path)) == 2


@pytest.mark.parametrize("kind", [FitsFile, HeaderFile])
def test_a_name_is_taken_once_and_given_up_without_a_trace(
    tmp_path: Path, kind: type[FitsFile | HeaderFile]
) -> None:
    first = kind(tmp_path, PLAN)
    with pytest.raises(PlanError):
        kind(tmp_path, PLAN)
    first.discard()
    assert list(tmp_path.iterdir()) == []
    kind(tmp_path, replace(PLAN)).discard()


@pytest.mark.parametrize("content", [b"", b"no header\n", b"\xff\xfe\n"])
def test_what_is_no_header_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.hdr"
    path.write_bytes(content)
    with pytest.raises(CorruptFile):
        read_headers(path)
