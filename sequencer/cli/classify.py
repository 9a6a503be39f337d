"""`sequencer classify`: which recipe would take each frame, and what is missing for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sequencer.cli.exits import EXIT_CODES, clear_messages, refuse

if TYPE_CHECKING:
    from sequencer.acquisition.classify import Classified, FrameFile, FrameSet


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
    """Sort FILES - raw frames and products, folders of them, run folders - into the sets that recipes take: one for
    each filter, read-out mode, DIT and NDIT. Frames the sequencer did not judge good are left out.

    \b
    Examples:
      sequencer classify runs/20270320T091500-METIS-bce3
      sequencer classify runs/20270320T091500-METIS-bce3 calibrations --sof sets
    """
    from sequencer.acquisition.classify import classify as sort
    from sequencer.acquisition.recipes import recipes_of

    with clear_messages():
        found = sort(list(_read(files)), recipes_of)
        for line in _lines(found):
            click.echo(line)
        if sof_dir is not None:
            _write(found.sets, sof_dir)


def _read(paths: tuple[Path, ...]) -> Iterator[FrameFile]:
    """Headers of all files."""
    from sequencer.acquisition.classify import FrameFile
    from sequencer.reduction.fitsread import BadFitsError
    from sequencer.reduction.headers import images, read_headers

    names = [name for path in paths for name in (_in_folder(path) if path.is_dir() else [path])]
    if not names:
        refuse(["there is no FITS file in these folders"])
    for name in dict.fromkeys(name.resolve() for name in names):
        try:
            headers = read_headers(name)
        except BadFitsError as error:
            refuse([str(error)])
        yield FrameFile(name, headers[0], images(headers))


def _in_folder(folder: Path) -> list[Path]:
    """The FITS files of a folder, those of a run's folder being its raw frames and its products."""
    return [path for place in (".", "raw", "products") for path in sorted((folder / place).glob("*.fits"))]


def _lines(found: Classified) -> Iterator[str]:
    for one in found.sets:
        yield f"{one.name}: {len(one.frames)} for {one.raw_type.recipe} as {one.tag}"
        yield from (f"  {file.path.name}" for file in one.frames)
        yield from (f"  {category}: {file.path.name}" for category, file in one.calibrations.items())
        yield from (f"  with {part.name}: {len(part.frames)}" for part in one.beside)
        yield from (f"  missing: {text}" for text in one.missing)
    if found.left_out:
        yield "left out:"
        yield from (f"  {file.path.name}: {why}" for file, why in found.left_out)


def _write(sets: list[FrameSet], folder: Path) -> None:
    """One file a set; pipelines that read none are passed over, and said so."""
    from sequencer.acquisition.classify import sof_text
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
        path = folder / f"{one.name}.sof"
        path.write_text(text, encoding="utf-8")
        click.echo(f"{path}: {'complete' if not one.missing else 'incomplete'}")
