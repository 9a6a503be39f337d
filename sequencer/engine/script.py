"""Runs a commissioning script under journal, operator verbs and safe ending."""

from __future__ import annotations

import ast
import asyncio
import inspect
import types
from pathlib import Path
from typing import Any

from sequencer.config.problems import Problem
from sequencer.engine import scripting
from sequencer.engine.clocks import check_start
from sequencer.engine.context import RunContext
from sequencer.engine.control import Interruption
from sequencer.engine.prepare import prepare_script
from sequencer.engine.request import BadInput, RunRequest, RunResult, Watcher
from sequencer.engine.run import run_body
from sequencer.engine.script_error import script_error
from sequencer.engine.script_exit import Exits
from sequencer.engine.signals import Signals


def run_script(
    path: Path,
    deployment: str,
    out: Path,
    watcher: Watcher,
    *,
    clock_spec: str = "",
    start_s: float | None = None,
    seed: int = 1,
    signals: Signals | None = None,
) -> RunResult:
    """Run a Python file with `await` at its top level. Raises ConfigErrors, BadInput and ConnectErrors."""
    code = _compile(path)
    check_start(clock_spec, deployment, start_s)
    request = RunRequest(path, deployment, out, start_s, clock_spec=clock_spec, seed=seed)
    prepared = prepare_script(request, path.stem)

    async def body(run: RunContext) -> None:
        run.begin_by_hand()
        with scripting.joined(run, deployment):
            await _execute(code, path)

    return prepared.clock.run(run_body(prepared, watcher, body, signals=signals))


def _compile(path: Path) -> types.CodeType:
    try:
        source = path.read_text(encoding="utf-8")
        code: types.CodeType = compile(source, str(path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        return code
    except SyntaxError as error:
        raise BadInput([Problem(str(path), error.lineno or 0, f"not a Python script: {error.msg}")]) from None
    except (UnicodeDecodeError, OSError) as error:
        raise BadInput([f"{path}: {error}"]) from None


async def _execute(code: types.CodeType, path: Path) -> None:
    """Run a script to its end. Raises ScriptError for what it raises itself, and the operator's interruptions."""
    names: dict[str, Any] = {"__name__": "__main__", "__file__": str(path)}
    exits = Exits()
    try:
        with exits.caught():
            result = types.FunctionType(code, names)()
            if inspect.isawaitable(result):
                await result
    except Interruption:
        raise
    except SystemExit as left:
        # Let through it would end the event loop, and nothing would be made safe.
        _leave(left, path)
    except asyncio.CancelledError:
        if exits.left is None:
            raise
        _leave(exits.left, path)
    except Exception as error:
        raise script_error(error, path) from error


def _leave(left: SystemExit, path: Path) -> None:
    """The script has called `sys.exit()`: without a code it has ended well. Raises ScriptError."""
    if left.code:
        raise script_error(left, path) from left
