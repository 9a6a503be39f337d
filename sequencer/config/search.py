"""Where configuration files are found: packaged with the program, in the current folder, or by path."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from sequencer.config.problems import ConfigErrors, Problem, did_you_mean


def packaged_folder(kind: str) -> Path:
    """Return the packaged folder of a kind: instruments, sites, deployments or obs."""
    return Path(str(files("configs"))) / kind


def known_names(kind: str) -> list[str]:
    """Return the packaged names of a kind, sorted."""
    return sorted(path.stem for path in packaged_folder(kind).glob("*.yaml"))


MARKS = {"deployments": "devices", "obs": "templates"}
"""Key by which a file of a kind is told from other YAML."""


def local_files(kind: str) -> list[str]:
    """Return the files of the current folder that look like deployments or observing blocks, sorted."""
    mark = re.compile(rf"^{MARKS[kind]}:".encode(), re.MULTILINE)
    return sorted(path.name for path in Path().glob("*.yaml") if path.is_file() and mark.search(path.read_bytes()))


def find_config(kind: str, name_or_path: str | Path) -> Path:
    """Return the file of a packaged name, of a name in the current folder, or of a path.

    Raises ConfigErrors naming near names if there is none.
    """
    name = str(name_or_path)
    candidates = [packaged_folder(kind) / f"{name}.yaml"] if name in known_names(kind) else []
    candidates += [Path(f"{name}.yaml"), Path(name)]
    for candidate in candidates:
        try:
            if candidate.is_file():
                return candidate
        except (OSError, ValueError):
            continue
    what = {"obs": "observing block"}.get(kind, kind.removesuffix("s"))
    known = known_names(kind)
    text = f"no {what} of this name or path{did_you_mean(name, known)} (known: {', '.join(known)})"
    raise ConfigErrors([Problem(name, 0, text)])
