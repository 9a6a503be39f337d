"""Exit codes, and how a command says what is wrong: one clear message each, no traceback."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

BAD_INPUT = 2
NOT_SAFE = 3

MOST_FRAMES = 8
"""Places told of where the program failed: with the words around them half a screen of 24 lines."""

EXIT_CODES = """\b
Exit codes:
  0  completed
  1  stopped, aborted or failed, or products are missing; the safe state was reached
  2  bad input; nothing moved
  3  not safe, halted, or the program itself failed: go and look"""


def refuse(messages: Iterable[str]) -> NoReturn:
    """Print what is wrong, one line each, and leave with exit code 2."""
    for message in messages:
        click.echo(f"error: {message}", err=True)
    sys.exit(BAD_INPUT)


@contextmanager
def clear_messages() -> Iterator[None]:
    """Turn what users can cause (bad files, devices that do not answer) into messages and exit code 2."""
    from sequencer.config import ConfigErrors
    from sequencer.devices.connect import ConnectErrors
    from sequencer.engine.request import BadInput, Crashed
    from sequencer.sky import NoTwilight
    from sequencer.wire.errors import WireError

    try:
        yield
    except (ConfigErrors, BadInput, ConnectErrors) as errors:
        refuse(str(problem) for problem in errors.problems)
    except (NoTwilight, WireError) as error:
        refuse([str(error)])
    except OSError as error:
        refuse([_of_the_disk(error)])
    except Crashed as crash:
        crashed(crash.__cause__ or crash, f"{crash}: whether every device is safe is not known, go and look")


def crashed(error: BaseException, so_what: str) -> NoReturn:
    """Say on less than a screen that the program itself has failed, and leave with exit code 3."""
    frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
    click.echo(f"error: the program failed: {type(error).__name__}: {str(error)[:300]}", err=True)
    for frame in frames:
        click.echo(f"  {frame.filename}:{frame.lineno} in {frame.name}", err=True)
    click.echo(f"  {so_what}", err=True)
    sys.exit(NOT_SAFE)


def _of_the_disk(error: OSError) -> str:
    """`afile/x: not a directory`, where the system says which file; else the error's own text."""
    if error.filename is None or not error.strerror:
        return str(error)
    return f"{error.filename}: {error.strerror[0].lower()}{error.strerror[1:]}"
