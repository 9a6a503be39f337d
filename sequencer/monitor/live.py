"""The live screen of a run in a terminal: what an operator must always see, and the last lines of the log."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from sequencer.monitor.record import Record
from sequencer.monitor.run_log import screen_lines
from sequencer.monitor.status_text import facts, light_stop_style

if TYPE_CHECKING:
    from sequencer.engine.status import Status

LOG_LINES = 12
SHOWN_KINDS = frozenset(
    {
        "frame",
        "probe",
        "product",
        "plan",
        "replan",
        "learned",
        "template_started",
        "template_done",
        "ob_state",
        "note",
        "operator",
        "safe_state",
        "run_done",
    }
)


class LiveScreen:
    """Redraws itself four times a second from the last status and records it got, between `start` and `stop`."""

    def __init__(self, console: Console) -> None:
        self._status: Status | None = None
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._alarms: list[list[str]] = []
        self._live = Live(console=console, get_renderable=self.render, refresh_per_second=4, transient=False)

    def start(self) -> None:
        """Begin to draw. Raises OSError when the terminal has gone."""
        self._live.start()

    def stop(self) -> None:
        """Leave the last picture, and the cursor, in the terminal. Raises OSError when it has gone."""
        self._live.stop()

    def on_status(self, status: Status) -> None:
        """Show this status from the next redraw on."""
        self._status = status

    def on_record(self, record: Record) -> None:
        """Show a journal record among the last lines, an alarm above them until the end of the run."""
        if record.kind == "alarm":
            self._alarms.append(screen_lines(record))
        elif record.kind in SHOWN_KINDS:
            self._log.extend(screen_lines(record))

    def render(self) -> Group:
        """The whole screen as it is now."""
        parts: list[Panel | Text] = []
        if self._status is not None:
            parts.append(_status_panel(self._status))
        parts.extend(
            Panel(Text("\n".join(alarm)), border_style="red", title="alarm") for alarm in self._alarms
        )
        parts.append(Text("\n".join(self._log)))
        return Group(*parts)


def _status_panel(status: Status) -> Panel:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in facts(status):
        style = light_stop_style(status) if name == "light stop" else ""
        table.add_row(name, Text(value, style=style))
    return Panel(table, title=f"{status.ob or 'sequencer'} - {status.ob_state}", title_align="left")
