"""What a run asks of whoever foresees how long its block will take; of a script nothing is foreseen."""

from __future__ import annotations

from collections.abc import Callable

from sequencer.engine.shot import Shot
from sequencer.observing.planning import Walked

Left = Callable[[], Walked | None]
"""Walks through what is left on the sky (None: nothing is). Pure: it may be called in a thread."""


class Foresight:
    """Looks ahead at each of these moments; by itself it foresees nothing: of a script nobody knows what comes.

    None of them raises: what is not known hurts no night.
    """

    async def template_begins(self) -> None:
        """The present template begins; of a twilight nothing is said before it is planned."""

    async def twilight_planned(self, walked: Walked) -> None:
        """The present template is a twilight, walked through just now."""

    async def template_over(self) -> None:
        """The present template is done."""

    async def sky(self, left: Left, when: str, moved_s: float = 0.0) -> None:
        """Something on the sky is over, `when` says what; the move to what comes next began `moved_s` ago."""

    async def taken(self, shot: Shot) -> None:
        """A good frame is stored."""

    def tell(self) -> None:
        """Bring the status up to date."""
