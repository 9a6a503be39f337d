"""What can go wrong between a client and a device, as the caller sees it."""

from __future__ import annotations

from sequencer.wire.messages import Reason


class WireError(Exception):
    """Base of everything the wire raises."""


class Rejected(WireError):
    """The device read the command and refused to start it; nothing has moved because of it."""

    def __init__(self, reason: Reason, text: str, device: str = "") -> None:
        super().__init__(f"{device}: {text}" if device else text)
        self.reason: Reason = reason
        self.text = text
        self.device = device


class DeviceError(WireError):
    """The device started the command and failed; `code` is the device's own short word for it."""

    def __init__(self, code: str, text: str, device: str = "") -> None:
        super().__init__(f"{device}: {text} ({code})" if device else f"{text} ({code})")
        self.code = code
        self.text = text
        self.device = device


class CommandAborted(WireError):
    """The command was interrupted by stop, abort or safe and ended cleanly."""

    def __init__(self, text: str, device: str = "") -> None:
        super().__init__(f"{device}: {text}" if device else text)
        self.text = text
        self.device = device


class NoAnswer(WireError):
    """The device did not answer in time; `last` is the last word heard, empty if there was none."""

    def __init__(self, device: str, cmd: str, last: str = "") -> None:
        heard = f"last word: {last}" if last else "it never answered"
        super().__init__(f"{device} does not answer to {cmd!r} ({heard})")
        self.device = device
        self.cmd = cmd
        self.last = last


class Incompatible(WireError):
    """The device speaks another wire version or lives by another clock."""
