"""`sequencer classify`: which recipe would take each frame, and what is missing for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sequencer.cli.exits import clear_messages, refuse

if TYPE_CHECKING:
    from sequencer.acquisition.classify import Classified, FrameFile, FrameSet

UNREADABLE = 1
"""Exit code when some of the files could not be read."""
EXIT_CODES = """\b
Exit codes:
  0  every file was read
  1  a file could not be read and was left out; all others are sorted
  2  bad input: no file could be read, or a set could not be written"""
PLACES = ((".", "fits"), (".", "hdr"), ("raw", "fits"), ("products", "fits"), ("headers", "hdr"))
"""Where the files of a folder stand: of a plain one, of a run, of a rehearsal."""


@click.command(epilog=EXIT_CODES, short_help="Which recipe takes each frame, and what it still lacks.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--sof",
    "sof_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder that gets a set-of-frames file for each set.",
)
def classify(files: tuple[Path, ...], sof_dir: Path | None) -> None:
    """Sort FILES - raw frames and products, folders of them, folders of runs and of rehearsals - into the sets that
    recipes take: one for each filter, read-out mode, DIT and NDIT. Frames the sequencer did not judge good are left
    out, and so are files that cannot be read. A product, whoever made it, is never a raw frame; it is offered to a
    recipe that reads it in this form.

    \b
    Examples:
      sequencer classify runs/20270320T091500-METIS-bce3
      sequencer classify runs/20270320T091500-METIS-bce3 calibrations --sof sets
    """
    from sequencer.acquisition.classify import classify as sort
    from sequencer.acquisition.recipes import recipes_of

    with clear_messages():
        known, unreadable = _read(files)
        found = sort(known, recipes_of)
        for line in _lines(found, unreadable):
            click.echo(line)
        if sof_dir is not None:
            _write(found.sets, sof_dir)
    if unreadable:
        sys.exit(UNREADABLE)


def _read(paths: tuple[Path, ...]) -> tuple[list[FrameFile], list[str]]:
    """All files by their headers, and of those that cannot be read why; refused where none can be read."""
    from sequencer.acquisition.errors import CorruptFile

    names = [name for path in paths for name in (_in_folder(path) if path.is_dir() else [path])]
    if not names:
        refuse(["there is no FITS file in these folders"])
    known, unreadable = [], []
    for name in dict.fromkeys(name.resolve() for name in names):
        try:
            known.append(_file(name))
        except CorruptFile as error:
            unreadable.append(str(error))
        except OSError as error:
            unreadable.append(f"{name.name}: {error.strerror}")
    if not known:
        refuse(unreadable)
    return known, unreadable


def _file(path: Path) -> FrameFile:
    """A file by its headers and the record beside it. Raises CorruptFile and OSError."""
    from sequencer.acquisition.classify import FrameFile
    from sequencer.reduction.headers import form, images, read_headers
    from sequencer.reduction.records import noted_category

    headers = read_headers(path)
    return FrameFile(path, headers[0], images(headers), form(headers), noted_category(path))


def _in_folder(folder: Path) -> list[Path]:
    return [path for place, end in PLACES for path in sorted((folder / place).glob(f"*.{end}"))]


def _lines(found: Classified, unreadable: Sequence[str]) -> Iterator[str]:
    for one in found.sets:
        yield f"{one.name}: {len(one.frames)} for {one.raw_type.recipe} as {one.tag}"
        yield from (f"  {file.path.name}" for file in one.frames)
        yield from (f"  {category}: {file.path.name}" for category, file in one.calibrations.items())
        yield from (f"  missing: {text}" for text in one.missing)
    if found.left_out or unreadable:
        yield "left out:"
        yield from (f"  {file.path.name}: {why}" for file, why in found.left_out)
        yield from (f"  {text}" for text in unreadable)


def _write(sets: list[FrameSet], folder: Path) -> None:
    """One file a set; pipelines that read none, and frames only rehearsed, are passed over, and said so."""
    from sequencer.acquisition.classify import sof_text
    from sequencer.acquisition.files import HEADERS
    from sequencer.acquisition.recipes import recipes_of

    try:
        texts = [(one, sof_text(one)) for one in sets]
    except ValueError as error:
        refuse([str(error)])
    folder.mkdir(parents=True, exist_ok=True)
    for one, text in texts:
        recipes = recipes_of(str(one.frames[0].cards["INSTRUME"]))
        if recipes is not None and not recipes.sof:
            click.echo(f"{one.name}: no set of frames, {recipes.name} reads another form")
            continue
        if any(file.path.suffix == HEADERS for file in one.frames):
            click.echo(f"{one.name}: no set of frames, they were only rehearsed")
            continue
        path = folder / f"{one.name}.sof"
        path.write_text(text, encoding="utf-8")
        click.echo(f"{path}: {'complete' if not one.missing else 'incomplete'}")
