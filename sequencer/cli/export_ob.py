"""`sequencer export`: an observing block, or a template's signature, for the tools outside."""

from __future__ import annotations

from pathlib import Path

import click

from sequencer.cli import completion, options
from sequencer.cli.exits import EXIT_CODES, clear_messages


@click.command("export", epilog=EXIT_CODES, short_help="Write an observing block for tools outside.")
@click.argument("ob", required=False, shell_complete=completion.blocks)
@click.option("--form", type=click.Choice(["p2json", "obd"]), help="Phase-2 JSON, or the .obd text form.")
@click.option("--signature", metavar="TEMPLATE", shell_complete=completion.templates,
              help="Instead of a block: this template's signature, as .tsf.")
@click.option("--status", metavar="LETTER", help="Write this status (S, X, C, ...), if it may follow the block's own.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False),
              callback=options.new_file(), help="File to write. Default: print it.")
def export_ob(ob: str | None, form: str | None, signature: str | None, status: str | None, out: Path | None) -> None:
    """Write an observing block (a file, the name of a packaged one, or the folder of a run: the block as executed,
    with its status) in a form that tools outside read, or with
    --signature which parameters a template takes.

    The block is checked first; what is wrong with it, or does not fit the form, is said with its line, and nothing is
    written. What is exported comes back the same with `sequencer import`, but for accents in the .obd form: it is plain
    ASCII, and a warning says so.

    \b
    Examples:
      sequencer export metis-lband-flats --form obd
      sequencer export night.yaml --form p2json --out night.json
      sequencer export runs/20270320T091500-METIS-bce3 --form p2json --out done.json
      sequencer export night.yaml --form p2json --status M
      sequencer export --signature METIS_all_cal_Dark --out METIS_all_cal_Dark.tsf
    """
    from sequencer.observing.exchange.formats import write_whole

    if (ob is None) == (signature is None):
        raise click.UsageError("name either an observing block or a --signature.")
    if ob is None and status is not None:
        raise click.UsageError("--status goes with an observing block.")
    if (ob is None) != (form is None):
        raise click.UsageError("--form goes with an observing block: p2json or obd.")
    with clear_messages():
        text = _block(ob, form, status) if ob and form else _signature(str(signature))
        if out is None:
            click.echo(text, nl=False)
            return
        write_whole(out, text)
    click.echo(f"{form or 'tsf'}: {out}")


def _block(ob: str, form: str, status: str | None) -> str:
    from sequencer.config.search import find_config
    from sequencer.observing.block import read_block
    from sequencer.observing.exchange.formats import block_of_run, export_text, with_status
    from sequencer.observing.exchange.texts import respelled

    located = read_block(block_of_run(Path(ob)) or find_config("obs", ob))
    if status is not None and isinstance(located.data, dict):
        located = with_status(located, status)
    text = export_text(located, "obd" if form == "obd" else "p2json", _now())
    for warning in respelled(located, "written in plain ASCII:") if form == "obd" else []:
        click.echo(f"warning: {warning}", err=True)
    return text


def _signature(name: str) -> str:
    from sequencer.config.problems import ConfigErrors, Problem, did_you_mean
    from sequencer.observing import load_signatures
    from sequencer.observing.exchange.tsf import tsf_text

    signatures = load_signatures()
    if name not in signatures:
        hint = did_you_mean(name, signatures) or "; `sequencer templates` lists them"
        raise ConfigErrors([Problem(name, 0, f"no such template{hint}")])
    return tsf_text(signatures[name], _now())


def _now() -> str:
    from sequencer.clock import WallClock, iso

    return iso(WallClock().now(), 0)
