"""`sequencer header`: the header of a frame or a product explained card by card."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sequencer.cli.exits import EXIT_CODES, clear_messages, refuse

if TYPE_CHECKING:
    from sequencer.acquisition.cards import CardValue
    from sequencer.acquisition.dictionary import Dictionary
    from sequencer.acquisition.explain import Explained

    Cards = dict[str, CardValue]

STRUCTURE = {
    "SIMPLE", "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "EXTEND", "PCOUNT", "GCOUNT", "BZERO", "BSCALE",
    "CHECKSUM", "DATASUM",
}  # fmt: skip
"""Cards that describe the bytes of the file: nothing to explain."""


@click.command(epilog=EXIT_CODES, short_help="Explain the header of a frame or a product card by card.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("keywords", nargs=-1)
@click.option(
    "--dictionary", default="", help="Name or file of the keyword dictionary. Default: by INSTRUME."
)
def header(file: Path, keywords: tuple[str, ...], dictionary: str) -> None:
    """Say of every card of FILE, or of those with KEYWORDS in their names, who gave it, when, whether it was read back
    or requested, and whether a real device or a simulated one stood behind it; then what the keyword dictionary has
    against the header. Of a product: what the recipe gave, and what it took over from its first frame. Cards of
    other programs' products are shown, not judged.

    \b
    Examples:
      sequencer header runs/20270320T091500-METIS-bce3/raw/METIS.2027-03-20T09:28:42.679.fits
      sequencer header METIS.2027-03-20T09:28:42.679.fits TEL "DET DIT"
    """
    from sequencer.acquisition.errors import CorruptFile
    from sequencer.reduction.headers import read_headers

    with clear_messages():
        try:
            headers = [_cards(cards) for cards in read_headers(file)]
        except CorruptFile as error:
            refuse([str(error)])
        rows, judged = _explained(file, headers, dictionary)
        wanted = [
            row for row in rows if not keywords or any(word.upper() in row.keyword for word in keywords)
        ]
        for line in _table(wanted):
            click.echo(line)
    strange = [word for word in keywords if not any(word.upper() in row.keyword for row in rows)]
    if strange:
        refuse(f"no card's name holds {word}" for word in strange)
    click.echo("")
    for line in judged:
        click.echo(line)


def _explained(file: Path, headers: list[Cards], dictionary: str) -> tuple[list[Explained], list[str]]:
    """The rows of a frame or a product, and what is said under them. Raises ConfigErrors."""
    from sequencer.acquisition.dictionary import Dictionary
    from sequencer.acquisition.explain import explain
    from sequencer.acquisition.explain_product import ProductDictionary, explain_foreign, explain_product
    from sequencer.acquisition.made_by import category, is_ours
    from sequencer.acquisition.recipes import recipes_of
    from sequencer.config.keywords import keywords_of, load_keywords
    from sequencer.reduction.records import is_attached, noted_category, record_of

    instrument, record = str(headers[0].get("INSTRUME", "")), record_of(file)
    keywords = load_keywords(dictionary) if dictionary else keywords_of(instrument)
    recipes = recipes_of(instrument)
    if not category(headers[0], recipes.products if recipes else {}, noted_category(file)):
        known = Dictionary(keywords)
        return explain(headers, known, _times(file)), _judged(known, headers)
    if is_ours(headers[0]) and not is_attached(record):
        of_products = ProductDictionary(load_keywords("products"), keywords)
        return explain_product(headers, of_products), _judged(of_products, headers)
    program = str(record.get("stage", {}).get("software", ""))
    who = f"another program{f' ({program})' if program else ''}"
    return explain_foreign(headers), [f"a product made by {who}; its cards are not ours to check"]


def _judged(known: Dictionary, headers: list[Cards]) -> list[str]:
    """What a dictionary has against a file, a line each, and the count."""
    problems = known.problems(headers)
    number = sum(len(cards) for cards in headers)
    against = (
        f"{len(problems)} of {number} cards are wrong or missing by the dictionary of {known.keywords.name}"
    )
    return [*(f"wrong: {problem}" for problem in problems), against]


def _cards(cards: Cards) -> Cards:
    return {keyword: value for keyword, value in cards.items() if keyword not in STRUCTURE}


def _times(file: Path) -> dict[str, str]:
    """When the run's journal, two folders up, says the exposure began to be prepared and its frame was stored;
    nothing where there is no journal that can be read.
    """
    from sequencer.clock import iso
    from sequencer.engine.journal import read_journal

    journal = file.resolve().parent.parent / "journal.sqlite"
    if not journal.is_file():
        return {}
    try:
        records = read_journal(journal)
    except sqlite3.DatabaseError:
        return {}
    frames = [
        record
        for record in records
        if record.kind == "frame" and Path(record.data.get("file", "")).stem == file.stem
    ]
    if not frames:
        return {}
    exposure = frames[0].data["exposure"]
    starts = [
        record.time_s
        for record in records
        if record.kind == "exposure" and record.data["exposure"] == exposure
    ]
    return {"end": iso(frames[0].time_s), **({"start": iso(starts[0])} if starts else {})}


def _table(rows: Sequence[Explained]) -> Iterator[str]:
    """Columns with a title over each header's cards."""
    columns = [(row.keyword, str(row.value), row.giver, row.how, row.reality, row.when) for row in rows]
    widths = [max((len(column[i]) for column in columns), default=0) for i in range(5)]
    hdu = -1
    for row, column in zip(rows, columns, strict=True):
        if row.hdu != hdu:
            hdu = row.hdu
            yield f"header {hdu}" if hdu else "primary header"
        line = "  ".join(text.ljust(width) for text, width in zip(column, widths, strict=False))
        yield f"  {line}  {column[5]}{'  WRONG: ' + row.wrong if row.wrong else ''}".rstrip()
