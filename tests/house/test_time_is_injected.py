"""Time is injected, never imported: only sequencer/clock.py may ask the machine what time it is, or sleep."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from house.rooms import modules, parsed

CLOCK = Path("sequencer/clock.py")
FORBIDDEN_MODULES = {"time", "sched"}
FORBIDDEN_CALLS = {
    "asyncio.sleep", "asyncio.timeout", "asyncio.timeout_at", "asyncio.wait_for", "datetime.now",
    "datetime.utcnow", "datetime.today", "datetime.datetime.now", "datetime.datetime.utcnow", "date.today",
    "Time.now",
}  # fmt: skip


def time_uses(tree: ast.AST) -> list[str]:
    """Imports of clocks and calls of now or sleep in a module."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [node.module] if node.module in FORBIDDEN_MODULES else []
            found += [name for name in names if name in FORBIDDEN_CALLS]
        elif isinstance(node, ast.Attribute):
            name = ast.unparse(node)
            found += [name] if name in FORBIDDEN_CALLS else []
    return [name for name in found if name]


def test_no_other_module_knows_the_time() -> None:
    uses = {str(module): time_uses(parsed(module)) for module in modules() if module != CLOCK}
    assert {module: names for module, names in uses.items() if names} == {}


def test_the_clock_itself_does() -> None:
    assert "time" in time_uses(parsed(CLOCK))


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "from time import sleep",
        "import asyncio\nasyncio.sleep(1)",
        "from asyncio import sleep",
        "from datetime import datetime\nx = datetime.now",
        "import asyncio\nasync def f(): await asyncio.wait_for(g, 1)",
    ],
)
def test_the_check_sees_every_way_to_cheat(source: str) -> None:
    assert time_uses(ast.parse(source))
