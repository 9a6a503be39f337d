"""Serve one piece of small hardware by the wall's clock, as a process of its own: `python serve.py KIND`."""

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from contract.hardware import HARDWARE
from sequencer.clock import WallClock


async def main(kind):
    server = HARDWARE[kind]("device", "tcp://127.0.0.1:*", WallClock())
    await server.start()
    print(server.endpoint, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
