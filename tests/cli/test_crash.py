"""A fault of the program's own: less than a screen of text, and exit code 3."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from sequencer.cli.exits import clear_messages
from sequencer.cli.main import LazyGroup
from sequencer.engine.request import Crashed


class Faulty(LazyGroup):
    """Verbs that fail inside, ever deeper."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        @click.command(cmd_name)
        def fails() -> None:
            if cmd_name == "holding-devices":
                with clear_messages():
                    try:
                        deep(40)
                    except ValueError as error:
                        raise Crashed("runs/one") from error  # type: ignore[arg-type]
            deep(40)

        return fails


def deep(levels: int) -> None:
    if levels == 0:
        raise ValueError("word " * 1000)
    deep(levels - 1)


@pytest.mark.parametrize(
    ("verb", "words"), [("plain", "fault of the program"), ("holding-devices", "go and look")]
)
def test_it_is_told_on_less_than_a_screen(verb: str, words: str) -> None:
    result = CliRunner().invoke(Faulty("sequencer"), [verb])
    assert result.exit_code == 3
    assert result.output.startswith("error: the program failed: ValueError: word word")
    assert words in result.output
    assert "test_crash.py" in result.output
    assert sum(1 + len(line) // 80 for line in result.output.splitlines()) <= 24
