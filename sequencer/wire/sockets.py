"""Sockets with the options every link of ours needs, and the rule of where a server may bind."""

from __future__ import annotations

import ipaddress

import zmq
import zmq.asyncio

COMMAND_HWM = 100
"""Messages queued a peer (assumed; a device has a handful of commands under way at most)."""

EVENT_HWM = 10_000
"""State events queued a subscriber before they are dropped (assumed: hours of a stuck reader's beats)."""

FRAME_HWM = 4
"""Frames queued a reader; the sender keeps no more than this on the way, they are large."""

MAX_COMMAND_BYTES = 1 << 20
"""A larger command is refused (assumed; ours are below a kilobyte)."""

LINGER_MS = 200
"""Wall milliseconds a closed socket goes on delivering what was sent (assumed)."""


def new_socket(context: zmq.asyncio.Context | None, kind: int, *, hwm: int) -> zmq.asyncio.Socket:
    """An asyncio socket that never hangs at exit and notices a dead peer (zguide ch. 4; libzmq options)."""
    socket = (context or zmq.asyncio.Context.instance()).socket(kind)
    socket.linger = LINGER_MS
    socket.sndhwm = socket.rcvhwm = hwm
    socket.setsockopt(zmq.HEARTBEAT_IVL, 1000)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3000)
    socket.setsockopt(zmq.HANDSHAKE_IVL, 2000)
    socket.setsockopt(zmq.RECONNECT_IVL, 100)
    socket.setsockopt(zmq.RECONNECT_IVL_MAX, 5000)
    return socket


def bind(socket: zmq.asyncio.Socket, endpoint: str) -> str:
    """Bind and return the address actually bound. Raises ValueError unless it is this machine's own."""
    scheme, _, rest = endpoint.partition("://")
    if scheme not in ("inproc", "ipc", "tcp"):
        raise ValueError(f"{endpoint}: not an address of the form inproc://, ipc:// or tcp://")
    if scheme == "tcp" and not _is_loopback(rest.rpartition(":")[0]):
        raise ValueError(f"{endpoint}: without keys a server binds to loopback only, as tcp://127.0.0.1:5601")
    socket.bind(endpoint)
    return endpoint if scheme == "inproc" else socket.get_string(zmq.LAST_ENDPOINT)


def sibling(endpoint: str, role: str) -> str:
    """Address for a second socket beside `endpoint`: a suffix, or for tcp any free port of the same host."""
    scheme, _, rest = endpoint.partition("://")
    if scheme == "tcp":
        return f"tcp://{rest.rpartition(':')[0]}:*"
    return f"{endpoint}.{role}"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
