"""What the documents tell people to type exists: commands, options, make targets, files, blocks that load."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from house.rooms import ROOT
from sequencer.cli.main import main
from sequencer.clock import parse_utc
from sequencer.config import load_deployment, load_instrument
from sequencer.observing import load_ob, load_signatures, validate

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")


def blocks(*languages: str) -> Iterator[tuple[str, str]]:
    """(document, text) of every fenced block in one of the languages."""
    for document in DOCUMENTS:
        for language, text in FENCE.findall(document.read_text(encoding="utf-8")):
            if language in languages:
                yield str(document.relative_to(ROOT)), text


def shell_lines() -> list[tuple[str, str]]:
    """Every line of a shell block, comment cut off."""
    lines = [(name, line) for name, text in blocks("sh") for line in text.splitlines()]
    return [(name, line.split("  #")[0].strip()) for name, line in lines if line.strip()]


def test_the_readme_has_the_two_commands() -> None:
    lines = [line for name, line in shell_lines() if name == "README.md"]
    assert "make demo" in lines
    assert "make test" in lines


COMMANDS = [item for item in shell_lines() if item[1].startswith("sequencer ")]


@pytest.mark.parametrize(("document", "line"), COMMANDS)
def test_sequencer_lines_name_verbs_and_options_that_exist(document: str, line: str) -> None:
    words = line.split()
    if words[1].startswith("-"):
        assert words[1] in ("--help", "--version")
        return
    command = main.get_command(click.Context(main), words[1])
    assert command is not None, f"{document}: {line}"
    known = {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]}
    used = {word.split("=")[0] for word in words[2:] if re.match(r"--?[a-z]", word)}
    assert used <= known | {"--help"}


def test_make_lines_name_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = {line.split()[1] for _, line in shell_lines() if line.startswith("make ")}
    assert used <= targets


@pytest.mark.parametrize(("document", "text"), list(blocks("python")))
def test_python_blocks_compile_and_use_the_public_names(document: str, text: str) -> None:
    compile(text, document, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


METIS_BLOCKS = [item for item in blocks("yaml") if "instrument: METIS" in item[1] and "templates:" in item[1]]


@pytest.mark.parametrize(("document", "text"), METIS_BLOCKS)
def test_observing_blocks_in_documents_are_valid(document: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "ob.yaml"
    path.write_text(text)
    deployment = load_deployment("metis-sim")
    start_s = parse_utc(deployment.start)
    validation = validate(
        load_ob(path), deployment, load_instrument(deployment.instrument), start_s=start_s, now_s=start_s
    )
    assert [str(problem) for problem in validation.problems] == [], document


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in DOCUMENTS
        for target in LINK.findall(document.read_text(encoding="utf-8"))
        if not (document.parent / target).exists()
    ]
    assert broken == []


def test_templates_named_in_documents_exist() -> None:
    names = set(load_signatures())
    used = {name for _, text in blocks("yaml") for name in re.findall(r"- template: (\S+)", text)}
    assert used <= names


def test_the_command_line_reference_is_up_to_date() -> None:
    """In a process of its own, as it is made: click keeps the help option of a command that was once called alone."""
    made = subprocess.run(
        [sys.executable, "-m", "sequencer.cli.reference"], capture_output=True, text=True, check=True
    )
    written = (ROOT / "docs/reference/command-line.md").read_text(encoding="utf-8")
    assert written.split() == made.stdout.split()


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs/decisions").glob("0*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_documents_name_no_machine_of_ours() -> None:
    texts = [*DOCUMENTS, ROOT / "CHANGELOG.md", ROOT / "Makefile", ROOT / ".ci/run"]
    places = ("/wo" + "rk/", "/tm" + "p/brief", "site-pack" + "ages")
    found = [str(path) for path in texts for place in places if place in path.read_text(encoding="utf-8")]
    assert found == []
