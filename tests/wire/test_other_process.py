"""An operator's client in another process talks to a server that lives by virtual time, and holds nothing up."""

from __future__ import annotations

import json
import subprocess
import sys

from .support import EPOCH_S, Rig, on

FOREIGNER = """
import sys
from sequencer.clock import WallClock
from sequencer.wire.client import Client

async def main():
    client = Client("toy", sys.argv[1], WallClock())
    await client.ask_hello()
    print((await client.call("echo", {"from": "outside"}))["from"])
    await client.call("work", {"seconds": 1e9})     # killed while it waits

WallClock().run(main())
"""


def test_a_foreign_client_does_not_stall_virtual_time() -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client()
        foreigner = subprocess.Popen(
            [sys.executable, "-c", FOREIGNER, rig.server.endpoint], stdout=subprocess.PIPE, text=True
        )
        try:
            while "work" not in rig.toy.begun:
                await rig.clock.sleep(1.0, "test")
        finally:
            foreigner.kill()
            told, _ = foreigner.communicate()
        assert told == "outside\n"
        begun_s = rig.clock.now()
        assert begun_s > EPOCH_S
        for number in range(50):
            await rig.clock.sleep(60.0, "test")
            assert await client.call("echo", {"n": number}) == {"n": number}
        assert rig.clock.now() == begun_s + 3000.0

    for transport in ("tcp", "ipc"):
        on(transport, main)


def test_the_schema_is_printed_by_its_module() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "sequencer.wire.schema"], capture_output=True, text=True, check=True
    )
    assert json.loads(printed.stdout)["$defs"]["Command"]
