"""The operator's line to a running sequencer: verbs in, status out, over the wire."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import zmq.asyncio

from sequencer.clock import WallClock
from sequencer.engine.context import RunContext
from sequencer.engine.control import LEGAL_STATES
from sequencer.wire.client import OPERATOR_KIND, Client
from sequencer.wire.errors import NoAnswer, Rejected
from sequencer.wire.messages import Command
from sequencer.wire.server import ProgressCall, Server

ADDRESS_FILE = "operator.json"
"""In the run's folder while it runs: where its operator server listens."""


class OperatorDesk:
    """Server side: checks and passes on the verbs of operators; its published state is the run's status."""

    safe_commands: ClassVar[set[str]] = {*LEGAL_STATES, "status", "note"}

    def __init__(self, run: RunContext, context: zmq.asyncio.Context | None = None) -> None:
        self._run = run
        self.server = Server(
            "sequencer",
            OPERATOR_KIND,
            "tcp://127.0.0.1:*",
            run.clock,
            self,
            simulated=run.clock.kind == "virtual",
            context=context,
        )

    async def start(self) -> None:
        """Listen, and leave the address in the run's folder."""
        await self.server.start()
        (self._run.run_dir / ADDRESS_FILE).write_text(json.dumps({"endpoint": self.server.endpoint}))

    async def stop(self) -> None:
        """Listen no more."""
        (self._run.run_dir / ADDRESS_FILE).unlink(missing_ok=True)
        await self.server.stop()

    def check(self, command: Command) -> None:
        """Refuse what is no verb, or not legal in the present state."""
        if command.cmd not in self.safe_commands:
            raise Rejected(
                "unknown_command", f"no verb {command.cmd}; there are {', '.join(sorted(self.safe_commands))}"
            )
        if command.cmd == "note" and not str(command.args.get("text", "")).strip():
            raise Rejected("bad_arguments", "a note needs words")
        self._run.control.check(command.cmd, str(command.args.get("what", "level")))

    async def run(self, command: Command, progress: ProgressCall) -> dict[str, Any]:
        """Do what the operator says."""
        args = command.args
        by = str(args.get("by", "operator"))
        if command.cmd == "status":
            return dict(msgspec.to_builtins(self._run.status))
        if command.cmd == "note":
            self._run.log("note", text=str(args.get("text", "")), by=by)
        else:
            what, now = str(args.get("what", "level")), args.get("now") is True
            await self._run.control.request(command.cmd, by, what=what, now=now)
        return {"state": self._run.control.state}


def send(run_dir: Path | None, verb: str, **args: Any) -> dict[str, Any]:
    """Send one verb to a running sequencer: the one in `run_dir`, or the newest of ./runs.

    Raises FileNotFoundError when none is running there, Rejected when the verb is not legal now, NoAnswer when
    the sequencer died.
    """
    folder = newest_run(Path("runs")) if run_dir is None else run_dir
    address = folder / ADDRESS_FILE
    if not address.is_file():
        raise FileNotFoundError(f"{folder}: no sequencer is running here")
    endpoint = str(json.loads(address.read_text())["endpoint"])
    return WallClock().run(_send(endpoint, verb, args))


def newest_run(out: Path) -> Path:
    """Folder of the newest run under `out` that is running. Raises FileNotFoundError."""
    running = sorted(out.glob(f"*/{ADDRESS_FILE}"), key=lambda path: path.stat().st_mtime)
    if not running:
        raise FileNotFoundError(f"{out}: no sequencer is running; name its run folder with --run")
    return running[-1].parent


async def _send(endpoint: str, verb: str, args: dict[str, Any]) -> dict[str, Any]:
    client = Client("sequencer", endpoint, WallClock())
    try:
        await client.ask_hello()
        return await client.call(verb, args)
    except NoAnswer:
        raise NoAnswer("sequencer", verb, f"nothing at {endpoint}; it may have died") from None
    finally:
        await client.close()
