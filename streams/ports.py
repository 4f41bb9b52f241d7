"""Ports that are free on this machine, for servers of our own on loopback."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import ExitStack


def free_ports(number: int) -> Sequence[int]:
    """Return ports that nobody listens on, all different: held together before any is let go."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


def free_port() -> int:
    """Return a port that nobody listens on."""
    return free_ports(1)[0]
